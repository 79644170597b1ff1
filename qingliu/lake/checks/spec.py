"""What can be asked of a dataset's rows, as frozen values, and what comes back. No rule of the domain lives here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol, Union

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.lake.query import Where

Value = Union[str, int, float, date, datetime, None]


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows as series in time: columns that tell series apart (station, item), the time, values, the length of a period.

    ``labels`` are further columns by which an item may be known (its name in English), ``unit`` the column of its unit.
    """

    series: tuple[str, ...]
    station: str
    item: str
    time: str
    values: tuple[str, ...]
    step_s: int = 3600
    labels: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Cells that were put into quarantine, by column, and rows set aside."""

    rule: str


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows agree in ``columns`` (all columns where none is named) and differ elsewhere."""

    rule: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SamePlace:
    """No two ids stand at one place (at one time)."""

    rule: str
    id: str
    lon: str
    lat: str
    time: str = ""
    decimals: int = 4


@dataclass(frozen=True, slots=True)
class Named:
    """One id has one name, and the other way round."""

    rule: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """Every station reports in every period in which the network does, between its first and last."""

    rule: str
    share: float


@dataclass(frozen=True, slots=True)
class Silence:
    """No period passes without any station."""

    rule: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest time lies within ``within_s`` of ``now``; without ``time`` the version's own. Events may stay away for as
    long as they have before: three times what 99 of 100 of their intervals keep within."""

    rule: str
    time: str
    within_s: int
    now: datetime  # wall time of the dataset's zone
    events: bool = False  # its rows are no measurements that go on


@dataclass(frozen=True, slots=True)
class Empty:
    """At most ``share`` of a column's cells are empty."""

    rule: str
    field: str
    share: float


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds of an item, known by any of ``names`` (lower case, only letters, digits and dots), in one of ``units``."""

    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    hours: float = 0.0
    zeros: bool = False  # a run of zeros means something (no rain) and is no fault
    noise: float = 0.0  # so far beyond a bound a value is the instrument's noise


@dataclass(frozen=True, slots=True)
class Bounds:
    """Values of ``field`` lie within the limit; in a long table within the limit of the row's item."""

    rule: str
    field: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates of ``field`` lie between the first and the last day."""

    rule: str
    field: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Order:
    """``earlier`` is not after ``later``."""

    rule: str
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Flat:
    """A value does not stay the same for the hours of its item's limit."""

    rule: str
    field: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """A row does not repeat every value of the row before it, ``periods`` times running."""

    rule: str
    periods: int
    values: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Medians of neighbouring spans are less than ``factor`` apart."""

    rule: str
    field: str
    factor: float
    days: int
    values: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """Values of ``fields`` stand in ``target`` of ``dataset``."""

    rule: str
    fields: tuple[str, ...]
    dataset: str
    target: tuple[str, ...]
    filled: bool = False  # an empty value is a hole too


class Areas(Protocol):
    """Knows counties: how far points lie outside the county they name; None where the name is not known."""

    def outside_m(self, places: list[tuple[float, float, str]]) -> list[float | None]:
        """Metres outside, 0.0 inside, for (lon, lat, county)."""
        ...


@dataclass(frozen=True, slots=True)
class Inside:
    """Points lie in their county, read from the start of ``county`` (a column of counties or addresses)."""

    rule: str
    lon: str
    lat: str
    county: str
    tolerance_m: float
    areas: Areas


@dataclass(frozen=True, slots=True)
class Total:
    """``parts`` add up to ``total`` (a column, or a number)."""

    rule: str
    parts: tuple[str, ...]
    total: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Band:
    """One input of an index: its column, its public name, and its steps (from, to, index from, index to) in whole units.

    A concentration times ``scale`` is cut to whole units (``cut``) or rounded; outside all steps it takes no part, above
    the last one ``beyond`` where that is a number. In a long table ``column`` is the item.
    """

    column: str
    name: str
    scale: float
    steps: tuple[tuple[float, float, float, float], ...]
    beyond: float | None = None
    needed: bool = True
    cut: bool = True


@dataclass(frozen=True, slots=True)
class Edition:
    """A table of an index and the first day on which it is in force."""

    name: str
    since: date
    bands: tuple[Band, ...]
    mean: bool = False  # the index is the mean of the points, not their maximum
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """A published index equals the one computed from its inputs; so do its pollutant and its class, where published."""

    rule: str
    field: str  # in a long table the item
    editions: tuple[Edition, ...]
    pollutant: str = ""
    status: str = ""
    classes: tuple[tuple[float, str], ...] = ()  # (upper bound, name)
    item: str = ""  # the column in which a long table names its items


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A rule that would apply but cannot be measured here, and why."""

    rule: str
    reason: Text
    remedy: Text


Check = Union[
    Misfit, Unique, SamePlace, Named, Gaps, Silence, Newest, Empty, Bounds, Dates, Order, Flat, Stale, Shift, Foreign,
    Inside, Total, Index, Unmeasured,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks of one dataset, and how its rows form series (None where they do not)."""

    checks: tuple[Check, ...]
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing seen: of which kind, how many rows or cells, facts by name, and the condition that selects the rows.

    ``part`` counts when the rows need more than one condition; ``rows`` is None where no condition selects them.
    """

    kind: str
    count: int
    facts: tuple[tuple[str, Value], ...] = ()
    rows: Where | None = None
    columns: tuple[str, ...] = ()
    part: tuple[int, int] = (1, 1)

    def fact(self, name: str) -> Value:
        """The fact called ``name``; None where there is none."""
        return dict(self.facts).get(name)


@dataclass(frozen=True, slots=True)
class Result:
    """What one check saw over how many rows; ``unmeasured`` says why it could not look."""

    check: Check
    hits: tuple[Hit, ...] = ()
    looked_at: int = 0
    unmeasured: tuple[Text, Text] | None = None


Kind = Literal["version", "staged"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The rows to judge: a version's files (or a staged one), its columns' names in them, and its quarantine."""

    record: DatasetRecord
    files: tuple[Path, ...]
    physical: tuple[tuple[str, str], ...]  # (public name, name in the files)
    rows: int
    created_at: str = ""
    quarantine: tuple[Path, ...] = ()
