"""Preparing a draft: files come in, its definition changes step by step, and each step can be reviewed and undone."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from qingliu.accounts import queries as accounts
from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import Definition, ReadSpec, Text
from qingliu.core.errors import BadRequest, Conflict, NotFound
from qingliu.pipeline import editing, queries, remedies
from qingliu.pipeline.actions import preview
from qingliu.pipeline.actions.deliver import check_table
from qingliu.pipeline.infer import code_for
from qingliu.pipeline.models import Draft, Proposal
from qingliu.pipeline.readers.kinds import refuse
from qingliu.standards import definition as standard

KEPT = timedelta(days=30)
TOGETHER = timedelta(minutes=30)  # edits of the form within this time are one step
ROUNDS = 3  # a remedy may show what another one mends
MAX_FILES = 40
_UNSAFE = re.compile(r"[^\w.\-（）()·]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in: the name that its sender gave it, and where it lies now (it is moved from there)."""

    name: str
    path: Path


def begin(*, agency: str, uploads: Sequence[Upload], code: str = "", by: Actor) -> Draft:
    """A new draft of an agency: for its dataset ``code``, or for a new dataset where that is empty; looked at once.

    Raises Forbidden, NotFound (no such dataset of this agency), BadRequest (nothing to work on), BadSource (a file that is
    empty or no table).
    """
    require(by, "prepare", agency=agency)
    row = _own(code, agency) if code else None
    if row is not None and uploads:
        check_table(row)
    if not uploads and row is None:
        raise BadRequest(
            Text("沒有選擇檔案。", "No file was chosen."), Text("請選擇要上傳的檔案。", "Choose the file to upload."),
            parameter="files",
        )  # fmt: skip
    if len(uploads) > MAX_FILES:
        raise BadRequest(
            Text(f"一次最多 {MAX_FILES} 個檔案。", f"At most {MAX_FILES} files at once."),
            Text("請分批上傳，或壓成一個 ZIP。", "Send them in parts, or as one ZIP."), parameter="files",
        )  # fmt: skip
    for upload in uploads:
        refuse(upload.path, upload.name)
    moment = now()
    text = row.definition if row else ""
    draft = Draft(
        agency=accounts.agency(agency), code=row.code if row else free_code(uploads[0].name, agency), definition=text, base=text,
        made_by=by.name, made_at=moment, changed_at=moment, expires_at=moment + KEPT,
    )  # fmt: skip
    draft.files = [_keep(draft, n, upload) for n, upload in enumerate(uploads)]
    with transaction.atomic():
        draft.save()
        _audit(draft, "draft.begun", by, files=[f["name"] for f in draft.files])
    preview.refresh(draft)
    return draft


def replace_files(*, draft: Draft, uploads: Sequence[Upload], by: Actor) -> None:
    """Put corrected files in the place of a draft's files; the definition stays, and is looked at anew.

    Raises BadRequest (no file, too many), Conflict where the draft is not open.
    """
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    if not uploads or len(uploads) > MAX_FILES:
        raise BadRequest(
            Text(f"請選擇 1 到 {MAX_FILES} 個檔案。", f"Choose 1 to {MAX_FILES} files."),
            Text("檔案很多時請壓成一個 ZIP。", "Where there are more, send one ZIP."), parameter="files",
        )  # fmt: skip
    folder = queries.draft_folder(draft)
    old = [f["stored"].split("/")[0] for f in draft.files]
    first = max((int(n) for n in old), default=-1) + 1
    kept = [_keep(draft, first + n, upload) for n, upload in enumerate(uploads)]
    with transaction.atomic():
        draft.files = kept
        _save(draft)
        _audit(draft, "draft.files-replaced", by, files=[f["name"] for f in kept])
    for name in {*old, preview.LOOKS_FILE}:
        gone = folder / name
        shutil.rmtree(gone, ignore_errors=True) if gone.is_dir() else gone.unlink(missing_ok=True)
    preview.refresh(draft)


def _own(code: str, agency: str) -> Dataset:
    row = catalogue.dataset(code)
    if row.agency.code != agency:
        raise NotFound(
            Text(f"貴機關沒有代碼為「{code[:60]}」的資料集。", f"Your agency has no dataset '{code[:60]}'."),
            Text("請從清單選取。", "Choose one in the list."), parameter="dataset",
        )  # fmt: skip
    return row


def free_code(name: str, agency: str) -> str:
    """A code for a new dataset from its file's name, or its agency's where that says nothing; taken by no other."""
    stem = name.rsplit(".", 1)[0]
    base = (code_for(Path(name)) if stem.isascii() else code_for(Path(f"{agency}_data")))[:50]
    return queries.free_code(base)


