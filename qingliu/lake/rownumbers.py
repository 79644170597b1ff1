"""Numbers of rows: ``_row`` counts a version's rows in stored order from 1, made from file and place, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qingliu.core.dataset import FieldRecord, FileRecord, Text
from qingliu.lake.answer import Plan
from qingliu.lake.cursor import Cursor, decode
from qingliu.lake.query import And, Not, Or, Query, Where, Within
from qingliu.lake.relation import position_of
from qingliu.lake.where import Range

ROW = FieldRecord("_row", "integer", Text("列號", "Row number"))


def starts(files: Sequence[FileRecord], chosen: Sequence[int]) -> list[int]:
    """How many rows of the version lie before each chosen file."""
    before, total = [], 0
    for file in files:
        before.append(total)
        total += file.rows
    return [before[i] for i in chosen]


def numbered(source: str, before: Sequence[int], query: Query) -> str:
    """``source`` (SQL with ``_fi`` and ``_rn``) with ``_row`` beside its columns, where the question names it."""
    if not _named(query):
        return source
    if len(before) <= 1:
        first = str(int(before[0])) if before else "0"
    else:
        first = f"([{','.join(str(int(b)) for b in before)}])[CAST(_fi AS BIGINT) + 1]"
    return f"SELECT *, CAST({first} + _rn + 1 AS BIGINT) AS {ROW.name} FROM ({source})"


def wanted_rows(wanted: Mapping[str, Range]) -> tuple[int, int | None]:
    """Rows that come before the range of ``_row``, and the last row in it (None = open)."""
    asked = wanted[ROW.name]
    low = int(asked.low) if asked.low is not None else 1
    return max(low - 1, 0), int(asked.high) if asked.high is not None else None


def behind(plan: Plan, row: int) -> Plan:
    """The plan for the rows behind row number ``row``; its question has neither an order nor an offset of its own."""
    at = position_of(plan.version.files, row)
    mark = Cursor(plan.version.number, plan.version.content_hash[:16], plan.question, at.file, at.row - 1)
    return replace(plan, cursor=mark)


def number_at(plan: Plan, mark: str) -> int:
    """The number of the row at which a page of the plan ended, from its ``next_cursor``."""
    at = decode(mark, plan.question)
    return starts(plan.version.files, [at.file])[0] + at.row + 1


def _named(query: Query) -> bool:
    names = {*(query.fields or ()), *(o.field for o in query.order), *query.group}
    return ROW.name in names or (query.where is not None and _in(query.where))


def _in(node: Where) -> bool:
    match node:
        case And(items) | Or(items):
            return any(_in(i) for i in items)
        case Not(item):
            return _in(item)
        case Within():
            return False
    return getattr(node, "field", "") == ROW.name
