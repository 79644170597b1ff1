"""One dataset in the documents of other standards: schema.org, Data Package, data.gov.tw; and what concerns them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import falcon

from qingliu.api.dcat import params
from qingliu.api.dcat.body import Texts
from qingliu.api.dcat.measured import Measured
from qingliu.api.dcat.told import Subject, reference, site, subject
from qingliu.api.http import Answer, Sender, Whole, pairs_of
from qingliu.api.manners import PlainError
from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry, Published, not_a_table
from qingliu.standards import datapackage, schemaorg
from qingliu.standards.metadata import written
from qingliu.standards.metadata.datagovtw import Metadata, Told, export_row, of_104, of_2023

JSON = "application/json"
LD = "application/ld+json"
XML = "application/xml; charset=utf-8"
CSV = "text/csv; charset=utf-8; header=present"
EDITIONS: dict[str, Callable[[Told], Metadata]] = {"104": of_104, "2023": of_2023}


@dataclass(frozen=True, slots=True)
class Document:
    """A document that a dataset is described by: the end of its address, media type and plain name.

    ``rows`` marks those that only a dataset with rows has.
    """

    tail: str
    media: str
    name: Text
    rows: bool = False


DOCUMENTS: tuple[Document, ...] = (
    Document(".ttl", "text/turtle", Text("DCAT-AP 3（Turtle）", "DCAT-AP 3 (Turtle)")),
    Document(".jsonld", LD, Text("DCAT-AP 3（JSON-LD）", "DCAT-AP 3 (JSON-LD)")),
    Document(".rdf", "application/rdf+xml", Text("DCAT-AP 3（RDF/XML）", "DCAT-AP 3 (RDF/XML)")),
    Document(".nt", "application/n-triples", Text("DCAT-AP 3（N-Triples）", "DCAT-AP 3 (N-Triples)")),
    Document("/schema.jsonld", LD, Text("搜尋引擎用的 schema.org", "schema.org, for search engines")),
    Document(
        "/datapackage.json", JSON, Text("Data Package 第 2 版（含欄位定義）", "Data Package 2, with its columns"), True
    ),
    Document("/datagovtw.json", JSON, Text("data.gov.tw 現行詮釋資料（JSON）", "data.gov.tw metadata in use (JSON)")),
    Document("/datagovtw.xml", XML, Text("data.gov.tw 現行詮釋資料（XML）", "data.gov.tw metadata in use (XML)")),
    Document("/datagovtw-104.json", JSON, Text("data.gov.tw 104 年版 38 欄（JSON）", "data.gov.tw of 2015, 38 fields (JSON)")),
    Document("/datagovtw-104.xml", XML, Text("data.gov.tw 104 年版 38 欄（XML）", "data.gov.tw of 2015, 38 fields (XML)")),
    Document("/datagovtw.csv", CSV, Text("data.gov.tw 目錄匯出列（CSV）", "line of data.gov.tw's catalogue export (CSV)")),
    Document("/feed.atom", "application/atom+xml", Text("異動訂閱（Atom）", "feed of changes (Atom)")),
)  # fmt: skip


def documents_of(entry: Entry) -> tuple[tuple[str, Document], ...]:
    """The documents of an entry with their addresses under the portal."""
    start = f"/api/dcat/datasets/{quote(entry.code, safe='')}"
    return tuple((start + d.tail, d) for d in DOCUMENTS if not d.rows or entry.status == "published")


def in_a_page(entry: Entry, published: Published, base: str, lang: str) -> str:
    """The dataset as schema.org, fit for a page's ``<script type="application/ld+json">``."""
    return schemaorg.for_a_page(_schema_org(subject(entry, published, base), base, lang))


def portal_in_a_page(published: Published, base: str, lang: str) -> str:
    """The portal as schema.org's DataCatalog, fit for a page as above."""
    return schemaorg.for_a_page(schemaorg.catalogue(site(published, base), lang))


def _schema_org(found: Subject, base: str, lang: str) -> dict[str, Any]:
    return schemaorg.dataset(schemaorg.Told(found.record, found.versions, found.served, reference(base)), lang)


