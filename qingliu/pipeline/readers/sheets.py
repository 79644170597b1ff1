"""Spreadsheets (XLSX, XLS, ODS) → rows of text, parsed in a child process with limits on memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from qingliu.core.dataset import ReadSpec, Text
from qingliu.core.errors import BadSource, QingliuError, Refused
from qingliu.lake.ingest import RowsInput, RowsWriter
from qingliu.pipeline.readers.delimited import Row, find_header, trimmed_headers
from qingliu.pipeline.readers.limits import Blob, Limits

_CHILD = Path(__file__).with_name("sheet_child.py")
_SAMPLE_ROWS = 200
_SPARE_S = 30
Cells = tuple[int, list[str | None]]


def read_sheets(
    blob: Blob, spec: ReadSpec, folder: Path, limits: Limits, *, guess: bool = False
) -> tuple[RowsInput, ...]:
    """Every wanted sheet as a table; all visible ones where the spec names none, if they have the same header.

    ``guess``: where headers differ, the table with most cells, the others told in ``beside``; for a person who looks at it.
    Raises BadSource (no spreadsheet, killed by its limits, headers differ), Refused (declared size).
    """
    _check_declared(blob, limits)
    lines = folder / f"{blob.path.name}.sheets"
    _run_child(blob, spec.sheet, lines, limits)
    tables, rows_of = [], {}
    for number, (name, rows) in enumerate(_sheets(lines)):
        writer = _table(blob, name, rows, spec, folder / f"{blob.path.name}-sheet{number}.parquet")
        if writer:
            tables.append(writer.input)
            rows_of[writer.input.name] = writer.rows
    if not tables:
        raise _bad(blob, "沒有可讀的工作表", "has no readable sheet")
    if guess:
        tables = _largest(tables, rows_of)
    if len({t.columns for t in tables}) > 1:
        shown = "、".join(t.name.rsplit("/", 1)[-1] for t in tables)
        raise BadSource(
            Text(
                f"「{blob.name}」各工作表的標題不同：{shown}。",
                f"The sheets of '{blob.name}' have different headers: {shown}.",
            ),
            Text("請在定義檔以 read.sheet 指定工作表。", "Name the sheet under read.sheet in the definition."),
            parameter=blob.name,
        )
    return tuple(tables)


def _largest(tables: list[RowsInput], rows: Mapping[str, int]) -> list[RowsInput]:
    """The tables with the header of the one with most cells; each with the names of the others."""
    best = max(tables, key=lambda t: len(t.columns) * rows[t.name])
    beside = tuple(t.name.rsplit("/", 1)[-1] for t in tables if t.columns != best.columns)
    return [replace(t, beside=beside) for t in tables if t.columns == best.columns]


def _check_declared(blob: Blob, limits: Limits) -> None:
    if not zipfile.is_zipfile(blob.path):
        return  # an old .xls holds no compressed parts
    with zipfile.ZipFile(blob.path) as archive:
        infos = archive.infolist()
    declared, stored = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    bomb = declared > limits.sheet_ratio_from_bytes and declared > max(stored, 1) * limits.ratio
    if declared > limits.sheet_bytes or bomb or len(infos) > limits.members:
        size = declared >> 20
        raise Refused(
            Text(
                f"試算表「{blob.name}」解開後過大（{size} MiB）。", f"'{blob.name}' is too large decoded: {size} MiB."
            ),
            Text("請改用 CSV 或分批提供。", "Use CSV, or send it in parts."),
            parameter=blob.name,
        )


def _run_child(blob: Blob, pattern: str, lines: Path, limits: Limits) -> None:
    numbers = (limits.sheet_memory_bytes, limits.sheet_cpu_s, limits.sheet_cells)
    command = [sys.executable, "-I", str(_CHILD), str(blob.path), pattern, *map(str, numbers)]
    env = {"PYTHONUTF8": "1", "RUST_BACKTRACE": "0"}
    try:
        with lines.open("wb") as out:
            done = subprocess.run(
                command, stdout=out, stderr=subprocess.PIPE, env=env, timeout=limits.sheet_cpu_s + _SPARE_S, check=False
            )
    except subprocess.TimeoutExpired:
        raise _bad(blob, "剖析逾時", "took too long to parse") from None
    if done.returncode == 3:
        said = done.stderr.decode("utf-8", "replace")[:200]
        raise _bad(blob, f"不是完整的試算表（{said}）", f"is no whole spreadsheet ({said})")
    if done.returncode:
        raise _bad(blob, "超出記憶體或時間限制，剖析中止", f"was stopped by its limits (exit {done.returncode})")


def _bad(blob: Blob, zh: str, en: str) -> QingliuError:
    return BadSource(
        Text(f"試算表「{blob.name}」{zh}。", f"The spreadsheet '{blob.name}' {en}."),
        Text("請清除遠處的空白儲存格後另存，或改用 CSV。", "Clear stray far cells and save again, or use CSV."),
        parameter=blob.name,
    )


def _sheets(lines: Path) -> Iterator[tuple[str, Iterator[Cells]]]:
    """(sheet, its rows) one after the other; rows must be used up before the next sheet."""
    with lines.open(encoding="utf-8") as file:
        pending = file.readline()
        while pending:
            name = json.loads(pending)["sheet"]
            pending = ""

            def rows() -> Iterator[Cells]:
                nonlocal pending
                for line in file:
                    if line.startswith("{"):
                        pending = line
                        return
                    number, cells = json.loads(line)
                    yield number, cells

            current = rows()
            yield name, current
            for _ in current:
                pass


def _table(blob: Blob, sheet: str, rows: Iterator[Cells], spec: ReadSpec, target: Path) -> RowsWriter | None:
    sample = list(islice(rows, _SAMPLE_ROWS))
    known = [Row(n, n, tuple(c or "" for c in cells)) for n, cells in sample if any(c and c.strip() for c in cells)]
    header = find_header(known, spec.header_row)
    if header is None:
        return None
    columns = trimmed_headers(header.cells)
    with RowsWriter(target, f"{blob.name}/{sheet}", columns) as writer:
        for number, cells in chain(sample, rows):
            if number > header.last and any(c is not None for c in cells):
                writer.add(cells, number)
    return writer
