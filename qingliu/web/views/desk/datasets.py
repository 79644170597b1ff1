"""One dataset at the desk: its schedule, runs, alarms and versions; a new draft, a withdrawal, an earlier version again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from qingliu.accounts.rules import may
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound
from qingliu.pipeline import actions, queries
from qingliu.web import desk_rows, lakeside
from qingliu.web.views.desk import door

PAGE = "web:desk-dataset"
RUNS_SHOWN, VERSIONS_SHOWN = 12, 12


def _dataset(request: HttpRequest, code: str) -> Dataset:
    """The dataset, where this person may see its desk; another agency's is as absent as one that never was."""
    absent = NotFound(
        Text("找不到這個資料集，或它不屬於您的機關。", "There is no such dataset, or it is not of your agency."),
        Text("請從「我的資料集」選取。", "Choose one on the desk."), parameter="code",
    )  # fmt: skip
    try:
        row = catalogue.dataset(code[:64])
    except NotFound:
        raise absent from None
    mine = door.who(request)
    if not (may(mine, "prepare", agency=row.agency.code) or may(mine, "approve", agency=row.agency.code)):
        raise absent
    return row


@door.page
def dataset(request: HttpRequest, code: str) -> HttpResponseBase:
    """The dataset's desk."""
    row = _dataset(request, code)
    mine, agency = door.who(request), row.agency.code
    entries = {e.code.upper(): e for e in lakeside.engine().published.all()}
    (shown,) = desk_rows.rows([row], entries, now())
    context: dict[str, Any] = {
        "nav": "desk", "row": shown, "dataset": row, "record": shown.record, "definition": catalogue.definition(row),
        "runs": [(r, queries.balance(r)) for r in queries.runs(dataset=row.code)[:RUNS_SHOWN]],
        "versions": catalogue.versions(row.code)[:VERSIONS_SHOWN], "table": row.kind == Dataset.Kind.TABLE,
        "drafts": queries.drafts().filter(code=row.code)[:8], "may_prepare": may(mine, "prepare", agency=agency),
        "may_withdraw": may(mine, "withdraw", agency=agency), "withdrawn": row.status == Dataset.Status.WITHDRAWN,
    }  # fmt: skip
    return render(request, "web/desk/dataset.html", context)


@door.action
def edit(request: HttpRequest, code: str) -> HttpResponseBase:
    """Begin a draft of the definition alone."""
    row = _dataset(request, code)
    made = actions.begin(agency=row.agency.code, uploads=(), code=row.code, by=door.who(request))
    return HttpResponseRedirect(reverse("web:desk-draft", args=[made.id]))


@door.action
def withdraw(request: HttpRequest, code: str) -> HttpResponseBase:
    """Take the dataset down, or serve it again, with a reason."""
    row = _dataset(request, code)
    mine, reason = door.who(request), request.POST.get("reason", "")
    again = row.status == Dataset.Status.WITHDRAWN
    do = catalog.restore if again else catalog.withdraw
    done = _("已恢復提供。") if again else _("已下架。")
    return door.answered(request, PAGE, lambda: do(code=row.code, reason=reason, by=mine), args=(row.code,), done=done)


@door.action
def reinstate(request: HttpRequest, code: str) -> HttpResponseBase:
    """Publish an earlier version's rows again, as a new version."""
    row = _dataset(request, code)
    text = request.POST.get("version", "")

    def do() -> None:
        if not (text.isascii() and text.isdigit() and len(text) < 8):
            raise BadRequest(
                Text("沒有選擇版本。", "No version was chosen."),
                Text("請選擇要恢復的版本。", "Choose the version to reinstate."), parameter="version",
            )  # fmt: skip
        actions.reinstate(code=row.code, number=int(text), reason=request.POST.get("reason", ""), by=door.who(request))

    return door.answered(request, PAGE, do, args=(row.code,), done=_("已以新版本恢復先前的內容。"), at="versions")


@door.action
def run_now(request: HttpRequest, code: str) -> HttpResponseBase:
    """Look at the dataset's source now: put it at the head of the worker's schedule."""
    row = _dataset(request, code)
    do = lambda: actions.look_soon(code=row.code, by=door.who(request))  # noqa: E731
    return door.answered(request, PAGE, do, args=(row.code,), done=_("已排入檢查，結果會出現在執行紀錄。"))
