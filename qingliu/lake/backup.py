"""A copy of everything that cannot be made again, taken while the portal runs.

Databases are copied in the reverse order of publishing (published catalogue, Django's database, Iceberg's catalogue), so
that each one copied later knows at least what an earlier one names; then the files that they name. A run that was under
way looks in the copy like a run that was killed, and is finished or discarded in the same way.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stamina

from qingliu.core import codec
from qingliu.core.clock import iso, now
from qingliu.core.dataset import Text, VersionRecord
from qingliu.core.errors import Conflict, NotFound, Refused
from qingliu.lake import manifest
from qingliu.lake.files import sync
from qingliu.lake.iceberg import Tables, opened
from qingliu.lake.locks import held
from qingliu.lake.maintain import REMOVAL
from qingliu.lake.manifest import Manifest
from qingliu.lake.paths import LakePaths
from qingliu.lake.storage import Storage

LIST = "backup.json"
DJANGO = "django.sqlite3"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds. ``root`` is the lake's root that the Iceberg metadata in it names."""

    made_at: str
    root: str
    files: int
    bytes: int
    datasets: int


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a backup; ``path`` is relative to the home."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The list that is written last and makes a backup whole."""

    summary: Summary
    items: tuple[Item, ...]


def backup(paths: LakePaths, target: Path, *, django_db: Path) -> Summary:
    """Copy the home to ``target``, a folder that must not exist yet; it appears whole or not at all.

    Raises Refused where ``target`` is taken or lies inside the home, NotFound where a file that a version needs is missing.
    """
    _check_target(paths, target)
    draft = target.with_name(f".{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    with held(paths, REMOVAL):
        databases = _copy_databases(paths, draft, django_db)
        copied = LakePaths(draft)
        manifests = _manifests(paths, copied)
        items = [_item(draft, p) for p in databases]
        for relative, expected in _needed(paths, copied, manifests).items():
            items.append(_copy(paths.root / relative, draft, f"lake/{relative}", expected))
        for each in manifests:
            items.append(_item(draft, manifest.write(copied, each)))
        items += [
            i for path in _private(paths) for i in _try_copy(path, draft, path.relative_to(paths.home).as_posix())
        ]
    summary = Summary(
        iso(now()), str(paths.root.resolve()), len(items), sum(i.bytes for i in items),
        len({m.version.code for m in manifests}),
    )  # fmt: skip
    listing = draft / LIST
    listing.write_text(codec.to_json(Listing(summary, tuple(items))), encoding="utf-8")
    sync(listing)
    sync(draft)
    draft.rename(target)
    sync(target.parent)
    return summary


def _check_target(paths: LakePaths, target: Path) -> None:
    inside = target.resolve().is_relative_to(paths.home.resolve())
    if inside or target.exists():
        raise Refused(
            Text(f"備份目的地不能使用：{target}", f"The backup cannot be written there: {target}"),
            Text("請指定資料目錄以外、尚不存在的資料夾。", "Name a folder that does not exist yet, outside the home."),
            parameter="target",
        )


def _copy_databases(paths: LakePaths, draft: Path, django_db: Path) -> list[Path]:
    home = paths.home
    pairs = [
        (paths.published_db, draft / paths.published_db.relative_to(home)),
        (django_db, draft / DJANGO),
        (paths.access_db, draft / paths.access_db.relative_to(home)),
        (paths.iceberg_db, draft / paths.iceberg_db.relative_to(home)),
    ]
    done = []
    for source, target in pairs:
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for attempt in stamina.retry_context(on=sqlite3.OperationalError, attempts=4, wait_initial=0.2):
                with attempt:
                    _copy_database(source, target)
            done.append(target)
    return done


def _copy_database(source: Path, target: Path) -> None:
    """One database, whole. A process that ends may take the write-ahead log away just as it is opened here: ask again."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source, timeout=60)) as from_db, closing(sqlite3.connect(target)) as to_db:
        from_db.backup(to_db)
        to_db.execute("PRAGMA journal_mode=DELETE")


def _manifests(paths: LakePaths, copied: LakePaths) -> list[Manifest]:
    """Manifests of versions that the copied Iceberg catalogue knows; later ones belong to runs after the copy."""
    found = []
    folder = paths.root / "versions"
    with opened(_as_copied(paths, copied)) as tables:
        numbers: dict[str, int] = {}
        for path in sorted(folder.glob("*/*.json")):
            each = codec.from_json(Manifest, path.read_text(encoding="utf-8"))
            code = each.version.code
            if code not in numbers:
                numbers[code] = tables.number(code)
            if each.version.number <= numbers[code]:
                found.append(each)
    return found


@dataclass(frozen=True, slots=True)
class _Copied(Storage):
    """The lake's files where they are, under the catalogue as it was copied."""

    database: Path = Path()

    def catalog_properties(self) -> dict[str, str]:
        return {**Storage.catalog_properties(self), "uri": f"sqlite:///{self.database}"}


def _as_copied(paths: LakePaths, copied: LakePaths) -> Storage:
    return _Copied(paths, database=copied.iceberg_db)


def _needed(paths: LakePaths, copied: LakePaths, manifests: list[Manifest]) -> dict[str, str]:
    """Every lake file to copy, relative to its root, with the sha256 it must have ("" where none is recorded)."""
    versions = [m.version for m in manifests] + _stored_versions(copied)
    needed: dict[str, str] = {}
    for version in versions:
        files = manifest.files_of(version) if version.kept else (f for f in (version.changes,) if f)
        needed |= {f.path: f.sha256 for f in files}
    with opened(_as_copied(paths, copied)) as tables:
        for code in sorted({v.code for v in versions}):
            metadata = [v.metadata_path for v in versions if v.code == code and v.kept]
            for relative in _iceberg_files(tables, code, metadata):
                needed.setdefault(relative, "")
    return needed


def _iceberg_files(tables: Tables, code: str, metadata: list[str]) -> Iterator[str]:
    yield from tables.files(code)
    folder = f"{manifest.table_folder(code)}/metadata"
    yield from (f"{folder}/{name}" for name in sorted(tables.reachable(code, metadata)))


def _stored_versions(copied: LakePaths) -> list[VersionRecord]:
    found: list[VersionRecord] = []
    for database, query in (
        (copied.published_db, "SELECT manifest FROM version WHERE present=1"),
        (copied.home / DJANGO, "SELECT manifest FROM catalog_version"),
    ):
        if database.exists():
            with closing(sqlite3.connect(database)) as con:
                table = query.split()[3]
                if con.execute("SELECT 1 FROM sqlite_master WHERE name=?", (table,)).fetchone():
                    found += [codec.from_json(VersionRecord, text) for (text,) in con.execute(query) if text]
    return found


def _private(paths: LakePaths) -> list[Path]:
    """Staged and quarantined data, secrets and what waits in the inbox; not the access database, scratch files, nor the
    key of the restricted list: a backup alone does not open it."""
    private, inbox = paths.access_db.parent, paths.home / "inbox"
    scratch = {"lake", "spill", "tmp"}
    found = [
        p
        for p in sorted(private.rglob("*"))
        if not p.name.startswith(paths.access_db.name)
        and p != paths.restricted_key
        and not scratch & set(p.relative_to(private).parts)
    ]
    return [p for p in (*found, *sorted(inbox.rglob("*"))) if p.is_file()]


def _copy(source: Path, draft: Path, relative: str, expected: str = "") -> Item:
    """Copy one file and record what was copied. Raises NotFound or Conflict where it is missing or not as recorded."""
    target = draft / relative
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        size, found = copy_hashed(source, target)
    except FileNotFoundError:
        raise NotFound(
            Text(f"版本需要的檔案不見了：{relative}", f"A file that a version needs is missing: {relative}"),
            Text(
                "請先執行 qingliu verify，並自較早的備份還原。",
                "Run qingliu verify, and restore from an earlier backup.",
            ),
        ) from None
    if expected and found != expected:
        raise Conflict(
            Text(f"檔案內容與紀錄不符：{relative}", f"A file is not what was published: {relative}"),
            Text(
                "請先執行 qingliu verify，並自較早的備份還原。",
                "Run qingliu verify, and restore from an earlier backup.",
            ),
        )
    return Item(relative, size, found)


def _try_copy(source: Path, draft: Path, relative: str) -> list[Item]:
    try:
        return [_copy(source, draft, relative)]
    except NotFound:  # a run that ended meanwhile took its staging away
        return []


def copy_hashed(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file in one reading, synced; answers its size and sha256."""
    hasher, size = hashlib.sha256(), 0
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(1 << 20):
            hasher.update(chunk)
            writer.write(chunk)
            size += len(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copymode(source, target)
    return size, hasher.hexdigest()


def _item(draft: Path, path: Path) -> Item:
    content = path.read_bytes()
    return Item(path.relative_to(draft).as_posix(), len(content), hashlib.sha256(content).hexdigest())


def read_listing(source: Path) -> Listing:
    """A backup's list. Raises Refused where ``source`` is no whole backup."""
    try:
        plain: Any = json.loads((source / LIST).read_text(encoding="utf-8"))
        listing: Listing = codec.from_plain(Listing, plain)
    except (OSError, ValueError, TypeError, KeyError):
        raise Refused(
            Text(f"這不是完整的備份：{source}", f"This is not a whole backup: {source}"),
            Text("請指定 qingliu backup 產生的資料夾。", "Name a folder made by qingliu backup."),
            parameter="source",
        ) from None
    return listing
