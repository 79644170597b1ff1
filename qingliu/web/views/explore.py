"""Explore pages: the chart with its form, the same bare for embedding, as a picture, and its numbers as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound, QingliuError
from qingliu.lake.grouping import is_promised
from qingliu.lake.published import Entry
from qingliu.web import lakeside, preview
from qingliu.web.explore import asks, choose, fits, make, words
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.calls import PAGE_ROWS
from qingliu.web.explore.shown import Shown
from qingliu.web.views.telling import public

# The one place of the portal that others may frame; it asks nothing, sends nothing and runs no script.
EMBEDDED = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
PICTURE = "default-src 'none'; frame-ancestors *"
LINES_OFFERED = 4


def _served(view: Callable[[HttpRequest, Entry], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A public view of one published dataset; other spellings of its code lead to the one address."""

    @public
    @wraps(view)
    def inner(request: HttpRequest, code: str) -> HttpResponseBase:
        entry = lakeside.engine().published.get(code)
        if code != entry.code:
            assert request.resolver_match is not None
            query = request.META.get("QUERY_STRING", "")
            here = reverse(f"web:{request.resolver_match.url_name}", args=[entry.code])
            return HttpResponsePermanentRedirect(here + (f"?{query}" if query else ""))
        if entry.status != "published" or entry.kind == "listed":
            raise NotFound(
                Text("這個資料集沒有可探索的資料。", "This dataset has no data to explore here."),
                Text("請看它的頁面，上面寫了原因。", "Its page says why."),
            )
        return view(request, entry)

    return inner


def _asked(request: HttpRequest, entry: Entry) -> Ask:
    return asks.parse(request.GET, entry.record)


