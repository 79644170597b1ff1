"""One small portal for every test of limits; a clock that stands until it is moved; callers from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qingliu.core.plans import DEFAULTS, Plan
from tests.api.portal import Portal, build


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The served home."""
    made = build(tmp_path_factory.mktemp("limits") / "home")
    yield made
    made.engine.close()


@pytest.fixture
def access_db(tmp_path: Path) -> Path:
    """Where a test writes keys and plans."""
    return tmp_path / "private" / "access.sqlite3"


def plan(name: str, **numbers: int) -> Plan:
    """A given plan with other numbers."""
    return replace(DEFAULTS[name], **numbers)  # type: ignore[arg-type]
