"""The restricted list: brought by one person, approved by another, read by named roles only, each time on the record.

Nothing that is written down here (rows, audit, errors, events) holds a site, only how many there are.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from qingliu.accounts.rules import Actor, require, same_person
from qingliu.audit import actions as audit
from qingliu.core import events
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Forbidden, NotFound
from qingliu.privacy import queries, vault
from qingliu.privacy.gate.policy import State
from qingliu.privacy.gate.restricted import Site, read_sites
from qingliu.privacy.models import ListEdition


def import_list(*, text: str, basis: str, review_on: date, by: Actor) -> ListEdition:
    """Take a CSV as the next edition of the whole list; it acts once another person approves it."""
    require(by, "restricted")
    found = read_sites(text)
    today = now().astimezone(TAIPEI).date()
    if not basis.strip() or review_on <= today:
        raise BadRequest(
            Text("必須註明法律依據與未來的複查日。", "A legal basis and a review date ahead are required."),
            Text("請以 --basis 與 --review-on 指定。", "Give them with --basis and --review-on."),
            parameter="basis",
        )
    with transaction.atomic():
        last = ListEdition.objects.order_by("-number").first()
        number = last.number + 1 if last else 1
        digest = vault.seal(queries.paths(), number, found)
        row = ListEdition.objects.create(
            number=number, sites=len(found), digest=digest, basis=basis, made_by=by.name, made_at=now(),
            review_on=review_on,
        )  # fmt: skip
        _told(row, "restricted.imported", by)
    return row


def decide_list(*, number: int, approve: bool, by: Actor) -> ListEdition:
    """Approve or reject an edition that waits. Raises Forbidden for whoever brought it."""
    require(by, "restricted")
    row = ListEdition.objects.filter(number=number, state=State.DRAFT).first()
    if row is None:
        raise NotFound(
            Text(f"沒有待核可的第 {number} 版限制名單。", f"No edition {number} of the restricted list is waiting."),
            Text("以 qingliu privacy restricted editions 查看。", "See: qingliu privacy restricted editions."),
            parameter="number",
        )
    if same_person(row.made_by, by.name):
        raise Forbidden(
            Text("匯入名單的人不能自行核可。", "Whoever brought the list may not approve it."),
            Text("請另一位有權限的人核可。", "Let another person approve it."),
        )
    vault.unseal(queries.paths(), row.number, row.digest)  # a list that cannot be read is not made to act
    with transaction.atomic():
        row.state = State.APPROVED if approve else State.REJECTED
        row.decided_by, row.decided_at = by.name, now()
        row.save()
        _told(row, "restricted.approved" if approve else "restricted.rejected", by)
        gone = [row.number] if not approve else [e.number for e in ListEdition.objects.filter(number__lt=number)]
        transaction.on_commit(lambda: _settle(gone, approved=approve))
    return row


def read_list(*, number: int, by: Actor) -> tuple[Site, ...]:
    """The sites of an edition, for somebody who may; that they looked is written down."""
    found = queries.sites(number=number, by=by)
    with transaction.atomic():
        audit.record(
            by=by.name, verb="restricted.read", kind="restricted-list", object_id=str(number),
            detail={"sites": len(found)},
        )  # fmt: skip
    return found


def _settle(gone: list[int], *, approved: bool) -> None:
    for number in gone:
        vault.destroy(queries.paths(), number)
    if approved:
        events.tell(events.PolicyChanged("restricted-list"))


def _told(row: ListEdition, verb: str, by: Actor) -> None:
    audit.record(
        by=by.name, verb=verb, kind="restricted-list", object_id=str(row.number),
        detail={"sites": row.sites, "made_by": row.made_by, "review_on": row.review_on.isoformat()},
    )  # fmt: skip
