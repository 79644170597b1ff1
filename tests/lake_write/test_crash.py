"""Killed by SIGKILL at every step: afterwards the old version or the new one, whole, and a rerun converges."""

from __future__ import annotations

import pytest

from qingliu.lake import manifest
from qingliu.lake.iceberg import opened
from qingliu.lake.maintain import clean, compact
from tests.lake_write.conftest import Kill
from tests.lake_write.crash import RECORD
from tests.lake_write.world import Row, World, reading, stage

OLD: list[Row] = [reading(s, f"2026-01-{d:02d} 00:00", 1.0) for s in (1, 2) for d in range(1, 29)]
NEW: list[Row] = [
    reading(1, "2026-01-01 00:00", 99.0),
    reading(1, "2026-02-01 00:00", 2.0),
    reading(1, "2026-02-01 00:00", 3.0),
]
AFTER = 57
COMMIT_STEPS = [
    ("qingliu.lake.manifest:clear_run", 1),
    ("qingliu.lake.store:compare", 1),
    ("qingliu.lake.rewrite:write_part", 1),
    ("qingliu.lake.rewrite:write_part", 2),
    ("qingliu.lake.rewrite:describe", 1),
    ("qingliu.lake.store:write_latest", 1),
    ("qingliu.lake.store:write_changes", 1),
    ("qingliu.lake.manifest:write", 1),
    ("pyiceberg.table.update.snapshot:_OverwriteFiles._manifests", 1),
    ("pyiceberg.table.update.snapshot:_OverwriteFiles._commit", 1),
    ("pyiceberg.catalog.sql:SqlCatalog._write_metadata", 1),
    ("pyiceberg.catalog.sql:SqlCatalog.commit_table", 1),
    ("qingliu.lake.iceberg:Tables.commit", 1),
    ("qingliu.lake.manifest:write", 2),
    ("qingliu.lake.store:Lake._run", 1),
]


def lake_files(world: World) -> set[str]:
    """Every file of the lake but the catalogue's database."""
    root = world.paths.root
    return {
        p.relative_to(root).as_posix()
        for p in root.rglob("*")
        if p.is_file() and not p.name.startswith("iceberg.sqlite")
    }


FIRST_STEPS = [
    ("qingliu.lake.rewrite:write_part", 2),
    ("qingliu.lake.manifest:write", 1),
    ("pyiceberg.catalog.sql:SqlCatalog._write_metadata", 1),
    ("pyiceberg.catalog.sql:SqlCatalog.commit_table", 1),
]
CASES = [(False, *s) for s in COMMIT_STEPS] + [(True, *s) for s in FIRST_STEPS]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("first", "step", "nth"), CASES)
def test_a_publish_killed_anywhere_is_old_or_new(
    world: World, killed: Kill, first: bool, when: str, step: str, nth: int
) -> None:
    if not first:
        assert world.deliver(RECORD, OLD, run_id="old").version
    before = lake_files(world)
    staged = stage(RECORD, NEW, world.paths.staging / "next" / "staged.parquet")
    killed(world.home, "commit", step, when, nth)
    landed = world.lake.find_run(RECORD.code, "next")
    if landed is None:
        world.lake.discard("next", RECORD.code)
        assert lake_files(world) == before
        assert not list(world.paths.quarantine.iterdir())
    base = world.versions[-1] if world.versions else None
    again = world.lake.commit(
        RECORD, staged, base=base, number=2 if base else 1, run_id="next", author="a", message="m",
        created_at="2026-11-23T00:00:00.000Z",
    )  # fmt: skip
    assert again.version
    assert landed in (None, again.version)
    assert (again.inserted, again.updated, again.set_aside) == ((2, 0, 1) if first else (1, 1, 1))
    assert again.version.rows == (2 if first else AFTER)
    assert sorted(v for (v,) in world.rows(again.version, '"pm2.5"'))[-2:] == [3.0, 99.0]
    assert world.lake.verify(again.version) == []
    assert again.conflicts
    assert again.conflicts.is_file()
    with opened(world.lake.storage) as tables:
        assert sorted(tables.files(RECORD.code)) == sorted(f.path for f in again.version.files)


MAINTENANCE_STEPS = [
    ("compact", "qingliu.lake.rewrite:write_part", 1),
    ("compact", "qingliu.lake.maintain:_same_rows", 1),
    ("compact", "pyiceberg.catalog.sql:SqlCatalog.commit_table", 1),
    ("compact", "qingliu.lake.manifest:write", 1),
    ("clean", "qingliu.lake.iceberg:Tables.forget", 1),
    ("clean", "qingliu.lake.iceberg:Tables.sweep", 1),
    ("clean", "qingliu.lake.maintain:_remove_unneeded", 1),
    ("clean", "qingliu.lake.maintain:_remove_unneeded", 2),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("action", "step", "nth"), MAINTENANCE_STEPS)
def test_maintenance_killed_anywhere_loses_nothing(
    world: World, killed: Kill, when: str, action: str, step: str, nth: int
) -> None:
    for day in range(1, 4):
        world.deliver(RECORD, [reading(s, f"2026-01-{day:02d} 00:00", float(day)) for s in (1, 2)])
    if action == "clean":
        compact(world.lake, RECORD, world.versions)
    killed(world.home, action, step, when, nth)
    served = world.versions  # what the published catalogue still lists after the crash
    if action == "compact":
        assert [f for v in served for f in world.lake.verify(v)] == []
    next_one = world.deliver(RECORD, [reading(1, "2026-01-09 00:00", 9.0)]) if action == "compact" else None
    if next_one is not None:
        assert next_one.version
        assert next_one.version.rows == 7
    current = [m.version for m in manifest.all_of(world.paths, RECORD.code)]
    done = compact(world.lake, RECORD, current)
    current = [m.version for m in manifest.all_of(world.paths, RECORD.code)]
    done = clean(world.lake, RECORD.code, current)
    assert done.findings == ()
    assert clean(world.lake, RECORD.code, current).removed == 0
    assert len(current[-1].files) == 1
    assert [v.rows for v in current] == [2, 4, 6, 7][: len(current)]
    for version in current:
        assert len(world.rows(version, "siteid")) == version.rows
