"""Publishing into the lake: one delivery becomes one version, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, FileRecord, Mode, Text, VersionRecord
from qingliu.core.errors import BadSource, Conflict, Damaged
from qingliu.core.records import Finding
from qingliu.lake import manifest
from qingliu.lake.decided import Decided
from qingliu.lake.derive import latest_after, latest_key, write_changes, write_latest
from qingliu.lake.files import engine, rows_of, scalar
from qingliu.lake.iceberg import NUMBER, RUN, Pending, Tables, opened
from qingliu.lake.layout import STATUS, Layout, layout_of, listed
from qingliu.lake.locks import held, safe_name
from qingliu.lake.manifest import Manifest
from qingliu.lake.merge import Counts, Delivery, compare, tally
from qingliu.lake.paths import LakePaths
from qingliu.lake.rewrite import Desk, Written, first_version, next_version
from qingliu.lake.sound import check_whole
from qingliu.lake.storage import Storage
from qingliu.lake.verify import content_hash, verify

LAYOUT = "layout"  # VersionRecord.extra: the layout its files were written under


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit did. ``version`` None: the delivery changed nothing. Rows staged = sum of the first five and set_aside.

    ``conflicts`` is a private Parquet file of the rows set aside, in the shape of the readers' quarantine.
    """

    version: VersionRecord | None
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    deleted: int = 0
    set_aside: int = 0
    conflicts: Path | None = None
    contested: int = 0  # delivered rows that speak against a decision


