"""Whole files are copies of rows: what is withheld later rests in none of them, and their place is in the register."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.lake import residence
from qingliu.lake.bulk import Bulk
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from tests.bulk import reading
from tests.pipeline import town
from tests.pipeline.conftest import portal  # noqa: F401
from tests.pipeline.test_withheld import SITE, published, restrict  # noqa: F401


def made(home: LakePaths, code: str, number: int | None, form: str) -> Path:
    """A whole file of a version."""
    engine = Engine(home, threads=1)
    try:
        bulk = Bulk(engine, budget=10**9)
        return bulk.path(bulk.make(code, number, form))  # type: ignore[arg-type]
    finally:
        engine.close()


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "xlsx"])
def test_whole_files_go_when_their_rows_are_withheld(published: LakePaths, form: str) -> None:  # noqa: F811
    old = [made(published, "TEST_P", n, form) for n in (2, 3)] + [made(published, "TEST_Q", None, form)]
    places = residence.register(published, django_db=published.home / "django.sqlite3")
    found = {h.path for h in residence.search(places, [SITE]) if h.place == "bulk"}
    assert found == set(old)  # the register knows the place, and the search sees into the format
    restrict()
    actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    assert not any(path.exists() for path in old)
    assert [h for h in residence.search(places, [SITE]) if h.place == "bulk"] == []
    again = made(published, "TEST_P", 3, form)
    assert again not in old  # other rows under the same number lie elsewhere
    if form == "csv.gz":
        assert len(reading.packed_csv(again.read_bytes())) == 7
    assert [h for h in residence.search(places, [SITE]) if h.place == "bulk"] == []
