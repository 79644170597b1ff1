"""Rows of a source that are no data, by what stands in their first cell (totals, footnotes): set aside, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from qingliu.lake.csvlines import Record
from qingliu.lake.inputs import RowsInput
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_sql import trimmed

LEFT_OUT = "left_out"
_RAW = 500


def split(source: RowsInput, texts: Sequence[str], path: Path) -> tuple[RowsInput, list[Record]]:
    """The source without the rows whose first cell is one of ``texts`` (``註*``: begins with 註), and those rows."""
    first = trimmed("c0")
    tests = [
        f"starts_with({first}, {lit(t[:-1])})" if t.endswith("*") and len(t) > 1 else f"{first} = {lit(t)}"
        for t in texts
    ]
    out = f"coalesce({' OR '.join(tests)}, false)"
    rows = f"read_parquet({lit(str(source.path))})"
    whole = ", ".join(f"c{i}" for i in range(len(source.columns)))
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        found = con.execute(
            f"SELECT _line, left(concat_ws(',', {whole}), {_RAW}) FROM {rows} WHERE {out} ORDER BY _record"
        ).fetchall()
        if not found:
            return source, []
        kept = f"SELECT * FROM {rows} WHERE NOT {out}"
        con.execute(f"COPY ({kept}) TO {lit(str(path))} (FORMAT parquet)")
    left = [Record(int(line), (), LEFT_OUT, raw) for line, raw in found]
    return RowsInput(path, source.name, source.columns), left
