"""Addresses of OGC API – Features: parameters in, a question to the engine, features or a page out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import falcon

from qingliu.api import languages
from qingliu.api.cache import Headers
from qingliu.api.crs import Crs
from qingliu.api.given import Caller, Given
from qingliu.api.http import Answer, Sender, Whole, link, pairs_of, plain_json
from qingliu.api.inherit import with_meanings
from qingliu.api.ogc import definition, describe, html, params
from qingliu.api.ogc.describe import GEOJSON, HTML, JSON, ROOT, SCHEMA, address
from qingliu.api.ogc.extents import Extents
from qingliu.api.ogc.params import MAX_LIMIT, Asked, Shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import Conflict, NotFound, TooDear
from qingliu.lake import feature
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.published import Entry
from qingliu.lake.query import Feature, Query, Rendering

_HTML_HEADERS = (("Content-Security-Policy", html.POLICY),)


class Features:
    """The bytes of a feature collection: features as the engine makes them, numbers and links behind them."""

    def __init__(self, engine: Engine, plan: Plan, asked: Asked, own: str) -> None:
        self._engine = engine
        self._plan = plan
        self._asked = asked
        self._own = own
        self._late: Headers = ()
        shape = Feature(asked.crs.srid, asked.crs.lat_first)
        self._stream = engine.stream(plan, Rendering("geojson", feature=shape))

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","features":['
        yield from self._stream
        shown, query, returned = self._asked.shown, self._plan.query, self._stream.returned
        tail: dict[str, Any] = {"numberReturned": returned}
        matched = self._matched(returned)
        if matched is not None:
            tail["numberMatched"] = matched
        places = _places(query)
        links = [
            link(shown.address(self._own, **places), "self", GEOJSON),
            link(shown.address(self._own, f="html", **places), "alternate", HTML),
        ]
        if self._stream.more and self._stream.next_cursor:
            following = shown.address(self._own, cursor=self._stream.next_cursor)
            links.append(link(following, "next", GEOJSON))
            self._late = (("Link", f'<{following}>; rel="next"; type="{GEOJSON}"'),)
        links.append(link(self._own.removesuffix("/items"), "collection", JSON))
        yield b"]," + plain_json(tail | {"links": links})[1:]

    def _matched(self, returned: int) -> int | None:
        query = self._plan.query
        if not query.cursor and not self._stream.more and (returned or not query.offset):
            return query.offset + returned
        try:
            return self._engine.count(self._plan)
        except TooDear:
            return None

    def late(self) -> Headers:
        """The next link."""
        return self._late

    def close(self) -> None:
        """Free the engine's cursor."""
        self._stream.close()


def _places(query: Query) -> dict[str, str]:
    offset = {"offset": str(query.offset)} if query.offset else {}
    return offset | ({"cursor": query.cursor} if query.cursor else {})


@dataclass(frozen=True, slots=True)
class Told:
    """A page about the API: what it says, its HTML, its media type and what it depends on beside the catalogue."""

    value: Callable[[], dict[str, Any]]
    body: Callable[[dict[str, Any], str], str]
    media: str = JSON
    identity: tuple[str, ...] = ()


