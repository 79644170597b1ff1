"""A ``Where`` tree over Arrow columns: which rows match, by the same three-valued logic as the engine's SQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingliu.core.dataset import FieldRecord
from qingliu.lake.query import And, Compare, In, IsNull, Not, Or, Where, Within
from qingliu.lake.short.footers import Bounds
from qingliu.lake.values import coerce
from qingliu.lake.where import Scope, ranges

Columns = Callable[[str], Any]
_OPS = {
    "eq": pc.equal, "ne": pc.not_equal, "lt": pc.less, "le": pc.less_equal, "gt": pc.greater, "ge": pc.greater_equal,
}  # fmt: skip
_ARROW = {"string": pa.string(), "boolean": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("us")}
MAX_IN = 200


def knows(where: Where | None, scope: Scope) -> bool:
    """Whether every part of the condition can be decided here."""
    match where:
        case None:
            return True
        case And(items) | Or(items):
            return bool(items) and all(knows(i, scope) for i in items)
        case Not(item):
            return knows(item, scope)
        case Compare(field, _, value):
            return _comparable(scope.find(field), value, scope)
        case In(field, values):
            return 0 < len(values) <= MAX_IN and all(_comparable(scope.find(field), v, scope) for v in values)
        case IsNull(field):
            return scope.find(field).name != "_since"
        case Within():
            return scope.place is not None and where.srid == 4326 and where.west <= where.east
    return False


def _comparable(field: FieldRecord, value: Any, scope: Scope) -> bool:
    typed = coerce(field, value, scope.zone)
    if field.type == "date":  # a day against a moment is the engine's to decide
        return not isinstance(typed, datetime)
    return field.name not in {"_since"} and (field.type != "boolean" or isinstance(typed, bool))


def fields(where: Where | None) -> Iterator[str]:
    """The names of the columns that the condition looks at; a box looks at the place, told as ``""``."""
    match where:
        case And(items) | Or(items):
            for item in items:
                yield from fields(item)
        case Not(item):
            yield from fields(item)
        case Compare(field, _, _) | In(field, _) | IsNull(field):
            yield field
        case Within():
            yield ""


def conjuncts(where: Where | None) -> tuple[Where, ...]:
    """The conditions that all must hold."""
    if where is None:
        return ()
    return tuple(c for i in where.items for c in conjuncts(i)) if isinstance(where, And) else (where,)


def mask(where: Where, column: Columns, scope: Scope) -> Any:
    """A boolean array: true, false, or null where it cannot be known (which keeps no row)."""

    def value(field: FieldRecord, given: Any) -> Any:
        return _scalar(field, coerce(field, given, scope.zone))

    match where:
        case Compare(field, op, given):
            wanted, compare = value(scope.find(field), given), _OPS[op]
            return over(column(field), lambda values: compare(values, wanted))
        case In(field, given):
            options = [value(scope.find(field), g) for g in given]
            return over(column(field), lambda values: _any([pc.equal(values, o) for o in options]))
        case IsNull(field):
            return pc.is_null(column(field))
        case Within(west, south, east, north):
            assert scope.place
            lon, lat = column(scope.place.lon), column(scope.place.lat)
            sides = (pc.greater_equal(lon, west), pc.less_equal(lon, east))
            ends = (pc.greater_equal(lat, south), pc.less_equal(lat, north))
            return _all([*sides, *ends])
        case And(items):
            return _all([mask(i, column, scope) for i in items])
        case Or(items):
            return _any([mask(i, column, scope) for i in items])
        case Not(item):
            return pc.invert(mask(item, column, scope))
    raise TypeError(where)


def tested(tests: Sequence[Test], column: Columns) -> Any:
    """A boolean array of the rows that meet every comparison; ``column`` gives columns by their physical names."""
    return _all([over(column(t.column), partial(_compared, t)) for t in tests])


def run(
    tests: Sequence[Test], order: Sequence[str], held: Collection[str], column: Columns, rows: int
) -> tuple[int, int] | None:
    """The rows low..high that meet every comparison, found by bisection along the physical order.

    ``held`` are columns of the order with one value in all ``rows``. None where the comparisons do not follow the order,
    or a column is text or has nulls.
    """
    low, high = 0, rows
    left = list(tests)
    for name in order:
        own = [t for t in left if t.column == name]
        left = [t for t in left if t.column != name]
        if not own and name not in held:
            break
        if not own:
            continue
        values = column(name)
        if values.null_count or isinstance(values, pa.DictionaryArray) or any(t.op == "ne" for t in own):
            return None
        numbers = values.slice(low, high - low).to_numpy(zero_copy_only=False)
        if numbers.dtype.kind not in "iufM":
            return None
        first, last = 0, len(numbers)
        for t in own:
            value = np.datetime64(t.value, "us") if isinstance(t.value, datetime) else t.value
            if isinstance(value, str) or (numbers.dtype.kind == "M") != isinstance(value, np.datetime64):
                return None
            if t.op in {"eq", "ge", "gt"}:
                first = max(first, int(np.searchsorted(numbers, value, "right" if t.op == "gt" else "left")))
            if t.op in {"eq", "le", "lt"}:
                last = min(last, int(np.searchsorted(numbers, value, "left" if t.op == "lt" else "right")))
        low, high = low + first, max(low + first, low + last)
        if not any(t.op == "eq" for t in own):
            break
    return None if left else (low, high)


def _compared(test: Test, values: Any) -> Any:
    return _OPS[test.op](values, test.scalar)


def over(values: Any, function: Callable[[Any], Any]) -> Any:
    """``function`` of each value; of a dictionary's entries only once each. Null stays null."""
    if isinstance(values, pa.DictionaryArray):
        if len(values.dictionary) < len(values):
            return pc.take(function(values.dictionary), values.indices)
        values = pc.take(values.dictionary, values.indices)
    return function(values)


