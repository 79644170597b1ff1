"""Atom feeds of changes: new datasets, new versions, withdrawals; of everything or of one dataset, by pages (RFC 5005)."""

from __future__ import annotations

import hashlib
import heapq
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape, quoteattr

import falcon

from qingliu.api.dcat import params
from qingliu.api.dcat.params import Part
from qingliu.api.dcat.told import TITLE
from qingliu.api.http import Answer, Sender, Whole, pairs_of
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.standards.dcat.served import NOWHERE

MEDIA = "application/atom+xml; charset=utf-8"
WITHDRAWN = "withdrawn"
KINDS = {
    "new": Text("新資料集", "new dataset"),
    "version": Text("新版本", "new version"),
    WITHDRAWN: Text("下架", "withdrawn"),
}
_BAD_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a dataset. ``at`` is ISO 8601 in UTC; ``record`` None once it was withdrawn."""

    at: str
    code: str
    kind: str
    title: Text
    record: DatasetRecord | None = None
    version: VersionRecord | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a feed says of itself: where it is, what it is called, and which part of how many changes it shows."""

    path: str
    title: Text
    page: str
    part: Part
    total: int
    lang: str
    changed: str


class Feeds:
    """Feeds over the published catalogue; a view's changes are those of what it shows."""

    def __init__(self, engine: Engine, sender: Sender, base: str) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._root = base.rstrip("/") or NOWHERE

    def all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/feed.atom"""
        part, lang = params.feed(pairs_of(req.query_string))
        tables = [e for e in self._published.all() if e.kind == "table" and e.status == "published"]
        gone = [_withdrawal(code, said) for code, said in self._published.noted(WITHDRAWN).items()]
        gone.sort(key=lambda c: (c.at, c.code), reverse=True)
        total = sum(len(self._published.versions(e.code)) for e in tables) + len(gone)
        ways = [_changes(e, self._published.versions(e.code)) for e in tables]
        title = Text(f"{TITLE.zh}：異動", f"{TITLE.en}: changes")
        newest = max((v.created_at for e in tables for v in self._published.versions(e.code)[:1]), default="")
        changed = max(newest, gone[0].at if gone else "")
        frame = Frame("/feed.atom", title, "/", part, total, lang, changed)
        merged = heapq.merge(*ways, gone, key=lambda c: (c.at, c.code), reverse=True)
        self._send(req, resp, frame, merged)

    def of_dataset(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/dcat/datasets/{code}/feed.atom. A listed dataset has no changes yet; a withdrawn one is not found."""
        part, lang = params.feed(pairs_of(req.query_string))
        entry = self._published.get(code)
        versions = self._engine.versions(entry.code) if entry.status == "published" else ()
        here = quote(entry.code, safe="")
        record = entry.record
        title = Text(f"{record.title.zh}：異動", f"{record.title.en or record.title.zh}: changes")
        path, page = f"/api/dcat/datasets/{here}/feed.atom", f"/dataset/detail/{here}"
        changed = versions[0].created_at if versions else entry.updated_at
        frame = Frame(path, title, page, part, len(versions), lang, changed)
        self._send(req, resp, frame, _changes(entry, versions))

    def _send(self, req: falcon.Request, resp: falcon.Response, frame: Frame, changes: Iterable[Change]) -> None:
        chosen = frame.part.slice(frame.total)
        text = "".join(self._feed(frame, islice(changes, chosen.start, chosen.stop)))
        data = text.encode()
        self._sender.send(req, resp, Answer(MEDIA, ("feed", hashlib.sha256(data).hexdigest()), lambda: Whole(data)))

    def _feed(self, frame: Frame, changes: Iterable[Change]) -> Iterator[str]:
        lang = "en" if frame.lang == "en" else "zh-Hant"
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">\n'
        yield f"<id>{_urn(self._root + frame.path)}</id>\n<title>{_text(frame.title.get(frame.lang))}</title>\n"
        yield f"<updated>{_text(frame.changed or '1970-01-01T00:00:00Z')}</updated>\n"
        yield f"<author><name>{_text(TITLE.get(frame.lang))}</name></author>\n"
        page = self._root + ("/en" if frame.lang == "en" else "") + frame.page
        yield f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>\n'
        for rel, number in _steps(frame):
            yield f'<link rel="{rel}" type="application/atom+xml" href={quoteattr(self._address(frame, number))}/>\n'
        for change in changes:
            yield self._entry(change, frame.lang)
        yield "</feed>\n"

    def _address(self, frame: Frame, number: int) -> str:
        pairs = ({"page": str(number)} if number > 1 else {}) | ({"lang": "en"} if frame.lang == "en" else {})
        return self._root + frame.path + (f"?{urlencode(pairs)}" if pairs else "")

    def _entry(self, change: Change, lang: str) -> str:
        code = quote(change.code, safe="")
        page = self._root + ("/en" if lang == "en" else "") + f"/dataset/detail/{code}"
        version = change.version
        own = f"{self._root}/api/datasets/{code}/" + (
            f"versions/{version.number}" if version else f"withdrawn/{change.at}"
        )
        kind = KINDS[change.kind].get(lang)
        parts = [
            f"<id>{_urn(own)}</id>",
            f"<title>{_text(change.title.get(lang))} {_text(change.code)}{_text(_said(change, lang))}</title>",
            f"<updated>{_text(change.at)}</updated>",
            f"<category term={quoteattr(change.kind)} label={quoteattr(kind)}/>",
        ]
        if change.record is not None and version is not None:
            parts.append(f"<author><name>{_text(change.record.agency_name.get(lang))}</name></author>")
            parts.append(f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>')
            parts.append(f'<link rel="related" type="application/json" href={quoteattr(own)}/>')
        else:
            catalogue = self._root + ("/en" if lang == "en" else "") + "/dataset/"
            parts.append(f'<link rel="alternate" type="text/html" href={quoteattr(catalogue)}/>')
        parts.append(f"<summary>{_text(_summary(change, lang))}</summary>")
        return "<entry>\n" + "\n".join(parts) + "\n</entry>\n"


def _changes(entry: Entry, versions: tuple[VersionRecord, ...]) -> Iterator[Change]:
    """The versions as changes, newest first; the first of all is the dataset itself."""
    first = versions[-1].number if versions else 0
    for version in versions:
        kind = "new" if version.number == first else "version"
        yield Change(version.created_at, entry.code, kind, entry.record.title, entry.record, version)


def _withdrawal(code: str, said: dict[str, object]) -> Change:
    title = said.get("title")
    named = Text(str(title.get("zh", code)), str(title.get("en", ""))) if isinstance(title, dict) else Text(code, code)
    return Change(str(said.get("at", "")), code, WITHDRAWN, named)


def _steps(frame: Frame) -> Iterator[tuple[str, int]]:
    last = frame.part.last(frame.total)
    yield "self", frame.part.number
    yield "first", 1
    yield "last", last
    if frame.part.number > 1:
        yield "previous", frame.part.number - 1
    if frame.part.number < last:
        yield "next", frame.part.number + 1


def _said(change: Change, lang: str) -> str:
    kind = KINDS[change.kind].get(lang)
    number = change.version.number if change.version else 0
    if lang == "en":
        return f": {kind} v{number}" if number else f": {kind}"
    return f"：{kind}（第 {number} 版）" if number else f"：{kind}"


def _summary(change: Change, lang: str) -> str:
    v = change.version
    if v is None:
        both = Text("這個資料集已下架，不再提供。", "This dataset was withdrawn and is served no more.")
    else:
        both = Text(
            f"{v.code} 共 {v.rows:,} 列；新增 {v.inserted:,}、更新 {v.updated:,}、刪除 {v.deleted:,}。",
            f"{v.code}: {v.rows:,} rows; {v.inserted:,} inserted, {v.updated:,} updated, {v.deleted:,} deleted.",
        )
    return both.get(lang)


def _text(text: str) -> str:
    return escape(_BAD_IN_XML.sub("\ufffd", text))


def _urn(address: str) -> str:
    """A name that never changes for what the address stands for."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}"
