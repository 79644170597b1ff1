"""Keeping the lake in order: merge small files, let old versions go, remove what nothing names, and check what is kept.

Steps that remove files take the versions that the caller still serves, so that a file goes only after every reader has
been switched away from it. Each step ends with the verification of every version that keeps its data.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import duckdb

from qingliu.core.clock import TAIPEI
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.errors import Conflict, Damaged
from qingliu.core.records import Finding
from qingliu.lake import manifest
from qingliu.lake.files import rows_of
from qingliu.lake.iceberg import NUMBER, RUN, opened
from qingliu.lake.layout import Layout, layout_of, listed
from qingliu.lake.locks import held
from qingliu.lake.manifest import Manifest
from qingliu.lake.paths import LakePaths
from qingliu.lake.rewrite import Desk, Written, loose_groups, write_groups
from qingliu.lake.sound import check_whole
from qingliu.lake.store import LAYOUT, Lake
from qingliu.lake.verify import content_hash, verified

REMOVAL = "0.removal"  # the lock under which needed files cannot go: a backup holds it while it copies
YOUNG = timedelta(days=7)  # a cursor may be continued in a version this young


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a maintenance step did. ``versions`` are those that changed and must be stored and served anew."""

    versions: tuple[VersionRecord, ...] = ()
    removed: int = 0
    findings: tuple[Finding, ...] = ()


def kept_numbers(versions: Sequence[VersionRecord], now: datetime) -> frozenset[int]:
    """The versions that keep their data: the newest, each month's last (Taipei time), cited ones, those under 7 days."""
    if not versions:
        return frozenset()
    ordered = sorted(versions, key=lambda v: v.number)
    keep = {ordered[-1].number} | {v.number for v in versions if v.cited}
    keep |= {v.number for v in versions if now - _made(v) < YOUNG}
    for _, month in groupby(ordered, key=lambda v: _made(v).astimezone(TAIPEI).strftime("%Y-%m")):
        keep.add(max(v.number for v in month))
    return frozenset(keep & {v.number for v in versions if v.kept})


def _made(version: VersionRecord) -> datetime:
    return datetime.fromisoformat(version.created_at)


def let_go(versions: Sequence[VersionRecord], now: datetime) -> tuple[VersionRecord, ...]:
    """The versions that lose their data now, or whose nearest kept neighbour changes."""
    keep = kept_numbers(versions, now)
    changed = []
    for version in versions:
        if version.number in keep:
            continue
        nearest = min(keep, key=lambda n: (abs(n - version.number), -n)) if keep else None
        after = replace(version, kept=False, nearest_kept=nearest)
        if after != version:
            changed.append(after)
    return tuple(changed)


def expire(lake: Lake, code: str, versions: Sequence[VersionRecord], now: datetime) -> Upkeep:
    """Mark the versions that no longer keep their data; their files stay until ``clean`` is told who is served."""
    with held(lake.paths, manifest.code_folder(code)):
        changed = let_go(versions, now)
        for version in changed:
            _rewrite_manifest(lake.paths, version)
    after = {v.number: v for v in versions} | {v.number: v for v in changed}
    return Upkeep(changed, 0, verified(lake.paths, tuple(after.values())))


def clean(lake: Lake, code: str, versions: Sequence[VersionRecord]) -> Upkeep:
    """Remove row files, derived files and metadata that none of ``versions`` (all that are served) needs.

    What changed from version to version is kept for good: changes files of versions that are gone stay.
    """
    with held(lake.paths, REMOVAL), held(lake.paths, manifest.code_folder(code)):
        known = {m.version.run_id for m in manifest.all_of(lake.paths, code)}
        kept = [v for v in versions if v.kept]
        needed = {f.path for v in kept for f in manifest.files_of(v)}
        needed |= {v.changes.path for v in versions if v.changes}
        with opened(lake.storage) as tables:
            needed |= set(tables.files(code))
            tables.forget(code, [v.snapshot_id for v in kept])
            removed = len(tables.sweep(code, [v.metadata_path for v in kept]))
        folders = (f"{manifest.table_folder(code)}/data", f"latest/{manifest.code_folder(code)}")
        for folder in (*folders, f"changes/{manifest.code_folder(code)}"):
            removed += _remove_unneeded(lake.paths, folder, needed, known)
    return Upkeep((), removed, verified(lake.paths, versions))


