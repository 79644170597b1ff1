"""What one column of raw text most safely is: pure functions over its profile."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from qingliu.core.dataset import FieldRecord, FieldType, Sensitivity, Text
from qingliu.lake.profile import ColumnProfile

_BAD_NAME = re.compile(r"[\s;=,\"'`\\/?#&%<>\x00-\x1f]+")
_ID = re.compile(
    r"(^|_)(id|no|code|nbr|zip)$|id$|code$|編號|代碼|代號|字號|統編|統一編號|管制編號|郵遞|序號|number$|_no$|uniformno",
    re.I,
)
_PERSON = re.compile(r"姓名|負責人|聯絡人|承辦人|代表人|申請人|身分證|行為人|手機|行動電話|contact|owner|person", re.I)
_ADDRESS = re.compile(r"地址|住址|住所|address|addr$|地號", re.I)
_LON = {"longitude", "lon", "lng", "經度", "twd97lon", "wgs84lon", "x_wgs84", "wgs84_x"}
_LAT = {"latitude", "lat", "緯度", "twd97lat", "wgs84lat", "y_wgs84", "wgs84_y"}
_TIME = re.compile(r"date|time|日期|時間|年月日", re.I)
_KNOWN_MARKS = {
    "NR": "{text: NR, value: 0, flag: no_rain}",
    "-": "{text: '-', flag: no_data, question: true}",
    "--": "{text: '--', flag: no_data, question: true}",
    "ND": "{text: ND, flag: below_detection}",
    "N.D.": "{text: N.D., flag: below_detection}",
    "<MDL": "{text: <MDL, flag: below_detection}",
    "#DIV/0!": "{text: '#DIV/0!', flag: calculation_error}",
    "-無資料-": "{text: -無資料-, flag: missing}",
}
_SUFFIXES = {"#": "instrument_check_invalid", "*": "program_check_invalid", "x": "manual_check_invalid"}
_MIXED_SHARE = 0.5
_MARKED = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(\D{1,2})")


@dataclass(frozen=True, slots=True)
class Column:
    """A drafted column: the header it comes from, the field, why, how sure (0 to 1), and what it was drafted from."""

    header: str
    field: FieldRecord
    reasons: tuple[str, ...]
    confidence: float
    profile: ColumnProfile | None

    @property
    def date_formats(self) -> tuple[str, ...]:
        """Formats that read every filled cell as a date, for a wide table's date column."""
        if not self.profile or not self.profile.filled:
            return ()
        found = [f for (t, f), n in self.profile.dates.items() if t == "date" and n == self.profile.filled]
        return (found[0] or "%Y/%m/%d",) if found else ()

    @property
    def is_id(self) -> bool:
        """Whether the header speaks of an id, a code or a name."""
        return bool(_ID.search(self.header)) or bool(re.search(r"name$|名稱", self.header, re.I))


def name_for(header: str, taken: set[str]) -> str:
    """A public name from a header, unlike all in ``taken`` (which it joins)."""
    name = _BAD_NAME.sub("_", unicodedata.normalize("NFKC", header)).strip("_")[:60] or "column"
    number, unique = 2, name
    while unique.casefold() in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique.casefold())
    return unique


def role_of(header: str) -> str:
    """lon, lat or nothing."""
    plain = unicodedata.normalize("NFKC", header).strip().casefold()
    return "lon" if plain in _LON else "lat" if plain in _LAT else ""


def judged(header: str, profile: ColumnProfile, name: str) -> Column:
    """The column as it is safest to declare."""
    aliases = (header,) if header != name and not header.isspace() else ()
    field = FieldRecord(name, "string", Text(header, ""), aliases=aliases)
    kind, formats, reasons, confidence = _kind(header, profile)
    written = _written_otherwise(header, profile) if kind == "string" else None
    if written:
        kind, numbers, reasons, confidence = written
        field = replace(field, numbers=numbers)
    field = replace(field, type=kind, formats=formats)
    sensitivity, why = _sensitivity(header, profile, kind)
    if sensitivity != "none":
        field = replace(field, sensitivity=sensitivity)
        reasons = [why]  # and no sample of its text
    if profile.filled < profile.rows:
        reasons.append(f"{profile.rows - profile.filled} 個空白 empty cells")
    return Column(header, field, tuple(reasons), confidence, profile)


def _kind(header: str, p: ColumnProfile) -> tuple[FieldType, tuple[str, ...], list[str], float]:
    """(type, formats, reasons, confidence)."""
    if not p.filled:
        return "string", (), ["全為空白，無從判斷 all cells are empty"], 0.1
    dated = _dated(header, p)
    if dated:
        return dated
    c = p.classes
    if c["loose_number"] < p.filled:
        return _mixed(p) if c["loose_number"] + c["suffixed"] >= p.filled * _MIXED_SHARE else _text(p)
    if c["leading_zero"]:
        return "string", (), [f"{c['leading_zero']} 格有前導零，轉數值會失去 leading zeros would be lost"], 0.95
    if c["number"] < p.filled:
        odd = p.filled - c["number"]
        return "string", (), [f"{odd} 格的數字寫法特殊（指數、正號、位數過多）unusual digits"], 0.6
    whole = c["integer"] == p.filled
    if whole and (_ID.search(header) or _one_length(p)):
        return "string", (), ["像代碼：數字但不用於計算 looks like a code: digits that are not counted with"], 0.8
    if whole:
        return "integer", (), [f"{p.filled} 格皆為整數（{p.lowest:g}～{p.highest:g}）all whole numbers"], 0.9
    return "number", (), [f"{p.filled} 格皆為數值（{p.lowest:g}～{p.highest:g}）all numbers"], 0.9


