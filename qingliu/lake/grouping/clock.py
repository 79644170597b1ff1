"""Time buckets: calendar hours, days, weeks, months and years of a zone, and rolling windows, as SQL.

The lake holds wall time of the dataset's zone. Where neither zone changes its offset a bucket is plain arithmetic; otherwise
moments go through the zone's rules, hours are told apart as moments (the hour that autumn repeats is two), and a day may
have 23 or 25 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.grouping.measured import Step
from qingliu.lake.names import literal
from qingliu.lake.query import Query

UNITS = {"1h": "hour", "1d": "day", "1w": "week", "1mo": "month", "1y": "year"}
ROLLING = {"roll4h": 4, "roll8h": 8, "roll12h": 12, "roll24h": 24}
BUCKETS = (*UNITS, *ROLLING)
_MONTHS = {"month": 1, "year": 12}


@lru_cache(maxsize=200)
def _offset_s(zone: ZoneInfo) -> int | None:
    """Seconds east of Greenwich of a zone without daylight time today; None for one with it."""
    offsets = {datetime(2026, m, 1, tzinfo=UTC).astimezone(zone).utcoffset() for m in range(1, 13)}
    only = offsets.pop() if len(offsets) == 1 else None
    return None if only is None else int(only.total_seconds())


@dataclass(frozen=True, slots=True)
class Clock:
    """SQL of one kind of bucket. Keys are wall time, but moments in UTC for hours of a zone with daylight time."""

    bucket: str
    own: str  # zone of the stored wall time
    zone: str  # zone of the buckets
    shift_s: int | None  # what wall time moves by between them; None: by the zones' rules
    offset: str  # of the answer's moments, e.g. +08:00; "" where it changes

    @property
    def rolling(self) -> int:
        """Hours of the window, 0 for calendar buckets."""
        return ROLLING.get(self.bucket, 0)

    @property
    def unit(self) -> str:
        """The calendar unit that keys stand at; rolling windows end at an hour."""
        return UNITS.get(self.bucket, "hour")

    @property
    def plain(self) -> bool:
        """Whether an answer's ``time`` is the dataset's own wall time, without daylight time."""
        return self.shift_s == 0

    def key(self, moment: str, unit: str = "") -> str:
        """The bucket that a stored moment lies in."""
        unit = unit or self.unit
        if self.shift_s is None:
            utc = f"timezone({literal(self.own)}, CAST({moment} AS TIMESTAMP))"
            local = f"timezone({literal(self.zone)}, {utc})"
            if unit != "hour":
                return f"CAST(date_trunc('{unit}', {local}) AS TIMESTAMP)"
            return f"(timezone('UTC', {utc}) - ({local} - date_trunc('hour', {local})))"
        local = f"({moment} + INTERVAL ({self.shift_s}) SECOND)" if self.shift_s else moment
        if unit == "day":
            return f"CAST({local} AS DATE)"
        return f"CAST(date_trunc('{unit}', {local}) AS TIMESTAMP)"

    def coarse(self, day: str) -> str:
        """The bucket of a day."""
        return f"CAST(date_trunc('{self.unit}', {day}) AS TIMESTAMP)"

    def _instant(self, key: str) -> str:
        """A key as wall time of UTC."""
        if self.unit == "hour":
            return key
        return f"timezone('UTC', timezone({literal(self.zone)}, CAST({key} AS TIMESTAMP)))"

    def expected(self, key: str, step: Step) -> str:
        """How many values of one series a bucket should hold, at least 1."""
        if step.months:
            return f"{max(1, _MONTHS.get(self.unit, 0) // step.months)}"
        fixed = {"hour": 3600 * (self.rolling or 1), "day": 86_400, "week": 604_800}.get(self.unit)
        if fixed and (self.shift_s is not None or self.unit == "hour"):
            return f"{max(1.0, fixed / step.seconds)!r}::DOUBLE"
        after = f"({key} + INTERVAL 1 {self.unit})"
        ends = (self._instant(after), self._instant(key)) if self.shift_s is None else (after, key)
        seconds = f"(epoch(CAST({ends[0]} AS TIMESTAMP)) - epoch(CAST({ends[1]} AS TIMESTAMP)))"
        return f"greatest(1.0, {seconds} / {step.seconds})"

    def time(self, key: str) -> str:
        """The answer's ``time``: a TIMESTAMP of wall time where ``plain``, else ISO 8601 text with its offset."""
        if self.plain:
            return f"CAST({key} AS TIMESTAMP)"
        if self.shift_s is not None:
            return f"strftime(CAST({key} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S') || {literal(self.offset)}"
        instant = self._instant(key)
        local = f"timezone({literal(self.zone)}, timezone('UTC', {instant}))"
        minutes = f"CAST(round((epoch({local}) - epoch({instant})) / 60) AS BIGINT)"
        return (
            f"strftime({local}, '%Y-%m-%dT%H:%M:%S') || CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END || "
            f"printf('%02d:%02d', abs({minutes}) // 60, abs({minutes}) % 60)"
        )


def clock(record: DatasetRecord, bucket: str, zone: str) -> Clock:
    """The clock of a question; ``zone`` "" is the dataset's own."""
    named = zone or record.timezone
    own, wanted = _offset_s(ZoneInfo(record.timezone)), _offset_s(ZoneInfo(named))
    shift = wanted - own if own is not None and wanted is not None else None
    return Clock(bucket, record.timezone, named, shift, "" if wanted is None else _offset_text(wanted))


def offset(query: Query, record: DatasetRecord) -> str:
    """The offset of an answer's moments, such as +08:00; "" where it changes with the seasons."""
    return clock(record, query.bucket, query.rules.timezone if query.rules else "").offset


def _offset_text(seconds: int) -> str:
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
