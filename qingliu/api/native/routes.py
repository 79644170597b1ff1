"""Addresses of the native API: parameters in, a question to the engine, its answer out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import falcon

from qingliu.api import languages
from qingliu.api.cache import Headers
from qingliu.api.given import Caller, Given
from qingliu.api.http import NO_STORE, Answer, Pairs, Sender, Whole, link, pairs_of, plain_json
from qingliu.api.inherit import with_meanings
from qingliu.api.native import params, saved, serialize, series
from qingliu.api.native.files import Files
from qingliu.api.native.parameters import ENDPOINTS
from qingliu.api.native.params import Asked
from qingliu.api.native.reading import Reading
from qingliu.core.clock import iso
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import TooDear
from qingliu.lake.binary import FORMATS as BINARY
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.query import Format, Rendering

MAX_LISTED = 1000
_ELSEWHERE = {"docs", "console", "dataset_openapi", "limits"}  # with bulk…: resources of their own
Ask = Callable[[DatasetRecord, Pairs, Caller], Asked]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer was asked for: the path under the public address."""

    path: str
    base: str


class Streamed:
    """Rows of a plan between the frame of its format; counts only when the answer itself does not tell."""

    def __init__(self, engine: Engine, plan: Plan, asked: Asked, place: Place, words: languages.Words) -> None:
        self._engine = engine
        self._plan = plan
        self._asked = asked
        self._path, self._base = place.path, place.base
        self._late: Headers = ()
        names = languages.titles(plan.fields, asked.lang) if asked.titles else ()
        columns = languages.columns(plan.fields, words, names=names)
        if plan.query.rules is not None and asked.format in {"csv", "csv.gz"}:
            columns = series.columns(plan, columns)
        form: Format = "csv" if asked.format == "csv.gz" else asked.format
        own, licence = asked.address(place.base + place.path), saved.licence(plan.entry.record)
        self._stream = engine.stream(plan, Rendering(form, columns, bom=asked.bom, source=own, licence=licence))

    def __iter__(self) -> Iterator[bytes]:
        form = self._asked.format
        told = series.head(self._plan) if self._plan.query.rules is not None else None
        before = serialize.frame(form, self._plan.entry.code, self._plan.version.number, told)
        if before:
            yield before
        yield from saved.packed(self._stream) if form == "csv.gz" else self._stream
        returned = self._stream.returned
        rows_alone = form in BINARY
        matched = None if rows_alone else self._matched(returned)
        following = self._next(returned)
        mark = self._plan.query.cursor
        own = self._asked.address(self._base + self._path, **({"cursor": mark} if mark else {}))
        links = [link(own, "self", serialize.MEDIA[form].split(";")[0])]
        if following:
            links.append(link(following, "next", serialize.MEDIA[form].split(";")[0]))
            self._late = (("Link", f'<{following}>; rel="next"'),)
        self._late = (*self._late, ("Qingliu-Number-Returned", str(returned)))
        if matched is not None:
            self._late = (*self._late, ("Qingliu-Number-Matched", str(matched)))
        after = serialize.frame_end(form, returned, matched, links)
        if after:
            yield after

    def _matched(self, returned: int) -> int | None:
        query = self._plan.query
        if not query.cursor and not self._stream.more and (returned or not query.offset):
            return query.offset + returned
        try:
            return self._engine.count(self._plan)
        except TooDear:
            return None

    def _next(self, returned: int) -> str:
        query = self._plan.query
        if not self._stream.more or not returned:
            return ""
        mark = self._stream.next_cursor
        if mark:
            return self._asked.address(self._base + self._path, cursor=mark)
        behind = str(query.offset + returned)
        return self._asked.address(self._base + self._path, offset=behind) if self._by_offset() else ""

    def _by_offset(self) -> bool:
        query = self._plan.query
        return bool(query.aggregates) or query.changes_since is not None

    def late(self) -> Headers:
        """Numbers and the next link."""
        return self._late

    def close(self) -> None:
        """Free the engine's cursor."""
        self._stream.close()