def _show(request: HttpRequest, entry: Entry) -> Shown:
    return make.show(lakeside.engine(), entry, _asked(request, entry))


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of chart and the address that shows it."""

    kind: str
    name: str
    address: str


@_served
def page(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    """The chart that the address asks for, or a good one; an error stands in its place, the form stays."""
    record = entry.record
    ask, error, shown = Ask(), None, None
    try:
        ask = _asked(request, entry)
        shown = make.show(lakeside.engine(), entry, ask)
    except QingliuError as found:
        error = found
    context: dict[str, Any] = {
        "nav": "catalogue",
        "entry": entry,
        "record": record,
        "shown": shown,
        "error": error,
        "ask": shown.ask if shown else ask,
        "tabs": [Tab(k, words.kind_name(k), asks.address(_as(ask, k))) for k in choose.kinds(record)],
        "form": _form(entry, shown.ask if shown else ask, shown),
    }
    if shown:
        context |= _addresses(request, entry, shown)
    return render(request, "web/explore.html", context, status=error.status if error else 200)


def _as(ask: Ask, kind: str) -> Ask:
    """The same question as another kind of chart; what only the first kind needs is left out."""
    return replace(ask, **fits.carried(ask, kind))  # type: ignore[arg-type]


def _addresses(request: HttpRequest, entry: Entry, shown: Shown) -> dict[str, Any]:
    base = settings.QINGLIU.base_url or f"{request.scheme}://{request.get_host()}"
    query = asks.address(shown.ask)

    def to(name: str) -> str:
        return reverse(f"web:{name}", args=[entry.code]) + query

    embed = base + to("explore-embed")
    told = f'src="{_attribute(embed)}" title="{_attribute(shown.title)}"'
    frame = f'<iframe {told} width="100%" height="560" loading="lazy"></iframe>'
    return {
        "share": base + to("explore"),
        "embed": frame,
        "embed_address": embed,
        "picture": to("explore-svg"),
        "csv": to("explore-csv"),
        "json": to("explore-json"),
        "own": to("explore"),
        "previous": asks.address(replace(shown.ask, page=shown.ask.page - 1)) if shown.ask.page > 1 else "",
        "following": asks.address(replace(shown.ask, page=shown.ask.page + 1)) if _more(shown) else "",
        "api_address": base + shown.call.address(entry.code),
        "api_csv": shown.call.address(entry.code, f="csv", bom="true"),
        "svg_wide": _safe(shown.svg("w")),
        "svg_narrow": _safe(shown.svg("n", narrow=True)),
    }


def _more(shown: Shown) -> bool:
    """Whether a page of rows is full, so that another may follow."""
    return shown.ask.chart == "table" and len(shown.table.rows) == PAGE_ROWS


def _safe(svg: str) -> SafeString:
    """Our own SVG, in which every text is escaped (web.charts.marks)."""
    return mark_safe(svg)  # noqa: S308


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _form(entry: Entry, ask: Ask, shown: Shown | None) -> dict[str, Any]:
    record = entry.record
    blank = preview.Condition("", "eq")
    only = [*ask.only, *([""] * max(1, LINES_OFFERED - len(ask.only)))][: asks.MOST_LINES]
    said = words.names(entry, lakeside.engine().published)
    facts = shown.facts if shown else None
    share = bool(ask.bucket) and is_promised(record) and ask.chart not in {"rose", "table"}
    return {
        "measured": choose.measured(record),
        "splits": choose.splits(record),
        "stats": [(s, words.stat_name(s)) for s in asks.STATS],
        "buckets": [(b, words.bucket_name(b)) for b in asks.BUCKETS],
        "only": only,
        "values": [(v, said.cell(ask.split, v), n) for v, n in facts.values] if facts else (),
        "items": [(v, said.item(v), n) for v, n in facts.items] if facts else (),
        "conditions": [*ask.conditions, *([blank] * max(1, 2 - len(ask.conditions)))][: preview.MAX_CONDITIONS],
        "ops": preview.OPS,
        "moment": "datetime-local" if "T" in ask.start + ask.end else "date",
        "below": [("half", _("極限之半")), ("zero", _("零")), ("limit", _("極限")), ("drop", _("不計"))],
        "shares": ("0", "0.5", "0.75", "0.9", "1") if share else (),
    }


@xframe_options_exempt
@_served
def embed(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    """The chart alone, for pages of others: title, notes, source; no form, no script."""
    shown = _show(request, entry)
    context = {"entry": entry, "record": entry.record, "shown": shown, **_addresses(request, entry, shown)}
    response = render(request, "web/explore_embed.html", context)
    response.headers["Content-Security-Policy"] = EMBEDDED
    return response


@_served
def svg(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    """The chart as a picture that says by itself what it is and where it is from."""
    shown = _show(request, entry)
    if shown.wide is None:
        raise BadRequest(
            Text("這一種沒有圖。", "This kind has no picture."),
            Text("請改用 CSV。", "Take its CSV."),
            parameter="chart",
        )
    body = '<?xml version="1.0" encoding="UTF-8"?>\n' + shown.alone(_source(request, entry, shown))
    response = HttpResponse(body, content_type="image/svg+xml; charset=utf-8")
    response.headers["Content-Security-Policy"] = PICTURE
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Disposition"] = f'inline; filename="{_file(entry, shown)}.svg"'
    return response


def _source(request: HttpRequest, entry: Entry, shown: Shown) -> tuple[str, ...]:
    record, lang = entry.record, words.lang()
    base = settings.QINGLIU.base_url or f"{request.scheme}://{request.get_host()}"
    told = _("資料：%(title)s（%(code)s，版本 %(version)s），%(agency)s") % {
        "title": record.title.get(lang), "code": entry.code, "version": shown.version,
        "agency": record.agency_name.get(lang),
    }  # fmt: skip
    found = [told, base + reverse("web:explore", args=[entry.code])]
    if record.simulated:
        found.insert(0, _("模擬資料，不是量測結果，請勿引用。"))
    return tuple(found)


def _file(entry: Entry, shown: Shown) -> str:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in entry.code)
    return f"{safe}-v{shown.version}-{shown.ask.chart}"


@_served
def table(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    """Exactly the numbers that the chart shows."""
    shown = _show(request, entry)
    response = HttpResponse(shown.table.csv(), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file(entry, shown)}.csv"'
    return response


@_served
def points(request: HttpRequest, entry: Entry) -> HttpResponseBase:
    """A line chart's points, for the page's own cross-hair: labels, and of each line its times and values."""
    shown = _show(request, entry)
    return HttpResponse(json.dumps(shown.extra.get("points", {}), ensure_ascii=False), content_type="application/json")
