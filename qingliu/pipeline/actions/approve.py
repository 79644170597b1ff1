"""From 承辦 to 核定: a draft is submitted, decided on by a second person, and carried out by the existing actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from qingliu.accounts import queries as accounts
from qingliu.accounts.rules import Actor, may_decide, require, same_person
from qingliu.audit import actions as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden, QingliuError
from qingliu.core.redact import redact
from qingliu.pipeline import locks, queries, rules
from qingliu.pipeline.actions import compare, deliver, finish, hold
from qingliu.pipeline.actions.draft import check_open
from qingliu.pipeline.models import Draft, Run
from qingliu.pipeline.rules import State
from qingliu.standards import definition as standard

AT_ONCE_BYTES = 32 << 20  # larger drafts are carried out by the worker, not while somebody waits for a page
KEPT_AFTER = timedelta(days=7)  # the files of a draft that was carried out, for the repaired copy
PLACEHOLDER = "（請填寫"


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a draft lacks, and the part of its page where it is mended."""

    said: Text
    at: str


def lacking(draft: Draft) -> tuple[Lack, ...]:
    """What a draft still lacks before it may be submitted."""
    found = []
    seen = queries.preview(draft)
    if seen and seen.problem:
        found.append(Lack(Text("檔案還讀不出來。", "The files cannot be read yet."), "read"))
    if not draft.definition:
        return (*found, Lack(Text("還沒有定義。", "There is no definition yet."), "read"))
    record = standard.loads(draft.definition).dataset
    if not record.description.zh or PLACEHOLDER in record.description.zh:
        found.append(Lack(Text("請填寫「資料說明」。", "Fill in 'Description'."), "description-zh"))
    if PLACEHOLDER in record.title.zh:
        found.append(Lack(Text("請填寫「名稱」。", "Fill in 'Title'."), "title-zh"))
    found += [_not_there(f.name) for f in record.fields if seen and f.name in seen.missing and not f.optional]
    if seen and draft.files and not seen.rows and not seen.problem:
        found.append(Lack(Text("沒有任何可用的資料列。", "There is no usable row."), "findings"))
    return tuple(found)


def _not_there(column: str) -> Lack:
    return Lack(
        Text(f"檔案中沒有「{column}」這一欄：請在「別名」填入檔案的標題，或勾選「交付時可缺這一欄」。",
             f"The file has no column '{column}': write the file's header under 'Aliases', or tick that it may be absent."),
        "definition",
    )  # fmt: skip


def may_be_decided_by(draft: Draft, who: Actor) -> bool:
    """Whether ``who`` may decide on the draft: a second person, or the only one of a small agency."""
    agency = draft.agency.code
    makers = {draft.submitted_by, draft.made_by, *queries.proposals(draft).values_list("by", flat=True)}
    others = [p for p in accounts.desk_people(agency) if f"user:{p.username}" != who.name]
    alone_ok = settings.QINGLIU.self_approval
    return all(
        may_decide(who, agency=agency, maker=m, others=len(others), alone_ok=alone_ok)
        for m in ([m for m in makers if same_person(m, who.name)] or [draft.submitted_by])
    )


def alone(draft: Draft, who: Actor) -> bool:
    """Whether ``who``, being the agency's only person, may prepare and approve this draft."""
    agency = draft.agency.code
    others = [p for p in accounts.desk_people(agency) if f"user:{p.username}" != who.name]
    return may_decide(
        who, agency=agency, maker=who.name, others=len(others), alone_ok=settings.QINGLIU.self_approval
    )  # fmt: skip


def submit(*, draft: Draft, why: str, by: Actor) -> None:
    """Put a draft before the approver. Raises BadRequest naming what it lacks."""
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    missing = lacking(draft)
    if missing:
        raise BadRequest(
            Text("還不能送核。" + "".join(m.said.zh for m in missing),
                 "It cannot be submitted yet. " + " ".join(m.said.en for m in missing)),
            Text("補齊後再送。", "Complete it and submit again."), parameter="submit",
        )  # fmt: skip
    with transaction.atomic():
        draft.state, draft.why = Draft.State.WAITING, why.strip()[:2000]
        draft.submitted_by, draft.submitted_at = by.name, now()
        draft.decided_by, draft.decided_at, draft.reason, draft.error_zh, draft.error_en = "", None, "", "", ""
        _save(draft, "draft.submitted", by)
    compare.compared(draft)  # the approver need not wait for it


def take_back(*, draft: Draft, by: Actor) -> None:
    """Take a draft back from approval, to change it."""
    require(by, "prepare", agency=draft.agency.code)
    _check_waiting(draft)
    with transaction.atomic():
        draft.state = Draft.State.OPEN
        _save(draft, "draft.taken-back", by)


def approve(*, draft: Draft, reason: str = "", by: Actor) -> Draft:
    """Approve a draft and carry it out: at once where it is small, else by the worker. Raises Forbidden for its maker."""
    _check_decider(draft, by)
    _check_waiting(draft)
    if draft.base and catalogue.dataset(draft.code).definition != draft.base:
        raise Conflict(
            Text("這個資料集的定義在送核後已變更。", "The dataset's definition has changed since this draft began."),
            Text("請退回，由承辦以新的定義重做。", "Return it, to be made again on the new definition."),
        )  # fmt: skip
    with transaction.atomic():
        draft.state, draft.decided_by, draft.decided_at = Draft.State.APPROVED, by.name, now()
        draft.reason, draft.alone = reason.strip()[:2000], by.name == draft.submitted_by
        _save(draft, "draft.approved", by, reason=draft.reason, alone=draft.alone)
    if sum(f["bytes"] for f in draft.files) <= AT_ONCE_BYTES:
        return carry_out(draft)
    return draft