def _keep(draft: Draft, number: int, upload: Upload) -> dict[str, Any]:
    """Move an upload into the draft's folder under a name that is a name everywhere."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", upload.name))[-1]
    shown = "".join(c for c in last if c.isprintable())[:150] or "file"
    safe = _UNSAFE.sub("_", shown).strip("._ ")[-80:] or "file"
    stored = f"{number}/{safe}"
    target = queries.draft_folder(draft) / stored
    target.parent.mkdir(mode=0o700)
    os.replace(upload.path, target)
    target.chmod(0o600)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": shown, "stored": stored, "bytes": target.stat().st_size, "sha256": digest}


def change(
    *, draft: Draft, after: Definition, what: Text, kind: str = "form", why: str = "", by: Actor
) -> Proposal | None:
    """Change the draft's definition by one reviewable step; None where nothing changes. Looked at anew afterwards.

    Raises BadDefinitionFile with every problem, Conflict where the draft is before the approver or at its end.
    """
    made = _step(draft, after, what, kind=kind, why=why, by=by)
    if made:
        preview.refresh(draft)
    return made


def _step(draft: Draft, after: Definition, what: Text, *, kind: str, why: str, by: Actor) -> Proposal | None:
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    text = standard.dumps(after)
    standard.loads(text)
    _check_identity(draft, after)
    if text == editing.canonical(draft.definition):
        return None
    with transaction.atomic():
        made = _joined(draft, kind, text, by) or Proposal.objects.create(
            draft=draft, kind=kind, what_zh=what.zh, what_en=what.en, why=why[:2000], before=draft.definition, after=text,
            by=by.name, at=now(),
        )  # fmt: skip
        draft.definition, draft.code = text, after.dataset.code
        _save(draft)
        _audit(draft, "draft.changed", by, what=what.en or what.zh)
    return made


def _joined(draft: Draft, kind: str, text: str, by: Actor) -> Proposal | None:
    """The last step, grown by this one, where both are one person's work on the form."""
    last = queries.proposals(draft).last()
    if kind != "form" or last is None or (last.kind, last.by) != (kind, by.name) or last.at < now() - TOGETHER:
        return None
    last.after, last.at = text, now()
    last.save(update_fields=["after", "at"])
    return last


def _check_identity(draft: Draft, after: Definition) -> None:
    """A draft stays its agency's and, for a dataset that exists, under its code."""
    d = after.dataset
    if d.agency != draft.agency.code or (draft.base and d.code.upper() != draft.code.upper()):
        raise Conflict(
            Text("草稿不能改到另一個機關或另一個既有資料集。", "A draft cannot move to another agency or dataset."),
            Text("請為它另建草稿。", "Begin another draft for it."), parameter="code",
        )  # fmt: skip
    taken = None if draft.base else Dataset.objects.filter(code=d.code).first()
    if taken:
        raise Conflict(
            Text(f"代碼「{d.code}」已有人使用。", f"The code '{d.code}' is taken."),
            Text("請換一個代碼；若是同一個資料集，請從它的頁面上傳。",
                 "Use another one; if it is the same dataset, upload from its page."), parameter="code",
        )  # fmt: skip


def keep_note(*, draft: Draft, why: str, by: Actor) -> None:
    """Keep the note to the approver while it is being written."""
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    if draft.why != why.strip()[:2000]:
        draft.why = why.strip()[:2000]
        draft.save(update_fields=["why"])


def check_open(draft: Draft) -> None:
    """Raise Conflict where the draft can no longer be changed."""
    if draft.state != Draft.State.OPEN:
        raise Conflict(
            Text(f"這份草稿「{draft.get_state_display()}」，不能修改。", f"This draft is {draft.state} and cannot be changed."),
            Text("送核中的草稿請先收回。", "Take it back from approval first."),
        )  # fmt: skip


def reread(*, draft: Draft, read: ReadSpec, by: Actor) -> None:
    """Try another way of reading files that could not be read, or whose header was not found: the definition is drafted
    anew where none stands yet."""
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    if draft.definition:
        definition = standard.loads(draft.definition)
        what = Text("改變讀法", "Read the files in another way")
        change(draft=draft, after=_reading(definition, read), what=what, kind="read", by=by)
    else:
        preview.refresh(draft, read)


def _reading(definition: Definition, read: ReadSpec) -> Definition:
    return Definition(
        definition.dataset, source=definition.source, read=read, volume_factor=definition.volume_factor,
        path=definition.path,
    )  # fmt: skip


