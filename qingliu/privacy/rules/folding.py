"""Full-width and look-alike characters as one sees them; one character for one, so that places stay those of the original."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import re2

_DASHES = "‐‑‒–—―−﹣－﹘⁃"
_DOTS = "‧•・･．∙⋅●"
HAN = r"\p{Han}\x{E000}-\x{F8FF}\x{F0000}-\x{FFFFD}"  # private-use characters stand for Han ones in these files


@cache
def _table() -> dict[int, str]:
    table = {ord(c): "-" for c in _DASHES} | {ord("\u3000"): " ", ord("\u00a0"): " "}
    for point in (*range(0xFF01, 0xFF5F), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)):
        folded = unicodedata.normalize("NFKC", chr(point))
        if len(folded) == 1:
            table.setdefault(point, folded)
    return table


def fold(text: str) -> str:
    """``text`` with full-width letters, digits, signs and compatibility characters made plain; its length stays."""
    return text if text.isascii() else text.translate(_table())


def fold_name(text: str) -> str:
    """As ``fold``, and every dot between the parts of a name becomes ``‧``."""
    return fold(text).translate({ord(c): "‧" for c in _DOTS + "·"})


@cache
def pattern(text: str) -> re2._Regexp:
    """A compiled RE2 pattern that stays silent about its errors, since it raises them."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(text, options)


def is_han(char: str) -> bool:
    """Whether ``char`` is a Han character, or one of the private use that stands for one."""
    point = ord(char)
    return (
        0x4E00 <= point <= 0x9FFF
        or 0x3400 <= point <= 0x4DBF
        or 0x20000 <= point <= 0x323AF
        or 0xF900 <= point <= 0xFAFF
        or 0xE000 <= point <= 0xF8FF
        or 0xF0000 <= point < sys.maxunicode
    )
