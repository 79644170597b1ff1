"""Values about judging and running: findings, verdicts and the balance of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from qingliu.core.dataset import Text

Outcome = Literal["publish", "hold", "reject"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a judge saw: which rule, where, why it matters and what mends it.

    ``count`` is the number of rows (cells, where the rule is about cells) concerned. ``rows`` is CQL2 text that selects
    exactly those rows of the judged version, "" where a finding is not about rows; ``columns`` are the ones to look at.
    """

    rule: str
    place: str
    reason: Text
    remedy: Text
    severity: Literal["info", "warning", "hold", "reject"] = "warning"
    count: int = 1
    rows: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer: the outcome follows from the gravest finding."""

    judge: str
    findings: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """publish, hold or reject."""
        severities = {f.severity for f in self.findings}
        return "reject" if "reject" in severities else "hold" if "hold" in severities else "publish"


@dataclass(frozen=True, slots=True)
class CellBalance:
    """Cells of one column: read = typed + empty + sentinel + quarantined. ``masked`` of the typed are not shown in full."""

    column: str
    read: int
    typed: int
    empty: int
    sentinel: int
    quarantined: int
    masked: int = 0

    @property
    def holds(self) -> bool:
        """Whether every cell is accounted for."""
        whole = self.read == self.typed + self.empty + self.sentinel + self.quarantined
        return whole and 0 <= self.masked <= self.typed + self.sentinel


@dataclass(frozen=True, slots=True)
class Balance:
    """Rows of a run: read = inserted + updated + unchanged + duplicate + set_aside + awaiting.

    ``awaiting`` rows are shaped and wait for a person's decision; ``deleted`` counts rows of the old version.
    """

    read: int
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    set_aside: int = 0
    awaiting: int = 0
    deleted: int = 0
    cells: tuple[CellBalance, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether every row and every cell is accounted for."""
        rows = self.inserted + self.updated + self.unchanged + self.duplicate + self.set_aside + self.awaiting
        return self.read == rows and all(c.holds for c in self.cells)
