"""The small published series with the API beside the pages: both read one engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from qingliu.lake.paths import LakePaths
from qingliu.web import lakeside
from tests.series.tables import Series, build


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Series]:
    """The served home."""
    made = build(LakePaths(tmp_path_factory.mktemp("explore") / "home"))
    yield made
    made.portal.engine.close()


@pytest.fixture(autouse=True)
def pages(series: Series) -> Iterator[None]:
    """The pages read the same engine."""
    before = list(lakeside._given)
    lakeside.use(lambda: series.portal.engine)
    yield
    lakeside._given[:] = before


@pytest.fixture
def reader() -> Client:
    """Somebody who is not logged in; errors come back as pages, not as exceptions."""
    return Client(raise_request_exception=False, headers={"host": "localhost"})
