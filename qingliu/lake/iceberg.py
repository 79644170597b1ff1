"""The Iceberg side of a version: one table a dataset, one snapshot a version."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.io import load_file_io
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable, Table, Transaction
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError, OperationalError

from qingliu.core.dataset import FieldType
from qingliu.lake.layout import Layout
from qingliu.lake.manifest import table_folder
from qingliu.lake.storage import Storage

RUN = "qingliu.run"
NUMBER = "qingliu.version"
MONTH = "_month"
ATTEMPTS = 8
_TYPES: dict[FieldType, type[IcebergType]] = {
    "string": StringType,
    "integer": LongType,
    "number": DoubleType,
    "boolean": BooleanType,
    "date": DateType,
    "datetime": TimestampType,
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """A change of one table that is not committed yet; the files about to be written take their column ids from it."""

    transaction: Transaction
    table: Table | None
    field_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Landed:
    """A committed snapshot and the metadata file that names it, relative to the lake's root."""

    snapshot_id: int
    metadata_path: str


class Tables:
    """The lake's catalogue. Use inside ``with opened(storage) as tables``."""

    def __init__(self, storage: Storage, catalog: SqlCatalog) -> None:
        self._storage = storage
        self._catalog = catalog

    def load(self, code: str) -> Table | None:
        """The dataset's table, or None while it has none."""
        try:
            return self._catalog.load_table((self._storage.namespace, code))
        except NoSuchTableError:
            return None

    def begin(self, code: str, layout: Layout, folder: str) -> Pending:
        """Start a change: the table with the layout's columns and partition, created or evolved but not committed."""
        table = self.load(code)
        if table is None:
            started = self._fresh(code, layout, folder)
        else:
            started = table.transaction()
            _evolve(started, layout)
        ids = {f.name: f.field_id for f in started.table_metadata.schema().fields}
        return Pending(started, table, ids)

    def commit(self, pending: Pending, *, files: Sequence[str], properties: Mapping[str, str]) -> Landed:
        """Commit one snapshot that holds exactly ``files`` (paths of the lake), with ``properties``.

        What to add and what to take out is told by the table itself: a maintenance step that was cut short may have left
        it with other files of the same rows than the version before lists.
        """
        change = pending.transaction
        io = load_file_io(dict(self._catalog.properties), change.table_metadata.location)
        wanted = {self._storage.address(path): None for path in files}
        with change.update_snapshot(snapshot_properties=dict(properties)).overwrite() as update:
            for task in pending.table.scan().plan_files() if pending.table is not None else ():
                if task.file.file_path in wanted:
                    del wanted[task.file.file_path]
                else:
                    update.delete_data_file(task.file)
            for address in wanted:
                update.append_data_file(parquet_file_to_data_file(io, change.table_metadata, address))
        table = persistently(change.commit_transaction)
        snapshot = table.current_snapshot()
        if snapshot is None:
            raise RuntimeError("a committed table has no snapshot")
        return Landed(snapshot.snapshot_id, self._storage.relative(table.metadata_location))

    def replay(
        self, code: str, layout: Layout, steps: Sequence[tuple[Sequence[str], Mapping[str, str]]]
    ) -> list[Landed]:
        """Put a fresh table in the place of the dataset's: one snapshot a step, each of exactly its files, in one switch.

        A fresh one, because the manifests of a table go on naming the files that were taken out, with their statistics.
        """
        name = f"{code}__edition"
        with suppress(NoSuchTableError):
            self._catalog.drop_table((self._storage.namespace, name))
        change = self._fresh(name, layout, table_folder(code))
        io = load_file_io(dict(self._catalog.properties), change.table_metadata.location)
        held: dict[str, DataFile] = {}
        ids = []
        for files, properties in steps:
            wanted = [self._storage.address(path) for path in files]
            with change.update_snapshot(snapshot_properties=dict(properties)).overwrite() as step:
                for address in [a for a in held if a not in wanted]:
                    step.delete_data_file(held.pop(address))
                for address in [a for a in wanted if a not in held]:
                    held[address] = parquet_file_to_data_file(io, change.table_metadata, address)
                    held[address].spec_id = change.table_metadata.default_spec_id
                    step.append_data_file(held[address])
            ids.append(step.snapshot_id)
        made = persistently(change.commit_transaction)
        persistently(lambda: self._switch(code, name, made.metadata_location))
        return [Landed(i, self._storage.relative(made.metadata_location)) for i in ids]

    def _switch(self, code: str, name: str, location: str) -> None:
        """One transaction: the dataset's entry leads to the fresh table, whose own entry goes."""
        mine = (IcebergTables.catalog_name == self._catalog.name) & (
            IcebergTables.table_namespace == self._storage.namespace
        )
        with self._catalog.engine.begin() as con:
            con.execute(delete(IcebergTables).where(mine, IcebergTables.table_name == name))
            con.execute(
                update(IcebergTables)
                .where(mine, IcebergTables.table_name == code)
                .values(metadata_location=location, previous_metadata_location=None)
            )

    def _fresh(self, name: str, layout: Layout, folder: str) -> Transaction:
        ids = fresh_ids(layout)
        schema = Schema(*(NestedField(ids[n], n, _type(n, layout), required=False) for n in ids))
        spec = UNPARTITIONED_PARTITION_SPEC
        if layout.monthly:
            spec = PartitionSpec(PartitionField(ids[layout.time], 1000, MonthTransform(), MONTH))
        return self._catalog.create_table_transaction(
            (self._storage.namespace, name), schema, location=self._storage.address(folder), partition_spec=spec
        )

    def forget(self, code: str, keep: Collection[int]) -> int:
        """Expire the snapshots of a table outside ``keep`` (its current one stays); answers how many."""
        table = self.load(code)
        current = table.current_snapshot() if table else None
        if table is None or current is None:
            return 0
        gone = [s.snapshot_id for s in table.snapshots() if s.snapshot_id not in {*keep, current.snapshot_id}]
        if gone:
            persistently(lambda: table.maintenance.expire_snapshots().by_ids(gone).commit())
        return len(gone)

    def number(self, code: str) -> int:
        """The number of the version that the table stands at; 0 before the first."""
        table = self.load(code)
        snapshot = table.current_snapshot() if table else None
        return int(stated(snapshot, NUMBER) or 0) if snapshot else 0

    def files(self, code: str) -> list[str]:
        """The row files of the table as it stands, paths of the lake."""
        table = self.load(code)
        return [self._storage.relative(t.file.file_path) for t in table.scan().plan_files()] if table else []

    def find(self, code: str, run_id: str) -> Landed | None:
        """The snapshot that a run committed, or None."""
        table = self.load(code)
        snapshot = next((s for s in table.snapshots() if stated(s, RUN) == run_id), None) if table else None
        if table is None or snapshot is None:
            return None
        return Landed(snapshot.snapshot_id, self._storage.relative(table.metadata_location))

    def sweep(self, code: str, needed: Iterable[str]) -> list[str]:
        """Remove metadata that neither the table nor the metadata files ``needed`` (of kept versions) lead to."""
        folder = self._storage.local(f"{table_folder(code)}/metadata")
        if not folder.is_dir():
            return []
        live = self.reachable(code, needed)
        removed = [p for p in folder.iterdir() if p.is_file() and p.name not in live]
        for path in removed:
            path.unlink()
        return [p.name for p in removed]

    def reachable(self, code: str, needed: Iterable[str]) -> set[str]:
        """Names of the metadata files that the table, or one of the metadata files ``needed``, leads to."""
        table = self.load(code)
        names = self._reached(self._storage.relative(table.metadata_location), every=True) if table else set()
        for path in {n for n in needed if n}:
            names |= self._reached(path, every=False)
        return names

    def history(self, code: str) -> list[str]:
        """The metadata files that the table remembers having had, paths of the lake."""
        table = self.load(code)
        return [self._storage.relative(e.metadata_file) for e in table.metadata.metadata_log] if table else []

    def _reached(self, metadata_path: str, *, every: bool) -> set[str]:
        """Names of the files that a metadata file leads to: of its current snapshot, or of every one."""
        path = self._storage.local(metadata_path)
        if not path.is_file():
            return set()
        known = StaticTable.from_metadata(self._storage.address(metadata_path))
        current = known.current_snapshot()
        names = {path.name}
        for snapshot in known.snapshots() if every else [current] if current else []:
            names.add(PurePosixPath(snapshot.manifest_list).name)
            names |= {PurePosixPath(m.manifest_path).name for m in snapshot.manifests(known.io)}
        return names


