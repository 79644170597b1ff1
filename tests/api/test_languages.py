"""Answers in English: cells by the published table of words in every format, titles only where they are asked for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from falcon.testing import Result

from qingliu.api.languages import columns, titles, words_of
from qingliu.lake.published import Entry, PublishedWriter
from tests.api.portal import HOURLY, ODD, Portal, build, field

ROWS = "/api/datasets/AIR_H/rows"
COUNTIES = {"臺北市": "Taipei City", "新北市": "New Taipei City", "高雄市": "Kaohsiung City"}
NOTE = {"level": 3, "contents": {"county": COUNTIES, "sitename": {"測站1": 'Site "One", <1>'}, "aqi": {"1": "one"}}}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with a table of words for AIR_H."""
    portal = build(tmp_path_factory.mktemp("lang") / "home")
    tell(portal, NOTE)
    yield portal
    portal.engine.close()


def tell(portal: Portal, note: dict[str, Any] | None) -> None:
    with PublishedWriter(portal.engine.paths.published_db).transaction() as t:
        t.put_note("AIR_H", "bilingual", note)


def ask(portal: Portal, query: str, path: str = ROWS, **headers: str) -> Result:
    answer = portal.get(path, query, **headers)
    assert answer.status_code == 200, answer.text
    return answer


def read(answer: Result, form: str) -> list[dict[str, Any]]:
    """The rows of an answer in any format."""
    match form:
        case "json":
            return list(json.loads(answer.content)["rows"])
        case "geojson":
            return [f["properties"] for f in json.loads(answer.content)["features"]]
        case "ndjson":
            return [json.loads(line) for line in answer.text.splitlines()]
        case "csv":
            return list(csv.DictReader(io.StringIO(answer.text)))
        case _:
            return list(pq.read_table(io.BytesIO(answer.content)).to_pylist())


FORMATS = ("json", "geojson", "ndjson", "csv", "parquet")


@pytest.mark.parametrize("form", FORMATS)
def test_cells_are_in_english_where_there_is_a_word_in_every_format(spoken: Portal, form: str) -> None:
    query = f"properties=siteid,sitename,county,aqi&sortby=siteid&limit=90&f={form}"
    zh = read(ask(spoken, query), form)
    en = read(ask(spoken, query + "&lang=en"), form)
    assert [list(r) for r in en] == [list(r) for r in zh]
    for before, after in zip(zh, en, strict=True):
        assert after["county"] == COUNTIES[before["county"]]
        assert after["sitename"] == ('Site "One", <1>' if before["sitename"] == "測站1" else before["sitename"])
        assert after["aqi"] == before["aqi"]  # a number is no text
    assert read(ask(spoken, query + "&lang=zh-Hant"), form) == zh


@pytest.mark.parametrize("form", FORMATS)
def test_titles_replace_names_only_where_they_are_asked_for(spoken: Portal, form: str) -> None:
    query = f"properties=county,pm2.5&limit=1&f={form}"
    for lang, wanted in (("zh", ["縣市", "細懸浮微粒 (μg/m3)"]), ("en", ["County", "PM2.5 (μg/m3)"])):
        assert list(read(ask(spoken, f"{query}&lang={lang}&header=title"), form)[0]) == wanted
        assert list(read(ask(spoken, f"{query}&lang={lang}"), form)[0]) == ["county", "pm2.5"]


def test_no_header_of_a_request_changes_a_cell(spoken: Portal) -> None:
    plain, wished = ask(spoken, "limit=5"), ask(spoken, "limit=5", Accept_Language="en")
    assert plain.content == wished.content
    titled = ask(spoken, "limit=5&header=title", Accept_Language="en")
    assert "County" in json.loads(titled.content)["rows"][0]
    assert json.loads(titled.content)["rows"][0]["County"] == "臺北市"


def test_an_etag_differs_by_language_and_by_the_table_of_words(spoken: Portal) -> None:
    tags = [ask(spoken, q).headers["etag"] for q in ("limit=5", "limit=5&lang=en", "limit=5&lang=zh")]
    tags += [ask(spoken, "limit=5&header=title", Accept_Language=a).headers["etag"] for a in ("zh", "en")]
    assert len(set(tags)) == 5
    assert spoken.get(ROWS, "limit=5&lang=en", If_None_Match=tags[1]).status_code == 304
    try:
        tell(spoken, {"contents": {"county": {"臺北市": "Taipei"}}})
        fresh = spoken.get(ROWS, "limit=5&lang=en", If_None_Match=tags[1])
        assert fresh.status_code == 200
        assert json.loads(fresh.content)["rows"][0]["county"] == "Taipei"
        assert ask(spoken, "limit=5").headers["etag"] == tags[0]
    finally:
        tell(spoken, NOTE)


