"""Reads of rules, assessments and reviews; the restricted list itself only for those who may touch it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from qingliu.accounts.rules import Actor, require
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import NotFound
from qingliu.lake.paths import LakePaths
from qingliu.privacy import vault
from qingliu.privacy.gate.columns import columns_of, role_of
from qingliu.privacy.gate.policy import Approved, MaskRule, Policy, State
from qingliu.privacy.gate.restricted import Matcher, Site
from qingliu.privacy.models import Assessment, ListEdition, RuleEdition


@dataclass(frozen=True, slots=True)
class Review:
    """Something that is to be looked at again by a day. ``kind``: rule, list or assessment."""

    kind: str
    name: str
    review_on: date
    by: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """An assessor's answer about another dataset."""

    other: str
    answer: str
    reason: str
    assessor: str
    on: date
    review_on: date


def paths() -> LakePaths:
    """The map of this portal's home."""
    return LakePaths(settings.QINGLIU.home)


def rules(*, state: str = "", name: str = "") -> QuerySet[RuleEdition]:
    """Editions of mask rules, by name, newest first."""
    given = {"state": state, "name": name}
    return RuleEdition.objects.filter(**{k: v for k, v in given.items() if v})


def draft(name: str) -> RuleEdition:
    """The edition of a rule that waits to be decided. Raises NotFound."""
    found = rules(state=State.DRAFT, name=name).first()
    if found is None:
        waiting = "、".join(dict.fromkeys(rules(state=State.DRAFT).values_list("name", flat=True))) or "-"
        raise NotFound(
            Text(f"沒有待核可的規則「{name}」。", f"No rule '{name}' waits to be approved."),
            Text(f"待核可：{waiting}。", f"Waiting: {waiting}."),
            parameter="rule",
        )
    return found


def rule_of(row: RuleEdition) -> MaskRule:
    """The rule that an edition holds."""
    rule: MaskRule = codec.from_plain(MaskRule, row.body)
    return rule


def policy() -> Policy:
    """Every rule in force: of each name the newest approved edition, unless that one retires it."""
    newest: dict[str, RuleEdition] = {}
    for row in rules(state=State.APPROVED).order_by("name", "edition"):
        newest[row.name] = row
    in_force = [r for r in newest.values() if not r.retires]
    return Policy(
        tuple(
            Approved(
                rule_of(r),
                r.edition,
                r.decided_at.date().isoformat() if r.decided_at else "",
                r.review_on.isoformat() if r.review_on else "",
            )
            for r in in_force
        )
    )


def list_in_force() -> ListEdition | None:
    """The newest approved edition of the restricted list (its sites are not in it); None where there is none."""
    return ListEdition.objects.filter(state=State.APPROVED).order_by("-number").first()


def matcher() -> Matcher:
    """Knows the sites in force. Raises Damaged where there is a list that cannot be read: then nothing may pass."""
    edition = list_in_force()
    return Matcher.of(vault.unseal(paths(), edition.number, edition.digest)) if edition else Matcher()


def signature(record: DatasetRecord) -> str:
    """A hash of every rule, of the restricted list in force, and of what the gate takes a dataset's columns for."""
    edition = list_in_force()
    declared = (columns_of(record), [(f.name, role_of(f), f.sensitivity) for f in record.fields])
    whole = f"{policy().signature(edition.number if edition else 0)} {declared!r}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def sites(*, number: int, by: Actor) -> tuple[Site, ...]:
    """The sites of an edition, for those who may touch the list; actions.restricted.read also writes who looked."""
    require(by, "restricted")
    row = ListEdition.objects.filter(number=number).first()
    if row is None:
        raise NotFound(Text(f"沒有第 {number} 版限制名單。", f"The restricted list has no edition {number}."))
    return vault.unseal(paths(), row.number, row.digest)


def answers(dataset: str) -> dict[str, Answered]:
    """The newest assessment of each dataset through which rows of this one could be joined back, by its code."""
    found: dict[str, Answered] = {}
    for row in Assessment.objects.filter(dataset=dataset).order_by("at"):
        found[row.other.upper()] = Answered(
            row.other, row.answer, row.reason, row.assessor, row.at.date(), row.review_on
        )
    return found


def reviews(today: date, *, due_only: bool = False) -> list[Review]:
    """What is to be reviewed and when, soonest first: rules in force, the list in force, the newest assessments."""
    found = []
    for a in policy().rules:
        row = rules(name=a.rule.name).get(edition=a.edition)
        if row.review_on:
            found.append(Review("rule", a.rule.name, row.review_on, row.decided_by, row.review_on <= today))
    edition = list_in_force()
    if edition is not None:
        late = edition.review_on <= today
        found.append(Review("list", str(edition.number), edition.review_on, edition.decided_by, late))
    for code in Assessment.objects.values_list("dataset", flat=True).order_by("dataset").distinct():
        for other, given in answers(code).items():
            late = given.review_on <= today
            found.append(Review("assessment", f"{code} {other}", given.review_on, given.assessor, late))
    wanted = [r for r in found if r.overdue or not due_only]
    return sorted(wanted, key=lambda r: (r.review_on, r.kind, r.name))


def scratch(run_id: str) -> Path:
    """A private folder for a run's masking."""
    return paths().staging / run_id / "mask"
