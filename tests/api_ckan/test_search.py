"""package_search: words, CKAN's habits in fq, facets, sorting and paging, against what the catalogue really holds."""

from __future__ import annotations

from typing import Any

import pytest

from qingliu.api.ckan.errors import QueryError
from qingliu.api.ckan.search import like
from qingliu.api.ckan.solr import EVERYTHING, All, Span, Term, Without, parse
from tests.api_ckan.conftest import Client

ALL = {"air_h", "air_now", "far-1_5", "list_p_02", "months_p_03", "odd_p_01"}


def names(ckan: Client, **params: Any) -> set[str]:
    """The names found, without the second of the two that share one."""
    found = ckan.result("package_search", rows=100, **params)
    assert found["count"] == len(found["results"])
    return {p["name"] for p in found["results"] if not p["name"].startswith("far-1_5-")}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({}, ALL),
        ({"q": ""}, ALL),
        ({"q": "*:*"}, ALL),
        ({"q": "空氣"}, {"air_h", "air_now"}),
        ({"q": "空氣品質 最新"}, {"air_now"}),
        ({"q": "每小時 OR 逐月"}, {"air_h", "air_now", "months_p_03"}),  # "每小時" stands in both descriptions
        ({"q": "空氣 -最新"}, {"air_h"}),
        ({"q": "MONTHS_P_03"}, {"months_p_03"}),
        ({"q": "name:air*"}, {"air_h", "air_now"}),
        ({"q": "title:空氣"}, {"air_h", "air_now"}),
        ({"q": "notes:分月"}, {"months_p_03", "far-1_5"}),
        ({"q": "空氣 (品質"}, {"air_h", "air_now"}),  # typed into a box: brackets are no syntax to people
        ({"q": "沒有這種東西"}, set()),
        ({"fq": "organization:ema"}, {"months_p_03"}),
        ({"fq": 'organization:"moenv"'}, {"air_h", "air_now", "list_p_02", "odd_p_01"}),
        ({"fq": "+organization:moenv +res_format:CSV"}, {"air_h", "air_now", "odd_p_01"}),
        ({"fq": "-organization:moenv"}, {"months_p_03", "far-1_5"}),
        ({"fq": "NOT organization:moenv AND groups:water"}, {"months_p_03", "far-1_5"}),
        ({"fq": "organization:(ema OR moenv)"}, ALL - {"far-1_5"}),
        ({"fq": "organization:ema OR organization:moenv res_format:GeoJSON"}, {"air_h", "air_now"}),
        ({"fq": "tags:水質"}, {"months_p_03"}),
        ({"fq": 'tags:"檢測 結果"'}, {"months_p_03"}),
        ({"fq": "tags:水*"}, {"months_p_03"}),
        ({"fq": "tags:[* TO *]"}, {"months_p_03"}),
        ({"fq": "license_id:CC-BY-4.0"}, {"far-1_5"}),
        ({"fq": "res_format:csv"}, {"air_h", "air_now", "odd_p_01", "months_p_03"}),
        ({"fq": "num_resources:[1 TO *]"}, {"air_h", "air_now", "odd_p_01", "months_p_03"}),
        ({"fq": "extras_kind:view"}, {"air_now"}),
        ({"fq": "extras_code:MONTHS_P_03"}, {"months_p_03"}),
        ({"fq": "quality_mark:gold"}, {"months_p_03"}),
        ({"fq": '+state:active +capacity:public +site_id:"default" dataset_type:dataset'}, ALL),
        ({"fq": "state:draft"}, set()),
        ({"fq": "metadata_modified:[2024-01-01T00:00:00Z TO *]"}, ALL - {"far-1_5"}),
        ({"fq": "metadata_modified:[2025-03-01T01:02:03.004Z TO 2025-03-01T01:02:03.004Z]"}, {"months_p_03"}),
        ({"fq": "metadata_modified:{2025-03-01T01:02:03.004Z TO *]"}, ALL - {"far-1_5", "months_p_03"}),
        ({"fq": "metadata_modified:[* TO NOW-50YEARS]"}, set()),
        ({"fq": "metadata_created:[2020-01-01T00:00:00Z TO 2021-01-01T00:00:00Z]"}, {"months_p_03", "far-1_5"}),
        ({"fq_list": ["organization:moenv", "res_format:CSV"]}, {"air_h", "air_now", "odd_p_01"}),
        ({"fq": "name:(air_h OR months_p_03)"}, {"air_h", "months_p_03"}),
        ({"q": "空氣", "fq": "res_format:CSV", "include_private": True}, {"air_h", "air_now"}),
    ],
    ids=lambda v: str(sorted(v) if isinstance(v, set) else v)[:60],
)
def test_what_is_asked_is_what_is_found(ckan: Client, params: dict[str, Any], wanted: set[str]) -> None:
    assert names(ckan, **params) == wanted


@pytest.mark.parametrize(
    "params",
    [
        {"fq": "nofield:x"},
        {"fq": "organization:("},
        {"fq": 'tags:"'},
        {"fq": "metadata_modified:[yesterday TO *]"},
        {"fq": "metadata_modified:[2024-13-01T00:00:00Z TO *]"},
        {"fq": "(" * 300 + "a" + ")" * 300},
        {"fq": "a " * 4000},
        {"fq": "x" * 20_000},
        {"sort": "id;drop table entry"},
        {"sort": "name sideways"},
        {"facet.field": ["password"]},
        {"fq": "num_resources:[x TO *]"},
    ],
    ids=lambda v: str(v)[:40],
)
def test_what_cannot_be_read_is_a_search_query_error_or_names_its_parameter(
    ckan: Client, params: dict[str, Any]
) -> None:
    answer = ckan.get("package_search", **params)
    assert answer.status_code in {400, 409}
    assert answer.json["error"]["__type"] in {"Search Query Error", "Validation Error"}


