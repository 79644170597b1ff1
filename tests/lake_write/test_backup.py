"""A backup taken while publishing goes on is whole; a restore is verified first, switched at once, killable anywhere."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from qingliu.core import codec
from qingliu.core.dataset import VersionRecord
from qingliu.core.errors import Conflict, NotFound, Refused
from qingliu.lake import manifest
from qingliu.lake.backup import LIST, backup
from qingliu.lake.iceberg import opened
from qingliu.lake.paths import LakePaths
from qingliu.lake.restore import restore
from qingliu.lake.storage import Storage
from qingliu.lake.verify import verified
from tests.lake_write.conftest import Kill
from tests.lake_write.publisher import publish
from tests.lake_write.world import World, dataset, reading

CODE = "KEPT"
RECORD = dataset(CODE, partition="month")


@pytest.fixture
def portal(world: World) -> World:
    """A home with three versions, as publishing leaves it."""
    publish(world.home, CODE, 3)
    (world.paths.access_db.parent / "secret_key").write_text("s")
    (world.paths.staging / "held").mkdir()
    (world.home / "inbox").mkdir()
    (world.home / "inbox" / "new.csv").write_text("waiting")
    (world.paths.staging / "held" / "staged.parquet").write_text("held rows")
    return world


def save(world: World, target: Path) -> Path:
    """Back up and answer where."""
    backup(world.paths, target, django_db=world.home / "django.sqlite3")
    return target


def stored(home: Path) -> list[VersionRecord]:
    """The versions that the database of a home names."""
    with closing(sqlite3.connect(home / "django.sqlite3")) as con:
        return [codec.from_json(VersionRecord, m) for (m,) in con.execute("SELECT manifest FROM catalog_version")]


def iceberg_rows(home: Path, code: str, snapshot_id: int | None = None) -> int:
    """How many rows a reader of the Iceberg table finds."""
    with opened(Storage(LakePaths(home))) as tables:
        table = tables.load(code)
        assert table
        return int(table.scan(snapshot_id=snapshot_id).to_arrow().num_rows)


def test_a_restored_home_reads_and_publishes_on(portal: World, tmp_path: Path) -> None:
    target, home = save(portal, tmp_path / "copy"), tmp_path / "elsewhere" / "home"
    shutil.rmtree(portal.home)
    summary = restore(target, home)
    assert summary.datasets == 1
    versions = stored(home)
    assert [v.rows for v in versions] == [1, 2, 3]
    assert verified(LakePaths(home), versions) == ()
    assert [iceberg_rows(home, CODE, v.snapshot_id) for v in versions] == [1, 2, 3]
    assert (home / "private" / "secret_key").read_text() == "s"
    assert (home / "private" / "staging" / "held" / "staged.parquet").read_text() == "held rows"
    assert (home / "inbox" / "new.csv").read_text() == "waiting"
    again = World(home)
    again.versions = versions
    done = again.deliver(RECORD, [reading(7, "2026-01-01 00:00", 1.0)], run_id="after").version
    assert done
    assert (done.number, done.rows, iceberg_rows(home, CODE)) == (4, 4, 4)


def test_a_backup_while_publishing_goes_on_is_whole(portal: World, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.lake_write.publisher", str(portal.home), CODE, "12"]
    child = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)
    copies = []
    while child.poll() is None:
        copies.append(save(portal, tmp_path / f"copy{len(copies)}"))
    _, error = child.communicate()
    assert child.returncode == 0, error.decode()
    assert len(copies) >= 3
    seen = set()
    for copy in (copies[0], copies[len(copies) // 2], copies[-1]):
        home = tmp_path / f"home-{copy.name}"
        restore(copy, home)
        versions = stored(home)
        seen.add(len(versions))
        assert verified(LakePaths(home), versions) == ()
        known = [m.version for m in manifest.all_of(LakePaths(home), CODE)]
        assert len(versions) <= len(known) <= len(versions) + 1
        assert iceberg_rows(home, CODE) == known[-1].rows
        assert publish(home, CODE, 1) == 1
    assert max(seen) > 3


def test_restoring_over_a_home_keeps_the_old_one_beside(portal: World, tmp_path: Path) -> None:
    target = save(portal, tmp_path / "copy")
    publish(portal.home, CODE, 1)
    restore(target, portal.home)
    assert len(stored(portal.home)) == 3
    (before,) = portal.home.parent.glob("home.before-*")
    assert len(stored(before)) == 4
    assert iceberg_rows(portal.home, CODE) == 3


@pytest.mark.parametrize("harm", ["flip", "remove", "list"])
def test_a_damaged_backup_changes_nothing(portal: World, tmp_path: Path, harm: str) -> None:
    target = save(portal, tmp_path / "copy")
    path = next((target / "lake").rglob("*-00000.parquet"))
    if harm == "flip":
        data = bytearray(path.read_bytes())
        data[40] ^= 1
        path.write_bytes(bytes(data))
    elif harm == "remove":
        path.unlink()
    else:
        (target / LIST).write_text((target / LIST).read_text()[:-40])
    with pytest.raises(Refused):
        restore(target, portal.home)
    assert len(stored(portal.home)) == 3
    assert not list(portal.home.parent.glob("home.before-*"))


def test_a_backup_that_would_miss_or_carry_harm_is_refused(portal: World, tmp_path: Path) -> None:
    newest = stored(portal.home)[-1]
    path = portal.paths.resolve(newest.files[-1].path)
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"x")
    with pytest.raises(Conflict, match="not what was published"):
        save(portal, tmp_path / "copy")
    path.unlink()
    with pytest.raises(NotFound, match="missing"):
        save(portal, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    path.write_bytes(good)
    with pytest.raises(Refused):
        save(portal, portal.home / "copy")
    save(portal, tmp_path / "copy")
    with pytest.raises(Refused):
        save(portal, tmp_path / "copy")


STEPS = [
    ("qingliu.lake.restore:_bring", 4),
    ("qingliu.lake.restore:relocate", 1),
    ("qingliu.lake.restore:_check_versions", 1),
    ("qingliu.lake.restore:_switch", 1),
    ("qingliu.lake.restore:_exchange", 1),
    ("qingliu.lake.restore:_put_by", 2),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), STEPS)
def test_a_restore_killed_anywhere_is_old_or_new(
    portal: World, killed: Kill, tmp_path: Path, step: str, nth: int, when: str
) -> None:
    target = save(portal, tmp_path / "copy")
    publish(portal.home, CODE, 1)
    killed(portal.home, f"restore:{target}", step, when, nth)
    found = stored(portal.home)
    assert len(found) in (3, 4)
    assert verified(portal.paths, found) == ()
    assert iceberg_rows(portal.home, CODE) == found[-1].rows == 3
    restore(target, portal.home)
    assert [v.rows for v in stored(portal.home)] == [1, 2, 3]
    assert iceberg_rows(portal.home, CODE) == 3
    assert not list(portal.home.parent.glob(".home.restoring"))
    assert 4 in [len(stored(p)) for p in portal.home.parent.glob("home.before-*")]


def test_a_restore_to_a_new_place_killed_half_way_can_be_run_again(portal: World, killed: Kill, tmp_path: Path) -> None:
    target, home = save(portal, tmp_path / "copy"), tmp_path / "new" / "home"
    home.parent.mkdir()
    killed(home, f"restore:{target}", "qingliu.lake.relocate:_rewrite_avro", "after", 2)
    assert not home.exists()
    restore(target, home)
    assert iceberg_rows(home, CODE) == 3
    assert [p.name for p in home.parent.iterdir()] == ["home"]
