"""Series the short way: rows of few row groups, their values by bucket, without the SQL engine.

Known are means, sums, extremes and counts of one series (every key but the time is held to a value, or nothing is
promised of completeness) by calendar buckets of a zone without daylight time. All else is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.answer import Plan, Stream
from qingliu.lake.compiler import scope_of
from qingliu.lake.grouping.aggregates import STATISTICS
from qingliu.lake.grouping.answer import is_direction, judged
from qingliu.lake.grouping.clock import ROLLING, Clock, clock
from qingliu.lake.grouping.measured import NUMERIC, Step, step, told_apart
from qingliu.lake.grouping.usable import BELOW, cell_mark, flags_of, is_invalid
from qingliu.lake.layout import holds_status
from qingliu.lake.query import Aggregate, Query, Rendering, Rules
from qingliu.lake.render import Cell, csv_header, offset_text
from qingliu.lake.short import buckets as by
from qingliu.lake.short.buckets import Buckets, Unsettled, Values
from qingliu.lake.short.cut import one
from qingliu.lake.short.keep import over
from qingliu.lake.short.text import RowText
from qingliu.lake.where import Scope

FORMATS = {"json", "ndjson", "csv"}
FUNCTIONS = {"avg", "sum", "min", "max", "count", "valid"}
PIECE_ROWS = 8192
_UNITS = {"hour": "h", "day": "D", "month": "M", "year": "Y"}
_MONTHS = {"month": 1, "year": 12}
_FIRST, _LAST = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31T23:59:59", "s")
_FIXED_S = {"hour": 3600, "day": 86_400, "week": 604_800}


def knows(plan: Plan, rendering: Rendering) -> bool:
    """Whether this kind of question is answered here; what its condition leaves to be read is judged elsewhere."""
    query, record = plan.query, plan.entry.record
    if not query.bucket or query.group or query.bucket in ROLLING or rendering.format not in FORMATS:
        return False
    if query.rules is not None and query.rules.gaps:
        return False
    if any(a.fn not in FUNCTIONS for a in query.aggregates) or (judged(query, record) and told_apart(query, record)):
        return False
    clock_ = _clock(plan)
    time = record.field(record.time_field)
    if clock_.shift_s is None or time is None or (time.type == "date" and clock_.shift_s):
        return False
    return all(_simple(name, query, record) for name in _places(query, record))


def _simple(name: str, query: Query, record: DatasetRecord) -> bool:
    field = record.field(name)
    if field is None or field.type not in NUMERIC or is_direction(name, query, record) != "no":
        return False
    below = query.rules is not None and BELOW in flags_of(record, field)
    return not (below and field.type == "integer")  # half of a whole number is none


def _places(query: Query, record: DatasetRecord) -> tuple[str, ...]:
    """The columns that functions look at."""
    return tuple(dict.fromkeys([*(a.field for a in query.aggregates if a.field != "*"), *judged(query, record)]))


def _clock(plan: Plan) -> Clock:
    rules = plan.query.rules
    return clock(plan.entry.record, plan.query.bucket, rules.timezone if rules else "")


def columns(plan: Plan) -> list[str]:
    """The physical names of the columns that an answer is made of."""
    query, record = plan.query, plan.entry.record
    scope = scope_of(record, plan.version)
    names = [record.time_field, *_places(query, record)]
    hidden: list[str] = []
    rules = query.rules
    if rules is not None:
        fields = [f for n in names[1:] if (f := record.field(n)) is not None]
        if fields and not rules.invalid:
            hidden.append("_status")
        if any(_marks(record, f, rules) for f in fields):
            hidden.append("_flags")
    return [*dict.fromkeys(scope.physical(n) for n in names), *hidden]


def needs_status(plan: Plan) -> bool:
    """Whether an answer needs to know rows' status and the files do not hold it."""
    return "_status" in columns(plan) and not holds_status(plan.version)


