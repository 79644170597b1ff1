"""What was decided about a dataset's rows, as pages show it: how many rows stand in which status, and each decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from qingliu.core.dataset import DatasetRecord, RowStatus
from qingliu.core.errors import QingliuError
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Aggregate, Query
from qingliu.web import links


@dataclass(frozen=True, slots=True)
class Standing:
    """How many rows stand in one status, and where the API lists them."""

    status: str
    rows: int
    address: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions of a dataset in short: how many there are, and the rows by status (none where counting was too dear)."""

    code: str
    total: int
    standings: tuple[Standing, ...]


def decided(engine: Engine, entry: Entry) -> Decided | None:
    """The decisions about the rows that ``entry`` shows; None where there are none. Rows are counted of a table only."""
    code = base_code(entry)
    total, _ = engine.published.decisions(code, limit=1)
    if not total:
        return None
    try:
        standings = _standings(engine, entry) if entry.kind == "table" and entry.current else ()
    except QingliuError:
        standings = ()
    return Decided(code, total, standings)


def base_code(entry: Entry) -> str:
    """The dataset whose rows an entry shows: itself, or the first one that a view is of."""
    return entry.record.view.of[0] if entry.record.view else entry.code


def _standings(engine: Engine, entry: Entry) -> tuple[Standing, ...]:
    asked = Query(entry.code, group=("_status",), aggregates=(Aggregate("count", "*"),))
    counts = {row["_status"]: row["count"] for row in engine.rows(engine.open(asked))}
    every = ((s, int(counts.get(s, 0))) for s in get_args(RowStatus))
    return tuple(Standing(s, n, links.api_rows(entry.code, (("_status", s),))) for s, n in every if n)


@dataclass(frozen=True, slots=True)
class Line:
    """One decision: the row by its key, what became of it, the cells before and after, by which role or rule, and why."""

    said: dict[str, Any]
    key: tuple[tuple[str, Any], ...]

    @property
    def by(self) -> dict[str, str]:
        """The role or rule; never a person."""
        found: dict[str, str] = self.said["by"]
        return found


def lines(engine: Engine, code: str, record: DatasetRecord, *, offset: int, limit: int) -> tuple[Line, ...]:
    """A page of the decisions, newest first; keys in the order of the definition."""
    _, page = engine.published.decisions(code, offset=offset, limit=limit)
    return tuple(Line(d, tuple((name, d["key"][name]) for name in record.key if name in d["key"])) for d in page)
