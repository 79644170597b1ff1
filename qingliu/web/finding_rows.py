"""The rows that a finding speaks of: read through the engine by the finding's own CQL2 text, at the version it was found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qingliu.api import cql2
from qingliu.core.dataset import FieldRecord
from qingliu.core.errors import TooDear
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.published import Entry
from qingliu.lake.query import Query
from qingliu.web import links
from qingliu.web.judged import Found
from qingliu.web.table import Cell, cells, right_aligned

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table, and whether the finding is about it."""

    field: FieldRecord
    meant: bool
    numeric: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a finding; ``total`` None where counting would take longer than an answer may."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[Cell, bool], ...], ...]
    total: int | None
    version: int | None
    api: str
    csv: str


def rows(engine: Engine, entry: Entry, found: Found) -> Rows | None:
    """The rows of a finding; None where it is about no rows. Raises the engine's told errors."""
    if not found.finding.rows:
        return None
    record, version = entry.record, found.version if entry.kind == "table" else None
    where = cql2.parse(found.finding.rows, record)
    plan = engine.open(Query(entry.code, where=where, as_of=version, limit=SHOWN, flags=True))
    answered: list[dict[str, Any]] = list(engine.rows(plan))
    meant = set(found.finding.columns)
    key = [*record.key, *([record.time_field] if record.time_field else [])]
    fields = sorted(record.fields, key=lambda f: (f.name not in key, f.name not in meant))
    shown = tuple(Column(f, f.name in meant, right_aligned(f)) for f in fields)
    table = []
    for row in answered:
        by_name = {c.field.name: c for c in cells(row, record)}
        table.append(tuple((by_name[c.field.name], c.meant) for c in shown))
    pairs = (("filter", found.finding.rows), *((("as_of", str(version)),) if version else ()))
    return Rows(
        shown, tuple(table), _total(engine, plan), version,
        links.api_rows(entry.code, pairs), links.api_rows(entry.code, (*pairs, ("f", "csv"))),
    )  # fmt: skip


def _total(engine: Engine, plan: Plan) -> int | None:
    try:
        return engine.count(plan)
    except TooDear:
        return None
