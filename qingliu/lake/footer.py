"""The column names of a Parquet file, from its footer."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import ArrowInvalid


def columns(path: Path) -> tuple[str, ...] | None:
    """The names of a Parquet file's columns in their order; None where it is no whole Parquet file."""
    try:
        return tuple(pq.read_schema(path).names)
    except (ArrowInvalid, OSError):
        return None
