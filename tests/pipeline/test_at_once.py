"""Several publishes at the same moment, each in its own process: nothing is lost, nothing is half."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipeline import town
from tests.pipeline.crew import Crew

CODES = [f"TEST_{letter}" for letter in "ABCDEFGH"]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A home with eight datasets and no version."""
    with Crew(tmp_path_factory.mktemp("busy") / "home") as crew:
        crew.do("setup", *CODES)
        yield crew


def test_eight_datasets_published_at_once_are_all_served(crew: Crew) -> None:
    folder = crew.home.parent
    files = {code: town.csv(folder / f"{code}.csv", town.rows(3, value=n)) for n, code in enumerate(CODES)}
    told = crew.together(*(["publish", code, str(file)] for code, file in files.items()))
    assert [t["result"] for t in told] == ["published"] * 8
    for n, code in enumerate(CODES):
        assert crew.do("state", code)["served"] == [[s, float(n)] for s in (1, 2, 3)]


def test_two_publishes_of_one_dataset_at_once_become_two_versions_one_after_the_other(crew: Crew) -> None:
    before = crew.do("state", "TEST_A")["recorded"]
    first = town.csv(crew.home.parent / "first.csv", town.rows(3, value=71))
    second = town.csv(crew.home.parent / "second.csv", town.rows(3, value=72))
    told = crew.together(["publish", "TEST_A", str(first)], ["publish", "TEST_A", str(second)])
    assert [t["result"] for t in told] == ["published", "published"]
    state = crew.do("state", "TEST_A")
    numbers = [*before, len(before) + 1, len(before) + 2]
    assert state["recorded"] == numbers
    assert state["published"] == numbers[::-1]
    assert {value for _, value in state["served"]} in ({71.0}, {72.0})
    assert state["unsound"] == []
