"""Reads of requests: lists by state and clock, their figures, the grounds of refusal, how datasets were answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F, Q, QuerySet

from qingliu.catalog import queries as catalogue
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.participation.models import Ground, Request
from qingliu.participation.rules import replying
from qingliu.participation.rules.clock import HANDS, Tally, Times, clock, replies, tally
from qingliu.quality import queries as quality
from qingliu.quality.rules.seen import Feedback

CLOCKS = (*HANDS, "promise_overdue")
ABOUT_DATASETS = (Request.Kind.QUESTION, Request.Kind.ERROR)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list of requests is asked for; "" asks for everything. ``agency`` "-" = those still with the office."""

    kind: str = ""
    state: str = ""
    agency: str = ""
    dataset: str = ""
    clock: str = ""


def today() -> date:
    """The day in Taipei."""
    return now().astimezone(TAIPEI).date()


def reply_days() -> int:
    """Days within which a request is to be answered, by the edition of the mark rules in force."""
    return quality.edition().feedback_days


def requests(wish: Wish = Wish(), *, agencies: Sequence[str] | None = None) -> QuerySet[Request]:
    """Requests that fit every given word, newest first; ``agencies`` narrows to a desk (None = all)."""
    found = Request.objects.select_related("agency")
    if wish.kind:
        found = found.filter(kind=wish.kind)
    if wish.state:
        found = found.filter(state=wish.state)
    if wish.agency:
        found = found.filter(agency=None) if wish.agency == "-" else found.filter(agency__code=wish.agency)
    if wish.dataset:
        found = found.filter(dataset=wish.dataset)
    if wish.clock:
        found = found.filter(_at(wish.clock, reply_days(), today()))
    return found if agencies is None else found.filter(agency__code__in=agencies)


def _at(hand: str, days: int, day: date) -> Q:
    shown = Q(hidden_at=None)
    last = F("received_on") + timedelta(days=days)
    sides = {
        "in_time": Q(answered_on__lte=last),
        "late": Q(answered_on__gt=last),
        "running": Q(answered_on=None, received_on__gte=day - timedelta(days=days)),
        "overdue": Q(answered_on=None, received_on__lt=day - timedelta(days=days)),
        "promise_overdue": Q(promised_on__lt=day),
    }
    return shown & sides[hand] if hand in sides else Q(pk=None)


def request(number: str) -> Request:
    """The request of that number. Raises NotFound."""
    row = Request.objects.select_related("agency").filter(number=number).first()
    if row is None:
        raise NotFound(
            Text(f"沒有編號「{number[:20]}」的意見。", f"No request has the number '{number[:20]}'."),
            Text("請由意見清單尋找。", "Look for it in the list of requests."),
            parameter="number",
        )
    return row


def times(row: Request) -> Times:
    """What the clock needs to know of a request."""
    return Times(row.received_on, row.answered_on, row.promised_on, row.hidden_at is not None)


def figures(found: Iterable[Request]) -> Tally:
    """The figures of a list of requests as of today."""
    return tally(map(times, found), reply_days(), today())


def feedback(days: int, window: int) -> dict[str, Feedback]:
    """How questions and error reports on each dataset (by its code in capitals) were answered, as of today.

    A wish for data that are missing waits for the office first; it does not count against a dataset.
    """
    day = today()
    by_code: dict[str, list[Request]] = {}
    rows = Request.objects.filter(kind__in=ABOUT_DATASETS, received_on__gte=day - timedelta(days=window))
    for row in rows.only("dataset", "received_on", "answered_on", "promised_on", "hidden_at", "changed_at"):
        by_code.setdefault(row.dataset.upper(), []).append(row)
    told = {}
    for code, every in by_code.items():
        settled, late = replies(map(times, every), days, window, day)
        told[code] = Feedback(settled, late, max(_changed(row, days, day) for row in every))
    return told


def _changed(row: Request, days: int, day: date) -> datetime:
    """When the request last came to count otherwise: at a write, or at the midnight on which it became overdue."""
    at = clock(times(row), days, day)
    if at.hand != "overdue" or row.hidden_at is not None:
        return row.changed_at
    return max(row.changed_at, datetime.combine(at.due + timedelta(days=1), time.min, TAIPEI))


def grounds() -> dict[str, replying.Ground]:
    """The grounds of refusal in use, by code: those shipped, changed or retired or added to by the office."""
    own = {g.code: g for g in Ground.objects.all()}
    live = {g.code: g for g in replying.shipped() if g.code not in own}
    for row in own.values():
        if not row.retired:
            live[row.code] = replying.Ground(
                row.code, Text(row.article_zh, row.article_en), Text(row.says_zh, row.says_en)
            )
    return dict(sorted(live.items()))


def open_questions(dataset: str) -> QuerySet[Request]:
    """Questions and reports on a dataset that wait for an answer of its agency, oldest first."""
    found = Request.objects.filter(dataset=dataset, kind__in=ABOUT_DATASETS, answered_on=None, hidden_at=None)
    return found.order_by("received_at", "id")


def is_here(code: str) -> bool:
    """Whether a dataset of that code is published or listed here."""
    own = catalogue.datasets().filter(code=code, status="published")
    return own.exists() or catalogue.listed().filter(code=code).exists()