def test_pages_keep_the_language_and_the_order(spoken: Portal) -> None:
    found, query = [], "sortby=-datacreationdate&limit=500&lang=en&properties=siteid,county,datacreationdate"
    while query:
        page = json.loads(ask(spoken, query).content)
        found += page["rows"]
        query = next((x["href"].partition("?")[2] for x in page["links"] if x["rel"] == "next"), "")
    plain = read(ask(spoken, "sortby=-datacreationdate&properties=siteid,county,datacreationdate&f=ndjson"), "ndjson")
    assert [(r["siteid"], r["datacreationdate"]) for r in found] == [
        (r["siteid"], r["datacreationdate"]) for r in plain
    ]
    assert {r["county"] for r in found} == set(COUNTIES.values())


def test_groups_views_latest_and_changes_speak_the_language_too(spoken: Portal) -> None:
    series = ask(spoken, "aggregate=count(*)&groupby=county&lang=en", "/api/datasets/AIR_H/series")
    assert {r["county"] for r in read(series, "json")} == set(COUNTIES.values())
    for path in ("/api/datasets/AIR_NOW/rows", "/api/datasets/AIR_H/latest"):
        assert {r["county"] for r in read(ask(spoken, "lang=en", path), "json")} == set(COUNTIES.values())
    changed = read(ask(spoken, "since=1&lang=en&limit=3", "/api/datasets/AIR_H/changes"), "json")
    assert {r["county"] for r in changed} <= set(COUNTIES.values())


def test_filters_compare_the_original_cells(spoken: Portal) -> None:
    answer = ask(spoken, "county=臺北市&lang=en&limit=1")
    assert read(answer, "json")[0]["county"] == "Taipei City"
    assert read(ask(spoken, "county=Taipei City&lang=en&limit=1"), "json") == []


def test_the_dataset_tells_its_codes_in_both_languages(spoken: Portal) -> None:
    fields = {f["name"]: f for f in json.loads(ask(spoken, "lang=en", "/api/datasets/AIR_H").content)["fields"]}
    assert fields["county"]["codes"][0] == {
        "value": "臺北市", "label": "Taipei City", "label_zh": "臺北市", "label_en": "Taipei City",
    }  # fmt: skip
    assert "codes" not in fields["aqi"]
    assert "codes" not in fields["note"]


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_the_ministrys_dialect_translates_cells_and_keeps_its_columns(spoken: Portal, form: str) -> None:
    zh = ask(spoken, f"format={form}&limit=50", "/api/v2/air_h").text
    en = ask(spoken, f"format={form}&limit=50&language=en", "/api/v2/air_h").text
    assert "Taipei City" in en
    assert "臺北市" not in en
    assert "Taipei City" not in zh
    assert "Site &quot;One" not in en
    if form == "csv":
        assert en.splitlines()[0] == zh.splitlines()[0]
    if form == "json":
        assert [list(r) for r in json.loads(en)] == [list(r) for r in json.loads(zh)]
    assert ask(spoken, f"format={form}&limit=50", "/api/v2/air_h", Accept_Language="en").text == zh


def test_a_note_that_is_no_table_translates_nothing() -> None:
    entry = Entry("AIR_H", "table", "published", HOURLY, None, "", notes={})
    wrong: list[Any] = [
        {},
        {"contents": []},
        {"contents": {"county": ["臺北市"]}},
        {"contents": {"county": {"臺北市": 7}}},
    ]
    for note in [
        *wrong,
        {"contents": {"county": {str(n): "x" for n in range(2000)}}},
        {"contents": {"gone": {"a": "b"}}},
    ]:
        assert words_of(replace(entry, notes={"bilingual": note}), lambda code: entry) == {}


def test_titles_that_two_columns_share_are_told_apart() -> None:
    fields = (field("a", "string", "名稱"), field("b", "string", "名稱"), field("c", "number", "值", unit="m"))
    assert titles(fields, "zh") == ("名稱 [a]", "名稱 [b]", "值 (m)")
    assert [c.name for c in columns(fields, {}, names=titles(fields, "zh"))] == ["名稱 [a]", "名稱 [b]", "值 (m)"]
    assert ODD.fields[0].name == columns(ODD.fields, {})[0].name
