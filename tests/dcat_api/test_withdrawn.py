"""A dataset that is taken down leaves the catalogue and is told in the feed, until it is served again."""

from __future__ import annotations

import pytest

from qingliu.accounts import actions as accounts
from qingliu.catalog import actions, publication
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions as pipeline
from tests.dcat_api.conftest import Served, serve
from tests.pipeline import town

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "TEST_A"


def deliver(home: LakePaths, value: float) -> None:
    """A version of three rows."""
    file = town.csv(home.home / f"{CODE}.csv", town.rows(3, value=value))
    assert pipeline.run_delivery(code=CODE, files=[file], by=town.OPERATOR).state == "published"


def told(served: Served) -> list[str]:
    """The kinds of changes that the feed tells, newest first."""
    parts = served.text("/feed.atom").split('<category term="')[1:]
    return [p.partition('"')[0] for p in parts]


def test_a_withdrawal_is_told_once_with_its_time_and_without_its_reason(home: LakePaths) -> None:
    accounts.seed_agencies(by=town.OPERATOR)
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    deliver(home, 1.0)
    served = serve(home)
    assert told(served) == ["new"]
    actions.withdraw(code=CODE, reason="座標有誤", by=town.OPERATOR)
    first = served.text("/feed.atom")
    assert told(served) == ["withdrawn"]
    assert "座標有誤" not in first
    assert CODE in first
    assert served.get(f"/api/dcat/datasets/{CODE}.ttl").status_code == 404
    assert CODE not in served.text("/catalog.ttl", "page=all") + served.text("/sitemap-1.xml")
    deliver(home, 2.0)  # a version that nobody sees
    publication.publish_all()
    assert served.text("/feed.atom") == first
    actions.restore(code=CODE, reason="已更正", by=town.OPERATOR)
    assert told(served) == ["version", "new"]
    assert served.get(f"/api/dcat/datasets/{CODE}.ttl").status_code == 200
    served.engine.close()


def test_a_draft_that_nobody_ever_saw_is_not_told(home: LakePaths) -> None:
    accounts.seed_agencies(by=town.OPERATOR)
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    actions.withdraw(code=CODE, reason="誤登", by=town.OPERATOR)
    served = serve(home)
    assert told(served) == []
    served.engine.close()
