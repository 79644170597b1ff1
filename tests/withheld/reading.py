"""Opens whatever an address answers or a home keeps, so that a text can be looked for in it: packed, typed, escaped."""

from __future__ import annotations

import gzip
import hashlib
import html
import io
import json
import re
import sqlite3
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from qingliu.lake import residence

_ESCAPES = re.compile(r"\\u([0-9a-fA-F]{4})")


class Needles:
    """Texts (parts of addresses, names) and numbers (coordinates) that may stand nowhere.

    A number is found as its digits, however many follow it, and as the eight bytes of a double in either order.
    """

    def __init__(self, texts: Iterable[str], numbers: Iterable[float] = ()) -> None:
        self.texts = tuple(texts)
        self.numbers = tuple(numbers)
        self._seen: dict[bytes, frozenset[str]] = {}
        self._digits = {n: re.compile(rf"(?<![\d.]){re.escape(repr(n))}") for n in self.numbers}
        self._doubles = {n: (struct.pack("<d", n), struct.pack(">d", n)) for n in self.numbers}

    def within(self, body: bytes) -> set[str]:
        """Those that stand in ``body``, opened as far as it can be; equal bodies are opened once."""
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if digest not in self._seen:
            self._seen[digest] = frozenset(self._within(body))
        return set(self._seen[digest])

    def _within(self, body: bytes) -> set[str]:
        found: set[str] = set()
        for piece in opened(body):
            found |= {str(n) for n, shapes in self._doubles.items() if any(s in piece for s in shapes)}
            text = plain(piece)
            found |= {t for t in self.texts if t in text}
            found |= {str(n) for n, digits in self._digits.items() if repr(n) in text and digits.search(text)}
        return found


def plain(piece: bytes) -> str:
    """Text without the escapes of JSON, of HTML and of addresses."""
    text = piece.decode("utf-8", "replace")
    if "\\u" in text:
        text = _ESCAPES.sub(lambda m: chr(int(m[1], 16)), text)
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text += "\n" + unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return text


def opened(body: bytes) -> Iterator[bytes]:
    """A body as it is, and what is packed in it."""
    yield body
    if body[:4] == b"PAR1":
        file = pq.ParquetFile(io.BytesIO(body))
        yield from _cells(file.read())
        yield repr(file.metadata.to_dict()).encode()
    elif body[:6] == b"ARROW1":
        yield from _cells(pa.ipc.open_file(io.BytesIO(body)).read_all())
    elif body[:4] == b"\xff\xff\xff\xff":
        yield from _cells(pa.ipc.open_stream(io.BytesIO(body)).read_all())
    elif body[:2] == b"\x1f\x8b":
        yield from opened(gzip.decompress(body))
    elif body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                yield from opened(archive.read(name))
    elif body[:16] == b"SQLite format 3\x00":
        with closing(sqlite3.connect(":memory:")) as con:
            # a file in WAL mode cannot be opened in memory: bytes 18 and 19 of the header say rollback journal
            con.deserialize(body[:18] + b"\x01\x01" + body[20:])
            yield from tables(con)


def _cells(table: pa.Table) -> Iterator[bytes]:
    """Every cell: bytes (geometries) as they are, anything else as text."""
    for column in table.columns:
        values = column.to_pylist()
        kept = [v for v in values if isinstance(v, bytes)]
        yield b"".join(kept)
        yield "\n".join(str(v) for v in values if v is not None and not isinstance(v, bytes)).encode()


def tables(con: sqlite3.Connection) -> Iterator[bytes]:
    """Every cell of every table of a database."""
    names = [n for (n,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    for name in names:
        try:
            rows = con.execute(f'SELECT * FROM "{name}"').fetchall()
        except sqlite3.OperationalError:  # a virtual table without its module; its shadow tables are read
            continue
        cells = [cell for row in rows for cell in row if cell is not None]
        yield b"\0".join(c for c in cells if isinstance(c, bytes))
        yield "\n".join(str(c) for c in cells if not isinstance(c, bytes)).encode()


def office() -> bytes:
    """Every cell of the office's database."""
    names = connection.introspection.table_names()
    told = []
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            told += [json.dumps([str(c) for c in row], ensure_ascii=False) for row in cursor.fetchall()]
    return "\n".join(told).encode()


def resting(home: Path, needles: Needles) -> dict[str, set[str]]:
    """What of ``needles`` rests in each file under ``home`` (a relative path) and in the office's database ("office")."""
    found = {}
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        body = path.read_bytes()
        there = needles.within(body)
        if body[:4] == b"Obj\x01":
            for block in residence._avro(body):
                there |= needles.within(block)
        if there:
            found[path.relative_to(home).as_posix()] = there
    if there := needles.within(office()):
        found["office"] = there
    return found
