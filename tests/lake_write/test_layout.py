"""How rows lie: months, ranges, evolution of columns; and that foreign readers find the same."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow.parquet as pq
import pytest

from qingliu.core.errors import Conflict
from qingliu.lake import rewrite
from qingliu.lake.files import FILE_ROWS, ROW_GROUP_ROWS
from qingliu.lake.iceberg import opened
from tests.lake_write.world import Row, World, dataset, reading

START = datetime(2026, 1, 1)


def hours(count: int, sites: int = 2, start: datetime = START) -> list[Row]:
    """``count`` hours of every station."""
    return [
        reading(s, str(start + timedelta(hours=h)), float(h * 10 + s))
        for h in range(count)
        for s in range(1, sites + 1)
    ]


@pytest.fixture
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of about 50 rows, so that a small table has many."""
    monkeypatch.setattr("qingliu.lake.files.FILE_ROWS", 50)
    monkeypatch.setattr("qingliu.lake.files.SPLIT_ROWS", 75)
    monkeypatch.setattr(rewrite, "SPLIT_ROWS", 75)
    monkeypatch.setattr(rewrite, "FILE_ROWS", 50)


def test_months_lie_in_files_of_their_own_and_only_touched_ones_are_rewritten(world: World) -> None:
    record = dataset(partition="month")
    first = world.deliver(record, hours(24 * 40)).version
    assert first
    assert [f.path.rsplit("/", 1)[1] for f in first.files] == ["2026-01-00000.parquet", "2026-02-00000.parquet"]
    assert first.sorted_by == ()
    second = world.deliver(record, [reading(1, "2026-02-01 00:00", -1.0)]).version
    assert second
    assert second.files[0] == first.files[0]
    assert second.files[1] != first.files[1]
    assert len(second.files) == 2


def test_new_hours_are_laid_beside_and_time_order_stays_global(world: World) -> None:
    record = dataset(partition="month", order=("time", "siteid"))
    first = world.deliver(record, hours(30)).version
    second = world.deliver(record, hours(1, start=START + timedelta(hours=30))).version
    assert first
    assert second
    assert second.files[:1] == first.files
    assert len(second.files) == 2
    assert second.sorted_by == ("time", "siteid")
    third = world.deliver(record, hours(1, sites=3)).version
    assert third
    assert third.sorted_by == ()


def test_a_row_that_moves_to_another_month_leaves_the_old_one(world: World) -> None:
    record = dataset(partition="month", key=("siteid",), order=("siteid",))
    world.deliver(record, [reading(1, "2026-01-05 00:00", 1.0), reading(2, "2026-01-05 00:00", 2.0)])
    moved = world.deliver(record, [reading(1, "2026-02-05 00:00", 1.0)]).version
    assert moved
    assert world.rows(moved, "siteid, time") == [(2, datetime(2026, 1, 5)), (1, datetime(2026, 2, 5))]


def test_rows_without_a_time_have_a_place_too(world: World) -> None:
    record = dataset(partition="month", key=("siteid",), order=("siteid",))
    done = world.deliver(
        record, [{**reading(1, "2026-01-05", 1.0), "time": None}, reading(2, "2026-01-05", 2.0)]
    ).version
    assert done
    assert sorted(world.rows(done, "siteid")) == [(1,), (2,)]
    gone = world.deliver(record, [reading(1, "2026-01-05", 1.0)]).version
    assert gone
    assert [f.path.rsplit("/", 1)[1] for f in gone.files] == ["2026-01-00000.parquet"]


@pytest.mark.usefixtures("_small_files")
def test_many_files_are_sorted_as_one_and_a_change_rewrites_only_its_range(world: World) -> None:
    record = dataset()
    rows = hours(200)
    random.Random(3).shuffle(rows)
    first = world.deliver(record, rows).version
    assert first
    assert len(first.files) > 4
    assert first.sorted_by == ("siteid", "time")
    stored = world.rows(first, "siteid, time")
    assert stored == sorted(stored)
    second = world.deliver(record, [reading(1, str(START + timedelta(hours=3)), -5.0)]).version
    assert second
    assert second.files[1:] == first.files[1:]
    assert second.files[0] != first.files[0]
    late = world.deliver(record, hours(3, start=START + timedelta(hours=500))).version
    assert late
    stored = world.rows(late, "siteid, time")
    assert len(stored) == 406
    assert stored == sorted(stored)


