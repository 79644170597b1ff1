"""What a dataset's people should be told of: is it late, has it anybody. Pure functions; the moment is passed in."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from qingliu.core.dataset import Contact, Frequency, Text

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_GRACE_SHARE = 4  # a quarter of the promised span
_GRACE_LEAST = timedelta(minutes=10)
_GRACE_MOST = timedelta(days=7)


def next_due(last: datetime, every: Frequency) -> datetime | None:
    """When the next version is promised after one of ``last``; None where nothing is promised."""
    if every.unit in _SECONDS:
        return last + timedelta(seconds=_SECONDS[every.unit] * max(1, every.every))
    if every.unit in _MONTHS:
        months = last.month - 1 + _MONTHS[every.unit] * max(1, every.every)
        year, month = last.year + months // 12, months % 12 + 1
        return last.replace(year=year, month=month, day=min(last.day, calendar.monthrange(year, month)[1]))
    return None


def late_since(last: datetime, every: Frequency, now: datetime) -> datetime | None:
    """The promised moment that has passed with its grace (a quarter of the span, ten minutes to a week); None while kept."""
    due = next_due(last, every)
    if due is None:
        return None
    grace = min(max((due - last) / _GRACE_SHARE, _GRACE_LEAST), _GRACE_MOST)
    return due if now > due + grace else None


def without_people(contacts: Sequence[Contact], today: date, accounts: int) -> Text | None:
    """Why nobody answers for a dataset today: its named people's time is over, or its agency has nobody at the desk."""
    named = [c for c in contacts if c.role in ("steward", "deputy")]
    living = [
        c for c in named if (not c.valid_from or c.valid_from <= today) and (not c.valid_to or today <= c.valid_to)
    ]
    if named and not living:
        return Text("登載的管理者與代理人任期都已屆滿。", "The time of its named steward and deputy is over.")
    if not accounts:
        return Text("機關沒有在職的承辦或核定帳號。", "The agency has no active steward or approver account.")
    return None
