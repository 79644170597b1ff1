"""Reads of judgements, contests, editions and official figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from qingliu.catalog import queries as catalogue
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import NotFound
from qingliu.quality import replies
from qingliu.quality.models import (
    Contest,
    FoundHere,
    Judgement,
    LinkCheck,
    MarkEdition,
    OfficialEdition,
    OfficialFigure,
    OfficialMark,
    Reconciliation,
    WhiteListing,
)
from qingliu.quality.rules import editions as rules
from qingliu.quality.rules import marks, official
from qingliu.quality.rules.result import Result
from qingliu.quality.rules.seen import Feedback

SHOWN = {"published", "held"}


def edition() -> rules.Edition:
    """The edition of the mark rules in force: the office's newest, else the one that comes with the program."""
    row = MarkEdition.objects.first()
    return rules.read(row.body) if row else rules.default()


def editions() -> QuerySet[MarkEdition]:
    """Editions that the office put in force, newest first."""
    return MarkEdition.objects.all()


def white_list(code: str = "") -> QuerySet[WhiteListing]:
    """What is excused now, of one dataset where given."""
    found = WhiteListing.objects.filter(ended_at=None)
    return found.filter(code=code) if code else found


def last(code: str) -> Judgement | None:
    """The newest judgement of a dataset; None before the first."""
    return Judgement.objects.filter(code=code, latest=True).first()


def latest(*, agency: str = "", kind: str = "", mark: str = "") -> QuerySet[Judgement]:
    """The newest judgement of every dataset, by code."""
    given = {"agency": agency, "kind": kind, "mark": mark}
    found = Judgement.objects.filter(latest=True, **{k: v for k, v in given.items() if v})
    return found.order_by("code")


def result(row: Judgement) -> Result:
    """A judgement in full."""
    return codec.from_plain(Result, row.result)  # type: ignore[no-any-return]


def history(code: str) -> QuerySet[Judgement]:
    """Every judgement of a dataset that differed from the one before it, newest first."""
    return Judgement.objects.filter(code=code)


def found(code: str, *, severity: str = "") -> QuerySet[FoundHere]:
    """The findings of the newest judgement of a dataset."""
    rows = FoundHere.objects.filter(judgement__code=code, judgement__latest=True)
    return rows.filter(severity=severity) if severity else rows


def contests(*, code: str = "", agency: str = "", state: str = "") -> QuerySet[Contest]:
    """Contests that match every given word, newest first."""
    given = {"code": code, "agency": agency, "state": state}
    return Contest.objects.filter(**{k: v for k, v in given.items() if v})


def contest(number: int) -> Contest:
    """The contest of that number. Raises NotFound."""
    row = Contest.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(
            Text(f"沒有編號 {number} 的異議。", f"No contest has the number {number}."),
            Text("以 qingliu contest list 查看。", "See them with: qingliu contest list."),
        )
    return row


def counts(*, agency: str = "", kinds: Iterable[str] = ("table", "view")) -> dict[str, int]:
    """How many datasets hold each mark by our measure, higher ones included (platinum is inside gold), of these kinds."""
    rows = latest(agency=agency).filter(kind__in=tuple(kinds))
    return marks.counted(rows.values_list("mark", flat=True), edition())


@dataclass(frozen=True, slots=True)
class Standing:
    """An agency's marks from a moment on: datasets by their own (highest) mark, and the mean of known MQA points."""

    at: datetime
    marks: tuple[tuple[str, int], ...]
    mqa_mean: float | None


def agency_history(agency: str) -> list[Standing]:
    """How the marks of an agency's published datasets stood after each day on which one changed, oldest first."""
    rows = Judgement.objects.filter(agency=agency).exclude(kind="listed").order_by("judged_at", "id")
    now: dict[str, tuple[str, int | None]] = {}
    days: dict[str, Standing] = {}
    for row in rows.values_list("code", "mark", "mqa_points", "judged_at"):
        now[row[0].upper()] = (row[1], row[2])
        known = [p for _, p in now.values() if p is not None]
        mean = round(sum(known) / len(known), 1) if known else None
        days[row[3].date().isoformat()] = Standing(
            row[3], tuple(Counter(m for m, _ in now.values()).most_common()), mean
        )
    return list(days.values())


def official_editions() -> QuerySet[OfficialEdition]:
    """Imported official publications, newest date first."""
    return OfficialEdition.objects.prefetch_related("figures")


