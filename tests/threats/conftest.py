"""A portal that serves version 1 of TEST_A: thirty stations, value 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qingliu.lake.paths import LakePaths
from tests.pipeline import town
from tests.threats.scene import Scene


@pytest.fixture
def empty_scene(home: LakePaths, transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    """Agencies, no dataset."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    scene = Scene(home, folder)
    yield scene
    scene.close()


@pytest.fixture
def scene(empty_scene: Scene) -> Scene:
    """TEST_A in snapshot mode, served."""
    empty_scene.define(town.definition(mode="snapshot"))
    empty_scene.good(town.rows(30))
    return empty_scene
