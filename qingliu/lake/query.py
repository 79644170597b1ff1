"""The one question that every dialect asks: a frozen value, built from parameters, compiled by the engine.

Names in it are public column names; the engine looks them up in the version's schema and binds every value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Union

Scalar = Union[str, int, float, bool, date, datetime]
CompareOp = Literal["eq", "ne", "lt", "le", "gt", "ge"]


@dataclass(frozen=True, slots=True)
class Compare:
    """field op value; null never matches (also not ``ne``)."""

    field: str
    op: CompareOp
    value: Scalar


@dataclass(frozen=True, slots=True)
class In:
    """field equals one of the values."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """CQL2 LIKE: ``%`` any run, ``_`` one character, backslash escapes; casei folds case."""

    field: str
    pattern: str
    casei: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """The cell is null."""

    field: str


@dataclass(frozen=True, slots=True)
class Within:
    """The dataset's place lies in the box west, south, east, north (degrees, borders included)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    items: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    items: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Its opposite, by three-valued logic."""

    item: Where


Where = Union[Compare, In, Like, IsNull, Within, And, Or, Not]


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by a column; nulls last in both directions. ``_since`` is the version that brought the row.

    ``_row`` is the row's number in stored order, from 1; it may also be asked for and compared.
    """

    field: str
    desc: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate:
    """fn over a column: count (field may be "*"), avg, min, max, sum."""

    fn: Literal["count", "avg", "min", "max", "sum"]
    field: str

    @property
    def name(self) -> str:
        """The column it answers under, e.g. ``avg_concentration``."""
        return "count" if self.field == "*" else f"{self.fn}_{self.field}"


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows of which dataset, in which shape. ``limit`` None means all of them."""

    dataset: str
    fields: tuple[str, ...] | None = None
    where: Where | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    cursor: str | None = None
    group: tuple[str, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    bucket: str = ""  # 1h 1d 1mo 1y over the dataset's time field; answers as column "time"
    as_of: int | datetime | None = None
    latest: bool = False  # only the newest row of each key
    changes_since: int | None = None  # only rows changed after that version, with `_change` and `_version`
    flags: bool = False  # add the `_flags` and `_status` columns


Format = Literal["json", "ndjson", "csv", "xml", "geojson", "parquet"]


NAIVE = "naive"  # a ``datetime_format``: ISO 8601 wall time without an offset


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is written: the name in the answer and the text for a null by flag (first match wins)."""

    field: str
    name: str
    null_by_flag: tuple[tuple[str, str], ...] = ()
    suffix_by_flag: tuple[tuple[str, str], ...] = ()
    datetime_format: str = ""  # strftime or NAIVE; "" = ISO 8601 with the dataset's offset
    words: tuple[tuple[str, str], ...] = ()  # (text of the cell, what is written instead); other texts stay


@dataclass(frozen=True, slots=True)
class Rendering:
    """How rows become bytes. ``columns`` empty = the query's fields under their own names.

    ``strings`` writes every JSON value as a string and null as "" (the MOENV way); ``escape_formulas`` guards CSV cells
    that a spreadsheet would run; ``bom``, ``header`` and ``delimiter`` concern CSV; ``root``/``row`` are XML element names.
    ``lists`` writes JSON rows as arrays; ``numbered`` writes XML's first column as an attribute of the row and a null as
    ``xsi:nil``.
    """

    format: Format
    columns: tuple[Column, ...] = ()
    strings: bool = False
    bom: bool = False
    header: bool = True
    escape_formulas: bool = True
    quote_spaces: bool = False
    root: str = "rows"
    row: str = "row"
    delimiter: str = ","
    lists: bool = False
    numbered: bool = False