def _written_otherwise(header: str, p: ColumnProfile) -> tuple[FieldType, tuple[str, ...], list[str], float] | None:
    """(type, ``numbers``, reasons, confidence) of a column in which every cell is a number and some are written with
    thousands separators or in full-width digits; None for any other column."""
    c = p.classes
    ways = tuple(n for n, cells in (("thousands", c["any_thousands"]), ("fullwidth", c["full_width"])) if cells)
    if not ways or c["any_number"] < p.filled or c["any_leading_zero"] or _ID.search(header):
        return None
    told = [(c["any_thousands"], "千分位逗號 thousands separators"), (c["full_width"], "全形數字 full-width digits")]
    kind: FieldType = "integer" if c["any_whole"] == p.filled else "number"
    return kind, ways, [f"{p.filled} 格皆為數值 all numbers", *(f"{n} 格有{what}" for n, what in told if n)], 0.9


def _one_length(p: ColumnProfile) -> bool:
    """Whether all are long whole numbers of one length, as codes are."""
    if p.lowest is None or p.highest is None or p.lowest < 1e6:
        return False
    return len(str(int(p.lowest))) == len(str(int(p.highest)))


def _dated(header: str, p: ColumnProfile) -> tuple[FieldType, tuple[str, ...], list[str], float] | None:
    complete = [(t, f) for (t, f), n in p.dates.items() if n == p.filled]
    plain = [(t, f) for t, f in complete if not f.startswith("roc:")]
    if plain:
        kind, fmt = plain[0]
        return (
            kind,
            (fmt,) if fmt else (),
            [f"{p.filled} 格皆為{'日期' if kind == 'date' else '日期時間'} every cell is a {kind}"],
            0.95,
        )
    compact = p.classes["year_day"] == p.filled and _TIME.search(header)
    if compact:
        return "string", (), ["可能是西元日期 %Y%m%d，請決定 may be dates %Y%m%d: please decide"], 0.5
    roc = [f for _, f in complete if f.startswith("roc:")]
    if roc and (_TIME.search(header) or p.classes["loose_number"] < p.filled):
        return "string", (), [f"可能是民國日期，若是請宣告 formats: ['{roc[0]}'] may be ROC dates: please decide"], 0.5
    partly = max(p.dates.items(), key=lambda item: item[1])
    if partly[1] >= p.filled * _MIXED_SHARE and p.classes["loose_number"] < p.filled:
        (kind, fmt), count = partly
        rest = p.filled - count
        return (
            "string",
            (),
            [f"{count} 格像{fmt or kind}，其餘 {rest} 格不是，請決定 {rest} cells are no dates: please decide"],
            0.4,
        )
    return None


def _mixed(p: ColumnProfile) -> tuple[FieldType, tuple[str, ...], list[str], float]:
    """Numbers with something else among them: text, and what a person should decide."""
    c = p.classes
    reasons = [f"{c['loose_number']} 格是數值，其餘不是；先保留文字 mixed with numbers: kept as text until decided"]
    words = [(t, n) for t, n in p.odd if not _MARKED.fullmatch(t)]
    shown = "、".join(f"「{t[:20]}」{n}" for t, n in words[:8])
    if shown:
        reasons.append(f"這些文字是什麼意思 what do these mean：{shown}")
    known = [_KNOWN_MARKS[t] for t, _ in words if t in _KNOWN_MARKS]
    if known:
        reasons.append(f"若為代碼可宣告 if they are sentinels：type number, sentinels: [{', '.join(known)}]")
    if c["suffixed"]:
        ends = sorted({m.group(2) for t, _ in p.odd if (m := _MARKED.fullmatch(t))})
        marks = ", ".join(f"'{e}': {_SUFFIXES.get(e, '?')}" for e in ends)
        reasons.append(f"{c['suffixed']} 格數字後帶記號 numbers with marks：suffix_flags: {{{marks}}}")
    if c["thousands"]:
        reasons.append(f"{c['thousands']} 格有千分位逗號 thousands separators")
    if c["full_width"]:
        reasons.append(f"{c['full_width']} 格有全形數字 full-width digits")
    return "string", (), reasons, 0.4


def _text(p: ColumnProfile) -> tuple[FieldType, tuple[str, ...], list[str], float]:
    reasons = [f"文字，{p.distinct} 種 text, {p.distinct} different"]
    marks = [t for t, _ in p.odd if t in _KNOWN_MARKS]
    if marks:
        reasons.append(f"這些可能是缺值代碼 these may be sentinels：{'、'.join(marks)}")
    return "string", (), reasons, 0.9


def _sensitivity(header: str, p: ColumnProfile, kind: FieldType) -> tuple[Sensitivity, str]:
    c = p.classes
    for name, what in (("national_id", "身分證字號"), ("mobile", "手機號碼"), ("email", "電子郵件"), ("plate", "車牌")):
        if c[name] and kind == "string":
            return "personal", f"{c[name]} 格含{what}樣式 looks like {name} in {c[name]} cells"
    if _PERSON.search(header):
        return "personal", "標題像個人資料 the header speaks of a person"
    if p.filled and (c["person_name"] + c["masked_name"]) * 2 > p.filled and p.distinct > 1:
        return "personal", f"{c['person_name'] + c['masked_name']} 格像姓名 looks like names of persons"
    if _ADDRESS.search(header) or (p.filled and c["address"] * 3 > p.filled):
        return "address", f"{c['address']} 格像地址 looks like addresses"
    return "none", ""
