"""Judging a portal: what readers get is what is judged; history keeps what changed; contests are decided in public."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden, NotFound
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.quality import actions, jobs, queries
from qingliu.quality.models import Judgement
from qingliu.quality.rules import editions
from tests.pipeline import town
from tests.quality.cast import MEMBER, OFFICE, OPERATOR, STEWARD, STRANGER

More = Callable[[Sequence], Any]
Note = Callable[[str], dict]
RESOURCES = {
    "native-csv", "native-json", "native-ndjson", "native-parquet", "moenv-csv", "moenv-json", "moenv-xml",
}  # fmt: skip


def states(row: Judgement) -> dict[str, str]:
    return {r.indicator: r.state for r in queries.result(row).indicators}


def test_every_address_that_is_served_is_looked_at_and_the_mark_stops_at_what_is_not_measured(
    town_a: More, note: Note
) -> None:
    row = actions.judge(code="TEST_A", by=OPERATOR)
    assert {r.name for r in queries.result(row).resources} == RESOURCES
    assert (row.mark, row.next_mark, row.next_state) == ("gold", "platinum", "not_measured")
    said = note("test_a")
    assert said["mark"]["id"] == "gold"
    assert said["next"] | {"zh": "", "en": ""} == {
        "id": "platinum",
        "zh": "",
        "en": "",
        "state": "not_measured",
        "by": ["feedback"],
    }
    assert said["edition"]["reconstruction"] is True
    assert (said["version"], said["whose"], said["official"], said["contests"]) == (1, "ours", None, [])
    assert {r["name"] for r in said["resources"]} == RESOURCES
    assert all(r["reason"]["zh"] and r["reason"]["en"] for r in said["indicators"])
    assert said["mqa"]["points"] > 300
    (event,) = Event.objects.filter(verb="quality.judged")
    assert (event.actor, event.object_id, event.agency) == ("cli:test", "TEST_A", "moenv")


def test_a_damaged_file_under_the_dataset_fails_its_links_and_the_history_keeps_both(
    town_a: More, portal: LakePaths
) -> None:
    before = actions.judge(code="TEST_A", by=OPERATOR)
    version = Published(portal.published_db).version("TEST_A")
    path = portal.resolve(version.files[0].path)
    path.write_bytes(path.read_bytes()[:-50])
    after = actions.judge(code="TEST_A", by=OPERATOR)
    assert (before.mark, after.mark) == ("gold", "none")
    assert states(after)["link"] == "fail"
    assert {r.mark for r in queries.history("TEST_A")} == {"gold", "none"}
    assert next(r.mark for r in queries.history("TEST_A")) == "none"
    assert queries.last("TEST_A") == after
    standing = queries.agency_history("moenv")
    assert dict(standing[-1].marks) == {"none": 1}


def test_the_same_result_again_confirms_the_row_and_another_version_is_due(town_a: More) -> None:
    assert queries.due(now()) == ["TEST_A"]
    first = actions.judge(code="TEST_A", by=OPERATOR)
    assert queries.due(now()) == []
    again = actions.judge(code="TEST_A", by=OPERATOR)
    assert (again.pk, again.judged_at) == (first.pk, first.judged_at)
    assert again.confirmed_at > first.confirmed_at
    assert queries.due(now() + timedelta(days=8)) == ["TEST_A"]
    town_a(town.rows(4))
    assert queries.due(now()) == ["TEST_A"]
    assert jobs.judge_due() == 1
    assert queries.due(now()) == []
    assert queries.last("TEST_A").version == 2  # type: ignore[union-attr]


def test_a_view_is_judged_anew_when_its_base_has_a_new_version(town_a: More, declare: Callable[..., None]) -> None:
    declare(town.definition("TEST_V", view="{of: [TEST_A], newest_by: [siteid]}"))
    jobs.judge_due()
    assert queries.last("TEST_V").version == 1  # type: ignore[union-attr]
    town_a(town.rows(5))
    assert sorted(queries.due(now())) == ["TEST_A", "TEST_V"]


def test_what_is_held_or_withdrawn_rests_on_nothing_and_has_no_mark(
    town_a: More, note: Note, portal: LakePaths
) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    Dataset.objects.filter(code="TEST_A").update(status="held", reason_zh="待決定", reason_en="undecided")
    catalog.publication.publish(["TEST_A"])
    row = actions.judge(code="TEST_A", by=OPERATOR)
    assert (row.mark, row.next_mark, row.next_state) == ("not_measured", "bronze", "not_measured")
    assert set(states(row).values()) <= {"not_measured", "unknown"}
    assert note("TEST_A")["skipped"][0]["zh"]
    catalog.withdraw(code="TEST_A", reason="下架", by=OPERATOR)
    with pytest.raises(NotFound):
        actions.judge(code="TEST_A", by=OPERATOR)
    assert queries.due(now()) == []


def test_an_agency_contests_and_the_office_decides_and_both_reasons_are_public(
    town_a: More, note: Note, portal: LakePaths
) -> None:
    text = town.definition(mode="snapshot").replace("{name: siteid, ", "{name: siteid, role: station, ")
    text = text.replace("category: air", "category: air\nfrequency: {every: 1, unit: hour}")
    catalog.register_definition(text=text, by=OPERATOR)
    assert states(actions.judge(code="TEST_A", by=OPERATOR))["timeliness"] == "fail"
    for nobody in (MEMBER, STRANGER, OFFICE):
        with pytest.raises(Forbidden):
            actions.contest(code="TEST_A", target="indicator:timeliness", reason="測站停機", by=nobody)
    with pytest.raises(BadRequest):
        actions.contest(code="TEST_A", target="indicator:timeliness", reason=" ", by=STEWARD)
    with pytest.raises(BadRequest):
        actions.contest(code="TEST_A", target="finding:nothing", reason="沒有", by=STEWARD)
    raised = actions.contest(code="TEST_A", target="indicator:timeliness", reason="測站停機公告", by=STEWARD)
    with pytest.raises(Conflict):
        actions.contest(code="TEST_A", target="indicator:timeliness", reason="再一次", by=STEWARD)
    assert note("TEST_A")["contests"][0] | {"raised_at": ""} == {
        "id": raised.pk, "target": "indicator:timeliness", "subject": "timeliness", "version": 1, "reason": "測站停機公告",
        "raised_at": "", "state": "open", "decision": "", "decided_at": None,
    }  # fmt: skip
    for nobody in (MEMBER, STRANGER, STEWARD):
        with pytest.raises(Forbidden):
            actions.decide(number=raised.pk, uphold=True, reason="屬實", by=nobody)
    actions.decide(number=raised.pk, uphold=True, reason="公告屬實", by=OFFICE)
    with pytest.raises(Conflict):
        actions.decide(number=raised.pk, uphold=False, reason="反悔", by=OFFICE)
    row = actions.judge(code="TEST_A", by=OPERATOR)
    assert states(row)["timeliness"] == "white_listed"
    said = note("TEST_A")
    assert (said["contests"][0]["state"], said["contests"][0]["decision"]) == ("upheld", "公告屬實")
    assert "user:steward" not in str(said)
    verbs = set(Event.objects.filter(object_id="TEST_A").values_list("verb", flat=True))
    assert {"judgement.contested", "contest.upheld"} <= verbs
    town_a(town.rows(4))  # another version: the decision was about the one before
    assert states(actions.judge(code="TEST_A", by=OPERATOR))["timeliness"] == "fail"


def test_nobody_decides_a_contest_of_their_own(town_a: More) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    raised = actions.contest(code="TEST_A", target="indicator:link", reason="理由", by=OPERATOR)
    with pytest.raises(Forbidden):
        actions.decide(number=raised.pk, uphold=True, reason="理由", by=OPERATOR)


def test_the_white_list_has_a_reason_and_a_review_and_shows_as_itself(town_a: More, note: Note) -> None:
    soon = now().date() + timedelta(days=90)
    for nobody in (MEMBER, STEWARD, STRANGER):
        with pytest.raises(Forbidden):
            actions.white_list(code="TEST_A", reason=Text("停測", ""), review_on=soon, by=nobody)
    with pytest.raises(BadRequest):
        actions.white_list(
            code="TEST_A", reason=Text("停測", ""), review_on=now().date() - timedelta(days=1), by=OFFICE
        )
    with pytest.raises(BadRequest):
        actions.white_list(code="TEST_A", indicator="speed", reason=Text("停測", ""), review_on=soon, by=OFFICE)
    actions.white_list(code="TEST_A", reason=Text("系統改版", "renewal"), review_on=soon, by=OFFICE)
    with pytest.raises(Conflict):
        actions.white_list(code="TEST_A", reason=Text("系統改版", "renewal"), review_on=soon, by=OFFICE)
    assert actions.judge(code="TEST_A", by=OPERATOR).mark == "white_listed"
    assert str(soon) in note("TEST_A")["white_listed"]["zh"]
    assert queries.counts()["white_listed"] == 1
    actions.end_white_listing(code="TEST_A", reason="已改版", by=OFFICE)
    assert actions.judge(code="TEST_A", by=OPERATOR).mark == "gold"


def test_a_new_edition_makes_everything_due_and_changes_the_mark(town_a: More, note: Note) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    text = editions._DEFAULT.read_text(encoding="utf-8").replace("name: 112-R1", "name: 113-X")
    text = text.replace(
        "structured_formats_added: [NDJSON, PARQUET, ODS, GPKG, GML]", "structured_formats_added: [NDJSON]"
    )
    with pytest.raises(Forbidden):
        actions.add_edition(text=text, by=STEWARD)
    actions.add_edition(text=text, by=OFFICE)
    with pytest.raises(Conflict):
        actions.add_edition(text=text, by=OFFICE)
    assert queries.due(now()) == ["TEST_A"]
    row = actions.judge(code="TEST_A", by=OPERATOR)
    assert (row.edition, row.mark, states(row)["structure"]) == ("113-X", "bronze", "fail")
    assert "PARQUET" in note("TEST_A")["next"]["by"] or "PARQUET" in str(note("TEST_A")["indicators"])


def test_words_of_rows_leave_judgements_when_rows_are_withheld_and_history_never_keeps_them(
    town_a: More, note: Note, portal: LakePaths
) -> None:
    town_a([("1", "2026-01-01 00:00", "臺北市", "3"), ("1", "2026-01-01 00:00", "祕密營區", "4")])
    definition = town.definition(mode="snapshot").replace("{name: county, ", "{name: county, role: station_name, ")
    catalog.register_definition(
        text=definition.replace("{name: siteid, ", "{name: siteid, role: station, "), by=OPERATOR
    )
    town_a([("1", "2026-01-01 00:00", "祕密營區", "3"), ("1", "2026-01-02 00:00", "另一名", "4")])
    row = actions.judge(code="TEST_A", by=OPERATOR)
    assert "祕密營區" in json.dumps([note("TEST_A"), row.result], ensure_ascii=False)
    assert actions.forget(code="TEST_A", by=OPERATOR) == Judgement.objects.filter(code="TEST_A").count()
    kept = [
        note("TEST_A"),
        *Judgement.objects.values_list("result", flat=True),
        *queries.found("TEST_A").values_list("rows"),
    ]
    assert "祕密營區" not in json.dumps(kept, ensure_ascii=False)
    assert queries.due(now()) == ["TEST_A"]
    actions.judge(code="TEST_A", by=OPERATOR)
    town_a([("1", "2026-01-01 00:00", "同名", "3"), ("1", "2026-01-02 00:00", "同名", "4")])
    actions.judge(code="TEST_A", by=OPERATOR)
    old = Judgement.objects.filter(code="TEST_A", latest=False).values_list("result", flat=True)
    assert old
    assert "祕密營區" not in json.dumps(list(old), ensure_ascii=False)


def test_strangers_may_not_have_a_dataset_judged(town_a: More) -> None:
    for nobody in (MEMBER, STRANGER):
        with pytest.raises(Forbidden):
            actions.judge(code="TEST_A", by=nobody)
    assert actions.judge(code="TEST_A", by=STEWARD).judged_by == "user:steward"


def test_a_readers_language_or_folder_changes_nothing(town_a: More, tmp_path: Path) -> None:
    assert actions.judge(code="test_a", by=OPERATOR).code == "TEST_A"
