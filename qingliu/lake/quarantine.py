"""Reading what did not fit: pages of a run's quarantine, for those who may see it. Callers check that they may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from qingliu.core.dataset import Text
from qingliu.lake.names import path_list

_TEXTS = (
    "file",
    "line",
    "record",
    "column",
    "header",
    "kind",
    "raw",
    "reason_zh",
    "reason_en",
    "remedy_zh",
    "remedy_en",
)
RAW_SHOWN = 2_000  # characters of raw text that one page shows of a cell or row


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell or row in quarantine. ``line`` and ``record`` count from 1; None where the source has no such place."""

    file: str
    line: int | None
    record: int | None
    column: str
    header: str
    kind: str
    raw: str
    reason: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Spots:
    """A page of quarantine: its spots, how many there are in all, and how many by (column, reason), most first."""

    total: int
    spots: tuple[Spot, ...]
    groups: tuple[tuple[str, Text, int], ...]


def read(files: Sequence[Path], *, column: str | None = None, offset: int = 0, limit: int = 50) -> Spots:
    """Spots of quarantine files in the order of their source; only those of ``column`` ("" = whole rows) where given."""
    if not files:
        return Spots(0, (), ())
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        source = f"read_parquet({path_list(files)}, union_by_name=true)"
        known = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        columns = ", ".join(f'"{c}"' if c in known else f'NULL AS "{c}"' for c in _TEXTS)
        con.execute(f"CREATE TEMP VIEW q AS SELECT {columns} FROM {source}")
        grouped = con.execute(
            "SELECT coalesce(\"column\", ''), any_value(reason_zh), any_value(reason_en), count(*) AS n FROM q "
            "GROUP BY coalesce(\"column\", ''), reason_zh ORDER BY n DESC, 1 LIMIT 100"
        ).fetchall()
        where, values = ("", []) if column is None else ("WHERE coalesce(\"column\", '') = ?", [column])
        total = con.execute(f"SELECT count(*) FROM q {where}", values).fetchall()[0][0]
        rows = con.execute(
            f'SELECT file, line, record, "column", header, kind, left(raw, {RAW_SHOWN}), reason_zh, reason_en, '
            f"remedy_zh, remedy_en FROM q {where} ORDER BY file, record, line LIMIT ? OFFSET ?",
            [*values, limit, offset],
        ).fetchall()
    groups = tuple((name, Text(zh or "", en or ""), n) for name, zh, en, n in grouped)
    return Spots(int(total), tuple(map(_spot, rows)), groups)


def _spot(row: tuple[Any, ...]) -> Spot:
    file, line, record, column, header, kind, raw, reason_zh, reason_en, remedy_zh, remedy_en = row
    why, how = Text(reason_zh or "", reason_en or ""), Text(remedy_zh or "", remedy_en or "")
    return Spot(file or "", line, record, column or "", header or "", kind or "", raw or "", why, how)
