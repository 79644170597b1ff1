"""Rows on their way through the privacy gate: different texts out, judged rows out, changed cells in, nothing else touched.

The engine reads; what is personal or restricted is decided by the caller. A changed cell is named by its row's place in
the file and its column; every other cell, and the order of the rows, stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet

from qingliu.lake.names import ident, literal, path_list

MASKED = "masked"
BATCH = 5_000
_SCHEMA = pa.schema([("row", pa.int64()), ("column", pa.string()), ("value", pa.string())])
_SPILL = "spill"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of two number columns: rows inside it are looked at."""

    lon: str
    lat: str
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Masked:
    """How many rows of published files are masked somewhere, and how many cells of each column."""

    rows: int
    columns: tuple[tuple[str, int], ...]


class Sheet:
    """A Parquet file of typed rows that is being looked through. Use ``opened``."""

    def __init__(self, con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
        self._con = con
        self._paths = paths
        self._file = f"read_parquet({path_list(paths)}, file_row_number=true)"
        self.types = {
            str(name): str(kind)
            for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM read_parquet({path_list(paths)})").fetchall()
        }
        con.execute("CREATE TABLE hit (col VARCHAR, txt VARCHAR)")

    def distinct(self, column: str, *, least: int = 2) -> Iterator[list[str]]:
        """The different texts of a string column, in batches; those shorter than ``least`` characters are left out."""
        cursor = self._con.cursor()
        try:
            name = ident(column)
            cursor.execute(
                f"SELECT DISTINCT {name} FROM {self._file} WHERE length({name}) >= {int(least)}",
            )
            while batch := cursor.fetchmany(BATCH):
                yield [row[0] for row in batch]
        finally:
            cursor.close()

    def hit(self, column: str, texts: Sequence[str]) -> None:
        """Ask for the rows in which ``column`` holds one of ``texts``."""
        if texts:
            _insert(self._con, "hit", [[column] * len(texts), texts])

    def rows(
        self, columns: Sequence[str], *, boxes: Sequence[Box] = (), every: bool = False
    ) -> Iterator[list[tuple[int, dict[str, Any]]]]:
        """Rows that were asked for (all where ``every``) in the order of the file: place and the named columns."""
        hits = [c for (c,) in self._con.execute("SELECT DISTINCT col FROM hit").fetchall()]
        tests = [f"{ident(c)} IN (SELECT txt FROM hit WHERE col = {literal(c)})" for c in hits]
        params: list[float] = []
        for box in boxes:
            tests.append(f"({ident(box.lon)} BETWEEN ? AND ? AND {ident(box.lat)} BETWEEN ? AND ?)")
            params += box.bounds
        where = "true" if every else " OR ".join(tests)
        if not where:
            return
        listed = ", ".join(ident(c) for c in columns)
        cursor = self._con.cursor()
        try:
            sql = f"SELECT file_row_number, {listed} FROM {self._file} WHERE {where} ORDER BY file_row_number"
            cursor.execute(sql, params)
            while batch := cursor.fetchmany(BATCH):
                yield [(int(row[0]), dict(zip(columns, row[1:], strict=True))) for row in batch]
        finally:
            cursor.close()

    def write(self, changes: Path, target: Path, *, options: str = "FORMAT parquet, COMPRESSION snappy") -> None:
        """Write the file anew with the changed cells, each told in ``_flags``."""
        source = f"read_parquet({literal(str(changes))})"
        columns = [c for (c,) in self._con.execute(f'SELECT DISTINCT "column" FROM {source}').fetchall()]
        joins, chosen = [], []
        for n, column in enumerate(columns):
            joins.append(
                f'LEFT JOIN (SELECT "row", "value" FROM {source} WHERE "column" = {literal(column)}) m{n} '
                f'ON m{n}."row" = s.file_row_number'
            )
            old, new = f"s.{ident(column)}", f'CAST(m{n}."value" AS {self.types[column]})'
            chosen.append(f'CASE WHEN m{n}."row" IS NULL THEN {old} ELSE {new} END AS {ident(column)}')
        told = f"""SELECT "row", ';' || string_agg("column" || '={MASKED}', ';' ORDER BY "column") || ';' AS flags
                   FROM {source} GROUP BY "row" """
        joins.append(f'LEFT JOIN ({told}) f ON f."row" = s.file_row_number')
        flags = (
            "CASE WHEN f.flags IS NULL THEN s._flags ELSE coalesce(rtrim(s._flags, ';'), '') || f.flags END AS _flags"
        )
        self._con.execute(
            f"COPY (SELECT s.* EXCLUDE (file_row_number) REPLACE ({', '.join([*chosen, flags])}) FROM {self._file} s "
            f"{' '.join(joins)} ORDER BY s.file_row_number) TO {literal(str(target))} ({options})"
        )


class Changes:
    """Writes changed cells to a Parquet file in bounded memory; a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._writer = parquet.ParquetWriter(path, _SCHEMA, compression="snappy")
        self._rows: list[tuple[int, str, str | None]] = []

    def __enter__(self) -> Changes:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, row: int, column: str, value: str | float | None) -> None:
        """One cell: the place of its row, its column, and what may be shown of it."""
        self._rows.append((row, column, None if value is None else str(value)))
        self.count += 1
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = [pa.array(c, kind.type) for c, kind in zip(zip(*self._rows, strict=True), _SCHEMA, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
            self._rows = []


@contextmanager
def opened(paths: Sequence[Path], workdir: Path, *, memory_limit: str, threads: int) -> Iterator[Sheet]:
    """Look through one file (several are read as one, but only one can be written anew); scratch lies in ``workdir``."""
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    con = duckdb.connect(":memory:")
    try:
        for setting in (
            f"threads={int(threads)}", f"memory_limit={literal(memory_limit)}",
            f"temp_directory={literal(str(workdir / _SPILL))}", "preserve_insertion_order=true",
            "autoinstall_known_extensions=false", "autoload_known_extensions=false", "TimeZone='UTC'",
        ):  # fmt: skip
            con.execute(f"SET {setting}")
        yield Sheet(con, paths)
    finally:
        con.close()


def carried(paths: Sequence[Path], column: str, values: Sequence[str]) -> int:
    """How many of ``values`` stand in a column of published files."""
    if not paths or not values:
        return 0
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        con.execute("CREATE TABLE asked (v VARCHAR)")
        _insert(con, "asked", [values])
        source = f"read_parquet({path_list(paths)}, union_by_name=true)"
        found = con.execute(
            f"SELECT count(DISTINCT {ident(column)}) FROM {source} WHERE {ident(column)} IN (FROM asked)"
        )
        row = found.fetchone()
    return int(row[0]) if row else 0


def flagged(paths: Sequence[Path], columns: Sequence[str], masked: Sequence[str]) -> list[str]:
    """The different values of ``columns`` in rows of published files in which one of the cells ``masked`` is masked."""
    if not paths or not columns or not masked:
        return []
    told = " OR ".join(f"contains(_flags, {literal(f';{c}={MASKED};')})" for c in masked)
    found: set[str] = set()
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        for column in columns:
            name = ident(column)
            sql = f"SELECT DISTINCT {name} FROM read_parquet({path_list(paths)}, union_by_name=true) WHERE {told}"
            found |= {str(row[0]) for row in con.execute(sql).fetchall() if row[0] is not None}
    return sorted(found)


def unflagged(path: Path, column: str, values: Sequence[str], shown: Sequence[str]) -> int:
    """How many of ``values`` stand in a column of a staged file beside a cell of ``shown``, with none of those masked."""
    if not values or not shown:
        return 0
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        con.execute("CREATE TABLE asked (v VARCHAR)")
        _insert(con, "asked", [values])
        told = " OR ".join(f"contains(coalesce(_flags, ''), {literal(f';{c}={MASKED};')})" for c in shown)
        some = " OR ".join(f"{ident(c)} IS NOT NULL" for c in shown)
        sql = (
            f"SELECT count(DISTINCT {ident(column)}) FROM read_parquet({literal(str(path))}) "
            f"WHERE {ident(column)} IN (FROM asked) AND ({some}) AND NOT ({told})"
        )
        row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def masked_cells(paths: Sequence[Path]) -> Masked:
    """Count what is masked in published files, from their flags."""
    if not paths:
        return Masked(0, ())
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        flagged = f"SELECT _flags FROM read_parquet({path_list(paths)}) WHERE contains(_flags, '={MASKED};')"
        rows = con.execute(f"SELECT count(*) FROM ({flagged})").fetchall()[0][0]
        found = con.execute(
            f"SELECT split_part(t, '=', 1), count(*) FROM (SELECT unnest(string_split(_flags, ';')) AS t FROM ({flagged})) "
            f"WHERE ends_with(t, '={MASKED}') GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return Masked(int(rows), tuple((column, int(count)) for column, count in found))


def _insert(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Sequence[str]]) -> None:
    """Texts into a table of the engine, all at once."""
    given = pa.table({f"c{n}": pa.array(list(column), pa.string()) for n, column in enumerate(columns)})
    con.register("given", given)
    con.execute(f"INSERT INTO {table} SELECT * FROM given")
    con.unregister("given")


def texts(path: Path, column: str) -> list[str]:
    """The different texts of one column of a private file."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        name = ident(column)
        sql = f"SELECT DISTINCT {name} FROM read_parquet({literal(str(path))}) WHERE {name} IS NOT NULL"
        return [row[0] for row in con.execute(sql).fetchall()]


def rewrite_column(path: Path, column: str, mapping: dict[str, str], *, quoting: Sequence[str] = ()) -> None:
    """Replace texts of one column of a private file, also where the columns ``quoting`` quote them; the rest stays."""
    draft = path.with_name(f".{path.name}.masked")
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        con.execute("CREATE TABLE m (old VARCHAR, new VARCHAR)")
        _insert(con, "m", [list(mapping), list(mapping.values())])
        name = ident(column)
        quoted = "".join(
            f", CASE WHEN m.new IS NULL THEN s.{q} ELSE replace(s.{q}, m.old, m.new) END AS {q}"
            for q in map(ident, quoting)
        )
        con.execute(
            f"COPY (SELECT s.* EXCLUDE (file_row_number) REPLACE (coalesce(m.new, s.{name}) AS {name}{quoted}) "
            f"FROM read_parquet({literal(str(path))}, file_row_number=true) s LEFT JOIN m ON m.old = s.{name} "
            f"ORDER BY s.file_row_number) TO {literal(str(draft))} (FORMAT parquet, COMPRESSION zstd)"
        )
    draft.chmod(0o600)
    draft.replace(path)
