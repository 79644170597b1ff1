"""Faceted search over the whole catalogue: words as sets of entries, ranked by where they stand, facets counted at once.

A ``Snapshot`` is one generation. Entries stand in the order of their codes; a set of them is a boolean array (one byte an
entry). A publication moves the arrays of the one before by what it touched, so that seeing it costs milliseconds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from qingliu.lake import concepts, synonyms
from qingliu.lake.entry import Entry, Line
from qingliu.lake.facets import KINDS, Facet, Gathered, Numbers, Set, describe
from qingliu.lake.ranking import Ranked, rank
from qingliu.lake.texts import Texts

KEPT_ANSWERS = 64
FEW = 3  # fewer that hold every word: those that hold most of them are told behind


class Store(Protocol):
    """What the search reads of the published catalogue."""

    path: Path

    def generation(self) -> int: ...
    def all(self) -> tuple[Line, ...]: ...
    def briefs(self, codes: Sequence[str] | None = None) -> Iterator[Entry]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words, the words of facets that must all be carried, and the order: relevance, updated, title or code."""

    q: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    sort: str = "relevance"


@dataclass(slots=True)
class Snapshot:
    """One generation: ``entries`` by code, facets by name, and orders made when they are first wanted."""

    generation: int
    entries: tuple[Line, ...]
    facets: dict[str, Facet]
    positions: dict[str, int]
    ids: Numbers  # row numbers of the index
    place: Numbers  # row number of the index → position, -1 where there is none
    lengths: np.ndarray[Any, np.dtype[np.float32]]  # of titles, in characters
    _carried: dict[str, Numbers] = field(default_factory=dict)  # of the generation before, in these places
    _changed: tuple[int, ...] = ()  # where those are not true any more
    _orders: dict[str, Numbers] = field(default_factory=dict)
    _answers: OrderedDict[tuple[str, ...], Ranked] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def every(self) -> Set:
        """All entries."""
        return np.ones(len(self.entries), dtype=bool)

    def none(self) -> Set:
        """No entry."""
        return np.zeros(len(self.entries), dtype=bool)

    def ranks(self, name: str, key: Callable[[Line], Any]) -> Numbers:
        """The place of each entry when all are sorted by ``key`` (equal keys share one); kept under ``name``."""
        found = self._orders.get(name)
        if found is None:
            keys = [key(e) for e in self.entries]
            numbers = {value: i for i, value in enumerate(sorted(set(keys)))}
            found = self._orders[name] = np.array([numbers[k] for k in keys], dtype=np.int64)
        return found

    def numbers(self, name: str, key: Callable[[Line], int]) -> Numbers:
        """A number of each entry, kept under ``name``."""
        found = self._orders.get(f"number:{name}")
        if found is None:
            made = self._carried.get(f"number:{name}")
            if made is None:
                made = np.fromiter((key(e) for e in self.entries), dtype=np.int64, count=len(self.entries))
            else:
                for at in self._changed:
                    made[at] = key(self.entries[at])
            found = self._orders[f"number:{name}"] = made
        return found

    def sort(self, found: Set, orders: Sequence[tuple[Numbers, bool]], most: int | None = None) -> list[int]:
        """Positions of ``found`` sorted by ranks, each (ranks, descending), the first the most; ties by code.

        ``most``: only as many as that, which spares sorting the rest.
        """
        at = np.flatnonzero(found)
        if not orders:
            return at[:most].tolist()  # type: ignore[no-any-return]
        first = -orders[0][0][at] if orders[0][1] else orders[0][0][at]
        if most is not None and 0 < most * 4 < len(at):
            at = at[first <= np.partition(first, most)[most]]
        keys = [-ranks[at] if desc else ranks[at] for ranks, desc in orders]
        return at[np.lexsort([at, *reversed(keys)])][:most].tolist()  # type: ignore[no-any-return]


