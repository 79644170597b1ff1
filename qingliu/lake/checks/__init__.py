"""Checks over the rows of a version or a staged file, in few passes of a private engine; what was seen, and where.

``subject`` names the rows, ``run`` looks, ``text.cql2`` writes the condition that selects them through the public API.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake.checks import index as _index
from qingliu.lake.checks import inside as _inside
from qingliu.lake.checks import limits as _limits
from qingliu.lake.checks import rows as _rows
from qingliu.lake.checks import series as _series
from qingliu.lake.checks.source import Source, flagged, view
from qingliu.lake.checks.spec import (
    Bounds,
    Check,
    Dates,
    Empty,
    Flat,
    Foreign,
    Gaps,
    Index,
    Inside,
    Misfit,
    Named,
    Newest,
    Order,
    Plan,
    Result,
    SamePlace,
    Shift,
    Silence,
    Stale,
    Subject,
    Total,
    Unique,
    Unmeasured,
)  # fmt: skip
from qingliu.lake.ingest import engine
from qingliu.lake.names import path_list
from qingliu.lake.paths import LakePaths

__all__ = ["Plan", "Result", "Subject", "run", "staged", "subject"]


def subject(
    paths: LakePaths, record: DatasetRecord, version: VersionRecord, quarantine: Sequence[Path] = ()
) -> Subject:
    """The rows of a version; ``quarantine`` are the files of the runs that made it."""
    return Subject(
        record, tuple(paths.resolve(f.path) for f in version.files), tuple((c.name, c.physical) for c in version.columns),
        version.rows, version.created_at, tuple(quarantine),
    )  # fmt: skip


def staged(record: DatasetRecord, path: Path, rows: int, quarantine: Sequence[Path] = ()) -> Subject:
    """The rows of a staged delivery, before anything is decided."""
    names = tuple((f.name, f.name) for f in record.fields)
    return Subject(record, (path,), names, rows, "", tuple(quarantine))


def run(
    subject: Subject, plan: Plan, *, masters: Mapping[str, Subject] | None = None, workdir: Path | None = None,
    memory_limit: str = "900MB", threads: int = 2,
) -> tuple[Result, ...]:  # fmt: skip
    """What each check of ``plan`` sees in the rows, in the plan's order. ``masters``: rows of referenced datasets by code."""
    folder = Path(tempfile.mkdtemp(prefix="checks-", dir=workdir))
    try:
        con = engine(folder, memory_limit=memory_limit, threads=threads, timezone="UTC")
        try:
            con.execute("SET preserve_insertion_order = false")
            view(con, subject, "src")
            for code, master in (masters or {}).items():
                view(con, master, f"master:{code}")
            found = dict(masters or {})
            if subject.quarantine:
                con.execute(
                    f"CREATE VIEW quarantine AS SELECT * FROM read_parquet({path_list(subject.quarantine)}, union_by_name=true)"
                )
                found["quarantine"] = subject
            judged = [f.name for f in subject.record.fields]
            source = Source(con, subject.record, plan.shape, subject.rows, found, set(), flagged(con, judged))
            return tuple(_look(source, check, subject) for check in plan.checks)
        finally:
            con.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _look(source: Source, check: Check, subject: Subject) -> Result:
    match check:
        case Unmeasured():
            return Result(check, unmeasured=(check.reason, check.remedy))
        case Foreign() if check.dataset not in source.masters:
            return Result(check, unmeasured=_rows.not_there(check.dataset))
        case Newest():
            return _rows.newest(source, check, subject.created_at)
    if not subject.rows:
        return Result(check)
    return _asked(source, check)


def _asked(source: Source, check: Check) -> Result:
    match check:
        case Misfit():
            return _rows.misfit(source, check)
        case Unique():
            return _rows.unique(source, check)
        case SamePlace():
            return _rows.same_place(source, check)
        case Named():
            return _rows.named(source, check)
        case Gaps():
            return _series.gaps(source, check)
        case Silence():
            return _series.silence(source, check)
        case Empty():
            return _rows.empty(source, check)
        case Bounds():
            return _limits.bounds(source, check)
        case Dates():
            return _rows.dates(source, check)
        case Order():
            return _rows.order(source, check)
        case Flat():
            return _series.flat(source, check)
        case Stale():
            return _series.stale(source, check)
        case Shift():
            return _series.shift(source, check)
        case Foreign():
            return _rows.foreign(source, check)
        case Inside():
            return _inside.inside(source, check)
        case Total():
            return _rows.total(source, check)
        case Index():
            return _index.index(source, check)
    raise TypeError(check)
