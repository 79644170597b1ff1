"""Fewer points for drawing alone: of each pixel's values the first, least, greatest and last stay, so no peak is lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import isfinite

Spot = tuple[float, float]


def segments(xs: Sequence[float], ys: Sequence[float | None], furthest: float) -> list[list[Spot]]:
    """Runs of neighbouring values: broken where a value is missing or the next lies further off than ``furthest``."""
    found: list[list[Spot]] = []
    run: list[Spot] = []
    for x, y in zip(xs, ys, strict=True):
        gone = y is None or not isfinite(y)
        if gone or (run and x - run[-1][0] > furthest):
            if run:
                found.append(run)
            run = []
        if y is not None and not gone:
            run.append((x, y))
    if run:
        found.append(run)
    return found


def envelope(spots: Sequence[Spot]) -> list[Spot]:
    """Spots (x in pixels, ascending) with at most four a pixel: first, lowest, highest, last, in their order."""
    if len(spots) < 3:
        return list(spots)
    kept: list[Spot] = []
    for _, group in groupby(spots, key=lambda s: int(s[0])):
        own = list(group)
        if len(own) <= 4:
            kept += own
            continue
        places = {0, len(own) - 1}
        places.add(min(range(len(own)), key=lambda i: own[i][1]))
        places.add(max(range(len(own)), key=lambda i: own[i][1]))
        kept += [own[i] for i in sorted(places)]
    return kept
