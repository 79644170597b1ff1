"""Time: the one place that reads the clock and the one place that knows ROC years."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
ROC_OFFSET = 1911  # 民國 1 年 = 1912
_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """``2026-11-23T04:05:06.789Z`` of an aware moment."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration_s(text: str) -> int:
    """Seconds of an ISO 8601 duration of days, hours, minutes and seconds; ValueError where it is none."""
    match = _DURATION.match(text)
    if not match or not any(match.groups()):
        raise ValueError(f"not a duration such as PT1H or P1D: {text!r}")
    days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    return int(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds())


def roc_year(day: date) -> int:
    """The ROC year of a date; years before 1912 are negative or zero and mean 民國前."""
    return day.year - ROC_OFFSET


def roc_date(day: date) -> str:
    """``民國115年11月23日``."""
    return f"民國{roc_year(day)}年{day.month}月{day.day}日"
