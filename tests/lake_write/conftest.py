"""Fixtures of the write side's tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lake_write.world import World

Kill = Callable[[Path, str, str, str, int], None]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture(scope="module")
def killed() -> Iterator[Kill]:
    """Do (home, action) in a process that dies by SIGKILL before or after the n-th call of a step."""
    command = [sys.executable, "-m", "tests.lake_write.crash"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        asked, answers = server.stdin, server.stdout

        def kill(home: Path, action: str, step: str, when: str, nth: int) -> None:
            asked.write(json.dumps([str(home), action, step, when, nth]) + "\n")
            asked.flush()
            assert answers.readline().strip() == "9", "the process was not killed at the step"

        yield kill
        asked.close()
        server.wait(timeout=30)
