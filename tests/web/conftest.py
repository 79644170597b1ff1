"""The page tests' portal and clients. Public pages are asked with the database out of reach: they must not need it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from qingliu.lake.engine import Engine
from qingliu.web import lakeside
from tests.web import portal as small


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home: Path = tmp_path_factory.mktemp("home")
    engine = Engine(small.build(home), threads=1)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def pages(engine: Engine) -> Iterator[None]:
    before = list(lakeside._given)
    lakeside.use(lambda: engine)
    yield
    lakeside._given[:] = before


@pytest.fixture
def reader() -> Client:
    """Somebody who is not logged in, on an allowed host; errors come back as pages, not as exceptions."""
    return Client(raise_request_exception=False, headers={"host": "localhost"})
