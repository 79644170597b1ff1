"""What a person may do with a held delivery: release it with a reason, or reject it."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db import transaction

from qingliu.accounts import queries as accounts
from qingliu.accounts.rules import Actor, may, require, same_person
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden
from qingliu.pipeline import locks, queries
from qingliu.pipeline.actions import finish, gate, mend
from qingliu.pipeline.models import Alarm, Run
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy


def may_release(run: Run, who: Actor) -> bool:
    """Whether ``who`` may release the run: with the role, and not one's own delivery while the agency has another person."""
    agency = run.dataset.agency.code
    if not may(who, "release", agency=agency):
        return False
    others = [p for p in accounts.desk_people(agency) if f"user:{p.username}" != who.name]
    another = not who.name.startswith("user:") or not same_person(run.by, who.name)
    return another or (not others and settings.QINGLIU.self_approval)


def release(*, run_id: str, reason: str, by: Actor) -> Run:
    """Publish a delivery that was held. Raises Conflict where it is too late, or where the privacy gate still holds it."""
    run = queries.run(run_id)
    require(by, "release", agency=run.dataset.agency.code)
    _require_reason(reason)
    privacy.check_words(reason, "reason")  # it becomes the version's message
    if not may_release(run, by):
        raise Forbidden(
            Text("交付的人不能放行自己的交付。", "Whoever delivered it may not release it."),
            Text("請另一位有權限的人決定。", "Ask another person who may."),
        )
    with locks.dataset(queries.paths(), run.dataset.code):
        mend.settle(run.dataset.code)
        run = queries.run(str(run.id))
        _check_held(run)
        record = catalogue.definition(run.dataset).dataset
        staged = finish.staging(run) / finish.HELD_FILE
        newer = queries.runs(dataset=run.dataset.code, state=State.PUBLISHED).filter(started_at__gt=run.started_at)
        if run.definition_hash != run.dataset.definition_hash or not staged.is_file():
            raise _too_late("定義已變更或暫存已清除。", "The definition has changed or the staged rows have expired.")
        if record.mode == "snapshot" and newer.exists():
            raise _too_late("之後已發布較新的資料。", "A newer delivery has been published since.")
        try:
            passed = gate.passed(run, record, staged)
        except Conflict:
            shutil.rmtree(finish.staging(run) / "mask", ignore_errors=True)
            raise
        with transaction.atomic():
            _over(run)
            run.release_reason, run.finished_at = reason, None
            run.state = State.JUDGING
            run.save()
            audit.record(
                by=by.name, verb="run.released", kind="run", object_id=str(run.id), agency=run.dataset.agency.code,
                detail={"dataset": run.dataset.code, "reason": reason},
            )  # fmt: skip
        try:
            return finish.commit(run, record, passed, by=by, message=run.message or reason)
        except Exception as error:  # an edge, as in deliver.carry
            return finish.fail(run, error, by=by)


def reject(*, run_id: str, reason: str, by: Actor) -> Run:
    """Throw a held delivery away; the version that is served stays."""
    run = queries.run(run_id)
    require(by, "release", agency=run.dataset.agency.code)
    _require_reason(reason)
    with locks.dataset(queries.paths(), run.dataset.code):
        run = queries.run(str(run.id))
        _check_held(run)
        run.release_reason = reason
        _over(run)
        return finish.close(run, State.REJECTED, by=by)


def _over(run: Run) -> None:
    """Close the alarm of a held delivery as soon as it is decided on; the watch opens it again where it is held anew."""
    open_ones = Alarm.objects.filter(dataset=run.dataset, kind=Alarm.Kind.HELD, event=str(run.pk), closed_at=None)
    open_ones.update(closed_at=now())


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise BadRequest(
            Text("必須說明理由。", "A reason is required."),
            Text("請以 --reason 說明。", "Give it with --reason."),
            parameter="reason",
        )


def _check_held(run: Run) -> None:
    if run.state != State.HELD:
        raise Conflict(
            Text(f"此次執行的狀態是「{run.get_state_display()}」，並非暫緩。", f"This run is {run.state}, not held."),
            Text("以 qingliu runs 查看暫緩的執行。", "See what is held with: qingliu runs --state held."),
        )


def _too_late(zh: str, en: str) -> Conflict:
    return Conflict(Text(zh, en), Text("請重新發布檔案。", "Publish the files again."))
