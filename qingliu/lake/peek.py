"""A first look at a delivery: some rows as they were read, beside what each cell became; what repeats; what did not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from qingliu.core.dataset import DatasetRecord, ReadSpec, Text
from qingliu.lake.csvlines import records
from qingliu.lake.ingest import engine
from qingliu.lake.inputs import CsvInput, RawInput, RowsInput, RowsWriter
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_plan import Plan, plan_of
from qingliu.lake.shape_sql import BAD, EMPTY, REQUIRED, SENTINEL, SUFFIX

CellState = Literal["value", "empty", "sentinel", "suffix", "bad", "unmapped", "broken"]
RAW_SHOWN = 200  # characters of one cell


@dataclass(frozen=True, slots=True)
class PeekCell:
    """One cell: the raw text, what kind of thing it is to the definition, and its value as text (None: null)."""

    raw: str
    state: CellState
    value: str | None = None


@dataclass(frozen=True, slots=True)
class PeekColumn:
    """One column of the look: the header as it stands in the file and the declared column that reads it ("" = none)."""

    header: str
    field: str


@dataclass(frozen=True, slots=True)
class PeekRow:
    """One row of the look, and where it stands in its file."""

    file: str
    line: int
    record: int
    cells: tuple[PeekCell, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of each input are looked at: the ``first`` ones, and some later ``numbers``. ``marked`` are lines
    (file, line; file "" = any) that count as found whatever their cells are."""

    first: int
    numbers: tuple[int, ...] = ()
    marked: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Peeked:
    """Rows of one page, how many rows there are in all, and how many of them with findings."""

    total: int
    found: int
    rows: tuple[PeekRow, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One text that does not fit one column (column "" = a whole row), how often, and why."""

    column: str
    raw: str
    count: int
    reason: Text
    remedy: Text


def keep(
    record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput], target: Path, *, which: Wanted
) -> tuple[PeekColumn, ...]:
    """Write rows as they were read, beside what each cell became, to ``target`` (Parquet), those with findings first."""
    workdir = target.with_suffix(".work")
    workdir.mkdir(parents=True, exist_ok=True)
    picked = [p for n, i in enumerate(inputs) if (p := _picked(i, which, workdir / f"peek-{n}.parquet"))]
    if not picked:
        return ()
    connection = engine(workdir, memory_limit="300MB", threads=1, timezone=record.timezone)
    try:
        plan = plan_of(record, read, picked)
        connection.execute(f"COPY ({_kept(plan, which)}) TO {lit(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        return _columns(plan)
    finally:
        connection.close()
        shutil.rmtree(workdir, ignore_errors=True)


def first_field(record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput]) -> str:
    """The declared column that reads the first one of the files; "" where none does."""
    if not inputs:
        return ""
    columns = _columns(plan_of(record, read, inputs))
    return columns[0].field if columns else ""


def rows_of_a_record(record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput]) -> int:
    """How many rows one record of the files becomes: more than one in a wide table."""
    return plan_of(record, read, inputs).rows_per_record if inputs else 1


def _kept(plan: Plan, which: Wanted) -> str:
    parts, bad = [], ["false"]
    for cell in plan.cells:
        name = cell.field.name
        status = "NULL::INTEGER" if cell.plain_string else cell.status_name
        parts += [
            f"left({cell.raw}, {RAW_SHOWN}) AS {ident(f'raw {name}')}",
            f"{status} AS {ident(f'status {name}')}",
            f"left(CAST({cell.value()} AS VARCHAR), {RAW_SHOWN}) AS {ident(f'value {name}')}",
        ]
        if not cell.plain_string:
            bad.append(f"coalesce({cell.status_name} IN ({BAD}, {REQUIRED}), false)")
    for n, one in enumerate(plan.inputs):
        lines = ", ".join(str(line) for file, line in which.marked if file in ("", one.source.name))
        if lines:
            bad.append(f"(_input = {n} AND _line IN ({lines}))")
    files = " ".join(f"WHEN {n} THEN {lit(one.source.name)}" for n, one in enumerate(plan.inputs))
    return (
        f"SELECT {' OR '.join(bad)} AS _found, CASE _input {files} END AS _file, _input, _line, _record, _whole, "
        f"{', '.join(parts)} FROM ({plan.status_sql(with_place=True)}) ORDER BY _found DESC, _input, _record"
    )


def page(
    kept: Path, columns: Sequence[PeekColumn], *, offset: int = 0, limit: int = 50, found_only: bool = False
) -> Peeked:
    """Some of the rows that ``keep`` wrote, in its order, and how many there are."""
    source = f"read_parquet({lit(str(kept))})"
    fields = [c.field for c in columns if c.field]
    wanted = ", ".join(ident(f"{part} {f}") for f in fields for part in ("raw", "status", "value")) or "NULL"
    only = "WHERE _found" if found_only else ""
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        total, found = con.execute(f"SELECT count(*), count(*) FILTER (_found) FROM {source}").fetchall()[0]
        rows = con.execute(
            f"SELECT _file, _line, _record, _whole, {wanted} FROM {source} {only} "
            f"ORDER BY _found DESC, _input, _record LIMIT {int(limit)} OFFSET {int(offset)}"
        ).fetchall()
    return Peeked(int(total), int(found), tuple(_row(columns, fields, row) for row in rows))


def _row(columns: Sequence[PeekColumn], fields: Sequence[str], row: Sequence[Any]) -> PeekRow:
    file, line, record, whole, *values = row
    triples = zip(values[0::3], values[1::3], values[2::3], strict=False)
    known = {f: _cell(*t) for f, t in zip(fields, triples, strict=False)}
    raws = json.loads(whole)
    cells = (
        known[c.field] if c.field else PeekCell(str(raws.get(c.header) or "")[:RAW_SHOWN], "unmapped") for c in columns
    )
    return PeekRow(file, int(line), int(record), tuple(cells))


def groups(quarantine: Path, *, limit: int = 300) -> tuple[Group, ...]:
    """The texts in a quarantine file by column and reason, most frequent first."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        found = con.execute(
            f"SELECT coalesce(CASE WHEN kind = 'cell' THEN \"column\" END, ''), left(raw, {RAW_SHOWN}) AS t, count(*) AS n, "
            "reason_zh, reason_en, remedy_zh, remedy_en FROM read_parquet(?) GROUP BY ALL ORDER BY n DESC, 1, t LIMIT ?",
            [str(quarantine), limit],
        ).fetchall()
    return tuple(Group(c, raw or "", int(n), Text(rz, re), Text(mz, me)) for c, raw, n, rz, re, mz, me in found)


