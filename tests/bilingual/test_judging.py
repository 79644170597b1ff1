"""Datasets are judged on their published rows; what people say is kept apart from what a machine filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from falcon import testing

from qingliu.audit.models import Event
from qingliu.bilingual import actions, queries
from qingliu.bilingual.models import Judgement, PageText, Wording
from qingliu.catalog import actions as catalog
from qingliu.catalog import conformance
from qingliu.config.data_api import make_data_api
from qingliu.core.errors import BadRequest, Forbidden, NotFound, UnknownField
from qingliu.lake.engine import Engine
from tests.bilingual.conftest import readings
from tests.pipeline import town

Judge = Callable[[], dict[str, Any]]


def test_the_note_carries_level_completeness_and_the_words_for_cells(judge: Judge) -> None:
    note = judge()
    assert (note["level"], note["version"], note["reconstruction"]) == (2, 1, True)
    assert note["completeness"]["page"] == {"done": 4, "of": 4}
    assert note["completeness"]["contents"] == {"done": 8, "of": 9}
    assert note["contents"]["sitename"]["富貴角"] == "Fugueijiao"
    assert note["contents"]["kind"] == {"空氣污染": "Air pollution", "空氣污染;廢棄物": "Air pollution; Waste"}
    assert note["columns"]["sitename"]["origins"] == {"glossary": 1, "memory": 2}
    (gap,) = [f for f in note["findings"] if f["rule"] == "bilingual/contents"]
    assert (gap["place"], gap["count"]) == ("fields.kind", 1)


def test_a_persons_word_lifts_the_level_and_is_told_apart_from_the_machines(judge: Judge) -> None:
    judge()
    actions.word(code="TEST_R", field="kind", zh="前所未見", en="Never seen before", by=town.STEWARD)
    note = judge()
    assert note["level"] == 3
    assert note["columns"]["kind"]["approved"] == 1
    assert note["columns"]["sitename"]["approved"] == 0
    said = Wording.objects.get(zh="前所未見")
    assert (said.origin, said.state, said.by) == ("person", "approved", "user:steward")
    assert {w.state for w in Wording.objects.filter(origin="memory")} == {"machine"}
    event = Event.objects.get(verb="wording.said")
    assert (event.actor, event.object_id, event.detail["en"]) == ("user:steward", "TEST_R", "Never seen before")


def test_an_approved_wording_stays_when_the_memory_changes_and_a_rejected_one_leaves_the_cell(
    judge: Judge, portal: Engine
) -> None:
    judge()
    actions.approve(code="TEST_R", field="sitename", zh="松山", en="Songshan", by=town.STEWARD)
    actions.reject(code="TEST_R", field="sitename", zh="林森", by=town.STEWARD)
    Wording.objects.filter(origin="memory", zh="松山").update(en="Sungshan")
    actions.judge(codes=["TEST_R"], engine=portal, by=town.OPERATOR)
    words = portal.published.get("TEST_R").notes["bilingual"]["contents"]["sitename"]
    assert words["松山"] == "Songshan"
    assert "林森" not in words


def test_outsiders_say_nothing(judge: Judge) -> None:
    judge()
    for who in (town.STRANGER, town.MEMBER):
        with pytest.raises(Forbidden):
            actions.word(code="TEST_R", field="kind", zh="前所未見", en="x", by=who)
        with pytest.raises(Forbidden):
            actions.propose_text(code="TEST_R", place="title", en="x", by=who)
        with pytest.raises(Forbidden):
            actions.confirm_text(code="TEST_R", place="title", by=who)
    assert not Wording.objects.filter(origin="person").exists()


def test_wrong_wordings_are_refused_with_the_remedy(judge: Judge) -> None:
    judge()
    with pytest.raises(BadRequest):
        actions.word(code="TEST_R", field="kind", zh="前所未見", en="還是中文", by=town.STEWARD)
    with pytest.raises(UnknownField):
        actions.word(code="TEST_R", field="knd", zh="前所未見", en="x", by=town.STEWARD)
    with pytest.raises(NotFound):
        actions.propose_text(code="TEST_R", place="fields.none.title", en="x", by=town.STEWARD)


def test_a_text_whose_other_language_did_not_follow_is_older_until_somebody_says_it_holds(
    judge: Judge, portal: Engine
) -> None:
    judge()
    catalog.register_definition(text=readings(title="新的標題"), by=town.OPERATOR)
    assert conformance.due(portal.published, "bilingual")
    older = [f for f in judge()["findings"] if f["rule"] == "bilingual/older"]
    assert [(f["place"], f["reason"]["en"][:11]) for f in older] == [("title", "The English")]
    actions.confirm_text(code="TEST_R", place="title", by=town.STEWARD)
    assert not [f for f in judge()["findings"] if f["rule"] == "bilingual/older"]


def test_a_proposed_text_stands_beside_the_original_and_changes_nothing_yet(judge: Judge, portal: Engine) -> None:
    judge()
    actions.propose_text(code="TEST_R", place="fields.kind.title", en="Kind of pollution", by=town.STEWARD)
    kept = PageText.objects.get(place="fields.kind.title")
    assert (kept.zh, kept.en, kept.proposed, kept.proposed_by) == (
        "類別", "Kind", "Kind of pollution", "user:steward",
    )  # fmt: skip
    field = portal.published.get("TEST_R").record.field("kind")
    assert field
    assert field.title.en == "Kind"


def test_history_grows_only_when_something_changed_and_keeps_no_cell(judge: Judge) -> None:
    judge()
    judge()
    assert queries.history("TEST_R").count() == 1
    actions.word(code="TEST_R", field="kind", zh="前所未見", en="Never seen before", by=town.STEWARD)
    judge()
    assert [j.level for j in queries.history("TEST_R")] == [3, 2]
    kept = str([j.body for j in Judgement.objects.all()])
    assert "前所未見" not in kept
    assert "富貴角" not in kept


def test_a_dataset_without_rows_is_judged_by_its_texts(engine: Engine) -> None:
    catalog.register_definition(text=readings(title_en="測值"), by=town.OPERATOR)
    (judged,) = actions.judge(codes=["TEST_R"], engine=engine, by=town.OPERATOR)
    assert (judged.measure.level, judged.version, judged.measure.contents) == (0, None, None)
    assert {f.rule for f in judged.findings} == {"bilingual/untranslated"}


def test_the_api_tells_the_judgement_and_answers_cells_in_english(judge: Judge, portal: Engine) -> None:
    judge()
    client = testing.TestClient(make_data_api(django_settings.QINGLIU, portal))
    told = client.simulate_get("/api/datasets/TEST_R").json["judgement"]["bilingual"]
    assert (told["level"], "contents" in told) == (2, False)
    rows = client.simulate_get("/api/datasets/TEST_R/rows", query_string="lang=en").json["rows"]
    assert {(r["sitename"], r["county"]) for r in rows} >= {
        ("Songshan", "Taipei City"),
        ("Fugueijiao", "New Taipei City"),
    }
    assert "前所未見" in {r["kind"] for r in rows}


def test_the_memory_forgets_what_no_published_row_says_any_more(judge: Judge, portal: Engine) -> None:
    judge()
    assert Wording.objects.filter(origin="memory", zh="松山").exists()
    catalog.withdraw(code="TEST_M", reason="masked", by=town.OPERATOR)
    judge()
    assert not Wording.objects.filter(origin="memory").exists()
