"""Taiwan's air quality index by the edition in force on a day: the arithmetic on the tables of ``standards.indices``.

A concentration is cut (not rounded) to the stated digits before it is looked up. Units: PM μg/m³, O3 8 h ppm,
CO 8 h ppm, SO2 and NO2 ppb. Checked on real station-hours; see docs/reference/content-rules.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from qingliu.core.dataset import Text
from qingliu.standards import indices
from qingliu.standards.indices import Scale

CLASSES = indices.classes("aqi")
NEWEST = indices.aqi()[-1]
# Inputs without which there is no index; the hourly ozone and the daily SO2 only matter above their own band.
SCALES: Mapping[str, Scale] = {s.column: s for s in NEWEST.scales if s.needed}


def table_on(day: date) -> indices.AqiTable | None:
    """The edition in force on a day; None before the first."""
    return next((t for t in reversed(indices.aqi()) if t.since <= day), None)


def sub_index(pollutant: str, concentration: float, table: indices.AqiTable = NEWEST) -> int:
    """The sub-index of one pollutant at a concentration in its scale's unit; at most 500."""
    scale = next(s for s in table.scales if s.column == pollutant)
    cut = math.floor(concentration / scale.unit + 1e-6)  # in whole units, so that halves are exact
    for low, high, index_low, index_high in scale.steps:
        first, last = round(low / scale.unit), round(high / scale.unit)
        if cut <= last:
            return round((index_high - index_low) * (cut - first) / (last - first) + index_low)
    return 500 if scale.beyond is not None else int(scale.steps[-1][3])


@dataclass(frozen=True, slots=True)
class Index:
    """The index of an hour: its value, the indicator pollutant (empty when the air is good) and its class."""

    value: int
    pollutant: Text
    status: Text


def index_of(concentrations: Mapping[str, float | None]) -> Index | None:
    """The index from concentrations by key of SCALES; None where no pollutant has a value."""
    known = {name: sub_index(name, value) for name, value in concentrations.items() if value is not None}
    if not known:
        return None
    name = max(known, key=lambda k: known[k])
    value = known[name]
    status = next(text for limit, text in CLASSES if value <= limit)
    return Index(value, SCALES[name].name if value > 50 else Text("", ""), status)
