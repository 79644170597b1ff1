"""Numbers that name a person: national ID, resident number (old and new), passport, date of birth.

RE2 has no look-around, and ``\\b`` sees no boundary between a Chinese character and a digit, so neighbours are checked here.
"""

from __future__ import annotations

from collections.abc import Iterator

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import pattern
from qingliu.privacy.rules.spans import Kind, Span

_LETTERS = {c: i for i, c in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}
_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_ID = r"[A-Za-z][A-Da-d1289][\- ]?\d{4}[\- ]?\d{4}"
_ID_WORDS = r"(?i)身分證|身份證|統一編號|證號|居留證|字號|統號|\bID\b"
_PASSPORT = r"(?i)(?:護照(?:號碼|號|字號|編號)?|passport(?: ?(?:no|number|#))?)[\s.:_為是]{0,4}([A-Z]{0,2}\d{6,9})"
_BIRTH = (
    r"(?:出生年月日|出生日期|出生年月|出生日|生日|出生於|生於)[\s:_為是,(]{0,4}((?:民國|"
    r"西元)?\s?\d{2,4}\s?[年./\-_]+\s?\d{1,2}"
    r"(?:\s?[月./\-_]+\s?\d{0,2}日?)?|\d{6,8})"
)
_BORN = r"((?:民國)?\d{2,4}年\d{1,2}月\d{1,2}日)(?:出)?生(?:[^效產]|$)"

ANCHORS = (_ID, _PASSPORT, _BIRTH, _BORN)  # a text in which none of these stands holds no number of a person

_VALID = {
    Kind.NATIONAL_ID: Text("身分證字號，檢查碼相符", "A national ID number with a right check digit"),
    Kind.RESIDENT_NUMBER: Text("外來人口統一證號，檢查碼相符", "A resident (UI) number with a right check digit"),
}
_WRITTEN = {
    Kind.NATIONAL_ID: Text("寫明是身分證字號，檢查碼不符", "Said to be a national ID number; its check digit is wrong"),
    Kind.RESIDENT_NUMBER: Text("寫明是居留證號，檢查碼不符", "Said to be a resident number; its check digit is wrong"),
}
_PASSPORT_REASON = Text("寫在「護照」之後", "Written after 'passport'")
_BIRTH_REASON = Text("寫明是出生日期", "Said to be a date of birth")


def checksum_holds(number: str) -> bool:
    """Whether the ten characters of a national ID or resident number, old or new, end in their check digit."""
    first, second = _LETTERS.get(number[0]), number[1]
    if first is None or len(number) != 10:
        return False
    figures = [first // 10, first % 10, _LETTERS[second] % 10 if second.isalpha() else int(second)]
    figures += map(int, number[2:])
    return sum(f * w for f, w in zip(figures, _WEIGHTS, strict=True)) % 10 == 0


def stands_alone(text: str, start: int, end: int, also: str = "") -> bool:
    """Whether no ASCII letter or digit (nor one of ``also``) touches the span; Chinese characters beside it are fine."""
    sides = (text[start - 1 : start] if start else "", text[end : end + 1])
    return not any(c and ((c.isascii() and c.isalnum()) or c in also) for c in sides)


def identity_numbers(text: str) -> Iterator[Span]:
    """National ID and resident numbers; without a right check digit only where the text calls them so."""
    for found in pattern(_ID).finditer(text):
        number = found.group().replace("-", "").replace(" ", "").upper()
        if not stands_alone(text, found.start(), found.end()):
            continue
        kind = Kind.NATIONAL_ID if number[1] in "12" else Kind.RESIDENT_NUMBER
        said = bool(pattern(_ID_WORDS).search(text[max(0, found.start() - 16) : found.start()]))
        plain = len(found.group()) == 10 and found.group().isupper()
        if checksum_holds(number) and (plain or said):
            yield Span(kind, found.start(), found.end(), 0.99 if said else 0.9, _VALID[kind])
        elif said:
            yield Span(kind, found.start(), found.end(), 0.7, _WRITTEN[kind])


def passports(text: str) -> Iterator[Span]:
    """Passport numbers, only where the text says passport: nine digits alone are anything."""
    for found in pattern(_PASSPORT).finditer(text):
        if stands_alone(text, found.start(1), found.end(1)):
            yield Span(Kind.PASSPORT, found.start(1), found.end(1), 0.9, _PASSPORT_REASON)


def birth_dates(text: str) -> Iterator[Span]:
    """Dates that the text calls somebody's birth."""
    for expression in (_BIRTH, _BORN):
        for found in pattern(expression).finditer(text):
            yield Span(Kind.BIRTH_DATE, found.start(1), found.end(1), 0.9, _BIRTH_REASON)
