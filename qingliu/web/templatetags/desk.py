"""What the desk's templates need to say."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.dataset import Text
from qingliu.lake.rehearse import Cell, Example
from qingliu.pipeline import actions
from qingliu.pipeline.models import Alarm, Draft
from qingliu.standards import definition as standard

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
