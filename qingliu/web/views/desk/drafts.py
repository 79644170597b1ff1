"""One draft: what was read, what does not fit, what would mend it, the definition as a form, and its way to approval."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.accounts.rules import may
from qingliu.core.dataset import Definition, ReadSpec, Text
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.core.records import Finding
from qingliu.pipeline import actions, editing, queries, remedies
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.models import Draft
from qingliu.pipeline.rules import State
from qingliu.standards import definition as standard
from qingliu.standards.vocabularies import categories, flags, frequencies, licences
from qingliu.web import draft_compared, draft_errors, draft_page, draft_privacy, draft_todo
from qingliu.web.foreseen import foreseen
from qingliu.web.page import Pages, page_number
from qingliu.web.views.desk import door
from qingliu.web.views.telling import View

PAGE = "web:desk-draft"
FOUND = "found"  # ?rows=found: rows with findings only
ALONG = "d."  # fields of the definition's form that come along with another action on the page


@door.page
def draft(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """The draft's page."""
    return _page(request, door.draft_of(request, draft_id))


def _page(
    request: HttpRequest, row: Draft, error: QingliuError | None = None, shown: Definition | None = None
) -> HttpResponse:
    """The page; with an error, ``shown`` is the definition as it was sent, so that nothing has to be typed again."""
    mine = door.who(request)
    seen = actions.current_preview(row)
    definition = shown or (standard.loads(row.definition) if row.definition else None)
    opened = row.state == Draft.State.OPEN
    context: dict[str, Any] = {
        "nav": "desk", "draft": row, "seen": seen, "definition": definition, "error": error,
        "may_prepare": may(mine, "prepare", agency=row.agency.code) and opened,
        "may_decide": row.state == Draft.State.WAITING and actions.may_be_decided_by(row, mine),
        "alone": opened and actions.alone(row, mine), "lacking": actions.lacking(row) if opened else (),
        "steps": draft_page.steps(row), "files_kept": bool(queries.draft_files(row)),
        "ended": row.run.state if row.run and row.run.state in (State.HELD, State.REJECTED, State.FAILED) else "",
        "held_for": _held_for(row), "whole": editing.difference(row.base, row.definition), "row_limit": draft_page.LEFT_SHOWN,
    }  # fmt: skip
    context["last"] = context["steps"][-1] if context["steps"] else None
    if definition:
        context |= _definition_part(row, definition, seen) | _rows_part(request, row, definition, seen)
        context |= {"guards": draft_privacy.guards(definition, seen.privacy if seen else None)}
        context |= {"makes_rules": may(mine, "privacy"), "proposals": _proposals(definition, context["guards"])}
    if error:
        context["errors"] = draft_errors.told(error)
    if opened:
        record, guards, gold = context.get("record"), context.get("guards", draft_privacy.Guards()), context.get("gold")
        context["todo"] = draft_todo.todo(row, record, guards, gold, len(context.get("remedies", ())))
    if definition and row.state == Draft.State.WAITING:
        context["compared"] = draft_compared.compared(row, definition)
    return render(request, "web/desk/draft.html", context, status=error.status if error else 200)


def _held_for(row: Draft) -> tuple[Finding, ...]:
    """Why the delivery of an approved draft is held."""
    if row.run is None or row.run.state != State.HELD:
        return ()
    return tuple(f for v in queries.verdicts(row.run) for f in v.findings if f.severity == "hold")[:4]


def _definition_part(row: Draft, definition: Definition, seen: Preview | None) -> dict[str, Any]:
    """What the page says of the definition and of the rows under it."""
    record = definition.dataset
    offered = remedies.remedies(seen, definition) if seen and not seen.problem else ()
    why = draft_page.standing(actions.guesses(row), record)
    return {
        "guessed": {k.replace("-", "_"): v for k, v in why.items()}, "number_ways": draft_page.number_ways(),
        "gold": foreseen(definition, seen), "record": record, "guarding": draft_privacy.ways(offered),
        "tried": draft_page.tried(seen, offered),
        "remedies": tuple(r for r in offered if r.kind not in draft_privacy.WAYS), "sure": draft_page.one_click(seen, offered),
        "plan": seen.plan if seen else None, "kept_out": draft_page.kept_out(seen),
        "lines": draft_page.lines(definition, seen, offered, why),
        "left": draft_page.left(seen, offered, definition),
        "flags": [f for f in flags().values() if f.code != "quarantined"],
        "categories": categories().values(), "licences": licences().values(), "frequencies": frequencies().values(),
        "types": draft_page.TYPES, "roles": draft_page.ROLES,
        "sensitive": [f for f in record.fields if f.sensitivity != "none"],
        "steward": next((c for c in record.contacts if c.role == "steward"), None),
        "keywords": "、".join(k.zh for k in record.keywords),
        "keywords_en": ", ".join(k.en for k in record.keywords).strip(", "),
    }  # fmt: skip


