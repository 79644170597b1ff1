"""The published catalogue: what readers may know, switched as a whole by one SQLite transaction.

Records, versions and the search index lie in one file, so a reader sees a publication entirely or not at all. Readers
keep what they read until the file's data version moves; the check costs microseconds. docs/adr/0002 says why.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from qingliu.core import codec
from qingliu.core.clock import iso
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.errors import BadRequest, Gone, NotFound
from qingliu.lake import texts
from qingliu.lake.search import match_expression

Kind = Literal["table", "view", "listed"]
Status = Literal["published", "held", "listed"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
  code TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, current INTEGER, updated_at TEXT NOT NULL,
  record TEXT NOT NULL, extra TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS version (
  code TEXT NOT NULL, number INTEGER NOT NULL, content_hash TEXT NOT NULL, present INTEGER NOT NULL,
  created_at TEXT NOT NULL, manifest TEXT NOT NULL, PRIMARY KEY (code, number, content_hash));
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS decision (
  code TEXT NOT NULL COLLATE NOCASE, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (code, number));
CREATE TABLE IF NOT EXISTS note (
  code TEXT NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (code, topic));
INSERT OR IGNORE INTO meta VALUES ('generation', 0);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: a table, a view of tables, or a dataset that is only listed so far.

    ``notes`` is what judges say in public about it, by topic (quality, standards, privacy, bilingual).
    """

    code: str
    kind: Kind
    status: Status
    record: DatasetRecord
    current: VersionRecord | None
    updated_at: str
    extra: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """``entries`` of one page out of ``total``; ``facets`` counts the whole answer by value, most first."""

    total: int
    entries: tuple[Entry, ...]
    facets: dict[str, list[tuple[str, int]]]


@dataclass(slots=True)
class _Snapshot:
    data_version: int
    generation: int
    entries: dict[str, Entry]
    versions: dict[str, tuple[VersionRecord, ...]]
    notes: dict[str, dict[str, dict[str, Any]]]
    layouts: dict[tuple[str, int, str], VersionRecord] = field(default_factory=dict)