class Native:
    """The native dialect over one engine. ``base`` is the configured public address; "" keeps links relative."""

    def __init__(self, engine: Engine, sender: Sender, base: str, description: dict[str, Any]) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._base = base
        self._description = plain_json(description)
        self._files = Files(engine, base)

    def add_to(self, app: falcon.App) -> None:
        """Put every address of ``ENDPOINTS`` into the app."""
        for name, endpoint in ENDPOINTS.items():
            if name not in _ELSEWHERE and not name.startswith("bulk"):
                app.add_route(endpoint.path, Reading(getattr(self, name)))

    def _json(self, req: falcon.Request, resp: falcon.Response, value: Callable[[], Any], *identity: str) -> None:
        parts = (str(self._published.generation()), req.path, *identity)
        answer = Answer("application/json", parts, lambda: Whole(plain_json(value())))
        self._sender.send(req, resp, answer)

    def landing(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api"""
        given = Given(pairs_of(req.query_string), ENDPOINTS["landing"].query)
        params.only_json(given)
        lang = given.language(_caller(req))
        links = [
            link(self._base + e.path, rel, e.media[0])
            for rel, e in (
                ("self", ENDPOINTS["landing"]),
                ("data", ENDPOINTS["datasets"]),
                ("service-desc", ENDPOINTS["openapi"]),
                ("service-doc", ENDPOINTS["docs"]),
                ("status", ENDPOINTS["health"]),
            )
        ]
        title = {"zh": "清流資料 API", "en": "Qingliu data API"}[lang]
        self._json(req, resp, lambda: {"title": title, "datasets": len(self._published.all()), "links": links}, lang)

    def health(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/health: an empty answer, so that others know we live."""
        resp.data = b'{"status":"pass"}'
        resp.content_type = "application/json"
        resp.set_header("Cache-Control", NO_STORE)

    def openapi(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/openapi.json"""
        description = self._description
        identity = ("openapi", hashlib.sha256(description).hexdigest())
        media = "application/vnd.oai.openapi+json;version=3.1"
        self._sender.send(req, resp, Answer(media, identity, lambda: Whole(description)))

    def datasets(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/datasets"""
        pairs = pairs_of(req.query_string)
        given, offset, limit = params.listing(pairs, ENDPOINTS["datasets"].query, default_limit=100, maximum=MAX_LISTED)
        lang = given.language(_caller(req))
        chosen = {n: given.text(n) for n in ("category", "agency", "kind")}
        if chosen["kind"]:
            given.choice("kind", ("table", "view", "listed"), "")

        def value() -> dict[str, Any]:
            found = self._published.search(given.text("q"), offset=offset, limit=limit, **chosen)
            echo = dict(given.echo("offset"))
            links = [link(_with(self._base + "/api/datasets", echo, offset), "self", "application/json")]
            if offset + len(found.entries) < found.total and found.entries:
                following = _with(self._base + "/api/datasets", echo, offset + len(found.entries))
                links.append(link(following, "next", "application/json"))
            return {
                "numberMatched": found.total,
                "numberReturned": len(found.entries),
                "datasets": [serialize.summary(e, lang, self._base, self._published.shown(e)) for e in found.entries],
                "facets": {n: [{"value": v, "count": c} for v, c in counts] for n, counts in found.facets.items()},
                "links": links,
            }

        self._json(req, resp, value, lang, repr(given.echo()), str(offset), str(limit))

    def dataset(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}"""
        given = Given(pairs_of(req.query_string), ENDPOINTS["dataset"].query)
        params.only_json(given)
        lang, entry = given.language(_caller(req)), self._published.get(code)
        record = with_meanings(entry.record, lambda base: self._published.get(base).record)
        version = self._published.shown(entry)
        plain = replace(entry, record=record)
        words = languages.words_of(entry, self._published.get)
        self._json(req, resp, lambda: serialize.dataset(plain, lang, self._base, version, words), lang)

    def rows(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/rows"""
        self._answer(req, resp, code, "rows", params.rows)

    def latest(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/latest"""
        self._answer(
            req, resp, code, "latest", lambda record, pairs, caller: params.rows(record, pairs, caller, latest=True)
        )

    def series(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/series"""

        def ask(record: DatasetRecord, pairs: Pairs, caller: Caller) -> Asked:
            asked = series.ask(record, pairs, caller)
            series.refuse_mixture(self._engine, asked.query, record)
            return asked

        self._answer(req, resp, code, "series", ask)

    def changes(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/changes"""

        def ask(record: DatasetRecord, pairs: Pairs, caller: Caller) -> Asked:
            at = params.since_moment(record, pairs)
            if at is None:
                return params.changes(record, pairs, caller)
            before = (v.number for v in self._published.versions(code) if v.created_at <= iso(at))
            return params.changes(record, pairs, caller, next(before, 0))

        self._answer(req, resp, code, "changes", ask)

    def _answer(self, req: falcon.Request, resp: falcon.Response, code: str, tail: str, ask: Ask) -> None:
        entry = self._published.get(code)
        asked = ask(entry.record, pairs_of(req.query_string), _caller(req))
        plan = self._engine.open(asked.query)
        words = languages.words_of(entry, self._published.get) if asked.translate else {}
        said = f"{asked.lang if asked.titles else ''}:{languages.mark(words)}"
        place = Place(serialize.address("", entry.code, tail), self._base)
        headers: list[tuple[str, str]] = [
            ("Qingliu-Version", str(plan.version.number)),
            ("Qingliu-Dataset", serialize.address("", entry.code).rsplit("/", 1)[-1]),
        ]
        if asked.format in serialize.SAVED:
            headers.append(("Content-Disposition", serialize.file_title(entry.code, plan.version.number, asked.format)))
        answer = Answer(
            media=serialize.MEDIA[asked.format],
            identity=(plan.etag, tail, asked.format, repr(asked.echo), said, self._base),
            make=lambda: Streamed(self._engine, plan, asked, place, words),
            headers=tuple(headers),
            heavy=asked.heavy,
            compressible=asked.format not in serialize.PACKED,
        )
        self._sender.send(req, resp, answer)

    def versions(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/versions"""
        pairs = pairs_of(req.query_string)
        given, offset, limit = params.listing(pairs, ENDPOINTS["versions"].query, default_limit=100, maximum=MAX_LISTED)
        entry = self._published.get(code)

        def value() -> dict[str, Any]:
            found = self._engine.versions(code) if entry.kind != "listed" else ()
            page = found[offset : offset + limit]
            own = serialize.address(self._base, entry.code, "versions")
            links = [link(own, "self", "application/json")]
            if page and offset + len(page) < len(found):
                following = _with(own, dict(given.echo("offset")), offset + len(page))
                links.append(link(following, "next", "application/json"))
            return {
                "dataset": entry.code,
                "numberMatched": len(found),
                "numberReturned": len(page),
                "versions": [serialize.version(v, self._base) for v in page],
                "links": links,
            }

        self._json(req, resp, value, str(offset), str(limit))

    def decisions(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/decisions"""
        allowed = ENDPOINTS["decisions"].query
        given, offset, limit = params.listing(
            pairs_of(req.query_string), allowed, default_limit=100, maximum=MAX_LISTED
        )
        entry = self._published.get(code)

        def value() -> dict[str, Any]:
            base = serialize.decided_in(entry, self._published.get)
            total, page = self._published.decisions(base.code, offset=offset, limit=limit)
            own = serialize.address(self._base, entry.code, "decisions")
            links = [link(own, "self", "application/json")]
            if page and offset + len(page) < total:
                following = _with(own, dict(given.echo("offset")), offset + len(page))
                links.append(link(following, "next", "application/json"))
            return {
                "dataset": base.code,
                "numberMatched": total,
                "numberReturned": len(page),
                "decisions": list(page),
                "links": links,
            }

        self._json(req, resp, value, str(offset), str(limit))

    def version(self, req: falcon.Request, resp: falcon.Response, code: str, number: str) -> None:
        """/api/datasets/{code}/versions/{number}"""
        params.only_json(Given(pairs_of(req.query_string), ENDPOINTS["version"].query))
        found = self._files.version(code, number)
        self._json(req, resp, lambda: serialize.manifest(found, self._base))

    def file(self, req: falcon.Request, resp: falcon.Response, code: str, version: str, name: str) -> None:
        """/api/datasets/{code}/files/{version}/{name}"""
        Given(pairs_of(req.query_string), ())
        self._files.send(req, resp, code, version, name)


def _caller(req: falcon.Request) -> Caller:
    return Caller(req.get_header("Accept") or "", req.get_header("Accept-Language") or "")


def _with(path: str, echo: dict[str, str], offset: int) -> str:
    pairs = {k: v for k, v in echo.items() if v} | ({"offset": str(offset)} if offset else {})
    return f"{path}?{urlencode(pairs)}" if pairs else path
