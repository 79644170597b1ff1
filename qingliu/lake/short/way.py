"""Which questions go the short way, and how their rows are found, cut and counted."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingliu.core.dataset import VersionRecord
from qingliu.lake.answer import Plan, Stream
from qingliu.lake.compiler import effective_order, scope_of
from qingliu.lake.cursor import Cursor
from qingliu.lake.deadline import too_slow
from qingliu.lake.layout import holds_status
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Compare, Rendering, Where
from qingliu.lake.relation import Position, candidates, position_of
from qingliu.lake.render import Cell, csv_header, offset_text
from qingliu.lake.rownumbers import ROW, starts
from qingliu.lake.short import features, keep, text
from qingliu.lake.short.footers import Footer, Footers
from qingliu.lake.where import Scope, ranges

MAX_SCATTERED = 200_000  # rows to look through where the condition does not follow the physical order
PIECE_ROWS = 8192
MAX_RUNS = 60  # more runs of matching rows than this in a row group are picked out together
_SIMPLE_FORMAT = re.compile(r"(?:[^%]|%[YmdHMS])*")


@dataclass(frozen=True, slots=True)
class Group:
    """A row group that may hold rows: file number in the version's list, its number, first row, rows.

    ``left`` are the comparisons that its statistics leave open (none: every row matches); None where the condition is
    more than comparisons.
    """

    file: int
    number: int
    start: int
    rows: int
    left: tuple[keep.Test, ...] | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Matching rows of one file: their columns by physical name, and the number of each row in the file.

    ``numbers`` (counted from ``base``) is None where the rows follow each other from ``base`` on.
    """

    file: int
    table: Any
    base: int
    numbers: Any = None

    def slice(self, low: int, rows: int) -> Cut:
        """``rows`` of its rows from ``low`` on."""
        if self.numbers is None:
            return Cut(self.file, self.table.slice(low, rows), self.base + low)
        return Cut(self.file, self.table.slice(low, rows), self.base, self.numbers.slice(low, rows))

    def places(self) -> Any:
        """The number of each row in the file, int64."""
        if self.numbers is None:
            return pa.array(np.arange(self.base, self.base + self.table.num_rows, dtype=np.int64))
        return pc.add(pc.cast(self.numbers, pa.int64()), self.base)

    def last(self) -> int:
        """The number of the last row in the file."""
        if self.numbers is None:
            return self.base + int(self.table.num_rows) - 1
        return self.base + int(self.numbers[-1].as_py())

    def before(self, row: int) -> int:
        """How many of its rows lie before that row of the file."""
        if self.numbers is None:
            return min(max(0, row - self.base), int(self.table.num_rows))
        return int(pc.sum(pc.less(self.places(), row)).as_py() or 0)


