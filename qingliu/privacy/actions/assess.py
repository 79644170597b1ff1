"""What assessors answer about linkage, and the alarm when a review is due."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Model

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.privacy import queries
from qingliu.privacy.models import Assessment, ListEdition, RuleEdition
from qingliu.privacy.queries import Review


def assess(*, dataset: str, other: str, answer: str, reason: str, basis: str, review_on: date, by: Actor) -> Assessment:
    """Answer whether masked rows of ``dataset`` can be joined back through ``other``; until the review date."""
    row, second = catalogue.dataset(dataset), catalogue.dataset(other)
    require(by, "privacy", agency=row.agency.code)
    today = now().astimezone(TAIPEI).date()
    wrong = answer not in Assessment.Answer.values or not reason.strip() or not basis.strip() or review_on <= today
    if wrong:
        known = "、".join(Assessment.Answer.values)
        raise BadRequest(
            Text("評估不完整。", "The assessment is not complete."),
            Text(
                f"需要答案（{known}）、理由、法律依據，以及今天之後的複查日。",
                f"It takes an answer ({known}), a reason, a legal basis and a review date ahead.",
            ),
            parameter="answer",
        )
    with transaction.atomic():
        made = Assessment.objects.create(
            dataset=row.code, other=second.code, answer=answer, reason=reason, basis=basis, assessor=by.name, at=now(),
            review_on=review_on,
        )  # fmt: skip
        audit.record(
            by=by.name, verb="linkage.assessed", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"other": second.code, "answer": answer, "review_on": review_on.isoformat()},
        )  # fmt: skip
    return made


def alarm(*, today: date, by: Actor) -> list[Review]:
    """Write down every review that is due, once; answers those that were not written down before."""
    require(by, "maintain")
    fresh = []
    with transaction.atomic():
        for review in queries.reviews(today, due_only=True):
            row = _row(review)
            if row is None or getattr(row, "alarmed_on", None) is not None:
                continue
            type(row)._default_manager.filter(pk=row.pk).update(alarmed_on=today)
            audit.record(
                by=by.name, verb="review.due", kind=review.kind, object_id=review.name,
                detail={"review_on": review.review_on.isoformat(), "by": review.by},
            )  # fmt: skip
            fresh.append(review)
    return fresh


def _row(review: Review) -> Model | None:
    if review.kind == "rule":
        return RuleEdition.objects.filter(name=review.name, review_on=review.review_on).order_by("-edition").first()
    if review.kind == "list":
        return ListEdition.objects.filter(number=int(review.name)).first()
    dataset, other = review.name.split()
    return Assessment.objects.filter(dataset=dataset, other=other).order_by("-at").first()
