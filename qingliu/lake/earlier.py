"""The rows of an earlier version, ready to be committed again."""

from __future__ import annotations

from pathlib import Path

from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake.files import rows_of
from qingliu.lake.layout import layout_of, listed
from qingliu.lake.names import literal
from qingliu.lake.sound import check_whole
from qingliu.lake.store import Lake


def same_columns(record: DatasetRecord, version: VersionRecord) -> bool:
    """Whether a version's rows have the columns that the dataset has today, name by name and type by type."""
    return {(c.physical, c.type) for c in version.columns} == {(c.physical, c.type) for c in layout_of(record).columns}


def stage(lake: Lake, record: DatasetRecord, version: VersionRecord, target: Path) -> int:
    """Write a version's rows, with their flags and status, as a delivery; how many. Raises Damaged where a file is not whole."""
    layout = layout_of(record)
    check_whole(record.code, lake.paths.root, version.files)
    rows = rows_of([lake.paths.root / f.path for f in version.files], layout, version.columns)
    target.parent.mkdir(parents=True, exist_ok=True)
    with lake.engine(target.parent / "engine") as con:
        sql = f"SELECT {listed((*layout.names, '_status'))} FROM {rows}"
        found = con.execute(f"COPY ({sql}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION snappy)").fetchone()
    return int(found[0]) if found else 0