class ShortWay:
    """Answers plans from the files themselves. Threads share it."""

    def __init__(self, paths: LakePaths) -> None:
        self._paths = paths
        self._footers = Footers()

    def knows(self, plan: Plan, rendering: Rendering | None = None) -> bool:
        """Whether the plan (in that rendering; None: its count) can be answered here, cheaper than by the engine."""
        query, version = plan.query, plan.version
        if query.group or query.aggregates or query.bucket or query.changes_since is not None:
            return False
        if dict(version.extra).get("mixed_schema") == "1" or not version.files:
            return False
        scope = scope_of(plan.entry.record, version)
        if rendering is not None:
            known = rendering.format in text.FORMATS and effective_order(query, version, scope) == ()
            if not known or not _writable(plan, rendering):
                return False
        if query.where is None:
            return True
        if not keep.knows(query.where, scope):
            return False
        named = set(keep.fields(query.where))
        if ROW.name in named or ("_status" in named and not holds_status(version)):
            return False
        return self._follows_order(query.where, version, scope) or self._few(plan, scope)

    def counts(self, plan: Plan) -> bool:
        """Whether the rows that meet the plan's condition can be counted here, cheaper than by the engine."""
        where, scope = plan.query.where, scope_of(plan.entry.record, plan.version)
        return where is not None and self.knows(plan) and self._follows_order(where, plan.version, scope)

    @staticmethod
    def _follows_order(where: Where, version: VersionRecord, scope: Scope) -> bool:
        """Whether the condition holds the leading column of the physical order to one value."""
        leading = version.sorted_by[:1]
        found = (c for c in keep.conjuncts(where) if isinstance(c, Compare) and c.op == "eq")
        return any(scope.physical(c.field) in leading or c.field in leading for c in found)

    def _few(self, plan: Plan, scope: Scope) -> bool:
        rows = 0
        for group in self._groups(plan, scope, None):
            rows += group.rows
            if rows > MAX_SCATTERED:
                return False
        return True

    def files(self, plan: Plan) -> list[int]:
        """The files that the answer may be read from, by their number in the version; only as far as the limit reaches."""
        version, query = plan.version, plan.query
        start, _ = _start(plan)
        found = candidates(
            version, ranges(query.where, scope_of(plan.entry.record, version)), start.file if start else 0
        )
        if query.where is not None or query.limit is None:
            return found
        left = query.limit + 1 + (start.row if start else 0)
        for n, i in enumerate(found):
            left -= version.files[i].rows
            if left <= 0:
                return found[: n + 1]
        return found

    def _groups(self, plan: Plan, scope: Scope, start: Position | None) -> Iterator[Group]:
        version, where = plan.version, plan.query.where
        wanted = ranges(where, scope)
        tests = keep.tests(where, scope)
        stretch = keep.stretch(where, version.sorted_by, scope)
        for i in candidates(version, wanted, start.file if start else 0):
            footer = self._footers.get(self._paths.resolve(version.files[i].path))
            limits = [(footer.of(scope.physical(name)), r.low, r.high) for name, r in wanted.items()]
            told = None if tests is None else [(footer.of(t.column), t) for t in tests]
            skipped = start.row if start and i == start.file else 0
            for j, (first, rows) in enumerate(zip(footer.starts, footer.sizes, strict=True)):
                if first + rows <= skipped:
                    continue
                ends = footer.ends.get(j) if stretch else None
                if stretch and ends and not stretch.meets(*ends):
                    continue
                if all(keep.may_hold(bounds[j], low, high) for bounds, low, high in limits):
                    left = None if told is None else tuple(t for bounds, t in told if not t.always(bounds[j]))
                    yield Group(i, j, first, rows, left)

    def _read(self, plan: Plan, group: Group, names: Sequence[str]) -> Any:
        path = self._paths.resolve(plan.version.files[group.file].path)
        footer = self._footers.get(path)
        kinds = {c.physical: c.type for c in plan.version.columns}
        texts = [n for n in names if kinds.get(n) == "string"]
        with pa.OSFile(str(path)) as source:
            file = pq.ParquetFile(source, metadata=footer.metadata, read_dictionary=texts)
            return file.read_row_group(group.number, columns=list(names), use_threads=False)

    def _matching(self, plan: Plan, group: Group, scope: Scope, names: Sequence[str]) -> Iterator[Cut]:
        """The matching rows of a row group with ``names`` of its columns: its runs, or all of them picked out."""
        if group.left == ():
            yield Cut(group.file, self._read(plan, group, names), group.start)
            return
        where = plan.query.where
        assert where is not None
        if group.left is None:
            seen = [scope.physical(n) for n in _looked_at(where, scope)]
        else:
            seen = [t.column for t in group.left]
        order = [n for n in plan.version.sorted_by if group.number not in self._footer(plan, group.file).ends]
        table = self._read(plan, group, list(dict.fromkeys([*seen, *order, *names])))
        if order:
            self._learn(plan, group, table)
        if group.left is None:
            found = keep.mask(where, lambda n: one(table.column(scope.physical(n))), scope)
        else:
            found = keep.tested(group.left, lambda n: one(table.column(n)))
        rows = pc.indices_nonzero(found).to_numpy()
        if not len(rows):
            return
        edges = [0, *(np.flatnonzero(np.diff(rows) > 1) + 1).tolist(), len(rows)]
        if len(edges) > MAX_RUNS:
            yield Cut(group.file, table.take(pa.array(rows)), group.start, pa.array(rows))
            return
        for low, high in itertools.pairwise(edges):
            first = int(rows[low])
            yield Cut(group.file, table.slice(first, high - low), group.start + first)

    def _footer(self, plan: Plan, file: int) -> Footer:
        return self._footers.get(self._paths.resolve(plan.version.files[file].path))

    def _learn(self, plan: Plan, group: Group, table: Any) -> None:
        """Keep where a row group begins and ends in the physical order."""
        order = plan.version.sorted_by
        footer = self._footer(plan, group.file)
        first, last = (tuple(table.column(n)[i].as_py() for n in order) for i in (0, -1))
        if None not in first and None not in last:
            footer.ends[group.number] = (first, last)

    def count(self, plan: Plan, deadline_s: float) -> int:
        """How many rows match, from statistics where they say so. Raises TooDear at the deadline."""
        scope = scope_of(plan.entry.record, plan.version)
        until = time.monotonic() + deadline_s
        total = 0
        for group in self._groups(plan, scope, None):
            if group.left == ():
                total += group.rows
                continue
            total += sum(cut.table.num_rows for cut in self._matching(plan, group, scope, ()))
            if time.monotonic() > until:
                raise too_slow(deadline_s)
        return total

    def stream(self, plan: Plan, cells: Sequence[Cell], rendering: Rendering, deadline_s: float) -> Stream:
        """The rows as text, the same bytes as the engine's; raises TooDear while it is read."""
        writer = Writer(plan, cells, rendering)
        limit = plan.query.limit
        stream: Stream

        def chunks() -> Iterator[bytes]:
            if rendering.format == "csv" and rendering.header:
                yield csv_header(list(cells), rendering).encode()
            held, last = b"", None
            for found in self._pieces(plan, writer.names, deadline_s):
                piece = found
                if limit is not None and stream.returned + piece.table.num_rows > limit:
                    piece, stream.more = piece.slice(0, limit - stream.returned), True
                if piece.table.num_rows:
                    if held:
                        yield held
                    held, last = writer.write(piece), piece
                    stream.returned += piece.table.num_rows
                if stream.more:
                    break
            if held:
                yield held[: len(held) - writer.drop_last]
            if stream.more and last is not None:
                version = plan.version
                mark = Cursor(version.number, version.content_hash[:16], plan.question, last.file, last.last())
                stream.next_cursor = mark.encode()

        stream = Stream(chunks(), lambda: None)
        return stream

    def _pieces(self, plan: Plan, names: Sequence[str], deadline_s: float) -> Iterator[Cut]:
        """The matching rows from where the answer begins, at most PIECE_ROWS at a time, in stored order."""
        scope = scope_of(plan.entry.record, plan.version)
        start, skip = _start(plan)
        clock = _Clock(deadline_s)
        for group in self._groups(plan, scope, start):
            for cut in self._matching(plan, group, scope, names):
                low = cut.before(start.row) if start and group.file == start.file else 0
                skipped = min(skip, cut.table.num_rows - low)
                skip -= skipped
                for at in range(low + skipped, cut.table.num_rows, PIECE_ROWS):
                    clock.look()
                    yield cut.slice(at, PIECE_ROWS)
                    clock.begin()  # what the client took is not our time
            clock.look()