@pytest.mark.usefixtures("_small_files")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("partition", ["none", "month"])
@pytest.mark.parametrize("mode", ["upsert", "snapshot", "append"])
def test_any_sequence_of_deliveries_equals_a_dictionary(world: World, seed: int, partition: str, mode: str) -> None:
    rng = random.Random(f"{seed}{partition}{mode}")
    order = rng.choice([("siteid", "time"), ("time", "siteid"), ("county", "siteid"), ()])
    record = dataset(partition=partition, mode=mode, order=order)
    expected: dict[tuple[int, str], float] = {}
    for _ in range(4):
        rows = []
        for _ in range(rng.randrange(1, 150)):
            time = str(START + timedelta(hours=rng.randrange(24 * 60)))
            rows.append(reading(rng.randrange(4), time, float(rng.randrange(3))))
        world.deliver(record, rows)
        seen: dict[tuple[int, str], float] = {(r["siteid"], r["time"]): r["pm2.5"] for r in rows}
        expected = seen if mode == "snapshot" else seen | expected if mode == "append" else expected | seen
        found = {(s, str(t)): v for s, t, v in world.rows(world.versions[-1], 'siteid, time, "pm2.5"')}
        assert found == expected
        newest: dict[int, str] = {}
        for site, time in expected:
            newest[site] = max(time, newest.get(site, ""))
        latest = world.versions[-1].latest
        assert latest
        assert {s: str(t) for s, t in world.file(latest.path, "siteid, time")} == newest
        assert not [f for v in world.versions for f in world.lake.verify(v)]


def test_a_new_column_reads_as_null_in_old_rows(world: World) -> None:
    world.deliver(dataset(), [reading(1, "2026-01-01", 1.0)])
    wider = dataset(
        columns=(
            ("siteid", "integer"),
            ("time", "datetime"),
            ("county", "string"),
            ("pm2.5", "number"),
            ("o3.8hr", "number"),
        )
    )
    done = world.deliver(wider, [{**reading(2, "2026-01-01", 2.0), "o3.8hr": 7.0}])
    assert done.version
    assert (done.inserted, done.updated) == (1, 0)
    assert world.rows(done.version, 'siteid, "o3.8hr"') == [(1, None), (2, 7.0)]
    with opened(world.lake.storage) as tables:
        table = tables.load("AQX_P_TEST")
        assert table
        old = table.scan(snapshot_id=world.versions[0].snapshot_id).to_arrow()
        new = table.scan().to_arrow().sort_by("siteid")
    assert old["pm2.5"].to_pylist() == [1.0]
    assert new["o3.8hr"].to_pylist() == [None, 7.0]


def test_a_column_that_is_taken_away_leaves_every_file(world: World) -> None:
    world.deliver(dataset(), [reading(1, "2026-01-01", 1.0)])
    slim = dataset(columns=(("siteid", "integer"), ("time", "datetime"), ("pm2.5", "number")))
    done = world.deliver(slim, [reading(2, "2026-01-01", 2.0)])
    assert done.version
    names = {n for f in done.version.files for n in pq.read_schema(world.paths.resolve(f.path)).names}
    assert names == {"siteid", "time", "pm2.5", "_flags", "_status", "_since"}


def test_a_retyped_column_is_cast_or_told(world: World) -> None:
    world.deliver(dataset(), [reading(1, "2026-01-01", 1.0, county="66")])
    columns = (("siteid", "integer"), ("time", "datetime"), ("county", "integer"), ("pm2.5", "number"))
    done = world.deliver(dataset(columns=columns), [{**reading(2, "2026-01-01", 2.0), "county": 67}])
    assert done.version
    assert world.rows(done.version, "siteid, county") == [(1, 66), (2, 67)]


def test_a_key_that_no_longer_tells_rows_apart_is_refused(world: World) -> None:
    world.deliver(dataset(), hours(2))
    with pytest.raises(Conflict, match="does not tell"):
        world.deliver(dataset(key=("siteid",), order=("siteid",)), [reading(1, "2026-01-01", 1.0)])
    assert len(world.versions) == 1


def test_partition_may_change_with_the_definition(world: World) -> None:
    world.deliver(dataset(), hours(24 * 40))
    done = world.deliver(dataset(partition="month"), [reading(9, "2026-01-01", 1.0)]).version
    assert done
    assert [f.rows for f in done.files] == [24 * 31 * 2 + 1, 24 * 9 * 2]
    back = world.deliver(dataset(), [reading(9, "2026-01-02", 1.0)]).version
    assert back
    assert len(back.files) == 1
    with opened(world.lake.storage) as tables:
        table = tables.load("AQX_P_TEST")
        assert table
        assert table.scan().to_arrow().num_rows == back.rows


def test_iceberg_holds_exactly_the_rows_of_the_version(world: World) -> None:
    record = dataset(partition="month")
    for rows in (hours(24 * 40), [reading(1, "2026-02-01", -1.0)], hours(3, start=START + timedelta(days=50))):
        version = world.deliver(record, rows).version
        assert version
        with opened(world.lake.storage) as tables:
            table = tables.load(record.code)
            assert table
            arrow = table.scan(snapshot_id=version.snapshot_id).to_arrow()
        assert arrow.num_rows == version.rows
        assert sum(v or 0 for v in arrow["pm2.5"].to_pylist()) == sum(v or 0 for (v,) in world.rows(version, '"pm2.5"'))
        january = table.scan(row_filter="time < '2026-02-01T00:00:00'").to_arrow()
        assert january.num_rows == 24 * 31 * 2


def test_a_file_holds_a_quarter_of_a_million_rows_in_whole_row_groups() -> None:
    assert FILE_ROWS == 262_144
    assert ROW_GROUP_ROWS == 20_480