def _scalar(field: FieldRecord, typed: Any) -> Any:
    kind = _ARROW.get(field.type)
    return pa.scalar(typed, kind) if kind is not None else pa.scalar(typed)


def _all(parts: list[Any]) -> Any:
    found = parts[0]
    for part in parts[1:]:
        found = pc.and_kleene(found, part)
    return found


def _any(parts: list[Any]) -> Any:
    found = parts[0]
    for part in parts[1:]:
        found = pc.or_kleene(found, part)
    return found


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison with its value typed: ``column`` is the physical name."""

    column: str
    op: str
    value: Any
    scalar: Any  # the same for Arrow

    def always(self, bounds: Bounds | None) -> bool:
        """Whether the statistics of a row group alone say that each of its rows meets the comparison."""
        value = self.value
        if bounds is None or not bounds.whole or not bounds.exact or isinstance(value, (str, bool)):
            return False
        if _kind(value) != _kind(bounds.low):
            return False
        match self.op:
            case "eq":
                return bool(bounds.low == bounds.high == value)
            case "ge":
                return bool(bounds.low >= value)
            case "gt":
                return bool(bounds.low > value)
            case "le":
                return bool(bounds.high <= value)
            case "lt":
                return bool(bounds.high < value)
        return False


def tests(where: Where | None, scope: Scope) -> tuple[Test, ...] | None:
    """The condition as comparisons that must all hold; None where it is more than that."""
    found = []
    for c in conjuncts(where):
        if not isinstance(c, Compare):
            return None
        field = scope.find(c.field)
        typed = coerce(field, c.value, scope.zone)
        found.append(Test(scope.physical(c.field), c.op, typed, _scalar(field, typed)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A condition in a physical order: its leading columns held to ``values``, the next in low..high (None is open)."""

    values: tuple[Any, ...]
    low: Any
    high: Any

    def meets(self, first: tuple[Any, ...], last: tuple[Any, ...]) -> bool:
        """Whether rows from ``first`` to ``last`` (their values of the order, in order) may hold a matching one."""
        n = len(self.values)
        if last[:n] < self.values or first[:n] > self.values:
            return False
        if len(first) <= n:
            return True
        if self.low is not None and last[:n] == self.values and last[n] < self.low:
            return False
        return not (self.high is not None and first[:n] == self.values and first[n] > self.high)


def stretch(where: Where | None, order: Sequence[str], scope: Scope) -> Stretch | None:
    """The stretch of ``order`` (physical names) that holds every match; None where no leading column is held to a value."""
    held: dict[str, Any] = {}
    limits = ranges(where, scope)
    for c in conjuncts(where):
        if isinstance(c, Compare) and c.op == "eq":
            held[scope.physical(c.field)] = coerce(scope.find(c.field), c.value, scope.zone)
    values = tuple(itertools.takewhile(lambda v: v is not None, (held.get(name) for name in order)))
    if not values:
        return None
    following = (
        next((r for n, r in limits.items() if scope.physical(n) == order[len(values)]), None)
        if len(values) < len(order)
        else None
    )
    return Stretch(values, following.low if following else None, following.high if following else None)


def may_hold(bounds: Bounds | None, low: Any, high: Any) -> bool:
    """Whether a row group may hold a value of low..high (None is open); True where that cannot be told."""
    if bounds is None:
        return True
    if high is not None and _kind(high) == _kind(bounds.low) and bounds.low > high:
        return False
    return not (low is not None and _kind(low) == _kind(bounds.high) and bounds.high < low)


def _kind(value: Any) -> str:
    if isinstance(value, datetime):
        return "datetime" if value.tzinfo is None else "aware"
    if isinstance(value, date):
        return "date"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
