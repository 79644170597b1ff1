"""Bringing what is published under the mask rules in force: kept versions are written anew, the old edition destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import publication
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake import bulk, residence
from qingliu.lake import redact as lake
from qingliu.lake.residence import Hit, Place
from qingliu.pipeline import locks, queries
from qingliu.pipeline.actions import finish, gate, mend
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.privacy import queries as rules
from qingliu.quality import actions as quality

_TELLING = {"address", "township", "control_number", "facility_name", "person_name", "tax_id", "free_text"}


@dataclass(frozen=True, slots=True)
class Withheld:
    """What bringing a dataset under the rules did; ``findings`` of the verification that follows."""

    code: str
    versions: tuple[int, ...] = ()
    files: int = 0
    cells: int = 0
    findings: tuple[Finding, ...] = ()


def overdue() -> list[str]:
    """Published tables whose newest delivery passed the gate under other rules, or another list, than those in force."""
    late = lake.pending(queries.paths())
    for row in catalogue.datasets().filter(kind=Dataset.Kind.TABLE).exclude(current=None):
        newest = queries.runs(dataset=row.code, state=State.PUBLISHED).exclude(version=None).first()
        if newest is not None and gate.masking(newest).signature != rules.signature(catalogue.definition(row).dataset):
            late.append(row.code)
    return list(dict.fromkeys(late))


def withhold(*, code: str, reason: str, by: Actor) -> Withheld:
    """Bring every kept version of a dataset under the mask rules in force; a crash is finished by calling it again.

    Versions keep their numbers and get other files, so their ETags change; each says when and why. Raises Forbidden,
    NotFound, Damaged. Backups made before still hold what is withheld now: make them anew and destroy the old ones.
    """
    row = catalogue.dataset(code)
    require(by, "maintain")
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        meant = catalogue.definition(row).dataset
        signature = rules.signature(meant)
        record = catalogue.published_record(row)
        versions = catalogue.versions(row.code)
        if record is None or not versions:
            return Withheld(row.code)
        done = lake.resume(finish.the_lake(), record) or lake.redact(
            finish.the_lake(), record, versions,
            tombstone=f"{now().astimezone(TAIPEI).date().isoformat()} {reason}".strip(),
            masking=partial(_changes, meant),
        )  # fmt: skip
        findings: tuple[Finding, ...] = ()
        if done.versions:
            catalog.update_manifests(versions=done.versions, why="redaction", by=by)
            publication.forget_layouts(done.versions)
            findings = lake.destroy(finish.the_lake(), row.code, catalogue.versions(row.code))
        _forget_decided(meant, by, changed=bool(done.versions))
        _forget_copies(row)
        quality.forget(code=row.code, by=by)
        changed = _changed(versions, done.versions)
        _remember(row, signature, cells=done.cells, changed=changed, reason=reason, by=by)
        _open_again(row, meant, by)
    if done.versions:
        for database in (queries.paths().iceberg_db, queries.paths().published_db, _django_db()):
            residence.squeeze(database)
    return Withheld(row.code, changed, done.files, done.cells, findings)


def search(needles: Sequence[str], *, more: Sequence[Path] = (), by: Actor) -> list[Hit]:
    """Look for texts in every place where text of rows can rest; what may hold them (the sealed list) is left out.

    ``more`` are files and folders outside the home, such as logs. The audit row says how many were asked for, not which.
    """
    require(by, "maintain")
    require(by, "restricted")
    paths = queries.paths()
    outside = [Place("outside", residence.OUTSIDE, p) for p in more]
    places = residence.register(paths, django_db=_django_db(), more=outside)
    found = residence.search(places, needles, leave=(paths.restricted, paths.restricted_key))
    with transaction.atomic():
        detail = {"texts": len(needles), "places": len(places), "hits": len(found)}
        audit.record(by=by.name, verb="withheld.searched", kind="portal", object_id="*", detail=detail)
    return found


def _django_db() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def _changes(record: DatasetRecord, file: Path, scratch: Path) -> Path | None:
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    return privacy.changes_of(record=record, source=file, workdir=scratch)


def _forget_copies(row: Dataset) -> None:
    """What was made from the rows or set aside from their deliveries: views and whole files go, quarantine is masked."""
    bulk.forget(queries.paths(), [row.code, *(view.code for view in catalogue.views_of(row.code))])
    for view in catalogue.views_of(row.code):
        for path in (queries.paths().root / "derived").glob(f"{view.code}-*.parquet"):
            path.unlink()
    for run in queries.runs(dataset=row.code):
        for path in queries.paths().quarantine.glob(f"{run.id}*.parquet"):
            privacy.quarantine(path)


def _forget_decided(record: DatasetRecord, by: Actor, *, changed: bool) -> None:
    """Decisions about rows hold cells too, also of rows that no kept version holds any more: those that show what may not
    be shown go, and where rows were masked those of every column that a mask rule may speak of."""
    place = {record.place.lon, record.place.lat} if record.place else set()
    telling = {f.name for f in record.fields if f.sensitivity != "none" or f.role in _TELLING or f.name in place}
    columns = privacy.concerned(record=record, rows=catalogue.decided_cells(record.code))
    columns |= telling if changed else set()
    if columns:
        catalog.forget_cells(code=record.code, columns=sorted(columns), by=by)


def _open_again(row: Dataset, record: DatasetRecord, by: Actor) -> None:
    """Serve a dataset that was held for a sensitive column: its versions are under the rules now, if none lacks one."""
    row.refresh_from_db()
    if row.status != Dataset.Status.HELD or row.current is None or rules.policy().undecided(record):
        return
    verdict, _ = gate.scan(code=row.code, by=by, earlier=True)
    if verdict.outcome != "publish":  # personal data that no rule covers, or a linkage that nobody assessed
        return
    catalog.clear(
        code=row.code, cleared=[f"{f.name}:{f.sensitivity}" for f in record.fields if f.sensitivity != "none"], by=by
    )


def _changed(before: Sequence[VersionRecord], after: Sequence[VersionRecord]) -> tuple[int, ...]:
    old = {v.number: v.files for v in before}
    return tuple(v.number for v in after if v.kept and v.files != old.get(v.number))


def _remember(row: Dataset, signature: str, *, cells: int, changed: tuple[int, ...], reason: str, by: Actor) -> None:
    newest = queries.runs(dataset=row.code, state=State.PUBLISHED).exclude(version=None).first()
    with transaction.atomic():
        if newest is not None:
            newest.masking = codec.to_plain(replace(gate.masking(newest), signature=signature))
            newest.save(update_fields=["masking"])
        audit.record(
            by=by.name, verb="dataset.redacted", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"versions": list(changed), "cells": cells, "reason": reason[:500]},
        )  # fmt: skip
