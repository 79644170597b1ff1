"""Which questions go the short way, and how their rows are found, cut and counted."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingliu.core.dataset import VersionRecord
from qingliu.lake import understood
from qingliu.lake.answer import Plan, Stream
from qingliu.lake.compiler import HIDDEN
from qingliu.lake.cursor import Cursor
from qingliu.lake.deadline import too_slow
from qingliu.lake.layout import holds_status
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Compare, Rendering, Where
from qingliu.lake.relation import Position, position_of
from qingliu.lake.render import Cell, csv_header
from qingliu.lake.rownumbers import ROW
from qingliu.lake.short import features, keep, series, text
from qingliu.lake.short.cut import Cut, Group, one, repeated
from qingliu.lake.short.decoded import Decoded
from qingliu.lake.short.footers import Footer, Footers
from qingliu.lake.short.writer import Writer
from qingliu.lake.sound import Soundness
from qingliu.lake.where import Scope

MAX_SCATTERED = 200_000  # rows to look through; beyond that the engine reads faster
PIECE_ROWS = 8192
MAX_RUNS = 60  # more runs of matching rows than this in a row group are picked out together
_SIMPLE_FORMAT = re.compile(r"(?:[^%]|%[YmdHMS])*")


class ShortWay:
    """Answers plans from the files themselves. Threads share it."""

    def __init__(self, paths: LakePaths, generation: Callable[[], int], sound: Soundness) -> None:
        self._paths = paths
        self._sound = sound
        self._footers = Footers()
        self._decoded = Decoded(generation)

    def knows(self, plan: Plan, rendering: Rendering | None = None) -> bool:
        """Whether the plan (in that rendering; None: its count) is answered here, cheaper than by the engine. Raises Damaged."""
        query, version = plan.query, plan.version
        if query.group or query.aggregates or query.bucket or query.changes_since is not None:
            return False
        if _mixed(version) or not version.files:
            return False
        scope = understood.scope(plan)
        if rendering is not None:
            known = rendering.format in text.FORMATS and understood.order(plan) == ()
            if not known or not _writable(plan, rendering):
                return False
        if query.where is None:
            return True
        return self._decides(plan, scope) and self._few(plan)

    def _decides(self, plan: Plan, scope: Scope) -> bool:
        """Whether the condition can be decided here. Its files are looked at, as their footers are read next."""
        where, version = plan.query.where, plan.version
        if not keep.knows(where, scope):
            return False
        named = set(keep.fields(where))
        if ROW.name in named or ("_status" in named and not holds_status(version)):
            return False
        self._sound.check(version.code, [version.files[i] for i in self.files(plan)])
        return True

    def counts(self, plan: Plan) -> bool:
        """Whether the rows that meet the plan's condition can be counted here, cheaper than by the engine."""
        return plan.query.where is not None and self.knows(plan)

    def _few(self, plan: Plan) -> bool:
        """Whether few rows must be looked through: those of row groups of which statistics do not say that all match."""
        rows = 0
        for group in self._groups(plan, None):
            rows += group.rows if group.left != () else 0
            if rows > MAX_SCATTERED:
                return False
        return True

    def series(self, plan: Plan, cells: Sequence[Cell], rendering: Rendering, deadline_s: float) -> Stream | None:
        """A series as text, the same bytes as the engine's; None where the engine answers it. Raises Damaged, TooDear."""
        version = plan.version
        if not series.knows(plan, rendering) or _mixed(version) or not version.files or series.needs_status(plan):
            return None
        scope = understood.scope(plan)
        rows = replace(plan.query, limit=version.rows + 1, offset=0, group=(), aggregates=(), bucket="", rules=None)
        source, names, until = replace(plan, query=rows), series.columns(plan), time.monotonic() + deadline_s
        if not self._decides(source, scope):
            return None
        groups, size = [], 0
        for group in self._groups(source, None):
            groups.append(group)
            size += group.rows
            if size > MAX_SCATTERED:
                return None
        pieces = []
        for group in groups:
            pieces += [cut.table for cut in self._matching(source, group, scope, names)]
            if time.monotonic() > until:
                raise too_slow(deadline_s)
        try:
            answered = series.answer(plan, pieces) if pieces else []
        except series.Unsettled:
            return None
        return series.stream(plan, answered, cells, rendering)

    def foremost(self, plan: Plan) -> Compare | None:
        """The condition of the rows that may stand first where a plan sorts by one column: it holds the best value that
        statistics know; None where they do not say. No row outside stands before a row that meets it. Raises Damaged."""
        version, scope = plan.version, understood.scope(plan)
        order = plan.query.order[0]
        if len(plan.query.order) > 1 or scope.find(order.field).type not in {"integer", "date", "datetime"}:
            return None
        if order.field in HIDDEN or order.field == ROW.name or _mixed(version):
            return None
        best: Any = None
        chosen = understood.chosen(plan)
        self._sound.check(version.code, [version.files[i] for i in chosen])
        for i in chosen:
            for bounds in self._footer(plan, i).of(scope.physical(order.field)):
                if bounds is None or not bounds.exact:
                    return None
                end = bounds.high if order.desc else bounds.low
                best = end if best is None else max(best, end) if order.desc else min(best, end)
        return None if best is None else Compare(order.field, "eq", best)

    def files(self, plan: Plan) -> list[int]:
        """The files that the answer may be read from, by their number in the version; only as far as the limit reaches."""
        version, query = plan.version, plan.query
        start, _ = _start(plan)
        found = understood.chosen(plan, start.file if start else 0)
        if query.where is not None or query.limit is None:
            return found
        left = query.limit + 1 + (start.row if start else 0)
        for n, i in enumerate(found):
            left -= version.files[i].rows
            if left <= 0:
                return found[: n + 1]
        return found

    def _groups(self, plan: Plan, start: Position | None) -> Iterator[Group]:
        """The row groups that may hold a matching row from ``start`` on, looked up once however often they are asked for."""
        return iter(plan.once(("groups", start), lambda: understood.Found(self._look_up(plan, start))))

    def _look_up(self, plan: Plan, start: Position | None) -> Iterator[Group]:
        version, where, scope = plan.version, plan.query.where, understood.scope(plan)
        wanted = understood.wanted(plan)
        tests = keep.tests(where, scope)
        stretch = keep.stretch(where, version.sorted_by, scope)
        for i in understood.chosen(plan, start.file if start else 0):
            footer = self._footer(plan, i)
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
        """Columns of a row group as a table, kept for the next page; a stream of everything keeps nothing."""
        if plan.query.limit is None:
            found = self._read_now(plan, group, names)
        else:
            place = (plan.version.files[group.file].path, group.number)
            found = self._decoded.get(place, names, lambda missing: self._read_now(plan, group, missing))
        return pa.Table.from_arrays([found[n] for n in names], names=list(names))

    def _read_now(self, plan: Plan, group: Group, names: Sequence[str]) -> dict[str, Any]:
        """Columns of a row group by name; those that its statistics know to be one value, or null, throughout are not read."""
        path, footer = self._path(plan, group.file), self._footer(plan, group.file)
        kinds = {c.physical: c.type for c in plan.version.columns} | {"_status": "string"}
        found: dict[str, Any] = {}
        for name in names:
            same = footer.one_value(name, group.number) if kinds.get(name) in {"string", "integer"} else None
            if same is not None:
                found[name] = repeated(same, group.rows)
            elif name == "_flags" and footer.all_null(name, group.number):
                found[name] = pa.nulls(group.rows, pa.string())
        read = [n for n in names if n not in found]
        if read:
            texts = [n for n in read if kinds.get(n) == "string"]
            with pa.OSFile(str(path)) as source:
                file = pq.ParquetFile(source, metadata=footer.metadata, read_dictionary=texts)
                table = file.read_row_group(group.number, columns=read, use_threads=False)
            found |= {n: table.column(n) for n in read}
        return found

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
        looked = list(dict.fromkeys([*seen, *order]))
        both = list(dict.fromkeys([*looked, *names]))
        # where several columns decide, many a row group holds no match: the others are read of those that do
        apart = plan.query.limit is not None and sum(t.op == "eq" for t in group.left or ()) > 1
        table = self._read(plan, group, looked if apart else both)
        if order:
            self._learn(plan, group, table)
        if group.left is None:
            found = keep.mask(where, lambda n: one(table.column(scope.physical(n))), scope)
        else:
            footer = self._footer(plan, group.file)
            held = {n for n in plan.version.sorted_by if footer.one_value(n, group.number) is not None}
            run = keep.run(group.left, plan.version.sorted_by, held, lambda n: one(table.column(n)), group.rows)
            if run is not None:
                low, high = run
                if high > low:
                    table = self._read(plan, group, both) if apart else table
                    yield Cut(group.file, table.slice(low, high - low), group.start + low)
                return
            found = keep.tested(group.left, lambda n: one(table.column(n)))
        rows = pc.indices_nonzero(found).to_numpy()
        if not len(rows):
            return
        table = self._read(plan, group, both) if apart else table
        edges = [0, *(np.flatnonzero(np.diff(rows) > 1) + 1).tolist(), len(rows)]
        if len(edges) > MAX_RUNS:
            yield Cut(group.file, table.take(pa.array(rows)), group.start, pa.array(rows))
            return
        for low, high in itertools.pairwise(edges):
            first = int(rows[low])
            yield Cut(group.file, table.slice(first, high - low), group.start + first)

    def _path(self, plan: Plan, file: int) -> Path:
        return plan.once(("path", file), lambda: self._paths.resolve(plan.version.files[file].path))

    def _footer(self, plan: Plan, file: int) -> Footer:
        return plan.once(("footer", file), lambda: self._footers.get(self._path(plan, file)))

    def _learn(self, plan: Plan, group: Group, table: Any) -> None:
        """Keep where a row group begins and ends in the physical order."""
        order = plan.version.sorted_by
        footer = self._footer(plan, group.file)
        first, last = (tuple(table.column(n)[i].as_py() for n in order) for i in (0, -1))
        if None not in first and None not in last:
            footer.ends[group.number] = (first, last)

    def count(self, plan: Plan, deadline_s: float) -> int:
        """How many rows match, from statistics where they say so. Raises TooDear at the deadline."""
        scope = understood.scope(plan)
        until = time.monotonic() + deadline_s
        total = 0
        for group in self._groups(plan, None):
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
        scope = understood.scope(plan)
        start, skip = _start(plan)
        clock = _Clock(deadline_s)
        for group in self._groups(plan, start):
            for cut in self._matching(plan, group, scope, names):
                low = cut.before(start.row) if start and group.file == start.file else 0
                skipped = min(skip, cut.table.num_rows - low)
                skip -= skipped
                for at in range(low + skipped, cut.table.num_rows, PIECE_ROWS):
                    clock.look()
                    yield cut.slice(at, PIECE_ROWS)
                    clock.begin()  # what the client took is not our time
            clock.look()


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


def _mixed(version: VersionRecord) -> bool:
    return dict(version.extra).get("mixed_schema") == "1"


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
