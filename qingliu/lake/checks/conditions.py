"""A condition made by a check as SQL over ``src``, for counting what it selects."""

from __future__ import annotations

from typing import Any

from qingliu.lake.names import ident
from qingliu.lake.query import And, Compare, In, IsNull, Not, Or, Where

_OPS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def sql_of(where: Where) -> tuple[str, list[Any]]:
    """The SQL of a condition over public names, and its values."""
    params: list[Any] = []

    def walk(node: Where) -> str:
        match node:
            case Compare(field, op, value):
                params.append(value)
                return f"{ident(field)} {_OPS[op]} ?"
            case In(field, values):
                params.extend(values)
                return f"{ident(field)} IN ({','.join('?' * len(values))})"
            case IsNull(field):
                return f"{ident(field)} IS NULL"
            case Not(item):
                return f"(NOT {walk(item)})"
            case And(items):
                return "(" + " AND ".join(walk(i) for i in items) + ")"
            case Or(items):
                return "(" + " OR ".join(walk(i) for i in items) + ")"
        raise TypeError(node)

    return walk(where), params
