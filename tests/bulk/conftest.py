from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.portal import Portal
from tests.bulk import odd


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The trap datasets, served; a module's own, since whole files come and go in it."""
    made = odd.build(tmp_path_factory.mktemp("bulk") / "home")
    yield made
    made.engine.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Portal]:
    """The same for one test alone."""
    made = odd.build(tmp_path / "home")
    yield made
    made.engine.close()
