"""Threat 29: clocks that jump, and times that are written in odd ways."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qingliu.catalog.models import Version
from qingliu.core import clock
from qingliu.pipeline.actions import finish
from tests.pipeline import town
from tests.threats.scene import CODE, Scene


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=366), timedelta(days=-2000)])
def test_versions_stay_in_order_and_as_of_finds_them_when_the_clock_jumps(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    monkeypatch.setattr(finish, "now", lambda: clock.now() + jump)
    scene.good(town.rows(30, value=2.0))
    monkeypatch.undo()
    scene.good(town.rows(30, value=3.0))
    moments = list(Version.objects.filter(dataset__code=CODE).order_by("number").values_list("created_at", flat=True))
    assert moments == sorted(set(moments))
    for number, moment in enumerate(moments, start=1):
        found = scene.ask(
            f"/api/datasets/{CODE}/rows", f"limit=1&as_of={clock.iso(moment + timedelta(milliseconds=1))}"
        )
        assert int(found.json["version"]) >= number
        assert {r["pm25"] for r in scene.rows(f"as_of={number}")} == {number}
    assert {r["pm25"] for r in scene.rows()} == {3}


def test_roc_years_24_oclock_leap_days_and_offsets_are_the_moments_they_mean(empty_scene: Scene) -> None:
    forms = 'formats: ["roc:%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M"]'
    empty_scene.define(town.definition(mode="snapshot").replace('formats: ["%Y-%m-%d %H:%M"]', forms))
    written = {
        "115/11/23 05:00": "2026-11-23T05:00:00+08:00",
        "113/02/29 24:00": "2024-03-01T00:00:00+08:00",
        "2024-02-29 23:30": "2024-02-29T23:30:00+08:00",
        "2026-12-31 24:00": "2027-01-01T00:00:00+08:00",
        "2026-01-01T00:00:00Z": "2026-01-01T08:00:00+08:00",
        "2026-01-01T00:00:00+08:00": "2026-01-01T00:00:00+08:00",
    }
    run = empty_scene.good([(str(n), text, "臺北市", "1") for n, text in enumerate(written, start=1)])
    assert run.quarantined_cells == 0
    assert [r["time"] for r in empty_scene.rows()] == list(written.values())


@pytest.mark.parametrize(
    "text", ["112/02/29 10:00", "2023-02-29 10:00", "2026-01-01 24:30", "2026-01-01 25:00", "000/01/01 00:00"]
)
def test_a_day_or_hour_that_does_not_exist_sets_its_row_aside_never_moves_it(empty_scene: Scene, text: str) -> None:
    forms = 'formats: ["roc:%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M"]'
    empty_scene.define(town.definition(mode="snapshot").replace('formats: ["%Y-%m-%d %H:%M"]', forms))
    run = empty_scene.good([*town.rows(30), ("31", text, "臺北市", "1")])
    assert run.balance["set_aside"] == 1
    assert [r["siteid"] for r in empty_scene.rows()] == list(range(1, 31))


def test_times_asked_under_any_offset_select_the_same_rows(scene: Scene) -> None:
    for interval in ("2026-01-01T00:00:00%2B08:00", "2025-12-31T16:00:00Z", "2026-01-01T00:00"):
        assert len(scene.rows(f"limit=100&datetime={interval}")) == 30
    for odd in ("115-01-01", "2026-02-29", "2026-01-01T24:30", "2026-13-01", "1"):
        answer = scene.ask(f"/api/datasets/{CODE}/rows", f"datetime={odd}")
        assert (answer.status_code, answer.json["parameter"]) == (400, "datetime")
