"""Corrections: who decides what about a row, what a version then holds, and what a source may not undo in silence."""

from __future__ import annotations

from typing import Any

import pytest

from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.audit import queries as audit
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.core.errors import BadRequest, Forbidden
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import In, Query
from qingliu.pipeline import actions, queries
from qingliu.pipeline.corrections import RowChange, from_rows
from qingliu.pipeline.models import Run
from tests.pipeline import town
from tests.pipeline.conftest import Deliver

HOUR = "2026-01-01 00:00"
RULE = Actor("worker", (RoleGrant("office"),))


def key(siteid: int) -> dict[str, str]:
    return {"siteid": str(siteid), "time": HOUR}


def seen(portal: LakePaths, code: str = "TEST_A", **asked: Any) -> dict[int, tuple[Any, str, str]]:
    """Each site's value, flags and status as a reader finds them."""
    engine = Engine(portal, threads=1)
    try:
        rows = engine.rows(engine.open(Query(code, fields=("siteid", "pm25"), flags=True, **asked)))
    finally:
        engine.close()
    return {r["siteid"]: (r["pm25"], r["_flags"] or "", r["_status"]) for r in rows}


def correct(*changes: RowChange, reason: str = "儀器校正", **how: Any) -> Run:
    return actions.correct(code="TEST_A", decisions=changes, reason=reason, by=how.pop("by", town.OPERATOR), **how)


def test_a_delivered_row_is_provisional_and_a_correction_changes_value_flag_and_status(
    portal: LakePaths, deliver: Deliver
) -> None:
    deliver(town.rows(3))
    assert set(seen(portal).values()) == {(1.0, "", "provisional")}

    run = correct(RowChange(key(2), {"pm25": "7.5"}), RowChange(key(3), status="invalid"))

    assert run.state == "published"
    assert run.version == 2
    assert seen(portal) == {
        1: (1.0, "", "provisional"), 2: (7.5, ";pm25=corrected;", "corrected"), 3: (1.0, "", "invalid"),
    }  # fmt: skip
    assert seen(portal, as_of=1)[2] == (1.0, "", "provisional")
    balance = queries.balance(run)
    assert balance is not None
    assert balance.holds
    assert balance.updated == 2


def test_a_decision_says_who_when_why_and_the_value_before_and_stands_in_the_audit(
    portal: LakePaths, deliver: Deliver
) -> None:
    deliver(town.rows(2))
    run = correct(RowChange(key(2), {"pm25": "7.5"}), by=town.STEWARD)
    row = catalogue.decisions("TEST_A").get()
    assert (row.version, row.by, row.role, row.rule, row.reason) == (2, "user:steward", "steward", "", "儀器校正")
    assert (row.before, row.after) == ({"pm25": "1.0"}, {"pm25": "7.5"})
    assert (row.status_before, row.status) == ("provisional", "corrected")
    assert [a.detail["run"] for a in audit.events(verb="rows.decided")] == [str(run.id)]

    correct(RowChange(key(1), status="invalid"), rule="stuck-sensor", by=RULE)
    engine = Engine(portal, threads=1)
    total, told = engine.published.decisions("test_a")
    engine.close()
    assert total == 2
    assert told[0]["by"] == {"rule": "stuck-sensor"}
    assert told[1]["by"] == {"role": "steward"}
    assert told[1]["cells"] == [{"column": "pm25", "before": "1.0", "after": "7.5"}]
    assert "user:steward" not in str(told)


def test_the_same_feed_again_does_not_undo_a_correction(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(3))
    correct(RowChange(key(2), {"pm25": "7.5"}), RowChange(key(3), status="invalid"))
    run = deliver([*town.rows(3), *town.rows(1, first=9)])
    assert not [v for v in queries.verdicts(run) if v.judge == "decisions"]
    assert (run.version, queries.balance(run).inserted, queries.balance(run).unchanged) == (3, 1, 3)  # type: ignore[union-attr]
    assert seen(portal)[2] == (7.5, ";pm25=corrected;", "corrected")
    assert seen(portal)[3] == (1.0, "", "invalid")


def test_a_source_that_takes_the_correction_over_agrees(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(2), {"pm25": "7.5"}))
    run = deliver([*town.rows(1), *town.rows(1, first=2, value=7.5)])
    assert run.state == "unchanged"
    assert seen(portal)[2] == (7.5, ";pm25=corrected;", "corrected")


def test_a_source_that_delivers_something_else_is_told_set_aside_and_does_not_win(
    portal: LakePaths, deliver: Deliver
) -> None:
    deliver(town.rows(3))
    correct(RowChange(key(2), {"pm25": "7.5"}), RowChange(key(3), status="invalid"))
    run = deliver([*town.rows(1, value=2.0), *town.rows(2, first=2, value=3.0)])
    found = [f for v in queries.verdicts(run) if v.judge == "decisions" for f in v.findings]
    assert [(f.rule, f.count, f.severity) for f in found] == [("decisions.contested", 2, "warning")]
    assert seen(portal) == {
        1: (2.0, "", "provisional"), 2: (7.5, ";pm25=corrected;", "corrected"), 3: (1.0, "", "invalid"),
    }  # fmt: skip
    balance = queries.balance(run)
    assert balance is not None
    assert balance.holds
    assert (balance.updated, balance.set_aside) == (1, 2)
    assert (portal.quarantine / f"{run.id}.conflicts.parquet").is_file()