def fresh_ids(layout: Layout) -> dict[str, int]:
    """The column ids of a table that is made new."""
    return {name: i for i, name in enumerate(layout.stored, start=1)}


def stated(snapshot: Snapshot, name: str) -> str | None:
    """A property of a snapshot."""
    return snapshot.summary.additional_properties.get(name) if snapshot.summary else None


@contextmanager
def opened(storage: Storage) -> Iterator[Tables]:
    """The lake's catalogue, closed at the end of the block."""
    storage.paths.iceberg_db.parent.mkdir(parents=True, exist_ok=True)
    catalog = persistently(lambda: SqlCatalog(storage.name, **storage.catalog_properties()))
    try:
        persistently(lambda: catalog.create_namespace_if_not_exists(storage.namespace))
        yield Tables(storage, catalog)
    finally:
        catalog.engine.dispose()


def load(storage: Storage) -> None:
    """Load what the first commit of a process would load: the database's driver, and how pyiceberg tells of columns."""
    importlib.import_module("rich.table")  # pyiceberg imports it when it compares a file's columns with the table's
    importlib.import_module("rich.console")
    with opened(storage):
        pass


def persistently(action: Callable[[], T]) -> T:
    """Do it again while another writer is in the way, up to ATTEMPTS times."""
    for attempt in range(ATTEMPTS):
        try:
            return action()
        except (OperationalError, IntegrityError, CommitFailedException):  # IntegrityError: both made the same row
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0.02, 0.1) * 2**attempt)  # noqa: S311 (spreads retries, guards nothing)
    raise AssertionError("unreachable")


def _type(name: str, layout: Layout) -> IcebergType:
    if name == "_since":
        return IntegerType()
    if name in {"_flags", "_status"}:
        return StringType()
    return _TYPES[next(c.type for c in layout.columns if c.physical == name)]()


def _evolve(change: Transaction, layout: Layout) -> None:
    wanted = {n: _type(n, layout) for n in layout.stored}
    have = {f.name: f.field_type for f in change.table_metadata.schema().fields}
    month = next((f for f in change.table_metadata.spec().fields if f.name == MONTH), None)
    source = change.table_metadata.schema().find_column_name(month.source_id) if month else None
    moved = (source or "") != (layout.time if layout.monthly else "")
    if moved and month:
        with change.update_spec() as spec:
            spec.remove_field(MONTH)
    if wanted != have:
        with change.update_schema() as update:
            for name, kind in have.items():
                if wanted.get(name) != kind:
                    update.delete_column((name,))
            for name, kind in wanted.items():
                if have.get(name) != kind:
                    update.add_column((name,), kind)
    if moved and layout.monthly:
        with change.update_spec() as spec:
            spec.add_field(layout.time, MonthTransform(), MONTH)
