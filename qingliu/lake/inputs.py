"""What readers hand to the lake: raw text in rows, not yet typed, with every place in the source kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Union

import pyarrow as pa
import pyarrow.parquet as pq

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource

_BATCH_ROWS = 20_000
_BATCH_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class CsvInput:
    """A UTF-8 text file (a BOM is allowed) whose records begin after ``header_row``, the header's last physical line.

    ``columns`` are the raw headers. ``name`` is the source's name as a person knows it (``archive.zip/member.csv``).
    """

    path: Path
    name: str
    columns: tuple[str, ...]
    delimiter: str = ","
    quote: str = '"'
    header_row: int = 1


@dataclass(frozen=True, slots=True)
class RowsInput:
    """Rows decoded elsewhere: Parquet of VARCHAR columns ``c0 c1 …`` (raw headers in ``columns``), ``_line``, ``_record``.

    ``_line`` is the place in the source (a line, a sheet row, an element's number); ``_record`` counts rows from 1.
    """

    path: Path
    name: str
    columns: tuple[str, ...]
    beside: tuple[str, ...] = ()  # sheets of the same book that were not read: they hold another table, or none


RawInput = Union[CsvInput, RowsInput]


def stem_of(name: str) -> str:
    """The last part of an input's name without its extension: ``a.zip/南投縣.csv`` → ``南投縣``."""
    last = re.split(r"[/\\]", name)[-1]
    return last.rsplit(".", 1)[0] if "." in last else last


class RowsWriter:
    """Writes rows of text to the Parquet of a RowsInput, in bounded memory. Use as a context manager."""

    def __init__(self, path: Path, name: str, columns: Sequence[str]) -> None:
        self.input = RowsInput(path, name, tuple(columns))
        self.rows = 0
        fields = [pa.field(f"c{i}", pa.string()) for i in range(len(columns))]
        self._schema = pa.schema([*fields, pa.field("_line", pa.int64()), pa.field("_record", pa.int64())])
        self._writer = pq.ParquetWriter(path, self._schema, compression="snappy")
        self._cells: list[Sequence[str | None]] = []
        self._lines: list[int] = []
        self._records: list[int] = []
        self._bytes = 0

    def __enter__(self) -> RowsWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, cells: Sequence[str | None], line: int, record: int = 0) -> None:
        """One row: as many cells as columns, its place, and its number (default: the next)."""
        self.rows += 1
        self._cells.append(cells)
        self._lines.append(line)
        self._records.append(record or self.rows)
        self._bytes += sum(len(c) for c in cells if c)
        if len(self._lines) >= _BATCH_ROWS or self._bytes > _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._lines:
            return
        width = len(self.input.columns)
        try:
            columns = [pa.array(column, pa.string()) for column in zip(*self._cells, strict=True)] if width else []
        except UnicodeEncodeError as error:  # half a surrogate pair, which JSON can escape
            raise BadSource(
                Text(
                    f"「{self.input.name}」含有不成字的編碼。", f"'{self.input.name}' holds half a character: {error}"
                ),
                Text("請更正來源的編碼。", "Mend the source's encoding."),
                parameter=f"{self.input.name}:{self._lines[0]}-{self._lines[-1]}",
            ) from error
        arrays = [*columns, pa.array(self._lines, pa.int64()), pa.array(self._records, pa.int64())]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._cells, self._lines, self._records, self._bytes = [], [], [], 0


def renamed(source: RawInput, columns: Sequence[str]) -> RawInput:
    """The same input under other headers."""
    return replace(source, columns=tuple(columns))
