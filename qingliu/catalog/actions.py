"""Writes about datasets and versions. Each: permission, one transaction, one audit row; then publication."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from qingliu.accounts import actions as accounts
from qingliu.accounts import queries as account_queries
from qingliu.accounts.models import Agency
from qingliu.accounts.rules import Actor, may, require
from qingliu.audit import actions as audit
from qingliu.catalog import publication, queries
from qingliu.catalog.models import Dataset, ListedEntry, RowDecision, Version
from qingliu.catalog.rules import Decision, same_shape, uncleared
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord, Definition, Text, VersionRecord
from qingliu.core.errors import BadRequest, Conflict
from qingliu.standards import definition as standard
from qingliu.standards import listing

PRIVACY_HOLD = Text(
    "含有敏感欄位而尚無隱私決定，通過隱私審查前不予發布。",
    "It has sensitive fields and no privacy decision; held until it has passed the privacy gate.",
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering a definition did."""

    code: str
    kind: str
    status: str
    new: bool
    changed: bool


def register_definition(*, text: str, path: str = "", by: Actor) -> Registered:
    """Declare a dataset, or change what is declared of it; the same text again changes nothing.

    Words change at once for readers; a change of columns waits for the next version. Marking a column sensitive takes
    the dataset's rows down at once. Raises BadDefinition with every problem of the text, Forbidden, Conflict.
    """
    definition = standard.loads(text, path)
    record = definition.dataset
    require(by, "define", agency=record.agency)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        row = Dataset.objects.select_related("agency").filter(code=record.code).first()
        if row is not None:
            require(by, "define", agency=row.agency.code)
            if row.definition_hash == digest:
                return Registered(row.code, str(row.kind), str(row.status), new=False, changed=False)
        new = row is None
        row = _changed(row, definition, by)
        row.definition, row.definition_hash, row.definition_path = text, digest, path
        row.updated_at = now()
        row.save()
        audit.record(
            by=by.name,
            verb="definition.registered" if new else "definition.changed",
            kind="dataset",
            object_id=row.code,
            agency=row.agency.code,
            detail={"sha256": digest, "status": row.status},
        )
        transaction.on_commit(partial(publication.publish, [row.code]))
    return Registered(row.code, str(row.kind), str(row.status), new=new, changed=True)


def _changed(row: Dataset | None, definition: Definition, by: Actor) -> Dataset:
    record = definition.dataset
    kind = Dataset.Kind.VIEW if record.view else Dataset.Kind.TABLE
    if row is None:
        row = Dataset(code=record.code, kind=kind, agency=_agency(record, by), created_at=now())
    elif row.kind != kind:
        raise Conflict(
            Text(
                f"「{row.code}」已登錄為 {row.kind}，不能改為 {kind}。",
                f"'{row.code}' is a {row.kind} and cannot become a {kind}.",
            ),
            Text("請使用新的代碼。", "Use a new code."),
        )
    else:
        row.agency = _agency(record, by)
    shown = queries.published_record(row)
    if uncleared(record, row.cleared or ()):
        row.status, row.reason_zh, row.reason_en = Dataset.Status.HELD, PRIVACY_HOLD.zh, PRIVACY_HOLD.en
        row.published_record = codec.to_json(record)
    elif kind == Dataset.Kind.VIEW:
        if row.status != Dataset.Status.WITHDRAWN:
            row.status = Dataset.Status.PUBLISHED
        row.published_record = codec.to_json(record)
    elif row.status == Dataset.Status.HELD:  # no sensitive column any more: the next delivery decides
        row.status, row.reason_zh, row.reason_en, row.published_record = Dataset.Status.DRAFT, "", "", ""
    elif shown is not None and same_shape(shown, record):
        row.published_record = codec.to_json(record)
    return row


def _agency(record: DatasetRecord, by: Actor) -> Agency:
    found = Agency.objects.filter(code=record.agency).first()
    if found is None and record.agency_name.zh:
        return accounts.add_agency(code=record.agency, name=record.agency_name, by=by)
    return found or account_queries.agency(record.agency)


