"""Threats 21 and 22: patterns that explode in other engines, and questions that would take all day."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace

import pytest
from django.conf import settings
from falcon.testing import simulate_request

from qingliu.catalog.models import Dataset
from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.dataset import ReadSpec, Unpivot
from qingliu.core.errors import BadDefinition, BadSource, TooDear
from qingliu.lake.engine import Engine
from qingliu.lake.headers import hour_columns
from qingliu.lake.query import Query
from qingliu.pipeline.readers.told import error_page, is_html
from qingliu.pipeline.rules import canonical
from qingliu.standards import definition as standard
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

EXPLODES = "(a+)+(b|c|d)"
A_S = "a" * 40 + "!"


def test_a_definitions_pattern_is_linear_in_the_cells_it_judges(empty_scene: Scene) -> None:
    limits = f', constraints: {{pattern: "{EXPLODES}"}}'
    empty_scene.define(town.definition(mode="snapshot", county=limits))
    fits = ["a" * 1000 + "b"]
    lines = [[s, t, fits[0] if n else A_S * 50, v] for n, (s, t, _, v) in enumerate(town.rows(30))]
    begun = time.monotonic()
    run = empty_scene.good(lines)
    assert time.monotonic() - begun < 5
    assert run.quarantined_cells == 1
    assert [row["county"] for row in empty_scene.rows()].count(None) == 1


@pytest.mark.parametrize("pattern", [r"(a)\\1", "(?=a)b", "(?<=a)b", "(a", "(?P<x>a)(?P=x)", "a{2000}"])
def test_a_pattern_that_is_not_linear_is_no_definition(empty_scene: Scene, pattern: str) -> None:
    with pytest.raises(BadDefinition, match="RE2") as told:
        empty_scene.define(town.definition(county=f', constraints: {{pattern: "{pattern}"}}'))
    assert "RE2" in told.value.reason.zh
    assert not Dataset.objects.exists()


def test_a_definitions_pattern_is_linear_in_the_headers_of_a_wide_table() -> None:
    wide = Unpivot(r"(a+)+([0-9]{1,2})", "日期", ("%Y/%m/%d",), "time", "value")
    begun = time.monotonic()
    with pytest.raises(BadSource, match="hour columns cannot be told"):
        hour_columns(wide, ["日期", A_S * 100], "wide.csv")
    assert time.monotonic() - begun < 1


def test_a_definitions_pattern_is_linear_where_headers_are_compared_with_those_before() -> None:
    wide = replace(
        standard.loads(town.definition()),
        read=ReadSpec(unpivot=Unpivot(r"(a+)+([0-9]{1,2})", "日期", ("%Y/%m/%d",), "time", "value")),
    )
    begun = time.monotonic()
    assert canonical(["日期", A_S * 100], wide) == ["日期", A_S * 100]
    assert time.monotonic() - begun < 1


def test_a_row_of_comments_does_not_stop_the_reader(scene: Scene) -> None:
    """300 bytes of ``<!---->`` kept the check for web pages busy for hours before it was made atomic."""
    begun = time.monotonic()
    assert not is_html("<!---->" * 9000 + "x")
    assert is_html("<!---->\n" * 9000 + "<html>")
    assert error_page("<html>" + "<title<title>" * 5000, "x").reason.zh
    scene.refuses(scene.file("comments.csv", b"<!---->" * 5000 + b"x"), says="no whole XML")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "words",
    [A_S * 100, '"' * 4000, "* NEAR(" * 500, "a OR " * 800, "臺" * 3000, "((((" * 1000, "-a" * 2000, "\u0301" * 4000],
)
def test_title_search_is_linear_in_its_words(scene: Scene, words: str) -> None:
    begun = time.monotonic()
    answer = simulate_request(scene.app, path="/api/datasets", params={"q": words})
    assert answer.status_code == 200
    assert time.monotonic() - begun < 1


def test_titles_that_look_like_patterns_are_found_as_words(scene: Scene) -> None:
    scene.define(town.definition(mode="snapshot", title='"(a+)+$ 河川* OR 水質"'))
    for words in ("河川", "水質", "(a+)+$"):
        found = simulate_request(scene.app, path="/api/datasets", params={"q": words})
        assert [d["code"] for d in found.json["datasets"]] == [CODE], words


def test_a_slow_question_is_really_cancelled_at_its_deadline_and_the_engine_goes_on(scene: Scene) -> None:
    """A real scan under a real deadline, not a stand-in: the watchdog interrupts the engine."""
    engine = Engine(scene.home, threads=1, deadline_s=0.3)
    cursor = engine._session.cursor()
    begun = time.monotonic()
    with pytest.raises(TooDear, match="took more than"), engine._session.running(cursor, engine.deadline_s):
        cursor.execute(
            "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
        ).fetchall()
    assert time.monotonic() - begun < 5
    cursor.close()
    assert len(engine.rows(engine.open(Query(CODE)))) == 30
    engine.close()


def test_a_question_over_its_deadline_is_422_and_its_place_comes_free(scene: Scene) -> None:
    mine = replace(settings.QINGLIU, deadline_s=0.001, web_threads=1, engine_threads=1)  # one heavy answer at a time
    engine = make_engine(mine)
    app = make_data_api(mine, engine)
    scene.define(town.definition("TEST_W", mode="snapshot"))
    scene.good([(s, t, f"北{s}市{n * 7919}", v) for n, (s, t, _, v) in enumerate(town.rows(200_000))], code="TEST_W")
    dear = " OR ".join(f"county LIKE '%{n}%北%市{n}%'" for n in range(60))
    path = "/api/datasets/TEST_W/rows"
    for _ in range(3):
        answer = simulate_request(app, path=path, params={"filter": dear, "sortby": "-county,-pm25", "f": "csv"})
        assert (answer.status_code, answer.json["code"], answer.json["parameter"]) == (422, "too-dear", "filter")
        assert answer.json["remedy"]
    assert simulate_request(app, path="/api/datasets").status_code == 200
    engine.deadline_s = 20.0
    assert simulate_request(app, path=path, params={"f": "csv", "limit": "5"}).status_code == 200
    engine.close()


def test_the_search_index_is_never_asked_in_its_own_language(scene: Scene) -> None:
    """What a reader types is words; an operator of the index's language would raise or match everything."""
    for words in ("title:測試", "測試 NOT 測試", "^測試", "測試^2", "{title} : x", "NEAR(測 試)"):
        try:
            answer = simulate_request(scene.app, path="/api/datasets", params={"q": words})
        except sqlite3.Error as error:  # pragma: no cover
            raise AssertionError(words) from error
        assert answer.status_code == 200, words
