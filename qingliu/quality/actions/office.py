"""What the office decides about the marks: a new edition of the rules, and who is excused from them until when."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, NotFound
from qingliu.quality.actions.asked import known, require_indicator, require_reason
from qingliu.quality.models import MarkEdition, WhiteListing
from qingliu.quality.rules import editions as rules


def add_edition(*, text: str, by: Actor) -> MarkEdition:
    """Put an edition of the mark rules (YAML or JSON) in force; every dataset is then due for a new judgement."""
    require(by, "decide")
    edition, plain = rules.read_text(text)
    if edition.name == rules.default().name or MarkEdition.objects.filter(name=edition.name).exists():
        raise Conflict(
            Text(f"已有版次「{edition.name}」。", f"There is an edition '{edition.name}' already."),
            Text("版次不覆寫；請用新的名稱。", "Editions are never overwritten; give it a new name."),
            parameter="name",
        )
    with transaction.atomic():
        row = MarkEdition.objects.create(
            name=edition.name, date=edition.date, source=edition.source.zh, reconstruction=edition.reconstruction,
            body=plain, added_at=now(), added_by=by.name,
        )  # fmt: skip
        detail: audit.Detail = {"date": edition.date.isoformat(), "reconstruction": edition.reconstruction}
        audit.record(by=by.name, verb="marks.edition_added", kind="mark_edition", object_id=edition.name, detail=detail)
    return row


def white_list(*, code: str, indicator: str = "", reason: Text, review_on: date, by: Actor) -> WhiteListing:
    """Excuse a dataset (or one indicator of it) until a review. It shows as white-listed, never as a pass."""
    require(by, "decide")
    code, agency = known(code)
    require_reason(reason.zh)
    if indicator:
        require_indicator(indicator)
    if review_on <= now().astimezone(TAIPEI).date():
        raise BadRequest(
            Text("複查日須在今天之後。", "The review date must lie ahead."),
            Text("請給將來的日期。", "Give a date to come."),
            parameter="review_on",
        )
    try:
        with transaction.atomic():
            row = WhiteListing.objects.create(
                code=code, indicator=indicator, reason_zh=reason.zh, reason_en=reason.en, review_on=review_on,
                added_at=now(), added_by=by.name,
            )  # fmt: skip
            detail = {"indicator": indicator, "reason": reason.zh, "review_on": review_on.isoformat()}
            audit.record(
                by=by.name, verb="white_list.added", kind="dataset", object_id=code, agency=agency, detail=detail
            )
    except IntegrityError:
        raise Conflict(
            Text(f"「{code}」已在白名單。", f"'{code}' is white-listed already."),
            Text("先終止原有的一筆。", "End that entry first."),
        ) from None
    return row


def end_white_listing(*, code: str, indicator: str = "", reason: str, by: Actor) -> WhiteListing:
    """Take a dataset, or one indicator of it, off the white list. Raises NotFound where it is not on it."""
    require(by, "decide")
    code, agency = known(code)
    said = require_reason(reason)
    row = WhiteListing.objects.filter(code=code, indicator=indicator, ended_at=None).first()
    if row is None:
        raise NotFound(
            Text(f"「{code}」不在白名單。", f"'{code}' is not white-listed."),
            Text("以 qingliu whitelist list 查看。", "See them with: qingliu whitelist list."),
        )
    with transaction.atomic():
        row.ended_at, row.ended_by, row.end_reason = now(), by.name, said
        row.save()
        detail = {"indicator": indicator, "reason": said}
        audit.record(by=by.name, verb="white_list.ended", kind="dataset", object_id=code, agency=agency, detail=detail)
    return row
