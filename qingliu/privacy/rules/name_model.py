"""Whether characters are a person's name or ordinary words: what either costs, from tables of characters and words.

Costs are -10 x ln(probability). A name costs its surname and the characters of its given name at their places; ordinary text
costs the cheapest way to cut it into words of the dictionary and single characters. The odds of a name are what the words
cost more than the name does, so that each finding can be told by two numbers. The tables and their sources:
``qingliu/privacy/data/README.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from qingliu.privacy.rules.personal_names import characters
from qingliu.standards.areas import counties, townships

_DATA = Path(__file__).resolve().parents[1] / "data"
_UNSEEN = 130  # of a character no word begins or ends with
_UNSEEN_GIVEN = 105  # parents choose rare characters; words do not
_UNSEEN_NOUN = 100
_COMPOUND, _PAIRED, _DOUBLE, _SHORT, _SHI = 50, 75, 38, 26, 30
_LONGEST = 4
_NEVER = 1 << 30
_ONLY = frozenset(("歐陽", "范姜"))
_OWN_WORD = {2: 90, 3: 80, 4: 80}  # words of this field and places, beside the dictionary's, by length


@dataclass(frozen=True, slots=True)
class Tables:
    """Costs by character: as surname, as given name (first, second, alone), as a word, by place in nouns of 2 and 3."""

    surname: dict[str, int]
    first: dict[str, int]
    second: dict[str, int]
    single: dict[str, int]
    word: dict[str, int]
    nouns: dict[int, tuple[dict[str, int], ...]]


@cache
def tables() -> Tables:
    """The tables of characters, and of words, from the data directory."""
    lines = [ln for ln in (_DATA / "name_characters.txt").read_text("utf-8").splitlines() if ln[0] != "#"]
    columns: list[dict[str, int]] = [{} for _ in lines[0].split("\t")[1:]]
    for line in lines[1:]:
        char, *costs = line.split("\t")
        for column, cost in zip(columns, costs, strict=True):
            if cost:
                column[char] = int(cost)
    surname, first, second, single, word, *nouns = columns
    for line in (_DATA / "name_words.txt").read_text("utf-8").splitlines():
        if line[0] != "#":
            cost, words = line.split("\t")
            word.update(dict.fromkeys(words.split(" "), int(cost)))
    for own in _own_words():
        word[own] = min(_OWN_WORD[len(own)], word.get(own, _OWN_WORD[len(own)]))
    return Tables(surname, first, second, single, word, {2: tuple(nouns[:2]), 3: tuple(nouns[2:])})


def _own_words() -> set[str]:
    """Places of Taiwan, with and without 鄉鎮市區, words of this field, and words that look like a surname and a name."""
    lines = (_DATA / "field_words.txt").read_text("utf-8").splitlines()
    written = {word for line in lines if line[0] != "#" for word in line.split()}
    places = {a.township for a in townships()} | {a.county for a in counties()}
    places |= {p[:-1] for p in places if len(p) > 2}
    return {p for p in (places | written | characters().words) if 2 <= len(p) <= _LONGEST}


def _words(text: str) -> list[list[tuple[int, int]]]:
    """For each character the words that end with it: where each begins and what it costs, itself first."""
    known = tables().word
    found = []
    for end in range(1, len(text) + 1):
        here = [(end - 1, known.get(text[end - 1], _UNSEEN))]
        for start in range(max(0, end - _LONGEST), end - 1):
            if (cost := known.get(text[start:end])) is not None:
                here.append((start, cost))
        found.append(here)
    return found


def _forth(words: list[list[tuple[int, int]]]) -> list[int]:
    best = [0]
    for here in words:
        best.append(min([best[start] + cost for start, cost in here]))
    return best


def words_cost(text: str) -> list[int]:
    """What the first ``i`` characters of ``text`` cost as words, for each ``i``."""
    return _forth(_words(text))


def both_ways(text: str) -> tuple[list[int], list[int]]:
    """What the first ``i`` characters of ``text`` cost as words, and what those from ``i`` on cost, for each ``i``."""
    words = _words(text)
    back = [_NEVER] * len(text) + [0]
    for end in range(len(text), 0, -1):
        rest = back[end]
        for start, cost in words[end - 1]:
            back[start] = min(back[start], cost + rest)
    return _forth(words), back


def _given(given: str) -> int:
    held = tables()
    if len(given) == 1:
        return held.single.get(given, _UNSEEN_GIVEN) + _SHORT
    return held.first.get(given[0], _UNSEEN_GIVEN) + held.second.get(given[1], _UNSEEN_GIVEN)


@lru_cache(maxsize=65536)
def name_cost(name: str) -> int | None:
    """What ``name`` costs as one person's name in Han characters; None for what cannot be one."""
    surname, found = tables().surname, []
    if name[:1] in surname and 2 <= len(name) <= 3:
        found.append(surname[name[0]] + _given(name[1:]))
    if name[:2] in characters().compound and 3 <= len(name) <= 4:
        known = characters()  # 歐陽 is nothing else; 張簡 is two surnames as well
        own = _PAIRED if set(name[:2]) <= known.common | known.rare and name[:2] not in _ONLY else _COMPOUND
        found.append(own + _given(name[2:]) + (_SHORT if len(name) == 3 else 0))
    if len(name) == 4 and name[0] in surname and (name[1] in surname or name[1] == "氏"):
        own = _SHI if name[1] == "氏" else surname[name[1]] + _DOUBLE
        found.append(surname[name[0]] + own + _given(name[2:]))
    if len(name) == 3 and name[1] == "氏" and name[0] in surname:
        found.append(surname[name[0]] + _SHI + _given(name[2:]))
    return min(found, default=None)


def noun_cost(text: str) -> int:
    """What ``text`` costs as a word of 2 or 3 characters that no dictionary holds: by the places of its characters."""
    places = tables().nouns.get(len(text))
    if places is None:
        return words_cost(text)[-1]
    return sum(place.get(c, _UNSEEN_NOUN) for place, c in zip(places, text, strict=True))


def whole_odds(text: str) -> int | None:
    """How much more ``text`` by itself costs as words or as an unknown noun than as a name; None for what is no name."""
    cost = name_cost(text)
    return None if cost is None else min(words_cost(text)[-1], noun_cost(text)) - cost


def odds_within(text: str, start: int, end: int, forth: Sequence[int], back: Sequence[int]) -> int | None:
    """How much cheaper ``text`` gets where ``start`` to ``end`` is read as a name; None where it is none.

    ``forth`` and ``back`` are ``both_ways`` of the same text.
    """
    cost = name_cost(text[start:end])
    return None if cost is None else forth[-1] - (forth[start] + cost + back[end])
