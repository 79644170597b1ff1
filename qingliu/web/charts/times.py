"""Wall time on an axis: ticks at hours, days, months and years that readers know, told in their language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta

_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001  wall time, of no zone
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HOURS = (1, 2, 3, 6, 12)
_DAYS = (1, 2, 3, 5, 7, 14)
_MONTH_STEPS = (1, 2, 3, 6)
_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
ROC = 1911


def seconds(moment: datetime) -> float:
    """A wall time as a number."""
    return (moment.replace(tzinfo=None) - _EPOCH).total_seconds()


def of_seconds(value: float) -> datetime:
    """The wall time of a number that ``seconds`` gave."""
    return _EPOCH + timedelta(seconds=value)


def year_told(year: int, lang: str) -> str:
    """A year: in Chinese with the year of the Republic where there is one."""
    return f"{year}（{year - ROC}年）" if lang == "zh" and year > ROC else str(year)


def day_told(day: date, lang: str) -> str:
    """A day as every page of the portal writes it."""
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def moment_told(moment: datetime, bucket: str) -> str:
    """A bucket's time: no finer than the bucket."""
    if bucket == "1y":
        return f"{moment.year:04d}"
    if bucket == "1mo":
        return f"{moment.year:04d}-{moment.month:02d}"
    plain = day_told(moment, "")
    return plain if bucket in {"1d", "1w"} else f"{plain} {moment.hour:02d}:{moment.minute:02d}"


def month_told(month: int, lang: str) -> str:
    """A month's name."""
    return f"{month}月" if lang == "zh" else _MONTHS[month - 1]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place in time with what stands under it; ``below`` is the second line, only where it changes."""

    at: datetime
    label: str
    below: str = ""


def ticks(low: datetime, high: datetime, most: int, lang: str) -> tuple[Tick, ...]:
    """At most ``most`` ticks within low…high, at round moments; never none where low ≤ high."""
    low, high = low.replace(tzinfo=None), high.replace(tzinfo=None)
    most = max(2, most)
    for kind, step in _steps():
        size = {"hour": 3600, "day": 86_400, "month": 2_629_746, "year": 31_556_952}[kind] * step
        if (high - low).total_seconds() / size > most + 1:
            continue
        found = [m for m in _round(low, high, kind, step) if low <= m <= high]
        if len(found) <= most:
            return _told(found or [low], kind if found else "day", lang)
    return _told([low], "year", lang)


def _steps() -> Iterator[tuple[str, int]]:
    yield from (("hour", h) for h in _HOURS)
    yield from (("day", d) for d in _DAYS)
    yield from (("month", m) for m in _MONTH_STEPS)
    yield from (("year", y) for y in _YEARS)


def _round(low: datetime, high: datetime, kind: str, step: int) -> Iterator[datetime]:
    if kind in {"hour", "day"}:
        day = datetime(low.year, low.month, low.day)  # noqa: DTZ001
        back = day.weekday() if step == 7 else day.toordinal() % step if kind == "day" else 0
        at = day - timedelta(days=min(back, day.toordinal() - 1))
        width = timedelta(hours=step) if kind == "hour" else timedelta(days=step)
        while at <= high:
            yield at
            if at > datetime.max - width:  # noqa: DTZ901
                return
            at += width
        return
    year, month = (low.year, (low.month - 1) // step * step + 1) if kind == "month" else (low.year // step * step, 1)
    while year <= min(high.year, MAXYEAR):
        if year >= 1:
            yield datetime(year, month, 1)  # noqa: DTZ001
        month += step if kind == "month" else 0
        year += step if kind == "year" else 1 if month > 12 else 0
        month = 1 if month > 12 else month


def _told(found: list[datetime], kind: str, lang: str) -> tuple[Tick, ...]:
    made: list[Tick] = []
    before = ""
    for at in found:
        if kind == "hour":
            label, below = f"{at.hour:02d}:00", _month_day(at, lang)
        elif kind == "day":
            label, below = _month_day(at, lang), year_told(at.year, lang)
        elif kind == "month":
            label, below = month_told(at.month, lang), year_told(at.year, lang)
        else:
            label, below = str(at.year), f"{at.year - ROC}年" if lang == "zh" and at.year > ROC else ""
        made.append(Tick(at, label, below if below != before else ""))
        before = below
    return tuple(made)


def _month_day(at: datetime, lang: str) -> str:
    return f"{at.month}/{at.day}" if lang == "zh" else f"{at.day} {_MONTHS[at.month - 1]}"
