"""Typed events by which a lower room tells of itself without knowing who listens; config.wiring connects them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class RunStep:
    """A run of the pipeline entered ``step``; ``note`` says how much."""

    run_id: str
    code: str
    step: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """What is published about ``code`` changed: a version, its words or its status."""

    code: str


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """A mask rule or the restricted list began or ceased to act; ``name`` says which. What is published may have to change."""

    name: str


E = TypeVar("E")
_listeners: dict[type[Any], list[Callable[[Any], None]]] = {}


def listen(kind: type[E], listener: Callable[[E], None]) -> None:
    """Call ``listener`` with every event of ``kind`` told in this process; twice the same listener counts once."""
    listeners = _listeners.setdefault(kind, [])
    if listener not in listeners:
        listeners.append(listener)


@contextmanager
def listening(kind: type[E], listener: Callable[[E], None]) -> Iterator[None]:
    """Listen for the length of a block."""
    listen(kind, listener)
    try:
        yield
    finally:
        _listeners[kind].remove(listener)


def tell(event: object) -> None:
    """Hand ``event`` to every listener of its type, in the order they came; their errors are the teller's."""
    for listener in list(_listeners.get(type(event), ())):
        listener(event)
