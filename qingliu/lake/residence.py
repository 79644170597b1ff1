"""Where text of rows can rest, in one register, and looking through all of it for what must not be there.

Text hides: in compressed pages, in the least and greatest values of files, in manifests, in free pages of databases, in
logs, and in other encodings. The search opens what it knows (Parquet, Avro, gzip, ZIP) and reads the bytes of everything.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb
import re2

from qingliu.core.dataset import Text
from qingliu.lake.names import ident, literal
from qingliu.lake.paths import LakePaths

CHUNK = 8 * 1024 * 1024
_MOST_OPENED = 512 * 1024 * 1024  # decoded bytes of one compressed file that are looked through
_AVRO = b"Obj\x01"
OUTSIDE = Text("目錄以外：日誌、整批檔、備份", "Outside the home: logs, bulk files, backups")


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of place where text of rows can rest: its name, what it is, the folder or file."""

    name: str
    what: Text
    path: Path


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that holds one of the texts: which of them by number, never the text itself; ``how`` it lies there."""

    place: str
    path: Path
    needle: int
    how: str


def register(paths: LakePaths, *, django_db: Path, more: Sequence[Place] = ()) -> tuple[Place, ...]:
    """Every place of a home; ``more`` are those outside it (log files, folders of bulk copies, backups)."""
    private = paths.access_db.parent
    known = (
        Place("lake", Text("資料湖：列檔、統計值、清單、異動", "The lake: rows, statistics, manifests, changes"), paths.root),
        Place("published", Text("公布目錄與搜尋索引", "Published catalogue, search index"), paths.published_db.parent),
        Place("staging", Text("暫存", "Staging"), paths.staging),
        Place("quarantine", Text("隔離", "Quarantine"), paths.quarantine),
        Place("drafts", Text("草稿", "Drafts"), paths.drafts),
        Place("private", Text("其他私有檔案（快取、日誌、待辦）", "Other private files: caches, journals"), private),
        Place("database", Text("後臺資料庫（含空頁與 WAL）", "The office's database, free pages and WAL too"), django_db),
        Place("inbox", Text("收件匣", "Inbox"), paths.home / "inbox"),
        Place("bulk", Text("整批檔與目錄傾印", "Whole files of versions, dumps of the catalogue"), paths.bulk),
        Place("static", Text("靜態檔", "Static files"), paths.home / "static"),
        Place("locks", Text("鎖檔", "Lock files"), paths.locks),
    )  # fmt: skip
    inside = {p.path.resolve() for p in known}
    rest = [p for p in sorted(paths.home.iterdir()) if p.resolve() not in inside and p.resolve() != private.resolve()]
    wal = [p for p in rest if p.name.startswith(django_db.name)]
    others = [Place("home", Text("其他檔案", "Other files"), p) for p in rest if p not in wal]
    return (*known, *(Place("database", known[6].what, p) for p in wal), *others, *more)


def squeeze(database: Path) -> None:
    """Write a SQLite database anew, so that nothing deleted rests in its free pages or its WAL."""
    if not database.is_file():
        return
    con = sqlite3.connect(database, timeout=60, isolation_level=None)
    try:
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.execute("VACUUM")
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        con.close()


def search(places: Iterable[Place], needles: Sequence[str], *, leave: Iterable[Path] = ()) -> list[Hit]:
    """Every file of ``places`` that holds one of ``needles``, each file once. ``leave`` are files that may hold them."""
    wanted = _Needles(needles)
    left = {p.resolve() for p in leave}
    seen: set[Path] = set()
    hits = []
    for place in places:
        for path in sorted(_files(place.path)):
            real = path.resolve()
            if real in seen or real in left or any(p in left for p in real.parents):
                continue
            seen.add(real)
            hits += [Hit(place.name, path, n, how) for n, how in sorted(_look(path, wanted).items())]
    return hits


class _Needles:
    """The texts in every shape in which bytes may hold them."""

    def __init__(self, needles: Sequence[str]) -> None:
        self._of: dict[bytes, int] = {}
        for number, text in enumerate(needles):
            for shape in _shapes(text):
                self._of.setdefault(shape, number)
        options = re2.Options()
        options.max_mem = 256 << 20
        options.encoding = re2.Options.Encoding.LATIN1
        shapes = sorted(self._of, key=len, reverse=True)
        self.longest = max(map(len, shapes), default=0)
        self._any = re2.compile(b"|".join(re2.escape(s) for s in shapes), options) if shapes else None

    def within(self, data: bytes) -> set[int]:
        """Numbers of the texts that stand in ``data``."""
        return {self._of[bytes(m.group(0))] for m in self._any.finditer(data)} if self._any and data else set()


def _shapes(text: str) -> set[bytes]:
    shapes = {text.encode(), quote(text).encode(), quote(text).lower().encode()}
    shapes |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    escaped = json.dumps(text)[1:-1]
    shapes |= {escaped.encode(), escaped.upper().replace("\\U", "\\u").encode()}
    with suppress(UnicodeEncodeError):
        shapes.add(text.encode("cp950"))
    return {s for s in shapes if s}


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
    elif path.is_file():
        yield path


def _look(path: Path, needles: _Needles) -> dict[int, str]:
    """What a file holds, by number of the text."""
    found: dict[int, str] = {}
    tail, head = b"", b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            head = head or chunk[:4]
            found |= dict.fromkeys(needles.within(tail + chunk), "bytes")
            tail = chunk[-needles.longest :] if needles.longest else b""
    for how, data in _opened(path, head):
        found |= {n: how for n in needles.within(data) if n not in found}
    return found


def _opened(path: Path, head: bytes) -> Iterator[tuple[str, bytes]]:
    """The content of a compressed file, in pieces."""
    if head == b"PAR1":
        yield from (("parquet", d) for d in _parquet(path))
    elif head == _AVRO:
        yield from (("avro", d) for d in _avro(path.read_bytes()))
    elif head[:2] == b"\x1f\x8b":
        with gzip.open(path) as stream:
            yield "gzip", stream.read(_MOST_OPENED)
    elif head == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as inside:
                    data = inside.read(_MOST_OPENED)
                yield "zip", data


def _parquet(path: Path) -> Iterator[bytes]:
    """Different texts of every text column."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "400MB"}) as con:
        source = f"read_parquet({literal(str(path))})"
        columns = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        for name in [str(c[0]) for c in columns if "VARCHAR" in str(c[1])]:
            cursor = con.cursor()
            cursor.execute(f"SELECT DISTINCT {ident(name)}::VARCHAR FROM {source} WHERE {ident(name)} IS NOT NULL")
            while batch := cursor.fetchmany(20_000):
                yield "\n".join(row[0] for row in batch).encode()


def _avro(data: bytes) -> Iterator[bytes]:
    """The blocks of an Avro object container (Apache Avro 1.11, Object Container Files), unpacked."""
    at, codec = 4, b"null"
    while count := _long(data, at)[0]:
        at = _long(data, at)[1]
        if count < 0:  # a block of negative count is followed by its size
            count, at = -count, _long(data, at)[1]
        for _ in range(count):
            key, at = _bytes(data, at)
            value, at = _bytes(data, at)
            codec = value if key == b"avro.codec" else codec
    at = _long(data, at)[1] + 16
    while at < len(data):
        at = _long(data, at)[1]
        block, at = _bytes(data, at)
        at += 16
        yield zlib.decompress(block, -15) if codec == b"deflate" else block


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _long(data, at)
    return data[at : at + length], at + length


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A zig-zag coded whole number, and where the next value begins."""
    shift = result = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (result >> 1) ^ -(result & 1), at
        shift += 7
