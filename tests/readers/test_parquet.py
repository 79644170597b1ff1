"""Parquet from outside comes in as text that the shaping reads back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from qingliu.core.errors import BadSource


def test_every_type_becomes_text(table: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    duckdb.sql(
        "COPY (SELECT 1 AS i, 1.5::DOUBLE AS d, 'x' AS s, DATE '2024-01-02' AS day, TIMESTAMP '2024-01-02 03:04:05' AS t, "
        "TIMESTAMPTZ '2024-01-02 03:04:05+08' AS z, true AS b, [1,2] AS l, NULL::INTEGER AS n, 'A' AS \"S2\") "
        f"TO '{path}' (FORMAT parquet)"
    )
    out = table("a.parquet", path.read_bytes())
    assert out.columns == ("i", "d", "s", "day", "t", "z", "b", "l", "n", "S2")
    row = out.rows[0]
    assert (row["i"], row["d"], row["day"], row["t"]) == ("1", "1.5", "2024-01-02", "2024-01-02 03:04:05")
    assert row["z"].startswith("2024-01-01T19:04:05")
    assert (row["b"], row["l"], row["n"]) == ("true", "[1,2]", None)


def test_torn_parquet_is_told(table: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT range AS i FROM range(1000)) TO '{path}' (FORMAT parquet)")
    with pytest.raises(BadSource, match="no whole Parquet"):
        table("a.parquet", path.read_bytes()[:-200])
