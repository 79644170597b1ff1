"""Withholding what was already published: every file that holds it is written anew, every kept version replayed.

Redaction beats immutability (LAKE.md, ruling 8). A dataset's files that hold what must not be shown are rewritten, its
versions get the new files under their old numbers, Iceberg gets one new snapshot for each of them in one commit, and once
readers have been switched the old files, snapshots and statistics are destroyed. A journal beside the quarantine lets any
step be repeated: before all files are written a crash leaves the old edition, afterwards the switch is finished.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from pyarrow import parquet

from qingliu.core import codec
from qingliu.core.dataset import ColumnRecord, DatasetRecord, FileRecord, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake import manifest, mask
from qingliu.lake.files import PARQUET, describe, scalar, sync
from qingliu.lake.iceberg import NUMBER, RUN, fresh_ids, opened
from qingliu.lake.layout import Layout, layout_of
from qingliu.lake.locks import held
from qingliu.lake.maintain import REMOVAL
from qingliu.lake.manifest import Manifest
from qingliu.lake.names import ident, literal
from qingliu.lake.paths import LakePaths
from qingliu.lake.sound import check_whole
from qingliu.lake.store import Lake
from qingliu.lake.verify import content_hash, verified

TOMBSTONE = "redacted"  # VersionRecord.extra: the rule, and when it was applied
Masking = Callable[[Path, Path], Path | None]


@dataclass(frozen=True, slots=True)
class Journal:
    """What a redaction is about to switch to. It is complete once every new file is written."""

    id: str
    code: str
    tombstone: str
    versions: tuple[VersionRecord, ...] = ()
    files: int = 0
    cells: int = 0

    @property
    def complete(self) -> bool:
        """Whether every new file is written."""
        return bool(self.versions)


@dataclass(frozen=True, slots=True)
class Redacted:
    """What a redaction changed: the versions as they are served from now on, files written anew, cells changed."""

    versions: tuple[VersionRecord, ...]
    files: int
    cells: int


@dataclass(slots=True)
class _Work:
    code: str
    lake: Lake
    layout: Layout
    folder: str  # of the new files, relative to the lake's root
    scratch: Path
    masking: Masking
    ids: Mapping[str, int]
    all: bool  # every row file gets new column ids, as the table does
    done: dict[str, FileRecord | None]
    resorted: set[str]
    cells: int = 0


def redact(
    lake: Lake, record: DatasetRecord, versions: Sequence[VersionRecord], *, tombstone: str, masking: Masking
) -> Redacted:
    """Write the dataset's files anew after ``masking`` and replay its versions. Old files stay until ``destroy``.

    ``masking(file, scratch)`` looks through a Parquet file of rows and answers a file of changed cells (lake.mask.Changes),
    None where nothing is to change. ``versions`` are all of the dataset, kept or not. Raises Damaged where an old file
    is not what was published. Nothing changes where nothing is to be withheld.
    """
    journal = Journal(f"redact-{secrets.token_hex(6)}", record.code, tombstone)
    with held(lake.paths, manifest.code_folder(record.code)):
        _drop(lake.paths, record.code)
        _write(lake.paths, journal)
        try:
            journal = _rewritten(lake, record, versions, journal, masking)
        except BaseException:
            _drop(lake.paths, record.code)
            raise
        if not journal.complete:
            _drop(lake.paths, record.code)
            return Redacted((), 0, 0)
        _write(lake.paths, journal)
        return _switched(lake, layout_of(record), journal)


def resume(lake: Lake, record: DatasetRecord) -> Redacted | None:
    """Finish a redaction that was cut short after its files were written, throw an earlier one away; None: none was."""
    with held(lake.paths, manifest.code_folder(record.code)):
        journal = _read(lake.paths, record.code)
        if journal is None:
            return None
        if not journal.complete:
            _drop(lake.paths, record.code)
            return None
        return _switched(lake, layout_of(record), journal)


def destroy(lake: Lake, code: str, versions: Sequence[VersionRecord]) -> tuple[Finding, ...]:
    """Remove every file, snapshot and statistic of the old edition, once readers have been switched; then verify.

    ``versions`` are all that are served. Files that only a version without data named go as well.
    """
    with held(lake.paths, REMOVAL), held(lake.paths, manifest.code_folder(code)):
        kept = [v for v in versions if v.kept]
        with opened(lake.storage) as tables:
            tables.forget(code, [v.snapshot_id for v in kept])
            tables.sweep(code, [v.metadata_path for v in kept])
        needed = {f.path for v in kept for f in manifest.files_of(v)} | {v.changes.path for v in versions if v.changes}
        for folder in (f"{manifest.table_folder(code)}/data", f"latest/{manifest.code_folder(code)}",
                       f"changes/{manifest.code_folder(code)}"):  # fmt: skip
            _remove_all_but(lake.paths, folder, needed)
        _journal_path(lake.paths, code).unlink(missing_ok=True)
    return verified(lake.paths, versions)


def pending(paths: LakePaths) -> list[str]:
    """Codes of datasets whose redaction was cut short."""
    return sorted(_parse(p).code for p in _journals(paths).glob("*.json"))


def _rewritten(
    lake: Lake, record: DatasetRecord, versions: Sequence[VersionRecord], journal: Journal, masking: Masking
) -> Journal:
    folder = manifest.data_folder(record.code, journal.id)
    scratch = lake.paths.staging / journal.id
    scratch.mkdir(parents=True, mode=0o700)
    layout = layout_of(record)
    with opened(lake.storage) as tables:
        old_ids = tables.begin(record.code, layout, manifest.table_folder(record.code)).field_ids
    ids = fresh_ids(layout)
    work = _Work(record.code, lake, layout, folder, scratch, masking, ids, dict(old_ids) != ids, {}, set())
    try:
        after = tuple(_version(work, v, journal.tombstone) for v in sorted(versions, key=lambda v: v.number))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not work.cells:
        return journal
    changed = sum(1 for new in work.done.values() if new is not None)
    return replace(journal, versions=after, files=changed, cells=work.cells)


def _version(work: _Work, version: VersionRecord, tombstone: str) -> VersionRecord:
    files = tuple(_masked(work, f, "data") for f in version.files) if version.kept else _bare(version.files)
    latest = version.latest and (_masked(work, version.latest, "latest") if version.kept else None)
    changes = version.changes and _masked(work, version.changes, "changes")
    if (files, latest, changes) == (version.files, version.latest, version.changes):
        return version
    moved = bool(work.resorted & {f.path for f in version.files})
    return replace(
        version, files=files, latest=latest, changes=changes,
        content_hash=content_hash(files) if version.kept else version.content_hash,
        sorted_by=() if moved and len(files) > 1 else version.sorted_by,
        extra=(*(e for e in version.extra if e[0] != TOMBSTONE), (TOMBSTONE, tombstone)),
    )  # fmt: skip


def _bare(files: Sequence[FileRecord]) -> tuple[FileRecord, ...]:
    """Files that are no longer here, without the texts that their statistics held."""
    return tuple(replace(f, stats=()) for f in files)


def _masked(work: _Work, file: FileRecord, kind: str) -> FileRecord:
    """The file as it may be shown: itself, or a new one. Asked once a file, however many versions share it."""
    if file.path not in work.done:
        work.done[file.path] = _written(work, file, kind)
    return work.done[file.path] or file


def _written(work: _Work, file: FileRecord, kind: str) -> FileRecord | None:
    paths = work.lake.paths
    old = paths.resolve(file.path)
    check_whole(work.code, paths.root, (file,))
    changes = work.masking(old, work.scratch / "look")
    columns, cells = _told(changes) if changes else (set(), 0)
    if not cells and not (work.all and kind == "data"):
        return None
    work.cells += cells
    target = paths.root / _place(work, file, kind)
    target.parent.mkdir(parents=True, exist_ok=True)
    names = parquet.read_schema(old).names
    ids = ", ".join(f"{literal(n)}: {work.ids[n]}" for n in names if n in work.ids)
    options = f"{PARQUET}, FIELD_IDS {{{ids}}}" if kind == "data" else PARQUET
    order = [c for c in work.layout.sort if c in names]
    with work.lake.engine(work.scratch / "write") as con:
        if columns & set(order):
            work.resorted.add(file.path)
            loose = work.scratch / "loose.parquet"
            _apply(work, old, changes, loose, PARQUET)
            by = ", ".join(f"{ident(c)} ASC NULLS LAST" for c in order)
            con.execute(f"COPY (SELECT * FROM read_parquet({literal(str(loose))}) ORDER BY {by}) TO "
                        f"{literal(str(target))} ({options})")  # fmt: skip
            loose.unlink()
        else:
            _apply(work, old, changes, target, options)
        if scalar(con, f"SELECT count(*) FROM read_parquet({literal(str(target))})") != file.rows:
            raise AssertionError(f"{file.path}: rows were lost while it was written anew")
        stats = [c for c in work.layout.stats if c in names]
        new = describe(con, [target], paths.root, stats)[0]
    if changes:
        changes.unlink(missing_ok=True)
    return new


def _apply(work: _Work, old: Path, changes: Path | None, target: Path, options: str) -> None:
    limits = {"memory_limit": work.lake.memory_limit, "threads": work.lake.threads}
    if changes is not None:
        with mask.opened([old], work.scratch / "look", **limits) as sheet:  # type: ignore[arg-type]
            sheet.write(changes, target, options=options)
        return
    with work.lake.engine(work.scratch / "copy") as con:
        con.execute(f"COPY (SELECT * FROM read_parquet({literal(str(old))})) TO {literal(str(target))} ({options})")


def _place(work: _Work, file: FileRecord, kind: str) -> str:
    """Where the new file of an old one lies, relative to the lake's root: names keep what they tell (month, part)."""
    run = Path(work.folder).name
    if kind == "data":
        old = Path(file.path)
        return f"{work.folder}/{old.stem.rpartition('-')[0]}-{len(work.done):05d}.parquet"
    code = Path(file.path).parent.name
    return f"{kind}/{code}/{run}-{len(work.done):05d}.parquet"