def test_other_cells_of_a_corrected_row_may_still_be_updated(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(2), {"pm25": "7.5"}))
    deliver([*town.rows(1), ("2", HOUR, "新北市", "1.0")])
    engine = Engine(portal, threads=1)
    rows = engine.rows(engine.open(Query("TEST_A", fields=("county", "pm25"), where=In("siteid", (2,)))))
    engine.close()
    assert rows == [{"county": "新北市", "pm25": 7.5}]


def test_a_row_that_went_away_and_comes_back_comes_back_corrected(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(2), {"pm25": "7.5"}))
    deliver(town.rows(1))
    assert set(seen(portal)) == {1}
    deliver(town.rows(2))
    assert seen(portal)[2] == (7.5, ";pm25=corrected;", "corrected")


def test_taking_a_decision_back_gives_the_row_to_its_source_again(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(2), {"pm25": "7.5"}))
    correct(RowChange(key(2), {"pm25": "8"}))
    correct(RowChange(key(2), status="delivered"), reason="來源已修正")
    assert seen(portal)[2] == (1.0, "", "provisional")
    deliver([*town.rows(1), *town.rows(1, first=2, value=3.0)])
    assert seen(portal)[2] == (3.0, "", "provisional")


def test_an_emptied_cell_and_a_validated_row(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(1), {"pm25": None}), RowChange(key(2), status="validated"))
    assert seen(portal) == {1: (None, ";pm25=corrected;", "corrected"), 2: (1.0, "", "validated")}
    assert set(seen(portal, where=In("_status", ("validated",)))) == {2}


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        (RowChange(key(99), {"pm25": "1"}), "decisions"),
        (RowChange(key(1), {"pm25": "viel"}), "pm25"),
        (RowChange(key(1), {"pm2.5": "1"}), "row 2"),
        (RowChange(key(1), {"siteid": "1"}), "row 2"),
        (RowChange(key(1)), "row 2"),
        (RowChange(key(1), status="good"), "row 2"),
        (RowChange(key(1), {"pm25": "1"}, "delivered"), "row 2"),
        (RowChange({"siteid": "1"}, status="invalid"), "row 2"),
        (RowChange({"siteid": "one", "time": HOUR}, status="invalid"), "siteid"),
    ],
)
def test_what_does_not_fit_is_refused_whole(
    portal: LakePaths, deliver: Deliver, change: RowChange, parameter: str
) -> None:
    deliver(town.rows(2))
    with pytest.raises(BadRequest) as told:
        correct(RowChange(key(2), {"pm25": "7.5"}), change)
    assert told.value.parameter == parameter
    assert seen(portal)[2] == (1.0, "", "provisional")
    assert not catalogue.decisions("TEST_A")


def test_a_stranger_may_not_correct_and_a_reason_is_needed(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(1))
    for stranger in (town.STRANGER, town.MEMBER):
        with pytest.raises(Forbidden):
            correct(RowChange(key(1), status="invalid"), by=stranger)
    with pytest.raises(BadRequest):
        correct(RowChange(key(1), status="invalid"), reason=" ")
    assert not seen(portal, where=In("_status", ("invalid",)))


def test_a_file_of_corrections_leaves_blank_cells_alone_and_empties_those_that_say_so(
    portal: LakePaths, deliver: Deliver
) -> None:
    deliver(town.rows(2))
    record = catalogue.published_record(catalogue.dataset("TEST_A"))
    assert record is not None
    changes = from_rows(
        ["siteid", "time", "county", "pm25", "_status"],
        [["1", HOUR, "", r"\N", ""], ["2", HOUR, "高雄市", "", "validated"]],
        record,
    )
    assert changes == (
        RowChange(key(1), {"pm25": None}), RowChange(key(2), {"county": "高雄市"}, "validated"),
    )  # fmt: skip
    with pytest.raises(BadRequest):
        from_rows(["siteid", "pm25"], [], record)


def test_nothing_asked_for_makes_no_version_and_leaves_no_decision(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(1))
    assert correct(RowChange(key(1), {"pm25": "1"})).state == "unchanged"
    assert not catalogue.decisions("TEST_A")


def test_values_that_a_later_mask_rule_covers_leave_every_decision(portal: LakePaths, deliver: Deliver) -> None:
    deliver(town.rows(2))
    correct(RowChange(key(2), {"pm25": "7.5", "county": "某人的家"}))
    assert catalog.forget_cells(code="TEST_A", columns=["county"], by=town.OPERATOR) == 1
    assert "某人的家" not in str(catalogue.decisions("TEST_A").values())
    engine = Engine(portal, threads=1)
    assert "某人的家" not in str(engine.published.decisions("TEST_A"))
    engine.close()
