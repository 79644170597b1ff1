from collections.abc import Iterator

import pytest

from qingliu.lake.engine import Engine
from tests.lake_read import small


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = small.build(tmp_path_factory.mktemp("lake"))
    yield made
    made.close()
