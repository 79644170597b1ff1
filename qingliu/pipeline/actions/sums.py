"""Totals that disagree with their parts: the row of sums under a table, and the column of sums beside its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.lake.located import Located
from qingliu.pipeline.looks import Cell, Spotted

LINES = 20
_WHOLE = re.compile(r"(?i)([總合共]\s*計|總\s*和|總數|全部合計|(grand )?total|sum)")  # of all rows: a 小計 is of some
_COLUMN = re.compile(r"(?i)([總合小共]計|總和|總數|總量)$|(^|[^a-z])(sub)?total$")
_ROWS, _MOSTLY = 5, 0.8  # a column of sums is one that holds in most of at least so many rows
_MEAN = 0.5  # a row of sums that says less than this share of the sum is a mean
_SMALL = 1e-9


def total_rows(
    record: DatasetRecord, rows: Located, heads: Sequence[tuple[str, int, int]], first: str
) -> Iterator[Spotted]:
    """Columns in which the one row of sums over the whole table tells another number than the rows above it come to.

    ``heads``: (text, rows, first line) of the rows of sums and means; with several of them nothing is said.
    """
    if len(heads) != 1 or heads[0][1] != 1 or not _WHOLE.fullmatch(heads[0][0]):
        return
    text, _, line = heads[0]
    numbers = [
        f for f in record.fields if f.type in ("integer", "number") and f.name != first and f.sensitivity == "none"
    ]
    for field, said, summed in rows.summed([f.name for f in numbers], first, text):
        off = abs(said - summed)
        if off <= _room(record, field) or said < _MEAN * summed:
            continue
        yield Spotted(
            "total-row", field,
            Text(
                f"第 {line} 行「{text}」寫 {said:,.15g}，各列相加是 {summed:,.15g}，差 {said - summed:+,.15g}。",
                f"Line {line}, '{text}', says {said:,.15g}; the rows add up to {summed:,.15g} ({said - summed:+,.15g}).",
            ),
            Text(
                "請和來源核對：可能漏列、重複計入或有錯值。這一列不列入時，公開的資料不受影響。",
                "Compare with the source: a row may be missing, counted twice or wrong. Left out, the row does not matter.",
            ),
            "warning", 1, (Cell("", line, 0, field, f"{said:,.15g}"),),
        )  # fmt: skip


def total_columns(record: DatasetRecord, rows: Located) -> Iterator[Spotted]:
    """Rows in which a column of sums disagrees with the columns before it, where most rows agree."""
    for total, parts in _columns(record.fields):
        names = [p.name for p in parts]
        for some in (names, names[-2:]) if len(names) > 2 else (names,):
            looked, off, spots = rows.adding(
                some, total.name, max(_room(record, f.name) for f in (total, *parts)), LINES
            )
            if looked < _ROWS or looked - off < _MOSTLY * looked:
                continue
            if off:
                shown = "、".join(some)
                yield Spotted(
                    "total-column", total.name,
                    Text(
                        f"{off:,} 列的「{total.name}」不等於{shown}相加（其餘 {looked - off:,} 列相等）。",
                        f"In {off:,} rows '{total.name}' is not the sum of {', '.join(some)} (it is in {looked - off:,}).",
                    ),
                    Text("請在來源核對各項與合計。", "Compare the parts and the total in the source."), "warning", off,
                    tuple(Cell(s.file, s.line, s.record, total.name, s.texts[0]) for s in spots),
                )  # fmt: skip
            break


def _columns(fields: Sequence[FieldRecord]) -> Iterator[tuple[FieldRecord, list[FieldRecord]]]:
    """Columns called sums, each with the columns of numbers that stand directly before it."""
    for n, field in enumerate(fields):
        if field.type not in ("integer", "number") or not any(_COLUMN.search(t) for t in (field.name, field.title.zh)):
            continue
        parts: list[FieldRecord] = []
        for other in reversed(fields[:n]):
            if other.type not in ("integer", "number") or other.unit != field.unit or other.sensitivity != "none":
                break
            parts.insert(0, other)
        if len(parts) > 1 and field.sensitivity == "none":
            yield field, parts


def _room(record: DatasetRecord, name: str) -> float:
    """How far two sums of a column may differ: whole numbers not at all, others as far as binary fractions do."""
    field = record.field(name)
    return _SMALL if field is not None and field.type == "integer" else 0.006
