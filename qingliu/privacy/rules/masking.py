"""How a name or a number is masked: enough stays to tell two apart, not enough to know who it is.

Names: the surname and the last character stay, all between becomes ○ (王○明, 歐陽○明); a name with one character after
the surname keeps the surname only (王○, 歐陽○). Names of other origins keep the first character of the first part
(瓦○○‧○○); names in Latin letters keep their initials (N. T. H.). A firm keeps its name; a sole trader's firm is kept and
the person masked.
"""

from __future__ import annotations

from collections.abc import Sequence

from qingliu.privacy.rules.address_parts import Level
from qingliu.privacy.rules.folding import fold, fold_name, is_han, pattern
from qingliu.privacy.rules.generalising import generalise_address
from qingliu.privacy.rules.name_fields import classify_name
from qingliu.privacy.rules.personal_names import characters, surname_length
from qingliu.privacy.rules.recognising import recognise
from qingliu.privacy.rules.spans import Kind, Span

SURE_ENOUGH = 0.5  # spans below it are told and left as they are
_CIRCLE = "○"
_NUMBERS = frozenset({Kind.NATIONAL_ID, Kind.RESIDENT_NUMBER, Kind.PASSPORT, Kind.MOBILE, Kind.BIRTH_DATE})


def _masked_chinese(name: str) -> str:
    own = max(1, surname_length(name))
    given = name[own:]
    if own == 1 and len(name) == 4 and name[1] in characters().common | {"氏"}:
        return name[0] + _CIRCLE * 2 + name[-1]  # 王陳玉英, 阮氏秋莊: the second surname would tell too much
    if len(given) <= 1 or own == 0:
        return name[:own] + _CIRCLE * max(1, len(given))
    return name[:own] + _CIRCLE * (len(given) - 1) + given[-1]


def mask_person(name: str) -> str:
    """One person's name, masked: 王○明, 王○, 歐陽○明, 阮○○莊, 瓦○○‧○○, N. T. H."""
    folded = fold_name(name)
    if not any(map(is_han, folded)):
        words = pattern(r"[\p{Latin}][\p{Latin}'’\-]*").finditer(folded)
        return " ".join(w.group()[0].upper() + "." for w in words) or _CIRCLE
    latin = pattern(r"[ (]*[\p{Latin}][\p{Latin} .'’\-]*\)?").search(folded)
    if latin:  # 瓦歷斯‧諾幹 Walis Nokan
        return (
            mask_person(name[: latin.start()] or name[latin.end() :])
            if latin.start() or latin.end() < len(name)
            else _CIRCLE
        )
    plain = folded.replace(" ", "")
    if "‧" in plain or (len(plain) > 4 and surname_length(plain) < 2):
        return plain[0] + "".join("‧" if c == "‧" else _CIRCLE for c in plain[1:])
    return _masked_chinese(plain)


def mask_name(value: str, *, also_named_after: bool = False) -> str:
    """A cell of a name column with its persons masked and every firm, farm and agency as it was.

    A person who also gave the sole trader its name (許某某即許某某畜牧場) is masked in both places; other farms and shops that
    bear a person's name stay, unless ``also_named_after``. A number beside the name is masked too.
    """
    verdict = classify_name(value)
    names = {value[s:e] for s, e in verdict.people}
    places = list(verdict.people)
    places += [p for p in verdict.named_after if also_named_after or value[p[0] : p[1]] in names]
    beside = [s for s in recognise(value, _NUMBERS) if not any(s.start < e and b < s.end for b, e in places)]
    masked = [(s.start, s.end, _masked(value[s.start : s.end], s.kind, Level.HIDDEN)) for s in beside]
    masked += [(start, end, mask_person(value[start:end])) for start, end in set(places)]
    for start, end, instead in sorted(masked, reverse=True):
        value = value[:start] + instead + value[end:]
    return value


def _kept(text: str, first: int, last: int = 0) -> str:
    """Letters and digits of ``text`` but the first and last few as ``*``; marks between them stay."""
    figures = [i for i, c in enumerate(text) if c.isalnum()]
    stay = {*figures[:first], *(figures[-last:] if last else ())}
    return "".join("*" if c.isalnum() and i not in stay else c for i, c in enumerate(text))


def _masked(text: str, kind: Kind, level: Level) -> str:
    if kind is Kind.NAME:
        return mask_person(text)
    if kind in {Kind.NATIONAL_ID, Kind.RESIDENT_NUMBER}:
        return _kept(text, 3, 2)
    if kind is Kind.EMAIL:
        return "***@***"
    if kind is Kind.MOBILE:
        return _kept(text, 4)
    if kind is Kind.LANDLINE:
        return _kept(text, 3 if fold(text).lstrip("(+").startswith(("037", "049", "082", "089", "886")) else 2)
    if kind is Kind.PLATE:
        return "".join("*" if c.isdigit() else c for c in text)
    if kind is Kind.ADDRESS:
        return generalise_address(text, level) or _CIRCLE * 2
    return _kept(text, 0)


def mask_text(text: str, spans: Sequence[Span], *, level: Level = Level.DISTRICT, least: float = SURE_ENOUGH) -> str:
    """``text`` with the spans of at least ``least`` confidence masked, addresses told up to ``level``; all else as it was."""
    for span in sorted(spans, key=lambda s: s.start, reverse=True):
        if span.confidence >= least:
            text = text[: span.start] + _masked(text[span.start : span.end], span.kind, level) + text[span.end :]
    return text
