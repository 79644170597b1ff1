"""Requests from the public, for everyone: the list with its figures, its file, one request, and the form to write one."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_safe

from qingliu.accounts import queries as accounts
from qingliu.api.limits.callers import address, networks
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound, QingliuError
from qingliu.lake.published import Entry
from qingliu.participation import actions, queries
from qingliu.participation.actions.submit import Origin
from qingliu.participation.models import Request
from qingliu.participation.rules import words
from qingliu.web import asked, lakeside
from qingliu.web.page import Pages, page_number
from qingliu.web.views.telling import View, told

PAGE = 20
STAMP = "qingliu.requests.form"
WRITTEN = ("title", "text", "author", "email", "field", "keyword")


def _open(view: View) -> View:
    """A page for everyone that reads requests; asks no cookie."""

    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = told(view)(request, *args, **kwargs)
        patch_cache_control(response, public=True, no_cache=True)
        return response

    safe: View = require_safe(inner)
    return safe


def wish(request: HttpRequest) -> queries.Wish:
    """What an address asks of the list. Raises BadRequest for a choice that there is not."""
    given = {n: request.GET.get(n, "").strip()[:64] for n in ("kind", "state", "agency", "dataset", "clock")}
    known = {"kind": words.KINDS, "state": tuple(Request.State.values), "clock": queries.CLOCKS}
    for name, choices in known.items():
        if given[name] and given[name] not in choices:
            raise BadRequest(
                Text(f"沒有「{given[name]}」這個選項。", f"There is no choice '{given[name]}'."),
                Text(f"可用的選項：{'、'.join(choices)}。", f"The choices are: {', '.join(choices)}."),
                parameter=name,
            )
    return queries.Wish(**given)


@_open
def index(request: HttpRequest) -> HttpResponseBase:
    """The list, a page of it, with the figures of all that fit."""
    want = wish(request)
    found = queries.requests(want)
    kept = {n: getattr(want, n) for n in ("kind", "state", "agency", "dataset", "clock")}
    pages = Pages(page_number(request.GET), PAGE, found.count(), kept)
    context = {
        "nav": "requests", "here": "list", "want": want, "pages": pages, "kept": pages.address(1),
        "rows": asked.rows(found[pages.offset : pages.offset + PAGE]), "figures": queries.figures(found.defer("text")),
        "days": queries.reply_days(), "kinds": words.KINDS, "states": Request.State.values, "clocks": queries.CLOCKS,
        "agencies": _agencies(), "simulated": found.filter(simulated=True).exists(),
    }  # fmt: skip
    return render(request, "web/requests/index.html", context)


def _agencies() -> list[tuple[str, Text]]:
    used = set(queries.requests().exclude(agency=None).order_by().values_list("agency__code", flat=True).distinct())
    return [(a.code, Text(a.name_zh, a.name_en)) for a in accounts.agencies() if a.code in used]


@_open
def figures(request: HttpRequest) -> HttpResponseBase:
    """How requests were answered, all together, by agency and by kind; each number leads to the list that it counts."""
    groups: list[tuple[str, str, Text | None]] = [("", "", None)]
    groups += [("kind", k, None) for k in words.KINDS]
    groups += [("agency", code, name) for code, name in _agencies()]
    groups += [("agency", "-", None)]
    lines = []
    for by, value, name in groups:
        found = queries.requests(queries.Wish(**({by: value} if by else {})))
        lines.append((by, value, name, queries.figures(found.defer("text"))))
    context = {"nav": "requests", "here": "figures", "lines": lines, "days": queries.reply_days()}
    return render(request, "web/requests/figures.html", context)


@_open
def table(request: HttpRequest) -> HttpResponseBase:
    """The list as a file for spreadsheets: only what is public."""
    body = asked.table(queries.requests(wish(request)).prefetch_related("answers"))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="qingliu-requests.csv"'
    return response


@_open
def one(request: HttpRequest, number: str) -> HttpResponseBase:
    """One request with its answers and transfers."""
    row = queries.request(number)
    return render(request, "web/requests/one.html", {"nav": "requests", "here": "", **about(row)})


def about(row: Request) -> dict[str, Any]:
    """What pages say of one request."""
    return {
        "row": row,
        "hand": asked.rows([row])[0].hand,
        "answers": list(row.answers.all()),
        "transfers": list(row.transfers.all()),
        "entry": entry_of(row.dataset),
        "agency": Text(row.agency.name_zh, row.agency.name_en) if row.agency else None,
        "days": queries.reply_days(),
    }


def entry_of(code: str) -> Entry | None:
    """The published entry of a code; None where there is none now."""
    try:
        return lakeside.engine().published.get(code) if code else None
    except NotFound:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """The form, and what was sent with it; an error keeps every word."""
    response = told(_send if request.method == "POST" else _blank)(request)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _blank(request: HttpRequest) -> HttpResponseBase:
    code = request.GET.get("dataset", "").strip()[:60]
    kind = request.GET.get("kind", "")
    if kind not in words.KINDS or (not code and kind != "data"):
        kind = "question" if code else "data"
    keyword = request.GET.get("q", "").strip()[: words.MOST["keyword"]]
    entry = lakeside.engine().published.get(code) if code else None
    return _form(request, {"kind": kind, "dataset": entry.code if entry else "", "keyword": keyword}, _stamp(), None)


def _send(request: HttpRequest) -> HttpResponseBase:
    given = {n: request.POST.get(n, "")[:4000] for n in (*WRITTEN, "kind", "dataset")}
    form, age_s = _read(request.POST.get("stamp", ""))
    try:
        words.require_human(request.POST.get("website", ""), age_s)
        origin = Origin(address(request.META, networks(settings.QINGLIU.trusted_proxies)), form)
        row = actions.submit(asked=words.Asked(**given), origin=origin)
    except QingliuError as error:
        fresh = request.POST.get("stamp", "") if age_s is not None and age_s <= words.MAX_S else _stamp()
        return _form(request, given, fresh, error)
    return HttpResponseRedirect(reverse("web:request", args=[row.number]) + "?sent=1")


def _stamp() -> str:
    """A form's own id and the moment at which it was shown, signed."""
    return signing.dumps({"form": secrets.token_urlsafe(18), "at": now().timestamp()}, salt=STAMP)


def _read(stamp: str) -> tuple[str, float | None]:
    """(the form's id, its age in seconds); ("", None) where the stamp is not ours."""
    try:
        told = signing.loads(stamp[:400], salt=STAMP)
    except signing.BadSignature:
        return "", None
    return told["form"], max(0.0, now().timestamp() - told["at"])


def _form(request: HttpRequest, given: dict[str, str], stamp: str, error: QingliuError | None) -> HttpResponse:
    entry = entry_of(given.get("dataset", ""))
    context = {
        "nav": "requests", "here": "" if entry else "new", "given": given, "stamp": stamp, "error": error, "entry": entry,
        "kinds": words.KINDS, "most": words.MOST, "days": queries.reply_days(),
    }  # fmt: skip
    return render(request, "web/requests/new.html", context, status=error.status if error else 200)
