"""Hostile calls through CKAN's addresses: told as errors, quickly, with nothing hidden shown and nothing ignored."""

from __future__ import annotations

import gzip
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qingliu.api.ckan import filters, params
from qingliu.api.ckan.args import Args
from qingliu.core.errors import BadRequest
from tests.api_ckan.conftest import MONTHS, Client

HIDDEN = ("_flags", "_status", "_since", "_row", "_fi", "_rn", "_lon")


def refused(ckan: Client, **asked: Any) -> dict[str, Any]:
    return ckan.error("datastore_search", 409, "Validation Error", resource_id="AIR_H", **asked)


@pytest.mark.parametrize(
    "sort",
    [
        "aqi;drop table entry", "(select 1)", "aqi, (select 1)", '"aqi" desc; --', "’aqi’", "“aqi” desc", "aqi desc desc",
        "AQI", "aqi\u3000desc", "1", "aqi nulls first", "rank desc", ",", "aqi,,", '"', "x" * 5000,
    ],
)  # fmt: skip
def test_case_1_a_sort_that_names_no_column_is_refused(ckan: Client, sort: str) -> None:
    assert "sort" in refused(ckan, sort=sort)


def nested(depth: int) -> str:
    return '{"$or":[' * depth + '{"aqi":1}' + "]}" * depth


@pytest.mark.parametrize(
    "filters",
    [
        nested(11),
        nested(1000),
        "[" * 9_000,
        '{"aqi":' * 1000 + "1" + "}" * 1000,
        json.dumps({"$or": [{"aqi": i} for i in range(200)]}),
        json.dumps({"aqi": [{"gt": i} for i in range(200)]}),
        json.dumps({"aqi": list(range(5_001))}),
    ],
    ids=["11 deep", "1,000 deep", "9,000 brackets", "1,000 objects", "200 members", "200 ranges", "5,001 values"],
)
def test_case_2_deep_or_large_filters_are_refused_at_once(ckan: Client, filters: str) -> None:
    body = '{"resource_id":"AIR_H","filters":' + filters + "}"
    begun = time.perf_counter()
    answer = ckan.post("datastore_search", body)
    assert time.perf_counter() - begun < 0.5  # 0.05 s on a quiet machine
    assert answer.status_code in {400, 409}
    assert answer.json["success"] is False


def test_filters_within_the_bounds_are_answered(ckan: Client) -> None:
    assert ckan.search("AIR_H", filters=nested(4), limit=1)["total"] > 0


@pytest.mark.parametrize("fields", ["*", *HIDDEN, "AQI", "aqi,aqi", "aqi,_flags", '["aqi", "_since"]', "aqi as note"])
def test_case_3_no_field_but_public_ones_by_their_exact_name(ckan: Client, fields: str) -> None:
    assert "fields" in refused(ckan, fields=fields)


@pytest.mark.parametrize("name", HIDDEN)
def test_case_3_hidden_columns_can_neither_be_filtered_nor_sorted_nor_searched(ckan: Client, name: str) -> None:
    refused(ckan, filters={name: 1})
    refused(ckan, filters={f"$${name}": 1})
    refused(ckan, sort=name)
    refused(ckan, q={name: "1"})
    assert ckan.portal.get("/datastore/dump/AIR_H", f"fields={name}").status_code == 409


def test_case_3_no_answer_holds_a_hidden_column(ckan: Client) -> None:
    for text in (
        ckan.get("datastore_search", resource_id="AIR_H", limit=5).text,
        ckan.get("datastore_info", id="AIR_H").text,
        ckan.get("package_show", id="AIR_H").text,
        ckan.portal.get("/datastore/dump/AIR_H", "limit=5").text,
    ):
        words = set(re.findall(r"\b_\w+", text))
        assert words & set(HIDDEN) == set()


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("value", ["-1", "1e9", "NaN", "1 ", "１", "0x10", str(2**63), "1.5", "", "null", "true"])
def test_case_4_numbers_are_plain_digits(ckan: Client, name: str, value: str) -> None:
    if value == "":
        assert ckan.search("AIR_H", **{name: value})["total"] == 1380  # an empty field of a form: the default
        return
    assert name in refused(ckan, **{name: value})
    assert ckan.portal.get("/datastore/dump/AIR_H", f"{name}={value}".replace(" ", "%20")).status_code == 409


@pytest.mark.parametrize("value", [-1, 1.5, True, [1], {"a": 1}, 2**63, 1e300])
def test_case_4_numbers_in_json_too(ckan: Client, value: Any) -> None:
    answer = ckan.post("datastore_search", {"resource_id": "AIR_H", "limit": value})
    assert (answer.status_code, answer.json["error"]["__type"]) == (409, "Validation Error")


def test_case_4_a_far_offset_answers_nothing_and_the_true_total(ckan: Client) -> None:
    found = ckan.search("AIR_H", offset=2**63 - 1 - 40_000)
    assert (found["records"], found["total"]) == ([], 1380)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[1]", b'"x"', b"{'a':1}", b'{"resource_id":"AIR_H","limit":NaN}', b'{"resource_id":"AIR_H","limit":Infinity}',
        b'{"resource_id":"A\xff"}', b'{"resource_id":"AIR_H","q":"\\ud800"}', b'{"resource_id":"AIR_H","q":"\\u0000"}',
        b'{"resource_id":"AIR_H","filters":{"\\u0000":1}}', b'{"resource_id":"AIR_H","filters":{"aqi":1e999}}',
        b'{"resource_id":"AIR_H","filters":{"aqi":' + b"9" * 5000 + b"}}", b"\xff\xfe", b"{" + b" " * 200_000 + b"}",
        b'{"a":' * 50_00 + b"1" + b"}" * 5_000,
    ],
    ids=lambda b: repr(b[:30]),
)  # fmt: skip
def test_a_body_that_is_no_set_of_parameters_is_a_bad_request(ckan: Client, body: bytes) -> None:
    answer = ckan.post("datastore_search", body)
    assert answer.status_code == 400
    assert answer.json["error"]["__type"] == "Bad Request"


