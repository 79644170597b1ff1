"""What templates need to say records in the reader's language."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from qingliu.core.dataset import FieldRecord, Text
from qingliu.web import figures, lakeside, links, wording

register = template.Library()
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


def language() -> str:
    """The page's language: "zh-hant" or "en"."""
    return get_language() or "zh-hant"


@register.filter
def said(text: Text | None) -> SafeString | str:
    """A Text in the page's language; marked with its language where only the other one exists."""
    return in_han(text.get(language())) if text else ""


@register.filter
def plain(text: Text | None) -> str:
    """A Text in the page's language without markup, for attributes and titles."""
    return text.get(language()) if text else ""


@register.filter
def own(text: Text | None) -> str:
    """A Text where it exists in the page's language, else ""; for places that cannot be marked with a language."""
    return "" if text is None else text.en if language().startswith("en") else text.zh


@register.filter
def in_han(value: Any) -> SafeString | str:
    """Data as text; Chinese data on an English page carries its language for screen readers and fonts."""
    text = str(value)
    if language().startswith("en") and _HAN.search(text):
        return format_html('<span lang="zh-Hant">{}</span>', text)
    return text


@register.filter
def lang_mark(value: Any) -> SafeString | str:
    """The lang attribute for an element that can hold no other element, where it holds Chinese data on an English page."""
    foreign = language().startswith("en") and _HAN.search(str(value))
    return mark_safe(' lang="zh-Hant"') if foreign else ""


@register.filter
def grouped(number: int | None) -> str:
    """A whole number with thousands separators."""
    return "" if number is None else f"{number:,}"


@register.filter
def stamp(value: str | datetime | None) -> SafeString | str:
    """A moment as Taipei time to the minute."""
    found = wording.moment(value)
    if not found:
        return ""
    return format_html('<time datetime="{}">{}</time>', found.isoformat(), found.strftime("%Y-%m-%d %H:%M"))


@register.filter
def value_text(value: Any) -> str:
    """A cell's value as text: full precision without a needless ``.0``, times to the minute where seconds are zero."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M" if not value.second else "%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


@register.filter
def web_address(url: Any) -> str:
    """The address where it is a safe http(s) one, else nothing."""
    return links.safe_url(str(url or ""))


for _filter in (
    wording.op_name,
    wording.sort_name,
    wording.role_name,
    wording.judge_name,
    wording.severity_name,
    wording.format_name,
    wording.format_note,
):
    register.filter(_filter.__name__, _filter)
register.filter("size", wording.size)
register.filter("span", wording.span)
register.filter("frequency", wording.frequency)
register.filter("type_name", wording.type_name)
register.filter("kind_name", wording.kind_name)
register.filter("status_name", wording.status_name)


@register.filter
def category(code: str) -> str:
    """A category in the page's language."""
    return wording.category_name(code, language())


@register.filter
def flag_name(code: str) -> str:
    """A flag in the page's language."""
    return wording.flag_name(code, language())


@register.filter
def other_said(text: Text) -> SafeString | str:
    """A Text in the language that the page is not in, marked as such."""
    if language().startswith("en"):
        return format_html('<span lang="zh-Hant">{}</span>', text.zh)
    return format_html('<span lang="en">{}</span>', text.en)


@register.filter
def has_notes(field: FieldRecord) -> bool:
    """Whether the dictionary has more to say about a column than its name, type and meaning."""
    bounds = field.minimum is not None or field.maximum is not None
    lists = field.enum or field.sentinels or field.suffix_flags or field.aliases
    return bool(bounds or lists or field.required or field.pattern or field.flag_field or field.property)


@register.simple_tag(takes_context=True)
def other_language(context: template.Context) -> str:
    """This page's address in the other language."""
    request = context.get("request")
    return links.other_language(request.get_full_path()) if request else "/"


@register.simple_tag
def portal() -> figures.Portal:
    """The portal's figures; every page asks them whether it must say that data are simulated."""
    return figures.portal(lakeside.engine().published)


@register.simple_tag
def page_language() -> str:
    """The value of the page's lang attribute."""
    return "en" if language().startswith("en") else "zh-Hant-TW"
