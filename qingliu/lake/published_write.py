"""Writes the published catalogue: one SQLite transaction a publication, of which readers see all or nothing.

A publication writes what it changes and nothing else. Triggers keep ``touched``: the generation in which anything about a
dataset last changed, which is all that readers look at to read again what they have to.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake import texts
from qingliu.lake.entry import Kind, Status

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
CREATE TABLE IF NOT EXISTS touched (code TEXT PRIMARY KEY, seen INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS touched_seen ON touched (seen);
CREATE INDEX IF NOT EXISTS entry_fold ON entry (code COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS version_fold ON version (code COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS note_topic ON note (topic);
INSERT OR IGNORE INTO meta VALUES ('generation', 0);
"""


def _watch() -> str:
    """Triggers that note which dataset a write is about, and the generation that will show it."""
    sql = ""
    for table in ("entry", "version", "note"):
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            sql += (
                f"CREATE TRIGGER IF NOT EXISTS watch_{table}_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" INSERT OR REPLACE INTO touched SELECT {row}.code, value + 1 FROM meta WHERE name='generation'; END;\n"
            )
    return sql


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
            con.executescript(_SCHEMA + _watch() + texts.SCHEMA)
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
