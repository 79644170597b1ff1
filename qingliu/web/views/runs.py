"""The run history, for those who may see what happened inside: their own agency's runs, or all for the office."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from qingliu.accounts.queries import actor
from qingliu.accounts.rules import Actor, may, require
from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.core.records import Verdict
from qingliu.lake import quarantine as spots
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import STATES, Run
from qingliu.pipeline.rules import PRIVACY, Seen, State
from qingliu.web.page import Pages, page_number
from qingliu.web.views.telling import View, told

RUNS_SHOWN = 30
SPOTS_SHOWN = 50


def inside(view: View) -> View:
    """A page behind the log-in; never kept by a cache."""

    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            response: HttpResponseBase = redirect_to_login(request.get_full_path(), reverse("web:login"))
        else:
            response = told(view)(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    safe: View = require_safe(inner)
    return safe


def _agencies(who: Actor) -> list[str] | None:
    """The agencies whose runs ``who`` may see; None = all. Raises Forbidden where there is none."""
    if may(who, "private"):
        return None
    own = [g.agency for g in who.roles if may(who, "private", agency=g.agency)]
    if not own:
        require(who, "private")
    return own


@inside
def history(request: HttpRequest) -> HttpResponseBase:
    """Runs, newest first, by dataset and state where asked."""
    code, state = request.GET.get("code", "")[:60], request.GET.get("state", "")
    state = state if state in dict(STATES) else ""
    found = queries.runs(dataset=code, state=state)
    agencies = _agencies(actor(request.user))
    if agencies is not None:
        found = found.filter(dataset__agency__code__in=agencies)
    pages = Pages(page_number(request.GET), RUNS_SHOWN, found.count(), {"code": code, "state": state})
    rows = [(r, queries.balance(r)) for r in found[pages.offset : pages.offset + RUNS_SHOWN]]
    context = {"nav": "runs", "rows": rows, "pages": pages, "code": code, "state": state, "states": STATES}
    return render(request, "web/runs.html", context)


def _run(request: HttpRequest, run_id: uuid.UUID) -> Run:
    """The run, where the reader may see it; one of another agency is as absent as one that never was."""
    hidden = NotFound(
        Text("找不到這次執行，或它不屬於您的機關。", "There is no such run, or it is not of your agency."),
        Text("請從執行紀錄選取。", "Choose one in the run history."),
        parameter="run",
    )
    try:
        found = queries.run(str(run_id))
    except NotFound:
        raise hidden from None
    if not may(actor(request.user), "private", agency=found.dataset.agency.code):
        raise hidden
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """The headers of a delivery against those of the one before: gone, new, and those in both."""

    gone: tuple[str, ...]
    come: tuple[str, ...]
    both: tuple[str, ...]
    rows: tuple[int, int]


@inside
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """One run: its balance by rows and columns, what the judges said, and how it differs from the delivery before."""
    found = _run(request, run_id)
    verdicts: tuple[Verdict, ...] = queries.verdicts(found)
    context = {
        "nav": "runs",
        "run": found,
        "balance": queries.balance(found),
        "verdicts": verdicts,
        "findings": sum(len(v.findings) for v in verdicts),
        "error": Text(found.error_zh, found.error_en),
        "difference": _difference(found),
        "quarantine": _spots(found, limit=0),
        "may_release": actions.may_release(found, actor(request.user)),
        "privacy_waits": any(v.judge == PRIVACY and v.outcome == "hold" for v in verdicts),
    }
    return render(request, "web/run.html", context)


def _difference(found: Run) -> Difference | None:
    accepted = (State.PUBLISHED, State.RECORDED, State.UNCHANGED)
    earlier = queries.runs(dataset=found.dataset.code).filter(
        state__in=accepted, seen__isnull=False, started_at__lt=found.started_at
    )
    last = earlier.first()
    if last is None or found.seen is None:
        return None
    before, now = codec.from_plain(Seen, last.seen), codec.from_plain(Seen, found.seen)
    old, new = before.columns, now.columns
    gone, come = tuple(c for c in old if c not in new), tuple(c for c in new if c not in old)
    return Difference(gone, come, tuple(c for c in new if c in old), (before.rows, now.rows))


def _spots(found: Run, *, column: str | None = None, offset: int = 0, limit: int = SPOTS_SHOWN) -> spots.Spots:
    path = queries.quarantine_file(found)
    conflicts = queries.paths().quarantine / f"{found.pk}.conflicts.parquet"
    files = [f for f in (path, conflicts) if f and f.is_file()]
    return spots.read(files, column=column, offset=offset, limit=limit)


@inside
def quarantine(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """What did not fit in a run, a page of it: file, line, column, raw text, reason and remedy."""
    found = _run(request, run_id)
    column = request.GET.get("column")
    page = page_number(request.GET)
    shown = _spots(found, column=column, offset=(page - 1) * SPOTS_SHOWN)
    pages = Pages(page, SPOTS_SHOWN, shown.total, {} if column is None else {"column": column})
    context = {"nav": "runs", "run": found, "shown": shown, "pages": pages, "column": column}
    return render(request, "web/quarantine.html", context)
