"""What every whole-file format is made from."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.lake.answer import Plan
from qingliu.lake.compiler import Compiled
from qingliu.lake.session import Session


@dataclass(frozen=True, slots=True)
class Making:
    """A question that was understood and compiled, the session that runs it, and how long it may run (seconds)."""

    session: Session
    plan: Plan
    compiled: Compiled
    deadline_s: float
