"""Measured values by time bucket: counts, sums, means and extremes that the SQL engine would answer with the same bytes.

Sums are made with more digits than a double has; the engine adds with compensation, in an order that nobody knows. Both
lie within a known distance of the true sum and both answers are rounded to ``DIGITS`` decimals. Where no rounding border
lies within that distance the two are the same number; where one does, nothing is answered here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qingliu.lake.grouping.aggregates import DIGITS

# |fsum - sum| <= (2u + O(n u^2)) sum|x|, u = 2^-53, once for values and once for each joining of partial sums (days,
# threads); four times that, and the rounding of a quotient and of a product.
_OFF = 2.0**-49
_LARGE = 1e15  # beyond, and for what is no number, nine decimals are none
_EXACT = 2.0**53  # whole numbers up to here are doubles


class Unsettled(Exception):
    """The values alone do not settle what the engine would answer."""


@dataclass(frozen=True, slots=True)
class Values:
    """Cells of one column as numbers: ``known`` where a cell holds a usable value, zeros elsewhere."""

    numbers: Any
    known: Any


@dataclass(frozen=True, slots=True)
class Buckets:
    """Rows by bucket: ``order`` sorts rows by bucket (None: they are), each of ``rows`` rows begins at ``starts``."""

    keys: Any
    order: Any
    starts: Any
    rows: Any

    def each(self, function: Any, column: Any) -> Any:
        """A numpy function that joins two values, over each bucket of a column of the rows."""
        return function.reduceat(column if self.order is None else column[self.order], self.starts)


def buckets(keys: Any) -> Buckets:
    """Rows by bucket key; there is at least one row."""
    order = None
    if (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    starts = np.append(0, np.flatnonzero(keys[1:] != keys[:-1]) + 1)
    return Buckets(keys[starts], order, starts, np.diff(starts, append=len(keys)))


def rounded(values: Any, digits: int) -> Any:
    """Each value to so many decimals, halves away from zero, by the engine's own steps."""
    scaled = values * 10.0**digits
    whole = np.trunc(scaled)
    return (whole + np.sign(scaled) * (np.abs(scaled - whole) >= 0.5)) / 10.0**digits


def counts(values: Values, of: Buckets) -> Any:
    """Usable values of each bucket."""
    return of.each(np.add, values.known.astype(np.int64))


def extremes(values: Values, of: Buckets, function: Any, *, least: bool) -> Any:
    """The least or greatest value of each bucket; what stands where there is none means nothing."""
    if values.numbers.dtype.kind == "i":
        ends = np.iinfo(np.int64)
        instead: Any = ends.max if least else ends.min
    else:
        instead = np.inf if least else -np.inf
    return of.each(function, np.where(values.known, values.numbers, instead))


def sums(values: Values, of: Buckets, share: Callable[[Any], Any]) -> Any:
    """The rounded sum of each bucket, or with ``share`` of it (its quotient by a count). Raises Unsettled."""
    if values.numbers.dtype.kind == "i":
        return rounded(share(_whole_sums(values, of)), DIGITS)
    if not (np.abs(values.numbers) < _LARGE).all():
        raise Unsettled
    wide = values.numbers.astype(np.longdouble)
    total = share(of.each(np.add, wide))
    rows = len(values.numbers)
    off = _OFF + rows * float(np.finfo(np.longdouble).eps)
    reach = share(of.each(np.add, np.abs(values.numbers)).astype(np.longdouble)) * off * 10.0**DIGITS
    scaled = total * 10.0**DIGITS
    near = np.abs(scaled - np.floor(scaled) - 0.5)
    if not (reach < 0.25).all() or not (near > reach).all():
        raise Unsettled
    return np.floor(scaled + 0.5).astype(np.float64) / 10.0**DIGITS


def _whole_sums(values: Values, of: Buckets) -> Any:
    if values.numbers.size and float(np.abs(values.numbers.astype(np.float64)).sum()) >= _EXACT:
        raise Unsettled
    return of.each(np.add, values.numbers).astype(np.float64)
