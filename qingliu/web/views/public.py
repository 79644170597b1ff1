"""The pages for everyone: home, catalogue, dataset, about. They read the published catalogue and the lake, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, override

from qingliu.api.dcat import documents
from qingliu.core.dataset import Contact
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.lake.binary import ods, xlsx
from qingliu.lake.binary.parts import MOST_ROWS
from qingliu.lake.published import Entry
from qingliu.standards.vocabularies import flags, licences
from qingliu.web import asked, decided, judged, lakeside, links, preview, samples, wording
from qingliu.web.absences import absences
from qingliu.web.shelf import choose
from qingliu.web.table import Table, table
from qingliu.web.views.telling import public

VERSIONS_SHOWN = 20
FILES_SHOWN = 40


@public
def home(request: HttpRequest) -> HttpResponseBase:
    """Search first; then what changed, the categories and the portal in figures."""
    described = documents.portal_in_a_page(lakeside.engine().published, settings.QINGLIU.base_url, _language())
    return render(request, "web/home.html", {"base_url": base_url(request), "structured": mark_safe(described)})  # noqa: S308


@public
def catalogue(request: HttpRequest) -> HttpResponseBase:
    """The datasets that fit the words and facets in the address, a page of them."""
    shelf = choose(request.GET, lakeside.engine().published)
    return render(request, "web/catalogue.html", {"nav": "catalogue", "shelf": shelf})


@public
def about(request: HttpRequest) -> HttpResponseBase:
    """What this portal promises, and its words in both languages."""
    english = (get_language() or "").startswith("en")
    with override("zh-hant" if english else "en"):
        other_words = {n: str(w) for n, w in wording.glossary().items()}
    bounds = ["0–50", "51–100", "101–150", "151–200", "201–300", "301–500"]
    bands = [(*wording.aqi_band(int(b.split("–")[1])), b) for b in bounds]
    context = {"nav": "about", "flags": flags().values(), "words": other_words, "bands": bands}
    return render(request, "web/about.html", context | {"other": "zh-Hant" if english else "en"})


def base_url(request: HttpRequest) -> str:
    """The portal's own address: as configured, else as the (allowed) Host says."""
    return settings.QINGLIU.base_url or f"{request.scheme}://{request.get_host()}"


@dataclass(frozen=True, slots=True)
class Shown:
    """The preview as asked: its table, or the told error that stands in its place."""

    ask: preview.Ask
    table: Table | None = None
    error: QingliuError | None = None


@public
def dataset(request: HttpRequest, code: str) -> HttpResponseBase:
    """Everything about one dataset; other spellings of its code lead to the one address."""
    engine = lakeside.engine()
    entry = engine.published.get(code)
    if code != entry.code or request.path.endswith("/"):
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(reverse("web:dataset", args=[entry.code]) + (f"?{query}" if query else ""))
    shown = _shown(request, entry) if entry.status == "published" else None
    pairs = preview.api_pairs(shown.ask, entry.record) if shown else ()
    bases = [_found(c) for c in entry.record.view.of] if entry.record.view else []
    context = {
        "nav": "catalogue",
        "entry": entry,
        "record": entry.record,
        "bases": bases,
        "views": _views_of(entry),
        "licence": licences().get(entry.record.licence),
        "contacts": _contacts(entry),
        "source_url": _official_page(entry),
        "source_formats": entry.extra.get("formats", ""),
        "absences": absences(entry, shown.error if shown else None),
        "documents": documents.documents_of(entry),
        "structured": _structured(entry),
        "judged": judged.judgement(entry, engine.published),
        "questions": asked.noted(entry.notes.get("requests"), timezone.localdate()),
        "questions_total": entry.notes.get("requests", {}).get("total", 0),
        "decided": decided.decided(engine, entry) if entry.kind != "listed" else None,
    }
    if shown:
        context |= _served(request, entry, shown, pairs)
    status = shown.error.status if shown and shown.error else 200
    return render(request, "web/dataset.html", context, status=status)


