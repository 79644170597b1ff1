"""What a batch of corrections asks for, checked against the rows as they stand. Pure functions over values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args
from zoneinfo import ZoneInfo

from qingliu.catalog.rules import Decision, Standing
from qingliu.core.dataset import DatasetRecord, FieldRecord, RowStatus, Text
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.lake.decided import Row, marks, strip_pattern
from qingliu.lake.values import coerce

STATUSES: tuple[str, ...] = get_args(RowStatus)
DELIVERED = "delivered"  # ends what was decided about a row: it is again as the source delivers it
EMPTY = r"\N"  # how a file of corrections writes an empty cell; a cell left blank is not touched
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class RowChange:
    """What is wanted of one row: its key, new cells (None empties one), and its status ("" = corrected)."""

    key: Mapping[str, str]
    cells: Mapping[str, str | None] = field(default_factory=dict)
    status: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision and the row as it will be published."""

    decision: Decision
    row: Row


def refused(zh: str, en: str, remedy_zh: str, remedy_en: str, parameter: str = "decisions") -> BadRequest:
    """A batch that cannot be carried out, and what mends it."""
    return BadRequest(Text(zh, en), Text(remedy_zh, remedy_en), parameter=parameter)


def from_rows(header: Sequence[str], lines: Sequence[Sequence[str]], record: DatasetRecord) -> tuple[RowChange, ...]:
    """The rows of a file: key columns, columns to change, ``_status``. Blank cells are not touched, ``\\N`` empties."""
    names = [h.strip() for h in header]
    unknown = [n for n in names if n != "_status" and record.field(n) is None]
    absent = [k for k in record.key if k not in names]
    if unknown or absent or len(set(names)) != len(names):
        told = "、".join(unknown or absent or names)
        raise refused(
            f"更正檔的欄位不符：{told}。", f"The columns of the file do not fit: {told}.",
            f"需要主鍵 {'、'.join(record.key)}，其餘為要更正的欄位或 _status。",
            f"It takes the key ({', '.join(record.key)}), columns to correct, and _status.", "file",
        )  # fmt: skip
    changes = []
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise refused(
                f"第 {number} 行有 {len(line)} 格，標題有 {len(names)} 格。",
                f"Line {number} has {len(line)} cells, the header {len(names)}.",
                "請補齊或刪去多餘的格。", "Give every line as many cells as the header.", f"line {number}",
            )  # fmt: skip
        cells = dict(zip(names, line, strict=True))
        status = cells.pop("_status", "").strip()
        key = {k: cells.pop(k) for k in record.key}
        changes.append(RowChange(key, {c: None if v == EMPTY else v for c, v in cells.items() if v != ""}, status))
    return tuple(changes)


def typed(changes: Sequence[RowChange], record: DatasetRecord) -> tuple[RowChange, ...]:
    """The changes with every value as the lake writes it. Raises BadRequest naming the row and the column."""
    if not changes or len(changes) > MAX_ROWS:
        raise refused(
            f"這批有 {len(changes)} 列。", f"This batch has {len(changes)} rows.",
            f"一批 1 至 {MAX_ROWS} 列。", f"A batch takes 1 to {MAX_ROWS} rows.",
        )  # fmt: skip
    found = tuple(_typed(n, c, record) for n, c in enumerate(changes, start=1))
    keys = [tuple(c.key[k] for k in record.key) for c in found]
    if len(set(keys)) != len(keys):
        again = next(k for k in keys if keys.count(k) > 1)
        raise refused(
            f"主鍵 {'、'.join(again)} 在這批出現多次。", f"The key {', '.join(again)} stands in this batch more than once.",
            "每列只決定一次。", "Decide once about a row.",
        )  # fmt: skip
    return found


def _typed(number: int, change: RowChange, record: DatasetRecord) -> RowChange:
    where = f"row {number}"
    if set(change.key) != set(record.key) or any(c in record.key or not record.field(c) for c in change.cells):
        raise refused(
            f"第 {number} 列的主鍵或欄位不符。", f"The key or a column of row {number} does not fit.",
            f"主鍵是 {'、'.join(record.key)}；主鍵本身不能更正。",
            f"The key is {', '.join(record.key)}, and is itself not corrected.", where,
        )  # fmt: skip
    if change.status not in {"", DELIVERED, *STATUSES}:
        raise refused(
            f"第 {number} 列的狀態「{change.status[:40]}」不存在。", f"Row {number} has no status {change.status[:40]!r}.",
            f"可用：{'、'.join((*STATUSES, DELIVERED))}。", f"Use {', '.join((*STATUSES, DELIVERED))}.", where,
        )  # fmt: skip
    if (change.status == DELIVERED and change.cells) or not (change.status or change.cells):
        raise refused(
            f"第 {number} 列沒有可決定的內容。", f"Row {number} asks for nothing, or for cells beside {DELIVERED}.",
            "給要更正的欄位或 _status；delivered 不帶欄位。", f"Give cells or _status; {DELIVERED} takes no cells.", where,
        )  # fmt: skip
    key = {k: _text(number, record, k, v) for k, v in change.key.items()}
    cells = {c: None if v is None else _text(number, record, c, v) for c, v in change.cells.items()}
    for column, value in cells.items():
        _check_rules(number, record, column, value)
    return RowChange(key, cells, change.status)


