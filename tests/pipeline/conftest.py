"""What the pipeline's tests share: a home with one registered dataset, and ways to deliver to it and to read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from qingliu.accounts import actions as accounts
from qingliu.accounts.rules import Actor
from qingliu.catalog import actions as catalog
from qingliu.core.errors import QingliuError
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.models import Run
from tests.pipeline import town

Deliver = Callable[..., Run]
Served = Callable[..., list[list[Any]]]


@pytest.fixture
def portal(home: LakePaths, transactional_db: None) -> LakePaths:
    """A home with the agencies and the dataset TEST_A (snapshot mode), nothing published."""
    accounts.seed_agencies(by=town.OPERATOR)
    catalog.register_definition(text=town.definition(mode="snapshot"), by=town.OPERATOR)
    return home


@pytest.fixture
def deliver(portal: LakePaths, tmp_path: Path) -> Deliver:
    """Publish rows of text; keywords go to the CSV writer."""

    def publish(lines: Sequence[Sequence[str]], code: str = "TEST_A", by: Actor = town.OPERATOR, **how: Any) -> Run:
        file = town.csv(tmp_path / "delivery.csv", lines, **how)
        return actions.run_delivery(code=code, files=[file], by=by)

    return publish


@pytest.fixture
def served(portal: LakePaths) -> Served:
    """What a reader gets now: [siteid, pm25] sorted, [] while nothing is served."""

    def read(code: str = "TEST_A", **asked: Any) -> list[list[Any]]:
        engine = Engine(portal, threads=1)
        try:
            plan = engine.open(Query(code, fields=("siteid", "pm25"), **asked))
        except QingliuError:
            return []
        return sorted([row["siteid"], row["pm25"]] for row in engine.rows(plan))

    return read
