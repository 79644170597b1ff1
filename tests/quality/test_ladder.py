"""Marks nest, a resource that fails fails its dataset, and no mark rests on what was not measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.quality.rules import editions, indicators, marks
from qingliu.quality.rules.marks import GRAVITY, Reading, ResourceReadings
from tests.quality.cast import EDITION, seen, subject

WHY = Text("因為", "because")
ORDER = ("none", "bronze", "silver", "gold", "platinum")
states = st.sampled_from(GRAVITY)
readings = st.fixed_dictionaries(dict.fromkeys(editions.INDICATORS, states))


def marked(by: dict[str, str], edition: editions.Edition = EDITION) -> marks.Marked:
    return marks.mark([Reading(i, s, WHY) for i, s in by.items()], edition)  # type: ignore[arg-type]


def all_pass(**said: str) -> dict[str, str]:
    return dict.fromkeys(editions.INDICATORS, "pass") | said


@pytest.mark.parametrize(
    ("said", "mark", "held_by", "held_state"),
    [
        ({}, "platinum", (), ""),
        ({"timeliness": "unknown"}, "platinum", (), ""),  # 不定期 by rule does not count against
        ({"feedback": "not_measured"}, "gold", ("feedback",), "not_measured"),
        ({"feedback": "not_measured", "timeliness": "fail"}, "gold", ("timeliness",), "failed"),
        ({"encoding": "fail"}, "silver", ("encoding",), "failed"),
        ({"fields": "not_applicable"}, "platinum", (), ""),
        ({"fields": "not_measured"}, "silver", ("fields",), "not_measured"),
        ({"structure": "fail"}, "bronze", ("structure",), "failed"),
        ({"download": "fail"}, "none", ("download",), "failed"),
        ({"link": "not_measured"}, "not_measured", ("link",), "not_measured"),
        ({"link": "not_measured", "structure": "fail"}, "not_measured", ("link",), "not_measured"),
        ({"link": "white_listed"}, "platinum", (), ""),
    ],
)
def test_each_level_takes_the_levels_below(said: dict[str, str], mark: str, held_by: tuple, held_state: str) -> None:
    found = marked(all_pass(**said))
    assert found.mark == mark
    held = found.next
    assert ((held.by, held.state) if held else ((), "")) == (held_by, held_state)


@given(readings)
def test_a_mark_rests_only_on_what_was_measured_and_holds(by: dict[str, str]) -> None:
    found = marked(by)
    if found.mark not in ORDER:
        assert found.mark == "not_measured"
        return
    needs = [n for m in EDITION.marks[: ORDER.index(found.mark)] for n in m.needs]
    assert all(by[n] not in {"fail", "not_measured"} for n in needs)


@given(
    st.lists(readings, max_size=40),
    st.permutations(editions.INDICATORS),
    st.lists(st.integers(1, 6), min_size=3, max_size=3),
)
def test_platinum_is_inside_gold_in_every_figure_under_any_edition(
    datasets: list[dict[str, str]], order: list[str], cuts: list[int]
) -> None:
    at = sorted({0, *cuts, 7})
    parts = [tuple(order[a:b]) for a, b in pairwise(at)]
    ladder = tuple(replace(m, needs=p) for m, p in zip(EDITION.marks, parts, strict=False))
    edition = replace(EDITION, marks=ladder)
    numbers = marks.counted([marked(by, edition).mark for by in datasets], edition)
    counts = [numbers[m.id] for m in ladder]
    assert counts == sorted(counts, reverse=True)
    assert (
        counts[0] + numbers["none"] + numbers["not_measured"] + numbers["white_listed"]
        == numbers["total"]
        == len(datasets)
    )


@given(st.lists(states, min_size=1, max_size=7))
def test_one_resource_that_fails_fails_the_dataset_and_one_unmeasured_keeps_it_from_passing(found: list[str]) -> None:
    resources = [ResourceReadings(f"r{i}", "/", "CSV", (Reading("link", s, WHY),)) for i, s in enumerate(found)]  # type: ignore[arg-type]
    state = marks.intersect("link", resources).state
    assert (state == "fail") == ("fail" in found)
    assert (state == "pass") == ("pass" in found and not {"fail", "not_measured", "white_listed"} & set(found))


def test_a_dataset_without_any_resource_has_no_mark() -> None:
    judged, resources = indicators.judge(subject(), (), EDITION, datetime.now(UTC))
    assert (judged.mark, resources) == ("not_measured", ())


def test_excuses_turn_a_failing_into_white_listed_but_never_what_was_not_measured() -> None:
    failing = seen(encoding="BIG5")
    excused = subject(excused=(("encoding", Text("舊制", "old rules")), ("feedback", Text("無", "none"))))
    now = datetime.now(UTC)
    judged, _ = indicators.judge(excused, (failing,), EDITION, now)
    by = {r.indicator: r for r in judged.indicators}
    assert by["encoding"].state == "white_listed"
    assert all(w in by["encoding"].reason.zh for w in ("舊制", "BIG5"))
    assert by["feedback"].state == "not_measured"
    assert judged.mark == "gold"
    plain, _ = indicators.judge(subject(), (failing,), EDITION, now)
    assert plain.mark == "silver"


def test_a_white_listed_dataset_has_no_mark_but_keeps_its_readings() -> None:
    judged, _ = indicators.judge(
        subject(white_listed=Text("停測", "not checked")), (seen(),), EDITION, datetime.now(UTC)
    )
    assert (judged.mark, judged.next) == ("white_listed", None)
    assert {r.indicator for r in judged.indicators} == set(editions.INDICATORS)


def test_the_edition_says_that_it_is_a_reconstruction_and_where_from() -> None:
    assert EDITION.reconstruction
    assert all((EDITION.source.zh, EDITION.source.en, EDITION.note.zh, EDITION.note.en))
    assert [m.weight for m in EDITION.marks[:3]] == [0.3, 0.6, 1.0]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("needs: [structure]", "needs: [structures]", "marks.needs"),
        ("needs: [structure]", "needs: []", "marks.needs"),
        ("id: silver", "id: none", "marks.id"),
        ("id: silver", "id: bronze", "marks.id"),
        ("feedback_days: 14", "feedback_days: soon", "feedback_days"),
        ("update_grace: 1.5", "update_grace: 0.1", "update_grace"),
        ("date: 2023-01-01", "date: someday", "date"),
        ("  - id: feedback", "  - id: feedbacks", "indicators"),
        ("name: 112-R1", "name: ''", "name"),
    ],
)
def test_an_edition_with_a_mistake_is_refused_at_its_place(old: str, new: str, place: str) -> None:
    text = editions._DEFAULT.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(BadRequest) as told:
        editions.read_text(text.replace(old, new))
    assert told.value.parameter == place
