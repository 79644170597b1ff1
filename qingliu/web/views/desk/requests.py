"""Requests at the desk: what waits with its due date, one request with the forms that settle it, the grounds of refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.accounts import queries as accounts
from qingliu.accounts.rules import Actor, may, require
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound, QingliuError
from qingliu.participation import actions, queries
from qingliu.participation.models import Request
from qingliu.participation.rules import replying
from qingliu.web import asked
from qingliu.web.page import Pages, page_number
from qingliu.web.views.desk import door
from qingliu.web.views.requests import about, wish

PAGE = 30


def _homes(mine: Actor) -> list[str] | None:
    """The agencies whose requests this person answers; None = all. Raises Forbidden for nobody's."""
    if may(mine, "dispatch"):
        return None
    homes = sorted({g.agency for g in mine.roles if g.agency and may(mine, "answer", agency=g.agency)})
    if not homes:
        require(mine, "answer")
    return homes


def _row(request: HttpRequest, number: str) -> Request:
    """The request, where this person may settle it; one of another agency is as absent as one that never was."""
    row, homes = queries.request(number), _homes(door.who(request))
    if homes is not None and (row.agency is None or row.agency.code not in homes):
        return queries.request("")
    return row


@door.page
def index(request: HttpRequest) -> HttpResponseBase:
    """What waits, most urgent first; with a filter, everything that fits it."""
    homes, want = _homes(door.who(request)), wish(request)
    found = queries.requests(want, agencies=homes)
    asked_for = bool(want.kind or want.state or want.clock or want.dataset or want.agency)
    if not asked_for:
        found = found.filter(answered_on=None, hidden_at=None)
    found = found.order_by("received_at", "id")
    kept = {n: getattr(want, n) for n in ("kind", "state", "agency", "dataset", "clock")}
    pages = Pages(page_number(request.GET), PAGE, found.count(), kept)
    context = {
        "nav": "desk", "pages": pages, "want": want, "asked_for": asked_for, "all": homes is None,
        "rows": asked.rows(found[pages.offset : pages.offset + PAGE]), "clocks": queries.CLOCKS,
        "states": Request.State.values, "days": queries.reply_days(),
        "promises": asked.rows(queries.requests(queries.Wish(clock="promise_overdue"), agencies=homes)[:10]),
    }  # fmt: skip
    return render(request, "web/desk/requests.html", context)


@door.page
def one(request: HttpRequest, number: str) -> HttpResponseBase:
    """One request as it was written, with the forms that settle it."""
    return _one(request, _row(request, number), {}, None)


def _one(request: HttpRequest, row: Request, given: dict[str, str], error: QingliuError | None) -> HttpResponse:
    who = door.who(request)
    context: dict[str, Any] = {
        **about(row), "nav": "desk", "given": given, "error": error,
        "may_answer": row.answered_on is None or row.state == Request.State.EXPECTED,
        "may_dispatch": may(who, "dispatch"), "grounds": queries.grounds().values(), "ways": replying.WAYS,
        "agencies": [(a.code, Text(a.name_zh, a.name_en)) for a in accounts.agencies()],
    }  # fmt: skip
    return render(request, "web/desk/request.html", context, status=error.status if error else 200)


@door.action
def answer(request: HttpRequest, number: str) -> HttpResponseBase:
    """Answer it; an error keeps what was typed."""
    row = _row(request, number)
    given = {n: request.POST.get(n, "")[:4000] for n in ("way", "text", "link", "expected_on", "ground")}
    try:
        actions.answer(number=row.number, reply=_reply(given), by=door.who(request))
    except NotFound:
        raise
    except QingliuError as error:
        return _one(request, row, given, error)
    messages.success(request, _("已回復；回復已公開。"))
    return HttpResponseRedirect(reverse("web:desk-request", args=[row.number]))


def _reply(given: dict[str, str]) -> replying.Reply:
    try:
        day = date.fromisoformat(given["expected_on"]) if given["expected_on"] else None
    except ValueError:
        day = None
    return replying.Reply(given["way"], given["text"], given["link"], day, given["ground"])


@door.action
def dispatch(request: HttpRequest, number: str) -> HttpResponseBase:
    """Send it to an agency, or return it to the office; whoever gave it away may not see it any more."""
    row, who = _row(request, number), door.who(request)
    target, reason = request.POST.get("agency", "")[:64], request.POST.get("reason", "")[:2000]
    try:
        actions.dispatch(number=row.number, agency=target, reason=reason, by=who)
    except QingliuError as error:
        _say(request, error)
        return HttpResponseRedirect(reverse("web:desk-request", args=[row.number]))
    messages.success(request, _("已移轉；紀錄已公開。"))
    here = may(who, "dispatch")
    return HttpResponseRedirect(
        reverse("web:desk-request", args=[row.number]) if here else reverse("web:desk-requests")
    )


def _say(request: HttpRequest, error: QingliuError) -> None:
    language = get_language() or ""
    messages.error(request, f"{error.reason.get(language)} {error.remedy.get(language)}".strip())


@door.action
def hide(request: HttpRequest, number: str) -> HttpResponseBase:
    """Take its words off the pages, or put them back."""
    row, reason = _row(request, number), request.POST.get("reason", "")[:2000]
    do = actions.hide if row.hidden_at is None else actions.show
    return door.answered(
        request, "web:desk-request", lambda: do(number=row.number, reason=reason, by=door.who(request)),
        args=(row.number,), done=_("已處理；理由已公開。"),
    )  # fmt: skip


@door.page
def grounds(request: HttpRequest) -> HttpResponseBase:
    """The articles by which an answer may be refused; the office changes them."""
    _homes(door.who(request))
    context = {"nav": "desk", "grounds": queries.grounds().values(), "may": may(door.who(request), "dispatch")}
    return render(request, "web/desk/grounds.html", context)


@door.action
def put_ground(request: HttpRequest) -> HttpResponseBase:
    """Add an article, or change one."""
    said = {n: request.POST.get(n, "")[:400] for n in ("code", "article_zh", "article_en", "says_zh", "says_en")}
    ground = replying.Ground(
        said["code"].strip(), Text(said["article_zh"], said["article_en"]), Text(said["says_zh"], said["says_en"])
    )
    return door.answered(
        request,
        "web:desk-grounds",
        lambda: actions.put_ground(ground=ground, by=door.who(request)),
        done=_("已更新依據。"),
    )


@door.action
def retire_ground(request: HttpRequest) -> HttpResponseBase:
    """Take an article out of use."""
    code = request.POST.get("code", "")[:60]
    return door.answered(
        request, "web:desk-grounds", lambda: actions.retire_ground(code=code, by=door.who(request)), done=_("已停用。")
    )