def test_facets_count_the_whole_answer(ckan: Client) -> None:
    found = ckan.result(
        "package_search", rows=0, facet__field=["organization", "groups", "tags", "res_format", "license_id"]
    )
    assert found["results"] == []
    assert found["count"] == 7
    assert found["facets"]["organization"] == {"moenv": 4, "other_agency": 2, "ema": 1}
    assert found["facets"]["groups"] == {"water": 3, "air": 2, "other": 2}
    assert found["facets"]["res_format"]["CSV"] == 4
    items = found["search_facets"]["organization"]["items"]
    assert items[0] == {"name": "moenv", "display_name": "環境部", "count": 4}


def test_facets_follow_the_question_their_limit_and_their_least_count(ckan: Client) -> None:
    assert ckan.result("package_search", q="空氣", facet__field=["organization"])["facets"] == {
        "organization": {"moenv": 2}
    }
    few = ckan.result("package_search", facet__field=["organization"], facet__limit=1)
    assert few["facets"]["organization"] == {"moenv": 4}
    every = ckan.result("package_search", q="空氣", facet__field=["organization"], facet__mincount=0, facet__limit=-1)
    assert every["facets"]["organization"] == {"moenv": 2, "ema": 0, "other_agency": 0}
    assert ckan.result("package_search", facet__field=["organization"], facet="false")["facets"] == {}


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("metadata_modified desc", "metadata_modified"),
        ("name asc", "name"),
        ("id asc", "id"),
        ("title_string desc", "title"),
    ],
)
def test_results_are_sorted_as_asked(ckan: Client, sort: str, key: str) -> None:
    found = ckan.result("package_search", sort=sort)
    values = [p[key] for p in found["results"]]
    assert values == sorted(values, reverse=sort.endswith("desc"))
    assert found["sort"] == sort


def test_pages_together_hold_every_package_once(ckan: Client) -> None:
    whole = [p["id"] for p in ckan.result("package_search", rows=100, sort="id asc")["results"]]
    paged = [
        p["id"]
        for i in range(0, 9, 2)
        for p in ckan.result("package_search", rows=2, start=i, sort="id asc")["results"]
    ]
    assert paged == whole
    assert len(set(whole)) == 7


def test_best_match_stands_first(ckan: Client) -> None:
    assert ckan.result("package_search", q="AIR_NOW")["results"][0]["name"] == "air_now"
    assert ckan.result("package_search", q="最新空氣品質")["results"][0]["name"] == "air_now"


def test_rows_are_lowered_to_a_thousand_and_fl_chooses_keys(ckan: Client) -> None:
    assert len(ckan.result("package_search", rows=5000)["results"]) == 7
    assert ckan.result("package_search", fl="name,id", rows=1)["results"][0].keys() == {"name", "id"}


def test_the_same_question_by_post_has_the_same_answer(ckan: Client) -> None:
    asked = {"q": "空氣", "fq": "res_format:CSV", "facet.field": ["organization"], "rows": 5, "facet.limit": -1}
    by_post = ckan.post("package_search", asked)
    by_get = ckan.get("package_search", **{k.replace(".", "__"): v for k, v in asked.items()})
    assert by_post.json == by_get.json


def test_a_question_about_now_is_not_remembered(ckan: Client) -> None:
    answer = ckan.get("package_search", fq="metadata_modified:[NOW-1DAY TO NOW]")
    assert answer.headers["qingliu-asked-at"]
    assert "qingliu-asked-at" not in ckan.get("package_search", fq="state:active").headers


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("*:*", EVERYTHING),
        ("a b", All((Term("", "a"), Term("", "b")))),
        ("f:a OR f:b c", All((All((Term("f", "a"), Term("f", "b")), either=True), Term("", "c")))),
        ("a AND b OR c", All((All((Term("", "a"), Term("", "b"))), Term("", "c")), either=True)),
        ("-f:a", Without(Term("f", "a"))),
        ("+f:a", Term("f", "a")),
        ('f:"a b"', Term("f", "a b", phrase=True)),
        ("f:{1 TO 5]", Span("f", "1", "5", low_in=False)),
        ("f:*", Span("f", "*", "*")),
        (r"a\:b", Term("", "a:b")),
        ("word^2 near~3", All((Term("", "word"), Term("", "near")))),
    ],
)
def test_the_tree_of_a_query(text: str, tree: Any) -> None:
    assert parse(text, "q") == tree


@pytest.mark.parametrize("text", ["(", ")", "a)", "f:", "f:g:h", "f:(g:h)", "AND", '"', "[1 TO 2]", "{}"])
def test_broken_queries_are_told(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text, "fq")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("a*", "ABC", True), ("*c", "abc", True), ("a*c", "abc", True), ("a*b*c", "axbyc", True), ("ab*bc", "abc", False),
     ("*", "", True), ("a*b*c", "acb", False)],
)  # fmt: skip
def test_wildcards(pattern: str, text: str, fits: bool) -> None:
    assert like(pattern)(text) is fits