def test_compressed_bodies_and_files_are_refused_unread(ckan: Client) -> None:
    bomb = gzip.compress(b'{"resource_id":"' + b"A" * 5_000_000 + b'"}')
    assert ckan.post("datastore_search", bomb, Content_Encoding="gzip").status_code == 400
    assert ckan.post("datastore_search", b"--x--", "multipart/form-data; boundary=x").status_code == 400


def test_forms_and_json_under_any_name_are_read(ckan: Client) -> None:
    asked = {"resource_id": "AIR_H", "limit": 2}
    wanted = ckan.search("AIR_H", limit=2)["records"]
    for media in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        assert ckan.post("datastore_search", asked, media).json["result"]["records"] == wanted
    form = ckan.post("datastore_search", "resource_id=AIR_H&limit=2", "application/x-www-form-urlencoded")
    assert form.json["result"]["records"] == wanted
    assert ckan.post("site_read", b"").json["result"] is True


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"filters": "x"}, "filters"), ({"filters": '{"aqi":'}, "filters"), ({"filters": {"aqi": {"like": 1}}}, "filters"),
        ({"filters": {"aqi": {}}}, "filters"), ({"filters": {"aqi": {"gt": [1]}}}, "filters"),
        ({"filters": {"$not": []}}, "filters"),
        ({"filters": {"$or": {}}}, "filters"), ({"filters": {"$or": []}}, "filters"), ({"filters": [1]}, "filters"),
        ({"filters": {"aqi": "many"}}, "filters"), ({"filters": {"aqi": True}}, "filters"),
        ({"filters": {"aqi": {"gt": None}}}, "filters"),
        ({"filters": {"datacreationdate": "yesterday"}}, "filters"), ({"filters": {"aqi": [[1]]}}, "filters"),
        ({"filters": {"datacreationdate": "2024-02-30"}}, "filters"), ({"filters": {"datacreationdate": 20240101}}, "filters"),
        ({"q": [1]}, "q"), ({"q": {"aqi": {"a": 1}}}, "q"), ({"q": "a " * 40}, "q"), ({"q": "x" * 2000}, "q"),
        ({"q": "(a", "plain": False}, "q"), ({"q": "&", "plain": False}, "q"), ({"q": "(" * 500, "plain": False}, "q"),
        ({"q": "!" * 5000, "plain": False}, "q"), ({"records_format": "sql"}, "records_format"),
        ({"distinct": "perhaps"}, "distinct"),
        ({"fields": {"a": 1}}, "fields"), ({"sort": {"a": 1}}, "sort"), ({"county": "臺北市"}, "county"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_understood_names_its_parameter(ckan: Client, asked: dict[str, Any], name: str) -> None:
    if "distinct" in asked:
        asked = {**asked, "fields": "county"}
    assert name in refused(ckan, **asked)


@pytest.mark.parametrize(
    "key", ["", " ", "../../etc/passwd", "x'; --", "％", "a" * 3000, "_table_metadata", "LIST_P_02"]
)
def test_names_lead_nowhere_but_to_published_tables(ckan: Client, key: str) -> None:
    answer = ckan.get("datastore_search", resource_id=key)
    assert answer.status_code == (409 if not key.strip() else 404)
    assert len(answer.text) < 2_000


def test_an_address_key_is_never_repeated(ckan: Client) -> None:
    answer = ckan.get("package_show", id="air_h", api_key="sekret-key-123")
    assert "sekret-key-123" not in answer.text + repr(answer.headers)
    searched = ckan.get("datastore_search", resource_id="AIR_H", limit=1, api_key="sekret-key-123")
    assert "sekret-key-123" not in searched.text + repr(searched.headers)


def test_the_host_of_a_request_is_in_no_answer(ckan: Client) -> None:
    for action, asked in (("package_show", {"id": "air_h"}), ("datastore_search", {"resource_id": "AIR_H"})):
        answer = ckan.get(action, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}, **asked)
        assert "evil.example" not in answer.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["site", "at", "day", "passed", "value", "_id", "$or", "$and", "gt", "lte", "eq", "in", "x", "$$site"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(asked=VALUES, q=VALUES, sort=VALUES)
def test_any_value_becomes_a_question_or_is_told(asked: Any, q: Any, sort: Any) -> None:
    for name, value in (("filters", asked), ("q", q), ("sort", sort)):
        try:
            found = params.search(MONTHS, Args({"resource_id": "x", name: value}))
        except BadRequest as error:
            told = error.parameter
        else:
            told = name
            assert found.limit == 100
        assert told == name


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="ab臺 &|!()'*:\\\"", max_size=40))
def test_any_tsquery_is_read_or_told(text: str) -> None:
    try:
        filters.words(MONTHS, text, plain=False)
    except BadRequest as error:
        told = error.parameter
    else:
        told = "q"
    assert told == "q"


def test_browsers_may_post_and_keys_are_checked_as_ckanapi_sends_them(ckan: Client) -> None:
    asked = ckan.portal.get("/api/3/action/datastore_search", method="OPTIONS")
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "Content-Type" in asked.headers["access-control-allow-headers"]
    assert "POST" not in ckan.portal.get("/api/datasets", method="OPTIONS").headers["access-control-allow-methods"]
    wrong = ckan.get("site_read", headers={"X-CKAN-API-Key": "not-a-key-of-ours"})
    assert (wrong.status_code, wrong.json["error"]["__type"]) == (401, "Authorization Error")