class Published:
    """Reads the published catalogue; safe for many threads. A missing file is an empty catalogue."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._con: sqlite3.Connection | None = None
        self._inode = 0
        self._snapshot: _Snapshot | None = None
        self._texts = texts.Texts(path)
        self._parsed: dict[str, Any] = {}  # record text → record: a publication re-reads only what it changed

    def _connection(self) -> sqlite3.Connection | None:
        if not self._path.exists():
            self._con = None
            return None
        inode = self._path.stat().st_ino
        if self._con is None or inode != self._inode:  # a restore put another file in its place
            self._con = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False, timeout=30)
            self._inode = inode
            self._snapshot = None
        return self._con

    def _load(self) -> _Snapshot:
        with self._lock:
            con = self._connection()
            if con is None:
                return _Snapshot(-1, 0, {}, {}, {})
            data_version = con.execute("PRAGMA data_version").fetchone()[0]
            if self._snapshot is None or self._snapshot.data_version != data_version:
                self._snapshot = self._read(con, data_version)
            return self._snapshot

    def _read(self, con: sqlite3.Connection, data_version: int) -> _Snapshot:
        parsed: dict[str, Any] = {}

        def parse(cls: type, text: str) -> Any:
            parsed[text] = self._parsed.get(text) or codec.from_json(cls, text)
            return parsed[text]

        con.execute("BEGIN")
        try:
            generation = con.execute("SELECT value FROM meta WHERE name='generation'").fetchone()[0]
            versions: dict[str, list[VersionRecord]] = {}
            for code, manifest in con.execute(
                "SELECT code, manifest FROM version WHERE present=1 ORDER BY code, number DESC"
            ):
                versions.setdefault(code, []).append(parse(VersionRecord, manifest))
            notes: dict[str, dict[str, dict[str, Any]]] = {}
            if con.execute("SELECT 1 FROM sqlite_master WHERE name='note'").fetchone():
                for code, topic, body in con.execute("SELECT code, topic, body FROM note"):
                    said = parsed[body] = self._parsed.get(body) or json.loads(body)
                    notes.setdefault(code, {})[topic] = said
            entries = {}
            for code, kind, status, current, updated_at, record, extra in con.execute(
                "SELECT code, kind, status, current, updated_at, record, extra FROM entry"
            ):
                now = next((v for v in versions.get(code, ()) if v.number == current), None)
                known: DatasetRecord = parse(DatasetRecord, record)
                entries[code.upper()] = Entry(
                    code, kind, status, known, now, updated_at, json.loads(extra), notes.get(code, {})
                )
        finally:
            con.execute("COMMIT")
        self._parsed = parsed
        return _Snapshot(data_version, generation, entries, {c.upper(): tuple(v) for c, v in versions.items()}, notes)

    def shown(self, entry: Entry) -> int | None:
        """The number of the version that an entry's rows come from: a view's is its base's, a union's their sum."""
        if entry.record.view is None:
            return entry.current.number if entry.current else None
        numbers = [self.shown(self.get(code)) for code in entry.record.view.of]
        return sum(n for n in numbers if n is not None) if all(numbers) else None

    def generation(self) -> int:
        """A number that grows with every publication."""
        return self._load().generation

    def all(self) -> tuple[Entry, ...]:
        """Every entry, by code."""
        entries = self._load().entries
        return tuple(entries[c] for c in sorted(entries))

    def noted(self, topic: str) -> dict[str, dict[str, Any]]:
        """What is said under a topic by code, also of datasets that are not in the catalogue any more."""
        return {code: said[topic] for code, said in self._load().notes.items() if topic in said}

    def get(self, code: str) -> Entry:
        """The entry of ``code`` in any case. Raises NotFound naming the nearest codes."""
        entries = self._load().entries
        found = entries.get(code.upper())
        if found is None:
            near = difflib.get_close_matches(code.upper(), entries, n=3, cutoff=0.6)
            names = "、".join(near)
            raise NotFound(
                Text(f"沒有代碼為「{code[:60]}」的資料集。", f"No dataset has the code '{code[:60]}'."),
                Text(
                    f"相近的代碼：{names}。" if near else "請在 /api/datasets 查詢代碼。",
                    f"Near codes: {', '.join(near)}." if near else "Look the code up in /api/datasets.",
                ),
                parameter="code",
            )
        return found

    def versions(self, code: str) -> tuple[VersionRecord, ...]:
        """All versions of a table, newest first; a view has none of its own."""
        self.get(code)
        return self._load().versions.get(code.upper(), ())

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
            if con is None or not con.execute("SELECT 1 FROM sqlite_master WHERE name='decision'").fetchone():
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
        """Entries that hold every word of ``q`` (all where it is empty), best first, filtered by the facets."""
        snapshot = self._load()
        found = self._matches(q, snapshot)
        facets: dict[str, list[tuple[str, int]]] = {}
        wanted = {n: v for n, v in (("category", category), ("agency", agency), ("kind", kind)) if v}
        for name, value_of in _FACETS.items():
            facets[name] = Counter(map(value_of, _kept(found, wanted, name))).most_common()
        chosen = _kept(found, wanted)
        return SearchResult(len(chosen), tuple(chosen[offset : offset + limit]), facets)

    def _matches(self, q: str, snapshot: _Snapshot) -> list[Entry]:
        if not q.strip():
            ranked = sorted(snapshot.entries.values(), key=lambda e: e.code)
            return sorted(ranked, key=lambda e: (e.kind == "listed", e.code))
        exact = snapshot.entries.get(q.strip().upper())
        expression = match_expression(q)
        if not expression:
            return [exact] if exact else []
        codes = self._texts.find(expression)
        hits = [snapshot.entries[c.upper()] for c in codes if c.upper() in snapshot.entries]
        return ([exact] if exact else []) + [e for e in hits if e is not exact]


_FACETS: dict[str, Callable[[Entry], str]] = {
    "category": lambda e: e.record.category,
    "agency": lambda e: e.record.agency,
    "kind": lambda e: e.kind,
}


def _kept(found: list[Entry], wanted: dict[str, str], without: str = "") -> list[Entry]:
    """The entries with every wanted value, the facet ``without`` left out of account."""
    for name, value in wanted.items():
        if name != without:
            value_of = _FACETS[name]
            found = [e for e in found if value_of(e) == value]
    return found


class PublishedWriter:
    """Writes the published catalogue; everything inside one ``transaction()`` appears at once or never."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def transaction(self) -> Iterator[PublishedTransaction]:
        """One switch of the catalogue; an exception inside leaves it as it was."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        con = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        try:
            con.execute("PRAGMA journal_mode=WAL")
            con.execute("PRAGMA synchronous=FULL")
            con.executescript(_SCHEMA + texts.SCHEMA)
            con.execute("BEGIN IMMEDIATE")
            try:
                yield PublishedTransaction(con)
                con.execute("UPDATE meta SET value=value+1 WHERE name='generation'")
                con.execute("COMMIT")
            except BaseException:
                con.execute("ROLLBACK")
                raise
        finally:
            con.close()


class PublishedTransaction:
    """The writes of one switch."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con

    def put_entry(
        self,
        record: DatasetRecord,
        *,
        kind: Kind,
        current: int | None,
        status: Status,
        updated_at: str,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Add or replace a dataset's entry and its words in the search index."""
        self._con.execute(
            "INSERT OR REPLACE INTO entry VALUES (?,?,?,?,?,?,?)",
            (
                record.code,
                kind,
                status,
                current,
                updated_at,
                codec.to_json(record),
                json.dumps(extra or {}, ensure_ascii=False),
            ),
        )
        texts.put(self._con, record)

    def put_version(self, version: VersionRecord) -> None:
        """Add a version, or replace its manifest; an earlier arrangement of its files stays findable for cursors."""
        self._con.execute("UPDATE version SET present=0 WHERE code=? AND number=?", (version.code, version.number))
        self._con.execute(
            "INSERT OR REPLACE INTO version VALUES (?,?,?,1,?,?)",
            (version.code, version.number, version.content_hash, version.created_at, codec.to_json(version)),
        )

    def put_note(self, code: str, topic: str, body: dict[str, Any] | None) -> None:
        """Say in public what a judge says about a dataset; None takes it back. A note outlives the entry's renewals."""
        self._con.execute("DELETE FROM note WHERE code=? AND topic=?", (code, topic))
        if body is not None:
            self._con.execute("INSERT INTO note VALUES (?,?,?)", (code, topic, json.dumps(body, ensure_ascii=False)))

    def put_decisions(self, code: str, bodies: Sequence[dict[str, Any]]) -> None:
        """Say in public what was decided about rows of a dataset, all of it, oldest first."""
        self._con.execute("DELETE FROM decision WHERE code=?", (code,))
        rows = [(code, i, json.dumps(body, ensure_ascii=False)) for i, body in enumerate(bodies, start=1)]
        self._con.executemany("INSERT INTO decision VALUES (?,?,?)", rows)

    def drop_layouts(self, code: str, number: int) -> None:
        """Forget earlier file arrangements of a version, once their files are gone."""
        self._con.execute("DELETE FROM version WHERE code=? AND number=? AND present=0", (code, number))

    def remove(self, code: str) -> None:
        """Take a dataset out of the catalogue altogether."""
        texts.remove(self._con, code)
        for table in ("entry", "version", "decision"):
            self._con.execute(f"DELETE FROM {table} WHERE code=?", (code,))

    def clear(self) -> None:
        """Empty the catalogue, to be filled anew inside the same transaction."""
        for table in ("entry", "version", "search", "decision"):
            self._con.execute(f"DELETE FROM {table}")


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
