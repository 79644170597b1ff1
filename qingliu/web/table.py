"""The preview's table: rows of a page as cells that say their value, why they have none, and what their flag means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.core.errors import TooDear
from qingliu.lake.engine import Engine, Plan
from qingliu.web import preview, wording

AQI = "aqi"  # the one column whose values carry the index' colours


def right_aligned(field: FieldRecord) -> bool:
    """Whether a column's cells and head stand to the right: numbers, but for the index in its band."""
    return field.type in ("integer", "number") and field.name != AQI


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: ``value`` None is null; ``flag`` a code of the flags' vocabulary or ""; ``band`` 1 to 6 for an AQI."""

    field: FieldRecord
    value: Any
    flag: str = ""
    band: int = 0
    band_name: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers, which stand right-aligned."""
        return right_aligned(self.field)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: its state (ascending, descending, none) and the address that sorts by it."""

    field: FieldRecord
    state: str
    address: str

    @property
    def numeric(self) -> bool:
        """Whether the column's cells stand right-aligned."""
        return right_aligned(self.field)


@dataclass(frozen=True, slots=True)
class Table:
    """A page of rows. ``total`` is exact or None; ``first`` and ``last`` are 1-based places of the rows shown."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int | None
    first: int
    last: int
    previous: str
    following: str
    version: int | None


def table(engine: Engine, ask: preview.Ask, record: DatasetRecord) -> Table:
    """The rows that ``ask`` means; raises the engine's told errors."""
    plan = engine.open(preview.query(ask, record))
    rows = engine.rows(plan)
    total = _total(engine, plan)
    first = ask.offset + 1 if rows else 0
    last = ask.offset + len(rows)
    more = last < total if total is not None else len(rows) == ask.limit
    more = more and ask.offset + ask.limit <= preview.MAX_OFFSET_ROWS
    return Table(
        heads=tuple(Head(f, *preview.sorted_by(ask, f.name)) for f in record.fields),
        rows=tuple(cells(row, record) for row in rows),
        total=total,
        first=first,
        last=last,
        previous=preview.address(replace(ask, page=ask.page - 1)) if ask.page > 1 else "",
        following=preview.address(replace(ask, page=ask.page + 1)) if more else "",
        version=plan.version.number if plan.entry.kind == "table" else None,
    )


def _total(engine: Engine, plan: Plan) -> int | None:
    """The exact number of matching rows; None where counting them would take longer than an answer may."""
    try:
        return engine.count(plan)
    except TooDear:
        return None


def cells(row: dict[str, Any], record: DatasetRecord) -> tuple[Cell, ...]:
    marks = _flags(row.get("_flags"))
    return tuple(_cell(f, row.get(f.name), marks.get(f.name, "")) for f in record.fields)


def _flags(text: Any) -> dict[str, str]:
    pairs = (part.partition("=") for part in str(text or "").strip(";").split(";") if part)
    return {unquote(name): flag for name, _, flag in pairs}


def _cell(field: FieldRecord, value: Any, flag: str) -> Cell:
    if field.name == AQI and isinstance(value, (int, float)) and value > 0:
        return Cell(field, value, flag, *wording.aqi_band(value))
    return Cell(field, value, flag)
