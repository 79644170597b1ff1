"""Threats 31 and 32 through ``publish``: what changed its shape, its unit or its size waits for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.catalog.models import Version
from qingliu.pipeline import actions
from qingliu.pipeline.rules import State
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

NEXT = town.rows(30, value=2.0)


def delivery(scene: Scene, name: str = "next.csv", lines: object = NEXT, **how: object) -> Path:
    return town.csv(scene.folder / name, lines, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "columns", "order"),
    [
        ("column-renamed", ("siteid", "time", "county", "particles"), (0, 1, 2, 3)),
        ("column-added", ("siteid", "time", "county", "pm25", "note"), (0, 1, 2, 3, 3)),
        ("column-missing", ("siteid", "time", "county"), (0, 1, 2)),
    ],
)
def test_a_column_renamed_added_or_gone_is_held_with_its_difference(
    scene: Scene, rule: str, columns: tuple[str, ...], order: tuple[int, ...]
) -> None:
    lines = [tuple(line[i] for i in order) for line in NEXT]
    scene.holds(delivery(scene, lines=lines, columns=columns), rules={rule})


def test_reordered_columns_are_read_by_name_and_held_all_the_same(scene: Scene) -> None:
    """Names match, so no value would be wrong; but a moved column often comes with a changed meaning: a person looks."""
    lines = [(pm25, county, time, site) for site, time, county, pm25 in NEXT]
    file = delivery(scene, lines=lines, columns=("pm25", "county", "time", "siteid"))
    run = scene.publish(file)
    assert run.state == State.HELD
    done = actions.release(run_id=str(run.id), reason="順序不影響", by=town.STEWARD)
    assert done.state == State.PUBLISHED
    assert [(r["siteid"], r["pm25"]) for r in scene.rows()] == [(n, 2) for n in range(1, 31)]


def test_a_header_two_rows_down_is_found_read_and_held(scene: Scene) -> None:
    run = scene.holds(delivery(scene, before=2), rules={"header-moved"})
    assert run.seen["header_row"] == 3
    assert run.seen["rows"] == 30


def test_a_column_that_changes_its_type_is_held(scene: Scene) -> None:
    scene.holds(delivery(scene, lines=[(s, t, c, "高") for s, t, c, _ in NEXT]), rules={"column-retyped"})


def test_values_of_another_unit_outside_the_declared_range_are_held(empty_scene: Scene) -> None:
    """µg written as ng: no type changes, but a declared range notices."""
    ranged = town.definition(mode="snapshot").replace('aliases: ["pm2.5"]', "constraints: {minimum: 0, maximum: 100}")
    empty_scene.define(ranged)
    empty_scene.good(town.rows(30, value=15.0))
    empty_scene.holds(delivery(empty_scene, lines=town.rows(30, value=15_000.0)), rules={"column-retyped"})


@pytest.mark.parametrize("value", [20.0, 0.02, 2000.0])
def test_a_unit_that_changes_within_the_range_is_held_and_may_be_released(scene: Scene, value: float) -> None:
    """No type changes and no range is declared; that all numbers are ten or a thousand times what they were is seen."""
    assert scene.publish(delivery(scene)).state == State.PUBLISHED
    changed = delivery(scene, "changed.csv", town.rows(30, value=value))
    scene.holds(changed, rules={"unit-changed"})
    again = scene.publish(changed)
    done = actions.release(run_id=str(again.id), reason="單位確實改了", by=town.STEWARD)
    assert done.state == State.PUBLISHED
    assert scene.publish(delivery(scene, "next-day.csv", town.rows(30, value=value * 1.2))).state == State.PUBLISHED


@pytest.mark.parametrize("value", [3.0, 8.0, 15.0, 0.5])
def test_numbers_that_grow_or_shrink_by_themselves_are_published(scene: Scene, value: float) -> None:
    assert scene.publish(delivery(scene)).state == State.PUBLISHED
    assert scene.publish(delivery(scene, "more.csv", town.rows(30, value=value))).state == State.PUBLISHED


@pytest.mark.parametrize("count", [3, 300])
def test_ten_times_or_a_tenth_of_the_rows_is_held(scene: Scene, count: int) -> None:
    scene.holds(delivery(scene, lines=town.rows(count, value=2.0)), rules={"volume"})


def test_no_row_at_all_is_held(scene: Scene) -> None:
    scene.holds(delivery(scene, lines=[]), rules={"volume"})


def test_the_same_file_twice_changes_nothing(scene: Scene) -> None:
    file = delivery(scene)
    assert scene.publish(file).state == State.PUBLISHED
    before = scene.seen()
    again = scene.publish(file)
    assert (again.state, again.version) == (State.UNCHANGED, 2)
    assert scene.seen() == before
    assert scene.staged() == []
    scene.check_told_once(again)
    assert Version.objects.count() == 2


def test_the_same_rows_in_other_bytes_change_nothing(scene: Scene) -> None:
    assert scene.publish(delivery(scene)).state == State.PUBLISHED
    before = scene.seen()
    text = (scene.folder / "next.csv").read_text("utf-8")
    other = scene.file("other.csv", text.replace("\n", "\r\n").encode("cp950"))
    assert scene.publish(other).state == State.UNCHANGED
    assert scene.seen() == before


def test_rows_and_keys_that_come_twice_become_one_row_and_are_counted(scene: Scene) -> None:
    lines = [*NEXT, NEXT[0], NEXT[1], ("3", "2026-01-01 00:00", "新北市", "9.0")]
    run = scene.publish(delivery(scene, lines=lines))
    assert run.state == State.PUBLISHED
    assert [r["siteid"] for r in scene.rows()] == list(range(1, 31))
    assert (scene.rows()[2]["county"], scene.rows()[2]["pm25"]) == ("新北市", 9)
    assert run.balance["read"] == 33
    assert (run.balance["duplicate"], run.balance["set_aside"]) == (2, 1)


def test_a_delivery_that_drifts_in_several_ways_names_each(scene: Scene) -> None:
    file = delivery(scene, lines=town.rows(3), columns=("siteid", "time", "county", "particles"), before=2)
    scene.holds(file, rules={"column-renamed", "header-moved", "volume"})


def test_a_delivery_whose_key_column_is_gone_has_no_usable_row_and_is_held(scene: Scene) -> None:
    lines = [(s, c, v) for s, _, c, v in NEXT]
    run = scene.holds(
        delivery(scene, lines=lines, columns=("siteid", "county", "pm25")),
        rules={"column-missing", "column-retyped", "volume"},
    )
    assert run.balance["set_aside"] == 30


def test_another_table_under_the_same_name_is_no_source(scene: Scene) -> None:
    other = delivery(scene, lines=[("a", "b")] * 30, columns=("姓名", "電話"))
    scene.refuses(other, says="none of the columns.*right file")
    assert scene.rows()
    assert Version.objects.filter(dataset__code=CODE).count() == 1