def bad_records(quarantine: Path, *, limit: int) -> list[int]:
    """Numbers of the first records of the delivery with something in quarantine."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        found = con.execute(
            "SELECT DISTINCT record FROM read_parquet(?) WHERE record IS NOT NULL ORDER BY record LIMIT ?",
            [str(quarantine), limit],
        ).fetchall()
    return [int(row[0]) for row in found]


def repeats(staged: Path, key: Sequence[str]) -> tuple[int, int]:
    """(rows that repeat another row whole, rows whose key is that of another row but whose content differs)."""
    source = f"read_parquet({lit(str(staged))})"
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        total = con.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
        whole = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {source})").fetchall()[0][0]
        if not key:
            return total - whole, 0
        names = ", ".join(ident(k) for k in key)
        kept = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {source})").fetchall()[0][0]
    return total - whole, whole - kept


def tells_apart(staged: Path, choices: Iterable[Sequence[str]], lacking: int = 0) -> tuple[str, ...]:
    """The first choice of columns that tells all different rows apart in which they are filled, and is empty in
    ``lacking`` rows at most; () where none does."""
    source = f"read_parquet({lit(str(staged))})"
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        for names in choices:
            listed = ", ".join(ident(n) for n in names)
            filled = " AND ".join(f"{ident(n)} IS NOT NULL" for n in names)
            whole = f"(SELECT count(*) FROM (SELECT DISTINCT * FROM {source} WHERE {filled}))"
            sql = f"SELECT (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {source} WHERE {filled})) = {whole}"
            gaps = f"SELECT count(*) FROM {source} WHERE NOT ({filled})"
            few = con.execute(gaps).fetchall()[0][0] <= lacking
            if few and con.execute(sql).fetchall()[0][0]:
                return tuple(names)
    return ()


def lacking(located: Path, key: Sequence[str], limit: int = 20) -> tuple[int, tuple[int, ...]]:
    """(rows in which a part of ``key`` is empty or unreadable, the first of their lines) of what ``located.write`` wrote."""
    gaps = " OR ".join(f"{ident(n)} IS NULL" for n in key)
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        rows = f"FROM read_parquet({lit(str(located))}) WHERE {gaps}"
        total = con.execute(f"SELECT count(*) {rows}").fetchall()[0][0]
        found = con.execute(f"SELECT DISTINCT _line {rows} ORDER BY 1 LIMIT {int(limit)}").fetchall()
    return int(total), tuple(int(n) for (n,) in found)


def newest(staged: Path, time_field: str) -> str:
    """The last moment in a time column as ISO text; "" without one, or where no cell of it holds a time."""
    if not time_field:
        return ""
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        sql = f"SELECT max(TRY_CAST({ident(time_field)} AS TIMESTAMP)) FROM read_parquet({lit(str(staged))})"
        found = con.execute(sql).fetchall()[0][0]
    return found.isoformat() if found else ""


def _picked(source: RawInput, which: Wanted, path: Path) -> RowsInput | None:
    """The wanted records of an input as rows; a line that is no record is left out. None where it has none of them."""
    more = set(which.numbers)
    last = max(more, default=which.first)
    if not isinstance(source, CsvInput):
        chosen = ", ".join(str(n) for n in sorted(more)) or "0"
        with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
            some = f"_record <= {which.first} OR _record IN ({chosen})"
            sql = f"SELECT * FROM read_parquet({lit(str(source.path))}) WHERE {some}"
            found = con.execute(f"COPY ({sql}) TO {lit(str(path))} (FORMAT parquet)").fetchall()
        return RowsInput(path, source.name, source.columns) if found and found[0][0] else None
    with RowsWriter(path, source.name, source.columns) as writer:
        for number, record in enumerate(records(source), start=1):
            if number > max(last, which.first):
                break
            if (number <= which.first or number in more) and not record.problem:
                writer.add(record.cells, record.line, number)
    return writer.input if writer.rows else None


def _columns(plan: Plan) -> tuple[PeekColumn, ...]:
    """Headers in the order of the file, each with its column; then columns that come from elsewhere or are missing."""
    first = plan.inputs[0]
    if first.wide:
        by_name = {n: first.source.columns[i] for n, i in first.match.positions.items()}
        return tuple(PeekColumn(by_name.get(f.name, ""), f.name) for f in plan.record.fields)
    at = {i: n for n, i in first.match.positions.items()}
    columns = [PeekColumn(h or f"#{i + 1}", at.get(i, "")) for i, h in enumerate(first.source.columns)]
    shown = {c.field for c in columns}
    return (*columns, *(PeekColumn("", f.name) for f in plan.record.fields if f.name not in shown))


def _cell(raw: str | None, status: int | None, value: str | None) -> PeekCell:
    text = raw or ""
    if status is None:
        return PeekCell(text, "value" if value else "empty", value)
    if status in (BAD, REQUIRED):
        return PeekCell(text, "bad", None)
    if status >= SUFFIX:
        return PeekCell(text, "suffix", value)
    if status >= SENTINEL:
        return PeekCell(text, "sentinel", value)
    return PeekCell(text, "empty" if status == EMPTY else "value", value)
