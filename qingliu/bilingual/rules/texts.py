"""The texts of a dataset's page and columns in both languages: which there are, and what is wrong between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import re2

from qingliu.bilingual.rules import numbers
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.records import Finding

_HAN = re2.compile(r"\p{Han}")
_WORDY = re2.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Place:
    """One text: where it stands (title, fields.aqi.description), its two wordings, and whether a page needs it."""

    name: str
    text: Text
    part: str  # page or fields
    needed: bool = True

    @property
    def done(self) -> bool:
        """Whether there is English where it is wanted; an optional text that nobody wrote is no gap."""
        if not self.text.zh and not self.text.en:
            return not self.needed
        return bool(self.text.en) and not untranslated(self.text)


@dataclass(frozen=True, slots=True)
class Seen:
    """When each wording of a place was last seen to change."""

    zh_at: datetime
    en_at: datetime


def moved(seen: Seen, *, zh: bool, en: bool, at: datetime) -> tuple[datetime, datetime]:
    """The moments (Chinese, English) after one or both languages changed; one that catches up stands with the other."""
    if zh and en:
        return at, at
    if zh:
        return (at, at) if seen.zh_at < seen.en_at else (at, seen.en_at)
    return (at, at) if seen.en_at < seen.zh_at else (seen.zh_at, at)


def places(record: DatasetRecord) -> tuple[Place, ...]:
    """Every text of a dataset that a reader of the other language needs."""
    found = [
        Place("title", record.title, "page"),
        Place("description", record.description, "page"),
        Place("agency", record.agency_name, "page"),
        Place("unit", record.unit, "page"),
        Place("notes", record.notes, "page", needed=False),
    ]
    found += [Place(f"keywords.{i}", k, "page") for i, k in enumerate(record.keywords)]
    found += [Place(f"contacts.{i}", c.name, "page") for i, c in enumerate(record.contacts)]
    for field in record.fields:
        found.append(Place(f"fields.{field.name}.title", field.title, "fields"))
        found.append(Place(f"fields.{field.name}.description", field.description, "fields", needed=False))
    return tuple(found)


def has_han(text: str) -> bool:
    """Whether a text holds Chinese characters."""
    return bool(_HAN.search(text))


def untranslated(text: Text) -> bool:
    """Whether the English is the Chinese once more, or mostly Chinese."""
    if not text.en or not has_han(text.en):
        return False
    letters = _WORDY.findall(text.en)
    return text.en.strip() == text.zh.strip() or len(_HAN.findall(text.en)) * 2 > len(letters)


def findings(record: DatasetRecord, seen: Mapping[str, Seen]) -> tuple[Finding, ...]:
    """What is missing, untranslated, older than the other language or different in its numbers, place by place."""
    return tuple(f for place in places(record) for f in _of_place(place, seen.get(place.name)))


def _of_place(place: Place, seen: Seen | None) -> Iterator[Finding]:
    zh, en = place.text.zh, place.text.en
    if not zh and not en:
        if place.needed:
            yield Finding(
                "bilingual/missing-both", place.name,
                Text("兩種語言都沒有。", "Neither language has it."), Text("請在定義檔補上。", "Write it in the definition."),
            )  # fmt: skip
        return
    if not en or not zh:
        lacking = Text("缺英文。", "The English is missing.") if not en else Text("缺中文。", "The Chinese is missing.")
        yield Finding("bilingual/missing", place.name, lacking, Text("請補上另一種語言。", "Write the other language."))
        return
    if untranslated(place.text):
        yield Finding(
            "bilingual/untranslated", place.name,
            Text("英文欄寫的是中文。", "The English is in Chinese."), Text("請翻譯。", "Translate it."),
        )  # fmt: skip
        return
    only_zh, only_en = numbers.differing(zh, en)
    if only_zh or only_en:
        shown_zh, shown_en = (", ".join(f"{n:g}" for n in side) or "–" for side in (only_zh, only_en))
        yield Finding(
            "bilingual/numbers", place.name,
            Text(
                f"兩種語言的數字不同：中文 {shown_zh}，英文 {shown_en}。",
                f"Numbers differ: Chinese {shown_zh}, English {shown_en}.",
            ),
            Text("請核對兩段文字。", "Compare the two texts."),
        )  # fmt: skip
    if seen and seen.zh_at != seen.en_at:
        older = "en" if seen.en_at < seen.zh_at else "zh"
        since = max(seen.zh_at, seen.en_at).date().isoformat()
        yield Finding(
            "bilingual/older", place.name,
            Text(
                f"{'英文' if older == 'en' else '中文'}未隨 {since} 的修改更新。",
                f"The {'English' if older == 'en' else 'Chinese'} did not follow the change of {since}.",
            ),
            Text("請確認後更新，或重新登錄表示仍然正確。", "Update it, or say that it still holds."), severity="info",
        )  # fmt: skip
