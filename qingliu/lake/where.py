"""A ``Where`` tree as SQL with bound values, and what it says about the range of each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from qingliu.core.dataset import FieldRecord, Place, Text
from qingliu.core.errors import BadRequest
from qingliu.lake import spatial
from qingliu.lake.names import ident
from qingliu.lake.query import And, Compare, Folded, In, IsNull, Like, Meets, Not, Or, RowAt, Where, Within
from qingliu.lake.values import coerce

_OPS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
MAX_NODES = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean here: ``find`` gives a public column or raises UnknownField; ``physical`` its name in the files."""

    find: Callable[[str], FieldRecord]
    physical: Callable[[str], str]
    zone: ZoneInfo
    place: Place | None


def _ended(pattern: str) -> str:
    """A pattern whose last backslash, escaping nothing, stands for itself; the engine refuses it otherwise."""
    return pattern + "\\" if (len(pattern) - len(pattern.rstrip("\\"))) % 2 else pattern


def folded(sql: str) -> str:
    """SQL of a text without regard to case: lower case, and the signs whose folding lower case alone misses."""
    return f"replace(translate(lower({sql}), 'ςſµ', 'σsμ'), 'ß', 'ss')"


def compile_where(where: Where, scope: Scope) -> tuple[str, list[Any]]:
    """SQL condition and its bound values. Raises BadRequest for too many conditions or a box without a place."""
    params: list[Any] = []
    count = 0

    def name(field: str) -> str:
        return ident(scope.physical(scope.find(field).name))

    def walk(node: Where) -> str:
        nonlocal count
        count += 1
        if count > MAX_NODES:
            raise BadRequest(
                Text(f"條件超過 {MAX_NODES} 個。", f"More than {MAX_NODES} conditions."),
                Text("請改用 IN 或縮小條件。", "Use IN, or ask for less at once."),
                parameter="filter",
            )
        match node:
            case Compare(field, op, value):
                params.append(coerce(scope.find(field), value, scope.zone))
                return f"{name(field)} {_OPS[op]} ?"
            case In(field, values):
                params.extend(coerce(scope.find(field), v, scope.zone) for v in values)
                return f"{name(field)} IN ({','.join('?' * len(values))})" if values else "FALSE"
            case Like(field, pattern, casei):
                params.append(_ended(pattern))
                column = name(field) if scope.find(field).type == "string" else f"CAST({name(field)} AS VARCHAR)"
                if casei:
                    return f"{folded(column)} LIKE {folded('?')} ESCAPE '\\'"
                return f"{column} LIKE ? ESCAPE '\\'"
            case Folded(field, op, text):
                params.append(text)
                return f"{folded(name(field))} {_OPS[op]} {folded('?')}"
            case IsNull(field):
                return f"{name(field)} IS NULL"
            case Within():
                return placed(spatial.box(node, *point()))
            case Meets():
                return placed(spatial.meets(node, *point()))
            case RowAt(file, row):
                params.extend([file, row])
                return "(_fi = ? AND _rn = ?)"
            case And(items):
                return "(" + " AND ".join(walk(i) for i in items) + ")" if items else "TRUE"
            case Or(items):
                return "(" + " OR ".join(walk(i) for i in items) + ")" if items else "FALSE"
            case Not(item):
                return f"(NOT {walk(item)})"
        raise TypeError(node)

    def point() -> tuple[str, str]:
        if scope.place is None:
            raise BadRequest(
                Text("這個資料集沒有位置欄位。", "This dataset has no place."),
                Text("請拿掉 bbox 與空間條件。", "Leave bbox and spatial conditions out."),
                parameter="bbox",
            )
        return name(scope.place.lon), name(scope.place.lat)

    def placed(made: tuple[str, list[Any]]) -> str:
        params.extend(made[1])
        return made[0]

    return walk(where), params


@dataclass(slots=True)
class Range:
    """Values that a column may still have: low..high, both included; None = open."""

    low: Any = None
    high: Any = None


def ranges(where: Where | None, scope: Scope) -> dict[str, Range]:
    """Ranges that every matching row must lie in, from the AND-ed comparisons; used to leave files unread."""
    found: dict[str, Range] = {}

    def narrow(field: str, low: Any, high: Any) -> None:
        name = scope.find(field).name
        known = found.setdefault(name, Range())
        if low is not None and (known.low is None or low > known.low):
            known.low = low
        if high is not None and (known.high is None or high < known.high):
            known.high = high

    def walk(node: Where | None) -> None:
        match node:
            case And(items):
                for item in items:
                    walk(item)
            case Compare(field, op, value):
                value = coerce(scope.find(field), value, scope.zone)
                if op in {"eq", "ge", "gt"}:
                    narrow(field, value, None)
                if op in {"eq", "le", "lt"}:
                    narrow(field, None, value)
            case In(field, values) if values:
                typed = [coerce(scope.find(field), v, scope.zone) for v in values]
                narrow(field, min(typed), max(typed))  # type: ignore[type-var]

    walk(where)
    return found
