"""Where somebody lives, inside a sentence: full addresses, plots, coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import HAN, pattern
from qingliu.privacy.rules.numerals import NUMERALS
from qingliu.privacy.rules.spans import Kind, Span
from qingliu.standards.areas import counties, old_names, standard_name, townships

_N = f"[0-9{NUMERALS}]"
_NUM = rf"{_N}+(?:[之\-]{_N}+)*"
_WORD = rf"[{HAN}]"
_UNIT = rf"(?:[,、\-]?(?:地下)?{_N}+(?:樓|F)(?:[之\-]{_N}+)?)?(?:[,、\-]?[A-Z]?{_NUM}室)?"
_STREET = (
    rf"(?:{_WORD}{{1,5}}[村里])?(?:{_N}+鄰)?{_WORD}{{1,8}}?(?:路|街|大道|"
    rf"巷)(?:{_N}{{1,3}}段)?(?:{_NUM}巷)?(?:{_NUM}弄)?(?:{_NUM}衖)?"
    rf"{_NUM}號(?:之{_N}+)?{_UNIT}"
)
_VILLAGE = rf"{_WORD}{{1,4}}[村里](?:{_N}+鄰)?{_WORD}{{0,6}}{_NUM}號(?:之{_N}+)?{_UNIT}"
_PLOT = rf"{_WORD}{{1,8}}?段(?:{_WORD}{{1,6}}?小段)?{_NUM}(?:[、,及和]{_NUM})*(?:等.{{0,4}}筆)?地號"
_HOME = r"戶籍|住所|住址|居所|通訊地址|住家|住宅|自宅|民宅|家中|租屋|宿舍|陳情人|檢舉人|被害人|身分證"
_STATION = r"測站|監測站|監測井|採樣點|測點|排放口|放流口|煙道"  # points that are public
_DEGREES = r"(\d{2,3}\.\d{3,})[°度NEne]?[^0-9]{1,6}(\d{2,3}\.\d{3,})"
_METRES = r"(\d{6}(?:\.\d+)?)[^0-9]{1,6}(\d{7}(?:\.\d+)?)"
_COORDINATE_WORDS = r"(?i)座標|坐標|經緯|經度|緯度|gps|twd|wgs|地標"

_ENDS = frozenset(f"號樓筆地F室0123456789{NUMERALS}")
POINT_ANCHORS = (_DEGREES, _METRES)

_FULL = Text("寫到門牌的完整地址", "A full address with its house number")
_STREET_ONLY = Text("路街與門牌，未寫縣市", "Road and house number without county")
_PLOT_REASON = Text("寫到地號的土地", "A plot of land with its number")
_HOME_REASON = Text("寫明是住處的完整地址", "A full address said to be somebody's home")
_POINT = Text("寫明是座標的數字", "Numbers said to be coordinates")
_HOME_POINT = Text("住處的座標", "Coordinates of somebody's home")


@cache
def _areas() -> str:
    names = {a.county for a in counties()} | {standard_name(n) for n in old_names()}
    names |= {n.replace("臺", "台") for n in names}
    towns = {a.township for a in townships() if len(a.township) > 2}
    towns |= {n.replace("臺", "台") for n in towns}
    county, town = "|".join(sorted(names)), "|".join(sorted(towns))
    return rf"(?:(?:{county}|本[縣市])(?:{_WORD}{{1,4}}?[鄉鎮市區])?|(?:{town}))"


@cache
def _expressions() -> tuple[tuple[str, float, Text], ...]:
    return (
        (rf"{_areas()}(?:{_STREET}|{_VILLAGE})", 0.85, _FULL),
        (rf"{_areas()}{_PLOT}", 0.6, _PLOT_REASON),
        (_STREET, 0.55, _STREET_ONLY),
    )


@cache
def _whole() -> str:
    more = rf"(?:[、,;及和與至之\-~. ]*(?:地下|B)?{_N}+(?:地號|巷|弄|號|樓|F)?(?:之{_N}+)?)*(?:等?{_N}*筆)?(?:土地)?"
    return rf"^(?:\[?\d{{3,6}}\]?)?[ ]?{_areas()}(?:{_STREET}|{_VILLAGE}|{_PLOT}|{_WORD}{{1,8}}段{_N}){more}$"


def is_an_address(text: str) -> bool:
    """Whether ``text`` (folded) is a full address from its county or district to its number, and no more: it names no person."""
    return text[-1:] in _ENDS and pattern(_whole()).found(text)


def addresses_in(text: str) -> Iterator[Span]:
    """Addresses with a house number or plot inside a sentence; surer where the sentence speaks of a home."""
    if "號" not in text:
        return
    taken: list[tuple[int, int]] = []
    for expression, confidence, reason in _expressions():
        for found in pattern(expression).finditer(text):
            start, end = found.span()
            if any(s < end and start < e for s, e in taken):
                continue
            start = _beginning(text, start, end) if reason is _STREET_ONLY else start
            if start == end:
                continue
            taken.append((start, end))
            home = bool(pattern(_HOME).search(text[max(0, start - 14) : start]))
            sure = min(0.97, confidence + 0.12) if home else confidence
            yield Span(Kind.ADDRESS, start, end, sure, _HOME_REASON if home else reason)


def _beginning(text: str, start: int, end: int) -> int:
    """Where the road's name begins once words such as 「位於」 before it are left out; ``end`` when nothing is left."""
    lead = pattern(r"^.*?(?:位於|坐落|座落|設於|住址|地址|住於|居住|至|於|在|為|是|自|往|經|由|[的及與和])").search(
        text[start:end]
    )
    begin = start + lead.end() if lead else start
    named = pattern(rf"^{_WORD}{{2,}}?(?:路|街|大道|巷)").search(text[begin:end])
    return begin if named else end


def coordinates_in(text: str) -> Iterator[Span]:
    """Pairs of coordinates within Taiwan where the sentence says that they are; surer where it speaks of a home."""
    for expression in (_DEGREES, _METRES):
        for found in pattern(expression).finditer(text):
            one, two = float(found[1]), float(found[2])
            inside = any(_inside(lon, lat) for lon, lat in ((one, two), (two, one)))
            near = text[max(0, found.start() - 30) : found.end() + 10]
            if not inside or not (pattern(_COORDINATE_WORDS).search(near) or expression is _DEGREES):
                continue
            home = bool(pattern(_HOME).search(near))
            sure = 0.9 if home else 0.4 if pattern(_STATION).search(near) else 0.5
            yield Span(Kind.COORDINATES, found.start(1), found.end(2), sure, _HOME_POINT if home else _POINT)


def _inside(x: float, y: float) -> bool:
    return (117 < x < 123 and 20 < y < 27) or (90_000 < x < 370_000 and 2_400_000 < y < 2_930_000)
