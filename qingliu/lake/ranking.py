"""Ranking: how well entries hold the concepts of a question. A word of the title is worth three of the text's.

A concept that few entries hold weighs more (log of one over its share); a title that consists of little else than what
was asked for stands before a longer one; pairs of the whole question count once more where a title has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from qingliu.lake.concepts import Concept, Question, concept_of, misspelt
from qingliu.lake.facets import Numbers
from qingliu.lake.synonyms import Thesaurus
from qingliu.lake.texts import Texts

TITLE, BODY, SOFT = 3.0, 1.0, 0.5
PHRASE, SHORT = 2.0, 1.5
ENOUGH = 0.55  # of the weight of all concepts that anything holds: who holds less is not found
SCALE = 10_000  # scores are whole numbers: this is one
Floats = np.ndarray[Any, np.dtype[np.float32]]


class Placed(Protocol):
    """Of a snapshot, what ranking needs."""

    place: Numbers
    lengths: Floats


@dataclass(frozen=True, slots=True)
class Ranked:
    """Positions of entries that hold every concept (``strict``) or some (``some``), and the scores of ``some``."""

    strict: Numbers
    some: Numbers
    points: Numbers

    def scores(self, size: int) -> Numbers:
        """Of each of ``size`` entries."""
        found = np.zeros(size, dtype=np.int64)
        found[self.some] = self.points
        return found

    def first(self, at: int) -> Ranked:
        """With the entry at a position before all others."""
        keep = self.some != at
        top = int(self.points.max(initial=0)) + 1
        strict = np.append(self.strict[self.strict != at], at)
        return Ranked(strict, np.append(self.some[keep], at), np.append(self.points[keep], top))


class _Terms:
    """Positions of terms, each asked once a question."""

    def __init__(self, snapshot: Placed, texts: Texts, column: str) -> None:
        self._snapshot, self._texts, self._column = snapshot, texts, column

    def of(self, term: str) -> tuple[Numbers, Numbers]:
        """Positions with the term, and those with it in the title."""
        place = self._snapshot.place
        everywhere, title = (place[n[n < len(place)]] for n in self._texts.term(term))
        everywhere, title = everywhere[everywhere >= 0], title[title >= 0]
        if self._column == "title":
            everywhere = title
        elif self._column == "body":
            everywhere, title = np.setdiff1d(everywhere, title), title[:0]
        return everywhere, title


def rank(snapshot: Placed, texts: Texts, asked: Question, *, column: str, either: bool, table: Thesaurus) -> Ranked:
    """The entries that a question finds. ``table``: its words may be what a slip of the pen meant."""
    size = len(snapshot.lengths)
    nothing = np.zeros(0, dtype=np.int64)
    if not asked.concepts or not size:
        return Ranked(nothing, nothing, nothing)
    terms = _Terms(snapshot, texts, column)
    total, weight_of = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    every, some = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    weights = 0.0
    for concept in asked.concepts:
        held, full = _held(terms, concept, size)
        if not held.any():
            held, full = _held(terms, _mended(concept, texts, table), size)
        if not held.any():
            every[:] = False
            continue
        weight = float(np.log1p(size / max(1, int(np.count_nonzero(held)))))
        total += weight * held
        weight_of += weight * (held > 0)
        weights += weight
        every &= full
        some |= full
    strict = some if either else every
    most = strict | (weight_of >= max(weights * ENOUGH, 1e-6))
    at = np.flatnonzero(most)
    total[at] += _phrase(terms, asked, size)[at]
    points = total[at] * (1 + SHORT / (4 + snapshot.lengths[at]))
    points += 1000 * every[at]
    return Ranked(np.flatnonzero(strict), at, (points * SCALE).astype(np.int64))


def _held(terms: _Terms, concept: Concept, size: int) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """How well each entry holds a concept, and which hold it in full."""
    held = np.zeros(size, dtype=np.float32)
    whole = np.zeros(size, dtype=bool)
    for one in concept:
        if len(one.terms) == 1:
            everywhere, title = terms.of(one.terms[0])
            held[everywhere] = np.maximum(held[everywhere], BODY * one.worth)
            held[title] = np.maximum(held[title], TITLE * one.worth)
            whole[everywhere] = True
            continue
        counted, titled = np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
        for term in one.terms:
            everywhere, title = terms.of(term)
            counted[everywhere] += 1
            titled[title] += 1
        need = len(one.terms)
        full = counted == need
        whole |= full
        points = np.where(titled == need, TITLE, np.where(full, BODY, 0.0)) * one.worth
        held = np.maximum(held, points.astype(np.float32))
        if one.soft:
            share = np.where(counted * 2 >= need, SOFT * (counted + TITLE * titled) / need, 0.0)
            held = np.maximum(held, share.astype(np.float32))
    return held, whole


def _mended(concept: Concept, texts: Texts, table: Thesaurus) -> Concept:
    """A Latin word that nothing holds, as the known word that it may have meant."""
    term = concept[0].terms[0].rstrip("*") if concept[0].terms else ""
    if len(concept) > 1 or len(concept[0].terms) != 1 or len(term) < 4 or not (term.isascii() and term.isalpha()):
        return concept
    meant = misspelt(term, texts.words() | {w for k in table.meaning if k.isascii() for w in k.split()})
    return concept_of(meant, table) if meant else concept


def _phrase(terms: _Terms, asked: Question, size: int) -> Floats:
    found = np.zeros(size, dtype=np.float32)
    if len(asked.whole) < 2:
        return found
    for term in asked.whole:
        found[terms.of(term)[1]] += PHRASE / len(asked.whole)
    return found
