"""A request comes in: checked, masked, counted, numbered, and sent to where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from qingliu.accounts.models import Agency
from qingliu.accounts.rules import ANONYMOUS, Actor
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import ROC_OFFSET, TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.participation.actions.publish import publish_note
from qingliu.participation.actions.senders import count
from qingliu.participation.models import Request
from qingliu.participation.rules import showing, words


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the caller's address (hashed with the day's salt, never kept) and the form's own id."""

    address: str
    form: str
    at: datetime | None = None  # a demonstration's requests came in earlier
    simulated: bool = False


def submit(*, asked: words.Asked, origin: Origin, by: Actor = ANONYMOUS) -> Request:
    """Take a request in. The same form again gives the request that it made.

    A question or report goes to the dataset's agency, a wish for data to the office. Raises BadRequest for words that
    cannot be taken, TooMany for too many of one sender.
    """
    asked = words.checked(asked)
    code, agency = _about(asked)
    moment = origin.at or now()
    day = moment.astimezone(TAIPEI).date()
    shown = showing.shown(asked)
    at_agency = asked.kind != "data"
    with transaction.atomic():
        known = Request.objects.filter(form=origin.form).first()
        if known is not None:
            return known
        if not origin.simulated:
            of = settings.QINGLIU
            count(origin.address, day, per_sender=of.requests_per_sender, per_portal=of.requests_per_day)
        row = Request.objects.create(
            number=_number(day), kind=asked.kind, dataset=code, agency=agency if at_agency else None,
            state=Request.State.OPEN if at_agency else Request.State.WAITING,
            title=asked.title, text=asked.text, field=asked.field, keyword=asked.keyword,
            author=asked.author, email=asked.email,
            shown_title=shown.title, shown_text=shown.text, shown_author=shown.author, shown_field=shown.field,
            shown_keyword=shown.keyword,
            form=origin.form, received_at=moment, received_on=day, changed_at=moment, simulated=origin.simulated,
        )  # fmt: skip
        audit.record(
            by=by.name, verb="request.received", kind="request", object_id=row.number,
            agency=row.agency.code if row.agency else "", detail={"kind": row.kind, "dataset": code},
        )  # fmt: skip
        transaction.on_commit(lambda: publish_note(code))
    return row


def _about(asked: words.Asked) -> tuple[str, Agency | None]:
    """(code as it is written, agency) of the dataset or listed entry; what is held or withdrawn is no dataset here."""
    if not asked.dataset:
        return "", None
    row = catalogue.datasets().filter(code=asked.dataset).exclude(status="withdrawn").first()
    if row is not None:
        return row.code, row.agency
    line = catalogue.listed().filter(code=asked.dataset).first()
    if line is None:
        raise words.wrong(
            "dataset",
            Text(f"「{asked.dataset}」不存在。", f"'{asked.dataset}' does not exist."),
            Text("請由資料集的頁面提問，或把這一欄留空。", "Ask from a dataset's page, or leave this empty."),
        )
    return line.code, line.agency


def _number(day: date) -> str:
    """The next number of the ROC year; the transaction holds the write lock, so that no two are the same."""
    year = day.year - ROC_OFFSET
    mine = Request.objects.filter(number__startswith=f"{year}-").values_list("number", flat=True)
    newest = max((int(n.partition("-")[2]) for n in mine), default=0)
    if newest >= 999_999:
        raise BadRequest(
            Text("今年的編號已用完。", "This year's numbers are used up."), Text("請聯絡平臺。", "Ask the portal.")
        )
    return f"{year}-{newest + 1:04}"
