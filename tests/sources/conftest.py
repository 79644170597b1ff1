"""Sources against a server on loopback; the key comes from a made-up environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qingliu.core.http import Door, Limits
from qingliu.pipeline.sources import Surroundings
from tests.http.replay import Replay

KEY = "9f1c-THE-TEST-KEY"


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    limits = Limits(
        allow_private=True, timeout_s=8, read_s=2, connect_s=2, attempts=3, wait_first_s=0.01, wait_max_s=0.05
    )
    (tmp_path / "inbox").mkdir()
    return Surroundings(tmp_path / "inbox", Door(), limits, {"MOENV_KEY": KEY, "EMPTY_KEY": ""})


@pytest.fixture(scope="session")
def samples() -> Path:
    """Stored bodies of the existing platform."""
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("QINGLIU_REAL_DATA", default)) / "api_samples"
    if not folder.is_dir():
        pytest.skip("the stored answers of the platform are absent (set QINGLIU_REAL_DATA)")
    return folder
