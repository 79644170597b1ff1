"""Where and when a dataset's rows lie, found out once for each version."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qingliu.core.clock import iso
from qingliu.core.errors import Damaged, Gone, TooDear
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Aggregate, Query, Within

KEPT = 2000
_GLOBE = Within(-180.0, -90.0, 180.0, 90.0)  # a place beyond is a mistake in the data, and no extent


@dataclass(frozen=True, slots=True)
class Extent:
    """``box`` is west, south, east, north in degrees; ``first`` and ``last`` are moments in UTC. None = unknown."""

    box: tuple[float, float, float, float] | None = None
    first: str | None = None
    last: str | None = None


class Extents:
    """Extents by version; safe for many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[str, Extent] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, entry: Entry) -> Extent:
        """The extent of a dataset's current rows; unknown where finding it out would take too long."""
        place, time = entry.record.place, entry.record.time_field
        if place is None:
            return Extent()
        sides = tuple(Aggregate(fn, name) for fn, name in _sides(place.lon, place.lat))
        when: Mapping[str, Any] = {}
        try:
            plan = self._engine.open(Query(entry.code, where=_GLOBE, aggregates=sides))
            known = self._known(plan.etag)
            if known is not None:
                return known
            found = self._engine.rows(plan)[0]
            if time and any(c.name == time for c in plan.version.columns):
                ends = (Aggregate("min", time), Aggregate("max", time))
                when = self._engine.rows(self._engine.open(Query(entry.code, aggregates=ends)))[0]
        except (TooDear, Damaged, Gone):  # a list of collections must not fall over one of them
            return Extent()
        numbers = [found[a.name] for a in sides]
        box = None if None in numbers else tuple(float(n) for n in numbers)
        extent = Extent(box, _moment(when.get(f"min_{time}")), _moment(when.get(f"max_{time}")))  # type: ignore[arg-type]
        with self._lock:
            self._kept[plan.etag] = extent
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return extent

    def _known(self, etag: str) -> Extent | None:
        with self._lock:
            return self._kept.get(etag)


def _sides(lon: str, lat: str) -> tuple[tuple[Any, str], ...]:
    return ("min", lon), ("min", lat), ("max", lon), ("max", lat)


def _moment(value: object) -> str | None:
    if isinstance(value, datetime):
        return iso(value)
    return f"{value.isoformat()}T00:00:00Z" if isinstance(value, date) else None
