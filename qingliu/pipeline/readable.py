"""What a single text can be read as: numbers as the lake reads them, and the date formats that fit it. Pure."""

from __future__ import annotations

import re
from datetime import datetime

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_FORMATS: dict[str, tuple[str, ...]] = {
    "date": (
        "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "roc:%Y/%m/%d", "roc:%Y-%m-%d", "roc:%Y.%m.%d",
        "roc:%Y年%m月%d日", "roc:民國%Y年%m月%d日", "roc:%Y%m%d",
    ),
    "datetime": (
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H", "%Y/%m/%d %H",
        "%Y%m%d%H%M", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "roc:%Y/%m/%d %H:%M:%S", "roc:%Y/%m/%d %H:%M",
        "roc:%Y-%m-%d %H:%M", "roc:%Y/%m/%d",
    ),
}  # fmt: skip


def number_in(text: str) -> float | None:
    """The number that a text is, or None."""
    return float(text) if _NUMBER.fullmatch(text) else None


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
