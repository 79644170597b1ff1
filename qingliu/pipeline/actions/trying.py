"""What the remedies of a draft would make of its first cells, by reading them under the changed definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from qingliu.core.dataset import Definition
from qingliu.lake import peek
from qingliu.lake.inputs import RawInput
from qingliu.lake.peek import PeekCell, PeekRow
from qingliu.pipeline import editing, queries
from qingliu.pipeline.looks import Preview, Sample
from qingliu.pipeline.remedies import remedies

CELLS = frozenset({"type", "format", "reading", "sentinel", "suffix", "unit", "range", "allow", "spelling"})
FIRST = 1_000  # rows that are tried
SHOWN = 3  # cells of a column and kind
KINDS = 3


def samples(definition: Definition, seen: Preview, inputs: Sequence[RawInput], work: Path) -> tuple[Sample, ...]:
    """The first cells that the remedies of each column change, some of every kind; each text once."""
    wanted = [r for r in remedies(seen, definition) if r.kind in CELLS]
    if not wanted:
        return ()
    after = definition
    for remedy in wanted:
        after = editing.apply(after, remedy)
    kept = work / "tried.parquet"
    columns = peek.keep(after.dataset, after.read, inputs, kept, which=peek.Wanted(FIRST))
    rows = {(r.file, r.record): r for r in peek.page(kept, columns, limit=FIRST).rows}
    names = {r.column for r in wanted}
    units = {f.name: f.unit for f in after.dataset.fields if f.unit and f.unit != _unit(definition, f.name)}
    found: list[Sample] = []
    for n, column in enumerate(seen.columns):
        if column.field in names and columns[n].field == column.field:
            pairs = _pairs(peek.page(work / queries.ROWS_FILE, seen.columns, limit=FIRST).rows, rows, n)
            found += _told(column.field, pairs, units.get(column.field, ""))
    return tuple(found)


def _unit(definition: Definition, name: str) -> str:
    field = definition.dataset.field(name)
    return field.unit if field else ""


def _pairs(
    before: Sequence[PeekRow], after: dict[tuple[str, int], PeekRow], at: int
) -> Iterator[tuple[int, PeekCell, PeekCell]]:
    for row in sorted(before, key=lambda r: (r.file, r.record)):
        other = after.get((row.file, row.record))
        if other is not None:
            yield row.line, row.cells[at], other.cells[at]


def _told(column: str, pairs: Iterator[tuple[int, PeekCell, PeekCell]], unit: str) -> Iterator[Sample]:
    many: Counter[str] = Counter()
    told: set[str] = set()
    for line, was, now in pairs:
        value = f"{now.value} {unit}" if unit and now.value is not None else now.value
        same = was.state == now.state and was.value == value
        if not was.raw or was.raw in told or (same and now.value == was.raw) or many[now.state] >= SHOWN:
            continue
        if same and now.state == "value":
            continue
        many[now.state] += 1
        told.add(was.raw)
        yield Sample(column, line, was.raw[:60], was.value, value, now.state)
