"""The portal's quality for everyone: marks and points of all datasets, official figures beside ours, history, contests."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.quality import queries
from qingliu.quality.models import Judgement
from qingliu.quality.rules import official
from qingliu.web import judged, lakeside, ledger
from qingliu.web.page import Pages, page_number
from qingliu.web.views.telling import View, public, told

PAGE = 50
HISTORY = 100
SHOWN_MARKS = (*reversed(judged.LADDER), *ledger.BESIDE)


def _with_history(view: View) -> View:
    """A page for everyone that reads the history kept beside the published catalogue; asks no cookie."""

    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = told(view)(request, *args, **kwargs)
        patch_cache_control(response, public=True, no_cache=True)
        return response

    safe: View = require_safe(inner)
    return safe


@dataclass(frozen=True, slots=True)
class Trend:
    """An agency with how its datasets stood before: shares of gold or better, and mean MQA points, oldest first."""

    agency: ledger.Agency
    golds: list[float | None]
    points: list[float | None]


@_with_history
def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Marks, points, findings, agencies, and every dataset with what holds it from the next mark."""
    entries = lakeside.engine().published.all()
    every, listed = ledger.lines(entries), ledger.lines(entries, listed=True)
    mark = request.GET.get("mark", "") if request.GET.get("mark", "") in SHOWN_MARKS else ""
    agency = request.GET.get("agency", "")[:64]
    chosen = [x for x in every if (not mark or x.seal.id == mark) and (not agency or x.entry.record.agency == agency)]
    pages = Pages(page_number(request.GET), PAGE, len(chosen), {"mark": mark, "agency": agency})
    context = {
        "nav": "quality",
        "here": "dashboard",
        "total": len(every),
        "steps_of": ledger.ladder(every),
        "beside": ledger.beside(every),
        "listed": len(listed),
        "listed_beside": [b for b in ledger.beside(listed) if b[1]],
        "mqa": ledger.catalogue_mqa(every),
        "mqa_all": ledger.catalogue_mqa([*every, *listed]),
        "worst": ledger.worst(every),
        "trends": [_trend(a) for a in ledger.agencies(every)],
        "marks": SHOWN_MARKS,
        "mark": mark,
        "agency": agency,
        "rows": chosen[pages.offset : pages.offset + PAGE],
        "pages": pages,
        "edition": every[0].note["edition"] if every else None,
        "columns": [c for c in _columns(queries.figures()) if c.whose == "official"],
        "judged_at": max((x.note["confirmed_at"] for x in every), default=""),
    }
    return render(request, "web/quality/dashboard.html", context)


def _trend(agency: ledger.Agency) -> Trend:
    before = queries.agency_history(agency.code)
    golds: list[float | None] = []
    for standing in before:
        held = dict(standing.marks)
        golds.append(100 * (held.get("gold", 0) + held.get("platinum", 0)) / (sum(held.values()) or 1))
    return Trend(agency, golds, [s.mqa_mean for s in before])


@public
def table(request: HttpRequest) -> HttpResponseBase:
    """The ledger as a file for spreadsheets."""
    entries = lakeside.engine().published.all()
    listed = request.GET.get("listed", "") == "true"
    body = ledger.table([*ledger.lines(entries), *(ledger.lines(entries, listed=True) if listed else ())])
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="qingliu-quality.csv"'
    return response


COMPARED = ("datasets", "platinum", "gold", "silver", "bronze", "none", "not_measured", "white_listed")
MINISTRY = "環境部"


@dataclass(frozen=True, slots=True)
class Column:
    """One side of the comparison: whose, what it counts, from which edition; its numbers by measure, None where it has none."""

    whose: str
    subject: Text
    counts: Text
    edition: str
    date: str
    numbers: list[tuple[Text, float | None]]


def _columns(every: tuple[official.Figure, ...]) -> list[Column]:
    """The ministry's official figures and ours of the same measures, side by side."""
    sides: dict[tuple[str, str, str], list[official.Figure]] = {}
    for f in every:
        if f.whose == "ours" or f.subject.zh == MINISTRY:
            key = (f.whose, f.edition, "" if f.whose == "official" else f.counts.zh)
            sides.setdefault(key, []).append(f)
    made = []
    for members in sides.values():
        first, own = members[0], {f.measure: f.value for f in members}
        if any(m in own for m in COMPARED):
            numbers = [(official.TITLES[m], own.get(m)) for m in COMPARED]
            made.append(Column(first.whose, first.subject, first.counts, first.edition, first.date, numbers))
    return made


@_with_history
def figures(request: HttpRequest) -> HttpResponseBase:
    """Official figures and ours, each with whose it is and what it counts; the three catalogue counts set against each other."""
    every, reckoned = queries.figures(), queries.reconciliation()
    columns = _columns(every)
    context = {
        "nav": "quality",
        "here": "figures",
        "columns": columns,
        "compared": [(official.TITLES[m], [c.numbers[i][1] for c in columns]) for i, m in enumerate(COMPARED)],
        "official": [f for f in every if f.whose == "official"],
        "ours": [f for f in every if f.whose == "ours"],
        "lines": reckoned.lines if reckoned else [],
        "reckoned_at": reckoned.made_at if reckoned else None,
    }
    return render(request, "web/quality/figures.html", context)


@public
def contests(request: HttpRequest) -> HttpResponseBase:
    """Every contest with its reason and decision, open ones first."""
    groups = []
    for entry in lakeside.engine().published.all():
        about = judged.open_contests(entry)
        if about:
            groups.append((entry, about))
    groups.sort(key=lambda g: (all(c["state"] != "open" for c in g[1]), g[0].code))
    return render(request, "web/quality/contests.html", {"nav": "quality", "here": "contests", "groups": groups})


@_with_history
def history(request: HttpRequest, code: str) -> HttpResponseBase:
    """How a dataset's mark and points changed, newest first."""
    entry = lakeside.engine().published.get(code)
    rows = list(queries.history(entry.code).defer("result")[:HISTORY])
    points: list[float | None] = [r.mqa_points for r in reversed(rows)]
    steps: list[float | None] = [_step(r) for r in reversed(rows)]
    context = {"nav": "quality", "here": "", "entry": entry, "rows": rows, "points": points, "steps_of": steps}
    return render(request, "web/quality/history.html", context)


def _step(row: Judgement) -> float:
    return float(judged.LADDER.index(row.mark) + 1 if row.mark in judged.LADDER else 0)


@_with_history
def agency(request: HttpRequest, code: str) -> HttpResponseBase:
    """How the marks of an agency's datasets stood after each day on which one changed."""
    every = [x for x in ledger.lines(lakeside.engine().published.all()) if x.entry.record.agency == code]
    if not every:
        raise NotFound(
            Text("這個機關沒有檢測過的資料集。", "No dataset of this agency was judged."),
            Text("請由品質總覽選取機關。", "Choose an agency on the quality page."),
            parameter="agency",
        )
    mine = ledger.agencies(every)[0]
    before = list(reversed(queries.agency_history(code)))[:HISTORY]
    days = [(s, ledger.reached(dict(s.marks))) for s in before]
    context = {"nav": "quality", "here": "", "trend": _trend(mine), "days": days, "marks": SHOWN_MARKS}
    return render(request, "web/quality/agency.html", context)