def _served(request: HttpRequest, entry: Entry, shown: Shown, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What the page says of a dataset whose rows can be asked for."""
    versions = lakeside.engine().published.versions(entry.code)
    files = entry.current.files if entry.current else ()
    return {
        "shown": shown,
        "form": _form(shown.ask),
        "ops": preview.OPS,
        "limits": preview.LIMITS,
        "downloads": _downloads(entry, pairs),
        "downloads_asked": bool(pairs),
        "downloads_all": _downloads(entry, ()),
        "parquet_size": wording.size(sum(f.bytes for f in files)) if files else "",
        "versions": versions,
        "versions_shown": versions[:VERSIONS_SHOWN],
        "files_shown": files[:FILES_SHOWN],
        "samples": samples.samples(entry.code, base_url(request), pairs),
        "api_address": base_url(request) + links.api_rows(entry.code, pairs),
        "api": {n: links.api_dataset(entry.code, n) for n in ("versions", "changes", "bulk")}
        | {"dataset": links.api_dataset(entry.code)},
    }


def _structured(entry: Entry) -> SafeString:
    """The dataset for search engines, its addresses as configured: never from the Host. No sign in it that HTML knows."""
    published = lakeside.engine().published
    return mark_safe(documents.in_a_page(entry, published, settings.QINGLIU.base_url, _language()))  # noqa: S308


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _views_of(entry: Entry) -> list[Entry]:
    every = lakeside.engine().published.all()
    return [e for e in every if entry.code in e.of and e.status == "published"]


def _contacts(entry: Entry) -> list[Contact]:
    """Who answers for the dataset today."""
    today = timezone.localdate()
    return [
        c
        for c in entry.record.contacts
        if (c.valid_from is None or c.valid_from <= today) and (c.valid_to is None or today <= c.valid_to)
    ]


def _official_page(entry: Entry) -> str:
    """Where the official catalogue shows a listed entry; "" where it has no number there."""
    number = str(entry.extra.get("datagovtw_id", ""))
    return (
        f"https://data.gov.tw/dataset/{number}"
        if entry.kind == "listed" and number.isascii() and number.isdigit()
        else ""
    )


def _found(code: str) -> Entry | str:
    try:
        return lakeside.engine().published.get(code)
    except QingliuError:
        return code


def _shown(request: HttpRequest, entry: Entry) -> Shown:
    try:
        ask = preview.parse(request.GET, entry.record)
    except BadRequest as error:
        return Shown(preview.Ask(), error=error)
    try:
        return Shown(ask, table(lakeside.engine(), ask, entry.record))
    except QingliuError as error:
        return Shown(ask, error=error)


def _form(ask: preview.Ask) -> list[preview.Condition]:
    blank = preview.Condition("", "eq")
    return [*ask.conditions, *([blank] * max(1, 2 - len(ask.conditions)))][: preview.MAX_CONDITIONS]


@dataclass(frozen=True, slots=True)
class Download:
    """One file format: its name and address."""

    format: str
    address: str


_ALL = dict.fromkeys(("json", "geojson"), (("limit", "1000000000"),))  # these answer a page where no limit is named
_ALL["csv"] = (("bom", "true"),)  # people open it in a spreadsheet


def _sheets(entry: Entry) -> list[str]:
    """The workbooks that hold every row; a view may be asked, and says where it does not fit."""
    rows, columns = entry.current.rows if entry.current else 0, len(entry.record.fields)
    limits = {"xlsx": xlsx.MOST_CELLS, "ods": ods.MOST_CELLS}
    return [form for form, cells in limits.items() if rows <= MOST_ROWS and rows * columns <= cells]


def _downloads(entry: Entry, pairs: tuple[tuple[str, str], ...]) -> tuple[Download, ...]:
    placed = entry.record.place is not None
    formats = ["csv", *_sheets(entry), "json", *(["geojson"] if placed else []), "parquet"]
    formats += ["geoparquet"] if placed else []
    formats.append("ndjson")
    native = [Download(f, links.api_rows(entry.code, (*pairs, ("f", f), *_ALL.get(f, ())))) for f in formats]
    if pairs:  # the MOENV dialect asks in its own words; filtered XML is left to those who know it
        return tuple(native)
    return (*native, Download("xml", links.api_moenv(entry.code, (("format", "xml"), *_ALL["json"]))))
