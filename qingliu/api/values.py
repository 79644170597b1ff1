"""Texts in an address to typed values of a column: shared by the dialects, strict, and never guessing.

Moments become naive wall time of the dataset's zone, as the lake's columns hold them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import Scalar

MAX_COUNT = 2**63 - 1
_COUNT = re.compile(r"[0-9]{1,19}", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_MOMENT = re.compile(
    r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(Z|[+\- ][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_LAST_DAY = datetime(9999, 12, 31)  # noqa: DTZ001
_TRUE = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as naive wall time of a zone; ``whole_day`` where only a date was written."""

    at: datetime
    whole_day: bool

    @property
    def after(self) -> datetime:
        """The first moment after it: the next midnight of a whole day (the end of time after the last), else itself."""
        if not self.whole_day:
            return self.at
        return self.at + timedelta(days=1) if self.at < _LAST_DAY else datetime.max  # noqa: DTZ901  wall time


def shown(text: str) -> str:
    """A caller's text, short enough to be told back."""
    return text if len(text) <= 80 else text[:80] + "…"


def count(text: str, parameter: str) -> int:
    """A whole number from 0 to 2^63-1 in ASCII digits alone (no sign, space, exponent or full-width digit)."""
    if _COUNT.fullmatch(text) and int(text) <= MAX_COUNT:
        return int(text)
    raise BadRequest(
        Text(
            f"參數 {parameter} 的值「{shown(text)}」不是可用的整數。",
            f"{parameter}={shown(text)!r} is no usable whole number.",
        ),
        Text("請用半形數字寫 0 到 9223372036854775807 之間的整數。", "Write plain digits, 0 to 9223372036854775807."),
        parameter=parameter,
    )


def moment(text: str, timezone: str, parameter: str) -> Moment:
    """A date or date-time (``2024-01-01``, ``2024/01/01 00:00``, ``2024-01-01T00:00:00+08:00``) as wall time of ``timezone``.

    Without an offset it already is wall time. A ``+`` that an address turned into a space is understood.
    """
    match = _MOMENT.fullmatch(text)
    if match:
        year, _, month, day, hour, minute, second, fraction, offset = match.groups()
        try:
            at = datetime(int(year), int(month), int(day))  # noqa: DTZ001  wall time of the dataset's zone
            if hour is None:
                return Moment(at, True)
            at = at.replace(
                hour=int(hour),
                minute=int(minute),
                second=int(second or 0),
                microsecond=int((fraction or "").ljust(6, "0")),
            )
            return Moment(_to_wall(at, offset, timezone) if offset else at, False)
        except (ValueError, OverflowError):
            pass
    raise BadRequest(
        Text(
            f"參數 {parameter} 的「{shown(text)}」不是日期時間。", f"{shown(text)!r} in {parameter} is no date or time."
        ),
        Text(
            "請寫成 2024-01-01、2024-01-01 08:00:00 或 2024-01-01T08:00:00+08:00。",
            "Write 2024-01-01, 2024-01-01 08:00:00 or 2024-01-01T08:00:00+08:00.",
        ),
        parameter=parameter,
    )


def _to_wall(at: datetime, offset: str, timezone: str) -> datetime:
    if offset in {"Z", "z"}:
        aware = at.replace(tzinfo=UTC)
    else:
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        if hours > 23 or minutes > 59:
            raise ValueError(offset)
        shift = timedelta(hours=hours, minutes=minutes)
        aware = (at + shift if offset[0] == "-" else at - shift).replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def read(field: FieldRecord, text: str, timezone: str, parameter: str) -> Scalar:
    """``text`` as a value of the column's type; BadRequest naming parameter, column and type where it is none."""
    if field.type == "string":
        return text
    if field.type == "boolean" and text.lower() in _TRUE:
        return _TRUE[text.lower()]
    if field.type == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if field.type in {"integer", "number"} and _NUMBER.fullmatch(text) and abs(float(text)) != float("inf"):
        return float(text)
    if field.type == "datetime":
        return moment(text, timezone, parameter).at
    if field.type == "date":
        return day(text, timezone, parameter)
    raise mistyped(field, text, parameter)


def day(text: str, timezone: str, parameter: str) -> date:
    """The day of a date or of a moment at midnight; BadRequest where a time of day would be lost."""
    found = moment(text, timezone, parameter)
    if not found.whole_day and found.at.time() != datetime.min.time():
        raise BadRequest(
            Text(
                f"參數 {parameter} 的欄位只有日期，「{shown(text)}」帶了時間。",
                f"{shown(text)!r} in {parameter}: the column holds dates.",
            ),
            Text("請只寫日期，例如 2024-01-01。", "Write a date alone, such as 2024-01-01."),
            parameter=parameter,
        )
    return found.at.date()


def mistyped(field: FieldRecord, text: str, parameter: str) -> BadRequest:
    """The error for a value that does not fit a column's type."""
    zh = {
        "integer": "整數",
        "number": "數字",
        "boolean": "true 或 false",
        "date": "日期",
        "datetime": "日期時間",
        "string": "文字",
    }
    return BadRequest(
        Text(
            f"欄位「{field.name}」是{zh[field.type]}，不能和「{shown(text)}」比較。",
            f"Field '{field.name}' is {field.type}; {shown(text)!r} is none.",
        ),
        Text(f"請寫一個{zh[field.type]}。", f"Write a value of type {field.type}."),
        parameter=parameter,
    )
