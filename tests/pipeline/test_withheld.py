"""A rule that comes later: what is published already is brought under it, in every kept version, everywhere it rests."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qingliu.accounts.rules import WORKER, Actor, RoleGrant
from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.core.errors import Forbidden, Gone
from qingliu.lake import redact
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.corrections import RowChange
from qingliu.pipeline.models import Run
from qingliu.privacy import actions as privacy
from tests.pipeline import town

MAKER, CHECKER = (Actor(f"user:{n}", (RoleGrant("privacy"),)) for n in ("maker", "checker"))
SITE = "臺東縣綠島鄉公館村將軍岩88號"
OTHER = "臺北市中正區重慶南路一段122號"
COLUMNS = ("siteid", "time", "county", "pm25", "ctl")


def definition() -> str:
    text = town.definition("TEST_P", mode="upsert", county=", role: address, sensitivity: address")
    return text + "    - {name: ctl, type: string, title: {zh: 管制編號, en: Control number}, role: control_number}\n"


def rows(hour: int) -> list[tuple[str, ...]]:
    return [
        ("1", f"2026-01-01 0{hour}:00", OTHER, f"{hour}.5", "F0000001"),
        ("2", f"2026-01-01 0{hour}:00", SITE, f"{hour}.5", "V0000088"),
    ]


@pytest.fixture
def published(portal: LakePaths, tmp_path: Path) -> LakePaths:
    """Three versions with full addresses, under the shipped rules; a view; no restricted list yet."""
    privacy.seed()
    for name in ("natural-persons", "own-address", "free-text", "restricted-sites"):
        privacy.decide(name=name, approve=True, reason="測試", by=CHECKER)
    catalog.register_definition(text=definition(), by=town.OPERATOR)
    view = town.definition("TEST_Q", view="{of: [TEST_P], newest_by: [siteid]}", county=", role: address")
    catalog.register_definition(text=view, by=town.OPERATOR)
    for hour in range(3):
        file = town.csv(tmp_path / f"{hour}.csv", rows(hour), columns=COLUMNS)
        run = actions.run_delivery(code="TEST_P", files=[file], by=town.OPERATOR)
        assert run.state == "published", (run.error_en, run.verdicts)
    return portal


def restrict() -> None:
    text = "control_number,name,address\nV0000088,某營區," + SITE + "\n"
    made = privacy.import_list(text=text, basis="§18 I 1", review_on=date(2099, 1, 1), by=MAKER)
    privacy.decide_list(number=made.number, approve=True, by=CHECKER)


def shown(home: LakePaths, code: str = "TEST_P", **asked: Any) -> set[tuple[int, str]]:
    engine = Engine(home, threads=1)
    try:
        return {(r["siteid"], r["county"]) for r in engine.rows(engine.open(Query(code, **asked)))}
    finally:
        engine.close()


def test_every_version_and_view_shows_the_restricted_row_to_the_district_only(published: LakePaths) -> None:
    assert shown(published) == {(1, OTHER), (2, SITE)}
    assert shown(published, "TEST_Q") == {(1, OTHER), (2, SITE)}
    restrict()
    assert actions.overdue() == ["TEST_P"]
    done = actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    assert (done.versions, done.findings) == ((1, 2, 3), ())
    expected = {(1, OTHER), (2, "臺東縣綠島鄉")}
    for asked in ({}, {"as_of": 1}, {"as_of": 2}, {"latest": True}):
        assert shown(published, **asked) == expected, asked
    assert shown(published, "TEST_Q") == expected
    assert actions.overdue() == []


def test_no_place_holds_it_afterwards_and_the_search_finds_it_before(
    published: LakePaths, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown(published, "TEST_Q")
    restrict()
    caplog.set_level(logging.DEBUG)
    before = actions.search([SITE], by=town.OPERATOR)
    assert {h.place for h in before} == {"lake"}
    assert {h.path.parts[-3] for h in before} >= {"lake", "data"}
    actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    log = tmp_path / "portal.log"
    log.write_text(caplog.text)
    assert actions.search([SITE, "將軍岩88號"], more=[log], by=town.OPERATOR) == []
    assert SITE not in repr(list(Event.objects.values_list("detail", "object_id", "verb")))


def test_identity_changes_and_an_old_cursor_is_told(published: LakePaths) -> None:
    engine = Engine(published, threads=1)
    try:
        before = engine.open(Query("TEST_P", limit=1))
        cursor = engine.page(before).next_cursor
        assert cursor
        restrict()
        actions.withhold(code="TEST_P", reason="x", by=town.OPERATOR)
        assert engine.open(Query("TEST_P", limit=1)).etag != before.etag
        with pytest.raises(Gone):
            engine.page(engine.open(Query("TEST_P", limit=1, cursor=cursor)))
    finally:
        engine.close()


def test_the_tombstone_names_rule_and_day_and_it_is_written_down(published: LakePaths) -> None:
    restrict()
    actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    versions = catalogue.versions("TEST_P")
    assert all(dict(v.extra)[redact.TOMBSTONE].endswith(" restricted-sites") for v in versions)
    event = Event.objects.get(verb="dataset.redacted")
    assert event.detail == {"versions": [1, 2, 3], "cells": event.detail["cells"], "reason": "restricted-sites"}
    assert event.detail["cells"] > 0


def test_a_crash_before_readers_are_switched_is_finished_by_the_next_call(
    published: LakePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    restrict()

    class Killed(BaseException):
        pass

    def stop(**_: object) -> None:
        raise Killed

    with monkeypatch.context() as during:
        during.setattr(catalog, "update_manifests", stop)
        with pytest.raises(Killed):
            actions.withhold(code="TEST_P", reason="x", by=town.OPERATOR)
    assert shown(published) == {(1, OTHER), (2, SITE)}  # the old edition, whole
    assert actions.overdue() == ["TEST_P"]
    actions.withhold(code="TEST_P", reason="x", by=town.OPERATOR)
    assert shown(published) == {(1, OTHER), (2, "臺東縣綠島鄉")}
    assert actions.search([SITE], by=town.OPERATOR) == []


def test_where_nothing_is_to_be_withheld_nothing_changes(published: LakePaths) -> None:
    before = catalogue.versions("TEST_P")
    done = actions.withhold(code="TEST_P", reason="x", by=town.OPERATOR)
    assert done.versions == ()
    assert catalogue.versions("TEST_P") == before


def test_it_takes_a_permission(published: LakePaths) -> None:
    for actor in (town.STEWARD, town.STRANGER, town.MEMBER, MAKER):
        with pytest.raises(Forbidden):
            actions.withhold(code="TEST_P", reason="x", by=actor)
        with pytest.raises(Forbidden):
            actions.search(["x"], by=actor)
    assert Run.objects.count() == 3


def test_a_dataset_held_for_a_new_sensitive_column_is_served_again_once_a_rule_covers_it(
    portal: LakePaths, tmp_path: Path
) -> None:
    plain = town.definition("TEST_P", mode="upsert", county=", role: facility_name")
    catalog.register_definition(text=plain, by=town.OPERATOR)
    file = town.csv(tmp_path / "0.csv", [("1", "2026-01-01 00:00", "大川公司(蔡旭)", "1.5")], columns=COLUMNS[:4])
    run = actions.run_delivery(code="TEST_P", files=[file], by=town.OPERATOR)
    assert run.state == "published", run.verdicts
    marked = plain.replace("role: facility_name", "role: facility_name, sensitivity: personal")
    assert catalog.register_definition(text=marked, by=town.OPERATOR).status == "held"
    assert actions.overdue() == ["TEST_P"]
    actions.withhold(code="TEST_P", reason="policy", by=WORKER)
    assert catalogue.dataset("TEST_P").status == "held"  # no rule speaks of the column yet
    assert actions.overdue() == []
    privacy.seed()
    privacy.decide(name="natural-persons", approve=True, reason="測試", by=CHECKER)
    assert actions.overdue() == ["TEST_P"]
    actions.withhold(code="TEST_P", reason="policy", by=WORKER)
    assert catalogue.dataset("TEST_P").status == "published"
    assert shown(portal) == {(1, "大川公司(蔡○)")}


def test_a_column_that_a_new_definition_renames_is_withheld_in_the_versions_from_before(
    published: LakePaths, tmp_path: Path
) -> None:
    text = definition().replace("name: county,", "name: addr,")
    catalog.register_definition(text=text, by=town.OPERATOR)
    columns = ("siteid", "time", "addr", "pm25", "ctl")
    file = town.csv(tmp_path / "3.csv", rows(3), columns=columns)
    run = actions.run_delivery(code="TEST_P", files=[file], by=town.OPERATOR)
    if run.state == "held":  # a column less and one more is drift
        run = actions.release(run_id=str(run.id), reason="改名", by=town.OPERATOR)
    assert run.state == "published", (run.error_en, run.verdicts)
    restrict()
    actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    assert actions.search([SITE, "將軍岩88號"], by=town.OPERATOR) == []


def test_a_decision_about_a_row_that_no_version_holds_any_more_is_withheld_too(published: LakePaths) -> None:
    change = RowChange({"siteid": "2", "time": "2026-01-01T00:00:00+08:00"}, {"county": "臺東縣綠島鄉"})
    actions.correct(code="TEST_P", decisions=[change], reason="更正", by=town.OPERATOR)
    for hour in (1, 2):
        change = RowChange({"siteid": "2", "time": f"2026-01-01T0{hour}:00:00+08:00"}, {"county": "臺東縣綠島鄉"})
        actions.correct(code="TEST_P", decisions=[change], reason="更正", by=town.OPERATOR)
    assert SITE in repr(catalogue.decided_cells("TEST_P"))
    restrict()
    actions.withhold(code="TEST_P", reason="restricted-sites", by=town.OPERATOR)
    assert SITE not in repr(catalogue.decided_cells("TEST_P"))
    assert actions.search([SITE], by=town.OPERATOR) == []
