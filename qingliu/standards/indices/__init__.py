"""Editions of official index tables (AQI, RPI) as data files beside this module, with effective day and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qingliu.core.dataset import Text

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Scale:
    """One pollutant of one edition. ``steps`` are (from, to, index from, index to) in the scale's unit.

    ``factor`` turns the published column into that unit; a concentration is cut to ``digits``. Outside its steps it
    takes no part, above the last one it gives ``beyond`` where that is a number. ``needed`` inputs may not be absent.
    """

    column: str
    name: Text
    factor: float
    digits: int
    steps: tuple[tuple[float, float, float, float], ...]
    beyond: float | None
    needed: bool

    @property
    def unit(self) -> float:
        """The smallest step of the concentration; a band starts one unit above the one before."""
        return float(10**-self.digits)


@dataclass(frozen=True, slots=True)
class AqiTable:
    """An edition of the air quality index."""

    name: str
    since: date
    reconstruction: bool
    source: Text
    scales: tuple[Scale, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """One item of the river index: the points 1, 3, 6 are reached at these values, otherwise 10."""

    item: str
    digits: int
    limits: tuple[float, float, float]
    at_least: bool  # more is better (DO)


@dataclass(frozen=True, slots=True)
class RpiTable:
    """An edition of the river pollution index."""

    name: str
    since: date
    reconstruction: bool
    source: Text
    items: tuple[Points, ...]


@cache
def _file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def classes(name: str) -> tuple[tuple[float, Text], ...]:
    """(upper bound, name) of an index's classes."""
    return tuple((float(c["upper"]), Text(c["zh"], c["en"])) for c in _file(name)["classes"])


def _scale(column: str, about: dict[str, Any], edition: dict[str, Any], indices: list[list[int]]) -> Scale:
    first, digits = about.get("first", 0), about["digits"]
    unit = 10.0**-digits
    low = float(edition.get("lower", {}).get(column, 0.0))
    steps = []
    for (index_low, index_high), high in zip(indices[first:], edition["upper"][column], strict=False):
        steps.append((low, float(high), float(index_low), float(index_high)))
        low = round(high + unit, digits)
    name = Text(about["zh"], about["en"])
    beyond = about.get("beyond")
    return Scale(column, name, float(about["scale"]), digits, tuple(steps), beyond, about.get("needed", True))


@cache
def aqi() -> tuple[AqiTable, ...]:
    """Every edition of the AQI, oldest first."""
    data = _file("aqi")
    return tuple(
        AqiTable(
            e["name"],
            date.fromisoformat(e["since"]),
            e["reconstruction"],
            Text(e["source"]["zh"], e["source"]["en"]),
            tuple(_scale(column, about, e, data["steps"]) for column, about in data["pollutants"].items()),
        )
        for e in data["editions"]
    )


@cache
def rpi() -> tuple[RpiTable, ...]:
    """Every edition of the RPI, oldest first."""
    return tuple(
        RpiTable(
            e["name"],
            date.fromisoformat(e["since"]),
            e["reconstruction"],
            Text(e["source"]["zh"], e["source"]["en"]),
            tuple(
                Points(item, a["digits"], tuple(a.get("at_least") or a["at_most"]), "at_least" in a)
                for item, a in e["items"].items()
            ),
        )
        for e in _file("rpi")["editions"]
    )
