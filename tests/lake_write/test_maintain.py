"""Maintenance: small files merged, old versions let go by rule, and every kept version verified afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qingliu.core.dataset import VersionRecord
from qingliu.core.errors import Conflict
from qingliu.lake import maintain
from qingliu.lake.iceberg import opened
from qingliu.lake.maintain import clean, compact, expire, kept_numbers, let_go
from tests.lake_write.world import World, dataset, reading

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
RECORD = dataset(partition="month")


def month_of_hours(world: World, count: int = 5) -> None:
    """One delivery an hour."""
    for hour in range(count):
        world.deliver(RECORD, [reading(s, f"2026-01-01 {hour:02d}:00", float(hour)) for s in (1, 2)])


def version(number: int, day: datetime, **changes: object) -> VersionRecord:
    """A version as the rules see it."""
    blank = VersionRecord("X", number, day.isoformat(), number, "", f"r{number}", "", "", 0, "", (), ())
    return replace(blank, **changes)  # type: ignore[arg-type]


def test_the_newest_each_months_last_the_cited_and_the_young_are_kept() -> None:
    days = [datetime(2026, m, d, tzinfo=UTC) for m in (8, 9, 10) for d in (1, 15, 28)]
    versions = [
        version(i, d, cited=i == 2) for i, d in enumerate([*days, NOW - timedelta(days=8), NOW - timedelta(days=6)], 1)
    ]
    versions.append(version(12, NOW))
    assert kept_numbers(versions, NOW) == {2, 3, 6, 9, 11, 12}
    gone = {v.number: v.nearest_kept for v in let_go(versions, NOW)}
    assert gone == {1: 2, 4: 3, 5: 6, 7: 6, 8: 9, 10: 11}
    assert all(not v.kept for v in let_go(versions, NOW))


def test_months_end_where_taipei_says_so() -> None:
    last_of_october = version(1, datetime(2026, 9, 30, 15, tzinfo=UTC))
    already_october = version(2, datetime(2026, 9, 30, 17, tzinfo=UTC))
    later = version(3, datetime(2026, 10, 2, tzinfo=UTC))
    assert kept_numbers([last_of_october, already_october, later], NOW) == {1, 3}


def test_a_version_that_lost_its_data_never_comes_back() -> None:
    versions = [version(1, NOW - timedelta(days=90), kept=False, nearest_kept=2), version(2, NOW)]
    assert kept_numbers(versions, NOW) == {2}
    assert let_go(versions, NOW) == ()


def test_hourly_files_become_one_under_the_same_number(world: World) -> None:
    month_of_hours(world)
    before = world.versions[-1]
    assert len(before.files) == 5
    done = compact(world.lake, RECORD, world.versions)
    assert done.findings == ()
    (after,) = done.versions
    assert (after.number, after.rows, len(after.files), after.run_id) == (5, 10, 1, before.run_id)
    assert sorted(world.rows(after, 'siteid, time, "pm2.5", _since')) == sorted(
        world.rows(before, 'siteid, time, "pm2.5", _since')
    )
    assert world.lake.find_run(RECORD.code, before.run_id) == after
    with opened(world.lake.storage) as tables:
        assert tables.files(RECORD.code) == [after.files[0].path]
    assert compact(world.lake, RECORD, [*world.versions[:-1], after]).versions == ()


def test_files_go_only_once_nobody_is_served_from_them(world: World) -> None:
    month_of_hours(world)
    old = world.versions[-1]
    (new,) = compact(world.lake, RECORD, world.versions).versions
    assert clean(world.lake, RECORD.code, [*world.versions, new]).removed == 0
    world.versions[-1] = new
    # the four older versions still need the first four hours' files
    assert clean(world.lake, RECORD.code, world.versions).removed > 0
    assert not world.paths.resolve(old.files[-1].path).exists()
    later = [replace(v, created_at=(NOW - timedelta(days=40 - v.number)).isoformat()) for v in world.versions]
    gone = expire(world.lake, RECORD.code, later, NOW)
    assert [v.number for v in gone.versions] == [1, 2, 3, 4]
    done = clean(world.lake, RECORD.code, [*gone.versions, new])
    assert done.findings == ()
    left = {p.relative_to(world.paths.root).as_posix() for p in world.paths.root.rglob("*.parquet")}
    trail = {v.changes.path for v in world.versions if v.changes}
    assert new.latest
    assert left == {new.files[0].path, new.latest.path} | trail
    assert world.deliver(RECORD, [reading(1, "2026-01-02 00:00", 1.0)]).version


def test_a_publication_after_an_unadopted_compaction_holds_each_row_once(world: World) -> None:
    month_of_hours(world)
    compact(world.lake, RECORD, world.versions)  # the caller died before it stored the answer
    done = world.deliver(RECORD, [reading(1, "2026-01-01 00:00", 7.0)]).version
    assert done
    with opened(world.lake.storage) as tables:
        table = tables.load(RECORD.code)
        assert table
        assert table.scan().to_arrow().num_rows == done.rows == 10


def test_compaction_that_would_change_rows_is_not_switched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    month_of_hours(world)
    real = maintain.write_groups

    def lossy(desk, base, delta, groups, strict):  # type: ignore[no-untyped-def]
        return real(desk, base, delta, [replace(g, where="siteid = 1") for g in groups], strict)

    monkeypatch.setattr(maintain, "write_groups", lossy)
    with pytest.raises(Conflict, match="differ"):
        compact(world.lake, RECORD, world.versions)
    assert [f for v in world.versions for f in world.lake.verify(v)] == []
    assert not list(world.paths.root.glob("warehouse/*/data/compact-*"))


def test_a_stale_caller_cannot_compact(world: World) -> None:
    month_of_hours(world)
    with pytest.raises(Conflict, match="newer"):
        compact(world.lake, RECORD, world.versions[:-1])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("harm", "rule"),
    [(Path.unlink, "missing"), (_flip, "hash"), (lambda p: p.write_bytes(p.read_bytes()[:-9]), "size")],
)
@pytest.mark.parametrize("which", ["files", "latest", "changes"])
def test_a_missing_torn_or_flipped_file_is_found(
    world: World, harm: Callable[[Path], object], rule: str, which: str
) -> None:
    month_of_hours(world, 2)
    last = world.versions[-1]
    files = {"files": last.files[-1], "latest": last.latest, "changes": last.changes}
    file = files[which]
    assert file
    harm(world.paths.resolve(file.path))
    (finding,) = world.lake.verify(last)
    assert (finding.rule, finding.severity) == (f"lake.{rule}", "reject")
    assert file.path in finding.place
    assert clean(world.lake, RECORD.code, world.versions).findings == (finding,)


def test_a_record_that_disagrees_with_its_files_is_found(world: World) -> None:
    month_of_hours(world, 1)
    last = world.versions[-1]
    short = replace(last.files[0], rows=1)
    assert [f.rule for f in world.lake.verify(replace(last, files=(short,)))] == ["lake.rows", "lake.version"]
    assert [f.rule for f in world.lake.verify(replace(last, metadata_path="warehouse/none.json"))] == ["lake.missing"]
    assert world.lake.verify(replace(last, files=(), kept=False)) == []