def official_mark(code: str, source_id: str = "") -> OfficialMark | None:
    """The newest official mark of a dataset; None where no imported edition names it."""
    rows = OfficialMark.objects.select_related("edition").order_by("-edition__date", "-edition_id")
    row = rows.filter(code=code).first() if code else None
    return row or (rows.filter(source_id=source_id).first() if source_id else None)


def link_checks() -> dict[str, LinkCheck]:
    """Every address outside that was checked, by its address."""
    return {row.address: row for row in LinkCheck.objects.all()}


def due(now: datetime) -> list[str]:
    """Codes whose newest judgement speaks of another version, definition or edition than the current, or has grown old;
    also those on which requests were answered, or became overdue, since then."""
    rules_now = edition()
    told = replies.told(rules_now) or {}
    judged = {row.code.upper(): row for row in Judgement.objects.filter(latest=True).defer("result")}
    rows = [row for row in catalogue.datasets() if row.status in SHOWN]
    current = {row.code.upper(): row.current for row in rows}
    codes = []
    for row in rows:
        record = catalogue.definition(row).dataset
        volatile = record.frequency.unit in {"minute", "hour", "day"}
        hours = rules_now.recheck_hours_volatile if volatile else rules_now.recheck_hours
        version = _shown(record, current) if row.status == "published" else None
        seen = judged.get(row.code.upper())
        same = seen is not None and (seen.version, seen.definition_hash) == (version, row.definition_hash)
        if not same or _old(seen, rules_now.name, now, hours) or _answered(seen, told.get(row.code.upper())):
            codes.append(row.code)
    lines = [line.code for line in catalogue.listed() if line.code.upper() not in current]
    for code in lines:
        seen = judged.get(code.upper())
        if _old(seen, rules_now.name, now, rules_now.recheck_hours) or _answered(seen, told.get(code.upper())):
            codes.append(code)
    return codes


def _answered(seen: Judgement | None, told: Feedback | None) -> bool:
    return seen is not None and told is not None and told.changed is not None and seen.confirmed_at < told.changed


def _old(seen: Judgement | None, edition_name: str, now: datetime, hours: float) -> bool:
    return seen is None or seen.edition != edition_name or now - seen.confirmed_at > timedelta(hours=hours)


def _shown(record: DatasetRecord, current: Mapping[str, int | None]) -> int | None:
    """The number that readers see as the version: a view's is its base's, a union's their sum."""
    if record.view is None:
        return current.get(record.code.upper())
    numbers = [current.get(code.upper()) for code in record.view.of]
    return sum(n for n in numbers if n is not None) if all(numbers) else None


def figures(agency: str = "") -> tuple[official.Figure, ...]:
    """Official figures and ours, each saying whose it is, from which edition, and what it counts."""
    told = [_official_figure(row, of) for of in official_editions() for row in of.figures.all()]
    return (*told, *_own_figures(agency))


def _official_figure(row: OfficialFigure, of: OfficialEdition) -> official.Figure:
    return official.Figure(
        "official", Text(row.subject_zh, row.subject_en), row.measure,
        official.TITLES.get(row.measure, Text(row.measure, row.measure)), float(row.value), row.unit,
        Text(row.counts_zh, row.counts_en), of.name, of.date.isoformat(), of.source,
    )  # fmt: skip


def _own_figures(agency: str) -> list[official.Figure]:
    rules_now = edition()
    newest = latest(agency=agency).order_by("-confirmed_at").first()
    day = newest.confirmed_at.date().isoformat() if newest else ""
    whose = Text("本平臺", "This portal")
    held = Text("本平臺發布的資料集與檢視表", "Datasets and views published here")
    listed = Text("只列於官方目錄、資料不在本平臺的項目", "Entries of the official catalogue whose data is not here")
    made = []
    for kinds, what in ((("table", "view"), held), (("listed",), listed)):
        numbers = counts(agency=agency, kinds=kinds)
        for name in ("total", "platinum", "gold", "silver", "bronze", "none", "not_measured", "white_listed"):
            title = official.TITLES["datasets" if name == "total" else name]
            made.append(
                official.Figure(
                    "ours", whose, "datasets" if name == "total" else name, title, float(numbers.get(name, 0)), "", what,
                    rules_now.name, day, "qingliu judge",
                )
            )  # fmt: skip
    return made


def reconciliation() -> Reconciliation | None:
    """The newest reconciliation of the official lists; None before the first. ``lines_of`` gives its statements."""
    return Reconciliation.objects.first()


def lines_of(row: Reconciliation) -> tuple[official.Line, ...]:
    """The statements of a reconciliation."""
    return tuple(codec.from_plain(official.Line, line) for line in row.lines)