@dataclass(slots=True)
class Answer:
    """The entries that were found, as a set; how they are ordered; what facets count."""

    snapshot: Snapshot
    matched: Set  # by words alone
    chosen: dict[str, Set]
    scores: Numbers | None
    sort: str
    partly: bool

    @property
    def found(self) -> Set:
        """By words and every chosen facet."""
        return self._but("")

    @property
    def total(self) -> int:
        """How many."""
        return int(np.count_nonzero(self.found))

    def _but(self, name: str) -> Set:
        found = self.matched
        for other, having in self.chosen.items():
            if other != name:
                found = found & having
        return found

    def counts(self, name: str) -> list[tuple[str, int]]:
        """Words of a facet among what would be found if nothing of that facet were chosen, most first."""
        return self.snapshot.facets[name].counts(self._but(name), least=1)

    def page(self, offset: int, limit: int) -> list[int]:
        """Positions of one page."""
        snapshot = self.snapshot
        listed = snapshot.numbers("listed", lambda e: e.kind == "listed")
        orders: dict[str, list[tuple[Numbers, bool]]] = {
            "updated": [(snapshot.ranks("updated", lambda e: e.updated_at), True)],
            "title": [(snapshot.ranks("title", lambda e: e.title.zh or e.title.en or e.code), False)]
            if self.sort == "title"
            else [],
            "code": [],
            "relevance": [(listed, False)] if self.scores is None else [(self.scores, True), (listed, False)],
        }
        return snapshot.sort(self.found, orders[self.sort], offset + limit)[offset:]


