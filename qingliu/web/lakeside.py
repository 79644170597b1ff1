"""The pages' way to the lake: the engine that the wiring gave, one a process, shared with the data API."""

from __future__ import annotations

from collections.abc import Callable

from qingliu.lake.engine import Engine

_given: list[Callable[[], Engine]] = []


def use(give: Callable[[], Engine]) -> None:
    """Let the pages read through the engine that ``give`` returns; asked at each page, so it may open late."""
    _given[:] = [give]


def engine() -> Engine:
    """The process' engine. RuntimeError where nobody wired one: a page must not invent its own without CQL2 for views."""
    if not _given:
        raise RuntimeError("no engine: config.wiring calls qingliu.web.lakeside.use(...) at start")
    return _given[0]()
