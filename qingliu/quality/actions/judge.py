"""Judges datasets: looks at what readers get, applies the rules, keeps what changed as history, publishes the note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import ListedEntry
from qingliu.core import codec
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.http import Door
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry, Published
from qingliu.quality import contents, looks, metadata, queries, replies, served
from qingliu.quality.actions.forget import bare
from qingliu.quality.actions.links import official_look, settled
from qingliu.quality.actions.publish import publish_notes
from qingliu.quality.models import Contest, FoundHere, Judgement, LinkCheck, WhiteListing
from qingliu.quality.rules import indicators
from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.result import Result, digest, fingerprint, severities
from qingliu.quality.rules.seen import MEASURED, Feedback, Seen, Subject

BATCH = 25  # judgements that are kept and published in one switch


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that judgements of one sitting share."""

    edition: Edition
    asker: looks.Asker
    published: Published
    paths: LakePaths
    lines: dict[str, ListedEntry]
    links: dict[str, LinkCheck]
    white: dict[tuple[str, str], WhiteListing]
    upheld: dict[str, list[Contest]]
    hashes: dict[str, str]
    replies: Mapping[str, Feedback] | None


def bench() -> Bench:
    """A sitting over the portal as it stands now."""
    paths = LakePaths(settings.QINGLIU.home)
    upheld: dict[str, list[Contest]] = {}
    for row in queries.contests(state="upheld"):
        upheld.setdefault(row.code.upper(), []).append(row)
    edition = queries.edition()
    return Bench(
        edition=edition,
        asker=_asker(),
        published=Published(paths.published_db),
        paths=paths,
        lines={line.code.upper(): line for line in catalogue.listed()},
        links=queries.link_checks(),
        white={(w.code.upper(), w.indicator): w for w in queries.white_list()},
        upheld=upheld,
        hashes={row.code.upper(): row.definition_hash for row in catalogue.datasets()},
        replies=replies.told(edition),
    )


def _asker() -> looks.Asker:
    """Our public address over HTTP where one is set, else our data API in this process."""
    base = settings.QINGLIU.base_url
    if not base:
        return looks.Asker(lambda address, into: served.ask(address, into=into), "in_process")
    door = Door()

    def over_http(address: str, into: Any) -> served.Reply:
        return served.fetch(door, base + address, whole=into is not None, into=into, allow_private=True)

    return looks.Asker(over_http, "http", base)


def judge(*, code: str, by: Actor) -> Judgement:
    """Judge one dataset or listed entry now."""
    return judge_all(codes=[code], by=by)[0]


def judge_all(*, codes: Sequence[str] = (), by: Actor) -> list[Judgement]:
    """Judge these datasets (default: everything in the published catalogue); the newest judgement of each.

    The same result as before only confirms it; another one begins a new row of history. One dataset that cannot be looked
    at does not keep the others from being judged: what could not be measured says so.
    """
    sitting = bench()
    entries = [sitting.published.get(c) for c in codes] if codes else list(sitting.published.all())
    for agency in sorted({e.record.agency for e in entries}):
        require(by, "judge", agency=agency)
    made: list[Judgement] = []
    for i in range(0, len(entries), BATCH):
        part = [(e, _result(e, sitting)) for e in entries[i : i + BATCH]]
        made += _keep(part, sitting, by)
    return made


def _result(entry: Entry, sitting: Bench) -> Result:
    moment = now()
    seen, skipped = _look(entry, sitting, moment)
    looked = _contents(entry, sitting, moment)
    subject = _subject(entry, sitting, moment, served_now=entry.status == "published")
    overdue = next((f.reason for f in looked.findings if f.rule == "timeliness"), None)
    subject = replace(subject, overdue=overdue)
    marked, resources = indicators.judge(subject, seen, sitting.edition, moment)
    return Result(
        code=entry.code,
        agency=entry.record.agency,
        kind=entry.kind,
        version=sitting.published.shown(entry) if entry.status == "published" else None,
        edition=sitting.edition.name,
        mark=marked.mark,
        levels=marked.levels,
        indicators=marked.indicators,
        resources=resources,
        white_listed=subject.white_listed,
        mqa=_mqa(entry, seen, sitting),
        findings=looked.findings,
        skipped=(*skipped, *looked.skipped),
    )


def _contents(entry: Entry, sitting: Bench, moment: datetime) -> contents.Looked:
    if entry.kind == "listed" or entry.status != "published":
        return contents.Looked()
    mine = settings.QINGLIU
    means = contents.Means(sitting.paths, sitting.published, mine.publish_memory, mine.engine_threads)
    return contents.look(entry, means, moment)


def _mqa(entry: Entry, seen: tuple[Seen, ...], sitting: Bench) -> dict[str, Any]:
    own = entry.kind != "listed" and entry.status == "published"
    outside = {s.resource.address: s.reached for s in seen} if entry.kind == "listed" else {}
    told = metadata.Told(entry, seen, outside, sitting.asker if own else None)
    return metadata.judge(told, sitting.published, home=sitting.paths.home, base_url=sitting.asker.base)


