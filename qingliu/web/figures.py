"""The portal in figures, computed from the published catalogue alone and kept until it changes."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.lake.published import Entry, Published
from qingliu.standards.vocabularies import categories

NEWEST = 8


@dataclass(frozen=True, slots=True)
class Portal:
    """What the catalogue holds: counts of datasets, rows of tables, kept versions, bytes of the newest versions' files."""

    served: int
    listed: int
    held: int
    rows: int
    versions: int
    bytes: int
    agencies: int
    simulated: bool
    simulated_count: int
    newest: tuple[Entry, ...]
    by_category: tuple[tuple[str, int], ...]
    agency_names: dict[str, Text]
    updated_at: str


_lock = threading.Lock()
_kept: list[tuple[Published, int, Portal]] = []


def portal(published: Published) -> Portal:
    """The figures of the present catalogue (computed once a generation)."""
    generation = published.generation()
    with _lock:
        for of, number, figures in _kept:
            if of is published and number == generation:
                return figures
    figures = _count(published)
    with _lock:
        _kept[:] = [(published, generation, figures)]
    return figures


def _count(published: Published) -> Portal:
    entries = published.all()
    served = [e for e in entries if e.status == "published"]
    tables = [e for e in served if e.kind == "table" and e.current]
    versions = [v for e in tables for v in published.versions(e.code) if v.kept]
    counts = Counter(e.category for e in entries)
    known = list(categories())
    ranked = sorted(counts.items(), key=lambda c: (known.index(c[0]) if c[0] in known else len(known), c[0]))
    newest = sorted(served, key=lambda e: (e.updated_at, e.code), reverse=True)
    simulated = sum(e.simulated for e in entries)
    return Portal(
        served=len(served),
        listed=sum(e.status == "listed" for e in entries),
        held=sum(e.status == "held" for e in entries),
        rows=sum(e.current.rows for e in tables if e.current),
        versions=len(versions),
        bytes=sum(f.bytes for e in tables if e.current for f in e.current.files),
        agencies=len({e.agency for e in entries}),
        simulated=bool(simulated),
        simulated_count=simulated,
        newest=tuple(newest[:NEWEST]),
        by_category=tuple(ranked),
        agency_names={a: e.record.agency_name for a, e in {e.agency: e for e in entries}.items()},
        updated_at=newest[0].updated_at if newest else "",
    )
