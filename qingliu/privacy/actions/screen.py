"""The gate: a staged delivery is looked through, masked after the rules in force, and let pass or held with what was found.

Findings and counts say which column, which kind, how many and in which rows; never what stands there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from qingliu.accounts.rules import Actor, may, require
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import Damaged
from qingliu.core.records import Finding, Verdict
from qingliu.lake import mask
from qingliu.lake.mask import Box, Sheet
from qingliu.privacy import queries
from qingliu.privacy.actions import linkage
from qingliu.privacy.gate import findings
from qingliu.privacy.gate.columns import with_former
from qingliu.privacy.gate.masking import Gate
from qingliu.privacy.gate.outcome import Judged
from qingliu.privacy.gate.policy import Policy
from qingliu.privacy.gate.restricted import Matcher
from qingliu.privacy.rules import Kind

JUDGE = "privacy"
_MANY = 0.2  # share of different texts that look like names, from which on a column is taken to hold names
_PLACES = 5  # rows that a finding names
EXAMPLES = 3  # cells of a column that are shown before and after


@dataclass(frozen=True, slots=True)
class Masking:
    """What the gate did to a delivery, in numbers: kept with the run and told in public."""

    rows: int = 0
    cells: int = 0
    columns: tuple[tuple[str, int], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()  # by category: names, addresses, coordinates, text
    rules: tuple[tuple[str, int], ...] = ()  # (rule, edition) that spoke of this dataset
    cleared: tuple[str, ...] = ()  # sensitive columns over which it was decided
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """The rows as they may be published (``path``: the given file where nothing had to be masked), and the verdict."""

    path: Path
    verdict: Verdict
    masking: Masking


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell before and after, for those who may see it. ``row`` counts from 1 in the order of the delivery."""

    row: int
    column: str
    before: str
    after: str
    category: str


@dataclass(slots=True)
class _Tally:
    """What adds up while rows are judged."""

    rows: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    open: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    places: dict[tuple[str, Kind], list[int]] = field(default_factory=dict)
    undecided: int = 0
    controls: set[str] = field(default_factory=set)

    def add(self, row: int, judged: Judged, controls: list[str]) -> None:
        """One row."""
        self.rows += bool(judged.cells)
        self.undecided += judged.undecided
        for column, cell in judged.cells.items():
            self.columns[column] += 1
            self.counts[cell.category] += 1
        for found in dict.fromkeys(judged.open):
            self.open[found] += 1
            places = self.places.setdefault(found, [])
            if len(places) < _PLACES:
                places.append(row + 1)
        if judged.cells and (judged.restricted or judged.person):
            self.controls.update(controls)


def screen(*, record: DatasetRecord, staged: Path, run_id: str) -> Screened:
    """Look through a staged file and mask it. Nothing of it may be published unless the verdict says so."""
    policy = queries.policy()
    try:
        matcher = queries.matcher()
    except Damaged as error:
        return Screened(staged, Verdict(JUDGE, (findings.unreadable(error),)), Masking())
    return _screened(Gate.of(record, policy, matcher), policy, staged, queries.scratch(run_id), [])


def foresee(*, record: DatasetRecord, staged: Path, workdir: Path) -> tuple[Screened, tuple[Shown, ...]]:
    """What the rules in force would make of rows that nobody has delivered yet, with some cells before and after.

    The restricted list is left out: whoever may try files at will must not find out by trying which places stand on it.
    """
    shown: list[Shown] = []
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    policy = queries.policy()
    screened = _screened(Gate.of(record, policy, Matcher()), policy, staged, workdir, shown)
    return screened, tuple(shown)


def _screened(gate: Gate, policy: Policy, staged: Path, workdir: Path, shown: list[Shown]) -> Screened:
    """The rows judged and masked in ``workdir``; the first cells of each column that change are added to ``shown``."""
    record = gate.record
    target = workdir / "masked.parquet"
    with _opened(staged, workdir) as sheet:
        with mask.Changes(workdir / "changes.parquet") as changes:
            tally = _tally(gate, sheet, changes, shown)
        if changes.count:
            sheet.write(changes.path, target)
    masking = _masking(record, policy, tally, queries.signature(record))
    passed = target if changes.count else staged
    found = [*_findings(record, policy, tally), *linkage.find(record, tally.controls, tally.counts)]
    found += linkage.find_back(record, passed)
    return Screened(passed, Verdict(JUDGE, tuple(found)), masking)


def changes_of(*, record: DatasetRecord, source: Path, workdir: Path) -> Path | None:
    """The cells of a file of published rows that the rules in force change, as ``lake.mask.Changes``; None: not one.

    The same judgement as for a delivery; columns that the definition has dropped or renamed are looked at too. A
    cell that already shows no more than it may is left as it is.
    """
    with _opened(source, workdir) as sheet, mask.Changes(workdir / f"{source.stem}.changes.parquet") as changes:
        gate = Gate.of(with_former(record, sheet.types), queries.policy(), queries.matcher())
        for row, values, judged in _judged(gate, sheet):
            for column, cell in judged.cells.items():
                if cell.value != values[column]:
                    changes.add(row, column, cell.value)
    if changes.count:
        return changes.path
    changes.path.unlink()
    return None


