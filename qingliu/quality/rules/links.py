"""When an address outside counts as failed: not at its first failure, only after several at different times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qingliu.core.dataset import Text
from qingliu.quality.rules.editions import Edition

SOON = timedelta(hours=6)  # a failing address is looked at again this soon, doubled up to the ordinary interval
CLOSE = timedelta(hours=1)  # failures nearer than this to the last count as the same one


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier checks of an address have left."""

    failures: int = 0
    failing_since: datetime | None = None
    checked_at: datetime | None = None
    good_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a further check leaves: the record, when to look again, and whether the failing is now certain."""

    record: Record
    due_at: datetime
    failed: bool


def settle(before: Record, ok: bool, edition: Edition, now: datetime) -> Settled:
    """The state after one more look."""
    usual = timedelta(hours=edition.recheck_hours)
    if ok:
        return Settled(Record(0, None, now, now), now + usual, False)
    since = before.failing_since or now
    again = before.failures == 0 or before.checked_at is None or now - before.checked_at >= CLOSE
    failures = before.failures + 1 if again else before.failures
    record = Record(failures, since, now if again else before.checked_at, before.good_at)
    certain = failures >= edition.link_failures and now - since >= timedelta(hours=edition.link_failing_hours)
    return Settled(record, now + min(usual, SOON * 2 ** min(max(0, failures - 1), 8)), certain)


def waiting(record: Record, edition: Edition) -> Text:
    """Why an address that did not answer is not yet said to have failed."""
    return Text(
        f"連續 {record.failures} 次沒有正常回應，尚未達 {edition.link_failures} 次且相隔 {edition.link_failing_hours:g} 小時，"
        "暫不判定失效。",
        f"{record.failures} failure(s) in a row; it counts as failed after {edition.link_failures} over "
        f"{edition.link_failing_hours:g} h, so nothing is said yet.",
    )
