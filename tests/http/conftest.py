"""The loopback server and limits short enough for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qingliu.core.http import Limits
from tests.http.replay import Replay


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


@pytest.fixture
def quick() -> Limits:
    return Limits(
        allow_private=True, timeout_s=8, read_s=2, connect_s=2, attempts=3, wait_first_s=0.01, wait_max_s=0.05
    )


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "body"
