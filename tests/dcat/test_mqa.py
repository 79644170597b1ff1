"""MQA: 405 points are reachable, each metric fails by its own real cause, and what was not measured is neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.quality.rules.mqa import (
    DistributionFacts,
    Fact,
    MqaFacts,
    MqaResult,
    catalogue_score,
    judge,
    table,
    tally,
)
from qingliu.quality.rules.mqa_facts import addresses_of, facts_of, mqa_of
from qingliu.quality.rules.mqa_told import catalogue_note, catalogue_of_notes, dqv, note
from qingliu.standards.dcat import write
from qingliu.standards.dcat.check import check
from qingliu.standards.dcat.dataset import Described, describe
from qingliu.standards.dcat.served import Listing, Served
from qingliu.standards.dcat.shapes import load_shapes
from qingliu.standards.dcat.terms import DCAT, DCT, DQV, Literal, Object, Resource
from qingliu.standards.listing import read_listing
from tests.dcat.scene import BASE, as_rdflib, complete, listed, record, version

Given = tuple[DatasetRecord, tuple[VersionRecord, ...], Served]
SHAPES = load_shapes()
METRICS = {m.code: m for m in table().metrics}


def all_answer(given: Given) -> dict[str, bool | None]:
    """Every address of the dataset answers."""
    return dict.fromkeys(addresses_of(*given), True)


def judged(given: Given) -> MqaResult:
    """The result when every address answers."""
    return mqa_of(*given, SHAPES, all_answer(given))


def states(result: MqaResult, state: str) -> set[str]:
    """Codes of the metrics in that state."""
    return {m.code for m in result.metrics if m.state == state}


def test_the_table_holds_405_points_in_the_five_dimensions() -> None:
    sums = {code: sum(m.points for m in table().metrics if m.dimension == code) for code, _ in table().dimensions}
    assert sums == {
        "findability": 100,
        "accessibility": 100,
        "interoperability": 110,
        "reusability": 75,
        "contextuality": 20,
    }
    assert len(METRICS) == 23


@pytest.mark.parametrize(
    ("points", "rating"),
    [
        (405, "excellent"), (351, "excellent"), (350, "good"), (221, "good"),
        (220, "sufficient"), (121, "sufficient"), (120, "bad"), (0, "bad"),
    ],
)  # fmt: skip
def test_classes_begin_where_the_method_says(points: int, rating: str) -> None:
    assert table().rating(points) == rating


def test_a_complete_record_reaches_405() -> None:
    result = judged(complete())
    assert states(result, "unmet") == set()
    assert (result.points, result.at_most, result.rating) == (405, 405, "excellent")
    assert all(m.reason.en and not m.remedy.en for m in result.metrics)


def test_the_same_record_under_the_governments_own_licence_lacks_ten_points_and_says_why() -> None:
    result = judged((replace(complete()[0], licence="OGDL-Taiwan-1.0"), *complete()[1:]))
    assert (result.points, states(result, "unmet")) == (395, {"licence_known"})
    (found,) = [m for m in result.metrics if m.state == "unmet"]
    assert "CC BY 4.0" in found.reason.en
    assert found.remedy.zh


def without(given: Given, **changes: object) -> Given:
    """The record as another definition would declare it."""
    return replace(given[0], **changes), given[1], given[2]  # type: ignore[arg-type]


def serving(given: Given, **changes: object) -> Given:
    """The record served otherwise."""
    return given[0], given[1], replace(given[2], **changes)  # type: ignore[arg-type]


CAUSES: dict[str, Callable[[Given], Given]] = {
    "keyword": lambda g: without(g, keywords=()),
    "spatial": lambda g: serving(g, place=""),
    "temporal": lambda g: without(g, time_field=""),
    "compliance": lambda g: without(g, title=Text("", "")),
    "licence_known": lambda g: without(g, licence="OGDL-Taiwan-1.0"),
    "contact_point": lambda g: without(g, contacts=()),
    "byte_size": lambda g: serving(g, kind="view"),  # rows made for each question have no stored size
}


@pytest.mark.parametrize("metric", sorted(CAUSES))
def test_a_metric_fails_by_its_own_cause_and_by_nothing_else(metric: str) -> None:
    result = judged(CAUSES[metric](complete()))
    assert states(result, "unmet") == {metric}
    assert result.points == 405 - METRICS[metric].points
    (failed,) = [m for m in result.metrics if m.state == "unmet"]
    assert failed.reason.zh
    assert failed.reason.en
    assert failed.remedy.zh
    assert failed.remedy.en


def test_a_held_dataset_earns_nothing_that_needs_a_distribution() -> None:
    held = judged((record("EMS_P_46"), (), Served(BASE, "table")))
    assert {m.code for m in METRICS.values() if m.level == "distribution"} <= states(held, "unmet")
    assert {"issued", "modified"} <= states(held, "unmet")
    assert held.rating == "sufficient"


LOST = {
    "theme": (DCAT + "theme", "dataset"),
    "access_rights": (DCT + "accessRights", "dataset"),
    "publisher": (DCT + "publisher", "dataset"),
    "issued": (DCT + "issued", "dataset"),
    "modified": (DCT + "modified", "dataset"),
    "format": (DCT + "format", "distribution"),
    "media_type": (DCAT + "mediaType", "distribution"),
    "licence": (DCT + "license", "distribution"),
    "rights": (DCT + "rights", "distribution"),
    "download_url": (DCAT + "downloadURL", "distribution"),
}


def lacking(described: Described, predicate: str) -> Described:
    """The description as another catalogue writes it that never says this."""
    own = tuple(Resource(r.iri, tuple(p for p in r.pairs if p[0] != predicate)) for r in described.own)
    return replace(described, own=own)


@pytest.mark.parametrize("metric", sorted(LOST))
def test_what_a_catalogue_never_says_fails_its_metric(metric: str) -> None:
    given = complete()
    poorer = lacking(describe(*given), LOST[metric][0])
    result = judge(facts_of(poorer, check(SHAPES, poorer.resources), all_answer(given)))
    follows = {
        "access_rights": {"access_rights_known"},
        "licence": {"licence_known"},
        "download_url": {"download_url_ok"},
    }
    assert states(result, "unmet") == {metric} | follows.get(metric, set())
    assert result.points == 405 - sum(METRICS[m].points for m in states(result, "unmet"))


def test_words_of_no_vocabulary_and_closed_formats_fail_theirs() -> None:
    given = complete()
    described = describe(*given)
    eu = "http://publications.europa.eu/resource/authority/"

    def instead(form: Object, rights: str = "urn:our-own") -> MqaResult:
        said = {DCT + "format": form, DCT + "accessRights": rights}
        own = tuple(
            Resource(r.iri, tuple((p, said.get(p, o)) for p, o in r.pairs if p != DCAT + "mediaType"))
            for r in described.own
        )
        return judge(facts_of(replace(described, own=own), (), all_answer(given)))

    assert states(instead(Literal("CSV")), "unmet") == {
        "media_type",
        "vocabulary",
        "open_format",
        "machine_readable",
        "access_rights_known",
    }
    assert states(instead(eu + "file-type/PDF"), "unmet") == {
        "media_type",
        "open_format",
        "machine_readable",
        "access_rights_known",
    }
    assert states(instead(eu + "file-type/XLSX", eu + "access-right/PUBLIC"), "unmet") == {"media_type", "open_format"}


def test_an_address_that_fails_fails_and_one_that_nobody_asked_is_not_measured() -> None:
    given = complete()
    failed = mqa_of(*given, SHAPES, dict.fromkeys(addresses_of(*given), False))
    assert states(failed, "unmet") == {"access_url_ok", "download_url_ok"}
    never = mqa_of(*given, SHAPES, {})
    assert states(never, "unmeasured") == {"access_url_ok", "download_url_ok"}
    assert (failed.points, failed.at_most, failed.rating) == (325, 325, "good")
    assert (never.points, never.at_most, never.rating) == (325, 405, None)
    assert all("never checked" in m.reason.en for m in never.unmeasured)


def test_one_distribution_that_answers_is_enough_and_is_named() -> None:
    given = complete()
    csv = f"{BASE}/api/datasets/AQX_P_488/rows?f=csv"
    links = dict.fromkeys(addresses_of(*given), False) | {csv: True}
    result = mqa_of(*given, SHAPES, links)
    assert result.points == 405
    (found,) = [m for m in result.metrics if m.code == "access_url_ok"]
    assert found.where == f"{BASE}/dataset/detail/AQX_P_488#csv"


def test_the_dimension_counts_one_best_distribution_and_mixes_none() -> None:
    half = {"access_url_ok": Fact(True), "download_url": Fact(False), "download_url_ok": Fact(False)}
    other = {"access_url_ok": Fact(False), "download_url": Fact(True), "download_url_ok": Fact(True)}
    facts = MqaFacts(
        "X", (), tuple(DistributionFacts(n, tuple(f.items())) for n, f in (("urn:a", half), ("urn:b", other)))
    )
    assert sum(m.points for m in judge(facts).metrics if m.dimension == "accessibility") == 50


def test_a_listed_entry_is_never_rated_on_what_its_list_does_not_say() -> None:
    known, served = listed()
    result = judged((known, (), served))
    assert result.rating is None
    assert {"keyword", "spatial", "temporal", "licence", "contact_point", "compliance"} <= states(result, "unmeasured")
    assert {"theme", "publisher", "format", "machine_readable", "access_url_ok"} <= states(result, "met")
    assert states(result, "unmet") == set()


def test_no_listed_entry_of_the_real_catalogue_has_a_rating_that_rests_on_the_unmeasured(real_data: Path) -> None:
    results = []
    for entry in read_listing(real_data / "catalogue" / "moenv_datagovtw_merged.csv"):
        known, served = listed(entry.code, entry.formats)
        served = replace(served, listing=Listing(entry.datagovtw_id, entry.formats, entry.has_api))
        results.append(mqa_of(replace(known, category=entry.category), (), served, SHAPES, {}))
    assert len(results) >= 834
    assert {r.rating for r in results} == {None}
    whole = catalogue_score(map(tally, results))
    assert whole.rating is None
    assert whole.points < whole.at_most <= 405


def test_a_catalogue_counts_every_dataset_and_every_distribution() -> None:
    given = complete()
    held = (record("EMS_P_46"), (), Served(BASE, "table"))
    both = [judged(given), judged(held)]
    result = catalogue_score(map(tally, both))
    assert catalogue_of_notes(json.loads(json.dumps([note(r) for r in both]))) == result
    found = {m.code: m for m in result.metrics}
    assert (found["keyword"].met, found["keyword"].population, found["keyword"].points) == (2, 2, 30)
    assert (found["temporal"].met, found["temporal"].population, found["temporal"].points) == (1, 2, 10)
    assert found["download_url"].population == 8
    assert found["download_url"].points == pytest.approx(20 * 3 / 8)
    assert result.points == pytest.approx(sum(m.points for m in result.metrics))
    assert catalogue_note(result)["max"] == 405


FACT = st.sampled_from([Fact(True), Fact(False), Fact(None, Text("未", "not"))])
OWN = st.fixed_dictionaries({m.code: FACT for m in METRICS.values() if m.level == "dataset"})
THEIRS = st.lists(
    st.fixed_dictionaries({m.code: FACT for m in METRICS.values() if m.level == "distribution"}), max_size=4
)


@given(OWN, THEIRS)
def test_a_rating_never_rests_on_the_unmeasured(own: dict[str, Fact], theirs: list[dict[str, Fact]]) -> None:
    def made(so: bool | None) -> MqaFacts:
        def settle(facts: dict[str, Fact]) -> tuple[tuple[str, Fact], ...]:
            return tuple((k, f if f.so is not None or so is None else Fact(so)) for k, f in facts.items())

        return MqaFacts("X", settle(own), tuple(DistributionFacts(f"urn:{i}", settle(d)) for i, d in enumerate(theirs)))

    result, worst, best = judge(made(None)), judge(made(False)), judge(made(True))
    assert (result.points, result.at_most) == (worst.points, best.points)
    assert result.rating == (worst.rating if worst.rating == best.rating else None)
    assert len(result.metrics) == 23
    assert {m.code: m.max_points for m in result.metrics} == {c: m.points for c, m in METRICS.items()}


def test_measurements_are_told_as_triples_and_the_unmeasured_as_none() -> None:
    given = complete()
    iri, moment = describe(*given).iri, datetime(2026, 11, 23, tzinfo=UTC)
    whole = dqv(judged(given), iri, moment)
    assert len(list(as_rdflib(whole).subjects(None, None))) > 0
    assert any(
        p == (DQV + "value", Literal("405", "", "http://www.w3.org/2001/XMLSchema#integer"))
        for r in whole
        for p in r.pairs
    )
    partly = "".join(write.turtle(dqv(mqa_of(*given, SHAPES, {}), iri, moment)))
    assert "keywordAvailability" in partly
    assert "accessUrlStatusCode" not in partly
    assert "scoring" not in partly


def test_the_note_is_plain_and_says_what_is_a_reconstruction() -> None:
    told = note(mqa_of(*complete(), SHAPES, {}))
    assert (told["points"], told["at_most"], told["max"], told["rating"]) == (325, 405, 405, None)
    assert {m["state"] for m in told["metrics"]} == {"met", "unmeasured"}
    assert told["reconstruction"]["zh"]
    assert [d["max"] for d in told["dimensions"]] == [100, 100, 110, 75, 20]


def test_several_stored_files_still_have_a_size() -> None:
    known, _, served = complete()
    many = version("AQX_P_488", *complete()[1][0].files, *complete()[1][0].files)
    assert "byte_size" in states(judged((known, (many,), served)), "met")
