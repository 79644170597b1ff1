"""One home of small series for every test here; nobody writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qingliu.lake.paths import LakePaths
from tests.series.tables import Series, build


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Series]:
    """The served home."""
    made = build(LakePaths(tmp_path_factory.mktemp("series") / "home"))
    yield made
    made.portal.engine.close()