def concerned(*, record: DatasetRecord, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """The columns of loose rows (decisions about them, say) in which something may not be shown under the rules in force."""
    gate = Gate.of(record, queries.policy(), queries.matcher())
    found: set[str] = set()
    for row in rows:
        given = {c: row.get(c) for c in gate.wanted}
        judged = gate.judge(given)
        found |= {c for c, cell in judged.cells.items() if cell.value != given[c]} | {c for c, _ in judged.open}
    return found


def look(
    *, record: DatasetRecord, staged: Path, run_id: str, agency: str, by: Actor, limit: int = 100
) -> tuple[Shown, ...]:
    """The first cells that the rules in force would change, before and after. Restricted rows only for those who may
    touch the list."""
    require(by, "private", agency=agency)
    gate = Gate.of(record, queries.policy(), queries.matcher())
    sees_sites = may(by, "restricted")
    shown: list[Shown] = []
    with _opened(staged, queries.scratch(run_id)) as sheet:
        for row, values, judged in _judged(gate, sheet):
            if judged.restricted and not sees_sites:
                continue
            for column, cell in judged.cells.items():
                after = "" if cell.value is None else str(cell.value)
                shown.append(Shown(row + 1, column, str(values[column]), after, cell.category))
            if len(shown) >= limit:
                break
    return tuple(shown[:limit])


def _opened(staged: Path, workdir: Path) -> AbstractContextManager[Sheet]:
    mine = settings.QINGLIU
    return mask.opened([staged], workdir, memory_limit=mine.publish_memory, threads=mine.engine_threads)


def _tally(gate: Gate, sheet: Sheet, changes: mask.Changes, shown: list[Shown]) -> _Tally:
    tally = _Tally()
    for row, values, judged in _judged(gate, sheet):
        for column, cell in judged.cells.items():
            changes.add(row, column, cell.value)
            if tally.columns[column] < EXAMPLES and cell.value != values[column]:
                after = "" if cell.value is None else str(cell.value)
                shown.append(Shown(row + 1, column, str(values[column]), after, cell.category))
        tally.add(row, judged, [str(v) for c in gate.columns.controls if (v := values.get(c))])
    return tally


def _judged(gate: Gate, sheet: Sheet) -> Iterator[tuple[int, dict[str, Any], Judged]]:
    """Every row with which the rules have anything to do, judged, in the order of the file."""
    present = [c for c in gate.wanted if c in sheet.types]
    if not present:
        return
    searched = [c for c in gate.columns.texts if c in sheet.types]
    masked = set(gate.masking)
    for column in searched:
        weak: list[str] = []
        seen = 0
        for texts in sheet.distinct(column):
            seen += len(texts)
            found = [t for t in texts if gate.concerns(column, t)]
            doubtful = {t for t in found if gate.doubtful(column, t)}
            weak += doubtful
            sheet.hit(column, [t for t in found if t not in doubtful or gate.matcher.touches(t)])
            for text in found if column in masked else ():
                gate.remember(column, text)
        if len(weak) >= _MANY * seen:
            gate.doubted.add(column)
            sheet.hit(column, weak)
    gate.known.settle()
    for column in (c for c in searched if c in masked and gate.known.words):
        for texts in sheet.distinct(column, least=3):
            sheet.hit(column, [t for t in texts if gate.known.spans(t)])
    for batch in sheet.rows(present, boxes=_boxes(gate), every=gate.every_row):
        for row, values in batch:
            judged = gate.judge(values)
            if judged.cells or judged.open or judged.undecided:
                yield row, values, judged


def _boxes(gate: Gate) -> list[Box]:
    lon, lat = gate.columns.lon, gate.columns.lat
    return [Box(lon, lat, bounds) for bounds in gate.matcher.boxes()] if lon and lat else []


def _masking(record: DatasetRecord, policy: Policy, tally: _Tally, signature: str) -> Masking:
    spoke = {(a.rule.name, a.edition) for f in record.fields for a in policy.of(record, f)}
    return Masking(
        rows=tally.rows,
        cells=sum(tally.columns.values()),
        columns=tuple(sorted(tally.columns.items())),
        counts=tuple(sorted(tally.counts.items())),
        rules=tuple(sorted(spoke)),
        cleared=tuple(f"{f.name}:{f.sensitivity}" for f in record.fields if f.sensitivity != "none"),
        signature=signature,
    )


def _findings(record: DatasetRecord, policy: Policy, tally: _Tally) -> list[Finding]:
    found = [findings.undecided(f) for f in policy.undecided(record)]
    found += [findings.uncovered(c, k, n, tally.places[c, k]) for (c, k), n in sorted(tally.open.items())]
    if tally.undecided:
        found.append(findings.no_rule_for_sites(tally.undecided))
    found += [findings.key_masked(c, tally.columns[c]) for c in record.key if tally.columns[c]]
    found += [findings.masked(c, n) for c, n in sorted(tally.columns.items())]
    return found
