"""Numbers in a text, so that two languages can be held against each other: digits, ROC years, numerals in words."""

from __future__ import annotations

import re2

_HAN = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "兩": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "萬": 10_000}
_COUNTED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WORDS: dict[str, float] = {w: float(n) for words in (_MONTHS, _COUNTED) for n, w in enumerate(words) if w}
_WORDS |= {"first": 1, "second": 2, "third": 3, "fourth": 4, "both": 2, "once": 1, "twice": 2, "half": 0.5}
_NUMERAL = re2.compile("[零〇一二兩三四五六七八九十百千萬]+")
_DIGITS = re2.compile(r"[0-9]+(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_NAMES = re2.compile(r"[A-Za-z][A-Za-z_]*[_.-]?[0-9][A-Za-z0-9_.]*")  # PM2.5, AQX_P_432, CO2, M1: names, not numbers
_ROC = re2.compile(r"(?:民國|年至|^|[^0-9])([0-9]{2,3})\s?年")
_LATIN = re2.compile(r"[A-Za-z]+")
_WIDE = str.maketrans("０１２３４５６７８９．，", "0123456789.,")


def of_text(text: str) -> frozenset[float]:
    """Numbers written in digits, names that hold digits left out."""
    bare = _NAMES.sub(" ", text.translate(_WIDE))
    return frozenset(float(n.replace(",", "")) for n in _DIGITS.findall(bare))


def _roc_years(zh: str) -> frozenset[float]:
    return frozenset(float(y) for y in _ROC.findall(zh.translate(_WIDE)) if 1 <= int(y) <= 200)


def _counted(run: str) -> tuple[float, ...]:
    """What a run of Chinese numerals may mean: its value, and each numeral alone (二十三 is 23; 一二 may be 1, 2)."""
    total = section = digit = 0
    for char in run:
        if char in _HAN:
            digit = _HAN[char]
        elif char == "萬":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _SCALES[char], 0
    alone = tuple(float(_HAN.get(c, _SCALES.get(c, 0))) for c in run)
    return (float(total + section + digit), *alone)


def differing(zh: str, en: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Numbers that stand only in the Chinese text, and only in the English one.

    A ROC year and its year of the common era are one number; a number spelled out in the other language does.
    """
    ours, theirs = of_text(zh), of_text(en)
    years = _roc_years(zh)
    spelled_en = {_WORDS[w] for w in (x.lower() for x in _LATIN.findall(en)) if w in _WORDS}
    spelled_zh = {n for run in _NUMERAL.findall(zh) for n in _counted(run)}
    ce = {y + 1911 for y in years}
    only_zh = {n for n in ours - theirs - spelled_en if not (n in years and n + 1911 in theirs)}
    only_en = {n for n in theirs - ours - spelled_zh if n not in ce}
    return tuple(sorted(only_zh)), tuple(sorted(only_en))
