"""Keeping the lake in order, one dataset at a time, under its run lock. What is served switches before a file goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import VersionRecord
from qingliu.core.records import Finding
from qingliu.lake import backup as lake_backup
from qingliu.lake import maintain as lake
from qingliu.lake import manifest
from qingliu.lake.backup import Summary
from qingliu.pipeline import locks, queries
from qingliu.pipeline.actions import finish, mend


@dataclass(frozen=True, slots=True)
class Kept:
    """What maintaining a dataset did: versions whose files changed, files removed, and what verification found."""

    code: str
    versions: tuple[int, ...]
    removed: int
    findings: tuple[Finding, ...]


def verify(*, code: str, by: Actor) -> tuple[Finding, ...]:
    """Recompute size, rows and hash of every file of every kept version; what does not agree, in words. Audited."""
    row = catalogue.dataset(code)
    require(by, "maintain")
    with locks.dataset(queries.paths(), row.code):
        found = lake.verified(queries.paths(), catalogue.versions(row.code))
    with transaction.atomic():
        audit.record(
            by=by.name, verb="dataset.verified", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"findings": [f"{f.rule} {f.place}" for f in found]},
        )  # fmt: skip
    return found


def maintain(*, code: str, by: Actor) -> Kept:
    """Remove files that nothing served names, merge small files, let old versions go; verify after each step.

    Files that fall out of use now go at the next maintenance, so that an answer under way still finds them.
    """
    row = catalogue.dataset(code)
    require(by, "maintain")
    the_lake = finish.the_lake()
    findings: list[Finding] = []
    changed: set[int] = set()
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        _adopt(row, by)
        versions = catalogue.versions(row.code)
        if not versions:
            return Kept(row.code, (), 0, ())
        cleaned = lake.clean(the_lake, row.code, versions)
        findings += cleaned.findings
        if findings:  # what is damaged is restored first: merged with others it would look sound
            return Kept(row.code, (), cleaned.removed, tuple(findings))
        record = catalogue.published_record(row) or catalogue.definition(row).dataset
        for why in ("compaction", "expiry"):
            if why == "compaction":
                done = lake.compact(the_lake, record, versions)
            else:
                done = lake.expire(the_lake, row.code, versions, now())
            findings += done.findings
            changed |= {v.number for v in done.versions}
            if done.versions:
                catalog.update_manifests(versions=done.versions, why=why, by=by)
                versions = catalogue.versions(row.code)
    return Kept(row.code, tuple(sorted(changed)), cleaned.removed, tuple(dict.fromkeys(findings)))


def backup(*, target: Path, by: Actor) -> Summary:
    """Copy everything that cannot be made again to ``target``, a folder that must not exist yet; the portal goes on."""
    require(by, "maintain")
    made = lake_backup.backup(queries.paths(), target, django_db=Path(settings.DATABASES["default"]["NAME"]))
    with transaction.atomic():
        detail: dict[str, str | int] = {"files": made.files, "bytes": made.bytes, "datasets": made.datasets}
        audit.record(by=by.name, verb="portal.backed-up", kind="portal", object_id=str(target)[:200], detail=detail)
    return made


def _adopt(row: Dataset, by: Actor) -> None:
    """Take over manifests that an interrupted maintenance left in the lake but not in our rows."""
    ours = {v.number: v for v in catalogue.versions(row.code)}
    theirs = [m.version for m in manifest.all_of(queries.paths(), row.code)]
    ahead: Sequence[VersionRecord] = [v for v in theirs if v.number in ours and ours[v.number] != v]
    if ahead:
        catalog.update_manifests(versions=ahead, why="adopted after an interruption", by=by)