def _rows_part(request: HttpRequest, row: Draft, definition: Definition, seen: Preview | None) -> dict[str, Any]:
    """One page of the rows as they were read, those with findings first."""
    if seen is None or seen.problem or request.method != "GET":
        only, number = False, 1
    else:
        only, number = request.GET.get("rows") == FOUND, page_number(request.GET)
    size = draft_page.PAGE_ROWS
    got = queries.draft_rows(row, seen or Preview("", ""), offset=(number - 1) * size, limit=size, found_only=only)
    pages = Pages(number, size, got.found if only else got.total, {"rows": FOUND if only else ""})
    return {"table": draft_page.table(definition, seen, got.rows), "peeked": got, "pages": pages, "found_only": only}


def _proposals(definition: Definition, guards: draft_privacy.Guards) -> list[tuple[str, str]]:
    """A rule for each column that waits for one, to be completed and put before another person."""
    lacking = [c.field for c in guards.columns if c.lacks_rule and not c.waiting]
    code = definition.dataset.code
    return [(f.name, draft_privacy.proposal(code, f.name, f.sensitivity)) for f in lacking]


def _kept(request: HttpRequest, row: Draft, form: Mapping[str, str]) -> HttpResponse | None:
    """Keep what stands in the form and the note; the page with the error and all that was written, where that fails."""
    if "note" in form:
        actions.keep_note(draft=row, why=form["note"], by=door.who(request))
    if not row.definition or not set(form) - {"note"}:
        return None
    after: Definition | None = None
    try:
        after = editing.edited(_definition(row), form)
        what = Text("修改定義表單", "Changed the definition in the form")
        actions.change(draft=row, after=after, what=what, by=door.who(request))
    except QingliuError as error:
        if after is None:  # one field cannot be read: the others are shown as they were written
            after = _shown(row, {k: v for k, v in form.items() if not k.endswith(error.parameter or k)})
        return _page(request, queries.draft(str(row.id)), error, after)
    return None


def _shown(row: Draft, form: Mapping[str, str]) -> Definition | None:
    try:
        return editing.edited(_definition(row), form)
    except QingliuError:
        return None


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was typed into the draft's page and came along with another action: names that begin with ``d.``."""
    return {k.removeprefix(ALONG): str(v) for k, v in request.POST.items() if k.startswith(ALONG)}


def _keeping(view: View) -> View:
    """An action on an open draft that first keeps what was typed; where that cannot be kept, nothing is done."""

    @wraps(view)
    def inner(request: HttpRequest, draft_id: object) -> HttpResponseBase:
        row = door.draft_of(request, draft_id)
        stopped = _kept(request, row, _typed(request)) if row.state == Draft.State.OPEN else None
        return stopped or view(request, draft_id)

    return inner


