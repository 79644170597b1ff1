"""Puts the newest judgements into the public notes, with contests and the official mark beside ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qingliu.catalog import publication
from qingliu.core.clock import iso
from qingliu.quality import queries
from qingliu.quality.models import Contest, Judgement, OfficialMark
from qingliu.quality.rules import official
from qingliu.quality.rules.result import note

TOPIC = "quality"


def publish_note(code: str) -> None:
    """Bring the public note of one dataset up to date."""
    publish_notes([code])


def publish_notes(codes: Iterable[str]) -> None:
    """Bring the public notes of these datasets up to date, in one switch."""
    wanted = list(codes)
    rows = {r.code: r for r in Judgement.objects.filter(latest=True, code__in=wanted)}
    disputes: dict[str, list[Contest]] = {}
    for c in Contest.objects.filter(code__in=wanted):
        disputes.setdefault(c.code, []).append(c)
    marks = official_marks()
    edition = queries.edition()
    bodies: dict[str, dict[str, Any] | None] = {}
    for code, row in rows.items():
        said = queries.result(row)
        body = note(said, edition, judged_at=iso(row.judged_at), confirmed_at=iso(row.confirmed_at))
        mark = marks.get(code.upper())
        body["official"] = None if mark is None else official_body(mark)
        body["differences"] = [] if mark is None else official.differences(said, mark.mark, mark.flags, edition)
        body["contests"] = [contest_body(c) for c in disputes.get(code, [])]
        bodies[code] = body
    publication.note(TOPIC, bodies)


def official_marks() -> dict[str, OfficialMark]:
    """The newest official mark of each dataset, by its code in capitals."""
    rows = OfficialMark.objects.select_related("edition").exclude(code="").order_by("edition__date", "edition_id")
    return {row.code.upper(): row for row in rows}


def official_body(row: OfficialMark) -> dict[str, Any]:
    """An official mark as it is published beside ours."""
    title = queries.edition().title(row.mark) if row.mark else None
    return {
        "whose": "official",
        "mark": {"id": row.mark, "zh": title.zh, "en": title.en} if title else None,
        "printed": row.printed,
        "flags": row.flags,
        "edition": row.edition.name,
        "date": row.edition.date.isoformat(),
        "source": row.edition.source,
    }


def contest_body(row: Contest) -> dict[str, Any]:
    """A contest as it is published: what, why, and what was decided; people are not named."""
    return {
        "id": row.pk,
        "target": row.target,
        "subject": row.subject,
        "version": row.version,
        "reason": row.reason,
        "raised_at": iso(row.raised_at),
        "state": row.state,
        "decision": row.decision,
        "decided_at": iso(row.decided_at) if row.decided_at else None,
    }
