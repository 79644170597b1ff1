"""The simulated demonstration has requests in every state, each marked as made by a program, and only once."""

from __future__ import annotations

import pytest

from qingliu.accounts.rules import operator
from qingliu.catalog.models import Dataset
from qingliu.config import demo_requests
from qingliu.config.commands import demo
from qingliu.participation import queries
from qingliu.participation.models import Request

BY = operator("test")


def test_stories_stand_in_every_state_and_say_that_they_are_simulated(dataset: Dataset) -> None:
    for code in ("AQX_P_432", "WQX_P_06", "EMS_P_46", "WR_P_17"):
        Dataset.objects.create(
            code=code, kind="table", agency=dataset.agency, status="published", definition="", definition_hash="",
            created_at=dataset.created_at, updated_at=dataset.updated_at,
        )  # fmt: skip
    made = demo_requests.tell(by=BY)
    assert {r.state for r in Request.objects.all()} == {"waiting", "open", "available", "expected", "refused"}
    assert all(r.simulated for r in Request.objects.all())
    assert demo_requests.tell(by=BY) == []
    told = queries.figures(queries.requests())
    assert told.total == len(made) == 7
    assert told.in_time
    assert told.overdue
    assert told.promises_overdue


def test_a_story_about_a_dataset_that_is_not_here_is_left_out(dataset: Dataset) -> None:
    assert all(not r.dataset for r in demo_requests.tell(by=BY))


@pytest.mark.parametrize(("arguments", "asked"), [([], 1), (["--real", "x"], 0)])
def test_only_the_simulated_demonstration_has_them(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], asked: int
) -> None:
    import argparse

    told: list[object] = []
    for module, name in (
        (demo.portal, "prepare"), (demo.demo_privacy, "approve_defaults"), (demo, "_real"), (demo, "_simulated"),
        (demo.wiring, "connect_judges"), (demo.judging, "judge_all"), (demo.quality, "table"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, lambda *a, **k: 0)
    monkeypatch.setattr(demo.demo_people, "welcome", lambda **k: [])
    monkeypatch.setattr(demo.demo_requests, "tell", lambda **k: told.append(k) or [])
    parser = argparse.ArgumentParser()
    demo.add(parser.add_subparsers())
    assert demo.do_demo(parser.parse_args(["demo", *arguments]), BY) == 0
    assert len(told) == asked
