"""Exact, slower reading of a CSV file in Python: true line numbers, broken lines kept as text.

The engine reads well-formed files; this takes over where a file is not, and finds places for quarantine.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource
from qingliu.core.footnotes import is_note
from qingliu.lake.inputs import CsvInput, RowsInput, RowsWriter

_CHUNK = 1 << 24
_MAX_RECORD_LINES = 2_000
_MAX_RECORD_CHARS = 4_000_000
csv.field_size_limit(_MAX_RECORD_CHARS)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: the line on which it starts and its cells, or why it has none and its raw text."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""  # "" | quotes | few | many
    raw: str = ""


def count_lines(source: CsvInput) -> int:
    """Lines after the header, blank lines at the end not counted."""
    total, tail = 0, b""
    with source.path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total += chunk.count(b"\n")
            tail = (tail + chunk)[-_CHUNK:] if not chunk.strip(b"\r\n") else chunk
    blank = tail[len(tail.rstrip(b"\r\n")) :]
    ended = blank.count(b"\n")
    return max(total - ended + 1 - source.header_row, 0)


def open_text(source: CsvInput) -> TextIO:
    """The file's text, BOM removed, line ends kept."""
    return source.path.open("r", encoding="utf-8-sig", newline="")


def records(source: CsvInput) -> Iterator[Record]:
    """Every record after the header in order. Blank lines are no records; a broken line spoils only itself."""
    width = len(source.columns)
    with open_text(source) as file:
        for _ in islice(file, source.header_row):
            pass
        yield from _records(_Lines(file, source.header_row), source, width)


class _Lines:
    """Numbered lines that can be put back."""

    def __init__(self, file: TextIO, before: int) -> None:
        self._file, self.number, self._back = file, before, list[str]()

    def take(self) -> str:
        line = self._back.pop() if self._back else self._file.readline()
        self.number += 1 if line else 0
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._back.extend(reversed(lines))
        self.number -= len(lines)


def _records(lines: _Lines, source: CsvInput, width: int) -> Iterator[Record]:
    quote, delimiter = source.quote, source.delimiter
    while line := lines.take():
        bare = line.rstrip("\r\n")
        if not bare or (width > 1 and not bare.strip()):
            continue
        number = lines.number
        if quote not in line:
            yield _fitted(number, bare.split(delimiter), width, bare)
            continue
        cells, raw = _quoted(line, lines, source)
        yield _fitted(number, cells, width, raw) if cells is not None else Record(number, (), "quotes", bare)


def _quoted(line: str, lines: _Lines, source: CsvInput) -> tuple[list[str] | None, str]:
    """Cells of a record that holds quotes, taking further lines where a quoted cell spans them; None when broken."""
    taken, size = [line], len(line)
    while True:
        cells, open_end = parse_record("".join(taken), source)
        if not open_end:
            if cells is None:
                lines.put_back(taken[1:])
            return cells, "".join(taken).rstrip("\r\n")
        while True:  # an open cell can only close on a line that holds a quote
            more = lines.take()
            taken += [more] if more else []
            size += len(more)
            if not more or len(taken) > _MAX_RECORD_LINES or size > _MAX_RECORD_CHARS:
                lines.put_back(taken[1:])
                return None, line.rstrip("\r\n")
            if source.quote in more:
                break


def parse_record(text: str, source: CsvInput) -> tuple[list[str] | None, bool]:
    """(cells or None when broken, whether the text ends inside a quoted cell)."""
    cells, problem = _strict(text, source)
    if problem and "expected after" in problem:  # spaces after a closing quotation mark mean nothing, as to the engine
        quote, delimiter = re.escape(source.quote), re.escape(source.delimiter)
        cells, _ = _strict(re.sub(rf"{quote} +(?={delimiter}|[\r\n]|$)", source.quote, text), source)
    return cells, "unexpected end" in problem


def _strict(text: str, source: CsvInput) -> tuple[list[str] | None, str]:
    try:
        rows = list(csv.reader([text], delimiter=source.delimiter, quotechar=source.quote, strict=True))
    except csv.Error as error:
        return None, str(error)
    return (rows[0] if len(rows) == 1 else None), ""


def _fitted(line: int, cells: list[str], width: int, raw: str) -> Record:
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]  # a delimiter too many at the end of the line carries nothing
    if len(cells) == width:
        return Record(line, tuple(cells))
    return Record(line, (), "many" if len(cells) > width else "few", raw)


def to_rows(source: CsvInput, path: Path) -> tuple[RowsInput, list[Record]]:
    """The file as a RowsInput at ``path``, and its broken lines. Raises BadSource for a file cut in its last line."""
    broken: list[Record] = []
    last: Record | None = None
    with RowsWriter(path, source.name, source.columns) as writer:
        for number, record in enumerate(records(source), start=1):
            last = record
            if record.problem:
                broken.append(record)
            else:
                writer.add(record.cells, record.line, number)
    cut = last is not None and last.problem in {"few", "quotes"} and not is_note(last.raw)
    if last is not None and cut and not _ends_with_newline(source.path):
        raise BadSource(
            Text(
                f"「{source.name}」在第 {last.line} 行中斷，檔案不完整。",
                f"'{source.name}' breaks off in line {last.line}: the file is incomplete.",
            ),
            Text("請重新取得完整的檔案。", "Fetch the whole file again."),
            parameter=f"{source.name}:{last.line}",
        )
    return writer.input, broken


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(size - 1, 0))
        return file.read() in {b"\n", b"\r"}


def pick(source: CsvInput, numbers: Sequence[int], path: Path) -> RowsInput:
    """The records with these numbers (from 1, ascending) of a file in which every line is one record."""
    with open_text(source) as file, RowsWriter(path, source.name, source.columns) as writer:
        at = -source.header_row
        for number in numbers:
            line = next(islice(file, number - 1 - at, None))
            at = number
            bare = line.rstrip("\r\n")
            cells = bare.split(source.delimiter) if source.quote not in line else parse_record(line, source)[0]
            record = _fitted(source.header_row + number, cells or [], len(source.columns), bare)
            if record.problem:
                raise AssertionError(f"{source.name}: line {record.line} is not one record")
            writer.add(record.cells, record.line, number)
    return writer.input
