"""One delivery becomes one version: by mode, by key, with every row accounted for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qingliu.core.errors import BadSource, Conflict
from tests.lake_write.world import World, dataset, reading

ONE = reading(1, "2026-01-01 00:00", 10.0)
TWO = reading(2, "2026-01-01 00:00", 20.0)
LATER = reading(1, "2026-01-01 01:00", 11.0)


def test_first_version_holds_every_row_sorted(world: World) -> None:
    done = world.deliver(dataset(), [TWO, LATER, ONE])
    version = done.version
    assert version
    assert (done.inserted, version.number, version.rows) == (3, 1, 3)
    assert world.rows(version, '"pm2.5", _since') == [(10.0, 1), (11.0, 1), (20.0, 1)]
    assert version.sorted_by == ("siteid", "time")
    assert version.changes is None
    assert version.files[0].stats[0] == ("siteid", "1", "2")
    assert version.files[0].stats[1] == ("time", "2026-01-01 00:00:00", "2026-01-01 01:00:00")


def test_same_delivery_again_makes_no_version_and_leaves_no_file(world: World) -> None:
    world.deliver(dataset(), [ONE, TWO])
    before = sorted(p for p in world.paths.root.rglob("*") if p.is_file())
    done = world.deliver(dataset(), [ONE, TWO])
    assert (done.version, done.unchanged) == (None, 2)
    assert sorted(p for p in world.paths.root.rglob("*") if p.is_file()) == before
    assert not list(world.paths.staging.rglob("lake"))


def test_upsert_tells_new_changed_and_unchanged_apart(world: World) -> None:
    world.deliver(dataset(), [ONE, TWO])
    done = world.deliver(dataset(), [reading(1, "2026-01-01 00:00", 99.0), TWO, LATER])
    assert (done.inserted, done.updated, done.unchanged, done.deleted) == (1, 1, 1, 0)
    assert done.version
    assert world.rows(done.version, '"pm2.5", _since') == [(99.0, 2), (11.0, 2), (20.0, 1)]
    assert done.version.changes
    changes = world.file(done.version.changes.path, '_change, siteid, "pm2.5"')
    assert changes == [("update", 1, 99.0), ("insert", 1, 11.0)]
    assert world.rows(world.versions[0], '"pm2.5"') == [(10.0,), (20.0,)]


def test_a_flag_that_changes_is_a_change(world: World) -> None:
    world.deliver(dataset(), [reading(1, "2026-01-01 00:00", None)])
    done = world.deliver(dataset(), [reading(1, "2026-01-01 00:00", None, flags=";pm2.5=missing;")])
    assert done.updated == 1


def test_snapshot_deletes_what_is_gone(world: World) -> None:
    record = dataset(mode="snapshot")
    world.deliver(record, [ONE, TWO])
    done = world.deliver(record, [TWO])
    assert (done.unchanged, done.deleted) == (1, 1)
    assert done.version
    assert done.version.changes
    assert done.version.latest
    assert world.file(done.version.changes.path, "_change, siteid, _since") == [("delete", 1, 1)]
    assert world.file(done.version.latest.path, "siteid") == [(2,)]


def test_snapshot_may_become_empty_and_fill_again(world: World) -> None:
    record = dataset(mode="snapshot")
    world.deliver(record, [ONE])
    empty = world.deliver(record, [])
    assert empty.version
    assert (empty.version.rows, empty.version.files, empty.deleted) == (0, (), 1)
    again = world.deliver(record, [ONE])
    assert again.version
    assert again.inserted == 1
    assert world.rows(again.version, "siteid, _since") == [(1, 3)]


def test_append_never_rewrites_and_keeps_what_disagrees(world: World) -> None:
    record = dataset(mode="append")
    world.deliver(record, [ONE, TWO])
    done = world.deliver(record, [ONE, reading(2, "2026-01-01 00:00", 77.0), LATER])
    assert (done.inserted, done.duplicate, done.set_aside) == (1, 1, 1)
    assert done.conflicts
    assert done.conflicts.is_relative_to(world.paths.quarantine)
    assert done.version
    assert world.rows(done.version, '"pm2.5"') == [(10.0,), (11.0,), (20.0,)]


def test_last_of_one_key_wins_and_the_others_are_kept_aside(world: World) -> None:
    import duckdb

    done = world.deliver(dataset(), [ONE, ONE, reading(1, "2026-01-01 00:00", 5.0, county="臺南市"), TWO])
    assert (done.inserted, done.set_aside, done.duplicate) == (2, 2, 0)
    assert done.version
    assert done.conflicts
    assert world.rows(done.version, 'siteid, "pm2.5"') == [(1, 5.0), (2, 20.0)]
    con = duckdb.connect()
    aside = con.execute(f"SELECT record, kind, raw, reason_en FROM '{done.conflicts}'").fetchall()
    con.close()
    assert [a[0] for a in aside] == [1, 2]
    assert json.loads(aside[0][2])["pm2.5"] == "10.0"
    assert "more than once" in aside[0][3]


def test_identical_rows_of_one_delivery_are_duplicates(world: World) -> None:
    first = world.deliver(dataset(), [ONE, ONE, ONE])
    assert (first.inserted, first.duplicate) == (1, 2)
    second = world.deliver(dataset(), [LATER, LATER])
    assert (second.inserted, second.duplicate) == (1, 1)


def test_order_outside_the_key_still_finds_duplicates(world: World) -> None:
    record = dataset(order=("county", "siteid"))
    done = world.deliver(record, [ONE, reading(1, "2026-01-01 00:00", 10.0, county="高雄市"), TWO])
    assert (done.inserted, done.set_aside) == (2, 1)
    again = world.deliver(record, [reading(2, "2026-01-01 00:00", 1.0, county="一")])
    assert again.version
    assert [r[0] for r in world.rows(again.version, "county")] == sorted(["高雄市", "一"])


def test_without_a_key_the_whole_row_is_the_identity(world: World) -> None:
    record = dataset(mode="snapshot", key=(), order=("county",))
    nothing = reading(3, "2026-01-01 00:00", None)
    first = world.deliver(record, [ONE, ONE, nothing, nothing])
    assert (first.inserted, first.duplicate) == (2, 2)
    second = world.deliver(record, [nothing, TWO])
    assert (second.inserted, second.unchanged, second.deleted, second.updated) == (1, 1, 1, 0)
    third = world.deliver(replace(record, mode="append"), [nothing, nothing, LATER])
    assert (third.inserted, third.duplicate) == (1, 2)


def test_an_incomplete_key_is_refused_with_nothing_left(world: World) -> None:
    with pytest.raises(BadSource, match="incomplete key"):
        world.deliver(dataset(), [{**ONE, "siteid": None}])
    assert not list(world.paths.root.rglob("*.parquet"))


def test_a_stale_base_is_a_conflict(world: World) -> None:
    world.deliver(dataset(), [ONE])
    world.deliver(dataset(), [TWO])
    world.versions.pop()
    with pytest.raises(Conflict, match="stands at version 2"):
        world.deliver(dataset(), [LATER])


def test_the_same_run_again_answers_the_same(world: World) -> None:
    first = world.deliver(dataset(), [ONE, TWO], run_id="again")
    world.versions.clear()
    assert world.deliver(dataset(), [ONE, TWO], run_id="again") == first
    assert world.lake.find_run("AQX_P_TEST", "again") == first.version
    with pytest.raises(Conflict):
        world.lake.discard("again", "AQX_P_TEST")


def test_latest_follows_new_rows_and_corrections(world: World) -> None:
    world.deliver(dataset(), [ONE, TWO])
    late = reading(1, "2025-12-31 23:00", 1.0)
    done = world.deliver(dataset(), [late, LATER, reading(2, "2026-01-01 00:00", 21.0)])
    assert done.version
    assert done.version.latest
    assert world.file(done.version.latest.path, 'siteid, "pm2.5", _since') == [(1, 11.0, 2), (2, 21.0, 2)]


def test_a_key_without_time_has_no_latest(world: World) -> None:
    done = world.deliver(dataset(key=("siteid",), order=("siteid",)), [ONE, TWO])
    assert done.version
    assert done.version.latest is None
