"""What the judges of content would say of a draft's rows, before anybody publishes them, and in which lines."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.core.records import Finding
from qingliu.lake import checks, ingest, located
from qingliu.lake.checks.spec import (
    Bounds,
    Dates,
    Inside,
    Named,
    Order,
    Plan,
    Result,
    SamePlace,
    Total,
)  # fmt: skip
from qingliu.lake.inputs import RawInput
from qingliu.pipeline.actions import sums
from qingliu.pipeline.actions.spelling import spelled
from qingliu.pipeline.assumed import assumed
from qingliu.pipeline.looks import Cell, Spelled, Spotted
from qingliu.pipeline.no_data import is_total
from qingliu.privacy.rules import Kind, recognise
from qingliu.quality.rules import content
from qingliu.standards import areas, outlines

log = logging.getLogger(__name__)

ROWS = 200_000  # a larger draft is judged after it is published only: its owner waits for the page
LINES = 20
HEADS = 5_000  # texts of a first column that are looked through for words of sums, the rarest first
_PERSONAL = {
    Kind.MOBILE: Text("手機號碼", "mobile numbers"), Kind.LANDLINE: Text("電話號碼", "telephone numbers"),
    Kind.NATIONAL_ID: Text("身分證字號", "national id numbers"),
    Kind.EMAIL: Text("電子郵件", "e-mail addresses"), Kind.NAME: Text("人名", "names of persons"),
}  # fmt: skip
SHOWN = 12  # places of one check
_KINDS = (Bounds, Dates, Inside, Named, Order, SamePlace, Total)
_MOSTLY, _SELDOM = 0.8, 0.1


Lonely = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is wrong in the rows; rows with nothing but a first cell, and rows of sums, as (text, rows, first line); columns in
    which a place stands under two spellings."""

    spotted: tuple[Spotted, ...] = ()
    lonely: Lonely = ()
    totals: Lonely = ()
    spelled: tuple[Spelled, ...] = ()


def look(definition: Definition, inputs: Sequence[RawInput], staged: ingest.Staged, work: Path, first: str) -> Looked:
    """What is wrong in the rows as they stand, rows that hold nothing but column ``first``, and rows in which a word of
    sums stands there beside figures.

    Nothing for a draft that is large, empty, or that cannot be looked at.
    """
    if not 0 < staged.rows <= ROWS or definition.dataset.view is not None:
        return Looked()
    try:
        return _look(definition, inputs, staged, work, first)
    except Exception as error:  # an edge: a preview without the judges' words is still a preview
        log.error("content of %s cannot be looked at: %s", definition.dataset.code, type(error).__name__)
        return Looked()


def _look(definition: Definition, inputs: Sequence[RawInput], staged: ingest.Staged, work: Path, first: str) -> Looked:
    record = assumed(definition.dataset)
    moment = now().astimezone(ZoneInfo(record.timezone)).replace(tzinfo=None)
    whole = content.plan(record, now=moment, areas=outlines.counties())
    plan = Plan(tuple(c for c in whole.checks if isinstance(c, _KINDS)), whole.shape)
    results = checks.run(checks.staged(record, staged.path, staged.rows), plan, workdir=work, threads=1)
    path = located.write(record, definition.read, inputs, work / "located")
    private = {f.name for f in record.fields if f.sensitivity != "none"}
    with located.Located(path, [i.name for i in inputs], record.key) as rows:
        out = [*_doubles(rows, [f.name for f in record.fields])]
        for result in results:
            out += _told(record, result, rows, private)
        out += _counties(record, rows)
        out += _personal(record, rows)
        out += sums.total_columns(record, rows)
        two = tuple(spelled(record, rows))
    told = bool(first) and first not in private and len(record.fields) > 1
    lonely, totals = _no_data(replace(definition, dataset=record), inputs, path, first, out) if told else ([], [])
    return Looked(tuple(out), tuple(lonely), tuple(totals), two)


def _no_data(
    definition: Definition, inputs: Sequence[RawInput], path: Path, first: str, out: list[Spotted]
) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]]:
    """Rows with nothing but a first cell, and rows of sums; sums that disagree with the rows go to ``out``. The first column
    is read as text and nothing is left out, so that a total is found whatever the definition already says of it."""
    record = definition.dataset
    plain = replace(
        record,
        key=(),
        fields=tuple(
            FieldRecord(f.name, "string", f.title, aliases=f.aliases) if f.name == first else f for f in record.fields
        ),
    )
    whole = replace(definition.read, leave_out=())
    if plain.fields != record.fields or whole != definition.read:
        path = located.write(plain, whole, inputs, path.parent.parent / "whole")
    with located.Located(path, [i.name for i in inputs]) as rows:
        lonely = rows.lonely(first, [f.name for f in record.fields if f.name != first], LINES)
        alone = {t for t, _, _ in lonely}
        totals = [h for h in rows.heads(first, HEADS) if is_total(h[0]) and h[0] not in alone]
        out += sums.total_rows(plain, rows, totals, first)
    return lonely, totals


def _told(record: DatasetRecord, result: Result, rows: located.Located, private: set[str]) -> Iterator[Spotted]:
    """What one check saw, the largest first, each with the rows that its condition selects."""
    for hit in sorted(result.hits, key=lambda h: -h.count)[:SHOWN]:
        finding = content.findings(record, [replace(result, hits=(hit,))])[0]
        columns = [c for c in finding.columns if c not in private]
        yield _spotted(finding, columns, rows.where(hit.rows, columns, LINES) if hit.rows is not None else [])


