"""CQL2's temporal functions: Allen's relations between two stretches of time, over columns that hold moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from qingliu.api.cql2_terms import FLIPPED, Fail, Interval, Literal, Name, Operand, Terms
from qingliu.api.values import moment
from qingliu.core.dataset import FieldRecord
from qingliu.lake.query import And, Compare, CompareOp, IsNull, Not, Or, Where

_TICK = timedelta(microseconds=1)
# each relation as alternatives of conditions (end of A, comparison, end of B); "1" is a beginning, "2" an end
_RELATIONS: dict[str, tuple[tuple[tuple[str, CompareOp, str], ...], ...]] = {
    "AFTER": ((("1", "gt", "2"),),),
    "BEFORE": ((("2", "lt", "1"),),),
    "CONTAINS": ((("1", "lt", "1"), ("2", "gt", "2")),),
    "DISJOINT": ((("2", "lt", "1"),), (("1", "gt", "2"),)),
    "DURING": ((("1", "gt", "1"), ("2", "lt", "2")),),
    "EQUALS": ((("1", "eq", "1"), ("2", "eq", "2")),),
    "FINISHEDBY": ((("1", "lt", "1"), ("2", "eq", "2")),),
    "FINISHES": ((("1", "gt", "1"), ("2", "eq", "2")),),
    "INTERSECTS": ((("1", "le", "2"), ("2", "ge", "1")),),
    "MEETS": ((("2", "eq", "1"),),),
    "METBY": ((("1", "eq", "2"),),),
    "OVERLAPPEDBY": ((("1", "gt", "1"), ("1", "lt", "2"), ("2", "gt", "2")),),
    "OVERLAPS": ((("1", "lt", "1"), ("2", "gt", "1"), ("2", "lt", "2")),),
    "STARTEDBY": ((("1", "eq", "1"), ("2", "gt", "2")),),
    "STARTS": ((("1", "eq", "1"), ("2", "lt", "2")),),
}
TEMPORAL = tuple(_RELATIONS)
_SIGNS: dict[CompareOp, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _End:
    """An end of a stretch: a column, a moment, or (neither) never: before or after everything by ``side``."""

    side: int  # -1 beginning, 1 end
    field: FieldRecord | None = None
    at: datetime | date | str | None = None


class Times:
    """Temporal functions for one dataset's terms."""

    def __init__(self, terms: Terms, fail: Fail) -> None:
        self._terms = terms
        self._fail = fail

    def relation(self, function: str, left: Operand, right: Operand, at: Any) -> Where:
        """``T_{function}(left, right)``: at least one side names a column of dates or times."""
        columns = [f for f in (*self._columns(left), *self._columns(right)) if f is not None]
        if not columns:
            self._fail(at, "時間函數至少一邊要是日期時間欄位", "one side must be a field of dates or times")
        typed = columns[0]
        first, second = self._ends(left, typed), self._ends(right, typed)
        sides = {"1": 0, "2": 1}
        made = [
            self._all([self._compare(first[sides[a]], op, second[sides[b]], at) for a, op, b in conditions], columns)
            for conditions in _RELATIONS[function]
        ]
        return made[0] if len(made) == 1 else Or(tuple(made))

    def _columns(self, operand: Operand) -> list[FieldRecord | None]:
        names = operand.ends if isinstance(operand, Interval) else (operand,)
        found: list[FieldRecord | None] = []
        for name in names:
            if isinstance(name, Name):
                field = self._terms.column(name)
                if self._terms.record is not None and field.type not in {"date", "datetime"}:
                    zh = f"欄位 {field.name} 是 {field.type}，不是日期時間"
                    self._fail(name.at, zh, f"{field.name} is {field.type}, neither date nor time")
                found.append(field)
        return found

    def _ends(self, operand: Operand, typed: FieldRecord) -> tuple[_End, _End]:
        if isinstance(operand, Interval):
            return self._end(operand.ends[0], -1, typed), self._end(operand.ends[1], 1, typed)
        if isinstance(operand, (Literal, Name)):
            return self._end(operand, -1, typed), self._end(operand, 1, typed)
        self._fail(operand.at, "這裡應該是日期、時間或區間", "expected a date, a time or an interval")

    def _end(self, said: Literal | Name | None, side: int, typed: FieldRecord) -> _End:
        if said is None:
            return _End(side)
        if isinstance(said, Name):
            return _End(side, field=said.field)
        if said.kind not in {"moment", "text"}:
            self._fail(said.at, "這裡應該是日期或時間", "expected a date or a time")
        record = self._terms.record
        if record is None:
            return _End(side, at=said.text)
        if typed.type == "date":
            value = self._terms.value(typed, said)
            return _End(side, at=value if isinstance(value, date) else None)
        found = moment(said.text, record.timezone, self._terms.parameter)
        return _End(side, at=found.after - _TICK if side == 1 and found.whole_day else found.at)

    def _compare(self, left: _End, op: CompareOp, right: _End, at: Any) -> Where | bool:
        if left.field is not None and right.field is not None:
            self._fail(at, "兩個欄位之間不能比較", "two fields cannot be compared with each other")
        if left.field is None and right.field is not None:
            left, right, op = right, left, FLIPPED[op]
        if left.field is not None:
            if right.at is None:
                return _SIGNS[op](0, right.side)
            return Compare(left.field.name, op, right.at)
        return _SIGNS[op](_rank(left), _rank(right))

    @staticmethod
    def _all(conditions: list[Where | bool], columns: list[FieldRecord]) -> Where:
        if any(c is False for c in conditions):
            return Or(())
        left = tuple(dict.fromkeys(c for c in conditions if not isinstance(c, bool)))
        if not left:  # true for any moment, and never for a cell without one
            left = tuple(dict.fromkeys(Not(IsNull(f.name)) for f in columns))
        return left[0] if len(left) == 1 else And(left)


def _rank(end: _End) -> tuple[int, Any]:
    return (0, end.at) if end.at is not None else (end.side, 0)
