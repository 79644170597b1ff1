"""Personal data in any text: one quick look first, then every recogniser."""

from __future__ import annotations

from functools import cache, lru_cache

from qingliu.privacy.rules import contacts, numbers
from qingliu.privacy.rules.contacts import emails, landlines, mobiles, plates
from qingliu.privacy.rules.folding import HAN, Pattern, fold, pattern
from qingliu.privacy.rules.numbers import birth_dates, identity_numbers, passports
from qingliu.privacy.rules.people import anchors, names_in
from qingliu.privacy.rules.personal_names import characters
from qingliu.privacy.rules.places import POINT_ANCHORS, addresses_in, coordinates_in, is_an_address
from qingliu.privacy.rules.spans import ALL_KINDS, Kind, Span, without_overlaps

_SHORTEST = 3
_CACHED_LENGTH = 120
_RECOGNISERS = (
    (Kind.NATIONAL_ID, identity_numbers),
    (Kind.PASSPORT, passports),
    (Kind.BIRTH_DATE, birth_dates),
    (Kind.MOBILE, mobiles),
    (Kind.LANDLINE, landlines),
    (Kind.EMAIL, emails),
    (Kind.PLATE, plates),
    (Kind.ADDRESS, addresses_in),
    (Kind.COORDINATES, coordinates_in),
    (Kind.NAME, names_in),
)
_FIGURES = (
    r"\d{2}[\d() .\-]{5}|@|[A-Za-z\d]-?[A-Za-z\d]{2,4}-?\d|\d{3}-[A-Z]|(?i:passport)|護照|生[日於]|出生|號|\.\d{3}"
)


@cache
def _look() -> str:
    return rf"{_FIGURES}|[{characters().surnames}][{HAN}]|[‧•・･·．]|[A-Z][a-z]+ [A-Z]"


def suspicious(text: str) -> bool:
    """One quick look: False means that ``recognise`` finds nothing."""
    if len(text) < _SHORTEST:
        return False
    return pattern(_look()).found(fold(text))


PLACES = frozenset({Kind.LANDLINE, Kind.ADDRESS, Kind.COORDINATES})  # of desks and sites as often as of people
_NO_FIGURES = PLACES | {Kind.NAME}  # what the anchors of numbers say nothing of


@cache
def _sought(places: frozenset[Kind]) -> tuple[Pattern, ...]:
    """What stands wherever anything about people, or one of these ``places``, is recognised.

    Several expressions: as one, their automaton grows by products of states and is slower than all of them in turn.
    """
    figures = [*numbers.ANCHORS, *contacts.ANCHORS]
    figures += contacts.DESK_ANCHORS if Kind.LANDLINE in places else ()
    figures += POINT_ANCHORS if Kind.COORDINATES in places else ()
    figures += ("號",) if Kind.ADDRESS in places else ()
    return tuple(pattern(p) for p in ("|".join(f"(?:{f})" for f in figures), *anchors()))


def _held(folded: str, places: frozenset[Kind]) -> bool:
    return any(anchor.found(folded) for anchor in _sought(places))


def may_hold(text: str, kinds: frozenset[Kind]) -> bool:
    """One pass over a text: False means that ``recognise`` finds nothing of these kinds in it."""
    return len(text) >= _SHORTEST and _held(fold(text), kinds & PLACES)


def _possible(folded: str, kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Those of ``kinds`` of which an anchor stands in the text."""
    figures, *names = _sought(frozenset())
    if not kinds <= _NO_FIGURES and not figures.found(folded):
        kinds &= _NO_FIGURES
    if Kind.ADDRESS in kinds and "號" not in folded:
        kinds -= {Kind.ADDRESS}
    if Kind.NAME in kinds and not (_may_name(folded) and any(anchor.found(folded) for anchor in names)):
        kinds -= {Kind.NAME}
    return kinds


def _may_name(folded: str) -> bool:
    """Whether a person may be named: each rule wants a Han character, and an address and no more names nobody."""
    return not folded.isascii() and not is_an_address(folded)


def _recognise(text: str, kinds: frozenset[Kind]) -> tuple[Span, ...]:
    if not suspicious(text):
        return ()
    folded = fold(text)  # one character for one, so spans are those of the original
    kinds = _possible(folded, kinds)
    asked = kinds | {Kind.NATIONAL_ID} if Kind.RESIDENT_NUMBER in kinds else kinds  # one recogniser finds both
    found = [span for kind, finds in _RECOGNISERS if kind in asked for span in finds(folded) if span.kind in kinds]
    return without_overlaps(found)


@lru_cache(maxsize=65536)
def _remembered(text: str, kinds: frozenset[Kind]) -> tuple[Span, ...]:
    return _recognise(text, kinds)


def recognise(text: str, kinds: frozenset[Kind] = ALL_KINDS) -> tuple[Span, ...]:
    """The personal data of ``kinds`` in ``text``: places in the original, surest first where two overlap, in the text's order."""
    if len(text) < _SHORTEST:
        return ()
    return _remembered(text, kinds) if len(text) <= _CACHED_LENGTH else _recognise(text, kinds)
