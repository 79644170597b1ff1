"""Why can't I? Each missing preview, download, API or map has its reason and its place, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from qingliu.core.dataset import Text
from qingliu.core.errors import TooDear
from qingliu.lake.engine import Engine
from qingliu.web.absences import Absence, absences


def told(found: tuple[Absence, ...]) -> dict[str, Absence]:
    for a in found:
        assert all(
            (a.what.zh, a.what.en, a.reason.zh, a.reason.en, a.place.zh, a.place.en, a.remedy.zh, a.remedy.en)
        ), a
    return {a.what.en: a for a in found}


def test_a_table_with_places_lacks_only_the_map_that_nobody_draws(engine: Engine) -> None:
    found = told(absences(engine.published.get("AQX_P_488")))
    assert set(found) == {"Map"}
    assert "GeoJSON" in found["Map"].remedy.en


def test_without_coordinates_the_definition_is_named_as_the_place(engine: Engine) -> None:
    assert told(absences(engine.published.get("EVIL_P_01")))["Map"].place.en == "The definition's place"


def test_a_view_has_no_versions_of_its_own(engine: Engine) -> None:
    assert "Versions" in told(absences(engine.published.get("AQX_P_432")))


def test_held_for_privacy_names_the_gate_and_not_the_inner_reason(engine: Engine) -> None:
    found = told(absences(engine.published.get("EMS_P_46")))
    assert set(found) == {"Preview", "Downloads", "API", "Map"}
    assert all(a.place.en == "The privacy gate" for a in found.values())
    assert "內部理由" not in str(found)


def test_a_listed_line_says_that_its_rows_are_elsewhere(engine: Engine) -> None:
    assert set(told(absences(engine.published.get("WQX_P_01")))) == {"Preview", "Downloads", "API", "Map"}


def test_a_question_that_fails_and_a_table_without_versions_say_so(engine: Engine) -> None:
    entry = engine.published.get("AQX_P_488")
    dear = TooDear(Text("太久。", "Too long."), Text("縮小範圍。", "Ask for less."))
    assert told(absences(entry, dear))["Preview"].reason.en == "Too long."
    empty = told(absences(replace(entry, current=None)))
    assert {"Preview", "Downloads", "API"} <= set(empty)


@pytest.mark.parametrize(
    ("path", "said"), [("/dataset/detail/", "為什麼沒有？"), ("/en/dataset/detail/", "Why can't I?")]
)
def test_every_dataset_page_has_the_panel(reader: Client, path: str, said: str) -> None:
    for code in ("AQX_P_488", "AQX_P_432", "EMS_P_46", "WQX_P_01"):
        page = reader.get(path + code).content.decode()
        assert said.replace("'", "&#x27;") in page or said in page, code
