"""The published catalogue: what readers may know, switched as a whole by one SQLite transaction.

Records, versions and the search index lie in one file, so a reader sees a publication entirely or not at all. Of each
dataset a reader keeps one short line and reads the rest when it is asked for; after a publication it reads again what
that one touched and nothing else. docs/adr/0002 and 0016 say why.
"""

from __future__ import annotations

import difflib
import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qingliu.core import codec
from qingliu.core.clock import iso
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.errors import BadRequest, Gone, NotFound
from qingliu.lake.catalogue_search import CatalogueSearch, Wanted
from qingliu.lake.entry import LINE, Entry, Kind, Line, Status
from qingliu.lake.published_write import PublishedTransaction, PublishedWriter

__all__ = [
    "Entry", "Kind", "Line", "Published", "PublishedTransaction", "PublishedWriter", "SearchResult", "Status",
    "Wanted", "not_a_table",
]  # fmt: skip

KEPT_ENTRIES = 1_000  # whole entries a reader keeps, those asked for last
NEAR = 2_000  # codes among which a misspelt one is looked for
CHUNK = 500  # entries read at a time, between which others may read
_HEADS = (
    "json_array((SELECT json_extract(body, '$.mark') FROM note n WHERE n.code=e.code AND topic='quality'),"
    " (SELECT json_extract(body, '$.level') FROM note n WHERE n.code=e.code AND topic='bilingual'))"
)
_BRIEF = "json_remove(record, '$.fields', '$.checks', '$.references', '$.contacts')"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """``entries`` of one page out of ``total``; ``facets`` counts the whole answer by value, most first."""

    total: int
    entries: tuple[Entry, ...]
    facets: dict[str, list[tuple[str, int]]]
    partly: bool = False  # nothing held every word: these hold some of them


@dataclass(slots=True)
class _Snapshot:
    data_version: int
    generation: int
    lines: dict[str, Line]
    ordered: tuple[Line, ...]


