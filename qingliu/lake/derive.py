"""Files beside a version that are computed from it: the newest row of each key, and what changed."""

from __future__ import annotations

from pathlib import Path

import duckdb

from qingliu.core.dataset import FileRecord, VersionRecord
from qingliu.lake.files import PARQUET, describe, rows_of
from qingliu.lake.layout import Layout, listed
from qingliu.lake.names import ident, literal


def latest_key(layout: Layout) -> tuple[str, ...]:
    """The key without its time; empty where there is no such thing as the newest row of a key."""
    if not layout.time or layout.time not in layout.key:
        return ()
    return tuple(k for k in layout.key if k != layout.time)


def write_latest(
    con: duckdb.DuckDBPyConnection, layout: Layout, rows: str, target: Path, root: Path
) -> FileRecord | None:
    """Write the newest of ``rows`` for each key without its time; None where the dataset has no such key."""
    key = latest_key(layout)
    if not key:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    time = ident(layout.time)
    newest = f"SELECT {listed(key)}, max({time}) AS {time} FROM {rows} GROUP BY ALL"
    on = " AND ".join(f"r.{ident(k)} = n.{ident(k)}" for k in (*key, layout.time))
    con.execute(
        f"COPY (SELECT {listed(layout.stored, 'r.')} FROM {rows} r JOIN ({newest}) n ON {on} "
        f"ORDER BY {listed(key, 'r.')}) TO {literal(str(target))} ({PARQUET})"
    )
    return next(iter(describe(con, [target], root, layout.stats)), None)


def latest_after(
    layout: Layout, base: VersionRecord, delta: Path, files: list[Path], *, root: Path, deleted: int
) -> str:
    """The rows among which the newest of each key are, after a change: few where nothing was deleted."""
    same_shape = base.columns == layout.columns
    if base.latest is None or deleted or not same_shape:
        return rows_of(files, layout)
    columns = listed(layout.stored)
    old = rows_of([root / base.latest.path], layout)
    new = f"(SELECT {columns} FROM read_parquet({literal(str(delta))}) WHERE _change IN ('insert', 'update'))"
    same_key = " AND ".join(f"o.{ident(k)} = c.{ident(k)}" for k in layout.key)
    return (
        f"(SELECT {columns} FROM {old} o WHERE NOT EXISTS (SELECT 1 FROM {new} c WHERE {same_key}) "
        f"UNION ALL SELECT {columns} FROM {new})"
    )


def write_changes(
    con: duckdb.DuckDBPyConnection, layout: Layout, delta: Path, target: Path, root: Path
) -> FileRecord | None:
    """Write the changed rows with ``_change``: new content of inserts and updates, last content of deletes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"COPY (SELECT {listed(layout.stored)}, _change FROM read_parquet({literal(str(delta))}) "
        f"WHERE _change <> 'conflict' ORDER BY {layout.order_by}) TO {literal(str(target))} ({PARQUET})"
    )
    return next(iter(describe(con, [target], root, layout.stats)), None)
