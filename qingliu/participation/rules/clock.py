"""The clock of a request: calendar days of Asia/Taipei from the day it came in to the day of its first answer.

The number of days is ``feedback_days`` of the edition of the mark rules (facts: 14 days, the plan of 109; the binding
number was not found). The day of receipt does not count; the last day still does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

Hand = Literal["in_time", "late", "running", "overdue"]
HANDS: tuple[Hand, ...] = ("in_time", "late", "running", "overdue")


@dataclass(frozen=True, slots=True)
class Times:
    """What the clock needs to know of a request; dates are those of Asia/Taipei.

    ``promised`` is the date by which data were promised and are not there yet; ``hidden`` requests are owed no answer.
    """

    received: date
    answered: date | None = None
    promised: date | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the hand stands: answered in time or late after ``days``; running with ``days`` left; overdue by ``days``."""

    hand: Hand
    days: int
    due: date


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests of a list in figures: every request is in exactly one of the first five."""

    hidden: int
    in_time: int
    late: int
    running: int
    overdue: int
    median_days: float | None
    promises: int
    promises_overdue: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.hidden + self.in_time + self.late + self.running + self.overdue

    @property
    def answered(self) -> int:
        """Those that have an answer."""
        return self.in_time + self.late

    @property
    def share_in_time(self) -> float | None:
        """Per cent answered in time among those that are answered or overdue; None where none is."""
        settled = self.answered + self.overdue
        return round(100 * self.in_time / settled, 1) if settled else None


def due(received: date, days: int) -> date:
    """The last day on which an answer is in time."""
    return received + timedelta(days=days)


def clock(times: Times, days: int, today: date) -> Clock:
    """Where the clock of a request stands on ``today``."""
    last = due(times.received, days)
    if times.answered is not None:
        took = max(0, (times.answered - times.received).days)
        return Clock("in_time" if times.answered <= last else "late", took, last)
    left = (last - today).days
    return Clock("running", left, last) if left >= 0 else Clock("overdue", -left, last)


def promise_overdue(promised: date | None, today: date) -> int:
    """Days by which a promised date has passed; 0 while it has not."""
    return max(0, (today - promised).days) if promised else 0


def tally(every: Iterable[Times], days: int, today: date) -> Tally:
    """The figures of a list of requests."""
    hands = dict.fromkeys(HANDS, 0)
    took: list[int] = []
    hidden = promises = broken = 0
    for times in every:
        if times.hidden:
            hidden += 1
            continue
        at = clock(times, days, today)
        hands[at.hand] += 1
        if times.answered is not None:
            took.append(at.days)
        promises += times.promised is not None
        broken += promise_overdue(times.promised, today) > 0
    return Tally(
        hidden, **hands, median_days=median(took) if took else None, promises=promises, promises_overdue=broken
    )


def replies(every: Iterable[Times], days: int, window: int, today: date) -> tuple[int, int]:
    """(settled, late) of the requests received within ``window`` days, for the indicator 回復效率: answered or overdue,
    and how many of them answered late or not at all. What still has days left counts neither for nor against."""
    hands = [
        clock(t, days, today).hand for t in every if not t.hidden and (today - t.received).days <= window
    ]  # fmt: skip
    settled = [h for h in hands if h != "running"]
    return len(settled), sum(h in ("late", "overdue") for h in settled)
