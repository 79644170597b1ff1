"""Rows have a status: what a delivery gives them, what older versions mean by their silence, what decisions hold against."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from qingliu.lake import correcting
from qingliu.lake.decided import Decided
from qingliu.lake.layout import Layout, holds_status
from qingliu.lake.store import LAYOUT
from tests.lake_write.world import World, dataset, reading, stage

HOUR = "2026-01-01"


def statuses(world: World, columns: str = 'siteid, "pm2.5", _status') -> list[tuple[object, ...]]:
    return sorted(world.rows(world.versions[-1], columns))


def test_a_delivered_row_has_the_declared_status_in_rows_latest_and_changes(world: World) -> None:
    record = dataset(row_status="validated")
    world.deliver(record, [reading(1, HOUR, 1.0)])
    world.deliver(record, [reading(2, HOUR, 2.0)])
    version = world.versions[-1]
    assert statuses(world) == [(1, 1.0, "validated"), (2, 2.0, "validated")]
    assert version.latest
    assert world.file(version.latest.path, "_status") == [("validated",)] * 2
    assert version.changes
    assert world.file(version.changes.path, "_status") == [("validated",)]


def test_rows_delivered_under_another_declared_status_take_it(world: World) -> None:
    world.deliver(dataset(), [reading(1, HOUR, 1.0), reading(2, HOUR, 2.0)])
    done = world.deliver(dataset(row_status="validated"), [reading(1, HOUR, 1.0)])
    assert (done.updated, done.unchanged) == (1, 0)
    assert statuses(world) == [(1, 1.0, "validated"), (2, 2.0, "provisional")]


def test_an_append_only_dataset_takes_no_row_twice_for_its_status(world: World) -> None:
    world.deliver(dataset(mode="append"), [reading(1, HOUR, 1.0)])
    done = world.deliver(dataset(mode="append", row_status="validated"), [reading(1, HOUR, 1.0)])
    assert (done.version, done.duplicate, done.set_aside) == (None, 1, 0)


@pytest.fixture
def before(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A lake whose first version was written before rows had a status."""
    with monkeypatch.context() as then:
        then.setattr(Layout, "stored", property(lambda self: (*self.names, "_since")))
        world.deliver(dataset(), [reading(n, HOUR, float(n)) for n in range(1, 4)])
    version = world.versions[-1]
    old = json.dumps(json.loads(dict(version.extra)[LAYOUT])[:-1], ensure_ascii=False)
    world.versions[-1] = replace(version, extra=((LAYOUT, old),))
    assert not holds_status(world.versions[-1])
    return world


def test_a_table_from_before_is_taken_over_whole_by_the_next_delivery(before: World) -> None:
    same = before.deliver(dataset(), [reading(1, HOUR, 1.0)])
    assert same.version is None
    done = before.deliver(dataset(), [reading(1, HOUR, 9.0)])
    assert done.updated == 1
    assert done.version
    assert holds_status(done.version)
    assert statuses(before) == [(1, 9.0, "provisional"), (2, 2.0, "provisional"), (3, 3.0, "provisional")]
    assert before.lake.verify(done.version) == []


def test_a_table_from_before_can_be_corrected(before: World, tmp_path: Path) -> None:
    record, base = dataset(), before.versions[-1]
    found = correcting.present(before.lake, record, base, [("2", f"{HOUR} 00:00:00"), ("9", HOUR)], tmp_path)
    assert found[1] is None
    assert found[0]
    assert (found[0]["pm2.5"], found[0]["_status"]) == ("2.0", "provisional")
    staged = correcting.stage(
        before.lake, record, [{**found[0], "pm2.5": "7.5", "_status": "corrected"}], tmp_path / "s"
    )
    done = before.lake.commit(
        record, staged, base=base, number=2, run_id="fix", author="a", message="m",
        created_at="2026-11-23T01:00:00.000Z", mode_override="upsert",
    )  # fmt: skip
    assert done.version
    assert done.updated == 1
    before.versions.append(done.version)
    assert statuses(before)[1] == (2, 7.5, "corrected")


@pytest.mark.parametrize("mode", ["snapshot", "upsert", "append"])
def test_what_was_decided_stands_in_every_mode(world: World, mode: str) -> None:
    record = dataset(mode=mode, partition="month" if mode == "append" else "none")
    rows = [reading(n, HOUR, float(n), flags=";county=odd;pm2.5=low;" if n == 2 else None) for n in (1, 2, 3)]
    world.deliver(record, rows)
    base, key = world.versions[-1], ("2", f"{HOUR} 00:00:00")
    row = correcting.present(world.lake, record, base, [key], world.paths.staging / "look")[0]
    assert row
    fixed = {**row, "pm2.5": "7.5", "_flags": ";county=odd;pm2.5=corrected;", "_status": "corrected"}
    staged = correcting.stage(world.lake, record, [fixed], world.paths.staging / "fix" / "staged.parquet")
    done = world.lake.commit(
        record, staged, base=base, number=2, run_id="fix", author="a", message="m",
        created_at="2026-11-23T01:00:00.000Z", mode_override="upsert",
    )  # fmt: skip
    assert done.version
    decided = (Decided(key, (("pm2.5", "2.0"),), (("pm2.5", "7.5"),), "corrected"),)

    def again(name: str, given: list[dict[str, object]]) -> tuple[int, ...]:
        file = stage(record, given, world.paths.staging / name / "staged.parquet")
        made = world.lake.commit(
            record, file, base=done.version, number=3, run_id=name, author="a", message="m",
            created_at="2026-11-23T02:00:00.000Z", decided=decided,
        )  # fmt: skip
        assert made.version is None
        return (made.unchanged + made.duplicate, made.set_aside, made.contested)

    assert again("same", rows) == (3, 0, 0)
    assert again("theirs", [rows[0], reading(2, HOUR, 7.5, flags=";county=odd;"), rows[2]]) == (3, 0, 0)
    assert again("other", [rows[0], reading(2, HOUR, 8.0, flags=";county=odd;"), rows[2]]) == (2, 1, 1)
    told = pq.read_table(world.paths.quarantine / "other.conflicts.parquet").to_pylist()
    assert [(r["record"], "decision stands" in r["reason_en"]) for r in told] == [(2, True)]
