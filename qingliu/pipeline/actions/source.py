"""Looking at a dataset's declared source: fetch what is new, carry it through, remember what to ask with next time."""

from __future__ import annotations

import logging
import shutil
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.core.redact import redact
from qingliu.pipeline import locks, queries, sources
from qingliu.pipeline.actions import deliver, finish, mend
from qingliu.pipeline.models import Run, Source
from qingliu.pipeline.rules import State

log = logging.getLogger(__name__)
LONGEST_WAIT = timedelta(days=1)


def run_source(*, code: str, by: Actor) -> Run | None:
    """Fetch the source of a dataset now and publish what is new; None where the source has nothing new.

    Raises the told error of a source that cannot be reached or read; it is kept, and the next look waits longer.
    """
    row = catalogue.dataset(code)
    require(by, "publish", agency=row.agency.code)
    deliver.check_table(row)
    spec = catalogue.definition(row).source
    if spec.kind == "files":
        raise BadRequest(
            Text(f"「{row.code}」沒有宣告來源。", f"'{row.code}' declares no source to fetch."),
            Text(
                "以 qingliu publish 檔案 --dataset 代碼 發布。", "Publish files: qingliu publish FILE --dataset CODE."
            ),
            parameter="dataset",
        )
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        memory, _ = Source.objects.get_or_create(dataset=row)
        workdir = queries.paths().staging / f"fetch-{row.code}"
        shutil.rmtree(workdir, ignore_errors=True)
        workdir.mkdir(parents=True, mode=0o700)
        try:
            around = sources.surroundings(settings.QINGLIU)
            found = sources.fetch(spec, workdir=workdir, state=memory.state, around=around)
            run = None
            if not found.unchanged:
                run = deliver.carry(row, deliver.Parcel(found.files, found.note), by=by)
            error = Text(run.error_zh, run.error_en) if run and run.state == State.FAILED else None
            _remember(memory, spec, dict(found.state) if error is None else memory.state, error)
        except QingliuError as told:
            reason = Text(f"{told.reason.zh}{told.remedy.zh}", f"{told.reason.en} {told.remedy.en}".strip())
            _failed(row, memory, spec, reason, by)
            raise
        except Exception as unknown:  # an edge: the schedule must go on, with this source waiting longer
            _failed(row, memory, spec, finish.as_told(unknown).reason, by)
            raise
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
    return run


def _failed(row: Dataset, memory: Source, spec: SourceSpec, reason: Text, by: Actor) -> None:
    with transaction.atomic():
        _remember(memory, spec, memory.state, reason)
        audit.record(
            by=by.name, verb="source.failed", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"error": reason.en},
        )  # fmt: skip
    log.warning("source of %s failed: %s", row.code, redact(reason.en))


def _remember(memory: Source, spec: SourceSpec, state: dict[str, Any], error: Text | None) -> None:
    moment = now()
    memory.state, memory.checked_at, memory.queued_at = state, moment, None
    memory.failures = memory.failures + 1 if error else 0
    memory.error_zh, memory.error_en = (redact(error.zh), redact(error.en)) if error else ("", "")
    wait = timedelta(seconds=spec.every_s)
    if error:
        wait = min(wait * 2 ** min(memory.failures, 10), max(wait, LONGEST_WAIT))
    memory.due_at = moment + wait if spec.every_s else None
    memory.save()


def watch_sources() -> int:
    """Remember every scheduled source that is not remembered yet, due at once; how many. No audit row: nothing is decided."""
    added = 0
    for row in catalogue.datasets().filter(source=None, kind=Dataset.Kind.TABLE):
        if catalogue.definition(row).source.every_s and row.status != Dataset.Status.WITHDRAWN:
            Source.objects.get_or_create(dataset=row, defaults={"due_at": now()})
            added += 1
    return added


def note_queued(*, code: str) -> None:
    """Remember that a look at the source waits in the queue, so that it is not asked for twice."""
    Source.objects.filter(dataset__code=code).update(queued_at=now())