def _told(changes: Path) -> tuple[set[str], int]:
    """The columns in a file of changed cells, and how many cells."""
    with duckdb.connect(config={"threads": 1}) as con:
        rows = con.execute(
            f'SELECT "column", count(*) FROM read_parquet({literal(str(changes))}) GROUP BY 1'
        ).fetchall()
    return {c for c, _ in rows}, sum(int(n) for _, n in rows)


def _switched(lake: Lake, layout: Layout, journal: Journal) -> Redacted:
    """Iceberg, then the manifests; every step may be repeated."""
    versions = journal.versions
    replayed = [v for v in versions if v.kept and _as_now(v.columns, layout)]
    with opened(lake.storage) as tables:
        steps = [
            ([f.path for f in v.files], {RUN: v.run_id, NUMBER: str(v.number), "qingliu.redaction": journal.id})
            for v in replayed
        ]
        landed = dict(zip([v.number for v in replayed], tables.replay(journal.code, layout, steps), strict=True))
    newest = landed[max(landed)]
    after = tuple(
        replace(
            v,
            snapshot_id=landed[v.number].snapshot_id if v.number in landed else newest.snapshot_id,
            metadata_path=newest.metadata_path,
        )
        if v.kept
        else replace(v, metadata_path=newest.metadata_path)
        for v in versions
    )
    for version in after:
        found = manifest.of_run(lake.paths, version.code, version.run_id)
        if found is not None:
            manifest.write(lake.paths, Manifest(version, found.counts, found.conflicts))
    return Redacted(after, journal.files, journal.cells)


