"""What a recogniser found: which kind of personal data, where in the original text, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from qingliu.core.dataset import Text


class Kind(StrEnum):
    """Kinds of personal data that text can carry."""

    NAME = "name"
    NATIONAL_ID = "national_id"
    RESIDENT_NUMBER = "resident_number"
    PASSPORT = "passport"
    MOBILE = "mobile"
    LANDLINE = "landline"
    EMAIL = "email"
    PLATE = "plate"
    ADDRESS = "address"
    COORDINATES = "coordinates"
    BIRTH_DATE = "birth_date"


ALL_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of the original text that look like personal data."""

    kind: Kind
    start: int
    end: int
    confidence: float
    reason: Text


def without_overlaps(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The surest spans, none overlapping another, in the order of the text."""
    taken: set[int] = set()
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.confidence, s.start - s.end, s.start)):
        places = range(span.start, span.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(span)
    return tuple(sorted(kept, key=lambda s: s.start))
