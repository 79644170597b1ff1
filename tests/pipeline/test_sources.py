"""Declared sources on a schedule: what is new is published, trouble is kept and waited for longer, nothing is asked twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.config.worker import Schedule
from qingliu.core.clock import now
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Source
from tests.pipeline import town
from tests.pipeline.conftest import Served

FEED = "source:\n  kind: http\n  every: PT1H\n  options: {url: 'http://127.0.0.1:9/feed.csv'}\n"


def register(source: str) -> None:
    """A dataset with a source."""
    text = town.definition("TEST_S", mode="upsert", source=source)
    catalog.register_definition(text=text, by=town.OPERATOR)


def test_a_dataset_without_a_source_says_how_to_publish(portal: LakePaths) -> None:
    with pytest.raises(BadRequest, match="qingliu publish"):
        actions.run_source(code="TEST_A", by=town.OPERATOR)


def test_a_source_in_trouble_is_remembered_audited_and_asked_later_each_time(portal: LakePaths) -> None:
    register(FEED)
    waits = []
    for _ in range(3):
        with pytest.raises(QingliuError):
            actions.run_source(code="TEST_S", by=town.OPERATOR)
        memory = Source.objects.get(dataset__code="TEST_S")
        assert memory.due_at is not None
        assert memory.checked_at is not None
        waits.append(memory.due_at - memory.checked_at)
    assert waits == [timedelta(hours=2), timedelta(hours=4), timedelta(hours=8)]
    assert memory.failures == 3
    assert memory.error_zh
    assert Event.objects.filter(verb="source.failed", object_id="TEST_S").count() == 3
    assert not any(portal.staging.iterdir())


def test_a_due_source_is_put_into_the_queue_once(portal: LakePaths) -> None:
    register(FEED)
    schedule = Schedule()
    schedule.tick(1.0)
    schedule.tick(3.0)
    schedule.tick(30.0)
    assert OrmQ.objects.count() == 1
    assert queries.due_sources(now()) == []
    assert [s.dataset.code for s in queries.due_sources(now() + timedelta(hours=4))] == ["TEST_S"]


def test_a_withdrawn_dataset_is_not_watched(portal: LakePaths, served: Served) -> None:
    register(FEED)
    catalog.withdraw(code="TEST_S", reason="x", by=town.OPERATOR)
    assert actions.watch_sources() == 0