def turn_down(*, draft: Draft, reason: str, by: Actor) -> None:
    """Return a draft to its maker with the reason."""
    _check_decider(draft, by)
    _check_waiting(draft)
    if not reason.strip():
        raise BadRequest(
            Text("退回必須寫明理由。", "A return needs a reason."),
            Text("請寫給承辦看。", "Write it for the maker to read."), parameter="reason",
        )  # fmt: skip
    with transaction.atomic():
        draft.state, draft.decided_by, draft.decided_at = Draft.State.OPEN, by.name, now()
        draft.reason = reason.strip()[:2000]
        _save(draft, "draft.returned", by, reason=draft.reason)


def carry_out(draft: Draft) -> Draft:
    """Register the approved definition and deliver the files, in the names of those who made and approved it.

    May be repeated after a crash: what is registered and delivered already changes nothing. A told error opens the draft
    again and is kept with it.
    """
    with locks.draft(queries.paths(), str(draft.id)) as mine:
        draft.refresh_from_db()
        if mine and draft.state == Draft.State.APPROVED:
            _carry_out(draft)
    return draft


def _carry_out(draft: Draft) -> None:
    decider, maker = finish.same_actor(draft.decided_by), finish.same_actor(draft.submitted_by)
    try:
        row = Dataset.objects.select_related("agency").filter(code=draft.code).first()
        if (
            row is not None
            and (row.agency_id != draft.agency_id or not draft.base)
            and row.definition != draft.definition
        ):
            raise Conflict(
                Text(f"代碼「{draft.code}」已有人使用。", f"The code '{draft.code}' is taken."),
                Text("請換一個代碼。", "Use another one."), parameter="code",
            )  # fmt: skip
        if draft.definition != draft.base:
            catalog.register_definition(text=draft.definition, path=row.definition_path if row else "", by=decider)
        files = queries.draft_files(draft)
        if draft.files:
            names = "、".join(str(f["name"]) for f in draft.files)
            run = deliver.run_delivery(code=draft.code, files=files, message=draft.why, source=names, by=maker)
            draft.run = _released(draft, run, decider)
            _raise_failed(draft.run)
    except QingliuError as error:
        with transaction.atomic():
            draft.state = Draft.State.OPEN
            draft.error_zh = redact(f"{error.reason.zh}{error.remedy.zh}")
            draft.error_en = redact(f"{error.reason.en} {error.remedy.en}")
            _save(draft, "draft.failed", decider, error=error.code)
        return
    with transaction.atomic():
        draft.state, draft.expires_at = Draft.State.DONE, now() + KEPT_AFTER
        _save(draft, "draft.carried-out", decider, run=str(draft.run_id or ""))


def _released(draft: Draft, run: Run, decider: Actor) -> Run:
    """The run, released where it was held for no more than the approver was shown."""
    seen = queries.preview(draft)
    shown = {(f.rule, f.place) for f in seen.findings} if seen else set()
    verdicts = queries.verdicts(run)
    if run.state != State.HELD or not rules.releasable(verdicts):
        return run
    if {(f.rule, f.place) for v in verdicts for f in v.findings if f.severity == "hold"} <= shown:
        reason = draft.reason or draft.why or "核定草稿"
        return hold.release(run_id=str(run.id), reason=reason, by=decider)
    return run


def _raise_failed(run: Run) -> None:
    if run.state in (State.FAILED, State.REJECTED):
        zh, en = run.error_zh or "交付未能發布。", run.error_en or "The delivery could not be published."
        raise Conflict(Text(zh, en))


def _check_decider(draft: Draft, by: Actor) -> None:
    if may_be_decided_by(draft, by):
        return
    if any(same_person(by.name, maker) for maker in (draft.submitted_by, draft.made_by)):
        raise Forbidden(
            Text("承辦與核定不能是同一人。", "Whoever prepared a draft may not approve it."),
            Text("請另一位有核定權的人決定。", "Ask another person who may approve."),
        )  # fmt: skip
    require(by, "approve", agency=draft.agency.code)
    raise Forbidden(
        Text("您參與了這份草稿的修改，不能核定它。", "You changed this draft and may not approve it."),
        Text("請另一位有核定權的人決定。", "Ask another person who may approve."),
    )  # fmt: skip


def _check_waiting(draft: Draft) -> None:
    if draft.state != Draft.State.WAITING:
        raise Conflict(
            Text(f"這份草稿「{draft.get_state_display()}」，不在待核定。", f"This draft is {draft.state}, not waiting."),
            Text("請重新整理這一頁。", "Load the page again."),
        )  # fmt: skip


def _save(draft: Draft, verb: str, by: Actor, **detail: str | bool) -> None:
    draft.changed_at = now()
    draft.save()
    audit.record(
        by=by.name, verb=verb, kind="draft", object_id=str(draft.id), agency=draft.agency.code,
        detail={"dataset": draft.code, **detail},
    )  # fmt: skip