@door.action
@_keeping
def change(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Save the form: one step of the definition; with an error the page comes back with what was written in it."""
    row = door.draft_of(request, draft_id)
    came = _typed(request)
    stopped = None if came else _kept(request, row, request.POST.dict())
    if stopped:
        return stopped
    if not came or "saved" in request.POST:
        door.messages.success(request, _("已存檔。"))
    at = "basics" if request.POST.get("at") == "basics" else "definition"
    return HttpResponseRedirect(reverse(PAGE, args=[row.id]) + f"#{at}")


def _definition(row: Draft) -> Definition:
    if not row.definition:
        raise BadRequest(
            Text("還沒有定義。", "There is no definition yet."), Text("請先讓檔案讀得出來。", "Make the files readable first.")
        )  # fmt: skip
    return standard.loads(row.definition)


@door.action
@_keeping
def remedy(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Take one remedy."""
    row = door.draft_of(request, draft_id)
    asked = request.POST

    def do() -> None:
        actions.remedy(
            draft=row, wanted=asked.get("remedy", ""), choice=asked.get("choice", "")[:200], why=asked.get("why", ""),
            by=door.who(request),
        )  # fmt: skip

    return door.answered(request, PAGE, do, args=(row.id,), at="findings")


@door.action
@_keeping
def remedies_all(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Take every remedy that is sure."""
    row = door.draft_of(request, draft_id)
    offered = _offered(row)

    def do() -> None:
        actions.take_all(draft=row, by=door.who(request))
        door.messages.success(request, draft_page.applied(offered, _offered(row)), extra_tags=draft_page.APPLIED)

    return door.answered(request, PAGE, do, args=(row.id,), at="findings")


def _offered(row: Draft) -> draft_page.Offered:
    """What a draft offers now: its remedies, with those that "apply all" takes and those kept out of it."""
    row.refresh_from_db()
    seen = queries.preview(row)
    definition = standard.loads(row.definition) if row.definition else None
    offered = remedies.remedies(seen, definition) if seen and definition and not seen.problem else ()
    return draft_page.Offered(offered, draft_page.one_click(seen, offered), draft_page.kept_out(seen))


@door.action
@_keeping
def read(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Try another way of reading the files."""
    row = door.draft_of(request, draft_id)
    asked = request.POST
    line = asked.get("header_row", "")
    spec = ReadSpec(
        encoding=asked.get("encoding", "")[:20],
        header_row=int(line) if line.isascii() and line.isdigit() and len(line) < 6 else 0, sheet=asked.get("sheet", "")[:100],
        records=asked.get("records", "")[:200],
    )  # fmt: skip
    return door.answered(
        request, PAGE, lambda: actions.reread(draft=row, read=spec, by=door.who(request)), args=(row.id,), at="read"
    )


@door.action
@_keeping
def undo(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Take the last step back."""
    row = door.draft_of(request, draft_id)
    last = queries.proposals(row).last()
    said = Text(last.what_zh, last.what_en).get(get_language() or "") if last else ""
    return door.answered(
        request,
        PAGE,
        lambda: actions.undo(draft=row, by=door.who(request)),
        args=(row.id,),
        done=_("已收回：%(what)s。") % {"what": said},
        at="steps",
    )


@door.action
def drop(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Throw the draft away."""
    row = door.draft_of(request, draft_id)
    return door.answered(
        request, "web:desk", lambda: actions.drop(draft=row, by=door.who(request)), done=_("草稿與檔案已捨棄。")
    )


@door.action
@_keeping
def submit(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Put the draft before the approver; the only person of a small agency may approve in the same click."""
    row = door.draft_of(request, draft_id)
    mine, why = door.who(request), request.POST.get("why", "") or row.why

    def do() -> None:
        actions.submit(draft=row, why=why, by=mine)
        if request.POST.get("now") == "1":
            actions.approve(draft=row, reason=why, by=mine)

    # no place on the page is named: the confirmation stands at its top
    return door.answered(request, PAGE, do, args=(row.id,), done=_("已送出。核定者會看到下面的內容。"))


@door.action
def take_back(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Take the draft back from approval."""
    row = door.draft_of(request, draft_id)
    return door.answered(request, PAGE, lambda: actions.take_back(draft=row, by=door.who(request)), args=(row.id,))


@door.action
def decide(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Approve the draft, or return it with a reason."""
    row = door.draft_of(request, draft_id)
    mine, reason = door.who(request), request.POST.get("reason", "")
    if request.POST.get("decision") != "approve" and not reason.strip():
        error = BadRequest(
            Text("退回必須寫明理由。", "A return needs a reason."), Text("請寫給承辦看。", "Write it for the maker to read."),
            parameter="reason",
        )  # fmt: skip
        return _page(request, row, error)

    def do() -> None:
        if request.POST.get("decision") == "approve":
            actions.approve(draft=row, reason=reason, by=mine)
        else:
            actions.turn_down(draft=row, reason=reason, by=mine)

    return door.answered(request, PAGE, do, args=(row.id,), at="approval")
