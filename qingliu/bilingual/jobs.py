"""What the worker runs for this room."""

from __future__ import annotations

from collections.abc import Sequence

from qingliu.accounts.rules import WORKER
from qingliu.bilingual import actions
from qingliu.lake.engine import Engine


def judge(engine: Engine, codes: Sequence[str]) -> int:
    """Learn from what is published and judge these datasets; how many were judged."""
    actions.learn(engine=engine, by=WORKER)
    return len(actions.judge(codes=codes, engine=engine, by=WORKER))
