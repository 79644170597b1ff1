"""Views that leave rows out: their filter is CQL2 in the definition, and no reader may lose it."""

from __future__ import annotations

import pytest

from qingliu.accounts import actions as accounts
from qingliu.api import cql2
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from tests.pipeline import town
from tests.pipeline.conftest import Deliver


@pytest.fixture
def filtered(deliver: Deliver) -> None:
    deliver([*town.rows(3), ("4", "2026-01-01 00:00", "基隆市", "9"), ("5", "2026-01-01 00:00", "臺北市", "7.5")])
    view = "{of: [TEST_A], where: \"pm25 > 1 AND county = '臺北市'\", rename: {pm25: pm2_5}}"
    text = town.definition("TEST_F", view=view).replace("name: pm25, type: number", "name: pm2_5, type: number")
    catalog.register_definition(text=text.replace(', aliases: ["pm2.5"]', ""), by=town.OPERATOR)


def test_a_view_answers_the_rows_its_filter_lets_through(portal: LakePaths, filtered: None) -> None:
    engine = Engine(portal, threads=1, parse_where=cql2.parse)
    plan = engine.open(Query("TEST_F", fields=("siteid", "pm2_5")))
    assert engine.rows(plan) == [{"siteid": 5, "pm2_5": 7.5}]
    assert engine.count(plan) == 1


def test_an_engine_that_cannot_read_a_filter_refuses_the_view(portal: LakePaths, filtered: None) -> None:
    with pytest.raises(RuntimeError, match="TEST_F"):
        Engine(portal, threads=1).open(Query("TEST_F"))


def test_a_key_may_be_made_for_the_envelope(portal: LakePaths) -> None:
    key = accounts.create_key(
        label="old client", scopes=("read", "profile:envelope"), days=30, agency="", by=town.OPERATOR
    )
    assert key.token.startswith("qlk_")
