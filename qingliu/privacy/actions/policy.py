"""Mask rules: proposed by one person, approved by another. Nothing acts before that."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files

import yaml
from django.db import transaction

from qingliu.accounts.rules import Actor, RoleGrant, require, same_person
from qingliu.audit import actions as audit
from qingliu.core import codec, events
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden
from qingliu.privacy import queries
from qingliu.privacy.gate.policy import MaskRule, State, check, read_rule
from qingliu.privacy.models import RuleEdition

SHIPPED = Actor("qingliu", (RoleGrant("privacy"),))  # the maker of the rules that come with the software


def shipped() -> tuple[MaskRule, ...]:
    """The rules that come with the software."""
    text = (files("qingliu.privacy") / "data" / "default_policy.yaml").read_text(encoding="utf-8")
    return tuple(read_rule(plain) for plain in yaml.safe_load(text)["rules"])


def seed() -> int:
    """Put the shipped rules before whoever may approve them, where no edition of theirs was ever seen; how many."""
    missing = [r for r in shipped() if not queries.rules(name=r.name).exists()]
    for rule in missing:
        propose(rule=rule, why="隨軟體提供的預設規則 shipped with the software", by=SHIPPED)
    return len(missing)


def propose(*, rule: MaskRule, why: str, by: Actor) -> RuleEdition:
    """Put a new rule, or a new edition of one, before somebody else. Raises BadRequest, or Conflict where one waits."""
    require(by, "privacy")
    check(rule)
    return _draft(rule, why, by, retires=False)


def retire(*, name: str, why: str, by: Actor) -> RuleEdition:
    """Propose that a rule no longer acts; that too is another person's to approve."""
    require(by, "privacy")
    known = {a.rule.name: a.rule for a in queries.policy().rules}
    if name not in known:
        queries.draft(name)  # raises NotFound naming those that wait
        raise Conflict(
            Text(f"規則「{name}」尚未生效。", f"The rule '{name}' is not in force."),
            Text("可不予核可。", "Reject it instead."),
        )
    return _draft(known[name], why, by, retires=True)


def _draft(rule: MaskRule, why: str, by: Actor, *, retires: bool) -> RuleEdition:
    if not why.strip():
        raise BadRequest(
            Text("必須說明理由。", "A reason is required."),
            Text("請以 --reason 說明。", "Give it with --reason."),
            parameter="reason",
        )
    with transaction.atomic():
        editions = queries.rules(name=rule.name)
        if editions.filter(state=State.DRAFT).exists():
            raise Conflict(
                Text(f"規則「{rule.name}」已有一版待核可。", f"An edition of '{rule.name}' is waiting already."),
                Text("請先核可或不核可該版。", "Approve or reject it first."),
            )
        last = editions.order_by("-edition").first()
        row = RuleEdition.objects.create(
            name=rule.name, edition=last.edition + 1 if last else 1, body=codec.to_plain(rule), retires=retires,
            why=why, made_by=by.name, made_at=now(),
        )  # fmt: skip
        _told(row, "rule.retiring" if retires else "rule.proposed", by)
    return row


def decide(*, name: str, approve: bool, reason: str, by: Actor, review_on: date | None = None) -> RuleEdition:
    """Approve or reject the edition of a rule that waits. Raises Forbidden for its maker: that takes another person."""
    require(by, "privacy")
    row = queries.draft(name)
    if same_person(row.made_by, by.name):
        raise Forbidden(
            Text("訂定或修改規則的人不能自行核可。", "Whoever changed a rule may not approve it."),
            Text("請另一位有權限的人核可。", "Let another person approve it."),
        )
    today = now().astimezone(TAIPEI).date()
    day = review_on or today + timedelta(days=30 * queries.rule_of(row).review_months)
    if day <= today:
        raise BadRequest(
            Text("複查日必須在今天之後。", "The review date must lie ahead."),
            Text("請改用較晚的日期。", "Give a later date."),
            parameter="review_on",
        )
    with transaction.atomic():
        row.state = State.APPROVED if approve else State.REJECTED
        row.decided_by, row.decided_at, row.reason = by.name, now(), reason
        row.review_on = day if approve and not row.retires else None
        row.save()
        _told(row, "rule.approved" if approve else "rule.rejected", by)
        if approve:
            transaction.on_commit(lambda: events.tell(events.PolicyChanged(row.name)))
    return row


def _told(row: RuleEdition, verb: str, by: Actor) -> None:
    detail: dict[str, str | int] = {"edition": row.edition, "made_by": row.made_by}
    if row.review_on:
        detail["review_on"] = row.review_on.isoformat()
    audit.record(by=by.name, verb=verb, kind="mask-rule", object_id=row.name, detail=detail)