class Published:
    """Reads the published catalogue; safe for many threads. A missing file is an empty catalogue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._where = os.fspath(path)
        self._lock = threading.RLock()
        self._con: sqlite3.Connection | None = None
        self._inode = 0
        self._snapshot: _Snapshot | None = None
        self._whole: OrderedDict[str, Entry] = OrderedDict()
        self._versions: OrderedDict[str, tuple[VersionRecord, ...]] = OrderedDict()
        self._manifests: OrderedDict[str, dict[str, VersionRecord]] = OrderedDict()  # parsed before, by their text
        self.catalogue = CatalogueSearch(self)

    def _connection(self) -> sqlite3.Connection | None:
        try:
            inode = os.stat(self._where).st_ino
        except FileNotFoundError:
            self._con = None
            self._forget()
            return None
        if self._con is None or inode != self._inode:  # a restore put another file in its place
            self._con = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, check_same_thread=False, timeout=30)
            self._inode = inode
            self._forget()
        return self._con

    def _forget(self) -> None:
        self._snapshot = None
        self._whole.clear()
        self._versions.clear()

    def _load(self) -> _Snapshot:
        with self._lock:
            con = self._connection()
            if con is None:
                return _Snapshot(-1, 0, {}, ())
            data_version = con.execute("PRAGMA data_version").fetchone()[0]
            held = self._snapshot
            if held is None or held.data_version != data_version:
                with _reading(con):
                    held = self._snapshot = self._read(con, data_version, held)
            return held

    def _read(self, con: sqlite3.Connection, data_version: int, held: _Snapshot | None) -> _Snapshot:
        """The lines as they are now: those of ``held``, and what was touched since read again."""
        (generation,) = con.execute("SELECT value FROM meta WHERE name='generation'").fetchone()
        watched = _has(con, "touched")
        if held is None or not watched or generation < held.generation:
            self._forget()
            sql = LINE if watched else LINE.replace("(SELECT seen FROM touched WHERE code=e.code)", "NULL")
            lines = {r[0].upper(): Line.made(r, self.get) for r in con.execute(f"SELECT {sql} FROM entry e")}
            return _Snapshot(data_version, generation, lines, _ordered(lines))
        touched = [c for (c,) in con.execute("SELECT code FROM touched WHERE seen > ?", (held.generation,))]
        if not touched:
            return _Snapshot(data_version, generation, held.lines, held.ordered)
        lines = dict(held.lines)
        for code in touched:
            row = con.execute(f"SELECT {LINE} FROM entry e WHERE e.code=?", (code,)).fetchone()
            fold = code.upper()
            if row is not None:
                lines[fold] = Line.made(row, self.get)
            elif fold in lines and lines[fold].code == code:
                del lines[fold]
            self._whole.pop(fold, None)
            self._versions.pop(fold, None)
        return _Snapshot(data_version, generation, lines, _ordered(lines))

    def generation(self) -> int:
        """A number that grows with every publication."""
        return self._load().generation

    def all(self) -> tuple[Line, ...]:
        """Every entry as a line, by code. What lines do not hold is read at each asking: mind whole walks of records."""
        return self._load().ordered

    def line(self, code: str) -> Line:
        """The line of ``code`` in any case. Raises NotFound."""
        lines = self._load().lines
        found = lines.get(code.upper())
        if found is None:
            raise _unknown(code, lines)
        return found

    def knows(self, code: str) -> bool:
        """Whether there is an entry of ``code`` in any case."""
        return code.upper() in self._load().lines

    def seen(self, code: str) -> int:
        """The generation in which anything about a dataset last changed; 0 where there is none such."""
        line = self._load().lines.get(code.upper())
        return line.seen if line else 0

    def briefs(self, codes: Sequence[str] | None = None) -> Iterator[Entry]:
        """Entries (of these codes, or all) without their columns, rules, references, contacts and versions.

        Of the notes only the quality mark and the language level are told.
        """
        with self._lock:
            con = self._connection()
            noted = con is not None and _has(con, "note")
        if con is None:
            return
        told = _HEADS if noted else "'[]'"
        sql = f"SELECT code, kind, status, updated_at, {_BRIEF}, extra, {told} FROM entry e"
        after = ""
        at = 0
        while codes is None or at < len(codes):
            with self._lock:
                if codes is None:
                    rows = con.execute(f"{sql} WHERE code > ? ORDER BY code LIMIT {CHUNK}", (after,)).fetchall()
                else:
                    part = codes[at : at + CHUNK]
                    marks = ",".join("?" * len(part))
                    rows = con.execute(f"{sql} WHERE code IN ({marks})", list(part)).fetchall()
                    at += CHUNK
            if codes is None and not rows:
                return
            for code, kind, status, updated_at, record, extra, said in rows:
                brief = codec.from_json(DatasetRecord, record.replace("{", '{"fields":[],', 1))
                heads = json.loads(said) or (None, None)
                mark, level = (json.loads(s) if isinstance(s, str) and s[:1] == "{" else s for s in heads)
                notes = {"quality": {"mark": mark}, "bilingual": {"level": level}}
                yield Entry(code, kind, status, brief, None, updated_at, json.loads(extra), notes)
                after = code

    def noted(self, topic: str) -> dict[str, dict[str, Any]]:
        """What is said under a topic by code, also of datasets that are not in the catalogue any more."""
        with self._lock:
            con = self._connection()
            if con is None or not _has(con, "note"):
                return {}
            rows = con.execute("SELECT code, body FROM note WHERE topic=?", (topic,)).fetchall()
        return {code: json.loads(body) for code, body in rows}

    def note(self, code: str, topic: str) -> dict[str, Any] | None:
        """What is said of a dataset under a topic; None where nothing is."""
        with self._lock:
            con = self._connection()
            if con is None or not _has(con, "note"):
                return None
            row = con.execute("SELECT body FROM note WHERE code=? AND topic=?", (code, topic)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, code: str) -> Entry:
        """The whole entry of ``code`` in any case. Raises NotFound naming the nearest codes."""
        fold = code.upper()
        with self._lock:
            snapshot = self._load()
            line = snapshot.lines.get(fold)
            if line is None:
                raise _unknown(code, snapshot.lines)
            kept = self._whole.get(fold)
            if kept is not None:
                self._whole.move_to_end(fold)
                return kept
            con = self._connection()
            found = con and self._entry(con, line.code)
            if not found:
                raise _unknown(code, snapshot.lines)
            self._whole[fold] = found
            while len(self._whole) > KEPT_ENTRIES:
                self._whole.popitem(last=False)
            return found

    def _entry(self, con: sqlite3.Connection, code: str) -> Entry | None:
        with _reading(con):
            row = con.execute(
                "SELECT kind, status, current, updated_at, record, extra FROM entry WHERE code=?", (code,)
            ).fetchone()
            if row is None:
                return None
            kind, status, current, updated_at, record, extra = row
            notes = {}
            if _has(con, "note"):
                notes = {t: json.loads(b) for t, b in con.execute("SELECT topic, body FROM note WHERE code=?", (code,))}
            now = None
            if current is not None:
                manifest = con.execute(
                    "SELECT manifest FROM version WHERE present=1 AND code=? AND number=?", (code, current)
                ).fetchone()
                now = codec.from_json(VersionRecord, manifest[0]) if manifest else None
        known = codec.from_json(DatasetRecord, record)
        return Entry(code, kind, status, known, now, updated_at, json.loads(extra), notes)

    def versions(self, code: str) -> tuple[VersionRecord, ...]:
        """All versions of a table, newest first; a view has none of its own."""
        code = self.get(code).code
        fold = code.upper()
        with self._lock:
            con = self._connection()
            found = self._versions.get(fold)
            if found is not None or con is None:
                return found or ()
            rows = con.execute(
                "SELECT manifest FROM version WHERE present=1 AND code=? ORDER BY number DESC", (code,)
            ).fetchall()
            before = self._manifests.pop(fold, {})
            parsed = {text: before.get(text) or codec.from_json(VersionRecord, text) for (text,) in rows}
            self._manifests[fold] = parsed
            found = self._versions[fold] = tuple(parsed.values())
            for kept in (self._versions, self._manifests):
                while len(kept) > KEPT_ENTRIES:
                    kept.popitem(last=False)
            return found

    def shown(self, entry: Entry) -> int | None:
        """The number of the version that an entry's rows come from: a view's is its base's, a union's their sum."""
        if not entry.of:
            return entry.current.number if entry.current else None
        numbers = [self.shown(self.get(code)) for code in entry.of]
        return sum(n for n in numbers if n is not None) if all(numbers) else None

    def version(self, code: str, as_of: int | datetime | None = None) -> VersionRecord:
        """The version that ``as_of`` (a number, a moment, None = current) means; its data must still be kept.

        Raises NotFound where there was none, Gone with the nearest kept where its data is no longer here.
        """
        entry = self.get(code)
        versions = self.versions(code)
        if as_of is None:
            found = entry.current
        elif isinstance(as_of, datetime):
            moment = iso(as_of)
            found = next((v for v in versions if v.created_at <= moment), None)
        else:
            found = next((v for v in versions if v.number == as_of), None)
        if found is None:
            raise NotFound(
                Text(f"「{entry.code}」沒有這個版本。", f"'{entry.code}' has no such version."),
                Text(
                    f"版本列表：/api/datasets/{entry.code}/versions。",
                    f"The versions are listed at /api/datasets/{entry.code}/versions.",
                ),
                parameter="as_of",
            )
        if not found.kept:
            nearest = found.nearest_kept
            raise Gone(
                Text(f"版本 {found.number} 的資料已不保留。", f"The data of version {found.number} is no longer kept."),
                Text(f"最接近的保留版本：{nearest}。", f"The nearest kept version is {nearest}."),
                parameter="as_of",
            )
        return found

    def layout(self, code: str, number: int, content_hash: str) -> VersionRecord | None:
        """A version in an earlier arrangement of its files, for cursors that began before a compaction."""
        with self._lock:
            con = self._connection()
            row = (
                con
                and con.execute(
                    "SELECT manifest FROM version WHERE code=? AND number=? AND content_hash LIKE ? || '%'",
                    (code, number, content_hash),
                ).fetchone()
            )
        return codec.from_json(VersionRecord, row[0]) if row else None

    def decisions(self, code: str, *, offset: int = 0, limit: int = 100) -> tuple[int, tuple[dict[str, Any], ...]]:
        """How many decisions about rows of a dataset there are, and a page of them, newest first."""
        self.get(code)
        with self._lock:
            con = self._connection()
            if con is None or not _has(con, "decision"):
                return 0, ()
            total = con.execute("SELECT count(*) FROM decision WHERE code=?", (code,)).fetchone()[0]
            found = con.execute(
                "SELECT number, body FROM decision WHERE code=? ORDER BY number DESC LIMIT ? OFFSET ?",
                (code, limit, offset),
            ).fetchall()
        return total, tuple({"number": number, **json.loads(body)} for number, body in found)

    def search(
        self, q: str = "", *, category: str = "", agency: str = "", kind: str = "", offset: int = 0, limit: int = 20
    ) -> SearchResult:
        """Entries that ``q`` finds (all where it is empty), best first, filtered by the facets. Raises TooDear."""
        wanted = {n: v for n, v in (("category", category), ("agency", agency), ("kind", kind)) if v}
        return self.found(Wanted(q, wanted), ("category", "agency", "kind"), offset=offset, limit=limit)

    def found(self, wanted: Wanted, facets: Sequence[str] = (), *, offset: int = 0, limit: int = 20) -> SearchResult:
        """The page of what is wanted; each of ``facets`` counted as if nothing of it were chosen. Raises TooDear."""
        snapshot = self.catalogue.snapshot()
        found = self.catalogue.ask(snapshot, wanted)
        counts = {name: found.counts(name) for name in facets}
        page = tuple(snapshot.entries[at] for at in found.page(offset, limit))
        return SearchResult(found.total, page, counts, found.partly)


@contextmanager
def _reading(con: sqlite3.Connection) -> Iterator[None]:
    """One state of the file for several questions."""
    con.execute("BEGIN")
    try:
        yield
    finally:
        con.execute("COMMIT")


def _has(con: sqlite3.Connection, table: str) -> bool:
    return con.execute("SELECT 1 FROM sqlite_master WHERE name=?", (table,)).fetchone() is not None


def _ordered(lines: dict[str, Line]) -> tuple[Line, ...]:
    return tuple(lines[c] for c in sorted(lines))


def _unknown(code: str, lines: dict[str, Line]) -> NotFound:
    fold = code.upper()[:60]
    alike = [c for c in lines if c[:2] == fold[:2]] or list(lines)
    names = difflib.get_close_matches(fold, alike[:NEAR], n=3, cutoff=0.6)
    zh, en = "、".join(names), ", ".join(names)
    return NotFound(
        Text(f"沒有代碼為「{code[:60]}」的資料集。", f"No dataset has the code '{code[:60]}'."),
        Text(
            f"相近的代碼：{zh}。" if names else "請在 /api/datasets 查詢代碼。",
            f"Near codes: {en}." if names else "Look the code up in /api/datasets.",
        ),
        parameter="code",
    )


def not_a_table(entry: Entry) -> BadRequest | NotFound:
    """The error for asking rows of an entry that has none."""
    return NotFound(
        Text(
            f"「{entry.code}」尚無資料可供查詢（狀態：{entry.status}）。",
            f"'{entry.code}' has no rows to ask for ({entry.status}).",
        ),
        Text("請在資料集頁面查看原因。", "Its dataset page says why."),
        parameter="code",
    )
