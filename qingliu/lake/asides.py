"""Rows of a delivery that do not become rows of the dataset: where they stand, why, and whether they are data at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import Text
from qingliu.lake.places import NO_DATA

_RAW = 300  # characters of a row that are shown


@dataclass(frozen=True, slots=True)
class Aside:
    """One such row. ``left``: it is no data (a total, a note) and is left out; else it does not fit and lies in quarantine."""

    file: str
    line: int
    raw: str
    reason: Text
    remedy: Text
    left: bool


def asides(quarantine: Path, *, limit: int = 100) -> tuple[int, tuple[Aside, ...]]:
    """(how many rows of a quarantine file are no data, its first rows of both kinds in the order of the source)."""
    no_data = ", ".join("?" for _ in NO_DATA)
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        left = con.execute(
            f"SELECT count(*) FROM read_parquet(?) WHERE kind = 'row' AND reason_zh IN ({no_data})",
            [str(quarantine), *NO_DATA],
        ).fetchall()[0][0]
        found = con.execute(
            f"SELECT file, line, left(raw, {_RAW}), reason_zh, reason_en, remedy_zh, remedy_en, reason_zh IN ({no_data}) "
            "FROM read_parquet(?) WHERE kind = 'row' ORDER BY 8, file, line LIMIT ?",
            [*NO_DATA, str(quarantine), limit],
        ).fetchall()
    return int(left), tuple(
        Aside(file or "", int(line or 0), raw or "", Text(rz, re), Text(mz, me), bool(out))
        for file, line, raw, rz, re, mz, me, out in found
    )
