"""Full-width and look-alike characters as one sees them; one character for one, so that places stay those of the original."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

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


_UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED
_NOWHERE = (-1, -1)
_MEMORY = 64 << 20  # of one expression's automaton: beyond it RE2 goes on, but slowly


class Pattern:
    """A compiled RE2 expression that says at once where it finds nothing, which is nearly always.

    The binding spends ten times as long on preparing a search as RE2 spends on it; that is left for texts that do match.
    """

    __slots__ = ("_engine", "_whole")

    def __init__(self, text: str) -> None:
        options = re2.Options()
        options.log_errors = False  # they are raised
        options.max_mem = _MEMORY
        self._whole = re2.compile(text, options)
        self._engine = self._whole._regexp

    def found(self, text: str) -> bool:
        """Whether it matches anywhere."""
        data = text.encode()
        return bool(self._engine.Match(_UNANCHORED, data, 0, len(data))[0] != _NOWHERE)

    def search(self, text: str) -> Any:
        """The first match, or None."""
        return self._whole.search(text) if self.found(text) else None

    def finditer(self, text: str) -> Iterator[Any]:
        """Every match."""
        return self._whole.finditer(text) if self.found(text) else iter(())

    def sub(self, instead: str, text: str) -> str:
        """``text`` with every match replaced."""
        return str(self._whole.sub(instead, text)) if self.found(text) else text


@cache
def pattern(text: str) -> Pattern:
    """A compiled RE2 pattern that stays silent about its errors, since it raises them."""
    return Pattern(text)


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
