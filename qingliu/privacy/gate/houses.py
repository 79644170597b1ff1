"""Where a restricted site's house stands in a text, however it is written: an index of houses, and the places in a text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import re2

from qingliu.privacy.rules import Address, Kind, parse_address, parse_addresses, recognise
from qingliu.privacy.rules.folding import Pattern, fold, pattern
from qingliu.privacy.rules.numerals import chinese

Found = TypeVar("Found")
_NUMERALS = "0123456789〇零一二三四五六七八九十百千"
_WINDOW = 48  # characters after a road's name in which its house number is looked for
_BEFORE = 12  # characters before it in which its county may stand
_LAND = "地號"
_ENDS = r"^.*?號(?:之[0-9〇零一二三四五六七八九十百]+)?"
_TAIL = r"(?:[0-9\-〇零一二三四五六七八九十百之、,]|段|巷|弄|衖|號|樓|旁|附近|口){0,30}"
WITHHELD = "○○"


@dataclass(slots=True)
class Houses(Generic[Found]):
    """Houses by road, lane and number, or by plot; each with the county and township that it lies in, where known."""

    _known: dict[str, list[tuple[str, str, Found]]] = field(default_factory=dict)
    _stems: set[str] = field(default_factory=set)
    _near: Pattern | None = None

    def add(self, address: Address, what: Found) -> None:
        """Keep a house in mind."""
        for key in keys(address):
            self._known.setdefault(key, []).append((address.county, address.township, what))
            self._stems.add(_stem(address))

    def settle(self) -> None:
        """No more houses: make ready to find them. A road without a name of its own means that every text is parsed."""
        stems = [""] if "" in self._stems else sorted(self._stems)
        self._near = Pattern("|".join(map(re2.escape, stems))) if self._known else None

    def near(self, text: str) -> bool:
        """A cheap look before an address is parsed: the beginning of some house's road stands in the text."""
        return self._near is not None and self._near.found("".join(_plain(text).split()))

    def at(self, text: str, county: str = "", township: str = "") -> Found | None:
        """What is known of the house that a cell gives. County and township need not be written, but may not be others."""
        if not self.near(text):
            return None
        return self._of(parse_addresses(text, county=county, township=township))

    def inside(self, text: str, county: str = "", township: str = "") -> tuple[tuple[int, int, Found], ...]:
        """Where houses stand in a longer text, from start to end."""
        if not self.near(text):
            return ()
        found: list[tuple[int, int, Found]] = []
        spans = recognise(text, frozenset({Kind.ADDRESS}))
        for span in spans:
            what = self.at(text[span.start : span.end], county, township)
            if what is not None:
                found.append((span.start, span.end, what))
        found += self._by_road(text, [(s.start, s.end) for s in spans], county, township)
        return tuple(sorted(found, key=lambda f: f[:2]))

    def _by_road(
        self, text: str, taken: list[tuple[int, int]], county: str, township: str
    ) -> Iterable[tuple[int, int, Found]]:
        """Those that are no address to the eye: 77、79號, 中山1路8號, a number apart from its road."""
        if self._near is None or "" in self._stems:
            return
        plain = _plain(text)
        for match in self._near.finditer(plain):
            start = match.start()
            if any(s <= start < e for s, e in taken):
                continue
            end = pattern(_ENDS).search(plain[start : start + _WINDOW])
            if end is None:
                continue
            before = parse_address(plain[max(0, start - _BEFORE) : start])
            area = (before.county, before.township) if before.county else (county, township)
            house = plain[start : start + end.end()]
            what = self._of(parse_addresses(house, county=area[0], township=area[1]))
            if what is not None:
                taken.append((start, start + end.end()))
                yield start, start + end.end(), what

    def _of(self, found: Iterable[Address]) -> Found | None:
        for address in found:
            for key in keys(address):
                for county, township, what in self._known.get(key, ()):
                    if _agree(county, address.county) and _agree(township, address.township):
                        return what
        return None


def keys(address: Address) -> tuple[str, ...]:
    """The houses or plots of an address, each in one writing, without county, township, floor and room."""
    road = _in_numerals(address.road or address.locality)
    ways = ((address.lane, "巷"), (address.alley, "弄"), (address.sub_alley, "衖"))
    way = road + "".join(part + unit for part, unit in ways if part)
    found = [f"{way}{n}號" for n in _each(address.number)] if way else []
    found += [f"{address.section}{n}{_LAND}" for n in _each(address.land_number)] if address.section else []
    return tuple(found)


def without_roads(text: str, withheld: Iterable[str]) -> str:
    """``text`` without the roads of addresses that are withheld in its row, and whatever number follows them."""
    for address in itertools.chain.from_iterable(parse_addresses(w) for w in withheld):
        stem = _stem(address, whole=True)
        if len(stem) < 3 or stem not in _plain(text):
            continue
        places = [m.span() for m in Pattern(re2.escape(stem) + _TAIL).finditer(_plain(text))]
        for start, end in reversed(places):
            text = text[:start] + WITHHELD + text[end:]
    return text


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _each(numbers: str) -> list[str]:
    return [n for part in numbers.split("、") for n in part.split("~") if n]


def _plain(text: str) -> str:
    """One width and one 臺; every character keeps its place."""
    return fold(text).replace("台", "臺")


def _in_numerals(road: str) -> str:
    return "".join(chinese(c) if c.isdigit() else c for c in road)


def _stem(address: Address, *, whole: bool = False) -> str:
    """The first characters of a road's or section's name before any number: they are written in one way only."""
    name = _plain(address.road or address.section)
    stem = "".join(itertools.takewhile(lambda c: c not in _NUMERALS, name))
    return stem if whole else stem[:3]
