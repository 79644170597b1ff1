"""The seventh indicator by real requests, through the whole way: request → answer or time → judgement → mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from qingliu.config import wiring
from qingliu.core.clock import now
from qingliu.core.env import load
from qingliu.lake.paths import LakePaths
from qingliu.participation import actions
from qingliu.participation import queries as requests
from qingliu.participation.models import Request
from qingliu.participation.rules.replying import Reply
from qingliu.pipeline import actions as pipeline
from qingliu.pipeline.models import Alarm
from qingliu.quality import actions as judging
from qingliu.quality import jobs, queries, replies, served
from qingliu.quality.models import Judgement
from tests.participation.cast import asked, origin
from tests.quality.cast import OPERATOR
from tests.quality.conftest import declare, deliver, note, portal, town_a

__all__ = ["declare", "deliver", "note", "portal", "town_a"]
More = Callable[[Sequence], Any]


@pytest.fixture(autouse=True)
def channel(portal: LakePaths) -> Iterator[None]:
    """Wired as the worker is."""
    wiring.connect_requests()
    yield
    replies.use(None)


def reading(row: Judgement | None) -> str:
    assert row is not None
    return next(r.state for r in queries.result(row).indicators if r.indicator == "feedback")


def standing() -> tuple[str, str]:
    row = queries.last("TEST_A")
    return reading(row), row.mark  # type: ignore[union-attr]


def ago(days: int) -> None:
    """Let every request have come in so many days ago."""
    Request.objects.update(
        received_on=requests.today() - timedelta(days=days), received_at=now() - timedelta(days=days)
    )


def test_no_request_does_not_count_one_in_time_passes_and_one_overdue_costs_the_mark(town_a: More) -> None:
    judging.judge(code="TEST_A", by=OPERATOR)
    assert standing() == ("unknown", "platinum")
    first = actions.submit(asked=asked(), origin=origin("f1"))
    jobs.judge_due()
    assert standing() == ("unknown", "platinum")  # it still has its days
    actions.answer(number=first.number, reply=Reply("available", link="TEST_A"), by=OPERATOR)
    assert queries.due(now()) == ["TEST_A"]
    jobs.judge_due()
    assert standing() == ("pass", "platinum")
    assert queries.due(now()) == []
    second = actions.submit(asked=asked(), origin=origin("f2"))
    jobs.judge_due()
    Request.objects.filter(pk=second.pk).update(
        received_on=requests.today() - timedelta(days=15), changed_at=now() - timedelta(days=15)
    )
    Judgement.objects.update(confirmed_at=now() - timedelta(hours=23, minutes=55))  # judged before its last day ran out
    assert queries.due(now()) == ["TEST_A"]
    jobs.judge_due()
    assert standing() == ("fail", "gold")
    actions.hide(number=second.number, reason="濫用", by=OPERATOR)
    jobs.judge_due()
    assert standing() == ("pass", "platinum")


def test_an_answer_that_came_late_fails_too_until_it_leaves_the_window(town_a: More) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    ago(20)
    actions.answer(number=row.number, reply=Reply("available", link="TEST_A"), by=OPERATOR)
    judging.judge(code="TEST_A", by=OPERATOR)
    assert standing() == ("fail", "gold")
    ago(500)
    judging.judge(code="TEST_A", by=OPERATOR)
    assert standing() == ("unknown", "platinum")


def test_a_wish_for_data_waits_for_the_office_and_counts_against_no_dataset(town_a: More) -> None:
    actions.submit(asked=asked(kind="data"), origin=origin("f1"))
    ago(100)
    judging.judge(code="TEST_A", by=OPERATOR)
    assert standing() == ("unknown", "platinum")


def test_without_a_channel_replies_are_not_measured(town_a: More) -> None:
    replies.use(None)
    judging.judge(code="TEST_A", by=OPERATOR)
    assert standing() == ("not_measured", "gold")


@pytest.mark.parametrize("days", [3, 30])
def test_the_days_are_those_of_the_edition_in_force(town_a: More, days: int) -> None:
    actions.submit(asked=asked(), origin=origin("f1"))
    ago(10)
    assert requests.feedback(days, 365)["TEST_A"].late == (1 if days == 3 else 0)


def test_whoever_judges_in_the_portal_knows_the_requests(portal: LakePaths) -> None:
    replies.use(None)
    served_before = list(served._given)
    wiring.connect_judges(load({"QINGLIU_HOME": str(portal.home)}))
    served._given[:] = served_before
    assert replies.told(queries.edition()) == {}


def test_a_question_that_waits_is_an_alarm_of_its_dataset_until_it_is_answered(town_a: More) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    pipeline.watch_alarms(by=OPERATOR)
    alarm = Alarm.objects.get(kind="asked")
    assert (alarm.event, alarm.closed_at) == (row.number, None)
    assert (requests.today() + timedelta(days=14)).isoformat() in alarm.what_zh
    actions.answer(number=row.number, reply=Reply("available", link="TEST_A"), by=OPERATOR)
    pipeline.watch_alarms(by=OPERATOR)
    alarm.refresh_from_db()
    assert alarm.closed_at is not None
