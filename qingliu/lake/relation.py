"""Which files a question reads: versions, derived files of views, files left out by their statistics, positions."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from qingliu.core import codec
from qingliu.core.dataset import ColumnRecord, DatasetRecord, FileRecord, Text, VersionRecord, ViewSpec
from qingliu.core.errors import BadRequest
from qingliu.lake.layout import STATUS, holds_status
from qingliu.lake.names import ident, literal, path_list
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry, Published, not_a_table
from qingliu.lake.session import Session
from qingliu.lake.sound import Soundness
from qingliu.lake.where import Range

HIDDEN = ("_flags", "_status", "_since")
DERIVED_KEEP_S = 86_400


def status_sql(record: DatasetRecord, version: VersionRecord) -> str:
    """The status of a row in a version's files: the column, or what every row of an older version is by declaration."""
    return "_status" if holds_status(version) else f"{literal(record.row_status)}::VARCHAR"


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in a version: file number in the version's list, row number in the file."""

    file: int
    row: int


class Relations:
    """Finds the version that a question means; views are derived once per base version and then read like tables."""

    def __init__(self, paths: LakePaths, published: Published, session: Session, sound: Soundness) -> None:
        self._paths = paths
        self._published = published
        self._session = session
        self._sound = sound
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def version(
        self, entry: Entry, as_of: int | datetime | None, compile_view: Callable[[Entry, Entry, VersionRecord], Any]
    ) -> VersionRecord:
        """The version of a table, or the derived version of a view. Raises NotFound or Gone."""
        if entry.kind == "table":
            return self._published.version(entry.code, as_of)
        view = entry.record.view
        if entry.kind != "view" or view is None:
            raise not_a_table(entry)
        if isinstance(as_of, int) and len(view.of) > 1:
            raise BadRequest(
                Text("聯集檢視沒有自己的版本號。", "A union of datasets has no version numbers of its own."),
                Text("請以時間指定 as_of。", "Give as_of as a time."),
                parameter="as_of",
            )
        bases = [(b, self.version(b, as_of, compile_view)) for b in (self._published.get(c) for c in view.of)]
        return self._derived(entry, view, bases, compile_view)

    def _derived(
        self,
        entry: Entry,
        view: ViewSpec,
        bases: Sequence[tuple[Entry, VersionRecord]],
        compile_view: Callable[[Entry, Entry, VersionRecord], Any],
    ) -> VersionRecord:
        spelled = (
            "status" + codec.to_json(entry.record) + "".join(f"{v.code}:{v.number}:{v.content_hash}" for _, v in bases)
        )
        identity = hashlib.sha256(spelled.encode()).hexdigest()
        number = sum(v.number for _, v in bases)
        name = f"derived/{entry.code}-{number}-{identity[:20]}.parquet"
        path = self._paths.root / name
        if not path.exists():
            with self._guard:
                lock = self._locks.setdefault(entry.code, threading.Lock())
            with lock:
                if not path.exists():
                    self._derive(path, entry, view, bases, compile_view)
        rows = self._rows(path)
        columns = tuple(ColumnRecord(f.name, f.name, f.type) for f in entry.record.fields)
        file = FileRecord(name, rows, path.stat().st_size, identity)
        return replace(
            bases[0][1], code=entry.code, number=number, rows=rows, content_hash=identity, columns=columns,
            files=(file,), sorted_by=(), latest=None, changes=None, created_at=max(v.created_at for _, v in bases),
            extra=((STATUS, "1"),),
        )  # fmt: skip

    def _rows(self, path: Path) -> int:
        cursor = self._session.cursor()
        try:
            row = cursor.execute(f"SELECT count(*) FROM read_parquet({literal(str(path))})").fetchone()
            return int(row[0]) if row else 0
        finally:
            cursor.close()

    def _derive(
        self,
        path: Path,
        entry: Entry,
        view: ViewSpec,
        bases: Sequence[tuple[Entry, VersionRecord]],
        compile_view: Callable[[Entry, Entry, VersionRecord], Any],
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        parts, params = [], []
        for base, version in bases:
            self._sound.check(base.code, version.files)
            condition, bound = compile_view(entry, base, version)
            params += bound
            parts.append(self._derive_sql(entry, view, base, version, condition))
        order = ", ".join(ident(c) + " NULLS LAST" for c in entry.record.order)
        sql = " UNION ALL BY NAME ".join(parts)
        temporary = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        cursor = self._session.cursor()
        try:
            cursor.execute(
                f"COPY (SELECT * FROM ({sql}) {'ORDER BY ' + order if order else ''}) TO {literal(str(temporary))} "
                "(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 20480)",
                params,
            )
            os.replace(temporary, path)
        finally:
            cursor.close()
            temporary.unlink(missing_ok=True)
        for old in path.parent.glob(f"{entry.code}-*.parquet"):
            if old != path and old.stat().st_mtime < time.time() - DERIVED_KEEP_S:
                old.unlink(missing_ok=True)

    def _derive_sql(self, entry: Entry, view: ViewSpec, base: Entry, version: VersionRecord, condition: str) -> str:
        physical = {c.name: c.physical for c in version.columns}
        renamed = {old: new for old, new in view.rename if old in physical}
        sources = {renamed.get(old, old): old for old in physical}
        files = path_list(self._paths.resolve(f.path) for f in version.files)
        chosen = []
        for field in entry.record.fields:
            old = sources.get(field.name)
            chosen.append(f"{ident(physical[old]) if old else 'NULL'} AS {ident(field.name)}")
        flags = "_flags"
        for old, new in renamed.items():
            flags = f"replace({flags}, {literal(f';{old}=')}, {literal(f';{new}=')})"
        where = [f"({condition})"] if condition else []
        qualify = ""
        if view.newest_by:
            moment = ident(physical[base.record.time_field])
            keys = [ident(physical[k]) for k in view.newest_by]
            where += [f"{k} IS NOT NULL" for k in keys]
            if view.within_s:
                where.append(
                    f"{moment} >= (SELECT max({moment}) FROM read_parquet({files})) - INTERVAL {int(view.within_s)} SECOND"
                )
            ties = ", ".join(ident(physical[k]) for k in base.record.key if k in physical)
            qualify = (
                f"QUALIFY row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {moment} DESC NULLS LAST"
                f"{', ' + ties if ties else ''}) = 1"
            )
        return (
            f"SELECT {', '.join(chosen)}, {flags} AS _flags, {status_sql(base.record, version)} AS _status, _since "
            f"FROM read_parquet({files}) "
            f"{'WHERE ' + ' AND '.join(where) if where else ''} {qualify}"
        )


@lru_cache(maxsize=50_000)
def _parsed(text: str, kind: str) -> Any:
    moment = datetime.fromisoformat(text) if kind in {"datetime", "date"} else None
    if moment is not None:
        return moment if kind == "datetime" else moment.date()
    return text if kind in {"bool", "str"} else float(text)


def _parse(text: str | None, like: Any) -> Any:
    return None if text is None else _parsed(text, type(like).__name__)


def may_hold(file: FileRecord, wanted: dict[str, Range]) -> bool:
    """Whether a file's statistics leave room for a matching row; True where they say nothing."""
    for column, low, high in file.stats:
        want = wanted.get(column)
        if want is None:
            continue
        if low is None and high is None:
            continue
        try:
            if want.low is not None and high is not None and _parse(high, want.low) < want.low:
                return False
            if want.high is not None and low is not None and _parse(low, want.high) > want.high:
                return False
        except (ValueError, TypeError):
            continue
    return True


def candidates(version: VersionRecord, wanted: dict[str, Range], first: int = 0) -> list[int]:
    """The files from number ``first`` on that may hold a matching row; found by bisection where the files are sorted."""
    files = version.files
    if not wanted:
        return list(range(first, len(files)))
    low, high = first, len(files)
    want = wanted.get(version.sorted_by[0]) if version.sorted_by else None
    if want is not None:
        ends = _leading(version)
        like = want.low if want.low is not None else want.high
        if ends is not None and _alike(ends[0][0], like):
            low = max(first, bisect_left(ends[1], want.low)) if want.low is not None else first
            high = bisect_right(ends[0], want.high) if want.high is not None else high
    return [i for i in range(low, high) if may_hold(files[i], wanted)]


def _alike(known: Any, asked: Any) -> bool:
    numbers = (int, float)
    return type(known) is type(asked) or (isinstance(known, numbers) and isinstance(asked, numbers))


@lru_cache(maxsize=256)
def _leading(version: VersionRecord) -> tuple[list[Any], list[Any]] | None:
    """Least and greatest value of the leading column of each file, both ascending; None where a file does not say."""
    name = version.sorted_by[0]
    kind = next((c.type for c in version.columns if c.physical == name), "")
    like: dict[str, Any] = {
        "datetime": datetime(1, 1, 1), "date": date.min, "string": "", "integer": 0.0, "number": 0.0,  # noqa: DTZ001 wall time
    }  # fmt: skip
    if kind not in like:
        return None
    told = [next(((lo, hi) for n, lo, hi in f.stats if n == name), (None, None)) for f in version.files]
    if any(lo is None or hi is None for lo, hi in told):
        return None
    lows, highs = ([_parse(t[side], like[kind]) for t in told] for side in (0, 1))
    ascending = all(a <= b for side in (lows, highs) for a, b in itertools.pairwise(side))
    return (lows, highs) if ascending else None


def position_of(files: Sequence[FileRecord], offset: int) -> Position:
    """Where the row number ``offset`` lies in stored order; past the end it is the place after the last row."""
    for i, file in enumerate(files):
        if offset < file.rows:
            return Position(i, offset)
        offset -= file.rows
    return Position(len(files), 0)
