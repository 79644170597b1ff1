"""A caller's value as the type of a column: the only place where question texts are read as numbers and times."""

from __future__ import annotations

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import Scalar

_DATETIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d", "%Y-%m", "%Y/%m",
)  # fmt: skip


def _bad(field: FieldRecord, value: Scalar, wanted_zh: str, wanted_en: str, example: str) -> BadRequest:
    shown = str(value)[:60]
    return BadRequest(
        Text(
            f"欄位「{field.name}」是{wanted_zh}，不能與「{shown}」比較。",
            f"'{field.name}' is {wanted_en}; '{shown}' is not.",
        ),
        Text(f"例如：{example}。", f"Write it like {example}."),
        parameter=field.name,
    )


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Naive wall time in ``zone`` of an ISO 8601 or ``2024/01/01 00:00`` text; ValueError where it is neither."""
    text = text.strip()
    for fmt in _DATETIME_FORMATS:
        try:
            return datetime.strptime(text, fmt)  # noqa: DTZ007 - wall time of the dataset's zone on purpose
        except ValueError:
            continue
    return wall(datetime.fromisoformat(text.replace("/", "-")), zone)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """The wall time in ``zone``, naive, as the lake stores it."""
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def coerce(field: FieldRecord, value: Scalar, zone: ZoneInfo) -> Scalar:
    """``value`` in the column's type; raises BadRequest that names the column and shows an example."""
    if field.type == "string":
        return value if isinstance(value, str) else _plain(value)
    if field.type == "boolean":
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "false"}:
            return str(value).lower() == "true"
        raise _bad(field, value, "是非值", "true or false", "true")
    if field.type in {"integer", "number"}:
        return _number(field, value)
    return _moment(field, value, zone)


def _plain(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(field: FieldRecord, value: Scalar) -> Scalar:
    if isinstance(value, (bool, date)):
        raise _bad(field, value, "數值", "a number", "12.5")
    if isinstance(value, str):
        if not value.isascii() or value != value.strip() or "_" in value:
            raise _bad(field, value, "數值", "a number", "12.5")
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                raise _bad(field, value, "數值", "a number", "12.5") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _bad(field, value, "數值", "a finite number", "12.5")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _bad(field, value, "數值", "a number within 64 bits", "12.5")
    return value


def _moment(field: FieldRecord, value: Scalar, zone: ZoneInfo) -> Scalar:
    if isinstance(value, datetime):
        moment = wall(value, zone)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - wall time
    elif isinstance(value, str):
        try:
            moment = parse_moment(value, zone)
        except ValueError:
            raise _bad(field, value, "時間", "a time", "2025-12-31T23:00:00+08:00") from None
    else:
        raise _bad(field, value, "時間", "a time", "2025-12-31T23:00:00+08:00")
    if field.type == "date":
        return moment.date() if moment.time() == datetime.min.time() else moment
    return moment