class CatalogueSearch:
    """Snapshots of a published catalogue, and questions to them. Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._texts = Texts(store.path)
        self._synonyms = store.path.with_name("synonyms.txt")
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._numbers: dict[str, int] = {}

    def snapshot(self) -> Snapshot:
        """The present generation."""
        entries = self._store.all()
        held = self._snapshot
        if held is not None and held.entries is entries:
            return held
        with self._lock:
            held = self._snapshot
            if held is None or held.entries is not entries:
                held = self._snapshot = self._make(self._store.generation(), entries, held)
            return held

    def _make(self, generation: int, entries: tuple[Line, ...], before: Snapshot | None) -> Snapshot:
        size = len(entries)
        if before is not None:
            touched = [e for e in entries if _other(e, before)]
            fresh = sum(e.code not in before.positions for e in touched)
            gone: Collection[str] = ()
            if len(before.entries) + fresh != size:
                gone = before.positions.keys() - {e.code for e in entries}
        if before is None or len(touched) > max(1_000, size // 4):
            return self._first(generation, entries)
        return self._moved(generation, entries, before, touched, gone)

    def _first(self, generation: int, entries: tuple[Line, ...]) -> Snapshot:
        """Everything read."""
        self._texts.renew(None)
        self._numbers = self._texts.numbers()
        positions = {e.code: i for i, e in enumerate(entries)}
        made = {kind: Gathered() for kind in KINDS}
        for brief in self._store.briefs():
            at = positions.get(brief.code)
            if at is not None:
                for kind, words in describe(brief).items():
                    made[kind].add(at, words)
        size = len(entries)
        facets = {kind: gathered.facet(size) for kind, gathered in made.items()}
        ids = np.fromiter((self._numbers.get(e.code, 0) for e in entries), np.int64, size)
        lengths = np.fromiter(map(_length, entries), np.float32, size)
        return Snapshot(generation, entries, facets, positions, ids, self._place(ids), lengths)

    def _moved(
        self, generation: int, entries: tuple[Line, ...], before: Snapshot, touched: list[Line], gone: Collection[str]
    ) -> Snapshot:
        """The snapshot before with what was touched in its new place."""
        size = len(entries)
        codes = [e.code for e in touched]
        self._texts.renew([*codes, *gone])
        self._numbers |= self._texts.numbers([c for c in codes if c not in self._numbers])
        same = not gone and all(c in before.positions for c in codes)
        positions = before.positions if same else {e.code: i for i, e in enumerate(entries)}
        moved = np.arange(size)
        if not same:
            moved = np.fromiter((positions.get(e.code, -1) for e in before.entries), np.int64, len(before.entries))
        told = {positions[b.code]: describe(b) for b in self._store.briefs(codes) if b.code in positions}
        facets = {
            k: f.renewed(size, moved, {at: tuple(w[k]) for at, w in told.items()}) for k, f in before.facets.items()
        }
        if all(facets[k] is before.facets[k] for k in KINDS):
            facets = before.facets
        keep = moved >= 0

        def carry(numbers: Any) -> Any:
            found = np.zeros(size, dtype=numbers.dtype)
            found[moved[keep]] = numbers[keep]
            return found

        ids, lengths = carry(before.ids), carry(before.lengths)
        carried = {name: carry(n) for name, n in before._orders.items() if name.startswith("number:")}
        changed = tuple(positions[c] for c in codes)
        for at in changed:
            ids[at], lengths[at] = self._numbers.get(entries[at].code, 0), _length(entries[at])
        place = self._place(ids)
        return Snapshot(generation, entries, facets, positions, ids, place, lengths, carried, changed)

    def _place(self, ids: Numbers) -> Numbers:
        place = np.full(int(ids.max(initial=0)) + 1, -1, dtype=np.int64)
        place[ids] = np.arange(len(ids))
        place[0] = -1
        return place

    def ask(self, snapshot: Snapshot, wanted: Wanted) -> Answer:
        """What is wanted; where few hold all words, also what holds most of their weight. Raises TooDear, BadRequest."""
        chosen = {name: snapshot.facets[name].having(word) for name, word in wanted.facets.items() if word}
        if not wanted.q.strip():
            return Answer(snapshot, snapshot.every(), chosen, None, wanted.sort, partly=False)
        ranked = self.ranked(snapshot, wanted.q)
        matched = snapshot.none()
        exact = wanted.q.strip().upper() in snapshot.positions
        matched[ranked.strict if exact or len(ranked.strict) >= FEW else ranked.some] = True
        return Answer(snapshot, matched, chosen, ranked.scores(len(snapshot.entries)), wanted.sort,
                      partly=not len(ranked.strict))  # fmt: skip

    def ranked(self, snapshot: Snapshot, question: str, *, column: str = "", either: bool = False) -> Ranked:
        """Entries that hold every word of the question (``either``: one of them), and how well; kept while nothing changes.

        ``column``: "title" (code and titles) or "body" (the rest), else both. Raises TooDear after 5 s.
        """
        table = synonyms.table(self._synonyms)
        key = (question.strip(), column, str(either), str(id(table)))
        with snapshot._lock:
            found = snapshot._answers.get(key)
            if found is not None:
                snapshot._answers.move_to_end(key)
                return found
        asked = concepts.read(question, table)
        found = rank(snapshot, self._texts, asked, column=column, either=either, table=table)
        exact = snapshot.positions.get(question.strip().upper())
        found = found.first(exact) if exact is not None and not column else found
        with snapshot._lock:
            snapshot._answers[key] = found
            while len(snapshot._answers) > KEPT_ANSWERS:
                snapshot._answers.popitem(last=False)
        return found

    def text(self, snapshot: Snapshot, question: str, *, column: str = "", either: bool = False) -> tuple[int, ...]:
        """Positions of the entries whose texts hold every word (``either``: one of them) of the question, best first."""
        ranked = self.ranked(snapshot, question, column=column, either=either)
        found = snapshot.none()
        found[ranked.strict] = True
        return tuple(snapshot.sort(found, [(ranked.scores(len(snapshot.entries)), True)]))


def _length(entry: Line) -> float:
    return len(entry.title.zh) or len(entry.title.en) / 3


def _other(entry: Line, before: Snapshot) -> bool:
    at = before.positions.get(entry.code)
    return at is None or before.entries[at] is not entry
