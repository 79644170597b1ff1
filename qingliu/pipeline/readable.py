"""What a single text can be read as: numbers as the lake reads them, and the date formats that fit it. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_MARKS: dict[str, tuple[str, float | None]] = {
    "NR": ("no_rain", 0.0), "ND": ("below_detection", None), "N.D.": ("below_detection", None),
    "N.D": ("below_detection", None), "<MDL": ("below_detection", None), "未檢出": ("below_detection", None),
    "#DIV/0!": ("calculation_error", None), "#N/A": ("calculation_error", None), "#REF!": ("calculation_error", None),
    "#VALUE!": ("calculation_error", None), "-無資料-": ("missing", None), "無資料": ("missing", None),
    "NA": ("missing", None), "N/A": ("missing", None), "NULL": ("missing", None), "null": ("missing", None),
    "無": ("missing", None), "缺值": ("missing", None), "缺測": ("not_measured", None), "未測": ("not_measured", None),
    "維護": ("not_measured", None), "維修": ("not_measured", None),
    "校正": ("not_measured", None),
    "停機": ("not_measured", None), "儀器故障": ("instrument_check_invalid", None), "不適用": ("not_applicable", None),
}  # fmt: skip
_DASHES = re.compile(r"[-–—－ー*/.…?？]{1,4}")
NINES = re.compile(r"-?9{3,}(?:\.9+|\.0+)?")
_BELOW = re.compile(r"[<≦≤]=?\s*(?:\d+(?:\.\d*)?|\.\d+)")
_FORMATS: dict[str, tuple[str, ...]] = {
    "date": (
        "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "roc:%Y/%m/%d", "roc:%Y-%m-%d", "roc:%Y.%m.%d",
        "roc:%Y年%m月%d日", "roc:民國%Y年%m月%d日", "roc:%Y%m%d",
    ),
    "datetime": (
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H", "%Y/%m/%d %H",
        "%Y%m%d%H%M", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "roc:%Y/%m/%d %H:%M:%S", "roc:%Y/%m/%d %H:%M",
        "roc:%Y-%m-%d %H:%M", "roc:%Y/%m/%d", "%Y/%m/%d %H時", "%Y年%m月%d日 %H時", "roc:%Y/%m/%d %H時",
        "roc:%Y年%m月%d日 %H時",
    ),
}  # fmt: skip


def number_in(text: str) -> float | None:
    """The number that a text is, or None."""
    return float(text) if _NUMBER.fullmatch(text) else None


def loosely(text: str) -> tuple[float, str] | None:
    """The number that a text plainly is in full-width digits or with thousands separators, and how it is written so.

    None for a number as the lake reads it, and for any other text: ``1,23`` and ``12.340,5`` are not guessed.
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    if _THOUSANDS.fullmatch(bare):
        return float(bare.replace(",", "")), "thousands"
    wide = bare != text.strip() and _NUMBER.fullmatch(bare)
    return (float(bare), "full_width") if wide else None


def meaning(text: str) -> tuple[str, float | None] | None:
    """(flag, value) of a text that is known to stand for no value; None for any other text."""
    bare = unicodedata.normalize("NFKC", text).strip()
    known = _MARKS.get(bare) or _MARKS.get(bare.upper())
    if known:
        return known
    if _BELOW.fullmatch(bare):
        return "below_detection", None
    return ("no_data", None) if _DASHES.fullmatch(bare) or NINES.fullmatch(bare) else None


def date_formats(text: str, kind: str) -> tuple[str, ...]:
    """The formats known to us that read ``text``; a year of three digits is a ROC year."""
    return tuple(f for f in _FORMATS[kind] if reads(f, text.strip()))


def reads(fmt: str, text: str) -> bool:
    """Whether a text is a date of a format (``roc:`` counts years from 1912)."""
    if fmt.startswith("roc:"):
        bare = fmt.removeprefix("roc:")
        before, after = bare.split("%Y")
        if not text.startswith(before):
            return False
        digits = re.match(r"\d{2,3}", text[len(before) :])
        if not digits:
            return False
        rest = text[len(before) + digits.end() :]
        if after.startswith("%") and len(rest) != 4:
            return False
        text, fmt = f"{before}{int(digits.group()) + 1911}{rest}", bare
    try:
        moment = datetime.strptime(text, fmt)  # noqa: DTZ007 — only whether it can be read
    except ValueError:
        return False
    return 1800 <= moment.year <= 2200
