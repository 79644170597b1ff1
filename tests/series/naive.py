"""Series by hand: every rule of docs/reference/series.md in plain Python, sharing nothing with the package under test."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
ROLLING = {"roll4h": 4, "roll8h": 8, "roll12h": 12, "roll24h": 24}
JUDGED = {"avg", "sum", "min", "max", "median", "sd", "vdir", "vspeed"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One question about one column. ``fn`` as in the address: avg, p98, over…"""

    time: str
    value: str
    fn: str
    bucket: str
    groups: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # what tells series apart, time left out
    number: float = 0.0
    completeness: float = 0.75
    step: timedelta = HOUR
    own: str = "Asia/Taipei"
    zone: str = "Asia/Taipei"
    speed: str = ""
    gaps: bool = False


def instant(wall: datetime, zone: str) -> datetime:
    """A wall time as a moment of UTC."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def start(moment: datetime, bucket: str, zone: str) -> datetime:
    """The moment at which the bucket of a moment begins; of a rolling one, the hour itself."""
    local = moment.astimezone(ZoneInfo(zone))
    if bucket == "1h" or bucket in ROLLING:
        return moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if bucket == "1w":
        day -= timedelta(days=day.weekday())
    if bucket in {"1mo", "1y"}:
        day = day.replace(day=1)
    if bucket == "1y":
        day = day.replace(month=1)
    return instant(day, zone)


def after(begin: datetime, bucket: str, zone: str) -> datetime:
    """The moment at which the next bucket begins."""
    if bucket == "1h" or bucket in ROLLING:
        return begin + HOUR
    day = begin.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if bucket == "1d":
        return instant(day + timedelta(days=1), zone)
    if bucket == "1w":
        return instant(day + timedelta(days=7), zone)
    if bucket == "1mo":
        return instant(day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1), zone)
    return instant(day.replace(year=day.year + 1), zone)


def series(rows: Iterable[Row], asked: Asked) -> dict[tuple[Any, ...], tuple[Any, float, str | None]]:
    """(moment, groups…) → statistic, completeness, flag."""
    cells: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    owned = set()
    spans: dict[tuple[Any, ...], dict[tuple[Any, ...], list[datetime]]] = defaultdict(dict)
    for row in rows:
        group = tuple(row[g] for g in asked.groups)
        begin = start(instant(row[asked.time], asked.own), asked.bucket, asked.zone)
        owned.add((begin, *group))
        for shift in range(ROLLING.get(asked.bucket, 1)):
            at = begin + shift * HOUR
            cells[(at, *group)].append(row)
        span = spans[group].setdefault(tuple(row[k] for k in asked.keys), [begin, begin])
        span[0] = min(span[0], begin)
        span[1] = max(span[1], begin + (ROLLING.get(asked.bucket, 1) - 1) * HOUR)
    found = {}
    for key in sorted(owned, key=repr):
        due = sum(low <= key[0] <= high for low, high in spans[key[1:]].values()) * _expected(key[0], asked)
        found[key] = _statistic(cells[key], asked, due)
    if asked.gaps and found:
        begins, last = min(k[0] for k in found), max(k[0] for k in found)
        while begins <= last:
            for group in spans:
                empty = 0 if asked.fn in {"count", "valid", "over"} else None
                found.setdefault((begins, *group), (empty, 0.0, "no_data"))
            begins = after(begins, asked.bucket, asked.zone)
    return found


def _expected(begin: datetime, asked: Asked) -> float:
    hours = ROLLING.get(asked.bucket)
    length = hours * HOUR if hours else after(begin, asked.bucket, asked.zone) - begin
    return max(1.0, length / asked.step)


def _statistic(rows: list[Row], asked: Asked, due: float) -> tuple[Any, float, str | None]:
    if asked.fn in {"vdir", "vspeed"}:
        known = [(r[asked.value], r[asked.speed]) for r in rows]
        pairs = [(d, s) for d, s in known if d is not None and s is not None and 0 <= d <= 360 and s >= 0]
        valid, value = len(pairs), _vector(pairs, asked.fn)
    else:
        values = [r[asked.value] for r in rows if r[asked.value] is not None]
        if asked.speed and asked.fn == "avg":
            windy = [(d, 1.0) for r in rows if (d := r[asked.value]) is not None and r[asked.speed] != 0]
            valid, value = len(values), _vector(windy, "vdir")
        else:
            valid, value = len(values), _plain(values, asked)
    share = valid / due
    flag = "no_data" if valid == 0 else "incomplete" if share < asked.completeness - 1e-9 else None
    if (asked.fn in JUDGED or asked.fn[0] == "p") and share < asked.completeness - 1e-9:
        value = None
    return value, share, flag


def _vector(pairs: list[tuple[float, float]], fn: str) -> float | None:
    if not pairs:
        return None
    east = math.fsum(s * math.sin(math.radians(d)) for d, s in pairs)
    north = math.fsum(s * math.cos(math.radians(d)) for d, s in pairs)
    if fn == "vspeed":
        return math.hypot(east, north) / len(pairs)
    return math.degrees(math.atan2(east, north)) % 360 if math.hypot(east, north) > 1e-9 * len(pairs) else None


def _plain(values: list[float], asked: Asked) -> Any:
    if asked.fn == "valid":
        return len(values)
    if asked.fn == "over":
        return sum(v > asked.number for v in values)
    if not values:
        return None
    if asked.fn == "avg":
        return math.fsum(values) / len(values)
    if asked.fn == "sum":
        return math.fsum(values)
    if asked.fn in {"min", "max"}:
        return min(values) if asked.fn == "min" else max(values)
    if asked.fn == "sd":
        mean = math.fsum(values) / len(values)
        return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
    share = 0.5 if asked.fn == "median" else float(asked.fn[1:]) / 100
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
