"""People and numbers that a delivery surely speaks of somewhere: they are known again where nothing around them says so."""

from __future__ import annotations

from dataclasses import dataclass, field

import re2

from qingliu.core.dataset import Text
from qingliu.privacy.rules import Kind, Span
from qingliu.privacy.rules.folding import Pattern

_CHUNK = 1_000  # words in one expression
_LEAST = {Kind.NAME: 3}  # shorter ones would stand in other words by chance
_LEAST_FIGURES = 6
_KINDS = {Kind.NAME, Kind.NATIONAL_ID, Kind.RESIDENT_NUMBER, Kind.PASSPORT, Kind.MOBILE, Kind.EMAIL, Kind.PLATE}
_WHY = Text("同批資料他處已認定", "Recognised elsewhere in the same delivery")


@dataclass(slots=True)
class Known:
    """Words with their kinds, and the expressions that find them; never shown, never kept longer than a delivery."""

    words: dict[str, Kind] = field(default_factory=dict)
    _found_by: list[Pattern] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Known({len(self.words)} words)"

    def add(self, *found: tuple[str, Kind]) -> None:
        """Keep these in mind."""
        for word, kind in found:
            if kind in _KINDS and len(word) >= _LEAST.get(kind, _LEAST_FIGURES):
                self.words.setdefault(word, kind)

    def settle(self) -> None:
        """No more words: make ready to find them."""
        ordered = sorted(self.words, key=lambda w: (-len(w), w))
        chunks = (ordered[i : i + _CHUNK] for i in range(0, len(ordered), _CHUNK))
        self._found_by = [Pattern("|".join(map(re2.escape, chunk))) for chunk in chunks]

    def spans(self, text: str) -> list[Span]:
        """Where known words stand in a text, none over another."""
        found: list[Span] = []
        for expression in self._found_by:
            for match in expression.finditer(text):
                start, end = match.start(), match.end()
                if all(end <= s.start or start >= s.end for s in found):
                    found.append(Span(self.words[match.group()], start, end, 1.0, _WHY))
        return found
