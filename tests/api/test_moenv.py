"""The MOENV dialect as old clients use it: their sorts, filters, pages, profiles, and keys in addresses."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import pytest
from falcon.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from qingliu.api.moenv import params
from qingliu.api.moenv.params import KNOWN
from qingliu.core.errors import BadRequest
from tests.api.portal import HOURLY, ODD_NAMES, Portal

SECRET = "0f1e2d3c-very-secret-key"  # what an old client carries


def ask(portal: Portal, code: str = "air_h", /, **query: Any) -> Result:
    return portal.get(f"/api/v2/{code}", urlencode(query))


def refused(portal: Portal, query: str, *words: str, code: str = "air_h", status: int = 400) -> None:
    answer = portal.get(f"/api/v2/{code}", query)
    assert answer.status_code == status, answer.text
    told = answer.json
    for word in words:
        assert word in told["message_zh"]
        assert word in told["message_en"]
    assert told["message"] == told["message_zh"]


def test_code_and_format_in_any_case(portal: Portal) -> None:
    for path in ("/api/v2/air_h", "/api/v2/AIR_H", "/api/v2/Air_h"):
        for form in ("json", "JSON", "Json"):
            assert len(portal.get(path, f"format={form}&limit=3").json) == 3
    assert portal.get("/api/v2/air_h", "limit=3&format=").json == portal.get("/api/v2/air_h", "limit=3").json
    refused(portal, "format=pdf", "pdf", "json")


def test_every_value_is_a_string_and_missing_is_as_the_original_wrote_it(portal: Portal) -> None:
    found = ask(portal, sort="siteid asc,datacreationdate asc", limit=1380).json
    assert all(isinstance(v, str) for row in found for v in row.values())
    first = next(r for r in found if r["siteid"] == "1" and r["datacreationdate"] == "2024-01-01 00:00")
    assert first["aqi"] == "-"
    assert first["pm2.5"] == "-"
    assert first["rain"] == "<MDL"
    glued = [r["pm2.5"] for r in found if r["pm2.5"].endswith("x")]
    assert glued
    assert "23x" in glued
    assert any(r["pm2.5"] == "" for r in found)
    assert not any(r[c].endswith(".0") for r in found for c in ("aqi", "pm2.5", "rain", "longitude"))


def test_names_are_the_views_own_and_lower_case(portal: Portal) -> None:
    now = ask(portal, "AIR_NOW").json
    assert "publishtime" in now[0]
    assert "datacreationdate" not in now[0]
    assert now[0]["publishtime"] == "2024/01/02 21:00:00"
    assert len(now) == len({r["siteid"] for r in now}) == 30
    assert "pm2.5" in ask(portal, "odd_p_01", limit=1).json[0]


def test_without_sort_the_newest_come_first(portal: Portal) -> None:
    times = [r["datacreationdate"] for r in ask(portal, limit=1380).json]
    assert times == sorted(times, reverse=True)


def test_sort_by_columns_in_any_case_and_both_directions(portal: Portal) -> None:
    up = [int(r["aqi"]) for r in ask(portal, sort="AQI asc", limit=1380).json if r["aqi"] not in {"", "-"}]
    assert up == sorted(up)
    down = [int(r["aqi"]) for r in ask(portal, sort="aqi", limit=1380).json if r["aqi"] not in {"", "-"}]
    assert down == up[::-1]
    both = ask(portal, sort="county asc, datacreationdate desc", limit=1380).json
    assert [(r["county"]) for r in both] == sorted(r["county"] for r in both)
    refused(portal, "sort=nix desc", "nix")
    refused(portal, urlencode({"sort": "aqi sideways"}), "sideways")


@pytest.mark.parametrize(
    "sort", ["id;drop table", "(select 1) desc", "aqi' desc", "aqi desc--", "_flags desc", "_since desc", "“aqi” asc"]
)
def test_threat_1_sort_is_looked_up_never_run(portal: Portal, sort: str) -> None:
    refused(portal, urlencode({"sort": sort}))


def test_import_date_sorts_by_publication_where_it_is_no_column(portal: Portal) -> None:
    newest = {r["datacreationdate"] for r in ask(portal, sort="ImportDate desc", limit=300).json}
    oldest = {r["datacreationdate"] for r in ask(portal, sort="importdate asc", limit=1080).json}
    assert min(newest) >= "2024-01-02 12:00"
    assert max(oldest) < "2024-01-02 12:00"
    assert ask(portal, "odd_p_01", sort="datacreationdate desc").status_code == 200
    now = ask(portal, "air_now", sort="datacreationdate desc")
    assert now.status_code == 200  # no column of the view: publication time


def test_bom_csv_with_sort_reads_as_old_clients_read_it(portal: Portal) -> None:
    answer = ask(portal, "AIR_NOW", format="CSV", sort="ImportDate desc", limit=1000, api_key=SECRET)
    assert answer.content.startswith(b"\xef\xbb\xbfsiteid,sitename,county,aqi,pm2.5,")
    assert b"\r" not in answer.content
    read = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(read) == 30
    line = answer.content.decode("utf-8-sig").split("\n")[1]
    assert '"2024/01/02 21:00:00"' in line
    assert line.count('"') == 2  # only the cell with a space is quoted


def test_csv_and_xml_hold_the_same_values_as_json(portal: Portal) -> None:
    query = {"sort": "siteid asc,datacreationdate asc", "limit": 1380}
    rows = ask(portal, **query).json
    from_xml = ElementTree.fromstring(ask(portal, **query, format="XML").content)
    assert from_xml.tag == "RECORDS"
    assert [{c.tag.lower(): c.text or "" for c in record} for record in from_xml] == rows
    read = list(csv.DictReader(io.StringIO(ask(portal, **query, format="csv").content.decode("utf-8-sig"), newline="")))
    free = [c for c in rows[0] if c != "note"]
    assert [{c: r[c] for c in free} for r in read] == [{c: r[c] for c in free} for r in rows]
    assert {r["note"] for r in read} >= {"'=1+2", "'＝SUM(A1)", "'@x", "第一行\n第二行"}


def test_xml_tags_are_upper_case_and_names_are_made_safe(portal: Portal) -> None:
    record = ElementTree.fromstring(ask(portal, "odd_p_01", format="xml", limit=1).content)[0]
    assert [c.tag for c in record] == [
        *(n.upper() for n in ODD_NAMES[:10]), "PM2.5", "_24HR", "中文欄位", "A_B",
    ]  # fmt: skip
    assert record.find("PM2.5") is not None
    empty = ElementTree.fromstring(portal.get("/api/v2/air_h", "format=xml&offset=99999").content)
    assert len(empty) == 0


def test_paging_until_a_short_page_meets_every_row_once(portal: Portal) -> None:
    seen, offset = [], 0
    while True:
        page = ask(portal, offset=offset, limit=400, api_key=SECRET).json
        seen += [(r["siteid"], r["datacreationdate"]) for r in page]
        if len(page) < 400:
            break
        offset += 400
    assert len(seen) == len(set(seen)) == 1380


def test_the_default_is_a_thousand_and_more_is_given_when_asked(portal: Portal) -> None:
    assert len(ask(portal).json) == 1000
    assert len(ask(portal, limit=100000).json) == 1380
    assert len(ask(portal, "odd_p_01", limit=1500).json) == 1500


@pytest.mark.parametrize("value", ["-1", "1e9", "NaN", "1 ", "１", "9223372036854775808", "abc"])
@pytest.mark.parametrize("parameter", ["limit", "offset"])
def test_threat_4_strange_numbers_are_refused_by_name(portal: Portal, parameter: str, value: str) -> None:
    refused(portal, urlencode({parameter: value}), parameter)


def sites(answer: Result) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {r["siteid"] for r in answer.json}


def test_filters_are_really_applied(portal: Portal) -> None:
    assert sites(ask(portal, "air_now", filters="county,EQ,臺北市")) == {str(n) for n in range(1, 31, 3)}
    assert sites(ask(portal, "air_now", filters="County,eq,臺北市|SITEID,EQ,1,4,33")) == {"1", "4"}
    assert len(sites(ask(portal, "air_now", filters="county,NE,臺北市"))) == 20
    assert len(sites(ask(portal, "air_now", filters="county,NE,臺北市,新北市"))) == 10
    few = ask(portal, "air_now", filters="aqi,GE,100|aqi,LT,150").json
    assert few
    assert all(100 <= int(r["aqi"]) < 150 for r in few)
    assert all(float(r["pm2.5"].rstrip("x")) > 9 for r in ask(portal, filters="pm2.5,GR,9.0").json)
    empty = ask(portal, filters="pm2.5,EQ,", limit=2000).json
    assert empty
    assert {r["pm2.5"] for r in empty} == {"", "-"}
    assert ask(portal, filters='note,EQ,"一,二"', limit=1).json[0]["note"] == "一,二"


@pytest.mark.parametrize(
    "between", [("2024-01-01 05:00:00", "2024-01-01 08:00:00"), ("2024/01/01 05:00", "2024/01/01 08:00")]
)
def test_filters_compare_times_as_times(portal: Portal, between: tuple[str, str]) -> None:
    low, high = between
    text = f"datacreationdate,GR,{low}|datacreationdate,LE,{high}|siteid,EQ,3,4"
    found = ask(portal, filters=text, sort="datacreationdate asc", format="JSON").json
    assert sorted({r["datacreationdate"] for r in found}) == [
        "2024-01-01 06:00",
        "2024-01-01 07:00",
        "2024-01-01 08:00",
    ]
    assert len(found) == 6


@pytest.mark.parametrize(
    ("filters", "word"),
    [
        ("nix,EQ,1", "nix"), ("_since,EQ,1", "_since"), ("county,LIKE,臺%", "LIKE"), ("county", "county"),
        ("county,EQ", "county,EQ"),
        ("aqi,GR,many", "many"), ("datacreationdate,GR,soon", "soon"), (",EQ,1", ",EQ,1"), ("|", "|"), ("aqi,EQ,-", "aqi"),
        ("a'b,EQ,1", "a'b"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_refused_by_name(portal: Portal, filters: str, word: str) -> None:
    refused(portal, urlencode({"filters": filters}), word)


def test_threat_2_far_too_many_filters_are_refused(portal: Portal) -> None:
    refused(portal, urlencode({"filters": "|".join(["aqi,EQ,1"] * 200)}), "200")
    refused(portal, urlencode({"filters": "county,EQ," + "臺" * 10_001}))


def test_year_month_takes_one_month(portal: Portal) -> None:
    assert len(ask(portal, year_month="2024_01", limit=2000).json) == 1380
    assert ask(portal, year_month="2023_12").json == []
    refused(portal, "year_month=2024_13", "2024_13")
    refused(portal, "year_month=2024_01", "2024_01", code="odd_p_01")


def test_unknown_bare_parameters_change_nothing_and_are_named(portal: Portal) -> None:
    plain = ask(portal, "air_now")
    answer = portal.get("/api/v2/air_now", f"siteid=3&county={quote('臺北市')}&1699999999")
    assert answer.content == plain.content
    assert answer.headers["x-ignored-parameters"] == "siteid, county, 1699999999"
    assert answer.headers["warning"].startswith("299 ")
    odd = portal.get("/api/v2/air_now", urlencode({"a\r\nX-Evil: 1": "x", "中": "y"}))
    assert "x-evil" not in odd.headers
    assert odd.headers["x-ignored-parameters"] == "a%0D%0AX-Evil%3A%201, %E4%B8%AD"
    assert "x-ignored-parameters" not in ask(portal, "air_now").headers


def test_envelope_profile_has_string_totals_and_no_key(portal: Portal) -> None:
    answer = portal.get(
        "/api/v2/AIR_H", urlencode({"api_key": SECRET, "limit": 5, "profile": "envelope", "sort": "ImportDate desc"})
    )
    body = answer.json
    assert list(body) == [
        "fields",
        "resource_id",
        "__extras",
        "include_total",
        "total",
        "resource_format",
        "limit",
        "offset",
        "_links",
        "records",
    ]
    assert (body["total"], body["limit"], body["offset"]) == ("1380", "5", "0")
    assert body["include_total"] is True
    assert body["resource_format"] == "object"
    assert body["__extras"] == {}
    assert body["fields"][4] == {"id": "pm2.5", "type": "text", "info": {"label": "細懸浮微粒(μg/m3)"}}
    assert len(body["records"]) == 5
    following = portal.get(*body["_links"]["next"].split("?")).json
    assert following["offset"] == "5"
    assert following["records"] != body["records"]
    assert SECRET not in answer.text + str(answer.headers)


def test_profile_by_header_parameter_and_language(portal: Portal) -> None:
    assert isinstance(portal.get("/api/v2/air_now").json, list)
    for headers in ({"X_Qingliu_Profile": "envelope"}, {"Accept_Profile": "<urn:qingliu:envelope>"}):
        answer = portal.get("/api/v2/air_now", "", **headers)
        assert answer.json["total"] == "30"
        assert "X-Qingliu-Profile" in answer.headers["vary"]
    english = ask(portal, "air_now", profile="envelope", language="en").json
    assert english["fields"][1]["info"]["label"] == "Site"
    assert isinstance(portal.get("/api/v2/air_now", "profile=bare", X_Qingliu_Profile="envelope").json, list)
    refused(portal, "profile=xml", "xml")
    refused(portal, "language=fr", "fr")


def test_threat_20_a_key_in_an_address_is_neither_kept_nor_logged_nor_echoed(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for query in (
        f"api_key={SECRET}&limit=1",
        f"limit=1&API_KEY={SECRET}",
        f"api%5Fkey={SECRET}",
        f"api_key={SECRET}&filters=nix,EQ,1",
    ):
        answer = portal.get("/api/v2/air_h", query)
        assert SECRET not in answer.text + str(answer.headers)
    kept = repr(vars(portal.cache)["_requests"]) + repr([s.headers for s in vars(portal.cache)["_answers"].values()])
    assert SECRET not in kept + caplog.text
    assert b"".join(s.body or b"" for s in vars(portal.cache)["_answers"].values()).count(SECRET.encode()) == 0
    missing = portal.get("/api/v2/nix", f"api_key={SECRET}")
    assert missing.status_code == 404
    assert SECRET not in missing.text


def test_unknown_and_listed_codes_are_404_with_a_message(portal: Portal) -> None:
    answer = portal.get("/api/v2/AIR_X", "language=en")
    assert answer.status_code == 404
    assert "AIR_H" in answer.json["message"]
    assert portal.get("/api/v2/LIST_P_02").status_code == 404


def test_a_listed_code_is_404_whatever_else_its_address_asks(portal: Portal) -> None:
    answer = portal.get("/api/v2/LIST_P_02", "sort=yyyyq%20desc&filters=a,EQ,1")
    assert answer.status_code == 404
    assert "no rows" in answer.text


def test_every_catalogued_address_answers_once_its_dataset_exists(portal: Portal, real_data: Any) -> None:
    with (real_data / "catalogue" / "moenv_datagovtw_merged.csv").open(encoding="utf-8-sig") as file:
        addresses = [r["first_url"] for r in csv.DictReader(file) if "/api/v2/" in r["first_url"]]
    assert len(addresses) == 790
    for number, address in enumerate(addresses):
        parts = urlsplit(address)
        pairs = [(n, SECRET if n == "api_key" else v) for n, v in parse_qsl(parts.query, keep_blank_values=True)]
        case = "odd_p_01" if number % 2 else "ODD_P_01"
        moved = urlsplit(urlunsplit(("", "", f"/api/v2/{case}", urlencode(pairs, quote_via=quote), "")))
        answer = portal.get(moved.path, moved.query)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        assert answer.content.startswith(b"\xef\xbb\xbfmonitordate,")
        assert answer.content.count(b"\n") == 1001
        assert SECRET.encode() not in answer.content


def test_the_shapes_are_those_of_stored_answers(portal: Portal, real_data: Any) -> None:
    samples = real_data / "api_samples"
    old = json.loads((samples / "v2_envelope_lowercase_aqx_p_432_2024-01.json").read_text(encoding="utf-8"))
    ours = ask(portal, "air_now", profile="envelope").json
    assert list(ours) == [k for k in old if k in ours]
    assert set(old) - set(ours) == set()
    assert {k: type(v) for k, v in ours.items()} == {k: type(old[k]) for k in ours}
    assert set(ours["_links"]) == set(old["_links"])
    assert set(ours["fields"][0]) == set(old["fields"][0])
    bare = json.loads((samples / "v2_barelist_aqx_p_432_2026-09-06_excerpt.json").read_text(encoding="utf-8"))
    assert isinstance(bare, list)
    assert {type(v) for v in bare[0].values()} == {type(v) for v in ask(portal, "air_now").json[0].values()}


def test_golden_bytes_of_each_shape(portal: Portal) -> None:
    query = {"filters": "siteid,EQ,1,2", "sort": "siteid asc"}
    assert ask(portal, "air_now", **query, format="csv").content.decode("utf-8-sig") == (
        "siteid,sitename,county,aqi,pm2.5,rain,note,publishtime,longitude,latitude\n"
        '1,測站1,臺北市,9,2.25,0,,"2024/01/02 21:00:00",120,23\n'
        '2,測站2,新北市,19,4.75,0,,"2024/01/02 21:00:00",120.1,23.05\n'
    )
    assert ask(portal, "air_now", **query).text == (
        '[{"siteid":"1","sitename":"測站1","county":"臺北市","aqi":"9","pm2.5":"2.25","rain":"0","note":"",'
        '"publishtime":"2024/01/02 21:00:00","longitude":"120","latitude":"23"},'
        '{"siteid":"2","sitename":"測站2","county":"新北市","aqi":"19","pm2.5":"4.75","rain":"0","note":"",'
        '"publishtime":"2024/01/02 21:00:00","longitude":"120.1","latitude":"23.05"}]'
    )
    assert ask(portal, "air_now", filters="siteid,EQ,1", format="xml").text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<RECORDS>\n<RECORD><SITEID>1</SITEID>'
        "<SITENAME>測站1</SITENAME><COUNTY>臺北市</COUNTY><AQI>9</AQI><PM2.5>2.25</PM2.5>"
        "<RAIN>0</RAIN><NOTE></NOTE><PUBLISHTIME>2024/01/02 21:00:00</PUBLISHTIME>"
        "<LONGITUDE>120</LONGITUDE><LATITUDE>23</LATITUDE></RECORD>\n</RECORDS>\n"
    )
    assert HOURLY.code == "AIR_H"


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*KNOWN, "x"]), st.text(max_size=60), max_size=4))
def test_any_parameters_are_a_question_or_a_bad_request(given_parameters: dict[str, str]) -> None:
    with suppress(BadRequest):
        asked = params.ask(HOURLY, list(given_parameters.items()))
        assert asked.query.dataset == "AIR_H"


_TOKENS = [
    "county",
    "pm2.5",
    "aqi",
    "datacreationdate",
    "EQ",
    "NE",
    "GR",
    "LE",
    ",",
    "|",
    "5",
    "臺北市",
    "2024-01-01",
    '"',
    "-",
    " desc",
    "",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS), max_size=12), st.lists(st.sampled_from(_TOKENS), max_size=6))
def test_any_heap_of_tokens_is_a_filter_or_a_bad_request(filters: list[str], sort: list[str]) -> None:
    with suppress(BadRequest):
        params.ask(HOURLY, [("filters", "".join(filters)), ("sort", "".join(sort))])
