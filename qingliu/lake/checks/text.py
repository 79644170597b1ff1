"""A condition as CQL2 text that the public API reads back as the same condition."""

from __future__ import annotations

import re
from datetime import date, datetime
from urllib.parse import quote

from qingliu.lake.query import And, Compare, In, IsNull, Like, Not, Or, Scalar, Where

MAX_BYTES = 9_000  # of 10,000 that the API reads
MAX_ENCODED = 28_000  # of 32,000 characters of a query string
MAX_NODES = 450  # of 500 conditions
_OPS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_WORDS = {
    "and",
    "or",
    "not",
    "in",
    "between",
    "like",
    "is",
    "null",
    "true",
    "false",
    "timestamp",
    "date",
    "casei",
    "bbox",
}


def cql2(where: Where) -> str:
    """The text of ``where``; times are wall times of the dataset's zone."""
    match where:
        case Compare(field, op, value):
            return f"{name(field)} {_OPS[op]} {constant(value)}"
        case In(field, values):
            return f"{name(field)} IN ({','.join(constant(v) for v in values)})"
        case IsNull(field):
            return f"{name(field)} IS NULL"
        case Like(field, pattern, _):
            return f"{name(field)} LIKE {constant(pattern)}"
        case Not(item):
            return f"NOT ({cql2(item)})"
        case And(items):
            return " AND ".join(f"({cql2(i)})" if isinstance(i, (And, Or)) else cql2(i) for i in items)
        case Or(items):
            return " OR ".join(f"({cql2(i)})" if isinstance(i, (And, Or)) else cql2(i) for i in items)
    raise TypeError(where)


def name(field: str) -> str:
    """A column as CQL2 writes it."""
    if _PLAIN.match(field) and field.lower() not in _WORDS:
        return field
    return '"' + field.replace('"', '""') + '"'


def constant(value: Scalar) -> str:
    """A value as CQL2 writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"TIMESTAMP('{value.isoformat()}')"
        case date():
            return f"DATE('{value.isoformat()}')"
        case int() | float():
            return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def nodes(where: Where) -> int:
    """How many conditions the API counts in it."""
    match where:
        case And(items) | Or(items):
            return 1 + sum(nodes(i) for i in items)
        case Not(item):
            return 1 + nodes(item)
    return 1


def fits(where: Where) -> bool:
    """Whether the API takes it."""
    text = cql2(where)
    return len(text.encode()) <= MAX_BYTES and len(quote(text)) <= MAX_ENCODED and nodes(where) <= MAX_NODES