class Writer:
    """Writes cuts as the bytes of one answer. ``names`` are the physical columns it needs."""

    def __init__(self, plan: Plan, cells: Sequence[Cell], rendering: Rendering) -> None:
        self._version = plan.version
        scope = scope_of(plan.entry.record, plan.version)
        separator = {"json": ",", "geojson": ",\n", "ndjson": "\n", "csv": ""}[rendering.format]
        offset = offset_text(ZoneInfo(plan.entry.record.timezone))
        self._text = text.RowText(cells, rendering, offset=offset, separator=separator)
        self._columns = [scope.physical(c.field.name) for c in cells]
        self._flags = any(c.column.null_by_flag or c.column.suffix_by_flag for c in cells)
        place = plan.entry.record.place if rendering.format == "geojson" else None
        self._place = (scope.physical(place.lon), scope.physical(place.lat)) if place else None
        if place and rendering.feature and rendering.feature.lat_first:
            self._place = (scope.physical(place.lat), scope.physical(place.lon))
        self._named = rendering.feature is not None
        self._key = features.keyed(plan) if self._named else ()
        self._key_columns = [scope.physical(f.name) for f in self._key]
        self._numbered = ROW.name in self._columns
        self.drop_last = len(separator.encode()) if rendering.format in {"json", "geojson"} else 0
        wanted = [*self._columns, *(self._place or ()), *self._key_columns, *(["_flags"] if self._flags else [])]
        self.names = [n for n in dict.fromkeys(wanted) if n != ROW.name]

    def write(self, piece: Cut) -> bytes:
        """The rows of a piece, which has some, a separator behind each."""
        table = piece.table
        if self._numbered:
            before = starts(self._version.files, [piece.file])[0]
            table = table.append_column(ROW.name, pc.add(piece.places(), before + 1))
        columns = [one(table.column(n)) for n in self._columns]
        flags = one(table.column("_flags")) if self._flags else None
        place: tuple[Any, ...] | None = None
        if self._place:
            place = (one(table.column(self._place[0])), one(table.column(self._place[1])))
        if place and self._named:
            place = (*place, self._identifiers(table, piece))
        return self._text.write(columns, flags, place)

    def _identifiers(self, table: Any, piece: Cut) -> Any:
        if self._key:
            return features.by_key(self._key, [one(table.column(n)) for n in self._key_columns])
        return features.by_place(self._version, piece.file, piece.places())