def _spotted(finding: Finding, columns: Sequence[str], spots: Sequence[located.Spot]) -> Spotted:
    named = columns or [""]
    cells = tuple(
        Cell(s.file, s.line, s.record, c, t) for s in spots for c, t in zip(named, s.texts or ("",), strict=True)
    )
    return Spotted(finding.rule, finding.place, finding.reason, finding.remedy, finding.severity, finding.count, cells)


def _doubles(rows: located.Located, columns: Sequence[str]) -> Iterator[Spotted]:
    total, groups = rows.doubles(columns, LINES)
    if not total:
        return
    zh = "；".join(f"第 {'、'.join(str(line) for line, _ in g)} 行相同" for g in groups[:8]) + (
        "…" if len(groups) > 8 else ""
    )
    en = "; ".join(f"lines {', '.join(str(line) for line, _ in g)} are the same" for g in groups[:8])
    cells = tuple(Cell("", line, number, "", "") for g in groups for line, number in g)[: LINES * 2]
    yield Spotted(
        "duplicate", "", Text(f"{total:,} 列與另一列完全相同：{zh}。", f"{total:,} rows repeat another one whole: {en}."),
        Text("公開時只留一列；若兩列都該有，請在來源補上能分辨它們的欄位。",
             "One of them is published; if both are meant, add the column in the source that tells them apart."),
        "warning", total, cells,
    )  # fmt: skip


def _personal(record: DatasetRecord, rows: located.Located) -> Iterator[Spotted]:
    """Columns in which cells hold a person's number, and the name beside it; lines are told, the text is not."""
    for field in (f for f in record.fields if f.type == "string"):
        kinds: Counter[Kind] = Counter()
        texts: list[str] = []
        for n, (text,) in rows.counts(field.name):
            found = {s.kind for s in recognise(text) if s.kind in _PERSONAL}
            if found - {Kind.NAME}:
                kinds.update(dict.fromkeys(found, n))
                texts.append(text)
        if not kinds:
            continue
        spots = [s for t in texts[:LINES] for s in rows.having(field.name, t, [], LINES)]
        lines = "、".join(str(s.line) for s in spots[:LINES])
        zh = "、".join(f"{n:,} 格像{_PERSONAL[k].zh}" for k, n in kinds.most_common())
        en = ", ".join(f"{n:,} cells look like {_PERSONAL[k].en}" for k, n in kinds.most_common())
        remedy = Text(
            "請標示為敏感（由核准的遮罩規則處理）或不公開這一欄；沒有規則涵蓋時，核定後仍會暫緩公開。",
            "Mark the column sensitive (an approved mask rule then acts) or leave it out; uncovered, it is held after approval.",
        )
        reason = Text(f"{zh}（第 {lines} 行）。", f"{en} (lines {lines}).")
        yield _spotted(Finding("personal", field.name, reason, remedy, "warning", max(kinds.values())), [], spots)


def _counties(record: DatasetRecord, rows: located.Located) -> Iterator[Spotted]:
    county = next((f.name for f in record.fields if f.role == "county" and f.sensitivity == "none"), "")
    if not county:
        return
    values = {texts[0]: n for n, texts in rows.counts(county)}
    known = sum(n for v, n in values.items() if areas.current_county(v.strip()))
    if known < _MOSTLY * sum(values.values()):  # no county column after all
        return
    for value, count in values.items():
        official = areas.standard_name(value.strip())
        if official != value and areas.current_county(official):
            beside = "；同一欄也寫作正式名稱" if official in values else ""
            reason = Text(
                f"縣市「{value}」的正式名稱是「{official}」{beside}。",
                f"The official name of '{value}' is '{official}'.",
            )
            remedy = Text(
                f"請在來源改為「{official}」，否則會算成兩個縣市。",
                "Write it so in the source: otherwise it counts as another county.",
            )
        elif not areas.current_county(official):
            reason = Text(f"「{value[:40]}」不是縣市名稱。", f"'{value[:40]}' is no county.")
            remedy = Text("請在來源改為正式的縣市名稱。", "Write the county's official name in the source.")
        else:
            continue
        spots = rows.having(county, value, [county], LINES)
        yield _spotted(Finding("county-name", county, reason, remedy, "warning", count), [county], spots)
    # a station stands in one county; a firm's control number may be fined by several
    code = next((f.name for f in record.fields if f.role == "station" and f.sensitivity == "none"), "")
    if code:
        yield from _moved(rows, code, county)


def _moved(rows: located.Located, code: str, county: str) -> Iterator[Spotted]:
    """Codes that stand in one county nearly always and in another seldom; told only where that is rare among codes."""
    by_code: dict[str, Counter[str]] = {}
    for n, (one, where) in rows.counts(code, county):
        by_code.setdefault(one, Counter())[where] += n
    several = {c: w for c, w in by_code.items() if len({areas.standard_name(x) for x in w}) > 1}
    if len(several) > max(1, _SELDOM * len(by_code)):
        return
    for one, stands in several.items():
        (usual, most), *others = stands.most_common()
        shown = "、".join(f"{c} {n} 列" for c, n in stands.most_common()[:4])
        shown_en = ", ".join(f"{c} {n}" for c, n in stands.most_common()[:4])
        spots = [s for c, n in others if n < most for s in rows.both([(code, one), (county, c)], [code, county], LINES)]
        reason = Text(
            f"「{one}」出現在兩個以上的縣市（{shown}）。", f"'{one}' stands in several counties ({shown_en})."
        )
        remedy = Text(
            f"同一代碼多半只在一個縣市；若應為「{usual}」，請在來源更正。",
            f"Correct it in the source if it should be {usual}.",
        )
        finding = Finding("two-counties", code, reason, remedy, "warning", sum(n for _, n in others))
        yield _spotted(finding, [code, county], spots)