def record_version(*, version: VersionRecord, record: DatasetRecord, cleared: Sequence[str] = (), by: Actor) -> Version:
    """Record a version that the lake holds and make it the current one; the same run again changes nothing.

    ``cleared`` are the sensitive columns over which the privacy gate decided for these rows; Conflict where one lacks.

    Publishing it is the caller's next step, once this transaction is committed.
    """
    row = queries.dataset(version.code)
    require(by, "publish", agency=row.agency.code)
    with transaction.atomic():
        known = Version.objects.filter(run_id=version.run_id).first()
        if known is not None:
            return known
        if uncleared(record, cleared):
            raise Conflict(
                Text("尚無隱私決定的敏感欄位不得發布。", "Sensitive fields without a decision may not be published."),
                Text("等待隱私決定。", "Wait for the privacy decision."),
            )
        made = Version.objects.create(
            dataset=row,
            number=version.number,
            run_id=version.run_id,
            snapshot_id=version.snapshot_id,
            created_at=version.created_at,
            author=version.author,
            message=version.message,
            rows=version.rows,
            content_hash=version.content_hash,
            manifest=codec.to_json(version),
        )
        RowDecision.objects.filter(run_id=version.run_id).update(version=version.number)
        row.current = version.number
        row.published_record = codec.to_json(record)
        row.cleared = list(cleared)
        # versions from before the decision may show what is now withheld: `clear` opens the dataset once they are redacted
        first = not Version.objects.filter(dataset=row, number__lt=version.number).exists()
        opens = first and not uncleared(queries.definition(row).dataset, cleared)
        if row.status == Dataset.Status.DRAFT or (row.status == Dataset.Status.HELD and opens):
            row.status, row.reason_zh, row.reason_en = Dataset.Status.PUBLISHED, "", ""
        row.updated_at = now()
        row.save(
            update_fields=["current", "published_record", "cleared", "status", "reason_zh", "reason_en", "updated_at"]
        )
        audit.record(
            by=by.name,
            verb="version.recorded",
            kind="dataset",
            object_id=row.code,
            agency=row.agency.code,
            detail={
                "version": version.number,
                "run": version.run_id,
                "rows": version.rows,
                "sha256": version.content_hash,
            },
        )
    return made


def decide_rows(*, code: str, run_id: str, decisions: Sequence[Decision], rule: str, by: Actor) -> None:
    """Note what a run is about to decide about rows; it counts once the run's version is recorded."""
    row = queries.dataset(code)
    require(by, "publish", agency=row.agency.code)
    moment = now()
    with transaction.atomic():
        RowDecision.objects.bulk_create(
            RowDecision(
                dataset=row, run_id=run_id, key=dict(d.key), source=dict(d.source), before=dict(d.before),
                after=dict(d.after), flags_before=d.flags_before, status_before=d.status_before, status=d.status,
                withdraws=d.withdraws, reason=d.reason, rule=rule, role=_role(by, row.agency.code),
                by=by.name, decided_at=moment,
            )
            for d in decisions
        )  # fmt: skip
        audit.record(
            by=by.name, verb="rows.decided", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"run": run_id, "rows": len(decisions), "rule": rule},
        )  # fmt: skip


def _role(by: Actor, agency: str) -> str:
    """The role in which someone decides: the first that lets them."""
    return next((g.role for g in by.roles if may(Actor(by.name, (g,)), "publish", agency=agency)), "")


def forget_decisions(*, run_id: str) -> None:
    """Drop what a run wanted to decide: it came to nothing, as the run's own audit row says."""
    RowDecision.objects.filter(run_id=run_id, version__isnull=True).delete()


def forget_cells(*, code: str, columns: Sequence[str], by: Actor) -> int:
    """Take the values of columns that a later mask rule covers out of every decision; how many decisions said some.

    What was decided about such cells lapses; publishing the dataset again takes them out of what is public.
    """
    require(by, "maintain")
    if not RowDecision.objects.filter(dataset__code=code).exists():
        return 0
    gone, touched = set(columns), 0
    with transaction.atomic():
        for one in RowDecision.objects.filter(dataset__code=code):
            kept = [{c: v for c, v in cells.items() if c not in gone} for cells in (one.source, one.before, one.after)]
            if kept != [one.source, one.before, one.after]:
                one.source, one.before, one.after = kept
                one.save(update_fields=["source", "before", "after"])
                touched += 1
        audit.record(
            by=by.name, verb="decisions.redacted", kind="dataset", object_id=code,
            detail={"columns": sorted(gone), "decisions": touched},
        )  # fmt: skip
        transaction.on_commit(partial(publication.publish, [code]))
    return touched


def clear(*, code: str, cleared: Sequence[str], by: Actor) -> None:
    """Serve a held dataset again: the gate has decided over every sensitive column, in every version that is kept.

    Raises Conflict where a column lacks its decision.
    """
    row = queries.dataset(code)
    require(by, "release", agency=row.agency.code)
    if uncleared(queries.definition(row).dataset, cleared):
        raise Conflict(
            Text("尚無隱私決定的敏感欄位不得發布。", "Sensitive fields without a decision may not be published."),
            Text("等待隱私決定。", "Wait for the privacy decision."),
        )
    with transaction.atomic():
        row.cleared = list(cleared)
        if row.status == Dataset.Status.HELD and row.current is not None:
            row.status, row.reason_zh, row.reason_en = Dataset.Status.PUBLISHED, "", ""
        row.updated_at = now()
        row.save(update_fields=["cleared", "status", "reason_zh", "reason_en", "updated_at"])
        audit.record(by=by.name, verb="dataset.cleared", kind="dataset", object_id=row.code, agency=row.agency.code)
        transaction.on_commit(partial(publication.publish, [row.code]))


