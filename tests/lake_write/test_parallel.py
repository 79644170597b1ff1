"""Several publishers at once: nothing is lost, nothing is mixed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from qingliu.lake import manifest
from qingliu.lake.iceberg import opened, persistently
from qingliu.lake.verify import verified
from tests.lake_write.world import World


def start(world: World, code: str, count: int, go: Path) -> subprocess.Popen[bytes]:
    """A publisher in a process of its own, waiting for ``go``."""
    command = [sys.executable, "-m", "tests.lake_write.publisher", str(world.home), code, str(count), str(go)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)


def finish(children: list[subprocess.Popen[bytes]], go: Path) -> None:
    """Let them go and wait."""
    go.touch()
    for child in children:
        _, error = child.communicate(timeout=180)
        assert child.returncode == 0, error.decode()


def test_eight_datasets_published_at_once_all_land(world: World, tmp_path: Path) -> None:
    codes = [f"D_{i}" for i in range(8)]
    finish([start(world, code, 2, tmp_path / "go") for code in codes], tmp_path / "go")
    for code in codes:
        versions = [m.version for m in manifest.all_of(world.paths, code)]
        assert [v.rows for v in versions] == [1, 2]
        assert verified(world.paths, versions) == ()
        with opened(world.lake.storage) as tables:
            assert sorted(tables.files(code)) == sorted(f.path for f in versions[-1].files)


def test_two_publishers_of_one_dataset_lose_nothing(world: World, tmp_path: Path) -> None:
    finish([start(world, "SHARED", 4, tmp_path / "go") for _ in range(2)], tmp_path / "go")
    versions = [m.version for m in manifest.all_of(world.paths, "SHARED")]
    assert [v.number for v in versions] == list(range(1, 9))
    assert len({v.run_id for v in versions}) == 8
    assert versions[-1].rows == 4
    assert verified(world.paths, versions) == ()


def test_a_namespace_that_another_process_made_meanwhile_is_taken_as_it_is() -> None:
    tried: list[int] = []

    def make() -> str:
        tried.append(1)
        if len(tried) == 1:
            raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))
        return "there"

    assert persistently(make) == "there"
