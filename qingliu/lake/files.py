"""Writing immutable sorted Parquet files, and knowing them: rows, bytes, hash, least and greatest values."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pyarrow import parquet

from qingliu.core.dataset import ColumnRecord, FileRecord
from qingliu.lake.layout import Layout, between, listed
from qingliu.lake.names import ident, literal, path_list

ROW_GROUP_ROWS = 20_480
FILE_ROWS = 262_144
SPLIT_ROWS = 1_500_000  # a group up to this size stays one file
SAMPLE_ROWS = 20_000
PARQUET = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"


@dataclass(frozen=True, slots=True)
class Source:
    """A relation with the values bound in it."""

    sql: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A range of one group of rows: the condition that selects it, with parameters, and the file it goes to."""

    path: Path
    where: str
    params: tuple[object, ...]


@contextmanager
def engine(workdir: Path, *, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private engine that spills to ``workdir``; closed at the end of the block."""
    workdir.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(":memory:")
    try:
        con.execute(f"SET threads={int(threads)}")
        con.execute(f"SET memory_limit={literal(memory_limit)}")
        con.execute(f"SET temp_directory={literal(str(workdir / 'spill'))}")
        con.execute("SET preserve_insertion_order=true")
        con.execute("SET autoinstall_known_extensions=false")
        con.execute("SET autoload_known_extensions=false")
        con.execute("SET TimeZone='UTC'")
        yield con
    finally:
        con.close()


def scalar(con: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object] = ()) -> int:
    """The one whole number that ``sql`` answers."""
    row = con.execute(sql, list(params)).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def rows_of(paths: Sequence[Path], layout: Layout, older: Sequence[ColumnRecord] = (), *, strict: bool = True) -> str:
    """A relation of the rows in ``paths`` under today's columns.

    ``older`` are the columns as those files hold them (empty: as today): a column they lack is null, one of another type
    is cast. A value that cannot be cast stops the read, or becomes null where not ``strict``.
    """
    if not paths:
        return f"(SELECT {', '.join(_empty(n, layout) for n in layout.stored)} WHERE false)"
    held = {c.physical: c.type for c in older or layout.columns}
    chosen = []
    for column in layout.columns:
        name = ident(column.physical)
        if column.physical not in held:
            chosen.append(_empty(column.physical, layout))
        elif held[column.physical] != column.type:
            cast = "CAST" if strict else "TRY_CAST"
            chosen.append(f"{cast}({name} AS {layout.sql_type(column.physical)}) AS {name}")
        else:
            chosen.append(name)
    status = "_status" if _knows_status(paths[0]) else f"{literal(layout.status)} AS _status"
    return f"(SELECT {', '.join(chosen)}, _flags, {status}, _since FROM read_parquet({path_list(paths)}))"


def _knows_status(path: Path) -> bool:
    """Whether a file was written since rows have a status; all files of a version were, or none."""
    return "_status" in parquet.read_schema(path).names


def _empty(name: str, layout: Layout) -> str:
    kind = {"_flags": "VARCHAR", "_status": "VARCHAR", "_since": "INTEGER"}.get(name) or layout.sql_type(name)
    return f"NULL::{kind} AS {ident(name)}"


def plan_parts(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, *, rows: int, folder: Path, name: str
) -> list[Part]:
    """Ranges of about FILE_ROWS rows each, in sort order, by sampling the sort columns of ``source``."""
    if rows <= SPLIT_ROWS:
        return [Part(folder / f"{name}-00000.parquet", "true", ())]
    columns = listed(layout.sort)
    known = " AND ".join(f"{ident(c)} IS NOT NULL" for c in layout.sort)
    sample = con.execute(
        f"SELECT {columns} FROM (SELECT {columns} FROM {source.sql} USING SAMPLE reservoir({SAMPLE_ROWS} ROWS) "
        f"REPEATABLE (1)) WHERE {known} ORDER BY ALL",
        list(source.params),
    ).fetchall()
    count = max(1, round(rows / FILE_ROWS))
    bounds = list(dict.fromkeys(sample[i * len(sample) // count] for i in range(1, count))) if sample else []
    edges = [None, *bounds, None]
    parts = []
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        where, params = between(layout.sort, low, high)
        parts.append(Part(folder / f"{name}-{i:05d}.parquet", where, tuple(params)))
    return parts


def write_part(
    con: duckdb.DuckDBPyConnection, source: Source, layout: Layout, part: Part, field_ids: Mapping[str, int]
) -> None:
    """Write the part's rows of ``source`` (columns as ``Layout.stored``), sorted, to its file."""
    part.path.parent.mkdir(parents=True, exist_ok=True)
    columns = layout.stored
    ids = ", ".join(f"{literal(n)}: {field_ids[n]}" for n in columns)
    con.execute(
        f"COPY (SELECT {listed(columns)} FROM {source.sql} WHERE {part.where} ORDER BY {layout.order_by}) "
        f"TO {literal(str(part.path))} ({PARQUET}, FIELD_IDS {{{ids}}})",
        [*source.params, *part.params],
    )


def has_twins(con: duckdb.DuckDBPyConnection, path: Path, layout: Layout) -> bool:
    """Whether a sorted file holds two rows of one identity (they are neighbours)."""
    equal = " AND ".join(f"{ident(c)} IS NOT DISTINCT FROM lag({ident(c)}) OVER ()" for c in layout.identity)
    sql = f"SELECT count(*) FROM (SELECT {equal} AS twin, lag(1) OVER () AS second FROM read_parquet({literal(str(path))}))"
    return scalar(con, f"{sql} WHERE twin AND second = 1") > 0


def sync(path: Path) -> None:
    """Force a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """The file's sha256, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def describe(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], root: Path, stats: Sequence[str]
) -> list[FileRecord]:
    """Sync the files to disk and record each, in the order of ``paths``; a file without rows is removed and left out."""
    if not paths:
        return []
    aggregates = "".join(f", min({ident(c)})::VARCHAR, max({ident(c)})::VARCHAR" for c in stats)
    found = con.execute(
        f"SELECT filename, count(*){aggregates} FROM read_parquet({path_list(paths)}, filename=true) GROUP BY filename"
    ).fetchall()
    known = {Path(row[0]): row[1:] for row in found}
    records = []
    for path in paths:
        if path not in known:
            path.unlink()
            continue
        sync(path)
        rows, *values = known[path]
        records.append(
            FileRecord(
                path.relative_to(root).as_posix(), int(rows), path.stat().st_size, digest(path),
                tuple((c, values[2 * i], values[2 * i + 1]) for i, c in enumerate(stats)),
            )
        )  # fmt: skip
    for folder in {p.parent for p in paths}:
        sync(folder)
    return records