def _as_now(columns: Sequence[ColumnRecord], layout: Layout) -> bool:
    """Whether foreign readers can be given a version: one of other columns is served by number only."""
    return tuple(columns) == layout.columns


def _journals(paths: LakePaths) -> Path:
    return paths.home / "private" / "redactions"


def _journal_path(paths: LakePaths, code: str) -> Path:
    return _journals(paths) / f"{manifest.code_folder(code)}.json"


def _parse(path: Path) -> Journal:
    found: Journal = codec.from_json(Journal, path.read_text(encoding="utf-8"))
    return found


def _read(paths: LakePaths, code: str) -> Journal | None:
    path = _journal_path(paths, code)
    return _parse(path) if path.is_file() else None


def _write(paths: LakePaths, journal: Journal) -> None:
    target = _journal_path(paths, journal.code)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(codec.to_json(journal), encoding="utf-8")
    temporary.chmod(0o600)
    sync(temporary)
    os.replace(temporary, target)
    sync(target.parent)


def _drop(paths: LakePaths, code: str) -> None:
    """Throw away what a redaction that never came to its switch has written."""
    journal = _read(paths, code)
    if journal is None:
        return
    shutil.rmtree(paths.root / manifest.data_folder(code, journal.id), ignore_errors=True)
    shutil.rmtree(paths.staging / journal.id, ignore_errors=True)
    for kind in ("latest", "changes"):
        for path in (paths.root / kind / manifest.code_folder(code)).glob(f"{journal.id}-*.parquet"):
            path.unlink()
    _journal_path(paths, code).unlink(missing_ok=True)


def _remove_all_but(paths: LakePaths, folder: str, needed: set[str]) -> None:
    root = paths.resolve(folder)
    for path in list(_files(root)):
        if path.relative_to(paths.root.resolve()).as_posix() not in needed:
            path.unlink()
    for path in sorted(root.glob("*/")) if root.is_dir() else ():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _files(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (p for p in root.rglob("*") if p.is_file())
