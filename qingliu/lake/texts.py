"""The full-text index of the published catalogue: what is written into it, and which entries match, best first.

It lies in the catalogue's own file, so that a publication switches it too. Each code keeps one row number for ever
(``search_row``): numbers are what a match yields cheaply, codes are looked up for the few that are shown.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.deadline import too_slow
from qingliu.lake.search import index_terms

SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(code UNINDEXED, title, body, tokenize='unicode61');
CREATE TABLE IF NOT EXISTS search_row (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
INSERT OR IGNORE INTO search_row SELECT rowid, code FROM search WHERE NOT EXISTS (SELECT 1 FROM search_row);
"""
RANKED = 3_000  # more hits than that are told apart by where they match alone: title before text
DEADLINE_S = 5.0
_STEPS = 10_000  # of the index between two looks at the clock
Numbers = np.ndarray[Any, np.dtype[np.int64]]


def put(con: sqlite3.Connection, record: DatasetRecord) -> None:
    """Write a dataset's words, in the place of those before."""
    con.execute("INSERT OR IGNORE INTO search_row (code) VALUES (?)", (record.code,))
    (number,) = con.execute("SELECT id FROM search_row WHERE code=?", (record.code,)).fetchone()
    title = f"{record.code} {record.title.zh} {record.title.en}"
    words = [record.description.zh, record.description.en, record.agency_name.zh, record.agency_name.en]
    words += [record.unit.zh, record.unit.en, record.category, *(k for t in record.keywords for k in (t.zh, t.en))]
    words += [w for f in record.fields for w in (f.name, f.title.zh, f.title.en)]
    con.execute("DELETE FROM search WHERE rowid=?", (number,))
    con.execute(
        "INSERT INTO search (rowid, code, title, body) VALUES (?,?,?,?)",
        (number, record.code, index_terms(title), index_terms(" \n ".join(words))),
    )


def remove(con: sqlite3.Connection, code: str) -> None:
    """Take a dataset's words out of the index; its number is never given to another."""
    con.execute("DELETE FROM search WHERE rowid=(SELECT id FROM search_row WHERE code=?)", (code,))


class Texts:
    """Asks the index of one file; safe for many threads. A missing file holds no words."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._con: sqlite3.Connection | None = None
        self._inode = 0
        self._codes: tuple[int, dict[int, str]] = (-1, {})

    def find(self, expression: str) -> list[str]:
        """Codes of the entries that match an FTS5 expression, best first. Raises TooDear after 5 s."""
        with self._lock:
            con = self._connection()
            if con is None:
                return []
            clock = _Clock(DEADLINE_S)
            con.set_progress_handler(clock.over, _STEPS)
            try:
                codes = self._known(con)
                numbers = _ranked(con, expression)
            except sqlite3.OperationalError as error:
                if not clock.fired:
                    raise
                raise too_slow(DEADLINE_S) from error
            finally:
                con.set_progress_handler(None, 0)
        return [codes[n] for n in numbers if n in codes]

    def _known(self, con: sqlite3.Connection) -> dict[int, str]:
        """The code of each row number; read again after a publication."""
        (version,) = con.execute("PRAGMA data_version").fetchone()
        if self._codes[0] != version:
            self._codes = (version, dict(con.execute("SELECT id, code FROM search_row").fetchall()))
        return self._codes[1]

    def _connection(self) -> sqlite3.Connection | None:
        if not self._path.exists():
            return None
        inode = self._path.stat().st_ino
        if self._con is None or inode != self._inode:  # a restore put another file in its place
            con = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False, timeout=30)
            if not con.execute("SELECT 1 FROM sqlite_master WHERE name='search_row'").fetchone():
                # written by an earlier release and not published to since
                con.execute("CREATE TEMP VIEW search_row AS SELECT rowid AS id, code FROM search")
            self._con, self._inode, self._codes = con, inode, (-1, {})
        return self._con


def _ranked(con: sqlite3.Connection, expression: str) -> Sequence[int]:
    """Row numbers by relevance; of very many, those whose title matches come first and the rest as they stand."""
    found = _numbers(con, "SELECT rowid FROM search WHERE search MATCH ?", expression)
    if len(found) <= RANKED:
        return _best(con, expression)
    title = expression if expression.startswith(("title :", "body :")) else f"title : ({expression})"
    first = _numbers(con, "SELECT rowid FROM search WHERE search MATCH ?", title)
    rest = np.setdiff1d(found, first, assume_unique=True)
    return [*(_best(con, title) if len(first) <= RANKED else first.tolist()), *rest.tolist()]


def _best(con: sqlite3.Connection, expression: str) -> list[int]:
    """By bm25, a word of the title worth eight of the text's; ties in the order in which they were first published."""
    rows = con.execute(
        "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 0, 8.0, 1.0), rowid", (expression,)
    )
    return [n for (n,) in rows]


def _numbers(con: sqlite3.Connection, sql: str, expression: str) -> Numbers:
    return np.fromiter((n for (n,) in con.execute(sql, (expression,))), dtype=np.int64)


class _Clock:
    """Stops a search of texts after its time."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.fired = False

    def over(self) -> int:
        """1 (stop) once the time is over."""
        self.fired = time.monotonic() > self._end
        return int(self.fired)