class Documents:
    """Hands out the documents of ``DOCUMENTS`` below a dataset, and those about the portal."""

    def __init__(self, engine: Engine, sender: Sender, base: str) -> None:
        self._published = engine.published
        self._measured = Measured(engine, base)
        self._sender = sender
        self._base = base

    def one(self, req: falcon.Request, resp: falcon.Response, code: str, document: str) -> None:
        """/api/dcat/datasets/{code}/{document}"""
        kind = next((d for d in DOCUMENTS if d.tail == f"/{document}"), None)
        if kind is None:
            raise _no_such(document)
        wordy = document in {"schema.jsonld", "datapackage.json"}  # the others are of one language, or of both
        lang = params.language(params.known(pairs_of(req.query_string), *(("lang",) if wordy else ())))
        found = subject(self._published.get(code), self._published, self._base)
        if document == "datapackage.json":
            self._package(req, resp, found, lang)
        elif document == "schema.jsonld":
            self._text(req, resp, kind.media, _pretty(_schema_org(found, self._base, lang)))
        elif document.endswith(".csv"):
            self._text(req, resp, kind.media, "".join(written.export_csv([self._line(found)])))
        else:
            edition = "104" if "-104" in document else "2023"
            made = EDITIONS[edition](Told(found.record, found.versions, found.served))
            text = written.xml(made) if document.endswith(".xml") else _pretty({"edition": edition} | made.plain())
            self._text(req, resp, kind.media, text)

    def _line(self, found: Subject) -> dict[str, str]:
        return export_row(Told(found.record, found.versions, found.served))

    def _text(self, req: falcon.Request, resp: falcon.Response, media: str, text: str) -> None:
        """A small document: its ETag is over its bytes, so it changes when they do and not before."""
        data = text.encode()
        self._sender.send(
            req, resp, Answer(media, ("document", media, hashlib.sha256(data).hexdigest()), lambda: Whole(data))
        )

    def _package(self, req: falcon.Request, resp: falcon.Response, found: Subject, lang: str) -> None:
        entry = found.entry
        if entry.status != "published":
            raise not_a_table(entry)

        def make() -> Whole:
            # a reference that rows break would be an error of the package, so only those that hold stand in it
            kept = self._measured.references(entry)
            table = self._measured.table(entry)
            table = replace(table, record=replace(table.record, references=tuple(r for r, _ in kept)))
            others = {m.code: m for _, m in kept if m.code != entry.code}
            beside = tuple(
                replace(t, record=replace(t.record, references=()))
                for t in (self._measured.table(m) for m in others.values())
            )
            parcel = datapackage.Parcel(table, found.shown, found.served, beside)
            return Whole(_pretty(datapackage.package(parcel, lang)).encode())

        masters = [self._published.get(r.dataset) for r in entry.record.references if self._knows(r.dataset)]
        parts = [_mark(e) for e in (entry, *masters)]
        parts += [
            _mark(self._published.get(c)) for c in (entry.record.view.of if entry.record.view else ()) if self._knows(c)
        ]
        answer = Answer(JSON, ("datapackage", lang, self._base, str(found.served.version), *parts), make, heavy=True)
        self._sender.send(req, resp, answer)

    def _knows(self, code: str) -> bool:
        return self._published.knows(code)

    def portal(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/dcat/schema.jsonld: the portal as a DataCatalog."""
        lang = params.language(params.known(pairs_of(req.query_string), "lang"))
        self._text(req, resp, LD, _pretty(schemaorg.catalogue(site(self._published, self._base), lang)))

    def edition(self, req: falcon.Request, resp: falcon.Response, edition: str) -> None:
        """/api/dcat/datagovtw/{edition}: the fields of an edition and the words that they hold."""
        params.known(pairs_of(req.query_string))
        if edition not in EDITIONS:
            raise _no_such(edition, tuple(EDITIONS))
        self._text(req, resp, JSON, _pretty(written.described(edition)))

    def export(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/dcat/datagovtw.csv: the whole catalogue as the export of data.gov.tw has it."""
        params.known(pairs_of(req.query_string))
        answer = Answer(
            CSV,
            ("export", str(self._published.generation()), self._base),
            lambda: Texts(written.export_csv(self._lines())),
            headers=(("Content-Disposition", 'attachment; filename="catalogue.csv"'),),
            heavy=True,
        )
        self._sender.send(req, resp, answer)

    def _lines(self) -> Iterator[dict[str, str]]:
        for entry in self._published.all():
            yield self._line(subject(entry, self._published, self._base))


def _mark(entry: Entry) -> str:
    """What a dataset's description and its rows depend on."""
    content = entry.current.content_hash if entry.current else ""
    record = hashlib.sha256(codec.to_json(entry.record).encode()).hexdigest()
    return f"{entry.status}:{record}:{entry.updated_at}:{entry.current.number if entry.current else ''}:{content}"


def _pretty(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _no_such(name: str, options: tuple[str, ...] = ()) -> PlainError:
    known = options or tuple(d.tail.lstrip("/") for d in DOCUMENTS)
    told = name[:80]
    return PlainError(
        404,
        "not-found",
        Text(f"沒有文件「{told}」。", f"There is no document '{told}'."),
        Text(f"可用：{'、'.join(known)}。", f"There are: {', '.join(known)}."),
    )
