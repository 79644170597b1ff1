"""What templates need to say judgements in the reader's language: states, marks, ratings, each with a sign beside the word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from qingliu.core.dataset import Text
from qingliu.lake.published import Entry
from qingliu.quality.rules import mqa
from qingliu.web import judged, judged_words, links
from qingliu.web.templatetags.qingliu import language, said

register = template.Library()


@register.filter
def told(plain: Mapping[str, str] | None) -> SafeString | str:
    """A note's {zh, en} in the page's language."""
    return said(judged.text(plain)) if plain else ""


@register.filter
def told_plain(plain: Mapping[str, str] | None) -> str:
    """The same without markup, for attributes."""
    return judged.text(plain).get(language())


@register.filter
def chinese(text: str) -> SafeString | str:
    """What people wrote in Chinese, marked as such on an English page."""
    from_en = language().startswith("en")
    return format_html('<span lang="zh-Hant">{}</span>', text) if from_en else text


@register.filter
def seal_of(entry: Entry) -> judged.Seal | None:
    """Our mark of a dataset."""
    return judged.seal(entry)


@register.simple_tag
def steps(filled: int, unsure: bool = False) -> SafeString:
    """Four steps, as many filled as the mark is high; a drawing beside the word, never instead of it."""
    if unsure:
        return mark_safe('<svg class="steps-icon" viewBox="0 0 22 14" width="22" height="14" aria-hidden="true">'
                         '<path class="off" stroke-dasharray="2 2" d="M1 12.5h20"/></svg>')  # fmt: skip
    bars = [("on" if i < filled else "off", 1 + 5.4 * i, 9.5 - 2.8 * i, 3.5 + 2.8 * i) for i in range(4)]
    drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="4" height="{}" rx="1"/>',
                             ((c, f"{x:.1f}", f"{y:.1f}", f"{h:.1f}") for c, x, y, h in bars))  # fmt: skip
    return format_html(
        '<svg class="steps-icon" viewBox="0 0 22 14" width="22" height="14" aria-hidden="true">{}</svg>', drawn
    )


@register.simple_tag
def sparkline(values: list[float | None], low: float = 0, high: float = 0) -> SafeString:
    """A line through the values, oldest first; a drawing beside the numbers, never instead of them."""
    points = [(i, v) for i, v in enumerate(values) if v is not None]
    if len(points) < 2:
        return mark_safe("")
    top = high or max(v for _i, v in points) or 1
    width, height = 96, 22
    spread = (top - low) or 1
    at = [(2 + i * (width - 4) / (len(values) - 1), height - 3 - (v - low) / spread * (height - 6)) for i, v in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true"><polyline points="{}"/>'
        '<circle cx="{}" cy="{}" r="2"/></svg>',
        width, height, width, height, path, f"{at[-1][0]:.1f}", f"{at[-1][1]:.1f}",
    )  # fmt: skip


for _filter in (
    judged_words.state_name,
    judged_words.state_sign,
    judged_words.level_state,
    judged_words.rating_name,
    judged_words.rule_name,
    judged_words.topic_name,
    judged_words.contest_state,
    judged_words.resource_name,
    judged_words.doing_name,
    judged_words.masked_name,
    judged_words.rows_name,
    judged_words.address_level,
    judged_words.bilingual_level,
    judged_words.answer_name,
    judged_words.place_name,
    judged_words.treatment_name,
    judged_words.rule_state,
    judged_words.origin_name,
):
    register.filter(_filter.__name__, _filter)


@register.filter
def get(plain: Mapping[str, Any], key: str) -> Any:
    """The value of a key."""
    return plain.get(key)


@register.filter
def percent(share: Mapping[str, int] | None) -> str:
    """A share {done, of} as a percentage that is never rounded up to the whole."""
    if not share or not share.get("of"):
        return "100 %" if share else "—"
    value = 100 * share["done"] / share["of"]
    return "100 %" if share["done"] == share["of"] else f"{min(value, 99.9):.1f} %"


@register.filter
def difference_state(text: Mapping[str, str]) -> Text:
    """A told difference with the states of the judge in words of the page."""
    return Text(judged_words.in_words(text.get("zh", "")), text.get("en", ""))


@register.filter
def contest_of(contests: list[dict[str, Any]] | None, target: str) -> dict[str, Any] | None:
    """The newest contest about a target."""
    return next((c for c in contests or () if c["target"] == target), None)


@register.filter
def prefixed(name: str, prefix: str) -> str:
    """``prefix`` and the name."""
    return f"{prefix}{name}"


@register.filter
def whose(name: str) -> str:
    """Whose a figure is."""
    return _("官方") if name == "official" else _("本平臺")


@register.filter
def level_name(mark: str) -> str:
    """A mark of the ladder in words."""
    return judged_words.mark_name(mark)


@register.simple_tag
def indicator_title(note: Mapping[str, Any], name: str) -> SafeString | str:
    """An indicator's title out of the note."""
    return next((told(i["title"]) for i in note["indicators"] if i["id"] == name), name)


@register.filter
def reading(readings: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """A resource's reading of an indicator."""
    return next((r for r in readings if r["id"] == name), None)


@register.filter
def reason_text(found: Mapping[str, Any]) -> str:
    """Why a reading is so, for a title."""
    return judged.text(found["reason"]).get(language())


@register.filter
def resource_address(address: str) -> str:
    """Where a resource lies: one of ours, or a safe address outside."""
    return address if address.startswith("/api/") else links.safe_url(address)


@register.filter
def last_percent(values: list[float | None]) -> str:
    """The newest of a row of percentages."""
    return f"{values[-1]:.0f} %" if values and values[-1] is not None else "—"


@register.filter
def metric_name(code: str) -> SafeString | str:
    """An MQA metric's title in the page's language."""
    return next((said(m.title) for m in mqa.table().metrics if m.code == code), code)


@register.filter
def subject_of(code: str) -> str:
    """The subject that a property belongs to."""
    return code.rpartition("/")[0]


@register.filter
def add_minus(number: int, less: int) -> int:
    """``number`` without ``less``."""
    return number - less


@register.filter
def rows_address(condition: str, code: str) -> str:
    """The rows of a dataset that a CQL2 text selects, in the API."""
    return links.api_rows(code, (("filter", condition),))


@register.filter
def kind_of_value(kind: str) -> str:
    """A property's type in words."""
    return {"字串": _("字串"), "數字": _("數字"), "日期": _("日期"), "布林值": _("布林值")}.get(kind, kind)


@register.filter
def review_kind(kind: str) -> str:
    """What is to be reviewed, in words."""
    return {"rule": _("遮罩規則"), "list": _("限制名單"), "assessment": _("關聯評估")}.get(kind, kind)
