"""Quarantine: for every cell and row that did not fit, its file, line, column, raw text, reason and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.formats import written
from qingliu.lake.csvlines import Record, count_lines, pick
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.lake.leaving import LEFT_OUT
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_plan import Plan
from qingliu.lake.shape_sql import INTEGER, NUMBER, QUARANTINED, REQUIRED, Cell, trimmed

COLUMNS = (
    "file", "line", "record", "column", "header", "kind", "raw", "reason_zh", "reason_en", "remedy_zh", "remedy_en",
)  # fmt: skip
_TAIL = "tail"  # a broken line that begins as totals and footnotes do
_TAILS = re.compile(
    r"(?i)[\s\"'（(※*]*(合\s*計|總\s*計|小\s*計|共\s*計|總\s*和|平\s*均(值|數)?(?:[\s,\"：:]|$)|備\s*註|附\s*註|註\s*[0-9一二三四五：:.、]|註解|說明\s*[：:]|資料來源|"
    r"製\s*表|填\s*表|列\s*印|單位主管|※|(grand |sub-?)?total\b|notes?\s*[:：]|source\s*[:：]|remarks?\s*[:：])"
)
_BROKEN = {
    "few": Text("此行的欄數少於標題列。", "This line has fewer cells than the header."),
    "many": Text("此行的欄數多於標題列。", "This line has more cells than the header."),
    LEFT_OUT: Text("定義說這一列不是資料（合計或註解），不列入。", "By the definition this row is no data: left out."),
    _TAIL: Text(
        "此行看起來是合計或註解，不是資料：不列入。", "This line looks like a total or a note, not data: left out."
    ),
    "quotes": Text("此行的引號不成對或位置錯誤。", "Quotation marks in this line are unbalanced or misplaced."),
}
NO_DATA = (_BROKEN[LEFT_OUT].zh, _BROKEN[_TAIL].zh)  # reasons of rows that are no data: nothing is wrong with them
_LEFT_OUT_REMEDY = Text(
    "不必處理；若這一列是資料，請在定義的「不列入的列」拿掉這個文字。",
    "Nothing to do; if the row is data, take its text out of the rows left out in the definition.",
)
_TAIL_REMEDY = Text(
    "不必處理；若這一列其實是資料，請補齊它的欄位。", "Nothing to do; if it is data after all, complete its cells."
)
_BROKEN_REMEDY = Text(
    "請檢查此行的分隔符號與引號後重新發布。", "Check this line's delimiters and quotation marks, then publish again."
)
_CLEAN_REMEDY = Text(
    "請更正來源；此文字若有固定意義，請在定義宣告為缺值記號。",
    "Correct the source; if the text has a fixed meaning, declare it as a mark in the definition.",
)


def bad_rows(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Path, folder: Path) -> list[RawInput]:
    """The inputs reduced to the records that hold something bad; text files are read only at those lines."""
    tests = [f"contains(_flags, '={QUARANTINED};')", *(f"{ident(k)} IS NULL" for k in plan.record.key)]
    sql = (
        f"SELECT file_row_number FROM read_parquet({lit(str(staged))}, file_row_number=true) WHERE {' OR '.join(tests)}"
    )
    per_record = plan.rows_per_record
    found = connection.execute(f"SELECT DISTINCT file_row_number // {per_record} AS n FROM ({sql}) ORDER BY n")
    numbers = [row[0] for row in found.fetchall()]
    out: list[RawInput] = []
    at = before = 0
    for number, mapped in enumerate(plan.inputs):
        source = mapped.source
        if not isinstance(source, CsvInput):
            here = f"SELECT num_rows FROM parquet_file_metadata({lit(str(source.path))})"
            size = int(connection.execute(here).fetchall()[0][0])
        else:
            size = count_lines(source)
        stop = at
        while stop < len(numbers) and numbers[stop] < before + size:
            stop += 1
        if stop > at:
            wanted = [n - before + 1 for n in numbers[at:stop]]
            whole = not isinstance(source, CsvInput)
            out.append(source if whole else pick(source, wanted, folder / f"bad-{number}.parquet"))  # type: ignore[arg-type]
        at, before = stop, before + size
    return out


def write(
    connection: duckdb.DuckDBPyConnection, plan: Plan, broken: Mapping[str, Sequence[Record]], path: Path
) -> tuple[int, int]:
    """Write the quarantine file: bad cells and keyless rows of ``plan``'s inputs, and broken lines.

    Returns (cells, rows set aside for their key).
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE quarantine ({', '.join(_typed(c) for c in COLUMNS)})")
    if plan.inputs:
        _insert_bad(connection, plan)
    cells, rows = connection.execute(
        "SELECT count(*) FILTER (kind = 'cell'), count(*) FILTER (kind = 'row') FROM quarantine"
    ).fetchall()[0]
    for name, records in broken.items():
        connection.executemany(
            f"INSERT INTO quarantine VALUES ({', '.join('?' * len(COLUMNS))})",
            [_broken_row(name, r) for r in records],
        )
    connection.execute(f"COPY quarantine TO {lit(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    connection.execute("DROP TABLE quarantine")
    return int(cells), int(rows)


def _typed(column: str) -> str:
    return f"{ident(column)} {'BIGINT' if column in {'line', 'record'} else 'VARCHAR'}"


def _broken_row(name: str, record: Record) -> tuple[str | int | None, ...]:
    problem = _TAIL if record.problem == "few" and _TAILS.match(record.raw) else record.problem
    remedies = {LEFT_OUT: _LEFT_OUT_REMEDY, _TAIL: _TAIL_REMEDY}
    reason, remedy = _BROKEN[problem], remedies.get(problem, _BROKEN_REMEDY)
    return (name, record.line, None, None, None, "row", record.raw, reason.zh, reason.en, remedy.zh, remedy.en)


def _insert_bad(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    names = ", ".join(f"WHEN {n} THEN {lit(m.source.name)}" for n, m in enumerate(plan.inputs)).replace(
        ", WHEN", " WHEN"
    )
    file = f"CASE _input {names} END"
    checked = [c for c in plan.cells if not c.plain_string]
    keys = [c for c in plan.cells if c.field.name in plan.record.key]
    nulls = " OR ".join(f"{c.value()} IS NULL" for c in keys) or "false"
    bad = " OR ".join([f"{c.status_name} >= {REQUIRED}" for c in checked] + [f"({nulls})"])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE bad AS SELECT *, ({nulls}) AS _keyless "
        f"FROM ({plan.status_sql(with_place=True)}) WHERE {bad}"
    )
    for cell in checked:
        header = header_sql(plan, cell.field)
        texts = ", ".join(_reasons(cell))
        connection.execute(
            f"INSERT INTO quarantine SELECT {file}, _line, _record, {lit(cell.field.name)}, {header}, 'cell', "
            f"coalesce({cell.raw}, ''), {texts} FROM bad WHERE {cell.status_name} >= {REQUIRED}"
        )
    if keys:
        blank = " || ".join(f"CASE WHEN {c.value()} IS NULL THEN {lit(c.field.name + ' ')} ELSE '' END" for c in keys)
        connection.execute(
            f"INSERT INTO quarantine SELECT {file}, _line, _record, trim({blank}), _header, 'row', _whole, "
            f"'鍵值欄位「' || trim({blank}) || '」空白或無法判讀，整列隔離。', "
            f"'The key column ' || trim({blank}) || ' is empty or unreadable: the whole row is quarantined.', "
            f"'請在來源補上鍵值。', 'Fill in the key in the source.' FROM bad WHERE _keyless"
        )
    connection.execute("DROP TABLE bad")


def header_sql(plan: Plan, field: FieldRecord) -> str:
    """SQL for the header that carries a column in each input."""
    unpivot = plan.read.unpivot
    if unpivot and field.name in {unpivot.value_to, unpivot.time_to}:
        return "_header"
    cases = []
    for n, mapped in enumerate(plan.inputs):
        at = mapped.match.positions.get(field.name)
        if at is not None:
            cases.append(f"WHEN {n} THEN {lit(mapped.source.columns[at])}")
    return f"CASE _input {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _reasons(cell: Cell) -> tuple[str, str, str, str]:
    """SQL of reason_zh, reason_en, remedy_zh, remedy_en for a bad cell."""
    cases = _cases(cell)
    parts: list[str] = []
    for pick_text in (lambda r, m: r.zh, lambda r, m: r.en, lambda r, m: m.zh, lambda r, m: m.en):
        whens = " ".join(f"WHEN {test} THEN {lit(pick_text(r, m))}" for test, r, m in cases[:-1])
        last = lit(pick_text(cases[-1][1], cases[-1][2]))
        parts.append(f"CASE {whens} ELSE {last} END" if whens else last)
    return parts[0], parts[1], parts[2], parts[3]


def _cases(cell: Cell) -> list[tuple[str, Text, Text]]:
    """(test, reason, remedy), the first that holds; the last holds always."""
    f, text = cell.field, trimmed(cell.raw)
    cases = [
        (
            f"{cell.status_name} = {REQUIRED}",
            Text("必填欄位空白。", "A required cell is empty."),
            Text("請在來源補上內容。", "Fill it in in the source."),
        )
    ]
    if f.type in {"number", "integer"}:
        cases += _number_cases(f, text)
    elif f.type in {"date", "datetime"}:
        cases += _date_cases(f, text)
    elif f.type == "boolean":
        reason = Text("不是是非值。", "Not a yes/no value.")
        cases += [("true", reason, Text("請用 true/false、1/0、是/否。", "Use true/false, 1/0, yes/no."))]
    if f.type in {"string", "boolean"} and (f.enum or f.pattern):
        cases += [("true", *_constraint(f))]
    return cases


def _constraint(f: FieldRecord) -> tuple[Text, Text]:
    if f.enum:
        shown = "、".join(f.enum[:20])
        return Text(f"不在允許的值之內：{shown}。", f"Not one of the allowed values: {shown}."), _CLEAN_REMEDY
    return Text(f"不符合規定的樣式 {f.pattern}。", f"Does not match the pattern {f.pattern}."), _CLEAN_REMEDY


def _number_cases(f: FieldRecord, text: str) -> list[tuple[str, Text, Text]]:
    low = "" if f.minimum is None else f"{f.minimum:g}"
    high = "" if f.maximum is None else f"{f.maximum:g}"
    fits = INTEGER if f.type == "integer" else NUMBER
    wide = Text(
        "請改用半形數字；若整欄都這樣寫，在定義的「數字的寫法」選「有全形數字」。",
        "Write the digits in half width; if the column is written so, choose full-width digits as its writing of numbers.",
    )
    commas = Text(
        "請去除千分位逗號；若整欄都這樣寫，在定義的「數字的寫法」選「有千分位逗號」。",
        "Remove the thousands separators; if the column is written so, choose thousands separators as its writing of numbers.",
    )
    zh, en = ("整數", "a whole number") if f.type == "integer" else ("數值", "a number")
    cases = [
        (f"regexp_matches({text}, '[０-９．]')", Text("含全形數字，不自動轉換。", "Holds full-width digits."), wide),
        (
            f"regexp_full_match({text}, '[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+([.][0-9]*)?')",
            Text("含千分位逗號，不自動轉換。", "Holds thousands separators."),
            commas,
        ),
        (
            f"regexp_full_match(lower({text}), '[+-]?(nan|inf|infinity)')",
            Text("NaN 與無限大不是數值。", "NaN and infinity are no numbers."),
            _CLEAN_REMEDY,
        ),
    ]
    if low or high or f.enum or f.pattern:
        reason = Text(f"超出宣告的範圍或限制（{low}～{high}）。", f"Outside the declared limits ({low} to {high}).")
        cases.append((f"regexp_full_match({text}, {lit(fits)})", reason, _CLEAN_REMEDY))
    return [*cases, ("true", Text(f"不是{zh}。", f"Not {en}."), _CLEAN_REMEDY)]


def _date_cases(f: FieldRecord, text: str) -> list[tuple[str, Text, Text]]:
    ways = [written(g) for g in f.formats] or [Text("年-月-日", "YYYY-MM-DD")]
    shown, shown_en = "、".join(w.zh for w in ways), ", ".join(w.en for w in ways)
    roc = Text("可能是民國年，定義檔未宣告。", "This may be a ROC year, which the definition does not declare.")
    undeclared = "false" if any(g.startswith("roc:") for g in f.formats) else "true"
    return [
        (
            f"{undeclared} AND regexp_matches({text}, '^(民國)?[0-9]{{2,3}}[/.年-]')",
            roc,
            Text("若為民國年，請在格式前加 roc:。", "If it is, put roc: before the format in the definition."),
        ),
        (
            "true",
            Text(f"不是存在的日期時間，或不是這樣寫的：{shown}。", f"No existing date or time written {shown_en}."),
            Text(
                "請更正來源，或在「日期的寫法」補上這種寫法。",
                "Correct the source, or add this way of writing to the column.",
            ),
        ),
    ]
