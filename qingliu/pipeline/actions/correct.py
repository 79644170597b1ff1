"""Corrections: a batch of decisions about rows becomes one version, with who, when, why and the value before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import BadRequest
from qingliu.lake import correcting
from qingliu.pipeline import corrections, locks, queries
from qingliu.pipeline.actions import deliver, finish, gate, mend
from qingliu.pipeline.corrections import RowChange
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy

log = logging.getLogger(__name__)
FINGERPRINT = "correction"  # not a delivery's: the source's next file is looked at, even if it is the same again


def correct(*, code: str, decisions: Sequence[RowChange], reason: str, by: Actor, rule: str = "") -> Run:
    """Decide about rows, all of them or none: new cells, a status, or ``delivered`` to take the decision back.

    The reason is published; ``rule`` names the rule that decided where no person did. Raises Forbidden, NotFound, and
    BadRequest for a dataset without key, an unknown row, or a value that does not fit; what fails later fails the run.
    """
    row = catalogue.dataset(code)
    require(by, "publish", agency=row.agency.code)
    deliver.check_table(row)
    if not reason.strip():
        raise corrections.refused(
            "必須說明理由。", "A reason is required.",
            "請以 --reason 說明；理由會公開。", "Give --reason; it is published.", "reason",
        )  # fmt: skip
    privacy.check_words(reason, "reason")
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        row.refresh_from_db()
        record = _correctable(row)
        wanted = corrections.typed(decisions, record)
        run = _intend(row, reason, len(wanted), by)
        try:
            return _carry(run, record, wanted, rule=rule, by=by)
        except BadRequest as error:  # told to the caller as it is; the run says the same
            finish.close(run, State.FAILED, by=by, error=error)
            raise
        except Exception as error:  # an edge, as in deliver.carry: values of a row never reach the log
            log.error("run %s of %s failed: %s", run.id, row.code, type(error).__name__)
            return finish.fail(run, error, by=by)


def _correctable(row: Dataset) -> DatasetRecord:
    record = catalogue.published_record(row)
    if record is None or row.current is None or row.status != Dataset.Status.PUBLISHED:
        raise corrections.refused(
            f"「{row.code}」沒有已發布的資料。", f"'{row.code}' has no published rows.",
            "先發布資料。", "Publish it first.", "dataset",
        )  # fmt: skip
    if not record.key:
        raise corrections.refused(
            f"「{row.code}」沒有主鍵，無法指定要更正的列。", f"'{row.code}' has no key, so that no row of it can be named.",
            "在定義宣告 key，或由來源更正後重新發布。",
            "Declare a key in its definition, or have the source corrected and publish it again.", "dataset",
        )  # fmt: skip
    return record


def _intend(row: Dataset, reason: str, count: int, by: Actor) -> Run:
    with transaction.atomic():
        run = Run.objects.create(
            dataset=row, source=f"更正 correction（{count}）", message=reason, by=by.name, started_at=now(),
            definition_hash=row.definition_hash, fingerprint=FINGERPRINT, state=State.JUDGING,
        )  # fmt: skip
        audit.record(
            by=by.name, verb="run.started", kind="run", object_id=str(run.id), agency=row.agency.code,
            detail={"dataset": row.code, "source": "correction", "rows": count},
        )  # fmt: skip
    finish.staging(run).mkdir(parents=True, mode=0o700)
    finish.tell(run)
    return run


def _carry(run: Run, record: DatasetRecord, wanted: Sequence[RowChange], *, rule: str, by: Actor) -> Run:
    code, lake, reason = run.dataset.code, finish.the_lake(), run.message
    base = catalogue.newest_version(code)
    if base is None:
        raise AssertionError("a published dataset has a version")
    keys = [tuple(c.key[k] for k in record.key) for c in wanted]
    rows = correcting.present(lake, record, base, keys, finish.staging(run) / "look")
    planned = corrections.plan(wanted, rows, catalogue.standing(code, record), record, reason)
    staged = correcting.stage(lake, record, [p.row for p in planned], finish.staging(run) / "corrected.parquet")
    _screen(run, record, staged)
    catalog.decide_rows(code=code, run_id=str(run.id), decisions=[p.decision for p in planned], rule=rule, by=by)
    run.balance = {"read": len(planned), "awaiting": len(planned)}
    return finish.commit(run, record, staged, by=by, message=reason, corrects=True)


def _screen(run: Run, record: DatasetRecord, staged: Path) -> None:
    """Refuse corrected rows that show what the privacy gate withholds, before a word of them is written anywhere."""
    screened = gate.screen(run, record, staged)
    same = correcting.agree(finish.the_lake(), record, staged, screened.path)
    if screened.verdict.outcome != "publish" or not same:
        raise corrections.refused(
            "更正內容含有須遮蔽的資料。", "The corrected cells show what has to be masked.",
            "請改寫為遮蔽後的內容，或先請隱私人員訂定規則。",
            "Write them as they may be shown, or have a privacy rule approved first.", "decisions",
        )  # fmt: skip
    before = queries.runs(dataset=run.dataset.code, state=State.PUBLISHED).exclude(masking=None).first()
    run.masking = before.masking if before else run.masking  # what is told in public is of all rows, not of these few
