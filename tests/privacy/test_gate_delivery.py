"""Deliveries at the gate: held without a rule, masked with one, row by row, and everything else left byte for byte."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from qingliu.catalog import actions as catalog
from qingliu.core.dataset import Text
from qingliu.core.errors import Conflict, Forbidden
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.pipeline import actions, queries
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.privacy.gate.policy import MaskRule
from tests.privacy import town
from tests.privacy.conftest import Deliver, Served
from tests.privacy.town import RULE


def held_for(run: object) -> set[tuple[str, str]]:
    """(rule, column) of what holds a run."""
    return {(f.rule, f.place) for v in queries.verdicts(run) for f in v.findings if f.severity == "hold"}  # type: ignore[arg-type]


def test_without_an_approved_rule_a_sensitive_delivery_is_held_and_released_once_there_is_one(
    deliver: Deliver, served: Served, portal: LakePaths
) -> None:
    run = deliver([town.FIRM, town.PERSON])
    assert run.state == State.HELD
    assert ("privacy-undecided", "fac_address") in held_for(run)
    assert not [f for v in queries.verdicts(run) for f in v.findings if "蔡旭昇" in repr(f)]
    with pytest.raises(Conflict):
        actions.release(run_id=str(run.id), reason="please", by=town.OPERATOR)
    town.approve_defaults()
    assert actions.release(run_id=str(run.id), reason="規則已核可", by=town.OPERATOR).state == State.PUBLISHED
    assert served()[2]["violator_name"] == "蔡○昇"
    assert not any(portal.staging.iterdir())


def test_only_the_restricted_part_is_withheld(deliver: Deliver, served: Served) -> None:
    town.approve_defaults()
    run = deliver([town.FIRM, town.PERSON])
    assert run.state == State.PUBLISHED
    firm, person = served()[1], served()[2]
    assert [str(firm[c]) for c in town.COLUMNS[:7]] == list(town.FIRM[:7])
    assert person["fac_address"] == town.PERSON[3]  # the garage keeps its own
    assert (person["violator_name"], person["violator_address"]) == ("蔡○昇", "臺中市北區")
    assert "蔡旭昇" not in person["facts"]
    assert "654" not in person["facts"]
    assert person["facts"].endswith("於現場露天燃燒")
    assert (person["lon"], person["lat"]) != (120.64, 24.18)  # the point goes with the address


def test_the_balance_counts_what_was_masked_and_flags_and_note_tell_it(deliver: Deliver, portal: LakePaths) -> None:
    town.approve_defaults()
    run = deliver([town.FIRM, town.PERSON])
    balance = queries.balance(run)
    assert balance is not None
    assert balance.holds
    assert {c.column: c.masked for c in balance.cells if c.masked} == {
        "violator_name": 1, "violator_address": 1, "facts": 1, "lon": 1, "lat": 1,
    }  # fmt: skip
    entry = Published(portal.published_db).get("PEN_A")
    assert entry.current is not None
    (flags,) = [
        f for file in entry.current.files for f in pq.read_table(portal.resolve(file.path))["_flags"].to_pylist() if f
    ]
    assert set(flags.strip(";").split(";")) == {
        f"{c}=masked" for c in ("violator_name", "violator_address", "facts", "lon", "lat")
    }
    note = entry.notes["privacy"]
    assert (note["rows"], note["cells"]) == (1, 5)
    assert note["counts"] == {"addresses": 1, "coordinates": 2, "names": 1, "text": 1}
    assert {r["name"] for r in note["rules"]} == set(town.DEFAULTS)
    assert all(r["review_on"] and r["basis"]["zh"] for r in note["rules"])


def test_an_open_dataset_tells_its_masking_too(deliver: Deliver, portal: LakePaths) -> None:
    town.approve_defaults()
    catalog.register_definition(text=town.definition("PEN_C", sensitive=False), by=town.OPERATOR)
    assert deliver([town.FIRM], code="PEN_C").state == State.PUBLISHED
    note = Published(portal.published_db).get("PEN_C").notes["privacy"]
    assert (note["rows"], note["counts"]) == (0, {})
    assert "natural-persons" in {r["name"] for r in note["rules"]}


def test_the_same_delivery_again_changes_nothing_and_a_new_rule_makes_it_count_again(deliver: Deliver) -> None:
    town.approve_defaults()
    deliver([town.FIRM, town.PERSON])
    again = deliver([town.FIRM, town.PERSON])
    assert again.state == State.UNCHANGED
    town.restrict()
    third = deliver([town.FIRM, town.PERSON])
    assert third.fingerprint != again.fingerprint


def test_personal_data_where_no_rule_looks_holds_with_its_place_and_not_its_text(deliver: Deliver) -> None:
    catalog.register_definition(text=town.definition("PEN_C", sensitive=False), by=town.OPERATOR)
    run = deliver([town.FIRM, town.PERSON], code="PEN_C")
    assert run.state == State.HELD
    assert {("privacy-found", "violator_name"), ("privacy-found", "facts")} <= held_for(run)
    found = [f for v in queries.verdicts(run) for f in v.findings if f.rule == "privacy-found"]
    assert all("rows 2." in f.reason.en for f in found)
    assert "蔡旭昇" not in repr(run.verdicts)
    assert "0987" not in repr(run.verdicts)


def test_a_restricted_site_holds_while_no_rule_for_such_is_approved(deliver: Deliver) -> None:
    privacy.seed()
    for name in set(town.DEFAULTS) - {"restricted-sites"}:
        privacy.decide(name=name, approve=True, reason="看過", by=town.CHECKER)
    town.restrict()
    run = deliver([town.FIRM, town.SITE])
    assert (run.state, held_for(run)) == (State.HELD, {("privacy-restricted", "rows")})
    assert "1 rows match" in repr([f.reason.en for v in queries.verdicts(run) for f in v.findings])
    privacy.decide(name="restricted-sites", approve=True, reason="看過", by=town.CHECKER)
    assert deliver([town.FIRM, town.SITE]).state == State.PUBLISHED


def test_a_river_that_looks_like_a_name_holds_nothing_and_a_column_of_names_does(deliver: Deliver) -> None:
    town.approve_defaults()
    text = town.definition("PEN_D").replace("zh: 是否訴願", "zh: 地點說明")
    catalog.register_definition(text=text, by=town.OPERATOR)
    rivers = ("曾文溪", "淡水河", "高屏溪", "卑南溪", "大甲溪", "朴子溪", "鹽水溪")
    rows = [(str(n), *town.FIRM[1:9], river) for n, river in enumerate(rivers, start=1)]
    assert deliver(rows, code="PEN_D").state == State.PUBLISHED
    weak = ("曾文昌", "王大明", "歐陽平", "高屏溪")  # each by itself might be a river's; so many of them are people
    rows = [(str(n), *town.FIRM[1:9], name) for n, name in enumerate(weak, start=1)]
    assert held_for(deliver(rows, code="PEN_D")) == {("privacy-found", "appeal")}
    people = ("曾文昌", "林佩芬", "許家瑋", "高屏溪")
    rows = [(str(n), *town.FIRM[1:9], name) for n, name in enumerate(people, start=1)]
    assert held_for(deliver(rows, code="PEN_D")) == {("privacy-found", "appeal")}


def test_a_rule_that_keeps_says_somebody_looked_and_lets_it_pass(deliver: Deliver) -> None:
    catalog.register_definition(text=town.definition("PEN_C", sensitive=False), by=town.OPERATOR)
    plain = [(*town.FIRM[:6], "聯絡信箱 service@bigriver.example", *town.FIRM[7:])]
    assert ("privacy-found", "facts") in held_for(deliver(plain, code="PEN_C"))
    keep = MaskRule("desk-mail", Text("公務信箱", "Desk mail"), "all", Text("公務聯絡資料", "official contact"),
                    datasets=("PEN_C",), fields=("facts",), kinds=("email",))  # fmt: skip
    privacy.propose(rule=keep, why="機關信箱", by=town.MAKER)
    privacy.decide(name="desk-mail", approve=True, reason="是", by=town.CHECKER)
    assert deliver(plain, code="PEN_C").state == State.PUBLISHED


def test_rows_at_a_stage_of_the_case_are_treated_by_their_own_rule(deliver: Deliver, served: Served) -> None:
    town.approve_defaults()
    privacy.propose(rule=RULE, why="訴願期間不公開", by=town.MAKER)
    privacy.decide(name="petitions", approve=True, reason="好", by=town.CHECKER)
    deliver([(*town.FIRM[:9], "1"), ("9", *town.FIRM[1:9], "0")])
    assert served()[1]["violator_name"] is None
    assert served()[9]["violator_name"] == "大川化學工業股份有限公司"


def test_quarantine_and_errors_are_masked_too(deliver: Deliver, portal: LakePaths) -> None:
    town.approve_defaults()
    bad = list(town.PERSON)
    bad[0], bad[7] = "無", "蔡旭昇 0987-654-321"
    run = deliver([town.FIRM, bad])
    kept = queries.quarantine_file(run)
    assert kept is not None
    text = repr(pq.read_table(kept).to_pylist())
    assert "蔡旭昇" not in text
    assert "654-321" not in text
    assert "三民路" not in text


def test_the_preview_shows_before_and_after_to_those_who_may(deliver: Deliver, portal: LakePaths) -> None:
    run = deliver([town.FIRM, town.PERSON, town.SITE])
    town.approve_defaults()
    town.restrict()
    with pytest.raises(Forbidden):
        actions.look_masked(run_id=str(run.id), by=town.STRANGER)
    shown = {(s.row, s.column): (s.before, s.after) for s in actions.look_masked(run_id=str(run.id), by=town.STEWARD)}
    assert shown[2, "violator_name"] == ("蔡旭昇", "蔡○昇")
    assert not [place for place in shown if place[0] == 3]  # a site's row is for those who may touch the list
    assert {s.row for s in actions.look_masked(run_id=str(run.id), by=town.CHECKER)} == {2, 3}
    assert [p.name for p in (portal.staging / str(run.id)).iterdir()] == ["held.parquet"]


def test_quarantine_of_a_restricted_row_keeps_nothing_of_it(deliver: Deliver, portal: LakePaths) -> None:
    town.approve_defaults()
    town.restrict()
    run = deliver([town.FIRM, ("無", *town.SITE[1:])])
    kept = queries.quarantine_file(run)
    assert kept is not None
    text = repr(pq.read_table(kept).to_pylist())
    assert not [w for w in ("中央路", "121.55", "25.29", "S1234567") if w in text]


def test_no_log_quotes_what_an_engine_says(
    deliver: Deliver, portal: LakePaths, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.register_definition(text=town.definition("PEN_C", sensitive=False), by=town.OPERATOR)

    def breaks(**_: object) -> None:
        raise RuntimeError("Could not convert string '蔡旭昇 0987-654-321' to INT64")

    monkeypatch.setattr("qingliu.privacy.actions.screen", breaks)
    assert deliver([town.PERSON], code="PEN_C").state == State.FAILED
    assert "RuntimeError" in caplog.text
    assert "in breaks" in caplog.text
    assert "蔡旭昇" not in caplog.text