def remedy(*, draft: Draft, wanted: str, choice: str = "", why: str = "", by: Actor) -> Proposal | None:
    """Take one remedy that the draft offers now. Raises Conflict where it no longer offers it."""
    require(by, "prepare", agency=draft.agency.code)
    seen = queries.preview(draft)
    definition = standard.loads(draft.definition)
    found = remedies.find(remedies.remedies(seen, definition), wanted) if seen else None
    if found is None:
        raise Conflict(
            Text("這個修正已不適用。", "This remedy no longer applies."),
            Text("請重新整理這一頁再選一次。", "Load the page again and choose anew."), parameter="remedy",
        )  # fmt: skip
    if found.kind == "public" and not why.strip():
        raise BadRequest(
            Text("取消敏感標示必須寫明理由。", "To take the sensitive mark away, say why."),
            Text("請在理由欄說明為何每一格都能公開。", "Write why every cell may be public."), parameter="why",
        )  # fmt: skip
    after = editing.apply(definition, found, choice)
    return change(draft=draft, after=after, what=found.what, kind=found.kind, why=why or found.why.zh, by=by)


def take_all(*, draft: Draft, by: Actor) -> int:
    """Take every remedy of the plan, each as its own step; how many. In a draft too large to be tried, those that are sure
    by themselves and leave no cell unread, round by round."""
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    taken = 0
    first = queries.preview(draft)
    if first and first.plan:
        definition = standard.loads(draft.definition)
        for found in first.plan.steps:
            definition = editing.apply(definition, found)
            taken += _step(draft, definition, found.what, kind=found.kind, why=found.why.zh, by=by) is not None
        preview.refresh(draft)
        return taken
    for _ in range(ROUNDS):
        seen = queries.preview(draft)
        definition = standard.loads(draft.definition)
        sure = [r for r in remedies.remedies(seen, definition) if r.sure and not r.unread] if seen else []
        steps = 0
        for found in sure:
            definition = editing.apply(definition, found)
            steps += _step(draft, definition, found.what, kind=found.kind, why=found.why.zh, by=by) is not None
        if not steps:
            break
        taken += steps
        preview.refresh(draft)
    return taken


def undo(*, draft: Draft, by: Actor) -> None:
    """Take the last step back. Raises NotFound where there is none."""
    require(by, "prepare", agency=draft.agency.code)
    check_open(draft)
    last = queries.proposals(draft).last()
    if last is None:
        raise NotFound(Text("沒有可收回的修改。", "There is no change to take back."), Text("", ""))
    with transaction.atomic():
        last.undone_by, last.undone_at = by.name, now()
        last.save(update_fields=["undone_by", "undone_at"])
        draft.definition = last.before
        draft.code = standard.loads(last.before).dataset.code
        _save(draft)
        _audit(draft, "draft.undone", by, what=last.what_en or last.what_zh)
    preview.refresh(draft)


def drop(*, draft: Draft, by: Actor) -> None:
    """Throw a draft away, its files at once."""
    require(by, "prepare", agency=draft.agency.code)
    if draft.state in (Draft.State.APPROVED, Draft.State.DONE):
        check_open(draft)
    with transaction.atomic():
        draft.state = Draft.State.DROPPED
        _save(draft)
        _audit(draft, "draft.dropped", by)
    shutil.rmtree(queries.draft_folder(draft), ignore_errors=True)


def expire_drafts() -> int:
    """Remove what old drafts left: the files of those whose time is over, and folders that belong to none; how many."""
    late = queries.drafts().filter(expires_at__lt=now())
    for draft in late.filter(state__in=(Draft.State.OPEN, Draft.State.WAITING)):
        draft.state = Draft.State.DROPPED
        draft.save(update_fields=["state"])
    kept = {str(i) for i in queries.drafts().exclude(state=Draft.State.DROPPED).values_list("id", flat=True)}
    kept -= {str(i) for i in late.values_list("id", flat=True)}
    root = queries.paths().drafts
    gone = [f for f in (root.iterdir() if root.is_dir() else ()) if f.is_dir() and f.name not in {*kept, "incoming"}]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _save(draft: Draft) -> None:
    draft.changed_at = now()
    draft.save()


def _audit(draft: Draft, verb: str, by: Actor, **detail: Any) -> None:
    audit.record(
        by=by.name, verb=verb, kind="draft", object_id=str(draft.id), agency=draft.agency.code,
        detail={"dataset": draft.code, **detail},
    )  # fmt: skip
