"""Raw rows → typed staging: one streaming pass of the engine, every row and cell accounted for.

Balance: ``rows_read = rows + set_aside``. Cells are counted over all rows that could be split into cells (staged, and
set aside for their key); a broken line has no cells and is counted as a row only. For an unpivoted table rows are values:
one per hour cell, a broken line counting as many as it should have held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, ReadSpec, Text
from qingliu.core.errors import BadSource
from qingliu.core.records import CellBalance
from qingliu.lake import counts, leaving, places
from qingliu.lake.csvlines import Record, count_lines, to_rows
from qingliu.lake.inputs import CsvInput, RawInput, RowsInput, RowsWriter, renamed, stem_of
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_plan import Plan, plan_of

__all__ = ["CsvInput", "RawInput", "RowsInput", "RowsWriter", "Staged", "renamed", "shape", "stem_of"]


@dataclass(frozen=True, slots=True)
class Staged:
    """The outcome of a shaping. ``path``: Parquet, one typed column per declared column under its public name in the
    declared order, then ``_flags`` VARCHAR; rows lie in the order of the delivery."""

    path: Path
    rows_read: int
    rows: int
    set_aside: int
    quarantine: Path | None
    quarantined_cells: int
    cells: tuple[CellBalance, ...]
    found_columns: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(slots=True)
class Work:
    """What one shaping holds while it runs."""

    connection: duckdb.DuckDBPyConnection
    record: DatasetRecord
    read: ReadSpec
    inputs: list[RawInput]
    folder: Path
    broken: dict[str, list[Record]] = field(default_factory=dict)

    def plan(self) -> Plan:
        """The compiled plan over the inputs as they are now."""
        return plan_of(self.record, self.read, self.inputs)


def shape(
    record: DatasetRecord,
    read: ReadSpec,
    inputs: Sequence[RawInput],
    workdir: Path,
    *,
    memory_limit: str = "900MB",
    threads: int = 2,
) -> Staged:
    """Type ``inputs`` after ``record``. Raises BadSource (headers unclear, a file cut short) or BadDefinition."""
    workdir.mkdir(parents=True, exist_ok=True)
    connection = engine(workdir, memory_limit=memory_limit, threads=threads, timezone=record.timezone)
    try:
        work = Work(connection, record, read, list(inputs), workdir)
        # a blank line of a one-column table is no record, which only the exact reader knows
        _reread(work, [i for i in inputs if isinstance(i, CsvInput) and len(i.columns) == 1])
        _leave_out(work)
        staged, rows = _stage(work)
        plan = work.plan()
        cells = counts.balance(connection, plan, staged, rows)
        final, kept = _without_keyless(work, staged, rows)
        quarantine = _quarantine(work, plan, staged, cells, rows - kept)
    finally:
        connection.close()
    broken = sum(len(b) for b in work.broken.values()) * plan.rows_per_record
    return Staged(
        path=final,
        rows_read=rows + broken,
        rows=kept,
        set_aside=rows - kept + broken,
        quarantine=quarantine,
        quarantined_cells=sum(c.quarantined for c in cells),
        cells=cells,
        found_columns=plan.found,
        missing=plan.missing,
        unknown=plan.unknown,
    )


def engine(workdir: Path, *, memory_limit: str, threads: int, timezone: str) -> duckdb.DuckDBPyConnection:
    """A private engine that keeps rows in order, spills to ``workdir`` and loads nothing from outside."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory_limit,
        "temp_directory": str(workdir / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(f"SET TimeZone = {lit(timezone)}")
    return connection


def _stage(work: Work) -> tuple[Path, int]:
    """Stage every row that has cells. Where the engine and a count of lines disagree, the exact reader takes over."""
    staged = work.folder / "staged.parquet"
    try:
        rows = _copy(work, staged)
    except duckdb.Error as error:
        if not any(isinstance(i, CsvInput) for i in work.inputs):
            raise
        if not _reread(work, [i for i in work.inputs if isinstance(i, CsvInput)]):
            raise BadSource(Text("來源無法讀取。", f"The source cannot be read: {error}")) from error
        return staged, _copy(work, staged)
    per_record = work.plan().rows_per_record
    texts = [i for i in work.inputs if isinstance(i, CsvInput)]
    expected = sum(count_lines(i) for i in texts) + sum(_parquet_rows(work, i) for i in work.inputs if i not in texts)
    if rows != expected * per_record:
        _reread(work, [i for i in texts if count_lines(i) != _engine_rows(work, i)])
        rows = _copy(work, staged)
    return staged, rows


def _copy(work: Work, path: Path) -> int:
    sql = f"COPY ({work.plan().staging_sql()}) TO {lit(str(path))} (FORMAT parquet, COMPRESSION snappy)"
    found = work.connection.execute(sql).fetchone()
    return int(found[0]) if found else 0


def _reread(work: Work, texts: Sequence[CsvInput]) -> bool:
    """Replace these inputs by what the exact reader makes of them."""
    for source in texts:
        at = work.inputs.index(source)
        rows, broken = to_rows(source, work.folder / f"exact-{at}.parquet")
        work.inputs[at] = rows
        if broken:
            work.broken[source.name] = broken
    return bool(texts)


def _leave_out(work: Work) -> None:
    """Set aside the rows that the definition says are no data."""
    if not work.read.leave_out:
        return
    _reread(work, [i for i in work.inputs if isinstance(i, CsvInput)])
    for at, source in enumerate(work.inputs):
        if isinstance(source, RowsInput):
            work.inputs[at], left = leaving.split(source, work.read.leave_out, work.folder / f"kept-{at}.parquet")
            if left:
                work.broken[source.name] = [*work.broken.get(source.name, ()), *left]


def _engine_rows(work: Work, source: CsvInput) -> int:
    single = plan_of(work.record, work.read, [source])
    found = work.connection.execute(f"SELECT count(*) FROM ({single.staging_sql()})").fetchone()
    return int(found[0]) // single.rows_per_record if found else 0


def _parquet_rows(work: Work, source: RawInput) -> int:
    found = work.connection.execute(f"SELECT num_rows FROM parquet_file_metadata({lit(str(source.path))})").fetchone()
    return int(found[0]) if found else 0


def _without_keyless(work: Work, staged: Path, rows: int) -> tuple[Path, int]:
    """Staging without the rows whose key has a null; the same file where there are none."""
    keys = [k for k in work.record.key if counts.nulls(work.connection, staged).get(k, 0)]
    if not keys:
        return staged, rows
    whole = " AND ".join(f"{ident(k)} IS NOT NULL" for k in keys)
    final = work.folder / "keyed.parquet"
    source = f"SELECT * FROM read_parquet({lit(str(staged))}) WHERE {whole}"
    found = work.connection.execute(f"COPY ({source}) TO {lit(str(final))} (FORMAT parquet, COMPRESSION snappy)")
    row = found.fetchone()
    return final, int(row[0]) if row else 0


def _quarantine(work: Work, plan: Plan, staged: Path, cells: Sequence[CellBalance], keyless: int) -> Path | None:
    bad = sum(c.quarantined for c in cells)
    if not bad and not keyless and not work.broken:
        return None
    path = work.folder / "quarantine.parquet"
    sources = places.bad_rows(work.connection, plan, staged, work.folder) if bad or keyless else []
    found = places.write(work.connection, plan_of(work.record, work.read, sources), work.broken, path)
    if found != (bad, keyless):
        raise AssertionError(f"quarantine holds {found} cells and rows, the balance says {(bad, keyless)}")
    return path
