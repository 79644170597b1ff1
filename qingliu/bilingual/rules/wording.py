"""English for the contents of cells, by rule: code lists, areas, glossary, memory, and what is put together from them.

Only whole cells are worded. What no rule knows stays Chinese and counts as not covered: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import re2

from qingliu.bilingual.rules.texts import has_han
from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.standards import areas, register, units

Origin = Literal["person", "memory", "list", "area", "glossary", "built"]
_KIND_BY_ROLE = {
    "station_name": "station", "county": "county", "township": "township", "item_name": "item", "item": "item",
    "unit": "unit", "address": "address", "facility_name": "proper", "person_name": "proper", "free_text": "text",
}  # fmt: skip
_KIND_BY_PROPERTY = {
    "SiteName": "station", "COUNTY": "county", "County": "county", "TOWN": "township", "Township": "township",
    "ItemName": "item", "ItemUnit": "unit", "ChineseName": "substance",
}  # fmt: skip
_BRACKETS = re2.compile(r"^([^()（）]+)[(（]([^()（）]+)[)）]$")
_QUANTITY = re2.compile(r"^([0-9][0-9,]*(?:\.[0-9]+)?)\s*(\p{Han}+)$")
_MEASURED = re2.compile(r"^([^:：]+)[:：]\s*([<>]?[0-9][0-9.,]*)\s*[(（]([^()（）]*)[)）]$")
_BUREAU = re2.compile(r"^(\p{Han}{2}[縣市])(?:政府)?環境保護局$")
_NUMBERED = re2.compile(r"^(\p{Han}+)([0-9]+)$")
_SPLIT = re2.compile(r"[;；、]")
_SUFFIX = re2.compile(r" (Township|City|District|County)$")


@dataclass(frozen=True, slots=True)
class Word:
    """English for a cell, and where it comes from."""

    en: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Stock:
    """What is known beyond the register: words by kind ("" = any), and what people said of one column."""

    glossary: Mapping[str, Mapping[str, str]]
    memory: Mapping[str, Mapping[str, str]]
    said: Mapping[tuple[str, str, str], str]  # (dataset, column, Chinese) → English; "" forbids what a rule would say


def kind_of(field: FieldRecord) -> str:
    """Which words a column takes: station, county, item, …; "" where only general words fit."""
    if field.role in _KIND_BY_ROLE:
        return _KIND_BY_ROLE[field.role]
    name = field.property.rsplit("/", 1)[-1]
    return _KIND_BY_PROPERTY.get(name, "")


class Worder:
    """Words the cells of one column."""

    def __init__(self, record: DatasetRecord, field: FieldRecord, stock: Stock) -> None:
        self._code = record.code
        self._name = field.name
        self._kind = kind_of(field)
        self._stock = stock
        found = register.find(field.property) if field.property else None
        lists = found.lists if found else ""
        self._list = {c.code: c.name.en for c in register.code_list(lists).codes} if lists else {}

    def word(self, zh: str) -> Word | None:
        """English for a whole cell; None where no rule knows it."""
        bare = zh.strip()
        said = self._said(bare)
        if said is not None:
            return Word(said, "person") if said else None
        if self._kind in {"address", "proper", "text"}:
            return None
        return self._simple(bare) or self._built(bare)

    def _said(self, zh: str) -> str | None:
        for code, column in ((self._code, self._name), (self._code, ""), ("", self._kind)):
            found = self._stock.said.get((code, column, zh))
            if found is not None:
                return found
        return None

    def _simple(self, zh: str) -> Word | None:
        if zh in self._list:
            return Word(self._list[zh], "list")
        if self._kind in {"county", "township", "station", ""} and (area := area_name(zh, self._kind)):
            return Word(area, "area")
        for kind in (self._kind, ""):
            if found := self._stock.memory.get(kind, {}).get(zh):
                return Word(found, "memory")
            if found := self._stock.glossary.get(kind, {}).get(zh):
                return Word(found, "glossary")
        if self._kind in {"unit", ""} and units.find(zh) and has_han(zh):
            return Word(units.label(zh, "en"), "list")
        return None

    def _built(self, zh: str) -> Word | None:
        """Cells put together from known parts: a station with its place, a quantity, a list."""
        if self._kind == "station":
            match = _BRACKETS.match(zh)
            parts = [self._place(p) for p in match.groups()] if match else []
            if parts and all(parts):
                return Word(f"{parts[0]} ({parts[1]})", "built")
            numbered = _NUMBERED.match(zh)
            known = self._simple(numbered.group(1)) if numbered else None
            if known and numbered:
                return Word(f"{known.en} {numbered.group(2)}", "built")
            place = short_place(zh)  # a station that is called as its county or township is
            return Word(place, "area") if place else None
        if match := _BUREAU.match(zh):
            county = area_name(match.group(1), "county")
            return Word(f"Environmental Protection Bureau, {county}", "built") if county else None
        if match := _QUANTITY.match(zh):
            unit = units.find(match.group(2))
            return Word(f"{match.group(1)} {unit.name.en}", "built") if unit else None
        if _SPLIT.search(zh):
            pieces = [self._piece(p.strip()) for p in _SPLIT.split(zh) if p.strip()]
            return Word("; ".join(p for p in pieces if p), "built") if pieces and all(pieces) else None
        piece = self._piece(zh)
        return Word(piece, "built") if piece else None

    def _piece(self, zh: str) -> str:
        if not has_han(zh):
            return zh
        if known := self._simple(zh):
            return known.en
        match = _MEASURED.match(zh)
        if not match:
            return ""
        name = match.group(1)
        known = Word(name, "built") if not has_han(name) else self._simple(name.strip())
        return f"{known.en}: {match.group(2)} ({match.group(3)})" if known and not has_han(match.group(3)) else ""

    def _place(self, zh: str) -> str:
        """English for a part of a station's name: a station, a county or township, or its name without its class."""
        if found := self._simple(zh):
            return found.en
        return short_place(zh)


def area_name(zh: str, kind: str) -> str:
    """English for a county or township by its official or variant name; "" where it is none or could be several."""
    if kind != "township" and areas.current_county(zh) and zh.endswith(("縣", "市")):
        found = areas.find_area(areas.current_county(zh))
        return found.en if found else ""
    if kind == "county" or not zh.endswith(("鄉", "鎮", "市", "區")):
        return ""
    named = {areas.standard_name(zh), zh}
    told = {a.en for a in areas.townships() if areas.standard_name(a.township) in named}
    return told.pop() if len(told) == 1 else ""


def short_place(zh: str) -> str:
    """English for a county or township that is called without its class: 鹿谷, 臺中; "" where it could be several."""
    bare = areas.standard_name(zh)
    told = {_SUFFIX.sub("", a.en) for a in areas.counties() if areas.standard_name(a.county)[:-1] == bare}
    told = told or {_SUFFIX.sub("", a.en) for a in areas.townships() if areas.standard_name(a.township)[:-1] == bare}
    return told.pop() if len(told) == 1 else ""
