"""Makes tiny deliveries and shapes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qingliu.core.dataset import DatasetRecord, FieldRecord, ReadSpec, Text
from qingliu.lake.ingest import Staged, shape
from qingliu.pipeline.readers import read

NO = Text("", "")


def field(name: str, kind: str = "string", **more: Any) -> FieldRecord:
    return FieldRecord(name, kind, NO, **more)  # type: ignore[arg-type]


def record(*fields: FieldRecord, **more: Any) -> DatasetRecord:
    return DatasetRecord("T", NO, NO, "a", NO, NO, "c", fields=fields, **more)


class Shaped:
    """A staging with its rows and quarantine as Python values; the balance is checked whenever one is made."""

    def __init__(self, staged: Staged) -> None:
        self.staged = staged
        self.rows = _all(staged.path)
        self.quarantine = _all(staged.quarantine) if staged.quarantine else []
        assert staged.rows == len(self.rows)
        assert staged.rows_read == staged.rows + staged.set_aside
        assert all(c.holds for c in staged.cells)
        assert sum(c.quarantined for c in staged.cells) == staged.quarantined_cells
        assert sum(1 for q in self.quarantine if q["kind"] == "cell") == staged.quarantined_cells

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]

    def balance(self, name: str) -> tuple[int, int, int, int]:
        """(typed, empty, sentinel, quarantined)"""
        found = next(c for c in self.staged.cells if c.column == name)
        return found.typed, found.empty, found.sentinel, found.quarantined


def _all(path: Path) -> list[dict[str, Any]]:
    found = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def shaped(tmp_path: Path) -> Callable[..., Shaped]:
    """shaped(content or {name: content}, record, read=…): write the files, read them, shape them."""

    def run(
        content: str | bytes | dict[str, str | bytes], of: DatasetRecord, read_spec: ReadSpec = ReadSpec()
    ) -> Shaped:
        files = content if isinstance(content, dict) else {"data.csv": content}
        paths = []
        for name, body in files.items():
            path = tmp_path / name
            path.write_bytes(body.encode() if isinstance(body, str) else body)
            paths.append(path)
        return Shaped(shape(of, read_spec, read(paths, read_spec, tmp_path / "work"), tmp_path / "work"))

    return run