def _marks(record: DatasetRecord, field: FieldRecord, rules: Rules) -> set[str]:
    """The flags that make a cell something else than its value."""
    return {f for f in flags_of(record, field) if f == BELOW or (not rules.invalid and is_invalid(f))}


@dataclass(frozen=True, slots=True)
class Rows:
    """The matching rows, piece by piece, their columns by physical name."""

    plan: Plan
    scope: Scope
    pieces: Sequence[Any]

    def column(self, name: str) -> Any:
        """A column over all pieces, by its physical name."""
        chunks = [c for piece in self.pieces for c in piece.column(name).chunks]
        return chunks[0] if len(chunks) == 1 else one(pa.chunked_array(chunks))

    def values(self, name: str) -> tuple[Values, Any]:
        """The usable values of a column, and which of its cells hold anything."""
        record, rules = self.plan.entry.record, self.plan.query.rules
        field = self.scope.find(name)
        cells = self.column(self.scope.physical(name))
        raw = np.asarray(pc.is_valid(cells))
        if field.type == "integer":
            numbers = pc.fill_null(cells, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        else:
            numbers = pc.fill_null(pc.cast(cells, pa.float64()), 0.0).to_numpy(zero_copy_only=False)
        if rules is None:
            return Values(numbers, raw), raw
        bad = np.zeros(len(raw), dtype=bool)
        if not rules.invalid:
            bad |= _true(over(self.column("_status"), lambda s: pc.equal(s, "invalid")))
        marks, flags = _marks(record, field, rules), None
        if marks:
            flags = self.column("_flags")
        if flags is None or flags.null_count == len(flags):
            return _usable(numbers, raw & ~bad), raw
        for flag in sorted(marks - {BELOW}):
            bad |= _has(flags, field, flag)
        below = _has(flags, field, BELOW) & ~bad if BELOW in marks else np.zeros(len(raw), dtype=bool)
        known = raw & ~bad
        match rules.below_detection:
            case "half":
                numbers = np.where(below, numbers / 2, numbers)
            case "zero":
                numbers, known = np.where(below, 0.0, numbers), known | below
            case "drop":
                known &= ~below
        return _usable(numbers, known), raw


def _usable(numbers: Any, known: Any) -> Values:
    if not np.isfinite(numbers).all():
        raise Unsettled
    return Values(numbers if known.all() else np.where(known, numbers, numbers.dtype.type(0)), known)


def _true(found: Any) -> Any:
    return pc.fill_null(found, False).to_numpy(zero_copy_only=False)


def _has(flags: Any, field: FieldRecord, flag: str) -> Any:
    return _true(over(flags, lambda f: pc.match_substring(f, cell_mark(field, flag))))


def answer(plan: Plan, pieces: Sequence[Any]) -> list[Any]:
    """The columns of the answer, in order, from the matching rows. Raises Unsettled where only the engine can tell."""
    rows = Rows(plan, scope_of(plan.entry.record, plan.version), pieces)
    query, record, clock_ = plan.query, plan.entry.record, _clock(plan)
    moments = rows.column(rows.scope.physical(record.time_field))
    if moments.null_count:
        raise Unsettled
    keys = _keys(moments.to_numpy(zero_copy_only=False), clock_)
    of = by.buckets(keys)
    cells = {name: rows.values(name) for name in _places(query, record)}
    known = {name: by.counts(values, of) for name, (values, _) in cells.items()}
    promised = step(record)
    complete = {n: known[n] / _expected(of.keys, clock_, promised) for n in judged(query, record) if promised}
    least = query.rules.completeness - 1e-9 if query.rules else 0.0
    found = [_times(of.keys, clock_)]
    for a in query.aggregates:
        if a.field == "*":
            found.append(pa.array(of.rows))
            continue
        values, raw = cells[a.field]
        column = _aggregate(a, values, raw, known[a.field], of)
        if a.fn in STATISTICS and a.field in complete and query.rules is not None and query.rules.completeness > 0:
            column = pc.if_else(pa.array(complete[a.field] >= least), column, pa.scalar(None, column.type))
        found.append(column)
    for name, share in complete.items():
        few = np.where(share < least, "incomplete", "")
        flags = pa.array(np.where(known[name] == 0, "no_data", few))
        found += [pa.array(by.rounded(share, 4)), pc.if_else(pc.equal(flags, ""), pa.scalar(None, pa.string()), flags)]
    return found


def _aggregate(a: Aggregate, values: Values, raw: Any, known: Any, of: Buckets) -> Any:
    if a.fn == "count":
        return pa.array(of.each(np.add, raw.astype(np.int64)))
    if a.fn == "valid":
        return pa.array(known)
    if a.fn in {"min", "max"}:
        least = a.fn == "min"
        made = by.extremes(values, of, np.minimum if least else np.maximum, least=least)
    else:
        mean = a.fn == "avg"
        made = by.sums(values, of, lambda total: total / np.maximum(known, 1) if mean else total)
    return pa.array(made, mask=known == 0)


def _keys(moments: Any, clock_: Clock) -> Any:
    """The bucket of each moment as a datetime64 of its unit; weeks begin on Monday."""
    if clock_.shift_s:
        moments = moments + np.timedelta64(clock_.shift_s, "s")
    if clock_.unit != "week":
        return moments.astype(f"datetime64[{_UNITS[clock_.unit]}]")
    days = moments.astype("datetime64[D]")
    return days - (days.astype(np.int64) + 3) % 7  # the first day of all was a Thursday


def _expected(keys: Any, clock_: Clock, promised: Step) -> Any:
    """How many values each bucket should hold, by the steps of ``Clock.expected``."""
    if promised.months:
        return max(1, _MONTHS.get(clock_.unit, 0) // promised.months)
    fixed = _FIXED_S.get(clock_.unit)
    if fixed:
        return max(1.0, fixed / promised.seconds)
    long = ((keys + 1).astype("datetime64[s]") - keys.astype("datetime64[s]")).astype(np.int64)
    return np.maximum(1.0, long / promised.seconds)


def _times(keys: Any, clock_: Clock) -> Any:
    """The answer's ``time``, as ``Clock.time``."""
    seconds = keys.astype("datetime64[s]")
    if seconds[0] < _FIRST or seconds[-1] > _LAST:
        raise Unsettled
    if clock_.plain:
        return pa.array(seconds.astype("datetime64[us]"))
    return pc.binary_join_element_wise(pa.array(np.datetime_as_string(seconds, unit="s")), clock_.offset, "")


def stream(plan: Plan, columns_: Sequence[Any], cells: Sequence[Cell], rendering: Rendering) -> Stream:
    """The answer's rows as text, the same bytes as the engine's."""
    query = plan.query
    size = len(columns_[0]) if columns_ else 0
    low = min(query.offset, size)
    high = size if query.limit is None else min(size, low + query.limit)
    separator = {"json": ",", "ndjson": "\n", "csv": ""}[rendering.format]
    text = RowText(cells, rendering, offset=offset_text(ZoneInfo(plan.entry.record.timezone)), separator=separator)
    at = {f.name: column for f, column in zip(plan.fields, columns_, strict=bool(columns_))}
    made: Stream

    def chunks() -> Iterator[bytes]:
        if rendering.format == "csv" and rendering.header:
            yield csv_header(list(cells), rendering).encode()
        for first in range(low, high, PIECE_ROWS):
            last = min(high, first + PIECE_ROWS)
            piece = text.write([at[c.field.name].slice(first, last - first) for c in cells], None, None)
            yield piece[:-1] if last == high and rendering.format == "json" else piece
        made.returned, made.more = high - low, high < size

    made = Stream(chunks(), lambda: None)
    return made
