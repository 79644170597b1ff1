"""Contests behind the log-in: a steward raises one at home, the office decides it. Reasons are public, people are not."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.accounts.rules import may
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound, QingliuError
from qingliu.lake.published import Entry
from qingliu.quality import actions, queries
from qingliu.quality.models import Contest
from qingliu.web import judged, lakeside
from qingliu.web.views.desk import door
from qingliu.web.views.findings import found_in


def _about(entry: Entry, target: str) -> dict[str, Any]:
    """What a target names: an indicator of the note, or a finding."""
    kind, _sep, name = target.partition(":")
    note = entry.notes.get("quality") or {}
    indicator = next((i for i in note.get("indicators", ()) if kind == "indicator" and i["id"] == name), None)
    found: judged.Found | None = None
    if kind == "finding":
        try:
            found = found_in(entry, name)
        except NotFound:
            found = None
    return {"nav": "quality", "entry": entry, "target": target, "indicator": indicator, "found": found}


@door.page
def contest(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form with which a dataset's agency contests an indicator or a finding."""
    entry = lakeside.engine().published.get(code)
    target = request.GET.get("target", "")[:80]
    context = _about(entry, target) | {
        "may": may(door.who(request), "contest", agency=entry.record.agency) and target,
        "action": reverse("web:contest-raise", args=[entry.code]),
        "why_not": _("只有這個資料集的機關可以提出異議。"),
    }
    return render(request, "web/quality/contest.html", context)


@door.action
def raise_contest(request: HttpRequest, code: str) -> HttpResponseBase:
    """Contest it; a told error is said at the form."""
    entry = lakeside.engine().published.get(code)
    target, reason = request.POST.get("target", "")[:80], request.POST.get("reason", "")[:4000]
    try:
        made = actions.contest(code=entry.code, target=target, reason=reason, by=door.who(request))
    except QingliuError as error:
        language = get_language() or ""
        messages.error(request, f"{error.reason.get(language)} {error.remedy.get(language)}".strip())
        back = reverse("web:contest", args=[entry.code]) + "?" + urlencode({"target": target})
        return HttpResponseRedirect(back)
    messages.success(request, _("異議已提出，由資料開放推動單位決定。"))
    return HttpResponseRedirect(reverse("web:contest-decide", args=[made.pk]))


@door.page
def deciding(request: HttpRequest, number: int) -> HttpResponseBase:
    """The form with which the office decides a contest."""
    row = queries.contest(number)
    entry = lakeside.engine().published.get(row.code)
    who = door.who(request)
    allowed = may(who, "decide") and row.state == Contest.State.OPEN and who.name != row.raised_by
    reason = (
        _("這件異議已有決定。") if row.state != Contest.State.OPEN
        else _("提出異議的人不能自己決定。") if may(who, "decide")
        else _("只有資料開放推動單位可以決定。")
    )  # fmt: skip
    context = _about(entry, row.target) | {
        "row": row,
        "may": allowed,
        "action": reverse("web:contest-settle", args=[row.pk]),
        "why_not": reason,
    }
    return render(request, "web/quality/contest.html", context)


@door.action
def settle(request: HttpRequest, number: int) -> HttpResponseBase:
    """Decide it; the dataset's public words follow at once, its mark with the next judgement."""
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")[:4000]
    if verdict not in ("uphold", "reject"):
        raise BadRequest(
            Text("沒有選擇決定。", "No decision was chosen."), Text("請按其中一個按鈕。", "Press one of the buttons.")
        )
    return door.answered(
        request,
        "web:contest-decide",
        lambda: actions.decide(number=number, uphold=verdict == "uphold", reason=reason, by=door.who(request)),
        args=(number,),
        done=_("已決定；理由已公開。"),
    )
