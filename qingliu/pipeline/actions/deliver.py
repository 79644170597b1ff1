"""A delivery on its way: intent, read, shape, judge, decide, and on to the commit. The order is LAKE.md's."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import Definition, Text
from qingliu.core.errors import BadRequest, BadSource, QingliuError
from qingliu.core.records import Balance
from qingliu.lake import ingest
from qingliu.lake.scales import scales
from qingliu.pipeline import locks, queries, readers, rules
from qingliu.pipeline.actions import finish, gate, mend
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.privacy import queries as privacy_queries

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is delivered: files on this machine, a word on where they come from, and the message of the version."""

    files: tuple[Path, ...]
    source: str
    message: str = ""


def run_delivery(*, code: str, files: Sequence[Path], message: str = "", source: str = "", by: Actor) -> Run:
    """Publish files as the next version of a dataset, or hold or refuse them; the run tells which, and why.

    Told errors end the run as failed and are kept in it; the same files twice in a row end as unchanged.
    Raises Forbidden, NotFound and BadRequest before any run begins.
    """
    row = catalogue.dataset(code)
    require(by, "publish", agency=row.agency.code)
    check_table(row)
    absent = [f for f in files if not f.is_file()]
    if absent or not files:
        names = "、".join(str(f) for f in absent) or "-"
        raise BadSource(
            Text(f"找不到檔案：{names}。", f"No such file: {names}."),
            Text("請確認路徑。", "Check the path."),
            parameter="files",
        )
    privacy.check_words(message, "message")
    parcel = Parcel(tuple(files), source or "、".join(f.name for f in files), message)
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        return carry(row, parcel, by=by)


def check_table(row: Dataset) -> None:
    """Raise BadRequest for a view: it has no rows of its own."""
    if row.kind == Dataset.Kind.VIEW:
        raise BadRequest(
            Text(f"「{row.code}」是檢視表，沒有自己的資料。", f"'{row.code}' is a view and has no rows of its own."),
            Text("請發布它所依據的資料集。", "Publish the dataset that it shows."),
            parameter="dataset",
        )


def carry(row: Dataset, parcel: Parcel, *, by: Actor) -> Run:
    """Carry a parcel to its end under the dataset's run lock, which the caller holds."""
    row.refresh_from_db()
    run = intend(row, parcel, by)
    try:
        return _carry(run, catalogue.definition(row), parcel, by)
    except QingliuError as error:
        return finish.fail(run, error, by=by)
    except Exception as error:  # an edge: whatever happened, the run must say so and leave nothing behind
        # an engine's message may quote a cell, and nobody has looked at it yet: the log gets where it broke, not what it says
        steps = [f"{f.filename}:{f.lineno} in {f.name}" for f in traceback.extract_tb(error.__traceback__)]
        log.error("run %s of %s failed: %s at %s", run.id, row.code, type(error).__name__, ", ".join(steps))
        return finish.fail(run, error, by=by)


def intend(row: Dataset, parcel: Parcel, by: Actor) -> Run:
    """The row of a run that begins, written before anything else of it."""
    with transaction.atomic():
        run = Run.objects.create(
            dataset=row, source=parcel.source, message=parcel.message, by=by.name, started_at=now(),
            definition_hash=row.definition_hash,
        )  # fmt: skip
        audit.record(
            by=by.name, verb="run.started", kind="run", object_id=str(run.id), agency=row.agency.code,
            detail={"dataset": row.code, "source": parcel.source},
        )  # fmt: skip
    finish.staging(run).mkdir(parents=True, mode=0o700)
    finish.tell(run, parcel.source)
    return run


def _carry(run: Run, definition: Definition, parcel: Parcel, by: Actor) -> Run:
    record, code = definition.dataset, run.dataset.code
    digests = [(f.name, _sha256(f)) for f in parcel.files]
    run.fingerprint = rules.fingerprint(
        digests, names_matter=bool(definition.read.file_column), policy=privacy_queries.signature(record)
    )
    settled = queries.last_settled(code)
    if settled and (settled.fingerprint, settled.definition_hash) == (run.fingerprint, run.definition_hash):
        run.version = settled.version
        return finish.close(run, State.UNCHANGED, by=by)

    workdir = finish.staging(run)
    inputs = readers.read(parcel.files, definition.read, workdir / "read")
    finish.enter(run, State.SHAPING)
    staged = ingest.shape(
        record, definition.read, inputs, workdir / "shape",
        memory_limit=settings.QINGLIU.publish_memory, threads=settings.QINGLIU.engine_threads,
    )  # fmt: skip
    _keep_quarantine(run, staged)
    header = next((i.header_row for i in inputs if isinstance(i, ingest.CsvInput)), 0)
    seen = rules.Seen(
        staged.found_columns,
        staged.rows,
        rules.shares(staged.cells),
        staged.missing,
        header,
        scales(staged.path, record),
    )
    run.balance = codec.to_plain(
        Balance(staged.rows_read, set_aside=staged.set_aside, awaiting=staged.rows, cells=staged.cells)
    )
    run.seen = codec.to_plain(seen)
    finish.enter(run, State.JUDGING, f"{staged.rows_read:,}")

    screened = gate.screen(run, record, staged.path)
    verdicts = (
        rules.balance(staged.rows_read, staged.rows, staged.set_aside, gate.cells(run)),
        rules.drift(queries.last_seen(code), seen, definition),
        screened.verdict,
    )
    run.verdicts = finish.plain_verdicts(verdicts)
    outcome = rules.decide(verdicts)
    if outcome == "reject":
        return finish.close(run, State.REJECTED, by=by)
    if outcome == "hold":
        return _hold(run, staged.path, keep=rules.releasable(verdicts), by=by)
    return finish.commit(run, record, screened.path, by=by, message=parcel.message)


def _hold(run: Run, staged: Path, *, keep: bool, by: Actor) -> Run:
    """Keep the staged rows for a release, or nothing of them where nobody may release.

    They are kept as they were before the gate, for its rules may be others by then, and it looks at them again.
    """
    if keep:
        os.replace(staged, finish.staging(run) / finish.HELD_FILE)
        for rest in ("read", "shape", "fetch", "mask"):
            shutil.rmtree(finish.staging(run) / rest, ignore_errors=True)
    else:
        finish.clear_staging(run)
    return finish.close(run, State.HELD, by=by)


def _keep_quarantine(run: Run, staged: ingest.Staged) -> None:
    run.quarantined_cells = staged.quarantined_cells
    if staged.quarantine is None:
        return
    kept = queries.paths().quarantine / f"{run.id}.parquet"
    kept.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    privacy.quarantine(staged.quarantine)
    os.replace(staged.quarantine, kept)
    kept.chmod(0o600)
    run.quarantine = kept.name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
