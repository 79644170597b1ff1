"""An agency disputes what the judges said; the office decides. Both reasons are public."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from qingliu.accounts.rules import Actor, require, same_person
from qingliu.audit import actions as audit
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden
from qingliu.quality import queries
from qingliu.quality.actions.asked import known, require_indicator, require_reason
from qingliu.quality.actions.publish import publish_note
from qingliu.quality.models import Contest, Judgement


def contest(*, code: str, target: str, reason: str, by: Actor) -> Contest:
    """Dispute an indicator (``indicator:timeliness``) or a finding (``finding:<id>``) of the newest judgement."""
    code, agency = known(code)
    require(by, "contest", agency=agency)
    said = require_reason(reason)
    row = queries.last(code)
    if row is None:
        raise Conflict(
            Text(f"「{code}」尚未檢測。", f"'{code}' has not been judged yet."),
            Text("檢測後才能提出異議。", "It can be contested once it is judged."),
        )
    subject = _subject(row, target)
    try:
        with transaction.atomic():
            made = Contest.objects.create(
                code=code, agency=agency, target=target, subject=subject, version=row.version, reason=said,
                raised_at=now(), raised_by=by.name,
            )  # fmt: skip
            detail = {"target": target, "subject": subject, "reason": said, "contest": made.pk}
            audit.record(
                by=by.name, verb="judgement.contested", kind="dataset", object_id=code, agency=agency, detail=detail
            )
            transaction.on_commit(lambda: publish_note(code))
    except IntegrityError:
        raise Conflict(
            Text("這一項已有待決定的異議。", "This is contested already and waits for a decision."),
            Text("等待承辦單位決定。", "Wait for the office."),
        ) from None
    return made


def _subject(row: Judgement, target: str) -> str:
    kind, _, name = target.partition(":")
    if kind == "indicator":
        return require_indicator(name)
    found = row.found.filter(fingerprint=name).first() if kind == "finding" else None
    if found is None:
        raise BadRequest(
            Text(f"最近的檢測沒有「{target[:60]}」這一項。", f"The newest judgement has no '{target[:60]}'."),
            Text(
                "寫成 indicator:指標 或 finding:編號。",
                "Write indicator:NAME or finding:ID, as the judgement shows them.",
            ),
            parameter="target",
        )
    return f"{found.rule} {'、'.join(found.columns)}".strip()[:120]  # no place: it may be the words of a row


def decide(*, number: int, uphold: bool, reason: str, by: Actor) -> Contest:
    """Decide a contest, with a public reason. Upheld, what was contested no longer counts while that version is current."""
    row = queries.contest(number)
    require(by, "decide")
    if same_person(by.name, row.raised_by):
        raise Forbidden(
            Text("提出異議的人不能自己決定。", "Whoever raised a contest may not decide it."),
            Text("請由另一人決定。", "Let someone else decide."),
        )
    said = require_reason(reason)
    if row.state != Contest.State.OPEN:
        raise Conflict(
            Text(f"異議 {number} 已有決定。", f"Contest {number} is decided already."),
            Text("如有新事證，請重新提出異議。", "Contest it again if there is something new."),
        )
    with transaction.atomic():
        row.state = Contest.State.UPHELD if uphold else Contest.State.REJECTED
        row.decision, row.decided_at, row.decided_by = said, now(), by.name
        row.save()
        audit.record(
            by=by.name, verb=f"contest.{row.state}", kind="dataset", object_id=row.code, agency=row.agency,
            detail={"contest": row.pk, "target": row.target, "reason": said},
        )  # fmt: skip
        transaction.on_commit(lambda: publish_note(row.code))
    return row
