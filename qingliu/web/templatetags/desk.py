"""What the desk's templates need to say."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.dataset import Text
from qingliu.lake.rehearse import Cell, Example
from qingliu.pipeline import actions
from qingliu.pipeline.models import Alarm, Draft
from qingliu.standards import definition as standard
from qingliu.web.draft_errors import Wrong
from qingliu.web.templatetags.qingliu import said

register = template.Library()


@register.filter
def cells_of(example: Example) -> tuple[Cell, ...]:
    """All cells of an example row, those that name it first."""
    return (*example.name, *example.cells)


@register.filter
def person(name: str) -> str:
    """A person as people say it: without the prefix of the audit trail."""
    head, _sep, rest = str(name).partition(":")
    return rest if head in ("user", "cli") and rest else _("系統") if name == "worker" else str(name)


@register.filter
def filled(text: str) -> str:
    """What a person wrote; nothing where a draft only asks for it."""
    return "" if actions.PLACEHOLDER in text else text


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def joined(lines: Any) -> str:
    """Texts, one a line."""
    return "\n".join(lines)


@register.filter
def what(alarm: Alarm) -> Text:
    """What an alarm says."""
    return Text(alarm.what_zh, alarm.what_en)


@register.filter
def what_failed(draft: Draft) -> Text:
    """Why an approved draft could not be carried out."""
    return Text(draft.error_zh, draft.error_en)


@register.filter
def reason_of(dataset: Dataset) -> Text:
    """Why a dataset is held or withdrawn."""
    return Text(dataset.reason_zh, dataset.reason_en)


@register.filter
def title_of(dataset: Dataset) -> str:
    """A dataset's title, for a list of choices."""
    return catalogue.definition(dataset).dataset.title.zh


@register.filter
def draft_title(draft: Draft) -> str:
    """A draft's title; the name of its file while it has none."""
    if draft.definition:
        return standard.loads(draft.definition).dataset.title.zh
    return str(draft.files[0]["name"]) if draft.files else draft.code


@register.filter
def alarm_class(kind: str) -> str:
    """The class of an alarm's badge."""
    return {"late": "late-alarm"}.get(kind, kind)


@register.filter
def encodings(_value: str) -> list[tuple[str, str]]:
    """The encodings that a person may name."""
    return [
        ("", _("自動")),
        ("utf-8", "UTF-8"),
        ("cp950", "Big5（CP950）"),
        ("big5hkscs", "Big5-HKSCS"),
        ("utf-16", "UTF-16"),
    ]


@register.filter
def encoding_name(code: str) -> str:
    """An encoding in words."""
    names = {"cp950": "Big5 (CP950)", "big5hkscs": "Big5-HKSCS", "utf-8": "UTF-8", "utf_8": "UTF-8"}
    return names.get(code, code.upper())


@register.filter
def sensitivity_name(kind: str) -> str:
    """A kind of sensitive column in words."""
    names = {"none": _("可公開"), "personal": _("個人或商號"), "address": _("地址或位置"), "text": _("自由文字")}
    return names.get(kind, kind)


@register.filter
def mode_name(mode: str) -> str:
    """What a delivery does to the rows before it, in words."""
    names = {"snapshot": _("取代全部"), "append": _("只增加"), "upsert": _("依鍵值更新")}
    return names.get(mode, mode)


@register.filter
def source_name(kind: str) -> str:
    """Where data comes from, in words."""
    names = {
        "files": _("人工上傳"), "folder": _("資料夾"), "http": _("介接網址"), "harvest": _("既有平臺"), "simulator": _("模擬"),
    }  # fmt: skip
    return names.get(kind, kind)


@register.filter
def column_role(role: str) -> str:
    """What a column is to judges, in words."""
    names = {
        "station": _("測站代碼"), "station_name": _("測站名稱"), "item": _("測項代碼"), "item_name": _("測項名稱"),
        "unit": _("單位"), "value": _("測值"), "county": _("縣市"), "township": _("鄉鎮市區"), "address": _("地址"),
        "control_number": _("管制編號"), "facility_name": _("事業名稱"), "person_name": _("姓名"),
        "tax_id": _("統一編號"), "free_text": _("自由文字"),
    }  # fmt: skip
    return names.get(role, role)


def _named(parts: tuple[Any, ...]) -> str:
    """A field of the form: ``title-zh``, or a part of a column's line (``3, "minimum"`` is c3-minimum)."""
    return f"c{parts[0]}-{parts[1]}" if len(parts) == 2 else str(parts[0])


def _wrong(context: template.Context, name: str) -> list[Wrong]:
    return [w for w in context.get("errors", ()) if w.field == name]


@register.simple_tag(takes_context=True)
def invalid(context: template.Context, *parts: Any) -> SafeString | str:
    """The attributes that tell a reader's machine that a field is wrong; "" where it is not."""
    name = _named(parts)
    return format_html(' aria-invalid="true" aria-describedby="wrong-{}"', name) if _wrong(context, name) else ""


@register.simple_tag(takes_context=True)
def wrong(context: template.Context, *parts: Any) -> SafeString | str:
    """What is wrong with a field, for beside it; "" where nothing is."""
    name = _named(parts)
    found = [(said(w.reason), said(w.remedy)) for w in _wrong(context, name)]
    if not found:
        return ""
    return format_html(
        '<small class="late" id="wrong-{}">{}</small>', name, format_html_join(" ", "{} {}", found)
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def wrong_inside(context: template.Context, number: int) -> bool:
    """Whether something is wrong in the line of a column beyond what its head shows, so that it must be unfolded."""
    shown = {f"c{number}-{part}" for part in ("name", "title-zh", "title-en", "type", "unit")}
    return any(w.field.startswith(f"c{number}-") and w.field not in shown for w in context.get("errors", ()))


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """What a mapping holds under a key that the template computes; "" where it holds nothing."""
    return mapping.get(key, "") if mapping else ""
