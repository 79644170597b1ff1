"""The public set of queries asked of a catalogue: how many find what answers them among the first three and ten.

usage: python -m tests.search.measure [published/catalogue.sqlite] [--tuning]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qingliu.lake.published import Published

QUERIES = Path(__file__).with_name("queries.yaml")


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of one half, and its misses: (query, place of the first right answer or 0, what stood first)."""

    queries: int
    top3: float
    top10: float
    misses: tuple[tuple[str, int, tuple[str, ...]], ...]


def queries() -> dict[str, list[dict[str, Any]]]:
    """The halves of the set."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    return loaded


def score(published: Published, half: str) -> Score:
    """One half asked as the catalogue's page asks."""
    asked = queries()[half]
    places: list[int] = []
    misses = []
    for one in asked:
        found = [e.code for e in published.search(one["q"], limit=10).entries]
        place = next((i for i, code in enumerate(found, start=1) if code in one["right"]), 0)
        places.append(place)
        if not 0 < place <= 3:
            misses.append((one["q"], place, tuple(found[:3])))
    top3, top10 = (sum(0 < p <= most for p in places) / len(asked) for most in (3, 10))
    return Score(len(asked), top3, top10, tuple(misses))


if __name__ == "__main__":
    catalogue = Published(Path(sys.argv[1]))
    for name in ("tuning",) if "--tuning" in sys.argv else ("frozen", "tuning"):
        told = score(catalogue, name)
        print(f"{name}: {told.queries} queries, top 3 {told.top3:.1%}, top 10 {told.top10:.1%}")
        for query, place, first in told.misses:
            print(f"  {query}: {place or 'not in ten'}; first {', '.join(first)}")
