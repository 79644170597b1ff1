"""Writes tiny deliveries and reads them back as raw rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.lake.csvlines import records
from qingliu.lake.ingest import CsvInput, RawInput
from qingliu.pipeline.readers import read
from qingliu.pipeline.readers.limits import Limits


class Table:
    """One raw table with its rows as dicts of text."""

    def __init__(self, source: RawInput) -> None:
        self.name, self.columns = source.name, source.columns
        if isinstance(source, CsvInput):
            found = [(r.line, r.cells) for r in records(source)]
        else:
            names = ", ".join(f"c{i}" for i in range(len(source.columns)))
            rows = duckdb.sql(f"SELECT _line, {names} FROM read_parquet('{source.path}')").fetchall()
            found = [(row[0], row[1:]) for row in rows]
        self.lines = [line for line, _ in found]
        self.rows = [dict(zip(self.columns, cells, strict=True)) for _, cells in found]


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., list[Table]]:
    """tables(name, bytes, spec, limits): every table of one file."""

    def run(name: str, body: bytes, spec: ReadSpec = ReadSpec(), limits: Limits = Limits()) -> list[Table]:
        path = tmp_path / name
        path.write_bytes(body)
        return [Table(t) for t in read([path], spec, tmp_path / "work", limits)]

    return run


@pytest.fixture
def table(tables: Any) -> Callable[..., Table]:
    """The only table of one file."""

    def run(name: str, body: bytes, spec: ReadSpec = ReadSpec(), limits: Limits = Limits()) -> Table:
        (one,) = tables(name, body, spec, limits)
        return one  # type: ignore[no-any-return]

    return run
