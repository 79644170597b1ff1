"""What differs between two definitions of a dataset, column by column and in what is said of it, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.standards.vocabularies import Term, categories, licences

Said = Callable[[DatasetRecord, FieldRecord], Text]
Kind = Literal["added", "removed", "renamed", "changed"]
NONE = Text("", "")
TYPES = {
    "string": Text("文字", "text"), "integer": Text("整數", "whole number"), "number": Text("數值", "number"),
    "boolean": Text("是否", "yes or no"), "date": Text("日期", "date"), "datetime": Text("日期時間", "date and time"),
}  # fmt: skip
SENSITIVITIES = {
    "none": Text("可公開", "open"), "personal": Text("個人或商號", "person or trader"),
    "address": Text("地址或位置", "address or place"), "text": Text("自由文字", "free text"),
}  # fmt: skip
MODES = {
    "snapshot": Text("取代全部", "replaces all rows"), "append": Text("只增加", "only adds"),
    "upsert": Text("依鍵值更新", "updates by key"),
}  # fmt: skip
UNITS = {
    "minute": Text("分鐘", "minutes"), "hour": Text("小時", "hours"), "day": Text("日", "days"),
    "week": Text("週", "weeks"), "month": Text("月", "months"), "quarter": Text("季", "quarters"),
    "year": Text("年", "years"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is said otherwise: what it is called, what was said and what will be."""

    what: Text
    before: Text
    after: Text


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column that comes, goes or is another one; ``field`` is the column as it will be (of a removed one: as it was)."""

    kind: Kind
    field: FieldRecord
    was: str = ""  # the name it had
    changes: tuple[Change, ...] = ()


def fields(before: Definition, after: Definition, masks: Said) -> tuple[FieldChange, ...]:
    """The columns that differ, in the order of the new definition, removed ones last.

    ``masks`` says how a column of a dataset is shown to the public.
    """
    old, new = before.dataset, after.dataset
    renamed = _renamed(old, new)
    out = []
    for field in new.fields:
        was = old.field(field.name) or old.field(renamed.get(field.name, ""))
        if was is None:
            out.append(FieldChange("added", field))
            continue
        changes = tuple(_field(was, field, masks(old, was), masks(new, field)))
        kind: Kind = "changed" if was.name == field.name else "renamed"
        if changes or kind == "renamed":
            out.append(FieldChange(kind, field, was.name, changes))
    kept = {f.name for f in new.fields} | set(renamed.values())
    return (*out, *(FieldChange("removed", f, f.name) for f in old.fields if f.name not in kept))


def _renamed(old: DatasetRecord, new: DatasetRecord) -> dict[str, str]:
    """New name → old name of a column that goes on under another one: the form keeps the old name as an alias."""
    gone = {f.name for f in old.fields} - {f.name for f in new.fields}
    out: dict[str, str] = {}
    for field in new.fields:
        was = next((a for a in field.aliases if a in gone), "")
        if was and old.field(field.name) is None:
            out[field.name] = was
            gone.discard(was)
    return out


def _field(old: FieldRecord, new: FieldRecord, masked: Text, masks: Text) -> Iterator[Change]:
    pairs = [
        (Text("型別", "type"), TYPES[old.type], TYPES[new.type]),
        (Text("單位", "unit"), _same(old.unit), _same(new.unit)),
        (Text("意義", "meaning"), old.title, new.title),
        (Text("說明", "description"), old.description, new.description),
        (Text("敏感標示", "sensitivity"), SENSITIVITIES[old.sensitivity], SENSITIVITIES[new.sensitivity]),
        (Text("公開時的遮罩", "mask in public"), masked, masks),
        (Text("日期格式", "date formats"), _same("、".join(old.formats)), _same("、".join(new.formats))),
        (Text("缺值與特殊記號", "marks with a meaning"), _marks(old), _marks(new)),
        (Text("允許的值", "allowed values"), _same("、".join(old.enum)), _same("、".join(new.enum))),
        (Text("最小值", "least value"), _number(old.minimum), _number(new.minimum)),
        (Text("最大值", "greatest value"), _number(old.maximum), _number(new.maximum)),
        (Text("必填", "must be filled"), _yes(old.required), _yes(new.required)),
    ]
    yield from _differing(pairs)


def about(before: Definition, after: Definition) -> tuple[Change, ...]:
    """What is said of the dataset itself and differs."""
    old, new = before.dataset, after.dataset
    return tuple(_differing([(w, a, b) for (w, a), (_, b) in zip(facts(old), facts(new), strict=True)]))


def facts(d: DatasetRecord) -> tuple[tuple[Text, Text], ...]:
    """What is said of a dataset, each under its name."""
    return (
        (Text("名稱", "title"), d.title),
        (Text("資料說明", "description"), d.description),
        (Text("承諾的更新頻率", "promised updates"), _frequency(d)),
        (Text("每次交付", "each delivery"), MODES[d.mode]),
        (Text("鍵值", "key"), _same("、".join(d.key))),
        (Text("時間欄位", "time column"), _same(d.time_field)),
        (Text("經緯度欄位", "columns of the point"), _same(f"{d.place.lon}、{d.place.lat}" if d.place else "")),
        (Text("主題", "topic"), _named(categories(), d.category)),
        (Text("授權", "licence"), _named(licences(), d.licence)),
        (Text("承辦單位", "unit in charge"), d.unit),
        (Text("聯絡人", "contacts"), _same("；".join(f"{c.name.zh} {c.email}".strip() for c in d.contacts))),
        (Text("關鍵字", "keywords"), Text("、".join(k.zh for k in d.keywords), ", ".join(k.en for k in d.keywords if k.en))),
        (Text("備註", "notes"), d.notes),
    )  # fmt: skip


def _differing(pairs: list[tuple[Text, Text, Text]]) -> Iterator[Change]:
    for what, before, after in pairs:
        if before != after:
            yield Change(what, before, after)


def _same(text: str) -> Text:
    return Text(text, text)


def _named(vocabulary: Mapping[str, Term], code: str) -> Text:
    term = vocabulary.get(code)
    return term.name if term else _same(code)


def _number(value: float | None) -> Text:
    return _same("" if value is None else f"{value:g}")


def _yes(value: bool) -> Text:
    return Text("是", "yes") if value else Text("否", "no")


def _marks(field: FieldRecord) -> Text:
    read: list[Any] = [f"{s.text} → {s.value:g}" if s.value is not None else s.text for s in field.sentinels]
    return _same("、".join([*read, *(f"…{suffix}" for suffix, _ in field.suffix_flags)]))


def _frequency(d: DatasetRecord) -> Text:
    f = d.frequency
    if f.unit == "irregular":
        return Text("不定期", "irregular")
    return Text(f"每 {f.every} {UNITS[f.unit].zh}", f"every {f.every} {UNITS[f.unit].en}")
