"""What a question asks for: its words as concepts, each with other words that mean it. Pure.

A concept holds alternatives, an alternative terms of the index that must all be there; a Chinese word is its overlapping
pairs of characters, a Latin word itself and whatever begins with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qingliu.lake.search import IS_CJK, RUN, normalise
from qingliu.lake.synonyms import Thesaurus

LIMIT = 24  # concepts that are looked at
SYNONYM = 0.85  # what another word is worth against the one that was asked for


@dataclass(frozen=True, slots=True)
class Alternative:
    """Terms that must all be there, and what finding them is worth. ``soft``: some of many pairs count too."""

    terms: tuple[str, ...]
    worth: float = 1.0
    soft: bool = False


Concept = tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """``concepts`` as asked; ``whole`` the pairs and words of the question as it stands, for phrases."""

    concepts: tuple[Concept, ...] = ()
    whole: tuple[str, ...] = ()


def terms_of(word: str) -> tuple[str, ...]:
    """Index terms of a normalised word or phrase."""
    terms: list[str] = []
    for run in RUN.findall(word.replace("_", " ")):
        if IS_CJK.match(run):
            terms += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            terms.append(f"{run}*")
    return tuple(dict.fromkeys(terms))


def read(question: str, thesaurus: Thesaurus) -> Question:
    """The concepts of a question; words that say nothing about data are left out unless there are no others."""
    text = normalise(question[:400])
    runs = RUN.findall(text.replace("_", " "))
    concepts: list[Concept] = []
    spare: list[Concept] = []
    latin: list[str] = []
    for run in [*runs, ""]:
        if run and not IS_CJK.match(run):
            latin.append(run)
            continue
        for phrase in _phrases(latin, thesaurus):
            (spare if phrase in thesaurus.empty else concepts).append(concept_of(phrase, thesaurus))
        latin = []
        for piece in _pieces(run, thesaurus):
            small = piece in thesaurus.empty or (len(piece) == 1 and len(run) > 1 and piece not in thesaurus.meaning)
            (spare if small else concepts).append(concept_of(piece, thesaurus))
    chosen = list(dict.fromkeys(concepts or spare))[:LIMIT]
    return Question(tuple(chosen), terms_of(text)[:40])


def concept_of(word: str, thesaurus: Thesaurus) -> Concept:
    """A normalised word with the others that mean it."""
    own = terms_of(word)
    others = [terms_of(w) for w in thesaurus.meaning.get(word, ())]
    known = word in thesaurus.meaning
    return (
        Alternative(own, 1.0, soft=len(own) > 1 and not known),
        *(Alternative(t, SYNONYM) for t in dict.fromkeys(others) if t and t != own),
    )


def _phrases(words: list[str], thesaurus: Thesaurus) -> list[str]:
    """Latin words, those that the table knows as one phrase together."""
    found: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(thesaurus.most_words, len(words) - at), 0, -1):
            phrase = _known_form(" ".join(words[at : at + length]), thesaurus)
            if length == 1 or phrase in thesaurus.meaning or phrase in thesaurus.empty:
                found.append(phrase)
                at += length
                break
    return found


def _known_form(phrase: str, thesaurus: Thesaurus) -> str:
    """A plural as the singular that the table knows."""
    if phrase in thesaurus.meaning or phrase in thesaurus.empty or not re.fullmatch("[a-z ]+s", phrase):
        return phrase
    singles = [phrase[:-3] + "y", phrase[:-2], phrase[:-1]]
    return next((s for s in singles if s in thesaurus.meaning), phrase)


def _pieces(run: str, thesaurus: Thesaurus) -> list[str]:
    """A run of Chinese cut into the longest words that the table knows, and what stands between them."""
    found: list[str] = []
    at = start = 0
    while at < len(run):
        for length in range(min(thesaurus.longest, len(run) - at), 0, -1):
            word = run[at : at + length]
            if word in thesaurus.meaning or word in thesaurus.empty:
                if start < at:
                    found.append(run[start:at])
                found.append(word)
                at += length
                start = at
                break
        else:
            at += 1
    return [*found, run[start:]] if start < len(run) else found


def misspelt(word: str, known: frozenset[str] | set[str]) -> str:
    """The known word nearest to a misspelt one: one slip in up to seven letters, two in more; "" where none is as near."""
    allowed = 1 if len(word) < 8 else 2
    best = (allowed + 1, "")
    for other in known:
        if abs(len(other) - len(word)) <= allowed and other[:1] == word[:1]:
            best = min(best, (distance(word, other, allowed), other))
    return best[1]


def distance(a: str, b: str, most: int) -> int:
    """Slips between two words (a letter more, less, other, or two changed about); ``most`` + 1 for more than ``most``."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        now = [i]
        for j, y in enumerate(b, start=1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before, row = row, now
    return min(row[-1], most + 1)
