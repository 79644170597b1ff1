"""One small portal for every test of the API; nobody writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.portal import Portal, build


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The served home."""
    made = build(tmp_path_factory.mktemp("api") / "home")
    yield made
    made.engine.close()
