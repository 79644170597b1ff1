"""The native API as a client meets it: rows, pages, time, versions, errors that name the parameter and the remedy."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow.parquet as pq
import pytest

from tests.api.portal import HOURLY, Portal

ROWS = "/api/datasets/AIR_H/rows"


def rows(portal: Portal, path: str = ROWS, /, **query: Any) -> list[dict[str, Any]]:
    answer = portal.get(path, urlencode(query))
    assert answer.status_code == 200, answer.text
    return answer.json["rows"]


def refused(portal: Portal, path: str, query: str, parameter: str, status: int = 400) -> dict[str, Any]:
    answer = portal.get(path, query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json
    assert told["parameter"] == parameter
    assert {"type", "title", "status", "detail", "remedy", "detail_zh", "detail_en"} <= set(told)
    assert told["remedy"]
    return told


def test_numbers_are_numbers_and_missing_is_null(portal: Portal) -> None:
    first = rows(portal, limit=2)
    assert first[0]["aqi"] is None
    assert first[1]["aqi"] == 1
    assert first[1]["pm2.5"] == 0.25
    assert first[1]["datacreationdate"] == "2024-01-01T01:00:00+08:00"


def test_next_links_lead_through_every_row_once(portal: Portal) -> None:
    seen, where = [], f"{ROWS}?limit=400&sortby=-datacreationdate,siteid"
    while where:
        path, _, query = where.partition("?")
        page = portal.get(path, query).json
        assert page["numberMatched"] == 1380
        seen += [(r["siteid"], r["datacreationdate"]) for r in page["rows"]]
        where = next((k["href"] for k in page["links"] if k["rel"] == "next"), "")
    assert len(seen) == len(set(seen)) == 1380
    assert seen == sorted(seen, key=lambda r: r[0]) or seen[0][1] >= seen[-1][1]


def test_json_gives_a_thousand_by_default_and_all_when_asked(portal: Portal) -> None:
    default = portal.get(ROWS).json
    assert default["numberReturned"] == 1000
    assert any(k["rel"] == "next" for k in default["links"])
    assert portal.get(ROWS, "limit=1000000000").json["numberReturned"] == 1380
    assert len(portal.get(ROWS, "f=ndjson").text.splitlines()) == 1380


def test_every_column_is_a_parameter(portal: Portal) -> None:
    assert {r["county"] for r in rows(portal, county="臺北市")} == {"臺北市"}
    both = portal.get(ROWS, "county=臺北市&county=新北市&limit=1").json
    assert both["numberMatched"] == 920
    assert portal.get(ROWS, "aqi=5&limit=0").json["numberMatched"] == len(rows(portal, aqi=5))
    assert {r["pm2.5"] for r in rows(portal, **{"pm2.5": "2.5"})} == {2.5}
    whole_day = portal.get(ROWS, "datacreationdate=2024-01-01&limit=1").json
    assert whole_day["numberMatched"] == 30 * 24


@pytest.mark.parametrize(
    ("interval", "hours"),
    [
        ("2024-01-01T05:00:00+08:00", 1),
        ("2023-12-31T21:00:00Z", 1),
        ("2024-01-01T05:00:00 08:00", 1),
        ("2024-01-01 05:00", 1),
        ("2024-01-01", 24),
        ("2024-01-02/..", 22),
        ("../2024-01-01T03:00", 4),
        ("2024-01-01T23:00:00+08:00/2024-01-02T01:00:00+08:00", 3),
        ("/2024-01-01", 24),
    ],
)
def test_datetime_respects_offsets_and_open_ends(portal: Portal, interval: str, hours: int) -> None:
    answer = portal.get(ROWS, f"limit=1&siteid=1&datetime={quote(interval)}").json
    assert answer["numberMatched"] == hours


def test_bbox_holds_its_borders(portal: Portal) -> None:
    inside = rows(portal, "/api/datasets/AIR_NOW/rows", bbox="120,23,120.2,23.1", properties="siteid")
    assert {r["siteid"] for r in inside} == {"1", "2", "3"}
    by_filter = rows(portal, "/api/datasets/AIR_NOW/rows", filter="S_INTERSECTS(geom,BBOX(120,23,120.2,23.1))")
    assert len(by_filter) == 3


def test_latest_is_one_row_a_station(portal: Portal) -> None:
    newest = rows(portal, "/api/datasets/AIR_H/latest")
    assert len(newest) == len({r["siteid"] for r in newest}) == 30
    assert {r["datacreationdate"] for r in newest} == {"2024-01-02T21:00:00+08:00"}


def test_as_of_answers_from_the_version_of_that_time(portal: Portal) -> None:
    by_number = portal.get(ROWS, "as_of=1&limit=1")
    assert by_number.headers["qingliu-version"] == "1"
    assert by_number.json["numberMatched"] == 1200
    assert portal.get(ROWS, "as_of=2026-11-21T12:00:00Z&limit=1").json["version"] == 1
    assert portal.get(ROWS, "as_of=2026-11-30&limit=1").json["version"] == 2
    refused(portal, ROWS, "as_of=2020-01-01", "as_of", 404)
    refused(portal, ROWS, "as_of=77", "as_of", 404)


def test_changes_name_what_happened_to_each_row(portal: Portal) -> None:
    path = "/api/datasets/AIR_H/changes"
    changed = rows(portal, path, since=1)
    assert {r["_change"] for r in changed} == {"insert", "update"}
    assert len(changed) == 300
    assert rows(portal, path, since=2) == []
    assert len(rows(portal, path, since="2026-11-21T12:00:00Z")) == 300
    assert portal.get(path, "since=0&limit=1").json["numberMatched"] == 1500
    refused(portal, path, "", "since")
    pages, where = 0, f"{path}?since=1&limit=120"
    while where:
        address, _, query = where.partition("?")
        page = portal.get(address, query).json
        pages += page["numberReturned"]
        where = next((k["href"] for k in page["links"] if k["rel"] == "next"), "")
    assert pages == 300


def test_series_groups_by_time_and_column(portal: Portal) -> None:
    path = "/api/datasets/AIR_H/series"
    daily = rows(
        portal, path, bucket="1d", aggregate="count(*),avg(pm2.5)", groupby="county", filter="siteid IN ('1','2')"
    )
    assert [(r["time"][:10], r["county"], r["count"]) for r in daily] == [
        ("2024-01-01", "新北市", 24), ("2024-01-01", "臺北市", 24), ("2024-01-02", "新北市", 22), ("2024-01-02", "臺北市", 22),
    ]  # fmt: skip
    refused(portal, path, "", "aggregate")
    refused(portal, path, "aggregate=mode(aqi)", "aggregate")
    refused(portal, path, "aggregate=avg(aqii)", "aggregate")
    refused(portal, path, "aggregate=count(*)&bucket=5m", "bucket")


def test_geojson_is_a_feature_collection(portal: Portal) -> None:
    answer = portal.get("/api/datasets/AIR_NOW/rows", "", Accept="application/geo+json")
    collection = json.loads(answer.content)
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == collection["numberReturned"] == 30
    assert collection["features"][0]["geometry"] == {"type": "Point", "coordinates": [120, 23]}
    assert portal.get("/api/datasets/ODD_P_01/rows", "f=geojson").status_code == 400


def test_flags_come_when_asked_for(portal: Portal) -> None:
    first = rows(portal, limit=1, include_flags="true")[0]
    assert first["_flags"]["aqi"] == "missing"
    assert first["_status"] == "provisional"
    assert not {"_flags", "_status"} & set(rows(portal, limit=1)[0])


def test_a_view_is_asked_like_a_table(portal: Portal) -> None:
    answer = portal.get(
        "/api/datasets/air_now/rows", "sortby=-aqi&limit=3&filter=publishtime>=TIMESTAMP('2024-01-02T00:00:00Z')"
    )
    assert answer.json["numberMatched"] == 30
    listed = portal.get("/api/datasets/AIR_NOW/versions").json["versions"]
    assert listed[0]["links"][0]["href"] == "/api/datasets/AIR_H/versions/2"


def test_a_listed_entry_says_that_it_has_no_rows(portal: Portal) -> None:
    assert portal.get("/api/datasets/LIST_P_02").json["rows"] is None
    refused(portal, "/api/datasets/LIST_P_02/rows", "", "code", 404)


def test_search_and_facets(portal: Portal) -> None:
    found = portal.get("/api/datasets", f"q={quote('空氣')}&lang=en").json
    assert {d["code"] for d in found["datasets"]} == {"AIR_H", "AIR_NOW"}
    assert found["datasets"][0]["title"] in {"Hourly air quality", "Newest air quality"}
    assert {"value": "view", "count": 1} in found["facets"]["kind"]
    assert portal.get("/api/datasets", "kind=listed").json["numberMatched"] == 1
    page = portal.get("/api/datasets", "limit=2").json
    assert page["links"][1] == {"href": "/api/datasets?limit=2&offset=2", "rel": "next", "type": "application/json"}
    assert portal.get("/api/datasets", "limit=2&offset=2").json["numberReturned"] == 2
    refused(portal, "/api/datasets", "limit=5000", "limit")
    refused(portal, "/api/datasets", "kind=pipe", "kind")


def test_the_dictionary_tells_what_columns_mean(portal: Portal) -> None:
    told = portal.get("/api/datasets/air_h", "lang=en").json
    rain = next(f for f in told["fields"] if f["name"] == "rain")
    assert rain["title"] == "Rain"
    assert rain["unit"] == "mm"
    assert {"text": "NR", "value": 0.0, "flag": "no_rain"} in rain["sentinels"]
    assert {k["rel"] for k in told["links"]} >= {
        "self",
        "items",
        "version-history",
        "latest",
        "alternate",
        "describedby",
    }


def test_an_unknown_parameter_is_named_with_the_nearest(portal: Portal) -> None:
    told = refused(portal, ROWS, "limti=5", "limti")
    assert "limit" in told["remedy"]
    assert "limit" in told["detail_en"]
    refused(portal, "/api/datasets/AIR_H", "expand=1", "expand")
    refused(portal, ROWS, "limit=1&limit=2", "limit")
    refused(portal, ROWS, "f=pdf", "f")
    refused(portal, ROWS, "county=", "county")
    refused(portal, ROWS, "include_flags=yes", "include_flags")
    refused(portal, ROWS, "lang=fr", "lang")
    refused(portal, ROWS, "filter-lang=cql2-json&filter=aqi>1", "filter-lang")
    refused(portal, ROWS, "bbox=1,2,3", "bbox")
    refused(portal, ROWS, "bbox=1,50,3,40", "bbox")
    refused(portal, ROWS, "datetime=2024-13-01", "datetime")
    refused(portal, ROWS, "datetime=2024-01-02/2024-01-01T00:00", "datetime")
    refused(portal, ROWS, "cursor=abc", "cursor")
    refused(portal, "/api/datasets/ODD_P_01/rows", "datetime=2024-01-01", "datetime")


def test_errors_speak_the_callers_language(portal: Portal) -> None:
    english = portal.get(ROWS, "limit=x&lang=en").json
    assert english["detail"] == english["detail_en"]
    by_header = portal.get(ROWS, "limit=x", Accept_Language="en-GB,en;q=0.8").json
    assert by_header["title"] == "The request cannot be understood"
    assert portal.get(ROWS, "limit=x").json["title"] == "請求無法解讀"


@pytest.mark.parametrize("name", ["api_key", "API_KEY", "apikey"])
def test_threat_20_a_key_in_a_native_address_is_refused_and_not_echoed(
    portal: Portal, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = portal.get(ROWS, f"{name}=qlk_verysecretverysecret&limit=1")
    assert answer.status_code == 400
    assert "Authorization" in answer.json["remedy"]
    assert "verysecret" not in answer.text + str(answer.headers) + caplog.text
    leaked = portal.get(ROWS, "qlk_verysecretverysecret")
    assert "verysecret" not in leaked.text


@pytest.mark.parametrize(
    "sort",
    [
        "id;drop table",
        "(select 1)",
        "aqi'--",
        "“aqi”",
        "-",
        "aqi desc",
        "_since",
        "_fi",
        "aqi,,county",
        '"aqi',
        "aqi\x01",
    ],
)
def test_threat_1_sort_names_are_looked_up_never_run(portal: Portal, sort: str) -> None:
    refused(portal, ROWS, urlencode({"sortby": sort}), "sortby")


@pytest.mark.parametrize(
    "fields", ["*", "_since", "_flags", "_order", "AQI", "aqi,aqi", "aqi as x", "aqi,_fi", "aqi,", ""]
)
def test_threat_3_hidden_columns_and_other_cases_are_never_answered(portal: Portal, fields: str) -> None:
    answer = portal.get(ROWS, urlencode({"properties": fields}))
    assert answer.status_code == 400
    assert set(rows(portal, limit=1)[0]) == {f.name for f in HOURLY.fields}


@pytest.mark.parametrize("parameter", ["limit", "offset"])
@pytest.mark.parametrize(
    "value", ["-1", "1e9", "NaN", "1 ", " 1", "１", "9223372036854775808", "+1", "0x10", "1_000", "", "٣", "1.0"]
)
def test_threat_4_strange_numbers_name_the_parameter(portal: Portal, parameter: str, value: str) -> None:
    refused(portal, ROWS, urlencode({parameter: value}), parameter)


def test_threat_4_the_largest_numbers_are_answered(portal: Portal) -> None:
    assert portal.get(ROWS, "limit=9223372036854775807&properties=aqi").json["numberReturned"] == 1380
    assert portal.get(ROWS, "offset=9223372036854775807").json["numberReturned"] == 0
    assert portal.get(ROWS, "offset=9223372036854775807&sortby=aqi&limit=9223372036854775807").status_code == 200


def test_threat_5_formulas_are_guarded_in_csv_and_raw_elsewhere(portal: Portal) -> None:
    text = portal.get(ROWS, "f=csv&properties=note&limit=10").content.decode()
    assert "'=1+2" in text
    assert "'＝SUM(A1)" in text
    assert "'@x" in text
    raw = {r["note"] for r in rows(portal, properties="note", limit=10)}
    assert {"=1+2", "＝SUM(A1)", "@x"} <= raw
    table = pq.read_table(io.BytesIO(portal.get(ROWS, "f=parquet&properties=note&limit=10").content))
    assert "=1+2" in table.column("note").to_pylist()


def test_threat_15_data_is_never_html(portal: Portal) -> None:
    answer = portal.get(ROWS, urlencode({"filter": "note LIKE '%script%'", "f": "csv"}))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("text/csv")
    error = portal.get(ROWS, urlencode({"<script>alert(1)</script>": "1"}))
    assert error.headers["content-type"] == "application/problem+json"


def test_threat_16_no_address_redirects_anywhere(portal: Portal) -> None:
    for path in ("//evil.example/api", "/api//evil.example", "/api/datasets/%2F%2Fevil.example", "/api/\\evil"):
        answer = portal.get(path)
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_threat_21_patterns_that_explode_elsewhere_are_answered(portal: Portal) -> None:
    for q in ("(a+)+$" + "a" * 150, '"' * 100, "* NEAR(" * 20, "-" * 100):
        assert portal.get("/api/datasets", urlencode({"q": q})).status_code == 200
    answer = portal.get(ROWS, urlencode({"filter": "note LIKE '" + "%a" * 500 + "'", "limit": 1}))
    assert answer.status_code == 200


def test_broken_bytes_and_nul_are_refused(portal: Portal) -> None:
    refused(portal, ROWS, "county=%BB%4F%A5_", "query")
    refused(portal, ROWS, "county=%00", "query")
    refused(portal, ROWS, "&".join(f"a{i}=1" for i in range(500)), "query")


def test_parquet_opens_with_types(portal: Portal) -> None:
    answer = portal.get(ROWS, "f=parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.num_rows == 1380
    assert str(table.schema.field("aqi").type) == "int64"
    assert str(table.schema.field("datacreationdate").type).startswith("timestamp")
    assert 'filename="AIR_H-v2.parquet"' in answer.headers["content-disposition"]