class Ogc:
    """OGC API – Features over one engine. ``base`` is the configured public address; "" keeps links relative."""

    def __init__(self, engine: Engine, sender: Sender, base: str) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._base = base
        self._extents = Extents(engine)

    def add_to(self, app: falcon.App) -> None:
        """Put every address into the app."""
        one = ROOT + "/collections/{code}"
        for path, answer in (
            (ROOT, self.landing),
            (ROOT + "/api", self.api),
            (ROOT + "/conformance", self.conformance),
            (ROOT + "/collections", self.collections),
            (one, self.collection),
            (one + "/queryables", self.queryables),
            (one + "/schema", self.schema),
            (one + "/items", self.items),
            (one + "/items/{name}", self.item),
        ):
            app.add_route(path, Reading(answer))

    def _entry(self, code: str) -> Entry:
        entry = self._published.get(code)
        if not self._served(entry):
            raise NotFound(
                Text(
                    f"「{entry.code}」不是圖徵集合：沒有座標欄位或尚無資料。",
                    f"'{entry.code}' has no place or no rows yet.",
                ),
                Text("集合列在 /api/ogc/collections。", "The collections are listed at /api/ogc/collections."),
                parameter="collectionId",
            )
        return entry

    def _served(self, entry: Entry) -> bool:
        return entry.kind != "listed" and entry.record.place is not None and self._published.shown(entry) is not None

    def _record(self, entry: Entry) -> DatasetRecord:
        return with_meanings(entry.record, lambda base: self._published.get(base).record)

    def _tell(self, req: falcon.Request, resp: falcon.Response, shown: Shown, told: Told) -> None:
        identity = (
            str(self._published.generation()),
            "ogc",
            req.path,
            shown.form,
            shown.lang,
            self._base,
            *told.identity,
        )
        if shown.form == "json":
            answer = Answer(told.media, identity, lambda: Whole(plain_json(told.value())))
        else:

            def make() -> Whole:
                value = told.value()
                return self._page(
                    req, value.get("title", ""), value.get("description", ""), told.body(value, shown.lang), shown
                )

            answer = Answer(html.MEDIA, identity, make, self._html_headers(shown))
        self._sender.send(req, resp, answer)

    def _page(self, req: falcon.Request, title: str, lead: str, body: str, shown: Shown) -> Whole:
        own, other = self._base + req.path, "en" if shown.lang == "zh" else "zh"
        return Whole(
            html.page(
                title or html.front(shown.lang)[0], lead, body, lang=shown.lang, base=self._base,
                own=shown.address(own, f="json"), switch=shown.address(own, f="html", lang=other),
            )
        )  # fmt: skip

    @staticmethod
    def _html_headers(shown: Shown) -> tuple[tuple[str, str], ...]:
        return (*_HTML_HEADERS, ("Content-Language", describe.FULL[shown.lang]))

    def landing(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/ogc"""
        shown = params.page(pairs_of(req.query_string), _caller(req))
        told = Told(lambda: describe.landing(self._base, shown.form, shown.lang), html.landing)
        self._tell(req, resp, shown, told)

    def api(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/ogc/api: the definition."""
        Given(pairs_of(req.query_string), params.COMMON).choice("f", ("json",), "json")

        def make() -> Whole:
            records = [e.record for e in self._published.all() if self._served(e)]
            return Whole(plain_json(definition.document(self._base, records)))

        identity = (str(self._published.generation()), "ogc-api", self._base)
        self._sender.send(req, resp, Answer(describe.OPENAPI, identity, make))

    def conformance(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/ogc/conformance"""
        shown = params.page(pairs_of(req.query_string), _caller(req))
        self._tell(req, resp, shown, Told(lambda: describe.conformance(self._base, shown.form), html.conformance))

    def collections(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/ogc/collections"""
        shown = params.page(pairs_of(req.query_string), _caller(req))

        def value() -> dict[str, Any]:
            entries = [e for e in self._published.all() if self._served(e)]
            listed = [self._collection(e, replace(shown, form="json")) for e in entries]
            return describe.collections(self._base, shown.form, listed)

        self._tell(req, resp, shown, Told(value, html.collections))

    def _collection(self, entry: Entry, shown: Shown) -> dict[str, Any]:
        return describe.collection(entry.record, self._extents.of(entry), self._base, shown.form, shown.lang)

    def collection(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/ogc/collections/{code}"""
        shown, entry = params.page(pairs_of(req.query_string), _caller(req)), self._entry(code)
        self._tell(req, resp, shown, Told(lambda: self._collection(entry, shown), html.collection))

    def queryables(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/ogc/collections/{code}/queryables"""
        self._columns(req, resp, code, describe.queryables)

    def schema(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/ogc/collections/{code}/schema"""
        self._columns(req, resp, code, describe.schema)

    def _columns(
        self, req: falcon.Request, resp: falcon.Response, code: str, say: Callable[..., dict[str, Any]]
    ) -> None:
        shown, entry = params.page(pairs_of(req.query_string), _caller(req)), self._entry(code)
        record, words = self._record(entry), languages.words_of(entry, self._published.get)
        told = Told(lambda: say(record, words, self._base, shown.lang), html.schema, SCHEMA, (languages.mark(words),))
        self._tell(req, resp, shown, told)

    def items(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/ogc/collections/{code}/items"""
        entry = self._entry(code)
        asked = params.items(entry.record, pairs_of(req.query_string), _caller(req))
        plan = self._engine.open(asked.query)
        shown, own = asked.shown, address(self._base, entry.code, "items")
        headers: list[tuple[str, str]] = [("Qingliu-Version", str(plan.version.number))]
        if asked.lowered_from is not None:
            headers.append(("Warning", f'299 - "limit={asked.lowered_from} lowered to {MAX_LIMIT}; follow next links"'))
        echo, lowered = repr(shown.echo), str(asked.lowered_from)
        identity = (plan.etag, "ogc-items", shown.form, echo, lowered, asked.crs.uri, self._base)
        if shown.form == "json":
            headers.append(_content_crs(asked.crs))
            answer = Answer(
                GEOJSON, identity, lambda: Features(self._engine, plan, asked, own), tuple(headers), heavy=asked.heavy
            )
        else:
            answer = Answer(
                html.MEDIA,
                (*identity, shown.lang),
                lambda: self._listing(req, entry, plan, asked, own),
                (*headers, *self._html_headers(shown)),
                heavy=asked.heavy,
            )
        self._sender.send(req, resp, answer)

    def _listing(self, req: falcon.Request, entry: Entry, plan: Plan, asked: Asked, own: str) -> Whole:
        shown = asked.shown
        found = self._engine.page(plan)
        named = list(zip([f.name for f in plan.fields], languages.titles(plan.fields, shown.lang), strict=True))
        following = shown.address(own, f="html", cursor=found.next_cursor) if found.next_cursor else ""
        body = html.items(found.rows, named, found.matched, following, shown.lang)
        return self._page(
            req, entry.record.title.get(shown.lang), entry.record.description.get(shown.lang), body, shown
        )

    def item(self, req: falcon.Request, resp: falcon.Response, code: str, name: str) -> None:
        """/api/ogc/collections/{code}/items/{name}"""
        entry = self._entry(code)
        shown, crs = params.feature(pairs_of(req.query_string), _caller(req))
        whole = self._engine.open(Query(entry.code))
        where = feature.asked(name, self._engine.key_of(whole), whole.version, entry.code)
        plan = self._engine.open(Query(entry.code, where=where, limit=1))
        identity = (plan.etag, "ogc-item", name, shown.form, shown.lang, repr(shown.echo), crs.uri, self._base)
        told = self._feature(plan, crs, name)  # now, so that HEAD and 304 know whether it exists
        if shown.form == "json":
            answer = Answer(GEOJSON, identity, lambda: Whole(told), (_content_crs(crs),))
        else:
            named = list(zip([f.name for f in plan.fields], languages.titles(plan.fields, shown.lang), strict=True))
            body = html.feature(json.loads(told), named, shown.lang)
            title = entry.record.title.get(shown.lang)
            answer = Answer(
                html.MEDIA, identity, lambda: self._page(req, title, name, body, shown), self._html_headers(shown)
            )
        self._sender.send(req, resp, answer)

    def _feature(self, plan: Plan, crs: Crs, name: str) -> bytes:
        stream = self._engine.stream(plan, Rendering("geojson", feature=Feature(crs.srid, crs.lat_first)))
        found = b"".join(stream)
        code = plan.entry.code
        if not stream.returned:
            raise feature.unknown(name, code)
        if stream.more:
            raise Conflict(
                Text(f"有多列共用識別碼「{name[:80]}」。", f"Several rows carry the id '{name[:80]}'."),
                Text("請在 items 以欄位條件讀取。", "Read them from items by a condition."),
                parameter="featureId",
            )
        own = address(self._base, code, "items", name)
        links = [
            link(own, "self", GEOJSON),
            link(own + "?f=html", "alternate", HTML),
            link(address(self._base, code), "collection", JSON),
        ]
        return found[:-1] + b"," + plain_json({"links": links})[1:]


class Reading:
    """A falcon resource that only reads: GET and HEAD by one function."""

    def __init__(self, answer: Callable[..., None]) -> None:
        self._answer = answer

    def on_get(self, req: falcon.Request, resp: falcon.Response, **parts: str) -> None:
        """The answer."""
        self._answer(req, resp, **parts)

    on_head = on_get


def _content_crs(crs: Crs) -> tuple[str, str]:
    return "Content-Crs", f"<{crs.uri}>"


def _caller(req: falcon.Request) -> Caller:
    return Caller(req.get_header("Accept") or "", req.get_header("Accept-Language") or "")
