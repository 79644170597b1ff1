"""Threat 26: the disk is full at a step of a publish: told, nothing served changes, what was written is given back."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qingliu.lake import manifest
from qingliu.pipeline import readers
from qingliu.pipeline.actions import deliver, finish
from qingliu.pipeline.rules import State
from tests.pipeline import town
from tests.threats.scene import Scene

MIB = 1 << 20


def full(*args: Any, **kwargs: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (readers, "read"),
        (deliver.ingest, "shape"),
        (finish.Lake, "commit"),
        (manifest, "write"),
    ],
    ids=["reading", "shaping", "committing", "recording the commit"],
)
def test_no_space_at_a_step_is_told_and_leaves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    file = town.csv(scene.folder / "next.csv", town.rows(30, value=2.0))
    before = scene.seen()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, full)
        run = scene.publish(file)
    scene.check_refused(run, before, says="The disk is full; nothing was published.*Free some space", place="")
    assert scene.publish(file).state == State.PUBLISHED


@pytest.fixture
def shrink() -> Iterator[Callable[[Path], None]]:
    """Puts a folder, with all it holds, on a file system of 12 MiB in memory; only an administrator may mount one."""
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        held = folder.with_name(f"{folder.name}-held")
        shutil.copytree(folder, held)
        command = ["mount", "-t", "tmpfs", "-o", f"size={12 * MIB}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.decode().strip()}")
        mounted.append(folder)
        shutil.copytree(held, folder, dirs_exist_ok=True)
        shutil.rmtree(held)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("which", ["staging", "warehouse"])
def test_a_disk_that_really_fills_up_is_told_and_its_space_comes_back(
    scene: Scene, shrink: Callable[[Path], None], which: str
) -> None:
    """Rows of text that no compression makes small, more than the disk holds."""
    folder = scene.home.staging if which == "staging" else scene.home.warehouse
    shrink(folder)
    free = shutil.disk_usage(folder).free
    wide = [(s, t, os.urandom(400).hex(), v) for s, t, _, v in town.rows(40_000, value=2.0)]
    scene.define(town.definition("TEST_B", mode="snapshot"))
    file = town.csv(scene.folder / "big.csv", wide)
    before = scene.seen()
    run = scene.publish(file, code="TEST_B")
    assert run.state == State.FAILED
    assert "磁碟已滿" in run.error_zh
    assert "disk is full" in run.error_en
    assert scene.seen() == before
    assert scene.staged() == []
    scene.check_told_once(run)
    assert shutil.disk_usage(folder).free >= free - MIB // 4
    assert scene.good(town.rows(30, value=3.0)).version == 2
    assert {r["pm25"] for r in scene.rows()} == {3}
