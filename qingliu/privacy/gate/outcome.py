"""What a row comes to at the gate: cells in a lesser form, and what was found that no rule speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qingliu.privacy.rules import Kind

Value = str | float | None
Row = Mapping[str, Value]
NAMES, ADDRESSES, COORDINATES, TEXT = "names", "addresses", "coordinates", "text"


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell as it may be shown; None = withheld whole. ``category`` is for counting."""

    value: Value
    category: str


@dataclass(slots=True)
class Judged:
    """The outcome for one row. ``open`` are (column, kind) of personal data that no rule speaks of."""

    cells: dict[str, Changed] = field(default_factory=dict)
    open: list[tuple[str, Kind]] = field(default_factory=list)
    restricted: bool = False
    person: bool = False
    undecided: bool = False  # a restricted site, and no approved rule for such
