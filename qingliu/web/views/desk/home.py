"""My datasets: what waits for me, what is wrong, and every dataset of my agency with its mark and what holds it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from qingliu.accounts.rules import may
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import now
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Draft
from qingliu.pipeline.rules import State
from qingliu.web import desk_rows, lakeside
from qingliu.web.page import Pages, page_number
from qingliu.web.views.desk import door

ROWS_SHOWN = 30


@door.page
def home(request: HttpRequest) -> HttpResponseBase:
    """The desk's first page."""
    mine = door.at_desk(request)
    agencies = door.agencies(mine)
    entries = {e.code.upper(): e for e in lakeside.engine().published.all()}
    found = catalogue.datasets()
    held = queries.runs(state=State.HELD)
    if agencies is not None:
        found = found.filter(agency__code__in=agencies)
        held = held.filter(dataset__agency__code__in=agencies)
    rows = desk_rows.rows(list(found), entries, now())
    pages = Pages(page_number(request.GET), ROWS_SHOWN, len(rows), {})
    drafts = queries.drafts(agencies=agencies)
    waiting = list(drafts.filter(state=Draft.State.WAITING))
    context = {
        "nav": "desk", "here": "home", "rows": rows[pages.offset : pages.offset + ROWS_SHOWN], "pages": pages, "held": held[:20],
        "drafts": drafts.filter(state__in=(Draft.State.OPEN, Draft.State.APPROVED))[:20],
        "waiting": [(d, actions.may_be_decided_by(d, mine)) for d in waiting[:20]],
        "alarms": queries.alarms(agencies=agencies)[:20], "alarm_count": queries.alarms(agencies=agencies).count(),
        "may_prepare": bool(_homes(request)), "done": drafts.filter(state=Draft.State.DONE)[:5],
    }  # fmt: skip
    return render(request, "web/desk/home.html", context)


def _homes(request: HttpRequest) -> bool:
    mine = door.who(request)
    return may(mine, "prepare") or any(may(mine, "prepare", agency=g.agency) for g in mine.roles if g.agency)
