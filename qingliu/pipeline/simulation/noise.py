"""Noise that any moment can ask for by itself: hashed, smooth in time, the same for the same names on every machine."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


def key(*names: object) -> int:
    """A 32-bit key of some names."""
    return zlib.crc32("\x1f".join(map(str, names)).encode())


def chance(seed: int, index: int) -> float:
    """A number in [0, 1) for (seed, index): splitmix64."""
    x = (seed * 0x9E3779B97F4A7C15 + index * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) & _MASK) / 2**64


@lru_cache(maxsize=1 << 14)  # neighbouring hours ask for the same knots
def bell(seed: int, index: int) -> float:
    """A number of about normal distribution (mean 0, standard deviation 1) for (seed, index)."""
    total = chance(seed, 3 * index) + chance(seed, 3 * index + 1) + chance(seed, 3 * index + 2)
    return (total - 1.5) * 2.0


def smooth(seed: int, position: float, span: float) -> float:
    """Noise that changes over about ``span`` positions: bell numbers at knots, eased between them."""
    knot = math.floor(position / span)
    share = position / span - knot
    eased = share * share * (3 - 2 * share)
    return bell(seed, knot) * (1 - eased) + bell(seed, knot + 1) * eased


def dice(*names: object) -> Random:
    """A generator of its own for some names (for tables, where speed does not matter)."""
    return Random("\x1f".join(map(str, names)))  # noqa: S311  simulation, not secrecy


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of the options."""
    return options[rng.randrange(len(options))]
