"""How large the numbers of a delivery are, column by column: what tells a changed unit from a changed world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit

SAMPLED = 100_000  # rows looked at; quartiles need no more
LEAST = 20  # numbers without which quartiles say nothing
MAX_ITEMS = 200
Scale = tuple[str, str, float, float, float]  # column, item ("" = all rows), quartiles of its numbers other than zero


def scales(staged: Path, record: DatasetRecord) -> tuple[Scale, ...]:
    """Quartiles of the sizes (signs and zeros left out) of each measuring column of a staged file, by item in a long table."""
    columns = _measuring(record)
    if not columns:
        return ()
    item = next((f for f in record.fields if f.role == "item"), None)
    key = f"CAST({ident(item.name)} AS VARCHAR)" if item else "''"
    found: list[Scale] = []
    con = duckdb.connect(config={"threads": 2, "memory_limit": "512MB"})
    try:
        names = ", ".join(
            [f"coalesce({key}, '') AS k", *(f"abs({ident(f.name)}) AS v{i}" for i, f in enumerate(columns))]
        )
        con.execute(
            f"CREATE TEMP TABLE seen AS SELECT {names} FROM read_parquet({lit(str(staged))}) "
            f"USING SAMPLE reservoir({SAMPLED} ROWS) REPEATABLE (7)"
        )
        for i, field in enumerate(columns):
            rows = con.execute(
                f"SELECT k, quantile_cont(v{i}, [0.25, 0.5, 0.75]) FROM seen WHERE v{i} > 0 GROUP BY k "
                f"HAVING count(*) >= {LEAST} ORDER BY k LIMIT {MAX_ITEMS}"
            ).fetchall()
            found += [(field.name, k, *(float(q) for q in quartiles)) for k, quartiles in rows]  # type: ignore[misc]
    finally:
        con.close()
    return tuple(found)


def _measuring(record: DatasetRecord) -> Sequence[FieldRecord]:
    """Number columns that measure something: no key, no place, no code."""
    place = {record.place.lon, record.place.lat} if record.place else set()
    return [
        f for f in record.fields
        if f.type in {"integer", "number"} and f.name not in {*record.key, *place} and f.role in {"", "value"}
    ]  # fmt: skip
