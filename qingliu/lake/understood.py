"""What follows from a plan alone, each worked out once: what its names mean, its ranges, its files."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

from qingliu.lake.answer import Plan
from qingliu.lake.compiler import effective_order, scope_of
from qingliu.lake.query import Order
from qingliu.lake.relation import candidates
from qingliu.lake.where import Range, Scope, ranges

T = TypeVar("T")


class Found(Generic[T]):
    """What an iterator gives, looked up as far as anybody asks and kept; several may go through it, threads at once too.

    What breaks the looking up is told to everybody who comes as far: nobody takes a part for the whole.
    """

    def __init__(self, more: Iterator[T]) -> None:
        self._more = more
        self._found: list[T] = []
        self._lock = threading.Lock()
        self._broken: Exception | None = None

    def __iter__(self) -> Iterator[T]:
        for n in itertools.count():
            if n == len(self._found) and not self._longer(n):
                return
            yield self._found[n]

    def _longer(self, length: int) -> bool:
        """Whether there is one behind the first ``length``."""
        with self._lock:
            if length == len(self._found):
                if self._broken:
                    raise self._broken
                try:
                    self._found.extend(itertools.islice(self._more, 1))
                except Exception as error:
                    self._broken = error
                    raise
            return length < len(self._found)


def scope(plan: Plan) -> Scope:
    """What names mean in the version that answers."""
    return plan.once("scope", lambda: scope_of(plan.entry.record, plan.version))


def wanted(plan: Plan) -> dict[str, Range]:
    """Ranges that every matching row lies in, by column; not to be changed."""
    return plan.once("wanted", lambda: ranges(plan.query.where, scope(plan)))


def order(plan: Plan) -> tuple[Order, ...]:
    """The order still to be made. Raises UnknownField."""
    return plan.once("order", lambda: effective_order(plan.query, plan.version, scope(plan)))


def chosen(plan: Plan, first: int = 0) -> list[int]:
    """The files from number ``first`` on that may hold a matching row."""
    return plan.once(("chosen", first), lambda: candidates(plan.version, wanted(plan), first))
