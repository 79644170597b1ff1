"""What a dataset promises of its measured series: how often a value comes, what is measured, what tells series apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, FieldRecord, Wind
from qingliu.lake.query import And, Compare, In, Query, Scalar, Where

NUMERIC = frozenset({"integer", "number"})
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DURATION = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?")


@dataclass(frozen=True, slots=True)
class Step:
    """The time from one value of a series to the next: seconds, or months of the calendar."""

    seconds: int = 0
    months: int = 0


def step(record: DatasetRecord) -> Step | None:
    """The promised step: that of the content rules where one is declared, else the frequency.

    None where rows are no series in time (the time is no part of the key) or nothing is promised: then nobody can say
    how many values a bucket should hold.
    """
    if not record.time_field or record.time_field not in record.key:
        return None
    for rule in ("completeness", "outage"):
        for check in record.checks:
            seconds = _duration(check.option("step")) if check.rule == rule else 0
            if seconds:
                return Step(seconds)
    every, unit = record.frequency.every, record.frequency.unit
    if every > 0 and unit in _SECONDS:
        return Step(every * _SECONDS[unit])
    return Step(0, every * _MONTHS[unit]) if every > 0 and unit in _MONTHS else None


def is_promised(record: DatasetRecord) -> bool:
    """Whether a dataset promises how often a value comes."""
    return step(record) is not None


def _duration(text: str) -> int:
    found = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(p or 0) for p in found.groups()) if found else (0, 0, 0, 0)
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds


def is_measured(record: DatasetRecord, field: FieldRecord) -> bool:
    """Whether a column holds what is measured: a number that is no part of the key, no place and no domain code."""
    place = {record.place.lon, record.place.lat} if record.place else set()
    known = field.name in record.key or field.name in place
    return field.type in NUMERIC and not known and field.role in {"", "value"}


def with_role(record: DatasetRecord, role: str) -> FieldRecord | None:
    """The column of that role, or None."""
    return next((f for f in record.fields if f.role == role), None)


def is_long(record: DatasetRecord) -> bool:
    """Whether one column holds the values of many items."""
    return with_role(record, "value") is not None and with_role(record, "item") is not None


def wind_of(record: DatasetRecord, name: str) -> Wind | None:
    """The declared pair that a column of a wide table (or an item of a long one) belongs to."""
    return next((w for w in record.wind if name in {w.direction, w.speed}), None)


def pinned(where: Where | None) -> dict[str, tuple[Scalar, ...]]:
    """Columns that every matching row holds one of these values in, by the AND-ed comparisons."""
    match where:
        case And(items):
            found: dict[str, tuple[Scalar, ...]] = {}
            for item in items:
                for name, values in pinned(item).items():
                    if name not in found or len(values) < len(found[name]):
                        found[name] = values
            return found
        case Compare(field, "eq", value):
            return {field: (value,)}
        case In(field, values) if values:
            return {field: tuple(dict.fromkeys(values))}
    return {}


def told_apart(query: Query, record: DatasetRecord) -> tuple[str, ...]:
    """The key columns that tell series apart and that neither groups nor conditions of a question fix."""
    fixed = {n for n, values in pinned(query.where).items() if len(values) == 1}
    known = {*query.group, *fixed, record.time_field}
    return tuple(n for n in record.key if n not in known)
