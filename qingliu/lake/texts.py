"""The full-text index of the published catalogue: what is written into it, and which entries hold a term.

It lies in the catalogue's own file, so that a publication switches it too. Each code keeps one row number for ever
(``search_row``): numbers are what a match yields cheaply. Terms that were asked for are kept as arrays of numbers, and a
publication changes them by what it touched.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
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
DEADLINE_S = 5.0
KEPT_TERMS = 600
KEPT_NUMBERS = 4_000_000  # of all terms together, four bytes each
MANY = 200  # touched entries above which terms are asked anew instead of being changed
_STEPS = 10_000  # of the index between two looks at the clock
Ids = np.ndarray[Any, np.dtype[np.int32]]


def put(con: sqlite3.Connection, record: DatasetRecord) -> None:
    """Write a dataset's words, in the place of those before."""
    con.execute("INSERT OR IGNORE INTO search_row (code) VALUES (?)", (record.code,))
    (number,) = con.execute("SELECT id FROM search_row WHERE code=?", (record.code,)).fetchone()
    title = f"{record.code} {record.title.zh} {record.title.en}"
    words = [record.description.zh, record.description.en, record.agency_name.zh, record.agency_name.en]
    words += [record.unit.zh, record.unit.en, record.category, *(k for t in record.keywords for k in (t.zh, t.en))]
    words += [w for f in record.fields for w in (f.name, f.title.zh, f.title.en, *f.enum[:200])]
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
        self._lock = threading.RLock()
        self._con: sqlite3.Connection | None = None
        self._inode = 0
        self._terms: OrderedDict[str, tuple[Ids, Ids]] = OrderedDict()
        self._size = 0
        self._vocabulary: frozenset[str] | None = None

    def numbers(self, codes: Sequence[str] | None = None) -> dict[str, int]:
        """The row number of each code (of all, or of these)."""
        with self._lock:
            con = self._connection()
            if con is None:
                return {}
            if codes is None:
                return dict(con.execute("SELECT code, id FROM search_row").fetchall())
            rows = (con.execute("SELECT code, id FROM search_row WHERE code=?", (c,)).fetchone() for c in codes)
            return dict(r for r in rows if r)

    def term(self, term: str) -> tuple[Ids, Ids]:
        """Row numbers of entries with a term anywhere, and with it in code or title. "*" behind it: words that begin so.

        Raises TooDear after 5 s.
        """
        with self._lock:
            known = self._terms.get(term)
            if known is not None:
                self._terms.move_to_end(term)
                return known
            con = self._connection()
            if con is None:
                return np.zeros(0, np.int32), np.zeros(0, np.int32)
            expression = f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'
            clock = _Clock(DEADLINE_S)
            con.set_progress_handler(clock.over, _STEPS)
            try:
                found = _ids(con, expression), _ids(con, f"title : {expression}")
            except sqlite3.OperationalError as error:
                if not clock.fired:
                    raise
                raise too_slow(DEADLINE_S) from error
            finally:
                con.set_progress_handler(None, 0)
            self._keep(term, found)
            return found

    def words(self) -> frozenset[str]:
        """Latin words of four and more letters that the index holds: what a misspelt word may have meant."""
        with self._lock:
            con = self._connection()
            if con is None:
                return frozenset()
            if self._vocabulary is None:
                con.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.word USING fts5vocab('main', 'search', 'row')")
                rows = con.execute("SELECT term FROM temp.word WHERE term >= 'a' AND term < '{' AND length(term) > 3")
                self._vocabulary = frozenset(t for (t,) in rows if t.isalpha() and t.isascii())
            return self._vocabulary

    def renew(self, codes: Sequence[str] | None) -> None:
        """Bring kept terms up to date about these datasets (None: forget them all)."""
        with self._lock:
            self._vocabulary = None
            con = self._connection()
            if con is None or codes is None or len(codes) > MANY:
                self._terms.clear()
                self._size = 0
                return
            held: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
            for number in self.numbers(codes).values():
                row = con.execute("SELECT title, body FROM search WHERE rowid=?", (number,)).fetchone() or ("", "")
                title = frozenset(row[0].split())
                held[number] = (title | frozenset(row[1].split()), title)
            gone = np.fromiter(held, dtype=np.int32, count=len(held))
            for term, known in list(self._terms.items()):
                now = tuple(
                    _renewed(known[i], gone, [n for n, w in held.items() if _holds(w[i], term)]) for i in (0, 1)
                )
                self._terms[term] = (now[0], now[1])

    def _keep(self, term: str, found: tuple[Ids, Ids]) -> None:
        self._terms[term] = found
        self._size += len(found[0]) + len(found[1])
        while len(self._terms) > KEPT_TERMS or (self._size > KEPT_NUMBERS and len(self._terms) > 1):
            _, old = self._terms.popitem(last=False)
            self._size -= len(old[0]) + len(old[1])

    def _connection(self) -> sqlite3.Connection | None:
        if not self._path.exists():
            return None
        inode = self._path.stat().st_ino
        if self._con is None or inode != self._inode:  # a restore put another file in its place
            con = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False, timeout=30)
            if not con.execute("SELECT 1 FROM sqlite_master WHERE name='search_row'").fetchone():
                # written by an earlier release and not published to since
                con.execute("CREATE TEMP VIEW search_row AS SELECT rowid AS id, code FROM search")
            self._con, self._inode, self._vocabulary = con, inode, None
            self._terms.clear()
            self._size = 0
        return self._con


def _renewed(known: Ids, gone: Ids, more: list[int]) -> Ids:
    left = known[~np.isin(known, gone)]
    if len(left) == len(known) and not more:
        return known
    return np.union1d(left, np.array(more, dtype=np.int32)).astype(np.int32)


def _holds(words: frozenset[str], term: str) -> bool:
    return any(w.startswith(term[:-1]) for w in words) if term.endswith("*") else _parts(term) <= words


def _parts(term: str) -> set[str]:
    return {term} if "." not in term else set(term.split("."))


def _ids(con: sqlite3.Connection, expression: str) -> Ids:
    # as one text: 20,000 rows one by one cost more than finding them
    (text,) = con.execute("SELECT group_concat(rowid) FROM search WHERE search MATCH ?", (expression,)).fetchone()
    return np.array(text.split(",") if text else [], dtype=np.int32)


class _Clock:
    """Stops a search of texts after its time."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.fired = False

    def over(self) -> int:
        """1 (stop) once the time is over."""
        self.fired = time.monotonic() > self._end
        return int(self.fired)
