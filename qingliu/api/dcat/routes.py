"""Addresses of DCAT: the catalogue by pages or as a whole, and each dataset, in four texts of the same graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

import falcon

from qingliu.api.cache import Headers
from qingliu.api.dcat import params
from qingliu.api.dcat.body import Texts
from qingliu.api.dcat.documents import Documents
from qingliu.api.dcat.feed import Feeds
from qingliu.api.dcat.params import PROFILES, Asked
from qingliu.api.dcat.sitemap import Sitemaps
from qingliu.api.dcat.told import site, subject
from qingliu.api.http import Answer, Sender, Whole, pairs_of, preferred
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.standards.dcat import write
from qingliu.standards.dcat.catalogue import Pages, catalogue, only_among, page
from qingliu.standards.dcat.dataset import Described
from qingliu.standards.dcat.terms import Resource

FORMS: dict[str, str] = {"ttl": "turtle", "jsonld": "jsonld", "rdf": "rdfxml", "nt": "ntriples"}
OFFERS = tuple((ending, write.MEDIA[name]) for ending, name in FORMS.items())
DATASETS = "/api/dcat/datasets"


class Dcat:
    """The catalogue's dialects over one engine. ``base`` is the configured public address; the request's host never is."""

    def __init__(self, engine: Engine, sender: Sender, base: str) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._base = base
        self._documents = Documents(engine, sender, base)
        self._sitemaps = Sitemaps(engine.published, sender, base)
        self._feeds = Feeds(engine, sender, base)

    def add_to(self, app: falcon.App) -> None:
        """Put every address into the app."""
        for form in FORMS:
            app.add_route(f"/catalog.{form}", Reading(self._in_form(form)))
        app.add_route("/api/dcat/catalog", Reading(self.negotiated))
        app.add_route(f"{DATASETS}/{{code}}", Reading(self.dataset))
        app.add_route(f"{DATASETS}/{{code}}/feed.atom", Reading(self._feeds.of_dataset))
        app.add_route(f"{DATASETS}/{{code}}/{{document}}", Reading(self._documents.one))
        app.add_route("/api/dcat/schema.jsonld", Reading(self._documents.portal))
        app.add_route("/api/dcat/datagovtw.csv", Reading(self._documents.export))
        app.add_route("/api/dcat/datagovtw/{edition}", Reading(self._documents.edition))
        app.add_route("/sitemap.xml", Reading(self._sitemaps.index))
        app.add_route("/sitemap-{number}.xml", Reading(self._sitemaps.part))
        app.add_route("/robots.txt", Reading(self._sitemaps.robots))
        app.add_route("/feed.atom", Reading(self._feeds.all))

    def _in_form(self, form: str) -> Callable[[falcon.Request, falcon.Response], None]:
        return lambda req, resp: self._catalogue(req, resp, form)

    def negotiated(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/dcat/catalog: the text that Accept asks for, Turtle where it asks for none of ours."""
        form = preferred(req.get_header("Accept") or "", OFFERS)
        query = f"?{req.query_string}" if req.query_string else ""
        self._catalogue(req, resp, form, (("Content-Location", f"/catalog.{form}{query}"),))

    def _catalogue(self, req: falcon.Request, resp: falcon.Response, form: str, headers: Headers = ()) -> None:
        asked = params.catalogue(pairs_of(req.query_string))
        entries = self._among(asked)
        chosen = asked.part.slice(len(entries))
        path = f"{self._base}/catalog.{form}"
        whole = asked.part.number == 0
        answer = Answer(
            media=media_of(form),
            identity=("dcat", str(self._published.generation()), form, repr(asked), self._base),
            make=lambda: Texts(write.WRITERS[FORMS[form]](self._graph(entries[chosen], asked, len(entries), form))),
            headers=(*headers, ("Link", _links(asked, path, len(entries), form))),
            heavy=whole,
        )
        self._sender.send(req, resp, answer)

    def _among(self, asked: Asked) -> tuple[Entry, ...]:
        """The entries that belong to the profile, by code: of HVD those that the office marks."""
        if asked.profile == "dcat-ap":
            return self._published.all()
        snapshot = self._published.catalogue.snapshot()
        marked = snapshot.facets["theme"].having(lambda _: True)
        return tuple(e for e, high in zip(snapshot.entries, marked, strict=True) if high)

    def _graph(self, entries: tuple[Entry, ...], asked: Asked, total: int, form: str) -> Iterator[Resource]:
        about = site(self._published, self._base)
        path = f"{about.root}/catalog.{form}"
        everything = asked.part.number == 0 and asked.profile == "dcat-ap"
        here = None if everything else _Here(about.root, frozenset(e.code for e in entries))
        return catalogue(
            about,
            self._described(entries, asked, here),
            here=here,
            beside=(page(_pages(asked, path, total)),) if asked.part.number else (),
        )

    def _described(self, entries: tuple[Entry, ...], asked: Asked, here: _Here | None) -> Iterator[Described]:
        for entry in entries:
            found = subject(entry, self._published, self._base).described()
            yield only_among(found, here) if here and asked.profile == "dcat-ap-hvd" else found

    def dataset(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/dcat/datasets/{code}.{ttl,jsonld,rdf,nt}, or without an ending by Accept."""
        params.known(pairs_of(req.query_string))
        stem, _, ending = code.rpartition(".")
        named = ending in FORMS and stem != ""
        form = ending if named else preferred(req.get_header("Accept") or "", OFFERS)
        entry = self._published.get(stem if named else code)
        own = f"{DATASETS}/{quote(entry.code, safe='')}.{form}"
        headers: Headers = () if named else (("Content-Location", own),)
        found = subject(entry, self._published, self._base).described()
        data = "".join(write.WRITERS[FORMS[form]](found.resources)).encode()
        profile = (("Link", f'<{PROFILES["dcat-ap"]}>; rel="profile"'),)
        identity = ("dcat", form, hashlib.sha256(data).hexdigest(), *(v for _, v in headers))
        answer = Answer(media_of(form), identity, lambda: Whole(data), (*headers, *profile))
        self._sender.send(req, resp, answer)


class _Here:
    """The IRIs of the datasets with these codes."""

    def __init__(self, root: str, codes: frozenset[str]) -> None:
        self._iris = {f"{root}/dataset/detail/{quote(c, safe='')}#dataset" for c in codes}

    def __contains__(self, iri: object) -> bool:
        return iri in self._iris


class Reading:
    """A falcon resource that only reads: GET and HEAD by one function."""

    def __init__(self, answer: Callable[..., None]) -> None:
        self._answer = answer

    def on_get(self, req: falcon.Request, resp: falcon.Response, **parts: str) -> None:
        """The answer."""
        self._answer(req, resp, **parts)

    on_head = on_get


def media_of(form: str) -> str:
    """The media type of a text, with its encoding where the type does not fix it."""
    media = write.MEDIA[FORMS[form]]
    return media if form in {"jsonld", "nt"} else f"{media}; charset=utf-8"


def _pages(asked: Asked, path: str, total: int) -> Pages:
    part = asked.part
    last = part.last(total)
    return Pages(
        own=asked.address(path, part.number),
        first=asked.address(path, 1),
        last=asked.address(path, last),
        previous=asked.address(path, part.number - 1) if part.number > 1 else "",
        next=asked.address(path, part.number + 1) if part.number < last else "",
        total=total,
        size=part.size,
    )


def _links(asked: Asked, path: str, total: int, form: str) -> str:
    """The Link header: neighbours of a page, and the profile."""
    found = [f'<{PROFILES[asked.profile]}>; rel="profile"']
    if asked.part.number:
        pages = _pages(asked, path, total)
        steps = (("first", pages.first), ("prev", pages.previous), ("next", pages.next), ("last", pages.last))
        found = [f'<{to}>; rel="{rel}"; type="{write.MEDIA[FORMS[form]]}"' for rel, to in steps if to] + found
    return ", ".join(found)
