"""A version's manifest on disk: written before the snapshot is committed, completed after, kept for good."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qingliu.core import codec
from qingliu.core.dataset import FileRecord, VersionRecord
from qingliu.lake.files import sync
from qingliu.lake.locks import safe_name
from qingliu.lake.merge import Counts
from qingliu.lake.paths import LakePaths


@dataclass(frozen=True, slots=True)
class Manifest:
    """A version and the balance of the run that made it. It is complete once the snapshot's id is known."""

    version: VersionRecord
    counts: Counts
    conflicts: str = ""

    @property
    def complete(self) -> bool:
        """Whether the snapshot was committed and recorded here."""
        return bool(self.version.metadata_path)


def code_folder(code: str) -> str:
    """The folder name of a dataset."""
    return safe_name(code.lower())


def data_folder(code: str, run_id: str) -> str:
    """Where a run writes its row files, relative to the lake's root."""
    return f"warehouse/{code_folder(code)}/data/{safe_name(run_id)}"


def table_folder(code: str) -> str:
    """Where the dataset's Iceberg table lies, relative to the lake's root."""
    return f"warehouse/{code_folder(code)}"


def latest_path(code: str, run_id: str) -> str:
    """The derived file of the newest rows, relative to the lake's root."""
    return f"latest/{code_folder(code)}/{safe_name(run_id)}.parquet"


def changes_path(code: str, run_id: str) -> str:
    """The file of changed rows, relative to the lake's root."""
    return f"changes/{code_folder(code)}/{safe_name(run_id)}.parquet"


def path_of(paths: LakePaths, code: str, number: int, run_id: str) -> Path:
    """The manifest file of a version."""
    return paths.root / "versions" / code_folder(code) / f"{number:06d}.{safe_name(run_id)}.json"


def conflicts_path(paths: LakePaths, run_id: str) -> Path:
    """The private file of rows that a run set aside."""
    return paths.quarantine / f"{safe_name(run_id)}.conflicts.parquet"


def write(paths: LakePaths, manifest: Manifest) -> Path:
    """Put a manifest in its place, whole or not at all."""
    version = manifest.version
    target = path_of(paths, version.code, version.number, version.run_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name.removesuffix(".json") + ".tmp")
    temporary.write_text(codec.to_json(manifest), encoding="utf-8")
    sync(temporary)
    os.replace(temporary, target)
    sync(target.parent)
    return target


def complete(manifest: Manifest, *, snapshot_id: int, metadata_path: str) -> Manifest:
    """The manifest of a version whose snapshot has landed."""
    return replace(manifest, version=replace(manifest.version, snapshot_id=snapshot_id, metadata_path=metadata_path))


def of_run(paths: LakePaths, code: str, run_id: str) -> Manifest | None:
    """The manifest that a run wrote, complete or not; None where it came not so far."""
    found = next(iter(_named(paths, code, run_id, ".json")), None)
    return codec.from_json(Manifest, found.read_text(encoding="utf-8")) if found else None


def _named(paths: LakePaths, code: str, run_id: str, suffix: str) -> list[Path]:
    folder = paths.root / "versions" / code_folder(code)
    wanted = f"{safe_name(run_id)}{suffix}"
    return [p for p in sorted(folder.glob(f"*{suffix}")) if p.name.partition(".")[2] == wanted]


def all_of(paths: LakePaths, code: str) -> list[Manifest]:
    """Every complete manifest of a dataset, oldest first."""
    folder = paths.root / "versions" / code_folder(code)
    found = [codec.from_json(Manifest, p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))]
    return sorted((m for m in found if m.complete), key=lambda m: m.version.number)


def files_of(version: VersionRecord) -> Iterator[FileRecord]:
    """Every data file that a version needs: rows, newest rows, changes."""
    yield from version.files
    if version.latest:
        yield version.latest
    if version.changes:
        yield version.changes


def clear_run(paths: LakePaths, code: str, run_id: str) -> None:
    """Remove every file of a run that made no version."""
    shutil.rmtree(paths.root / data_folder(code, run_id), ignore_errors=True)
    for relative in (latest_path(code, run_id), changes_path(code, run_id)):
        (paths.root / relative).unlink(missing_ok=True)
    conflicts_path(paths, run_id).unlink(missing_ok=True)
    for leftover in [*_named(paths, code, run_id, ".json"), *_named(paths, code, run_id, ".tmp")]:
        leftover.unlink(missing_ok=True)
    shutil.rmtree(workdir(paths, run_id), ignore_errors=True)


def workdir(paths: LakePaths, run_id: str) -> Path:
    """A run's private scratch folder of the lake."""
    return paths.staging / safe_name(run_id) / "lake"
