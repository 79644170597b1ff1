"""CSV and TSV of any dialect: delimiter, quotation mark and the header's place found in the first part of the text."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from qingliu.core.dataset import ReadSpec, Text
from qingliu.core.errors import BadSource
from qingliu.lake.ingest import CsvInput
from qingliu.pipeline.readers.limits import Blob

_SAMPLE_LINES = 400
_DELIMITERS = (",", "\t", ";", "|")
_MAX_HEADER_ROW = 60
_MOST_HEADER_LINES = 3
_FIGURE = re.compile(r"[-+]?\d[\d,.]*%?")


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the sample: its first and last physical line and its cells."""

    first: int
    last: int
    cells: tuple[str, ...]


def read_delimited(blob: Blob, text: Path, spec: ReadSpec) -> CsvInput:
    """The dialect of the UTF-8 file ``text``. Raises BadSource where no header can be found."""
    lines = _sample(text)
    skip = 0
    delimiter = spec.delimiter
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].rstrip("\r\n")) == 5:
        delimiter = delimiter or lines[0][4]
        skip = 1
    quote = _quote(lines[skip:])
    delimiter = delimiter or find_delimiter(lines[skip:], quote)
    rows = _rows(lines, skip, delimiter, quote)
    header = find_header(rows, spec.header_row)
    if header is None:
        raise BadSource(
            Text(f"在「{blob.name}」找不到標題列。", f"No header row was found in '{blob.name}'."),
            Text("請確認檔案內容，或在定義檔宣告 read.header_row。", "Check the file, or declare read.header_row."),
            parameter=blob.name,
        )
    columns = trimmed_headers(header.cells)
    return CsvInput(text, blob.name, columns, delimiter=delimiter, quote=quote, header_row=header.last)


def trimmed_headers(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Headers without white space around them."""
    return tuple(c.strip(" \t\u3000\ufeff") for c in cells)


def _sample(text: Path) -> list[str]:
    with text.open("r", encoding="utf-8-sig", newline="") as file:
        return [line[:1_000_000] for line in islice(file, _SAMPLE_LINES)]


def _quote(lines: list[str]) -> str:
    """``"`` unless cells are wrapped in ``'`` and no ``"`` occurs."""
    joined = "".join(lines)
    wrapped = joined.count("',") + joined.count("'\t") + joined.count("';")
    return "'" if '"' not in joined and wrapped > len(lines) and ",'" in joined else '"'


def find_delimiter(lines: list[str], quote: str) -> str:
    """The delimiter under which most records have one and the same number (two or more) of cells; ``,`` when none."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        rows = _rows(lines, 0, delimiter, quote)
        widths = Counter(len(r.cells) for r in rows)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        score = (round(count / sum(widths.values()), 2), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _rows(lines: list[str], skip: int, delimiter: str, quote: str) -> list[Row]:
    """The sample's records that are not blank; a record that the sample cuts is left out."""
    reader = csv.reader(lines[skip:], delimiter=delimiter, quotechar=quote)
    out, before = [], 0
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                out.append(Row(skip + before + 1, skip + reader.line_num, tuple(cells)))
            before = reader.line_num
    except csv.Error:
        pass  # the exact reader tells of broken lines; the dialect is found from what can be read
    return out[:-1] if len(lines) == _SAMPLE_LINES and len(out) > 1 else out


def find_header(rows: list[Row], declared: int = 0) -> Row | None:
    """The header: the declared line, or the first row as wide as most rows whose cells are filled."""
    if declared:
        return next((r for r in rows if r.first <= declared <= r.last), None)
    if not rows:
        return None
    widths = Counter(_filled(r.cells) for r in rows if len(r.cells) > 1) or Counter(len(r.cells) for r in rows)
    usual = Counter(len(r.cells) for r in rows).most_common(1)[0][0]
    full = min(usual, max(widths))
    full = full - 1 if full > 2 else full  # one header may be unnamed; a title fills one cell
    for enough in (full, usual // 2 + 1):
        for at, row in enumerate(rows[:_MAX_HEADER_ROW]):
            if len(row.cells) == usual and _filled(row.cells) >= enough:
                return _joined(rows[:at], row) or row
    return rows[0]


def _joined(above: list[Row], row: Row) -> Row | None:
    """The header in two or three lines above ``row``, where that holds figures and they none; None where it is not so.

    A cell over several columns, as merged cells leave it, stands for each of them: 清運量 above 垃圾 and 廚餘.
    """
    if not _figures(row.cells):
        return None
    lines: list[Row] = []
    for line in reversed(above[-_MOST_HEADER_LINES:]):
        if _filled(line.cells) < 2 or _figures(line.cells) or len(line.cells) != len(row.cells):
            break
        lines.insert(0, line)
    if len(lines) < 2:
        return None
    names = [""] * len(row.cells)
    for number, line in enumerate(lines):
        over = ""
        for column, cell in enumerate(line.cells):
            below = any(later.cells[column].strip() for later in lines[number + 1 :])
            over = cell.strip() or (over if below else "")
            names[column] = f"{names[column]} {over}".strip() if over not in names[column].split() else names[column]
    return Row(lines[0].first, lines[-1].last, tuple(names))


def _figures(cells: tuple[str, ...]) -> bool:
    return any(_FIGURE.fullmatch(c.strip()) for c in cells)


def _filled(cells: tuple[str, ...]) -> int:
    return sum(1 for c in cells if c.strip())