def _remove_unneeded(paths: LakePaths, folder: str, needed: set[str], known: set[str]) -> int:
    root = paths.resolve(folder)
    removed = 0
    for path in sorted(root.rglob("*.parquet")) if root.is_dir() else ():
        if path.relative_to(paths.root.resolve()).as_posix() not in needed:
            path.unlink()
            removed += 1
    for path in sorted(root.glob("*/")) if root.is_dir() else ():
        if path.is_dir() and not any(path.iterdir()) and path.name not in known:
            path.rmdir()
    return removed


def compact(lake: Lake, record: DatasetRecord, versions: Sequence[VersionRecord]) -> Upkeep:
    """Merge small files of the newest version: same rows, same number, fewer files. Old files stay until ``clean``.

    Raises Conflict where the merged files do not hold exactly the rows they replace; then nothing is switched.
    """
    version = max(versions, key=lambda v: v.number)
    layout = layout_of(record)
    if dict(version.extra).get(LAYOUT) != layout.signature:
        return Upkeep((), 0, verified(lake.paths, versions))  # the next publication rewrites every file anyway
    run_id = f"compact-{version.number}-{secrets.token_hex(6)}"
    with held(lake.paths, manifest.code_folder(record.code)):
        try:
            after = _compacted(lake, layout, version, run_id)
        except (duckdb.Error, Conflict, Damaged, OSError):
            shutil.rmtree(lake.paths.root / manifest.data_folder(record.code, run_id), ignore_errors=True)
            raise
        finally:
            shutil.rmtree(manifest.workdir(lake.paths, run_id).parent, ignore_errors=True)
    changed = () if after is None else (after,)
    served = {v.number: v for v in versions} | {v.number: v for v in changed}
    return Upkeep(changed, 0, verified(lake.paths, tuple(served.values())))


def _compacted(lake: Lake, layout: Layout, version: VersionRecord, run_id: str) -> VersionRecord | None:
    paths, code = lake.paths, version.code
    workdir = manifest.workdir(paths, run_id)
    with opened(lake.storage) as tables:
        if tables.number(code) != version.number:
            raise Conflict(
                Text("已有更新的版本，這次整併取消。", "A newer version exists; this compaction stops."),
                Text("請重新執行整併。", "Run the compaction again."),
            )
        pending = tables.begin(code, layout, manifest.table_folder(code))
        with lake.engine(workdir) as con:
            folder = paths.root / manifest.data_folder(code, run_id)
            desk = Desk(con, layout, paths.root, folder, pending.field_ids)
            groups = loose_groups(desk, version)
            if not groups:
                return None
            check_whole(code, paths.root, version.files)
            written = write_groups(desk, version, None, groups, True)
            _same_rows(con, layout, paths, version, written)
        landed = tables.commit(
            pending, files=[f.path for f in written.files], properties={RUN: run_id, NUMBER: str(version.number)}
        )
    declared = layout.sort if layout.key else layout.order
    after = replace(
        version, files=written.files, snapshot_id=landed.snapshot_id, metadata_path=landed.metadata_path,
        content_hash=content_hash(written.files), sorted_by=declared if written.sorted_whole else (),
    )  # fmt: skip
    _rewrite_manifest(paths, after)
    return after


def _same_rows(
    con: duckdb.DuckDBPyConnection, layout: Layout, paths: LakePaths, version: VersionRecord, written: Written
) -> None:
    columns = listed(layout.stored)
    prints = []
    for files in (version.files, written.files):
        rows = rows_of([paths.root / f.path for f in files], layout)
        prints.append(
            con.execute(
                f"SELECT count(*), bit_xor(hash({columns})), sum(hash({columns})::HUGEINT) FROM {rows}"
            ).fetchone()
        )
    if prints[0] != prints[1]:
        raise Conflict(
            Text(
                f"整併後的內容與第 {version.number} 版不符，未切換。",
                f"The merged files differ from version {version.number}.",
            ),
            Text("請先驗證這個版本的檔案。", "Verify the files of this version first."),
        )


def _rewrite_manifest(paths: LakePaths, version: VersionRecord) -> None:
    found = manifest.of_run(paths, version.code, version.run_id)
    if found is not None:
        manifest.write(paths, Manifest(version, found.counts, found.conflicts))