@dataclass(frozen=True, slots=True)
class Job:
    """One commit's parameters."""

    record: DatasetRecord
    staged: Path
    base: VersionRecord | None
    number: int
    run_id: str
    author: str
    message: str
    created_at: str
    mode: Mode
    layout: Layout
    decided: tuple[Decided, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the merge of a job wrote; ``written`` None: nothing changed."""

    counts: Counts
    written: Written | None
    latest: FileRecord | None = None
    changes: FileRecord | None = None
    conflicts: Path | None = None


class Lake:
    """The write side of the lake under one home. Safe to use from several processes at once."""

    def __init__(
        self, paths: LakePaths, *, memory_limit: str = "900MB", threads: int = 2, storage: Storage | None = None
    ) -> None:
        self.paths = paths
        self.storage = storage or Storage(paths)
        self.memory_limit = memory_limit
        self.threads = threads

    def commit(
        self,
        record: DatasetRecord,
        staged_path: Path,
        *,
        base: VersionRecord | None,
        number: int,
        run_id: str,
        author: str,
        message: str,
        created_at: str,
        mode_override: Mode | None = None,
        decided: Sequence[Decided] = (),
    ) -> Commit:
        """Merge the staged rows into ``base`` and make version ``number``; the same run again answers the same.

        What was ``decided`` about rows stands against what is staged. Raises Conflict where the table has moved on from
        ``base``, BadSource where a staged key is incomplete, Damaged
        where a file of ``base`` is not what was published: its rows would be written anew as if they were sound.
        """
        safe_name(run_id)
        mode = mode_override or record.mode
        job = Job(
            record, staged_path, base, number, run_id, author, message, created_at, mode, layout_of(record),
            tuple(decided),
        )  # fmt: skip
        with held(self.paths, manifest.code_folder(record.code)):
            done = self._finished(record.code, run_id)
            if done:
                return _answer(done)
            manifest.clear_run(self.paths, record.code, run_id)
            try:
                return self._run(job)
            except (duckdb.Error, Conflict, BadSource, Damaged, OSError):
                if self._finished(record.code, run_id) is None:
                    manifest.clear_run(self.paths, record.code, run_id)
                raise
            finally:
                shutil.rmtree(manifest.workdir(self.paths, run_id), ignore_errors=True)

    def engine(self, workdir: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A private engine within this lake's limits, spilling to ``workdir``."""
        return engine(workdir, memory_limit=self.memory_limit, threads=self.threads)

    def find_run(self, code: str, run_id: str) -> VersionRecord | None:
        """The version that a run committed, or None where it made none (it may still have left files: ``discard``)."""
        found = self._finished(code, run_id)
        return found.version if found else None

    def discard(self, run_id: str, code: str) -> None:
        """Remove what an unfinished run left. Raises Conflict where the run did commit: then finish it instead."""
        with held(self.paths, manifest.code_folder(code)):
            if self._finished(code, run_id):
                raise Conflict(
                    Text(
                        "這次執行已寫入版本，不能捨棄。",
                        "This run has already become a version; it cannot be discarded.",
                    ),
                    Text(
                        "請以 find_run 取得版本並完成發布。", "Take the version from find_run and finish publishing it."
                    ),
                )
            manifest.clear_run(self.paths, code, run_id)
            with opened(self.storage) as tables:
                known = [m.version.metadata_path for m in manifest.all_of(self.paths, code)]
                tables.sweep(code, [*known, *tables.history(code)])

    def verify(self, version: VersionRecord) -> list[Finding]:
        """Recompute size, rows and hash of every file of a kept version; empty where all is as recorded."""
        return verify(self.paths, version)

    def _finished(self, code: str, run_id: str) -> Manifest | None:
        found = manifest.of_run(self.paths, code, run_id)
        if found is None or found.complete:
            return found
        with opened(self.storage) as tables:
            landed = tables.find(code, run_id)
        if landed is None:
            return None
        whole = manifest.complete(found, snapshot_id=landed.snapshot_id, metadata_path=landed.metadata_path)
        manifest.write(self.paths, whole)
        return whole

    def _run(self, job: Job) -> Commit:
        workdir = manifest.workdir(self.paths, job.run_id)
        with opened(self.storage) as tables:
            _check_base(tables, job)
            pending = tables.begin(job.record.code, job.layout, manifest.table_folder(job.record.code))
            with self.engine(workdir) as con:
                outcome = self._merge(con, job, pending, workdir)
            if outcome.written is None:
                return _counted(None, outcome.counts, outcome.conflicts)
            draft = Manifest(_version(job, outcome), outcome.counts, str(outcome.conflicts or ""))
            manifest.write(self.paths, draft)
            landed = tables.commit(
                pending,
                files=[f.path for f in outcome.written.files],
                properties={
                    RUN: job.run_id, NUMBER: str(job.number), "qingliu.author": job.author,
                    "qingliu.message": job.message, "qingliu.rows": str(draft.version.rows),
                },
            )  # fmt: skip
        whole = manifest.complete(draft, snapshot_id=landed.snapshot_id, metadata_path=landed.metadata_path)
        manifest.write(self.paths, whole)
        return _answer(whole)

    def _merge(self, con: duckdb.DuckDBPyConnection, job: Job, pending: Pending, workdir: Path) -> Outcome:
        delivery = Delivery(con, job.staged, job.layout, job.number)
        _check_keys(delivery, job)
        folder = self.paths.root / manifest.data_folder(job.record.code, job.run_id)
        desk = Desk(con, job.layout, self.paths.root, folder, pending.field_ids)
        if job.base is None:
            return self._first(desk, job, delivery)
        return self._next(desk, job, delivery, job.base, workdir / "delta.parquet")

    def _first(self, desk: Desk, job: Job, delivery: Delivery) -> Outcome:
        written = first_version(desk, delivery)
        duplicate, aside = delivery.lost()
        inserted = delivery.rows - duplicate - aside
        files = [self.paths.root / f.path for f in written.files]
        target = self.paths.root / manifest.latest_path(job.record.code, job.run_id)
        latest = write_latest(desk.con, job.layout, rows_of(files, job.layout), target, self.paths.root)
        conflicts = delivery.conflicts(None, manifest.conflicts_path(self.paths, job.run_id)) if aside else None
        return Outcome(Counts(inserted, 0, 0, duplicate, 0, aside), written, latest, None, conflicts)

    def _next(self, desk: Desk, job: Job, delivery: Delivery, base: VersionRecord, delta: Path) -> Outcome:
        root, code, layout = self.paths.root, job.record.code, job.layout
        strict = job.mode != "snapshot"
        check_whole(code, root, (*base.files, *((base.latest,) if base.latest else ())))
        delivery.settle()
        delivery.heed(job.decided)
        whole = dict(base.extra).get(LAYOUT) != layout.signature
        old = rows_of([root / f.path for f in base.files], layout, base.columns, strict=strict)
        if whole:
            check_identity(desk.con, old, layout)
        compare(desk.con, delivery.relation, old, layout, mode=job.mode, target=delta)
        counts = tally(desk.con, delivery, delta, job.mode)
        conflicts = (
            delivery.conflicts(delta, manifest.conflicts_path(self.paths, job.run_id)) if counts.set_aside else None
        )
        if not counts.changed and base.columns == layout.columns:
            return Outcome(counts, None, conflicts=conflicts)
        written = next_version(desk, base, delta, whole=whole, strict=strict)
        rows = ""
        if latest_key(layout):
            files = [root / f.path for f in written.files]
            rows = latest_after(layout, base, delta, files, root=root, deleted=counts.deleted)
        latest = write_latest(desk.con, layout, rows, root / manifest.latest_path(code, job.run_id), root)
        changes = write_changes(desk.con, layout, delta, root / manifest.changes_path(code, job.run_id), root)
        return Outcome(counts, written, latest, changes, conflicts)


def _version(job: Job, outcome: Outcome) -> VersionRecord:
    written = outcome.written
    if written is None:
        raise ValueError("nothing was written")
    layout, counts = job.layout, outcome.counts
    declared = layout.sort if layout.key else layout.order
    return VersionRecord(
        code=job.record.code, number=job.number, created_at=job.created_at, snapshot_id=0, metadata_path="",
        run_id=job.run_id, author=job.author, message=job.message, rows=sum(f.rows for f in written.files),
        content_hash=content_hash(written.files), columns=layout.columns, files=written.files,
        sorted_by=declared if written.sorted_whole else (), latest=outcome.latest, changes=outcome.changes,
        inserted=counts.inserted, updated=counts.updated, deleted=counts.deleted,
        extra=((LAYOUT, layout.signature), (STATUS, "1")),
    )  # fmt: skip


def _answer(done: Manifest) -> Commit:
    return _counted(done.version, done.counts, Path(done.conflicts) if done.conflicts else None)


def _counted(version: VersionRecord | None, counts: Counts, conflicts: Path | None) -> Commit:
    return Commit(
        version, counts.inserted, counts.updated, counts.unchanged, counts.duplicate, counts.deleted, counts.set_aside,
        conflicts, counts.contested,
    )  # fmt: skip


def _check_base(tables: Tables, job: Job) -> None:
    current = tables.number(job.record.code)
    expected = job.base.number if job.base else 0
    if current != expected or job.number <= expected:
        raise Conflict(
            Text(
                f"資料集 {job.record.code} 目前是第 {current} 版，這次執行以第 {expected} 版為基礎要寫第 {job.number} 版。",
                f"Dataset {job.record.code} stands at version {current}; this run wants to write {job.number} on {expected}.",
            ),
            Text("請以目前的版本為基礎重新執行。", "Run again on the current version."),
        )


def _check_keys(delivery: Delivery, job: Job) -> None:
    broken = delivery.null_keys()
    if broken:
        raise BadSource(
            Text(f"有 {broken} 列的主鍵不完整。", f"{broken} rows have an incomplete key."),
            Text("請補齊主鍵欄位：" + "、".join(job.layout.key) + "。", f"Fill the key: {', '.join(job.layout.key)}."),
        )


def check_identity(con: duckdb.DuckDBPyConnection, rows: str, layout: Layout) -> None:
    """Raise Conflict where the key does not tell published rows apart, or is empty in some of them."""
    if not layout.key:
        return
    twice = scalar(
        con, f"SELECT count(*) FROM (SELECT 1 FROM {rows} GROUP BY {listed(layout.key)} HAVING count(*) > 1)"
    )
    empty = scalar(
        con, f"SELECT count(*) FROM {rows} WHERE {' OR '.join(f'{c} IS NULL' for c in map(_quoted, layout.key))}"
    )
    if twice or empty:
        raise Conflict(
            Text(
                f"新的主鍵在既有資料中不唯一：重複 {twice} 組，空白 {empty} 列。",
                f"The new key does not tell the published rows apart: {twice} repeated, {empty} empty.",
            ),
            Text(
                "請修改定義檔的主鍵，或以新代碼發布。", "Change the key in the definition, or publish under a new code."
            ),
        )


def _quoted(name: str) -> str:
    return listed((name,))
