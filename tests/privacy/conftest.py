"""What the gate's tests share: a home with agencies and a dataset of penalties, and ways to deliver and to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from qingliu.accounts import actions as accounts
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.models import Run
from tests.privacy import town

Deliver = Callable[..., Run]
Served = Callable[..., dict[int, dict[str, Any]]]


@pytest.fixture
def portal(home: LakePaths, transactional_db: None) -> LakePaths:
    """A home with the dataset PEN_A, and no mask rule approved."""
    accounts.seed_agencies(by=town.OPERATOR)
    catalog.register_definition(text=town.definition(), by=town.OPERATOR)
    return home


@pytest.fixture
def deliver(portal: LakePaths, tmp_path: Path) -> Deliver:
    """Publish rows of text."""

    def publish(lines: Sequence[Sequence[str]], code: str = "PEN_A") -> Run:
        return actions.run_delivery(code=code, files=[town.csv(tmp_path / "in.csv", lines)], by=town.OPERATOR)

    return publish


@pytest.fixture
def served(portal: LakePaths) -> Served:
    """What a reader gets: number → row."""

    def read(code: str = "PEN_A", **asked: Any) -> dict[int, dict[str, Any]]:
        engine = Engine(portal, threads=1)
        try:
            return {row["no"]: row for row in engine.rows(engine.open(Query(code, **asked)))}
        finally:
            engine.close()

    return read
