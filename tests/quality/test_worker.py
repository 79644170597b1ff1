"""The worker judges what is due, one job at a time, and asks nobody outside unless that is wished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from qingliu.config import worker
from qingliu.quality import actions, jobs, queries
from tests.pipeline import town
from tests.quality.cast import OPERATOR


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[str, bool]]:
    """What is put into the queue, by name, and which of it has ended."""
    queued: list[str] = []
    ended: dict[str, bool] = {}

    def put(job: Callable, *args: Any, task_name: str) -> str:
        queued.append(task_name)
        return f"{task_name}-{len(queued)}"

    monkeypatch.setattr(worker, "async_task", put)
    monkeypatch.setattr(worker, "fetch", lambda task: True if ended.get(task) else None)
    return queued, ended


def judged(queued: list[str]) -> int:
    return queued.count("judge")


def test_a_publish_is_judged_once_and_not_again_while_that_job_waits(
    town_a: Callable[[Sequence], Any], queue: tuple[list[str], dict[str, bool]]
) -> None:
    queued, ended = queue
    schedule = worker.Schedule()
    schedule.tick(1000.0)
    assert judged(queued) == 1
    schedule.tick(1000.0 + worker.JUDGE_S + 1)
    assert judged(queued) == 1  # the first has not ended
    ended[f"judge-{queued.index('judge') + 1}"] = True
    assert jobs.judge_due() == 1
    schedule.tick(1000.0 + 2 * worker.JUDGE_S + 2)
    assert judged(queued) == 1  # nothing is due
    town_a(town.rows(4))
    schedule.tick(1000.0 + 2 * worker.JUDGE_S + 3)
    assert judged(queued) == 1  # asked a moment ago
    schedule.tick(1000.0 + 4 * worker.JUDGE_S)
    assert judged(queued) == 2
    jobs.judge_due()
    assert queries.last("TEST_A").version == 2  # type: ignore[union-attr]


def test_a_job_that_never_ended_is_asked_for_again(
    town_a: Callable[[Sequence], Any], queue: tuple[list[str], dict[str, bool]]
) -> None:
    queued, _ = queue
    schedule = worker.Schedule()
    schedule.tick(1000.0)
    schedule.tick(1000.0 + worker.AGAIN_S + 1)
    assert judged(queued) == 2


@pytest.mark.parametrize("wished", [True, False])
def test_addresses_outside_are_asked_at_night_only_where_that_is_wished(
    town_a: Callable[[Sequence], Any], queue: tuple[list[str], dict[str, bool]], settings: Any,
    monkeypatch: pytest.MonkeyPatch, wished: bool,
) -> None:  # fmt: skip
    queued, _ = queue
    settings.QINGLIU = replace(settings.QINGLIU, check_links=wished)
    monkeypatch.setattr(worker, "TIDY_HOUR", worker.now().astimezone(worker.TAIPEI).hour)
    actions.judge_all(by=OPERATOR)
    worker.Schedule().tick(1000.0)
    assert ("check links" in queued) == wished
    assert judged(queued) == 0
