"""Run in a process of its own: publishes deliveries one after the other.

usage: python -m tests.lake_write.publisher HOME CODE COUNT [GO]   (GO: waits until this file exists)
"""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from qingliu.core import codec
from qingliu.core.errors import Conflict
from qingliu.lake import manifest
from qingliu.lake.maintain import clean, compact
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.lake.store import Lake
from tests.lake_write.world import dataset, reading, stage


def publish(home: Path, code: str, count: int, *, tidy: bool = False) -> int:
    """Publish ``count`` versions the way the pipeline does; a conflict is tried again on the newer base."""
    paths, record = LakePaths(home), dataset(code, partition="month")
    lake = Lake(paths, memory_limit="300MB", threads=1)
    done = 0
    while done < count:
        run = f"{code}-{done}-{time.time_ns()}"
        staged = stage(
            record,
            [reading(1, f"2026-01-01 {done % 24:02d}:00", float(time.time_ns()))],
            paths.staging / run / "s.parquet",
        )
        versions = [m.version for m in manifest.all_of(paths, code)]
        base = versions[-1] if versions else None
        try:
            made = lake.commit(
                record, staged, base=base, number=(base.number if base else 0) + 1, run_id=run, author="a", message="m",
                created_at="2026-11-23T00:00:00.000Z",
            )  # fmt: skip
        except Conflict:
            continue
        finally:
            staged.unlink()
        assert made.version
        with closing(sqlite3.connect(home / "django.sqlite3", timeout=60)) as con, con:
            con.execute("CREATE TABLE IF NOT EXISTS catalog_version (run_id TEXT PRIMARY KEY, manifest TEXT)")
            con.execute("INSERT INTO catalog_version VALUES (?, ?)", (run, codec.to_json(made.version)))
        with PublishedWriter(paths.published_db).transaction() as switch:
            switch.put_version(made.version)
        done += 1
        if tidy and done % 5 == 0:
            _tidy(lake, home, code)
    return done


def _tidy(lake: Lake, home: Path, code: str) -> None:
    record = dataset(code, partition="month")
    for version in compact(lake, record, [m.version for m in manifest.all_of(lake.paths, code)]).versions:
        with closing(sqlite3.connect(home / "django.sqlite3", timeout=60)) as con, con:
            con.execute(
                "UPDATE catalog_version SET manifest=? WHERE run_id=?", (codec.to_json(version), version.run_id)
            )
        with PublishedWriter(lake.paths.published_db).transaction() as switch:
            switch.put_version(version)
    clean(lake, code, [m.version for m in manifest.all_of(lake.paths, code)])


if __name__ == "__main__":
    while len(sys.argv) > 4 and not Path(sys.argv[4]).exists():
        time.sleep(0.01)
    publish(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), tidy=True)
