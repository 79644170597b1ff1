"""The steps of a run from the lake's commit to its end. Each may be repeated: a crash between two of them loses nothing."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.audit import actions as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import publication
from qingliu.catalog import queries as catalogue
from qingliu.catalog.rules import as_decided
from qingliu.core import codec, events
from qingliu.core.clock import iso, now
from qingliu.core.dataset import DatasetRecord, Mode, Text, VersionRecord
from qingliu.core.errors import QingliuError
from qingliu.core.records import Balance, Verdict
from qingliu.core.redact import redact
from qingliu.lake import manifest
from qingliu.lake.merge import Counts
from qingliu.lake.store import Commit, Lake
from qingliu.pipeline import queries
from qingliu.pipeline.actions import gate
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State, contested
from qingliu.privacy import actions as privacy

_FULL = {errno.ENOSPC, errno.EDQUOT}
HELD_FILE = gate.HELD_FILE


def staging(run: Run) -> Path:
    """The private folder of a run's undecided data."""
    return queries.paths().staging / str(run.id)


def clear_staging(run: Run) -> None:
    """Remove the run's undecided data; nothing to remove is no error."""
    shutil.rmtree(staging(run), ignore_errors=True)


def tell(run: Run, note: str = "") -> None:
    """Say where the run is, to whoever listens in this process."""
    events.tell(events.RunStep(str(run.id), run.dataset.code, str(run.state), note))


def enter(run: Run, state: str, note: str = "") -> None:
    """Move a run into an unfinished state."""
    run.state = state
    run.save()
    tell(run, note)


def close(run: Run, state: str, *, by: Actor, error: QingliuError | None = None) -> Run:
    """End a run: its last state and its audit row in one transaction; staging goes unless the run is held."""
    run.state, run.finished_at = state, now()
    if error is not None:
        run.error_zh = redact(privacy.quiet(f"{error.reason.zh}{error.remedy.zh}"))
        run.error_en = redact(privacy.quiet(f"{error.reason.en} {error.remedy.en}".strip()))
    with transaction.atomic():
        run.save()
        if state not in {State.PUBLISHED, State.HELD}:
            catalog.forget_decisions(run_id=str(run.id))
        audit.record(
            by=by.name,
            verb=f"run.{state}",
            kind="run",
            object_id=str(run.id),
            agency=run.dataset.agency.code,
            detail={"dataset": run.dataset.code, "version": run.version, "error": run.error_en},
        )
    if state != State.HELD:
        clear_staging(run)
    tell(run)
    return run


def commit(
    run: Run, record: DatasetRecord, staged: Path, *, by: Actor, message: str, corrects: bool = False,
    mode: Mode | None = None,
) -> Run:  # fmt: skip
    """Write the staged rows as the next version (in ``mode``, else in the dataset's own) and see the run to its end.

    The dataset's run lock is held. A delivery heeds what was decided about rows; one that ``corrects`` is itself such a
    decision, and touches only its rows.
    """
    lake = the_lake()
    base = catalogue.newest_version(run.dataset.code)
    enter(run, State.COMMITTING)
    done = lake.commit(
        record,
        staged,
        base=base,
        number=base.number + 1 if base else 1,
        run_id=str(run.id),
        author=by.name,
        message=message,
        created_at=_moment(base),
        mode_override="upsert" if corrects else mode,
        decided=() if corrects else as_decided(catalogue.standing(run.dataset.code, record)),
    )
    if done.contested:
        run.verdicts = [*run.verdicts, *plain_verdicts([contested(done.contested, run.dataset.code)])]
    run.balance = codec.to_plain(_balance(run, done))
    if done.version is None:
        return close(run, State.UNCHANGED, by=by)
    record_and_publish(run, done.version, record, by=by)
    return run


def the_lake() -> Lake:
    """The write side of this portal's lake, within the memory and threads of its settings."""
    mine = settings.QINGLIU
    return Lake(queries.paths(), memory_limit=mine.publish_memory, threads=mine.engine_threads)