class _Clock:
    """Counts the time that an answer takes on our side. Raises TooDear beyond the deadline."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._spent = 0.0
        self._begun = time.monotonic()

    def begin(self) -> None:
        """Our turn again."""
        self._begun = time.monotonic()

    def look(self) -> None:
        """Add what passed since the last look."""
        now = time.monotonic()
        self._spent += now - self._begun
        self._begun = now
        if self._spent > self._deadline_s:
            raise too_slow(self._deadline_s)


def _start(plan: Plan) -> tuple[Position | None, int]:
    """Where reading begins, and how many matching rows are skipped after that."""
    query = plan.query
    if plan.cursor is not None:
        return Position(plan.cursor.file, plan.cursor.row + 1), 0
    if query.where is None and query.offset:
        return position_of(plan.version.files, query.offset), 0
    return None, query.offset


def _looked_at(where: Where, scope: Scope) -> Iterator[str]:
    for name in keep.fields(where):
        if name:
            yield scope.find(name).name
        elif scope.place:
            yield from (scope.place.lon, scope.place.lat)


def _writable(plan: Plan, rendering: Rendering) -> bool:
    """Whether every column can be written here; a status that the files do not hold, and rare time formats, cannot."""
    if not features.writable(plan, rendering) or any(
        not _SIMPLE_FORMAT.fullmatch(c.datetime_format) for c in rendering.columns
    ):
        return False
    names = {f.name for f in plan.fields}
    if not names - {ROW.name} or "_since" in names or ("_status" in names and not holds_status(plan.version)):
        return False
    place, known = plan.entry.record.place, {c.name for c in plan.version.columns}
    return rendering.format != "geojson" or (place is not None and place.lon in known and place.lat in known)


def one(column: Any) -> Any:
    """A column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()
