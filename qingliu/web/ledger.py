"""The marks of the whole portal, counted out of the published notes: every figure is ours and says what it counts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from qingliu.core.dataset import Text
from qingliu.lake.guard import guarded
from qingliu.lake.published import Entry
from qingliu.quality.rules.mqa import CatalogueResult
from qingliu.quality.rules.mqa_told import catalogue_of_notes
from qingliu.web import judged

BESIDE = ("none", "not_measured", "white_listed")
WORST = 12
INDICATORS = ("link", "download", "structure", "encoding", "fields", "timeliness", "feedback")


@dataclass(frozen=True, slots=True)
class Line:
    """One dataset in the ledger."""

    entry: Entry
    seal: judged.Seal
    note: dict[str, Any]
    grave: int
    remarks: int

    @property
    def mqa(self) -> dict[str, Any]:
        """The MQA note, empty where there is none."""
        return self.note.get("mqa") or {}

    @property
    def official(self) -> dict[str, Any]:
        """The official mark, empty where none is known."""
        return (self.note.get("official") or {}).get("mark") or {}

    @property
    def states(self) -> dict[str, str]:
        """Each indicator's state."""
        return {i["id"]: i["state"] for i in self.note["indicators"]}


@dataclass(frozen=True, slots=True)
class Step:
    """One mark: datasets that hold it or a higher one, and those that hold just this one."""

    id: str
    steps: int
    reached: int
    exactly: int


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency's datasets by the marks they reach (``reached``), and the mean of their MQA points."""

    code: str
    name: Text
    total: int
    by_mark: tuple[tuple[str, int], ...]
    mqa_mean: float | None
    grave: int


def lines(entries: Iterable[Entry], *, listed: bool = False) -> tuple[Line, ...]:
    """Every judged dataset whose rows are here; with ``listed`` those of which only the entry is known."""
    return tuple(_line(e) for e in entries if (e.kind == "listed") == listed and e.notes.get("quality"))


def _line(entry: Entry) -> Line:
    found = judged.found(entry, ("quality",)) if entry.kind != "listed" else ()
    seal = judged.seal(entry)
    assert seal is not None
    grave = sum(f.grave for f in found)
    return Line(entry, seal, entry.notes["quality"], grave, len(found) - grave)


def ladder(every: Iterable[Line]) -> tuple[Step, ...]:
    """The four marks from the highest, each with what is above it inside: platinum never exceeds gold."""
    own = Counter(x.seal.id for x in every)
    made, reached = [], 0
    for i in range(len(judged.LADDER) - 1, -1, -1):
        name = judged.LADDER[i]
        reached += own[name]
        made.append(Step(name, i + 1, reached, own[name]))
    return tuple(made)


def reached(own: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Datasets by mark out of how many hold just each: every mark of the ladder with those above it, the highest first; then
    what stands beside the ladder."""
    highest_first = tuple(reversed(judged.LADDER))
    nested = accumulate(own.get(m, 0) for m in highest_first)
    return (*zip(highest_first, nested, strict=True), *((m, own.get(m, 0)) for m in BESIDE))


def beside(every: Iterable[Line]) -> tuple[tuple[str, int], ...]:
    """What stands beside the ladder: no mark, not measured, white-listed."""
    own = Counter(x.seal.id for x in every)
    return tuple((name, own[name]) for name in BESIDE)


def agencies(every: Iterable[Line]) -> tuple[Agency, ...]:
    """The agencies, those with most datasets first."""
    groups: dict[str, list[Line]] = {}
    for line in every:
        groups.setdefault(line.entry.record.agency, []).append(line)
    return tuple(sorted((_agency(members) for members in groups.values()), key=lambda a: (-a.total, a.code)))


def _agency(members: list[Line]) -> Agency:
    points = [x.mqa["points"] for x in members if x.mqa.get("points") is not None]
    record = members[0].entry.record
    by_mark = reached(Counter(x.seal.id for x in members))
    mean = round(sum(points) / len(points), 1) if points else None
    return Agency(record.agency, record.agency_name, len(members), by_mark, mean, sum(x.grave for x in members))


def worst(every: Iterable[Line]) -> tuple[tuple[Entry, judged.Found], ...]:
    """The findings that weigh most over the portal: of each dataset and rule the largest one."""
    best: dict[tuple[str, str], tuple[Entry, judged.Found]] = {}
    for line in every:
        for f in judged.found(line.entry, ("quality",)):
            if f.grave:
                best.setdefault((line.entry.code, f.finding.rule), (line.entry, f))
    found = sorted(best.values(), key=lambda x: (judged.GRAVITY.get(x[1].finding.severity, 9), -x[1].finding.count))
    return tuple(found[:WORST])


def catalogue_mqa(every: Iterable[Line]) -> CatalogueResult:
    """The points of a catalogue of these datasets."""
    return catalogue_of_notes(x.mqa for x in every if x.mqa)


HEAD = (
    "code", "title_zh", "title_en", "agency", "kind", "mark_ours", "mark_official", "next_mark", "next_state", "next_by",
    *(f"indicator_{i}" for i in INDICATORS),
    "mqa_points", "mqa_at_most", "mqa_rating", "findings", "remarks", "standards_columns", "standards_cells_failing",
    "bilingual_level", "masked_cells", "version", "rules_edition", "rules_reconstructed", "judged_at",
)  # fmt: skip


def table(every: Iterable[Line]) -> str:
    """The ledger as CSV for spreadsheets: with a byte order mark, formulas made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for line in every:
        writer.writerow([guarded(v) for v in _cells(line)])
    return "\ufeff" + out.getvalue()


def _cells(line: Line) -> Iterator[str]:
    record, note, notes = line.entry.record, line.note, line.entry.notes
    held = note.get("next") or {}
    standards, bilingual, privacy = (notes.get(t) or {} for t in ("standards", "bilingual", "privacy"))
    yield from (line.entry.code, record.title.zh, record.title.en, record.agency, line.entry.kind)
    yield from (line.seal.id, line.official.get("id", ""), held.get("id", ""), held.get("state", ""))
    yield " ".join(held.get("by", ()))
    yield from (line.states.get(i, "") for i in INDICATORS)
    yield from (_number(line.mqa.get(k)) for k in ("points", "at_most", "rating"))
    yield from (str(line.grave), str(line.remarks))
    yield from (_number(standards.get("mapped")), _number(standards.get("failing")), _number(bilingual.get("level")))
    yield from (_number(privacy.get("cells")), _number(note.get("version")), note["edition"]["name"])
    yield "true" if note["edition"]["reconstruction"] else "false"
    yield note["confirmed_at"]


def _number(value: Any) -> str:
    return "" if value is None else str(value)