def _look(entry: Entry, sitting: Bench, moment: datetime) -> tuple[tuple[Seen, ...], tuple[Text, ...]]:
    if entry.kind == "listed":
        line = sitting.lines.get(entry.code.upper())
        address = line.address if line else ""
        return (official_look(address, tuple(entry.extra.get("formats", ())), sitting.links, sitting.edition),), ()
    if entry.status != "published":
        why = Text("暫緩發布，沒有對外提供的資料可檢測。", "It is held: nothing is served that could be measured.")
        return tuple(Seen(r, unmeasured=why) for r in looks.own(entry)), (why,)
    rows = entry.current.rows if entry.current else None
    found = []
    for resource in looks.own(entry):
        seen = looks.look(resource, entry.record, sitting.asker, moment)
        if sitting.asker.base:
            seen = settled(seen, sitting.asker.base + resource.address, sitting.links, sitting.edition)
        found.append(replace(seen, rows_all=rows))
    return tuple(found), ()


def _subject(entry: Entry, sitting: Bench, moment: datetime, *, served_now: bool) -> Subject:
    code, today = entry.code.upper(), moment.astimezone(TAIPEI).date()
    white = sitting.white.get((code, ""))
    own = entry.kind != "listed"
    return Subject(
        code=entry.code,
        declared=tuple(f.name for f in entry.record.fields if not f.optional),
        frequency=entry.record.frequency,
        updated_at=datetime.fromisoformat(entry.updated_at) if own and served_now else None,
        newest=looks.newest(entry, sitting.asker) if own and served_now else None,
        time_field=entry.record.time_field,
        measured=any(f.role in MEASURED for f in entry.record.fields),
        promised=own,
        feedback=replies.of(code, sitting.replies),
        white_listed=_white_text(white, today) if white else None,
        excused=tuple(_excused(entry, sitting, today)),
    )


def _upheld(result: Result, sitting: Bench) -> frozenset[str]:
    """Fingerprints of findings of this version against which a contest was upheld."""
    rows = sitting.upheld.get(result.code.upper(), ())
    return frozenset(c.target.partition(":")[2] for c in rows if c.version == result.version)


def _white_text(row: WhiteListing, today: date) -> Text:
    zh, en = row.reason_zh, row.reason_en or row.reason_zh
    late = row.review_on < today
    return Text(
        f"白名單：{zh}（複查日 {row.review_on}{'，已逾期' if late else ''}）",
        f"White-listed: {en} (review {row.review_on}{', overdue' if late else ''})",
    )


def _excused(entry: Entry, sitting: Bench, today: date) -> Iterable[tuple[str, Text]]:
    for contest in sitting.upheld.get(entry.code.upper(), ()):
        kind, _, name = contest.target.partition(":")
        if kind == "indicator" and contest.version == sitting.published.shown(entry):
            yield name, Text(f"異議成立：{contest.decision}", f"Contest upheld: {contest.decision}")
    for (code, indicator), row in sitting.white.items():
        if code == entry.code.upper() and indicator:
            yield indicator, _white_text(row, today)


def _keep(part: Sequence[tuple[Entry, Result]], sitting: Bench, by: Actor) -> list[Judgement]:
    moment, kept = now(), []
    with transaction.atomic():
        before = {r.code.upper(): r for r in Judgement.objects.filter(latest=True, code__in=[e.code for e, _ in part])}
        for entry, result in part:
            row = before.get(entry.code.upper())
            digest_hash = sitting.hashes.get(entry.code.upper(), "")
            kept.append(_row(result, row, digest_hash, _upheld(result, sitting), moment=moment, by=by))
        codes = [e.code for e, _ in part]
        marks = sorted({r.mark for _, r in part})
        detail: audit.Detail = {
            "datasets": len(part),
            "edition": sitting.edition.name,
            "marks": marks,
            "codes": codes[:30],
        }
        agencies = {e.record.agency for e, _ in part}
        audit.record(
            by=by.name, verb="quality.judged", kind="dataset", object_id=codes[0] if len(codes) == 1 else "*",
            agency=agencies.pop() if len(agencies) == 1 else "", detail=detail,
        )  # fmt: skip
        transaction.on_commit(lambda: publish_notes(codes))
    return kept


def _row(
    result: Result,
    before: Judgement | None,
    definition_hash: str,
    upheld: frozenset[str],
    *,
    moment: datetime,
    by: Actor,
) -> Judgement:
    mark = digest(result)
    next_level = result.next
    facts = {
        "agency": result.agency, "kind": result.kind, "version": result.version,
        "definition_hash": definition_hash, "edition": result.edition, "mark": result.mark,
        "next_mark": next_level.mark if next_level else "", "next_state": next_level.state if next_level else "",
        "mqa_points": result.mqa.get("points"), "mqa_rating": result.mqa.get("rating") or "",
        "findings": severities(result.code, result.findings, upheld),
        "result": codec.to_plain(result), "digest": mark, "confirmed_at": moment,
    }  # fmt: skip
    if before is not None and before.digest == mark:
        row = before
        for name, value in facts.items():
            setattr(row, name, value)
        row.save()
        row.found.all().delete()
    else:
        if before is not None:
            before.latest, before.result = False, bare(before.result)  # history keeps no words of rows
            before.save(update_fields=["latest", "result"])
            before.found.all().delete()
        row = Judgement.objects.create(code=result.code, judged_at=moment, judged_by=by.name, latest=True, **facts)
    FoundHere.objects.bulk_create(
        FoundHere(
            judgement=row, fingerprint=fingerprint(result.code, f), rule=f.rule, severity=f.severity, place=f.place[:300],
            columns=list(f.columns), count=f.count, rows=f.rows, reason_zh=f.reason.zh, reason_en=f.reason.en,
            remedy_zh=f.remedy.zh, remedy_en=f.remedy.en,
        )
        for f in result.findings
    )  # fmt: skip
    return row
