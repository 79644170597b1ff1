"""The same answers as readable pages: plain HTML of our own, nothing fetched from anywhere, no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from qingliu.api.http import VARY
from qingliu.api.ogc.describe import FULL, LEAD, ROOT, TITLE
from qingliu.core.dataset import Text

STYLE = (files("qingliu.api.ogc") / "ogc.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
MEDIA = "text/html; charset=utf-8"
VARIES = VARY
_WORDS = {
    "skip": Text("跳到內容", "Skip to the content"),
    "home": Text("OGC API", "OGC API"),
    "collections": Text("圖徵集合", "Collections"),
    "conformance": Text("符合的規格", "Conformance"),
    "other": Text("English", "中文"),
    "json": Text("JSON", "JSON"),
    "links": Text("連結", "Links"),
    "next": Text("下一頁", "Next page"),
    "of": Text("共 {n} 筆", "{n} in all"),
    "none": Text("沒有符合的圖徵。", "No feature fits."),
    "place": Text("位置", "Place"),
    "field": Text("欄位", "Field"),
    "type": Text("型別", "Type"),
    "title": Text("名稱", "Title"),
    "unit": Text("單位", "Unit"),
    "value": Text("值", "Value"),
    "items": Text("圖徵", "Features"),
    "queryables": Text("可查詢的欄位", "What may be asked by"),
}


def word(name: str, lang: str) -> str:
    """A word of these pages, fit for HTML."""
    return escape(_WORDS[name].get(lang))


def page(title: str, lead: str, body: str, *, lang: str, own: str, switch: str, base: str) -> bytes:
    """A whole page: ``own`` is its address in JSON, ``switch`` in the other language; ``body`` is HTML, the rest text."""
    other = "en" if lang == "zh" else "zh"
    root = escape(base + ROOT)
    bar = "".join(
        f"<li><a {more}href='{href}'>{text}</a></li>"
        for href, text, more in (
            (f"{root}?f=html", word("home", lang), ""),
            (f"{root}/collections?f=html", word("collections", lang), ""),
            (f"{root}/conformance?f=html", word("conformance", lang), ""),
            (escape(own), word("json", lang), ""),
            (escape(switch), word("other", lang), f'hreflang="{FULL[other]}" lang="{FULL[other]}" '),
        )
    )
    return (
        f'<!doctype html><html lang="{FULL[lang]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f'<style>{STYLE}</style></head><body><a class="skip" href="#main">{word("skip", lang)}</a>'
        f'<header><h1>{escape(title)}</h1><p>{escape(lead)}</p><nav aria-label="{word("links", lang)}"><ul>{bar}</ul></nav>'
        f'</header><main id="main">{body}</main></body></html>'
    ).encode()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; head and cells are HTML already."""
    first = "".join(f'<th scope="col">{h}</th>' for h in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{first}</tr></thead><tbody>{lines}</tbody></table></div>'


def anchor(href: str, text: str) -> str:
    """A link; both are text."""
    return f'<a href="{escape(href)}">{escape(text)}</a>'


def links(listed: Iterable[dict[str, str]], lang: str) -> str:
    """A page's links as a list."""
    shown = "".join(
        f"<li>{anchor(one['href'], one.get('title') or one['href'])} <code>{escape(one['rel'])}</code></li>"
        for one in listed
        if one["rel"] != "self"
    )
    return f"<h2>{word('links', lang)}</h2><ul>{shown}</ul>"


def landing(told: dict[str, Any], lang: str) -> str:
    """The body of /api/ogc."""
    return links(told["links"], lang)


def conformance(told: dict[str, Any], lang: str) -> str:
    """The body of /conformance."""
    return "<ul>" + "".join(f"<li><code>{escape(c)}</code></li>" for c in told["conformsTo"]) + "</ul>"


def collections(told: dict[str, Any], lang: str) -> str:
    """The body of /collections."""
    rows = []
    for one in told["collections"]:
        items = next(x["href"] for x in one["links"] if x["rel"] == "items" and x["type"] == "text/html")
        own = next(x["href"] for x in one["links"] if x["type"] == "text/html" and x["rel"] in {"self", "alternate"})
        rows.append(
            (anchor(own, one["title"]), f"<code>{escape(one['id'])}</code>", anchor(items, word("items", lang)))
        )
    return table((word("title", lang), "id", word("items", lang)), rows)


def collection(told: dict[str, Any], lang: str) -> str:
    """The body of one collection."""
    facts = [(escape(k), escape(str(v))) for k, v in told.items() if k not in {"links", "title", "description"}]
    return table((word("field", lang), word("value", lang)), facts) + links(told["links"], lang)


def schema(told: dict[str, Any], lang: str) -> str:
    """The body of /queryables and /schema."""
    head = (word("field", lang), word("title", lang), word("type", lang), word("unit", lang))
    rows = [
        (
            f"<code>{escape(name)}</code>",
            escape(one["title"]),
            f"<code>{escape(one.get('format') or one.get('type', ''))}</code>",
            escape(one.get("x-ogc-unit", "")),
        )
        for name, one in told["properties"].items()
    ]
    return table(head, rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return escape(value.isoformat() if hasattr(value, "isoformat") else str(value))


def items(rows: list[dict[str, Any]], fields: Sequence[tuple[str, str]], total: int, following: str, lang: str) -> str:
    """The body of /items: (name, title) of each column, its cells, and where it goes on."""
    count = word("of", lang).replace("{n}", f"{total:,}")
    if not rows:
        return f"<p>{word('none', lang)}</p>"
    head = [f"{escape(title)}<br><code>{escape(name)}</code>" for name, title in fields]
    shown = table(head, ([_cell(row[name]) for name, _ in fields] for row in rows))
    go_on = f"<p>{anchor(following, _WORDS['next'].get(lang))}</p>" if following else ""
    return f"<p>{count}</p>{shown}{go_on}"


def feature(told: dict[str, Any], fields: Sequence[tuple[str, str]], lang: str) -> str:
    """The body of one feature."""
    geometry = told["geometry"]
    place = ", ".join(map(str, geometry["coordinates"])) if geometry else ""
    rows = [
        (f"{escape(title)} <code>{escape(name)}</code>", _cell(told["properties"].get(name))) for name, title in fields
    ]
    return table((word("field", lang), word("value", lang)), [(word("place", lang), escape(place)), *rows])


def front(lang: str) -> tuple[str, str]:
    """Title and lead of the landing page."""
    return TITLE.get(lang), LEAD.get(lang)