def _moment(base: VersionRecord | None) -> str:
    """Now, but later than the version before even when the clock jumped back: moments order versions."""
    moment = now()
    if base is not None:
        moment = max(moment, datetime.fromisoformat(base.created_at) + timedelta(milliseconds=1))
    return iso(moment)


def _balance(run: Run, done: Commit | Counts) -> Balance:
    """The staged part of the balance (kept in the run before the commit) with what the lake made of the rows."""
    before = queries.balance(run) or Balance(0)
    return replace(
        before,
        inserted=done.inserted,
        updated=done.updated,
        unchanged=done.unchanged,
        duplicate=done.duplicate,
        set_aside=before.set_aside + done.set_aside,
        awaiting=0,
        deleted=done.deleted,
    )


def record_and_publish(run: Run, version: VersionRecord, record: DatasetRecord, *, by: Actor) -> None:
    """Version row, audit row and the run's state in one transaction; then the published catalogue; then the end."""
    with transaction.atomic():
        catalog.record_version(version=version, record=record, cleared=gate.masking(run).cleared, by=by)
        run.version = version.number
        run.state = State.RECORDED
        run.finished_at = now()
        run.save()
    tell(run, f"v{version.number}")
    publish(run, by=by)


def publish(run: Run, *, by: Actor) -> None:
    """Switch readers to a recorded version and end the run."""
    publication.publish([run.dataset.code])
    gate.tell(run)
    close(run, State.PUBLISHED, by=by)


def fail(run: Run, error: BaseException, *, by: Actor) -> Run:
    """End a run that could not go on. What the lake has already committed is finished, not thrown away."""
    told = as_told(error)
    if run.state == State.RECORDED:  # the version stands; only readers have not been switched: reconcile does it
        run.error_zh, run.error_en = privacy.quiet(told.reason.zh), privacy.quiet(told.reason.en)
        run.save()
        return run
    if run.state == State.COMMITTING and settle_commit(run, by=by):
        return run
    return close(run, State.FAILED, by=by, error=told)


def settle_commit(run: Run, *, by: Actor) -> bool:
    """Finish a run whose commit the lake holds (True), or throw away what an unfinished commit left (False)."""
    lake = the_lake()
    code = run.dataset.code
    version = lake.find_run(code, str(run.id))
    if version is None:
        lake.discard(str(run.id), code)
        return False
    wrote = manifest.of_run(queries.paths(), code, str(run.id))
    if wrote is not None:
        run.balance = codec.to_plain(_balance(run, wrote.counts))
    record_and_publish(run, version, catalogue.definition(run.dataset).dataset, by=by)
    return True


def as_told(error: BaseException) -> QingliuError:
    """What went wrong in words a person can act on; an unknown error names only its kind, never its data."""
    if isinstance(error, QingliuError):
        return error
    if (isinstance(error, OSError) and error.errno in _FULL) or "No space left on device" in str(error):
        return QingliuError(
            Text(
                "磁碟已滿，沒有發布；原有版本照常提供。",
                "The disk is full; nothing was published, the old version stays.",
            ),
            Text("騰出空間後重送。", "Free some space and send it again."),
        )
    if isinstance(error, MemoryError):
        return QingliuError(
            Text("記憶體不足，沒有發布。", "Out of memory; nothing was published."),
            Text("調高 QINGLIU_PUBLISH_MEMORY 或分批發布。", "Raise QINGLIU_PUBLISH_MEMORY or publish in parts."),
        )
    kind = type(error).__name__
    return QingliuError(
        Text(
            f"內部錯誤（{kind}），沒有發布；原有版本照常提供。",
            f"An internal error ({kind}); the old version stays served.",
        ),
        Text("詳情見伺服器記錄；請連同執行編號回報。", "See the server's log, and report it with the run's id."),
    )


def plain_verdicts(verdicts: Sequence[Verdict]) -> list[object]:
    """Verdicts as a run keeps them."""
    return [codec.to_plain(v) for v in verdicts]


def same_actor(name: str) -> Actor:
    """The actor that a run carries on for after a crash: permitted when it began, so permitted to be finished."""
    return Actor(name, (RoleGrant("administrator"),))
