"""Addresses of Taiwan read part by part: today's names for old ones, digits for numerals, nothing guessed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from qingliu.privacy.rules.address_parts import Address
from qingliu.privacy.rules.folding import fold, pattern
from qingliu.privacy.rules.numerals import NUMERALS, chinese, digits
from qingliu.standards.areas import (
    counties,
    counties_with,
    current_county,
    current_township,
    find_area,
    old_names,
    old_township_names,
    standard_name,
    townships,
)

_N = f"[0-9{NUMERALS}]"
_NUM = rf"{_N}+(?:[之\-]{_N}+)*"
_ALSO = rf"(?:號?[、,.~至及和與]{_NUM})*"
_WORD = r"[^0-9,;、。:()\s]"
_ZIP = r"^[\[(]?\d{3}(?:\d{2,3})?[\])]?"
_AFTER_NUMBERS = frozenset("0123456789-之號巷弄地鄰")
_PROVINCE = r"^(?:臺灣省|福建省|中華民國|臺灣|本[縣市])"
_OPENING = r"^[\s,、。.:;()\-]+"
_VILLAGE = rf"^(?P<village>{_WORD}{{1,4}}?[村里])"
_NEIGHBOURHOOD = rf"^(?P<neighbourhood>{_N}+)鄰"
_ROAD = rf"^(?P<road>{_WORD}{{1,10}}?(?:\d{{1,3}}{_WORD}{{0,2}}?)?(?:路|街|大道|道路|公路))(?:(?P<part>{_N}{{1,3}})段)?"
_LANE = rf"^(?P<lane>{_NUM}號?|{_WORD}{{1,6}}?|{_WORD}{{1,2}}{_N}+)巷"
_ALLEY = rf"^(?P<alley>{_NUM}|{_WORD}{{1,4}}?)弄"
_SUB = rf"^(?P<sub>{_NUM})衖"
_NUMBER = rf"^(?P<number>{_NUM})(?P<more>{_ALSO})號(?:[之\-](?P<minor>{_N}+))?"
_LOCALITY = rf"^(?P<locality>\d?{_WORD}{{1,10}}?){_NUM}{_ALSO}號"
_FLOOR = rf"^(?P<floor>(?:地下)?{_N}+|B\d)(?P<also>{_ALSO})(?:樓|F|層)(?:[之\-](?P<minor>{_N}+))?"
_ROOM = rf"^(?P<room>[A-Z]?{_NUM}[A-Z]?)室"
_PLOT_END = r"(?:等.{0,5}筆)?(?:地號|號)?"
_SECTION = rf"{_WORD}{{1,10}}?段(?:{_WORD}{{1,8}}?小段)?"
_PLOTS = rf"^(?P<section>{_SECTION})地?號?第?(?P<plots>{_NUM}{_ALSO}){_PLOT_END}"
_SURE_PLOTS = rf"^(?P<section>{_SECTION}|{_WORD}{{2,6}}?)第?(?P<plots>{_NUM}{_ALSO})(?:等.{{0,5}}筆)?地號"
_ROAD_SECTION = rf"(?:路|街|大道){_N}+段"
_SECTION_ONLY = rf"^(?P<section>{_SECTION})(?:$|[,;、。(])"
_ASIDE = r"\((?:[^()]*部[分份]?[^()]*)\)|[等共].{0,5}筆(?:土地|地號)*$"


@cache
def _counties() -> str:
    names = sorted({*(a.county for a in counties()), *(standard_name(n) for n in old_names())})
    return f"^(?P<county>{'|'.join(names)})"


@cache
def _townships() -> str:
    names = {standard_name(a.township) for a in townships()} | {standard_name(n) for n in old_township_names()}
    names |= {n[:-1] + kind for n in names if len(n) > 2 for kind in "鄉鎮市區"}
    ordered = sorted(names, key=lambda n: (-len(n), n))
    return f"^(?P<township>{'|'.join(ordered)})"


@cache
def _stems() -> str:
    return f"^(?P<stem>{'|'.join(sorted({a.county[:-1] for a in counties()}))})"


@dataclass(slots=True)
class _Reading:
    """An address while it is read: what is still unread, and the parts found so far."""

    rest: str
    parts: dict[str, str] = field(default_factory=dict)

    def take(self, expression: str) -> dict[str, str] | None:
        """The named parts that ``expression`` finds at the start, which is then read; None when it finds nothing."""
        found = pattern(expression).search(self.rest)
        if found is None:
            return None
        self.rest = self.rest[found.end() :]
        return {k: v or "" for k, v in found.groupdict().items()}


def _dashed(number: str, minor: str = "") -> str:
    parts = [digits(p) for p in number.replace("之", "-").split("-")]
    return "-".join((*parts, digits(minor)) if minor else parts)


def _listed(text: str) -> str:
    marks = str.maketrans(dict.fromkeys(",.及和與", "、") | {"至": "~"})
    return "、".join("~".join(_dashed(n) for n in one.split("~")) for one in text.translate(marks).split("、") if one)


def _read_area(reading: _Reading) -> None:
    """County and township as written, the postal code and whatever is said twice left behind."""
    parts = reading.parts
    for _ in range(3):  # 新北市汐止區北市汐止區…, 臺中市西屯區臺中市工業區…
        reading.take(_OPENING)
        if (zip_code := pattern(_ZIP).search(reading.rest)) and reading.rest[zip_code.end() :][
            :1
        ] not in _AFTER_NUMBERS:
            reading.rest = reading.rest[zip_code.end() :]
        reading.take(_PROVINCE)
        found = reading.take(_counties())
        if found and not parts.get("county"):
            parts["county"] = found["county"]
        town = _read_township(reading)
        if town and not parts.get("township"):
            parts["township"] = town
        if not found and not town:
            return
        again = reading.rest.find(parts["township"], 0, 6) if parts.get("township") else -1
        reading.rest = reading.rest[again:] if again > 0 else reading.rest


def _read_township(reading: _Reading) -> str:
    before = reading.rest
    found = reading.take(_townships())
    if found is None and not reading.parts.get("county") and (stem := reading.take(_stems())):
        county = next(a.county for a in counties() if a.county[:-1] == stem["stem"])
        found = reading.take(_townships())  # 屏東鹽埔鄉: the county is said without 縣
        if found is None or not current_township(county, found["township"]):
            found, reading.rest = None, before
    if found is None:
        return ""
    name = found["township"]
    county = current_county(reading.parts.get("county", ""))
    real = current_township(county, name) if county else counties_with(name)
    if not real or (len(name) == 2 and not county) or pattern(rf"^[路街]{_N}").search(reading.rest):
        reading.rest = before  # 東區路, 中山區里…: only looks like a township
        return ""
    return name


def _read_street(reading: _Reading) -> None:
    parts = reading.parts
    before = reading.rest
    if found := reading.take(_VILLAGE):
        if reading.rest[:1] in {"路", "街", "巷", "大", "段"} and not reading.rest.startswith("大道"):
            reading.rest = before
        else:
            parts["village"] = found["village"]
    if found := reading.take(_NEIGHBOURHOOD):
        parts["neighbourhood"] = digits(found["neighbourhood"])
    if _has_number(reading.rest) or _is_land(reading.rest):
        return
    if found := reading.take(_ROAD):
        parts["road"] = found["road"] + (chinese(found["part"]) + "段" if found["part"] else "")
    if found := reading.take(_NEIGHBOURHOOD):  # 南安路10鄰450號
        parts["neighbourhood"] = digits(found["neighbourhood"])
    if found := reading.take(_LANE):
        parts["lane"] = _dashed(found["lane"].removesuffix("號"))
    if found := reading.take(_ALLEY):
        parts["alley"] = _dashed(found["alley"])
    if found := reading.take(_SUB):
        parts["sub_alley"] = _dashed(found["sub"])
    if not _has_number(reading.rest) and (locality := _locality(reading)):
        parts["locality"] = locality


def _has_number(text: str) -> bool:
    found = pattern(_NUMBER).search(text)
    return bool(found) and text[found.end() : found.end() + 1] != "巷"  # 6號巷72號


def _is_land(text: str) -> bool:
    """Whether ``text`` begins with a plot (車路墘段701地號) rather than a road with its section (中山路二段281號)."""
    found = pattern(_SURE_PLOTS).search(text)
    return bool(found) and not pattern(_ROAD_SECTION).search(found["section"])


def _locality(reading: _Reading) -> str:
    found = pattern(_LOCALITY).search(reading.rest)
    if found is None or "段" in found["locality"]:
        return ""
    reading.rest = reading.rest[len(found["locality"]) :]
    return str(found["locality"])


def _read_number(reading: _Reading) -> None:
    parts = reading.parts
    if found := reading.take(_NUMBER):
        parts["number"] = _listed(_dashed(found["number"], found["minor"]) + found["more"])
        reading.take(_OPENING)
    if found := reading.take(_FLOOR):
        floor = found["floor"].removeprefix("地下")
        below = "地下" if floor != found["floor"] else ""
        parts["floor"] = below + _listed(_dashed(floor, found["minor"]) + found["also"])
        reading.take(_OPENING)
    if found := reading.take(_ROOM):
        parts["room"] = found["room"].replace("之", "-")


def _read_land(reading: _Reading) -> None:
    for expression in (_SURE_PLOTS, _PLOTS, _SECTION_ONLY):
        if found := reading.take(expression):
            reading.parts["section"] = found["section"]
            reading.parts["land_number"] = _listed(found.get("plots", ""))
            return


def _plain(text: str) -> str:
    """``text`` folded, in official characters, without blanks and asides such as (部分)."""
    plain = standard_name(fold(text)).replace(" ", "").replace("巿", "市")
    return str(pattern(_ASIDE).sub("", plain))


@lru_cache(maxsize=65536)
def parse_address(text: str, *, county: str = "", township: str = "") -> Address:
    """The parts of the first address in ``text``, in today's names.

    ``county`` and ``township`` are what neighbouring columns say; they fill what the text leaves out where they agree with it,
    and never outweigh it.
    """
    reading = _Reading(_plain(text))
    _read_area(reading)
    if not reading.parts and (found := pattern(_counties().replace("^", "", 1)).search(reading.rest)):
        reading.rest = reading.rest[found.start() :]  # 新竹科學工業園區新竹縣寶山鄉…
        _read_area(reading)
    _read_street(reading)
    if not reading.parts.get("road") and not pattern(_NUMBER).search(reading.rest):
        _read_land(reading)
    _read_number(reading)
    if not reading.parts.get("section"):
        reading.take(_OPENING)
        _read_land(reading)
    written = reading.parts
    found = replace(Address(text, rest=reading.rest.strip(" ,;、。")), **written)  # type: ignore[arg-type]
    return _with_area(found, county, township)


def _with_area(address: Address, county_hint: str, township_hint: str) -> Address:
    """``address`` in today's names, with what is missing filled where only one answer is possible."""
    county = current_county(address.county)
    hint = current_county(county_hint)
    filled: list[str] = []
    if not county and address.township:
        possible = counties_with(address.township)
        county = possible[0] if len(possible) == 1 else hint if hint in possible else ""
        filled += ["county"] if county else []
    elif not county and hint:
        county, filled = hint, ["county"]
    town = current_township(county, address.township) if county and address.township else ""
    if not address.township and county and township_hint and county == (hint or county):
        town = current_township(county, township_hint)
        filled += ["township"] if town else []
    area = find_area(county, town) if county else None
    return replace(
        address,
        county=county,
        township=town or standard_name(address.township),
        code=area.code if area and (town or not address.township) else "",
        filled=tuple(filled),
    )


def _begins_address(text: str) -> bool:
    if pattern(rf"^{_N}").search(text):
        return False
    starts = (_counties(), _townships(), _SURE_PLOTS, _PLOTS, _ROAD)
    return any(pattern(p).search(text) for p in starts)


def split_addresses(text: str) -> tuple[str, ...]:
    """The single addresses that a cell lists: parted by a semicolon, or by a comma before a new county, section or road."""
    found: list[str] = []
    for piece in fold(text).replace("\n", ";").split(";"):
        begun = False
        for part in piece.replace(",", "、").split("、"):
            if begun and not _begins_address(standard_name(part.strip())):
                found[-1] += "、" + part.strip()
            elif part.strip():
                found.append(part.strip())
                begun = True
    return tuple(found)


def parse_addresses(text: str, *, county: str = "", township: str = "") -> tuple[Address, ...]:
    """Every address of a cell; a later one stands in the county and township of the one before unless it says otherwise."""
    found: list[Address] = []
    for part in split_addresses(text):
        near = (found[-1].county, found[-1].township) if found else (county, township)
        address = parse_address(part, county=near[0], township=near[1])
        if address.number or address.land_number or address.township or address.road:
            found.append(address)
    return tuple(found)
