"""What is done with a request besides answering: dispatch and return, hide and show again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qingliu.accounts import queries as accounts
from qingliu.accounts.rules import Actor, may, require
from qingliu.audit import actions as audit
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict
from qingliu.participation import queries
from qingliu.participation.actions.publish import publish_note
from qingliu.participation.models import Request, Transfer

MOST_REASON = 500


def dispatch(*, number: str, agency: str, reason: str, by: Actor, at: datetime | None = None) -> Request:
    """Send an unanswered request to ``agency``; its own people may return it to the office (""), the office sends it on.

    Both agencies and the reason are kept and public. The clock runs on. ``at`` is for a
    demonstration, whose requests moved earlier.
    """
    row = queries.request(number)
    here = row.agency.code if row.agency else ""
    if agency or not (here and may(by, "answer", agency=here)):
        require(by, "dispatch")
    said = required(reason)
    target = accounts.agency(agency) if agency else None
    if row.answered_on is not None:
        raise Conflict(
            Text(f"意見 {number} 已回復。", f"Request {number} is answered."),
            Text("已回復的不再移轉。", "It moves no more."),
        )
    if (target.code if target else "") == here:
        raise Conflict(
            Text("意見已在這個機關。", "The request is there already."),
            Text("請選另一個機關。", "Choose another agency."),
        )
    with transaction.atomic():
        row.agency = target
        row.state = Request.State.OPEN if target else Request.State.WAITING
        row.changed_at = at or now()
        row.save(update_fields=["agency", "state", "changed_at"])
        goes = target.code if target else ""
        Transfer.objects.create(request=row, origin=here, target=goes, reason=said, at=row.changed_at, by=by.name)
        _told(row, "request.dispatched", by, {"from": here, "to": goes, "reason": said})
    return row


def hide(*, number: str, reason: str, by: Actor) -> Request:
    """Take the words of a request (abuse, somebody's private life) off the pages; its number and this reason stay."""
    require(by, "dispatch")
    return _shown(number, now(), required(reason), "request.hidden", by)


def show(*, number: str, reason: str, by: Actor) -> Request:
    """Put the words of a hidden request back."""
    require(by, "dispatch")
    return _shown(number, None, required(reason), "request.shown", by)


def _shown(number: str, at: datetime | None, reason: str, verb: str, by: Actor) -> Request:
    row = queries.request(number)
    if (row.hidden_at is None) == (at is None):
        raise Conflict(
            Text("這件意見已經是這個樣子。", "The request is that way already."),
            Text("不需再做。", "Nothing is to be done."),
        )
    with transaction.atomic():
        row.hidden_at, row.hidden_reason, row.changed_at = at, reason if at else "", now()
        row.save(update_fields=["hidden_at", "hidden_reason", "changed_at"])
        _told(row, verb, by, {"reason": reason})
    return row


def _told(row: Request, verb: str, by: Actor, detail: audit.Detail) -> None:
    agency = row.agency.code if row.agency else ""
    audit.record(by=by.name, verb=verb, kind="request", object_id=row.number, agency=agency, detail=detail)
    transaction.on_commit(lambda: publish_note(row.dataset))


def required(reason: str) -> str:
    """The reason, trimmed. Raises BadRequest where there is none or too much."""
    said = reason.strip()
    if not said or len(said) > MOST_REASON:
        raise BadRequest(
            Text(
                f"必須說明理由（{MOST_REASON} 字以內）。", f"A reason of at most {MOST_REASON} characters is required."
            ),
            Text("請寫明；理由會公開。", "Write it; it is published."),
            parameter="reason",
        )
    return said
