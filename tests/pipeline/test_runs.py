"""Deliveries on their way: what is published, what changes nothing, what is held, and who may do something about it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.catalog.models import Dataset, Version
from qingliu.core.errors import BadRequest, BadSource, Conflict, Forbidden, NotFound
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.pipeline import actions, queries
from qingliu.pipeline.actions import deliver as deliver_room
from qingliu.pipeline.rules import State
from tests.pipeline import town
from tests.pipeline.conftest import Deliver, Served


def rules_of(run: Any) -> set[str]:
    """The rules that found something in a run."""
    return {f.rule for v in queries.verdicts(run) for f in v.findings}


def test_a_first_delivery_is_published_with_its_balance_and_audit_rows(deliver: Deliver, served: Served) -> None:
    run = deliver(town.rows(3))
    assert (run.state, run.version) == (State.PUBLISHED, 1)
    balance = queries.balance(run)
    assert balance is not None
    assert balance.holds
    assert (balance.read, balance.inserted) == (3, 3)
    assert served() == [[1, 1.0], [2, 1.0], [3, 1.0]]
    verbs = list(Event.objects.order_by("id").values_list("verb", flat=True))
    assert [v for v in verbs if v.startswith(("run", "version"))] == [
        "run.started",
        "version.recorded",
        "run.published",
    ]


def test_the_same_files_again_make_no_version(deliver: Deliver) -> None:
    deliver(town.rows(3))
    again = deliver(town.rows(3))
    assert (again.state, again.version) == (State.UNCHANGED, 1)
    assert Version.objects.count() == 1


def test_rows_that_say_the_same_in_another_order_make_no_version(deliver: Deliver) -> None:
    deliver(town.rows(3))
    assert deliver(town.rows(3)[::-1]).state == State.UNCHANGED
    assert Version.objects.count() == 1


def test_an_older_file_sent_again_brings_its_rows_back_as_a_new_version(deliver: Deliver, served: Served) -> None:
    deliver(town.rows(3, value=1))
    deliver(town.rows(3, value=2))
    assert deliver(town.rows(3, value=1)).version == 3
    assert served() == [[1, 1.0], [2, 1.0], [3, 1.0]]


def test_a_cell_that_does_not_fit_is_quarantined_privately_and_its_row_published(
    deliver: Deliver, served: Served
) -> None:
    run = deliver([*town.rows(9), ("10", "2026-01-01 00:00", "臺北市", "壞了")])
    assert run.state == State.PUBLISHED
    assert run.quarantined_cells == 1
    kept = queries.quarantine_file(run)
    assert kept is not None
    assert kept.stat().st_mode & 0o077 == 0
    assert [10, None] in served()


@pytest.mark.parametrize(
    ("rule", "columns", "order"),
    [
        ("column-renamed", ("siteid", "time", "county", "particles"), (0, 1, 2, 3)),
        ("column-added", ("siteid", "time", "county", "pm25", "note"), (0, 1, 2, 3, 3)),
        ("column-missing", ("siteid", "time", "county"), (0, 1, 2)),
        ("column-moved", ("siteid", "county", "time", "pm25"), (0, 2, 1, 3)),
    ],
)
def test_a_changed_header_holds_the_run_with_the_difference_and_keeps_the_old_version(
    deliver: Deliver, served: Served, rule: str, columns: tuple[str, ...], order: tuple[int, ...]
) -> None:
    deliver(town.rows(3, value=1))
    run = deliver([tuple(line[i] for i in order) for line in town.rows(3, value=2)], columns=columns)
    assert run.state == State.HELD
    assert rules_of(run) == {rule}
    assert served() == [[1, 1.0], [2, 1.0], [3, 1.0]]


def test_a_header_that_moved_down_holds_the_run(deliver: Deliver) -> None:
    deliver(town.rows(30))
    run = deliver(town.rows(30, value=2), before=2)
    assert (run.state, rules_of(run)) == (State.HELD, {"header-moved"})


def test_a_declared_alias_is_no_drift(deliver: Deliver, served: Served) -> None:
    deliver(town.rows(3))
    assert deliver(town.rows(3, value=2), columns=("siteid", "time", "county", "pm2.5")).state == State.PUBLISHED


def test_a_column_declared_optional_may_come_and_go(deliver: Deliver) -> None:
    catalog.register_definition(
        text=town.definition("TEST_O", mode="snapshot", county=", optional: true"), by=town.OPERATOR
    )
    without = [(site, time, value) for site, time, _, value in town.rows(3, value=2)]
    assert deliver(town.rows(3), "TEST_O").state == State.PUBLISHED
    assert deliver(without, "TEST_O", columns=("siteid", "time", "pm25")).state == State.PUBLISHED
    assert deliver(town.rows(3, value=3), "TEST_O").state == State.PUBLISHED


def test_a_column_that_changes_its_type_holds_the_run(deliver: Deliver) -> None:
    deliver(town.rows(10))
    run = deliver([(s, t, c, "高") for s, t, c, _ in town.rows(10)])
    assert (run.state, rules_of(run)) == (State.HELD, {"column-retyped"})


@pytest.mark.parametrize("count", [3, 300])
def test_ten_times_more_or_fewer_rows_hold_the_run(deliver: Deliver, served: Served, count: int) -> None:
    deliver(town.rows(30))
    run = deliver(town.rows(count, value=2))
    assert (run.state, rules_of(run)) == (State.HELD, {"volume"})
    assert len(served()) == 30


def test_a_steward_releases_a_drift_hold_with_a_reason(deliver: Deliver, served: Served) -> None:
    deliver(town.rows(30))
    held = deliver(town.rows(3, value=2))
    with pytest.raises(BadRequest):
        actions.release(run_id=str(held.id), reason=" ", by=town.STEWARD)
    done = actions.release(run_id=str(held.id), reason="測站已裁撤", by=town.STEWARD)
    assert (done.state, done.version) == (State.PUBLISHED, 2)
    assert served() == [[1, 2.0], [2, 2.0], [3, 2.0]]
    assert Event.objects.get(verb="run.released").detail["reason"] == "測站已裁撤"
    with pytest.raises(Conflict):
        actions.release(run_id=str(held.id), reason="again", by=town.STEWARD)


def test_a_held_snapshot_is_too_late_once_a_newer_one_is_published(deliver: Deliver) -> None:
    deliver(town.rows(30))
    held = deliver(town.rows(3, value=2))
    deliver(town.rows(31, value=3))
    with pytest.raises(Conflict):
        actions.release(run_id=str(held.id), reason="late", by=town.OPERATOR)


def test_a_rejected_delivery_leaves_nothing_behind(deliver: Deliver, portal: LakePaths) -> None:
    deliver(town.rows(30))
    held = deliver(town.rows(3, value=2))
    assert any(portal.staging.iterdir())
    assert actions.reject(run_id=str(held.id), reason="wrong file", by=town.STEWARD).state == State.REJECTED
    assert not any(portal.staging.iterdir())


def test_a_sensitive_field_without_a_decision_holds_every_delivery_and_no_reason_releases_it(
    deliver: Deliver, portal: LakePaths, served: Served
) -> None:
    catalog.register_definition(text=town.definition(county=", sensitivity: personal", code="TEST_P"), by=town.OPERATOR)
    run = deliver(town.rows(3), code="TEST_P")
    assert run.state == State.HELD
    balance = queries.balance(run)
    assert balance is not None
    assert (balance.read, balance.awaiting, balance.holds) == (3, 3, True)
    with pytest.raises(Conflict, match="county"):
        actions.release(run_id=str(run.id), reason="please", by=town.OPERATOR)
    entry = Published(portal.published_db).get("TEST_P")
    assert (entry.status, entry.current) == ("held", None)
    assert served("TEST_P") == []
    held = portal.staging / str(run.id)
    assert (portal.staging.stat().st_mode & 0o777, held.stat().st_mode & 0o777) == (0o700, 0o700)
    assert [p.name for p in held.iterdir()] == ["held.parquet"]
    assert not any((portal.root / "warehouse").rglob("*.parquet"))


def test_marking_a_published_column_sensitive_takes_its_rows_down_at_once(
    deliver: Deliver, portal: LakePaths, served: Served
) -> None:
    deliver(town.rows(3))
    text = town.definition(mode="snapshot", county=", sensitivity: personal")
    catalog.register_definition(text=text, by=town.OPERATOR)
    assert served() == []
    assert served(as_of=1) == []
    assert Published(portal.published_db).versions("TEST_A") == ()


def test_only_those_of_the_agency_may_publish_and_release(deliver: Deliver) -> None:
    deliver(town.rows(30), by=town.STEWARD)
    for outsider in (town.STRANGER, town.MEMBER):
        with pytest.raises(Forbidden):
            deliver(town.rows(30, value=2), by=outsider)
    held = deliver(town.rows(3, value=2))
    for outsider in (town.STRANGER, town.MEMBER):
        with pytest.raises(Forbidden):
            actions.release(run_id=str(held.id), reason="mine now", by=outsider)
        with pytest.raises(Forbidden):
            actions.reject(run_id=str(held.id), reason="mine now", by=outsider)
    assert queries.runs().count() == 2


def test_a_source_that_is_no_table_fails_with_its_reason_and_leaves_no_trace(
    deliver: Deliver, portal: LakePaths, served: Served, tmp_path: Path
) -> None:
    deliver(town.rows(3))
    page = tmp_path / "error.csv"
    page.write_text("<!DOCTYPE html><html><body>500 Server Error</body></html>", encoding="utf-8")
    run = actions.run_delivery(code="TEST_A", files=[page], by=town.OPERATOR)
    assert run.state == State.FAILED
    assert run.error_zh
    assert run.error_en
    assert served() == [[1, 1.0], [2, 1.0], [3, 1.0]]
    assert not any(portal.staging.iterdir())


def test_a_full_disk_fails_the_run_says_so_and_frees_the_space(
    deliver: Deliver, portal: LakePaths, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(town.rows(3))

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(deliver_room.ingest, "shape", full)
    run = deliver(town.rows(3, value=2))
    assert run.state == State.FAILED
    assert "磁碟已滿" in run.error_zh
    assert "disk is full" in run.error_en
    assert not any(portal.staging.iterdir())
    assert served() == [[1, 1.0], [2, 1.0], [3, 1.0]]


def test_a_clock_that_jumped_back_keeps_versions_in_order(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(town.rows(3))
    first = Version.objects.get(number=1)
    from qingliu.pipeline.actions import finish

    monkeypatch.setattr(finish, "now", lambda: first.created_at.replace(year=2020))
    deliver(town.rows(3, value=2))
    assert Version.objects.get(number=2).created_at > first.created_at


def test_a_view_is_served_at_once_and_cannot_be_published_to(deliver: Deliver, served: Served) -> None:
    deliver([*town.rows(2), ("1", "2026-01-01 01:00", "臺北市", "9")])
    catalog.register_definition(
        text=town.definition("TEST_V", view="{of: [TEST_A], newest_by: [siteid]}"), by=town.OPERATOR
    )
    assert served("TEST_V") == [[1, 9.0], [2, 1.0]]
    with pytest.raises(BadRequest):
        deliver(town.rows(2), code="TEST_V")


def test_unknown_datasets_and_absent_files_are_told_before_a_run_begins(deliver: Deliver) -> None:
    with pytest.raises(NotFound):
        deliver(town.rows(1), code="NOWHERE")
    with pytest.raises(BadSource):
        actions.run_delivery(code="TEST_A", files=[Path("/nowhere/at-all.csv")], by=town.OPERATOR)
    assert not queries.runs().exists()


def test_new_words_reach_readers_at_once_and_new_columns_wait_for_a_version(
    deliver: Deliver, portal: LakePaths
) -> None:
    deliver(town.rows(3))
    catalog.register_definition(text=town.definition(mode="snapshot", title="新名稱"), by=town.OPERATOR)
    published = Published(portal.published_db)
    assert published.get("TEST_A").record.title.zh == "新名稱"
    text = town.definition(mode="snapshot", title="更新的名稱").replace("type: number", "type: string")
    catalog.register_definition(text=text, by=town.OPERATOR)
    assert published.get("TEST_A").record.title.zh == "新名稱"
    assert Dataset.objects.get(code="TEST_A").current == 1


def test_maintenance_keeps_what_is_served(deliver: Deliver, served: Served) -> None:
    for value in range(1, 4):
        deliver(town.rows(5, value=value))
    kept = actions.maintain(code="TEST_A", by=town.OPERATOR)
    assert kept.findings == ()
    assert served() == [[n, 3.0] for n in range(1, 6)]
    assert served(as_of=1) == [[n, 1.0] for n in range(1, 6)]
    assert actions.maintain(code="TEST_A", by=town.OPERATOR).findings == ()
    assert actions.verify(code="TEST_A", by=town.OPERATOR) == ()
