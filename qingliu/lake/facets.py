"""Facets: which entries carry which words, as arrays of numbers that are asked, counted and brought up to date at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qingliu.lake.entry import Entry

Words = Mapping[str, tuple[str, ...]]
Set = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
SAVED = ("CSV", "JSON", "NDJSON", "PARQUET")  # every table can be taken away in these
KINDS = (
    "category", "agency", "kind", "status", "code", "format", "mark", "theme", "frequency", "level", "licence",
    "keyword", "has",
)  # fmt: skip


def describe(entry: Entry) -> Words:
    """The words by which an entry is filtered and counted, of each of ``KINDS``; an entry without its columns will do."""
    record, table = entry.record, entry.kind != "listed"
    mark = entry.notes.get("quality", {}).get("mark")
    level = entry.notes.get("bilingual", {}).get("level")
    has = (
        ("map", bool(record.place)),
        ("series", bool(record.time_field)),
        ("api", table or entry.extra.get("has_api")),
    )
    every = record.frequency
    return {
        "category": (record.category,),
        "agency": (record.agency,),
        "kind": (entry.kind,),
        "status": (entry.status,),
        "code": (entry.code,),
        "format": (*SAVED, *(("GeoJSON",) if record.place else ())) if table else (),
        "mark": (str(mark["id"]),) if isinstance(mark, dict) and mark.get("id") else (),
        "theme": record.hvd,
        "frequency": (every.unit if every.every < 2 else f"{every.every} {every.unit}",) if table else (),
        "level": (str(level),) if level else (),
        "licence": (record.licence,),
        "keyword": tuple(k.zh or k.en for k in record.keywords),
        "has": tuple(name for name, true in has if true),
    }


class Facet:
    """One kind of words over entries 0 … size-1. Words are compared in lower case."""

    def __init__(self, size: int, words: list[str], owners: Numbers, carried: Numbers) -> None:
        """``owners[i]`` carries ``words[carried[i]]``; ``owners`` ascends."""
        self.size = size
        self.words = words
        self._owners = owners
        self._carried = carried
        self._begins = np.searchsorted(owners, np.arange(size + 1)) if len(owners) else np.zeros(size + 1, np.int64)
        self._single = bool(len(owners) == size and np.array_equal(owners, np.arange(size)))
        self._folds: dict[str, list[int]] = {}
        self._order: Numbers | None = None

    @property
    def _by_fold(self) -> dict[str, list[int]]:
        if not self._folds and self.words:
            folds: dict[str, list[int]] = {}
            for number, word in enumerate(self.words):
                folds.setdefault(word.lower(), []).append(number)
            self._folds = folds
        return self._folds

    def of(self, at: int) -> tuple[str, ...]:
        """The words of one entry."""
        return tuple(self.words[n] for n in self._carried[self._begins[at] : self._begins[at + 1]])

    def many(self) -> Numbers:
        """How many words each entry carries."""
        return np.diff(self._begins)

    def renewed(self, size: int, moved: Numbers, changed: Mapping[int, tuple[str, ...]]) -> Facet:
        """The facet after a publication: old entry ``i`` is now ``moved[i]`` (-1: gone); ``changed`` is told by new place.

        Unchanged words keep the facet as it is (the same object) where no entry moved.
        """
        same = size == self.size and np.array_equal(moved, np.arange(size))
        if same and all(self.of(at) == tuple(dict.fromkeys(words)) for at, words in changed.items()):
            return self
        numbers = {word: n for n, word in enumerate(self.words)}
        owners = moved[self._owners]
        keep = (owners >= 0) & ~np.isin(owners, np.fromiter(changed, dtype=np.int64, count=len(changed)))
        more_owners: list[int] = []
        more: list[int] = []
        for at, words in changed.items():
            for word in dict.fromkeys(words):
                more_owners.append(at)
                more.append(numbers.setdefault(word, len(numbers)))
        owners = np.concatenate([owners[keep], np.array(more_owners, dtype=np.int64)])
        carried = np.concatenate([self._carried[keep], np.array(more, dtype=np.int64)])
        order = np.argsort(owners, kind="stable")
        return _without_unused(size, list(numbers), owners[order], carried[order])

    def renamed(self, name_of: Callable[[str], str]) -> Facet:
        """The same entries under other words ("" = none); words that come to share a name become one."""
        numbers: dict[str, int] = {}
        to = np.array([numbers.setdefault(n, len(numbers)) if (n := name_of(w)) else -1 for w in self.words] or [-1])
        if not len(self._owners):
            return Facet(self.size, [], self._owners, self._carried)
        carried = to[self._carried]
        keep = carried >= 0
        pairs = np.unique(self._owners[keep] * (len(numbers) + 1) + carried[keep])
        return Facet(self.size, list(numbers), pairs // (len(numbers) + 1), pairs % (len(numbers) + 1))

    def having(self, wanted: Callable[[str], bool] | str) -> Set:
        """Entries that carry the word (in any case), or one that ``wanted`` takes."""
        if isinstance(wanted, str):
            numbers = self._by_fold.get(wanted.lower(), [])
        else:
            numbers = [n for fold, ns in self._by_fold.items() if wanted(fold) for n in ns]
        found = np.zeros(self.size, dtype=bool)
        if not numbers:
            return found
        if len(numbers) == 1:
            hit = self._carried == numbers[0]
        else:
            taken = np.zeros(len(self.words), dtype=bool)
            taken[numbers] = True
            hit = taken[self._carried]
        if self._single:
            return hit
        found[self._owners[hit]] = True
        return found

    def counts(self, found: Set, most: int | None = None, least: int = 0) -> list[tuple[str, int]]:
        """How many of the entries in ``found`` carry each word, most first, then by word: ``most`` of those with ``least``."""
        if not self.words:
            return []
        carried = self._carried[found if self._single else found[self._owners]]
        counted = np.bincount(carried, minlength=len(self.words))
        if self._order is None:  # the place of each word among them all
            self._order = np.argsort(np.argsort(np.array(self.words, dtype=object), kind="stable"), kind="stable")
        numbers = np.flatnonzero(counted >= least) if least > 0 else np.arange(len(counted))
        numbers = numbers[np.lexsort([self._order[numbers], -counted[numbers]])]
        return [(self.words[n], int(counted[n])) for n in numbers[:most]]


class Gathered:
    """Words of entries as they are read, in any order, until there is a facet of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._owners = array("q")
        self._carried = array("q")

    def add(self, at: int, words: tuple[str, ...]) -> None:
        """Entry ``at`` carries ``words``."""
        for word in dict.fromkeys(words):
            self._owners.append(at)
            self._carried.append(self._numbers.setdefault(word, len(self._numbers)))

    def facet(self, size: int) -> Facet:
        """The facet of ``size`` entries."""
        owners, carried = (np.array(a, dtype=np.int64) for a in (self._owners, self._carried))
        order = np.argsort(owners, kind="stable")
        return Facet(size, list(self._numbers), owners[order], carried[order])


def _without_unused(size: int, words: list[str], owners: Numbers, carried: Numbers) -> Facet:
    used = np.bincount(carried, minlength=len(words)) > 0 if len(words) else np.zeros(0, bool)
    if used.all():
        return Facet(size, words, owners, carried)
    to = np.cumsum(used) - 1
    return Facet(size, [w for w, u in zip(words, used, strict=True) if u], owners, to[carried])
