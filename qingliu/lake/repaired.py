"""A delivery written again as its definition reads it, for its owner: typed, UTF-8, and a report of every cell changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, ReadSpec
from qingliu.lake import places
from qingliu.lake.csvlines import Record, to_rows
from qingliu.lake.guard import guarded, guarded_sql
from qingliu.lake.ingest import engine
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.render import number_text
from qingliu.lake.shape_plan import Plan, plan_of
from qingliu.lake.shape_sql import REQUIRED, SENTINEL, SUFFIX, Cell

_REPORT = {
    "zh": ("檔案", "行", "欄位", "標題", "原文", "修復後", "原因", "怎麼做"),
    "en": ("file", "line", "column", "header", "raw text", "repaired", "reason", "remedy"),
}
_REWRITTEN = {"zh": "同一個值，改寫為標準寫法。", "en": "The same value, written the standard way."}
_GUARDED = {
    "zh": "像公式，前面加上單引號，試算表不會執行。",
    "en": "It looks like a formula: an apostrophe keeps spreadsheets from running it.",
}
_LEFT_OUT = {"zh": "（整列未列入）", "en": "(row left out)"}


@dataclass(frozen=True, slots=True)
class Repaired:
    """Both files, CSV without a byte order mark yet: whoever hands them out puts it first."""

    rows: Path
    report: Path


def repaired(
    record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput], workdir: Path, *, lang: str = "zh"
) -> Repaired:
    """Write the delivery as its definition reads it, and what was changed. Cells that do not fit are empty; a mark stays
    the mark that the definition declares, so that the file read again means the same."""
    workdir.mkdir(parents=True, exist_ok=True)
    sources, broken = _exact(inputs, workdir)
    connection = engine(workdir, memory_limit="500MB", threads=1, timezone=record.timezone)
    try:
        plan = plan_of(record, read, sources)
        quarantine = workdir / "quarantine.parquet"
        places.write(connection, plan, broken, quarantine)
        rows = workdir / "repaired.csv"
        _copy(connection, _rows_sql(plan), rows)
        report = workdir / "report.csv"
        _copy(connection, _report_sql(plan, quarantine, "en" if lang.startswith("en") else "zh"), report)
        return Repaired(rows, report)
    finally:
        connection.close()


def _exact(inputs: Sequence[RawInput], workdir: Path) -> tuple[list[RawInput], dict[str, list[Record]]]:
    sources: list[RawInput] = []
    broken: dict[str, list[Record]] = {}
    for n, source in enumerate(inputs):
        if not isinstance(source, CsvInput):
            sources.append(source)
            continue
        rows, bad = to_rows(source, workdir / f"rows-{n}.parquet")
        sources.append(rows)
        if bad:
            broken[source.name] = bad
    return sources, broken


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    connection.execute(
        f"COPY ({sql}) TO {lit(str(path))} (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"')"
    )


def _text(cell: Cell) -> str:
    """SQL for the repaired text of a cell: its value, or the mark or suffix that the definition declares."""
    value, kind = cell.value(), cell.field.type
    if cell.plain_string:
        return value
    plain = number_text(f"({value})") if kind == "number" else f"CAST({value} AS VARCHAR)"
    if kind == "datetime":
        plain = f"strftime({value}, '%Y-%m-%d %H:%M:%S')"
    marks = [f"WHEN {SENTINEL + k} THEN {lit(s.text)}" for k, s in enumerate(cell.field.sentinels)]
    marks += [f"WHEN {SUFFIX + j} THEN {plain} || {lit(s)}" for j, (s, _) in enumerate(cell.field.suffix_flags)]
    return f"CASE {cell.status_name} {' '.join(marks)} ELSE {plain} END" if marks else plain


def _keyed(plan: Plan) -> str:
    keys = [c for c in plan.cells if c.field.name in plan.record.key]
    return " AND ".join(f"{c.value()} IS NOT NULL" for c in keys) or "true"


def _rows_sql(plan: Plan) -> str:
    texts = ", ".join(f"{guarded_sql(f'({_text(c)})')} AS {ident(guarded(c.field.name))}" for c in plan.cells)
    return f"SELECT {texts} FROM ({plan.status_sql(with_place=True)}) WHERE {_keyed(plan)} ORDER BY _input, _record"


def _report_sql(plan: Plan, quarantine: Path, lang: str) -> str:
    names = [ident(n) for n in _REPORT[lang]]
    raw, header = guarded_sql("coalesce(raw, '')"), guarded_sql("coalesce(header, '')")
    column = guarded_sql("coalesce(\"column\", header, '')")
    bad = (
        f"SELECT file AS {names[0]}, line AS {names[1]}, {column} AS {names[2]}, {header} AS {names[3]}, {raw} AS {names[4]}, "
        f"CASE WHEN kind = 'row' THEN {lit(_LEFT_OUT[lang])} ELSE '' END AS {names[5]}, reason_{lang} AS {names[6]}, "
        f"remedy_{lang} AS {names[7]}, 0 AS _last FROM read_parquet({lit(str(quarantine))})"
    )
    files = " ".join(f"WHEN {n} THEN {lit(m.source.name)}" for n, m in enumerate(plan.inputs))
    changed = []
    for cell in plan.cells:
        text = f"({_text(cell)})"
        rewritten = (
            f"{text} <> {cell.raw}"
            if cell.plain_string
            else f"{cell.status_name} < {REQUIRED} AND {text} <> {cell.raw}"
        )
        header = guarded_sql(f"coalesce({places.header_sql(plan, cell.field)}, '')")
        formula = f"{guarded_sql(text)} <> {text}"
        why = f"CASE WHEN {formula} THEN {lit(_GUARDED[lang])} ELSE {lit(_REWRITTEN[lang])} END"
        changed.append(
            f"SELECT CASE _input {files} END, _line, {lit(guarded(cell.field.name))}, {header}, "
            f"{guarded_sql(cell.raw)}, {guarded_sql(text)}, {why}, '', 1 FROM shaped WHERE ({rewritten}) OR ({formula})"
        )
    union = "\nUNION ALL ".join([bad, *changed])
    return (
        f"WITH shaped AS ({plan.status_sql(with_place=True)}) SELECT * EXCLUDE (_last) FROM ({union}) "
        f"ORDER BY _last, {names[0]}, {names[1]}"
    )