def _text(number: int, record: DatasetRecord, column: str, value: str) -> str:
    found = record.field(column)
    assert found is not None  # the caller has looked
    try:
        read = coerce(found, value, ZoneInfo(record.timezone))
    except QingliuError as error:
        raise _unfit(number, column, value, found.type) from error
    if (found.type == "integer" and not isinstance(read, int)) or (found.type == "date" and hasattr(read, "hour")):
        raise _unfit(number, column, value, found.type)
    if found.type == "number":
        read = float(read)  # type: ignore[arg-type]  # written as the engine writes it: 13.0
    return str(read).lower() if found.type == "boolean" else str(read)


def _unfit(number: int, column: str, value: str, kind: str) -> BadRequest:
    return refused(
        f"第 {number} 列「{column}」的值「{value[:40]}」不合欄位型別或限制（{kind}）。",
        f"Row {number}: {value[:40]!r} does not fit the type or the limits of '{column}' ({kind}).",
        "請依定義填寫。", "Write it as the definition says.", column,
    )  # fmt: skip


def _check_rules(number: int, record: DatasetRecord, column: str, value: str | None) -> None:
    found: FieldRecord | None = record.field(column)
    if found is None:
        return
    if value is None:
        if found.required:
            raise _unfit(number, column, "", "required")
        return
    if found.enum and value not in found.enum:
        raise _unfit(number, column, value, "enum")
    if found.type in {"integer", "number"} and not (
        (found.minimum is None or float(value) >= found.minimum)
        and (found.maximum is None or float(value) <= found.maximum)
    ):
        raise _unfit(number, column, value, "minimum/maximum")


def plan(
    changes: Sequence[RowChange],
    present: Sequence[Row | None],
    standing: Mapping[tuple[str, ...], Standing],
    record: DatasetRecord,
    reason: str,
) -> tuple[Planned, ...]:
    """The decisions that ``changes`` come to and the rows they leave. Raises BadRequest for a row that is not there."""
    missing = [c for c, row in zip(changes, present, strict=True) if row is None]
    if missing:
        keys = "；".join("、".join(c.key.values()) for c in missing[:5])
        raise refused(
            f"有 {len(missing)} 列不在現行版本：{keys}。", f"{len(missing)} rows are not in the current version: {keys}.",
            "請核對主鍵。", "Check the keys.",
        )  # fmt: skip
    return tuple(_plan(c, row, standing, record, reason) for c, row in zip(changes, present, strict=True) if row)


def _plan(
    change: RowChange, row: Row, standing: Mapping[tuple[str, ...], Standing], record: DatasetRecord, reason: str
) -> Planned:
    key = {k: row[k] or "" for k in record.key}
    source: dict[str, str | None] = {}
    if change.status == DELIVERED:
        found = standing.get(tuple(key.values()), Standing())
        cells = {c: found.source.get(c) for c in found.ours}
        status: str = record.row_status
        added = _tokens(found.flags, tuple(cells))
    else:
        cells = {c: v for c, v in change.cells.items() if row[c] != v}
        status = change.status or ("corrected" if cells else row["_status"] or record.row_status)
        rest = [f.name for f in record.fields if f.name not in record.key and f.name in row]
        source, added = {c: row[c] for c in change.cells or rest}, marks(tuple(cells))
    decision = Decision(
        key, source, before={c: row[c] for c in cells}, after=cells, status_before=row["_status"] or record.row_status,
        status=status, flags_before=row["_flags"] or "", withdraws=change.status == DELIVERED, reason=reason,
    )  # fmt: skip
    return Planned(decision, {**row, **cells, "_flags": _flags(row["_flags"], tuple(cells), added), "_status": status})


def _flags(flags: str | None, columns: tuple[str, ...], added: str) -> str | None:
    if not columns:
        return flags
    kept = re.sub(strip_pattern(columns), "", flags or ";") + added
    return kept if kept.strip(";") else None


def _tokens(flags: str, columns: tuple[str, ...]) -> str:
    return "".join(f"{token[1:]};" for token in _matches(flags, columns))


def _matches(flags: str, columns: tuple[str, ...]) -> Iterator[str]:
    return (m.group(0) for m in re.finditer(strip_pattern(columns), flags)) if columns else iter(())
