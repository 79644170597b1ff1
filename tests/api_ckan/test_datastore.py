"""datastore_search and its neighbours: rows, filters, words, order, paging, formats, dumps, against what really lies there."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from tests.api_ckan.conftest import Client

MONTH_ROWS = 1440


def direct(ckan: Client, code: str, sql: str) -> list[Any]:
    """Rows found by a reader that shares no code with the dialect; ``_id`` by position in stored order."""
    version = ckan.portal.versions[code][-1]
    files = [str(ckan.portal.engine.paths.resolve(f.path)) for f in version.files]
    names = ", ".join(f'"{c.physical}" AS "{c.name}"' for c in version.columns)
    with duckdb.connect() as con:
        con.execute("SET TimeZone='UTC'")
        parts = " UNION ALL ".join(
            f"SELECT {i} AS f, file_row_number AS r, * FROM read_parquet('{f}', file_row_number=true)"
            for i, f in enumerate(files)
        )
        con.execute(
            f"CREATE TABLE t AS SELECT row_number() OVER (ORDER BY f, r) AS _id, {names} FROM ({parts}) ORDER BY f, r"
        )
        return con.execute(sql).fetchall()


def ids(ckan: Client, code: str, condition: str) -> list[int]:
    return [r[0] for r in direct(ckan, code, f"SELECT _id FROM t WHERE {condition} ORDER BY _id")]


def test_months_lie_in_several_files(ckan: Client) -> None:
    assert len(ckan.portal.versions["MONTHS_P_03"][-1].files) == 3


@pytest.mark.parametrize("key", ["months_p_03", "MONTHS_P_03", "resource", "package"])
def test_a_table_is_found_by_id_code_and_name(ckan: Client, key: str) -> None:
    package = ckan.result("package_show", id="months_p_03")
    key = {"resource": package["resources"][0]["id"], "package": package["id"]}.get(key, key)
    assert ckan.search(key, limit=0)["resource_id"] == package["resources"][0]["id"]


def test_defaults_are_ckans(ckan: Client) -> None:
    found = ckan.search("MONTHS_P_03")
    assert (found["limit"], found["offset"], found["records_format"]) == (100, 0, "objects")
    assert [r["_id"] for r in found["records"]] == list(range(1, 101))
    assert found["total"] == MONTH_ROWS
    assert found["total_was_estimated"] is False
    kinds = {f["id"]: f["type"] for f in found["fields"]}
    assert kinds == {
        "_id": "int", "site": "text", "at": "timestamp", "day": "date", "passed": "bool", "value": "numeric", "note": "text",
    }  # fmt: skip
    assert found["fields"][5]["info"] == {"label": "數值", "label_en": "Value", "unit": "mg/L"}
    assert found["_links"]["next"].endswith("offset=100")


def test_values_have_ckans_shapes(ckan: Client) -> None:
    row = ckan.search("MONTHS_P_03", filters={"site": "S1", "at": "2024-01-02 06:00"})["records"][0]
    assert row["at"] == "2024-01-02T06:00:00"
    assert row["day"] == "2024-01-02"
    assert row["passed"] in {True, False, None}
    assert isinstance(row["value"], (int, float))


def test_every_row_number_is_once_and_stays_its_rows(ckan: Client) -> None:
    rows = ckan.search("MONTHS_P_03", limit=32000)["records"]
    assert [r["_id"] for r in rows] == list(range(1, MONTH_ROWS + 1))
    expected = direct(
        ckan, "MONTHS_P_03", "SELECT _id, site, strftime(\"at\", '%Y-%m-%dT%H:%M:%S') FROM t ORDER BY _id"
    )
    assert [(r["_id"], r["site"], r["at"]) for r in rows] == expected
    for number in (1, 480, 481, 1200, MONTH_ROWS):
        assert ckan.search("MONTHS_P_03", filters={"_id": number})["records"] == [rows[number - 1]]


CONDITIONS: list[tuple[dict[str, Any] | list[Any], str]] = [
    ({"site": "S1"}, "site = 'S1'"),
    ({"site": ["S1", "S3"]}, "site IN ('S1', 'S3')"),
    ({"site": []}, "false"),
    ({"site": "S1", "passed": True}, "site = 'S1' AND passed"),
    ({"value": None}, "value IS NULL"),
    ({"value": {"ne": None}}, "value IS NOT NULL"),
    ({"value": {"lt": 20}}, "value < 20"),
    ({"value": {"gte": 20, "lte": "30.5"}}, "value >= 20 AND value <= 30.5"),
    ({"value": {"gt": 20}, "site": {"ne": "S0"}}, "value > 20 AND site <> 'S0'"),
    ({"value": [1, None, {"gt": 170}]}, "value = 1 OR value IS NULL OR value > 170"),
    ({"value": {"in": [1, 2.5, "3"]}}, "value IN (1, 2.5, 3)"),
    ({"at": {"gte": "2024-02-01T00:00:00", "lt": "2024-02-02"}}, "\"at\" >= '2024-02-01' AND \"at\" < '2024-02-02'"),
    ({"day": "2024-01-31"}, "day = '2024-01-31'"),
    ({"$or": [{"site": "S1"}, {"value": {"gt": 150}}]}, "site = 'S1' OR value > 150"),
    (
        {
            "passed": False,
            "$or": [{"site": "S1", "value": {"lt": 60}}, {"$and": [{"site": "S2"}, {"value": {"gt": 100}}]}],
        },
        "NOT passed AND ((site = 'S1' AND value < 60) OR (site = 'S2' AND value > 100))",
    ),
    ([{"site": "S1"}, {"site": "S2", "value": {"lt": 95}}], "site = 'S1' OR (site = 'S2' AND value < 95)"),
    ({"_id": {"gt": 700}}, "_id > 700"),
    ({"_id": {"gt": 479, "lte": 482}}, "_id > 479 AND _id <= 482"),
    ({"_id": [1, 481, 9999999]}, "_id IN (1, 481)"),
    ({"_id": {"gt": 700}, "site": "S1"}, "_id > 700 AND site = 'S1'"),
    ({"$or": [{"_id": {"lt": 3}}, {"_id": {"gte": 1439}}]}, "_id < 3 OR _id >= 1439"),
    ({}, "true"),
]


@pytest.mark.parametrize(("filters", "sql"), CONDITIONS, ids=lambda v: str(v)[:50])
def test_filters_find_what_sql_finds(ckan: Client, filters: Any, sql: str) -> None:
    wanted = ids(ckan, "MONTHS_P_03", sql)
    found = ckan.search("MONTHS_P_03", filters=filters, limit=32000, fields="_id")
    assert [r["_id"] for r in found["records"]] == wanted
    assert found["total"] == len(wanted)
    part = ckan.search("MONTHS_P_03", filters=filters, limit=1, fields=["_id"])
    assert part["total"] == len(wanted)
    by_post = ckan.post(
        "datastore_search", {"resource_id": "MONTHS_P_03", "filters": filters, "limit": 32000, "fields": ["_id"]}
    )
    assert by_post.json["result"]["records"] == found["records"]


@pytest.mark.parametrize(
    ("q", "plain", "sql"),
    [
        ("臺北", True, "note LIKE '%臺北%'"),
        ("WATER", True, "note ILIKE '%water%'"),
        ("臺北 water", True, "note LIKE '%臺北%' AND note ILIKE '%water%'"),
        ("50%", True, "note LIKE '%50\\%%' ESCAPE '\\'"),
        ("%_off", True, "note LIKE '%\\%\\_off%' ESCAPE '\\'"),
        ("\\", True, "contains(note, '\\')"),
        ("s1", True, "site = 'S1'"),
        ("S1 空氣", True, "site = 'S1' AND contains(note, '空氣')"),
        ({"note": "臺北", "site": "s2"}, True, "contains(note, '臺北') AND site = 'S2'"),
        ({"value": "12.5"}, True, "contains(CAST(value AS VARCHAR), '12.5')"),
        ("臺北 & !S1", False, "contains(note, '臺北') AND site <> 'S1'"),
        ("(S1 | S2) & water:*", False, "site IN ('S1','S2') AND note ILIKE '%water%'"),
        ("", True, "true"),
    ],
    ids=str,
)
def test_words_are_found_in_text_columns(ckan: Client, q: Any, plain: bool, sql: str) -> None:
    wanted = ids(ckan, "MONTHS_P_03", sql)
    found = ckan.search("MONTHS_P_03", q=q, plain=plain, limit=32000, fields="_id")
    assert [r["_id"] for r in found["records"]] == wanted
    assert found["total"] == len(wanted)


@pytest.mark.parametrize(
    ("sort", "sql"),
    [
        ("value desc", "value DESC NULLS LAST, _id"),
        ("site desc, value asc", "site DESC, value NULLS LAST, _id"),
        ('"note" , "value" desc', "note, value DESC NULLS LAST, _id"),
        (["site desc", "at desc"], 'site DESC, "at" DESC'),
        ("_id", "_id"),
        ("_id desc", "_id DESC"),
        ("passed, _id desc", "passed NULLS LAST, _id DESC"),
        ("value nulls last", "value NULLS LAST, _id"),
    ],
    ids=str,
)
def test_rows_are_sorted_as_asked(ckan: Client, sort: Any, sql: str) -> None:
    wanted = [r[0] for r in direct(ckan, "MONTHS_P_03", f"SELECT _id FROM t ORDER BY {sql} LIMIT 50 OFFSET 10")]
    found = ckan.search("MONTHS_P_03", sort=sort, limit=50, offset=10, fields="_id,value")
    assert [r["_id"] for r in found["records"]] == wanted


def test_distinct_rows_are_counted_and_sorted(ckan: Client) -> None:
    found = ckan.search("MONTHS_P_03", fields="site,passed", distinct=True)
    assert [(r["site"], r["passed"]) for r in found["records"]] == direct(
        ckan, "MONTHS_P_03", "SELECT DISTINCT site, passed FROM t ORDER BY site, passed NULLS LAST"
    )
    assert found["total"] == len(found["records"]) == 12
    page = ckan.search("MONTHS_P_03", fields="site,passed", distinct=True, limit=5, offset=10)
    assert page["records"] == found["records"][10:]
    assert page["total"] == 12
    ckan.error(
        "datastore_search",
        409,
        "Validation Error",
        resource_id="MONTHS_P_03",
        fields="site",
        distinct=True,
        sort="value",
    )


@pytest.mark.parametrize("filters", [{}, {"site": ["S1", "S2"]}, {"value": {"gt": 50}}], ids=str)
def test_keyset_pages_lead_to_the_end_and_hold_every_row_once(ckan: Client, filters: dict[str, Any]) -> None:
    wanted = ckan.search("MONTHS_P_03", filters=filters, limit=32000)["records"]
    rows: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = ckan.search("MONTHS_P_03", filters=filters | after, limit=97, include_next_page=True)
        assert page["total"] == len(wanted) - len(rows)
        rows += page["records"]
        if "next_page" not in page:
            break
        after = page["next_page"]
        assert after == {"_id": {"gt": rows[-1]["_id"]}}
    assert rows == wanted


def test_pages_by_offset_lead_to_the_end(ckan: Client) -> None:
    rows, offset = [], 0
    while page := ckan.search("MONTHS_P_03", limit=500, offset=offset)["records"]:
        rows += page
        offset += 500
    assert [r["_id"] for r in rows] == list(range(1, MONTH_ROWS + 1))


def test_next_page_is_offered_in_stored_order_alone(ckan: Client) -> None:
    assert "next_page" not in ckan.search("MONTHS_P_03", limit=5)
    assert "next_page" not in ckan.search("MONTHS_P_03", limit=5, include_next_page=True, sort="value")
    assert ckan.search("MONTHS_P_03", limit=5, include_next_page=True, sort="_id")["next_page"] == {"_id": {"gt": 5}}


def test_a_lowered_limit_is_told_twice(ckan: Client) -> None:
    answer = ckan.get("datastore_search", resource_id="MONTHS_P_03", limit=99999)
    assert answer.json["result"]["limit"] == 32000
    assert "32000" in answer.headers["warning"]
    assert "warning" not in ckan.get("datastore_search", resource_id="MONTHS_P_03", limit=32000).headers


def test_total_is_left_out_on_wish(ckan: Client) -> None:
    found = ckan.search("MONTHS_P_03", limit=1, include_total=False, total_estimation_threshold=1000)
    assert "total" not in found
    assert ckan.search("MONTHS_P_03", limit=1, total_estimation_threshold=10)["total"] == MONTH_ROWS


def test_records_formats_hold_the_same_cells(ckan: Client) -> None:
    asked = {"limit": 60, "offset": 470, "fields": ["_id", "site", "value", "note"]}
    objects = ckan.search("MONTHS_P_03", **asked)["records"]
    lists = ckan.search("MONTHS_P_03", records_format="lists", **asked)["records"]
    assert [list(r.values()) for r in objects] == lists
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        text = ckan.search("MONTHS_P_03", records_format=form, **asked)["records"]
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        assert cells == [["" if v is None else str(v).removesuffix(".0") for v in r] for r in lists]


def test_csv_inside_json_is_raw_and_survives_quotes_and_line_feeds(ckan: Client) -> None:
    text = ckan.search("AIR_H", records_format="csv", fields="note", limit=10)["records"]
    cells = [row[0] if row else "" for row in csv.reader(io.StringIO(text, newline=""))]
    assert cells == [r["note"] or "" for r in ckan.search("AIR_H", fields="note", limit=10)["records"]]
    assert "=1+2" in cells


def test_rows_equal_those_of_the_native_api_on_odd_names(ckan: Client) -> None:
    native = ckan.portal.get("/api/datasets/ODD_P_01/rows", "limit=2000").json["rows"]
    ours = ckan.search("ODD_P_01", limit=2000)["records"]
    assert [{k: v for k, v in r.items() if k != "_id"} for r in ours] == native
    assert len(native) == 1500
    assert ckan.search(
        "ODD_P_01", filters={"中文欄位": "中文欄位-5", "PM2.5": ["PM2.5-5", "x"]}, fields=["a b", "24hr"]
    )["records"] == [{"a b": "a b-5", "24hr": "24hr-5"}]


def test_a_view_is_a_table_too(ckan: Client) -> None:
    found = ckan.search("AIR_NOW", filters={"_id": {"gt": 20}})
    assert [r["_id"] for r in found["records"]] == list(range(21, 31))
    assert ckan.result("datastore_info", id="AIR_NOW")["meta"]["table_type"] == "VIEW"


def test_info_describes_the_table(ckan: Client) -> None:
    info = ckan.result("datastore_info", id="MONTHS_P_03")
    assert info["meta"]["count"] == MONTH_ROWS
    assert info["meta"]["aliases"] == ["MONTHS_P_03"]
    assert [f["id"] for f in info["fields"]] == ["site", "at", "day", "passed", "value", "note"]
    assert info["fields"][0]["schema"] == {
        "native_type": "text", "notnull": True, "is_index": True, "index_name": "key", "uniquekey": False,
    }  # fmt: skip


def test_a_row_keeps_its_number_in_its_version_and_etags_name_it(ckan: Client) -> None:
    first = ckan.get("datastore_search", resource_id="AIR_H", limit=3)
    assert first.headers["qingliu-version"] == "2"
    again = ckan.get("datastore_search", resource_id="AIR_H", limit=3, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    other = ckan.get("datastore_search", resource_id="AIR_H", limit=3, filters={"_id": {"gt": 3}})
    assert other.headers["etag"] != first.headers["etag"]


def dump(ckan: Client, code: str, query: str) -> Any:
    answer = ckan.portal.get(f"/datastore/dump/{code}", query)
    assert answer.status_code == 200, answer.text
    return answer


def test_dumps_hold_every_row_in_every_format(ckan: Client) -> None:
    rows = ckan.search("MONTHS_P_03", limit=32000)["records"]
    plain = [["" if v is None else str(v).removesuffix(".0") for v in r.values()] for r in rows]
    plain = [[c.lower() if c in {"True", "False"} else c for c in r] for r in plain]
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        answer = dump(ckan, "months_p_03", f"format={form}")
        read = list(csv.reader(io.StringIO(answer.content.decode(), newline=""), delimiter=delimiter))
        assert read[0] == ["_id", "site", "at", "day", "passed", "value", "note"]
        assert read[1:] == plain
        assert f"MONTHS_P_03-v1.{form}" in answer.headers["content-disposition"]
    whole = dump(ckan, "months_p_03", "format=json").json
    assert whole["records"] == [list(r.values()) for r in rows]
    assert whole["fields"][1]["id"] == "site"
    tree = ElementTree.fromstring(dump(ckan, "months_p_03", "format=xml").content)
    assert [int(r.get("_id", "0")) for r in tree] == [r["_id"] for r in rows]
    nil = "{http://www.w3.org/2001/XMLSchema-instance}nil"
    empty = [[c.tag for c in r if c.get(nil) == "true"] for r in tree]
    assert empty == [[k for k, v in r.items() if v is None] for r in rows]


def test_a_dump_takes_filters_words_fields_sort_and_a_limit(ckan: Client) -> None:
    query = 'filters={"site":["S1","S2"]}&q=water&fields=site,value&sort=value desc&limit=7&offset=2&bom=true'
    answer = dump(ckan, "MONTHS_P_03", query)
    assert answer.content.startswith("\ufeffsite,value\n".encode())
    asked = {"filters": {"site": ["S1", "S2"]}, "q": "water", "fields": "site,value", "sort": "value desc"}
    rows = ckan.search("MONTHS_P_03", limit=7, offset=2, **asked)["records"]
    read = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(r["site"], float(r["value"])) for r in read] == [(r["site"], r["value"]) for r in rows]


def test_a_dump_goes_on_behind_a_row(ckan: Client) -> None:
    rest = dump(ckan, "MONTHS_P_03", 'filters={"_id":{"gt":1430}}&fields=_id').text.split()
    assert rest == ["_id", *map(str, range(1431, MONTH_ROWS + 1))]
    some = dump(ckan, "MONTHS_P_03", 'filters={"_id":{"gt":700},"site":"S2"}&fields=_id').text.split()
    assert [int(n) for n in some[1:]] == ids(ckan, "MONTHS_P_03", "_id > 700 AND site = 'S2'")


def test_cells_that_a_spreadsheet_would_run_are_guarded_in_files_alone(ckan: Client) -> None:
    guarded = dump(ckan, "AIR_H", "fields=note&limit=1").text.splitlines()
    assert guarded[1] == "'=1+2"
    assert dump(ckan, "AIR_H", "fields=note&limit=1&format=json").json["records"] == [["=1+2"]]


def test_a_dump_of_nothing_is_told(ckan: Client) -> None:
    answer = ckan.portal.get("/datastore/dump/nobody")
    assert answer.status_code == 404
    assert answer.json["error"]["__type"] == "Not Found Error"
    wrong = ckan.portal.get("/datastore/dump/AIR_H", "format=exe")
    assert wrong.status_code == 409
    assert json.loads(wrong.text)["error"]["format"]


def test_a_tables_id_is_the_one_that_the_moenv_envelope_tells(ckan: Client) -> None:
    envelope = ckan.portal.get("/api/v2/air_h", "limit=1&profile=envelope").json
    assert envelope["resource_id"] == ckan.search("AIR_H", limit=0)["resource_id"]
