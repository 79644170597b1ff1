"""A reader that shares no code with ours finds the same rows in the Iceberg table: DuckDB's own iceberg extension."""

from __future__ import annotations

import importlib
from pathlib import Path

import duckdb
import pytest

from qingliu.core.dataset import VersionRecord
from qingliu.lake.backup import backup
from qingliu.lake.paths import LakePaths
from qingliu.lake.restore import restore
from tests.lake_write.world import World, dataset, reading

WIDER = (("siteid", "integer"), ("time", "datetime"), ("county", "string"), ("pm2.5", "number"), ("o3.8hr", "number"))


@pytest.fixture
def foreign() -> duckdb.DuckDBPyConnection:
    """An engine with the extension loaded from its PyPI wheel."""
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    for name in ("avro", "iceberg"):
        module = pytest.importorskip(
            f"duckdb_extension_{name}", reason=f"the wheel duckdb-extension-{name} is not installed"
        )
        folder = Path(str(importlib.import_module(module.__name__).__file__)).parent / "extensions"
        path = folder / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if not path.exists():
            pytest.skip(f"duckdb-extension-{name} has no build for DuckDB {duckdb.__version__}")
        con.execute(f"LOAD '{path}'")
    return con


def found(con: duckdb.DuckDBPyConnection, paths: LakePaths, version: VersionRecord) -> tuple[int, float]:
    """(rows, sum of pm2.5) of a version by the foreign reader."""
    scan = f"iceberg_scan('{paths.resolve(version.metadata_path)}')"
    row = con.execute(f'SELECT count(*), sum("pm2.5") FROM {scan}').fetchone()
    assert row
    return int(row[0]), float(row[1])


def test_every_version_reads_the_same_abroad(world: World, foreign: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    record = dataset(partition="month")
    hours = [reading(s, f"2026-0{m}-01 {h:02d}:00", float(h)) for s in (1, 2) for m in (1, 2) for h in range(20)]
    world.deliver(record, hours)
    world.deliver(record, [reading(1, "2026-01-01 00:00", 99.0)])
    world.deliver(dataset(partition="month", columns=WIDER), [{**reading(3, "2026-03-01 00:00", 1.0), "o3.8hr": 5.0}])
    expected = [(80, 760.0), (80, 859.0), (81, 860.0)]
    assert [found(foreign, world.paths, v) for v in world.versions] == expected
    backup(world.paths, tmp_path / "copy", django_db=world.home / "django.sqlite3")
    restore(tmp_path / "copy", tmp_path / "moved")
    moved = LakePaths(tmp_path / "moved")
    world.home.rename(tmp_path / "gone")
    assert [found(foreign, moved, v) for v in world.versions] == expected
    foreign.close()
