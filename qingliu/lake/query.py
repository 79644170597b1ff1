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
class Folded:
    """field op text, both without regard to case."""

    field: str
    op: CompareOp
    text: str


@dataclass(frozen=True, slots=True)
class IsNull:
    """The cell is null."""

    field: str


@dataclass(frozen=True, slots=True)
class Within:
    """The dataset's place lies in the box west, south, east, north, borders included.

    ``srid`` 4326: degrees. 3826 or 3857: metres of that plane, compared to the centimetre in which they are served.
    """

    west: float
    south: float
    east: float
    north: float
    srid: int = 4326


Point = tuple[float, float]  # x, y: longitude and latitude, or easting and northing


@dataclass(frozen=True, slots=True)
class Shape:
    """Points, lines and polygons together; a polygon is its outer ring and its holes, each ring closed."""

    points: tuple[Point, ...] = ()
    lines: tuple[tuple[Point, ...], ...] = ()
    polygons: tuple[tuple[tuple[Point, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Meets:
    """The dataset's place lies on a part of a shape: ``any`` is interior and border together; ``srid`` as in Within."""

    shape: Shape
    part: Literal["any", "interior", "border"] = "any"
    srid: int = 4326


@dataclass(frozen=True, slots=True)
class RowAt:
    """The row at this place of the version's stored order: number of the file, number of the row in it, from 0."""

    file: int
    row: int


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


Where = Union[Compare, In, Like, Folded, IsNull, Within, Meets, RowAt, And, Or, Not]


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by a column; nulls last in both directions. ``_since`` is the version that brought the row.

    ``_row`` is the row's number in stored order, from 1; it may also be asked for and compared.
    """

    field: str
    desc: bool = False


AggregateFn = Literal[
    "count",
    "valid",
    "avg",
    "min",
    "max",
    "sum",
    "median",
    "sd",
    "percentile",
    "over",
    "first",
    "last",
    "vdir",
    "vspeed",
]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """fn over a column (count: also "*"). ``number`` is the percentile (0 to 100) or the limit that ``over`` counts above.

    What each function promises stands in docs/reference/series.md.
    """

    fn: AggregateFn
    field: str
    number: float | None = None

    @property
    def name(self) -> str:
        """The column it answers under: ``avg_concentration``, ``p98_pm2.5``, ``over_o3_60``."""
        if self.field == "*":
            return "count"
        told = f"{self.number:.15g}" if self.number is not None else ""
        if self.fn == "percentile":
            return f"p{told}_{self.field}"
        return f"{self.fn}_{self.field}" + (f"_{told}" if told else "")


@dataclass(frozen=True, slots=True)
class Rules:
    """How measured values become a statistic of a time bucket; a question without them takes cells as they lie.

    ``timezone`` is an IANA name, "" the dataset's own. A statistic stands on at least ``completeness`` (0 to 1) of the
    values that the dataset promises, otherwise it is null. ``below_detection`` says what stands for a cell below the
    detection limit. ``invalid`` takes rows and cells marked invalid too. ``gaps`` answers empty buckets.
    """

    timezone: str = ""
    completeness: float = 0.75
    below_detection: Literal["half", "zero", "limit", "drop"] = "half"
    invalid: bool = False
    gaps: bool = False


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
    bucket: str = ""  # 1h 1d 1w 1mo 1y or roll8h … over the dataset's time field; answers as column "time"
    rules: Rules | None = None  # of measured series
    as_of: int | datetime | None = None
    latest: bool = False  # only the newest row of each key
    changes_since: int | None = None  # only rows changed after that version, with `_change` and `_version`
    flags: bool = False  # add the `_flags` and `_status` columns


Format = Literal[
    "json", "ndjson", "csv", "csv.gz", "xml", "geojson", "parquet", "geoparquet", "arrow", "xlsx", "ods"
]  # fmt: skip


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
class Feature:
    """How a GeoJSON feature is told beyond its properties: with its ``id``, in which CRS, latitude first or not."""

    srid: int = 4326
    lat_first: bool = False


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
    source: str = ""
    licence: str = ""
    delimiter: str = ","
    lists: bool = False
    numbered: bool = False
    feature: Feature | None = None  # GeoJSON alone: with an id, in a CRS