def update_manifests(*, versions: Sequence[VersionRecord], why: str, by: Actor) -> None:
    """Replace the files that versions name after maintenance moved them; numbers and rows stay what they were."""
    require(by, "maintain")
    with transaction.atomic():
        for version in versions:
            Version.objects.filter(dataset__code=version.code, number=version.number).update(
                manifest=codec.to_json(version),
                snapshot_id=version.snapshot_id,
                content_hash=version.content_hash,
                kept=version.kept,
            )
        codes = sorted({v.code for v in versions})
        numbers = [f"{v.code} v{v.number}" for v in versions]
        audit.record(
            by=by.name, verb="versions.maintained", kind="dataset", object_id=",".join(codes)[:200],
            detail={"why": why, "versions": numbers},
        )  # fmt: skip
        transaction.on_commit(partial(publication.publish, codes))


def withdraw(*, code: str, reason: str, by: Actor) -> None:
    """Take a dataset down: nothing of it is served any more. Its rows and versions stay in the lake."""
    row = queries.dataset(code)
    require(by, "withdraw", agency=row.agency.code)
    _require_reason(reason)
    with transaction.atomic():
        row.status, row.reason_zh, row.reason_en = Dataset.Status.WITHDRAWN, reason, reason
        _save_status(row, "dataset.withdrawn", reason, by)


def restore(*, code: str, reason: str, by: Actor) -> None:
    """Serve a withdrawn dataset again, in the version that was current. Never with sensitive fields left undecided."""
    row = queries.dataset(code)
    require(by, "withdraw", agency=row.agency.code)
    _require_reason(reason)
    if uncleared(queries.definition(row).dataset, row.cleared or ()):
        raise Conflict(
            Text(
                f"「{row.code}」含有尚無決定的敏感欄位，不能恢復。",
                f"'{row.code}' has sensitive fields without a decision and cannot be restored.",
            ),
            Text("等待隱私決定。", "Wait for the privacy decision."),
        )
    served = row.current is not None or row.kind == Dataset.Kind.VIEW
    with transaction.atomic():
        row.status = Dataset.Status.PUBLISHED if served else Dataset.Status.DRAFT
        row.reason_zh, row.reason_en = "", ""
        _save_status(row, "dataset.restored", reason, by)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise BadRequest(
            Text("必須說明理由。", "A reason is required."),
            Text("請以 --reason 說明。", "Give it with --reason."),
            parameter="reason",
        )


def _save_status(row: Dataset, verb: str, reason: str, by: Actor) -> None:
    row.updated_at = now()
    row.save(update_fields=["status", "reason_zh", "reason_en", "updated_at"])
    audit.record(
        by=by.name, verb=verb, kind="dataset", object_id=row.code, agency=row.agency.code, detail={"reason": reason}
    )
    transaction.on_commit(partial(publication.publish, [row.code]))


def list_entries(*, entries: Sequence[listing.ListedEntry], by: Actor) -> int:
    """Put the entries of an official catalogue into ours, by code; how many are new. Known ones are brought up to date.

    Raises NotFound for a provider that is no agency of ours.
    """
    require(by, "listing")
    names = {a.name_zh: a for a in account_queries.agencies()}
    for name in {e.provider for e in entries} - set(names):
        account_queries.agency(name)  # raises, naming those that there are
    with transaction.atomic():
        before = ListedEntry.objects.count()
        moment = now()
        rows = [
            ListedEntry(
                code=e.code, source_id=e.datagovtw_id, title_zh=e.title.zh, title_en=e.title.en,
                agency=names[e.provider], category=e.category, formats=list(e.formats), address=e.url,
                has_api=e.has_api, provenance_zh=e.provenance.zh, provenance_en=e.provenance.en, listed_at=moment,
            )
            for e in entries
        ]  # fmt: skip
        words = [f.name for f in ListedEntry._meta.concrete_fields if f.name not in {"id", "code", "listed_at"}]
        ListedEntry.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=words)
        added = ListedEntry.objects.count() - before
        detail = {"entries": len(rows), "new": added}
        audit.record(by=by.name, verb="entries.listed", kind="catalogue", object_id="*", detail=detail)
        transaction.on_commit(publication.publish_all)
    return added
