"""Words for judgements: states, rules, ratings, levels. UI words go through gettext; rules say their own title."""

from __future__ import annotations

import re

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.standards import content_rules


def state_name(state: str) -> str:
    """A reading's state in words."""
    names = {
        "pass": _("符合"), "fail": _("不符"), "unknown": _("不計"), "not_measured": _("未檢測"), "not_applicable": _("不適用"),
        "white_listed": _("白名單"), "met": _("得分"), "unmet": _("未得分"), "unmeasured": _("未檢測"),
    }  # fmt: skip
    return names.get(state, state)


def state_sign(state: str) -> str:
    """A sign beside the word, so that a glance suffices without colour."""
    signs = {
        "pass": "✓", "met": "✓", "fail": "✕", "unmet": "✕", "not_measured": "?", "unmeasured": "?", "white_listed": "○",
    }  # fmt: skip
    return signs.get(state, "–")


def mark_name(mark: str) -> str:
    """A mark in words."""
    names = {
        "none": _("無標章"), "bronze": _("銅標章"), "silver": _("銀標章"), "gold": _("金標章"), "platinum": _("白金標章"),
        "not_measured": _("未檢測"), "white_listed": _("白名單"),
    }  # fmt: skip
    return names.get(mark, mark)


def level_state(state: str) -> str:
    """Why a level is not reached."""
    return {"reached": _("已達"), "failed": _("不符"), "not_measured": _("未檢測")}.get(state, state)


def rating_name(rating: str | None) -> str:
    """A class of MQA in words."""
    names = {"excellent": _("優"), "good": _("良"), "sufficient": _("尚可"), "bad": _("不足")}
    return names.get(rating or "", _("未評等"))


def rule_name(code: str) -> str:
    """A rule's title in the page's language, or its code."""
    rule = content_rules.register().get(code)
    if rule is not None:
        return rule.title.get(get_language() or "zh-hant")
    names = {
        "standards/cells": _("儲存格不合標準"), "standards/missing-property": _("缺少屬性"),
        "standards/fault-of-standard": _("標準本身的問題"), "standards/declaration": _("宣告不合標準"),
        "standards/not-run": _("檢查未執行"), "standards/unknown-property": _("登錄沒有此屬性"),
        "bilingual/contents": _("內容沒有英文"), "bilingual/missing": _("沒有英文"),
        "bilingual/untranslated": _("英文仍是中文"), "bilingual/older": _("一種語言較舊"),
        "bilingual/missing-both": _("兩種語言都沒有"), "bilingual/numbers": _("兩語的數字不同"),
    }  # fmt: skip
    return names.get(code, code)


def topic_name(topic: str) -> str:
    """The judge of a finding."""
    return {"quality": _("資料內容"), "standards": _("資料標準"), "bilingual": _("雙語")}.get(topic, topic)


def contest_state(state: str) -> str:
    """A contest's state in words."""
    return {"open": _("異議待決定"), "upheld": _("異議成立，不計"), "rejected": _("維持原判")}.get(state, state)


def resource_name(name: str) -> str:
    """A resource as readers know it."""
    kind, _sep, rest = name.partition("-")
    words = {"native": "API", "moenv": _("環境部 v2"), "official": _("官方資源")}
    return " ".join((words[kind], rest.upper())) if kind in words else name


def doing_name(doing: str) -> str:
    """A step of a change task in words."""
    names = {
        "rename": _("改名"), "convert": _("換算單位"), "clean": _("清理"), "retype": _("改型別"), "add": _("增列"),
        "propose": _("建議修訂標準"),
    }  # fmt: skip
    return names.get(doing, doing)


def masked_name(kind: str) -> str:
    """What was masked, in words."""
    names = {"names": _("姓名"), "addresses": _("地址"), "coordinates": _("坐標"), "text": _("文字中的個人資料")}
    return names.get(kind, kind)


def rows_name(rows: str) -> str:
    """Which rows a mask rule is about."""
    names = {
        "all": _("所有列"), "persons": _("自然人的列"), "restricted": _("限制名單上的場所"), "stage": _("案件未到公開階段的列"),
    }  # fmt: skip
    return names.get(rows, rows)


def address_level(level: int) -> str:
    """How far an address is told."""
    names = (_("完整"), _("到路名"), _("到鄉鎮市區"), _("到縣市"), _("不顯示"))
    return names[level] if 0 <= level < len(names) else str(level)


def treatment_name(way: str) -> str:
    """What happens to a cell."""
    return {"keep": _("保留"), "mask": _("部分遮蔽"), "hide": _("不顯示")}.get(way, way)


def bilingual_level(level: int) -> str:
    """A level of two languages in words."""
    names = (_("0 無"), _("1 頁面"), _("2 欄位名稱"), _("3 資料內容"))
    return names[level] if 0 <= level < len(names) else str(level)


def answer_name(answer: str) -> str:
    """An assessor's answer in words."""
    return {"no-linkage": _("無關聯"), "public": _("他處內容依法公開，不因此得知遮罩內容")}.get(answer, answer)


def rule_state(state: str) -> str:
    """The state of an edition of a rule."""
    return {"draft": _("待核可"), "approved": _("已核可"), "rejected": _("不核可")}.get(state, state)


def origin_name(origin: str) -> str:
    """Where an English wording comes from."""
    names = {
        "person": _("人工核可"), "memory": _("翻譯記憶"), "list": _("代碼表"), "area": _("行政區"), "glossary": _("詞彙"),
        "built": _("規則組成"),
    }  # fmt: skip
    return names.get(origin, origin)


def place_name(place: str) -> str:
    """A place of a dataset's texts in words."""
    if place.startswith("fields."):
        name, _sep, part = place.removeprefix("fields.").rpartition(".")
        column, what = _("欄位"), _("名稱") if part == "title" else _("說明")
        return f"{column} {name} · {what}"
    head, _sep, number = place.partition(".")
    names = {
        "title": _("名稱"), "description": _("說明"), "agency": _("機關"), "unit": _("單位"), "notes": _("備註"),
        "keywords": _("關鍵字"), "contacts": _("聯絡人"),
    }  # fmt: skip
    word = names.get(head, place)
    return f"{word} {int(number) + 1}" if number.isdigit() else word


_STATES = re.compile(r"本平臺 (pass|fail|unknown|not_measured|not_applicable|white_listed)\b")


def in_words(text: str) -> str:
    """A told difference with the judge's state in words."""
    return _STATES.sub(lambda m: f"本平臺{state_name(m[1])}", text)
