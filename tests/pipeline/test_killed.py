"""A publish is killed with signal 9 at each of its steps: readers see the old or the new version whole, a rerun converges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipeline import town
from tests.pipeline.crew import Crew

CODE = "TEST_A"
OLD = [[n, 1.0] for n in range(1, 6)]
NEW = [[n, 2.0] for n in range(2, 7)]

POINTS = [
    "qingliu.pipeline.readers:read:before",
    "qingliu.lake.ingest:shape:before",
    "qingliu.lake.ingest:shape:after",
    "qingliu.pipeline.rules:decide:after",
    "qingliu.lake.store:Lake.commit:before",
    "qingliu.lake.iceberg:Tables.begin:after",
    "qingliu.lake.store:next_version:after",
    "qingliu.lake.store:write_latest:after",
    "qingliu.lake.store:write_changes:after",
    "qingliu.lake.manifest:write:before",
    "qingliu.lake.manifest:write:after",
    "qingliu.lake.iceberg:Tables.commit:before",
    "qingliu.lake.iceberg:Tables.commit:after",
    "qingliu.lake.manifest:write:before*2",
    "qingliu.lake.store:Lake.commit:after",
    "qingliu.catalog.actions:record_version:after",  # inside the transaction: it must be rolled back
    "qingliu.pipeline.actions.finish:record_and_publish:before",
    "qingliu.catalog.publication:publish:before",
    "qingliu.lake.published:PublishedTransaction.put_version:after",
    "qingliu.lake.published:PublishedTransaction.put_entry:after",
    "qingliu.catalog.publication:publish:after",
    "qingliu.pipeline.actions.finish:clear_staging:before",
]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A home in which version 1 is served, kept to begin from again; beside it the next delivery, new.csv."""
    base = tmp_path_factory.mktemp("town")
    with Crew(base / "home") as crew:
        crew.do("setup", CODE)
        old = town.csv(base / "old.csv", town.rows(5, value=1.0))
        town.csv(base / "new.csv", town.rows(5, value=2.0, first=2))
        assert crew.do("publish", CODE, str(old)) == "published"
        crew.keep()
        yield crew


@pytest.mark.parametrize("point", POINTS)
def test_publish_killed_at_a_step_leaves_old_or_new_whole_and_a_rerun_converges(crew: Crew, point: str) -> None:
    crew.back()
    new = str(crew.home.parent / "new.csv")
    assert crew.killed("publish", CODE, new, point), "the point was never reached"

    after = crew.do("aftermath", CODE, new)
    crashed, mended, final = after["crashed"], after["mended"], after["final"]
    assert crashed["served"] in (OLD, NEW)
    assert crashed["unsound"] == []

    assert mended["served"] in (OLD, NEW)
    assert set(mended["runs"]) <= {"published", "failed"}
    assert len(mended["recorded"]) == mended["recorded_events"] == len(mended["published"])
    assert mended["staging"] == []

    assert after["again"] in {"published", "unchanged"}
    assert final["served"] == NEW
    assert final["recorded"] == [1, 2]
    assert final["published"] == [2, 1]
    assert final["recorded_events"] == 2
    assert final["unsound"] == []
    assert final["staging"] == []


def test_a_crash_is_mended_by_the_next_publish_too(crew: Crew) -> None:
    crew.back()
    new = str(crew.home.parent / "new.csv")
    assert crew.killed("publish", CODE, new, "qingliu.pipeline.actions.finish:record_and_publish:before")
    assert crew.do("publish", CODE, new) == "unchanged"
    assert crew.do("state", CODE)["served"] == NEW


MAINTENANCE = [
    "qingliu.lake.maintain:compact:before",
    "qingliu.lake.iceberg:Tables.commit:before",
    "qingliu.lake.iceberg:Tables.commit:after",
    "qingliu.lake.maintain:compact:after",
    "qingliu.catalog.actions:update_manifests:before",
    "qingliu.catalog.actions:update_manifests:after",
    "qingliu.lake.maintain:expire:after",
]


@pytest.fixture(scope="module")
def busy_crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A home whose dataset has grown by many small deliveries, so that maintenance has something to merge."""
    base = tmp_path_factory.mktemp("busy")
    with Crew(base / "home") as crew:
        crew.do("setup-append", CODE)
        for n in range(1, 6):
            file = town.csv(base / f"{n}.csv", town.rows(3, value=n, first=10 * n))
            assert crew.do("publish", CODE, str(file)) == "published"
        crew.keep()
        yield crew


@pytest.mark.parametrize("point", MAINTENANCE)
def test_maintenance_killed_at_a_step_changes_no_row_and_a_rerun_converges(busy_crew: Crew, point: str) -> None:
    busy_crew.back()
    before = busy_crew.do("state", CODE)
    assert busy_crew.killed("maintain", CODE, point), "the point was never reached"
    crashed = busy_crew.do("state", CODE)
    assert (crashed["served"], crashed["unsound"]) == (before["served"], [])
    assert busy_crew.do("maintain", CODE) == []
    assert busy_crew.do("maintain", CODE) == []
    final = busy_crew.do("state", CODE)
    assert (final["served"], final["published"], final["unsound"]) == (before["served"], before["published"], [])
