"""Features: paging, identifiers, boxes, times, filters, coordinates in other systems, and what is refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pyproj
import pytest

from tests.api.portal import Portal
from tests.api_ogc.conftest import LOOSE_ROWS, SITE_ROWS, every, items

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
FROM_LATLON = {n: pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{n}", always_xy=True) for n in (3826, 3857)}


def ask(portal: Portal, tail: str = "", **query: Any) -> Any:
    return portal.get(
        f"/api/ogc/collections/SITES/items{tail}", urlencode({k.replace("_", "-"): v for k, v in query.items()})
    )


def names(features: list[dict[str, Any]]) -> list[str]:
    return [f["properties"]["name"] for f in features]


def test_ten_at_first_and_all_by_next_links(ogc: Portal) -> None:
    first = items(ogc, "SITES")
    assert (first["numberReturned"], first["numberMatched"]) == (10, 16)
    assert len(every(ogc, "SITES", limit=3)) == 16
    assert len(every(ogc, "AIR_H", limit=500)) == 30 * 40
    assert len(items(ogc, "SITES", offset=14)["features"]) == 2


def test_a_limit_above_the_most_is_lowered_and_told(ogc: Portal) -> None:
    answer = ask(ogc, limit=20_000)
    assert answer.status_code == 200
    assert "10000" in answer.headers["warning"]
    assert "warning" not in ask(ogc, limit=10_000).headers


@pytest.mark.parametrize("limit", ["0", "-1", "1e9", "NaN", "1 ", "１", "", str(2**63)])
def test_threat_4_strange_limits_name_the_parameter(ogc: Portal, limit: str) -> None:
    answer = ask(ogc, limit=limit)
    assert answer.status_code == 400
    assert answer.json["parameter"] == "limit"
    assert ask(ogc, offset="-1").status_code == 400
    assert items(ogc, "SITES", limit=2**63 - 1, offset=2**40)["features"] == []


def test_every_feature_has_an_id_of_its_own_that_leads_to_it(ogc: Portal) -> None:
    for code in ("SITES", "LOOSE", "AIR_NOW"):
        features = every(ogc, code, limit=7)
        assert len({f["id"] for f in features}) == len(features)
        for feature in features:
            assert not set(feature["id"]) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
            for text in (feature["id"], quote(feature["id"], safe="")):
                answer = ogc.get(f"/api/ogc/collections/{code}/items/{text}")
                assert answer.status_code == 200, answer.text
                found = json.loads(answer.text)
                assert {"collection", "self"} <= {x["rel"] for x in found.pop("links")}
                assert found == feature


def test_ids_of_keyed_rows_are_their_keys_in_every_version(ogc: Portal) -> None:
    assert "A~2FB~~0" in {f["id"] for f in every(ogc, "SITES")}
    assert {f["id"] for f in every(ogc, "AIR_NOW")} == {str(n + 1) for n in range(30)}


def test_a_place_in_an_earlier_version_is_gone(ogc: Portal) -> None:
    old = items(ogc, "LOOSE", as_of=1)["features"][0]["id"]
    answer = ogc.get(f"/api/ogc/collections/LOOSE/items/{old}")
    assert answer.status_code == 410
    assert answer.json["parameter"] == "featureId"


@pytest.mark.parametrize(
    "name", ["nobody~~1", "plain", "a~~b~~c", "plain~~x", "%00", "~FF~~1", "v2-00000000-0-0", "..%2f..", "~~"]
)
def test_an_id_that_no_row_has_is_not_found(ogc: Portal, name: str) -> None:
    for code in ("SITES", "LOOSE"):
        assert ogc.get(f"/api/ogc/collections/{code}/items/{name}").status_code in {400, 404, 410}
        assert ogc.get(f"/api/ogc/collections/{code}/items/{name}", method="HEAD").status_code in {400, 404, 410}


def test_a_box_in_every_system_holds_exactly_the_rows_inside_its_edges_included(ogc: Portal) -> None:
    points = [(float(r[4]), float(r[5])) for r in SITE_ROWS]
    west, south, east, north = points[3][0], points[3][1], points[9][0], points[9][1]
    inside = sorted(
        r[0] for r, (x, y) in zip(SITE_ROWS, points, strict=True) if west <= x <= east and south <= y <= north
    )
    assert len(inside) == 7
    boxes = {"": f"{west},{south},{east},{north}", "4326": f"{south},{west},{north},{east}"}
    for code, crs in FROM_LATLON.items():
        (x1, y1), (x2, y2) = crs.transform(west, south), crs.transform(east, north)
        boxes[str(code)] = f"{min(x1, x2) - 900:.2f},{y1:.2f},{max(x1, x2) + 900:.2f},{y2:.2f}"
    for code, box in boxes.items():
        more = {"bbox_crs": EPSG + code} if code else {}
        assert sorted(names(every(ogc, "SITES", bbox=box, **more))) == inside, code
    assert sorted(names(every(ogc, "SITES", bbox=f"{west},{south},-50,{east},{north},9000"))) == inside
    assert len(every(ogc, "SITES", bbox="170,-80,121,80")) == len([p for p in points if p[0] <= 121])


@pytest.mark.parametrize(
    ("bbox", "crs"),
    [
        ("1,2,3", ""), ("a,b,c,d", ""), ("120,25,121,24", ""), ("0,95,1,96", ""), ("1,2,3,4,5", ""), ("", ""), ("1,1,nan,1", ""),
        ("1,2,3,4,5,6", EPSG + "3826"), ("300000,2600000,200000,2700000", EPSG + "3826"), ("1,2,3,1e99", EPSG + "3857"),
        ("120,23,121,24", EPSG + "4326"), ("1,2,3,4", EPSG + "9999"), ("1,2,3,4", "nonsense"),
    ],
)  # fmt: skip
def test_a_box_that_is_none_is_refused(ogc: Portal, bbox: str, crs: str) -> None:
    answer = ask(ogc, bbox=bbox, **({"bbox_crs": crs} if crs else {}))
    assert answer.status_code == 400
    assert answer.json["parameter"] in {"bbox", "bbox-crs"}


def test_coordinates_in_another_system_are_pyprojs_to_the_centimetre(ogc: Portal) -> None:
    degrees = {f["id"]: f["geometry"]["coordinates"] for f in every(ogc, "SITES")}
    for code, crs in FROM_LATLON.items():
        answer = ask(ogc, crs=EPSG + str(code))
        assert answer.headers["content-crs"] == f"<{EPSG}{code}>"
        for feature in every(ogc, "SITES", crs=EPSG + str(code)):
            x, y = crs.transform(*degrees[feature["id"]])
            assert feature["geometry"]["coordinates"] == [round(x, 2), round(y, 2)]
            one = json.loads(ask(ogc, "/" + feature["id"], crs=EPSG + str(code)).text)
            assert one["geometry"] == feature["geometry"]
    for feature in every(ogc, "SITES", crs=EPSG + "4326"):
        assert feature["geometry"]["coordinates"] == degrees[feature["id"]][::-1]
    assert ask(ogc).headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert ask(ogc, crs=EPSG + "2154").status_code == 400


def test_rows_without_a_place_are_features_without_geometry_and_in_no_box(ogc: Portal) -> None:
    features = every(ogc, "LOOSE", limit=5)
    assert len(features) == len(LOOSE_ROWS) - 1
    assert names([f for f in features if f["geometry"] is None]) == ["no place"]
    for condition in ("S_INTERSECTS(geometry,BBOX(-180,-90,180,90))", "S_DISJOINT(geometry,BBOX(0,0,1,1))"):
        assert "no place" not in names(every(ogc, "LOOSE", filter=condition))
    assert names(every(ogc, "LOOSE", filter="geometry IS NULL")) == ["no place"]


def test_times_are_instants_and_intervals_with_open_ends(ogc: Portal) -> None:
    def hours(text: str) -> int:
        return items(ogc, "AIR_H", datetime=text, siteid="7")["numberMatched"]

    assert hours("2024-01-01T05:00:00+08:00") == 1
    assert hours("2024-01-01T05:00:00+08:00/2024-01-01T09:00:00+08:00") == 5
    assert hours("../2024-01-01T01:00:00+08:00") == 2
    assert hours("2024-01-02T14:00:00+08:00/..") == 2
    assert hours("/2024-01-01T01:00:00+08:00") == 2
    assert hours("2024-01-02") == 16
    refused = ask(ogc, datetime="2024-01-01")
    assert (refused.status_code, refused.json["parameter"]) == (400, "datetime")
    assert ogc.get("/api/ogc/collections/AIR_H/items", "datetime=yesterday").status_code == 400


FILTERS: list[tuple[str, Any, int]] = [
    ("county = '臺北市'", {"op": "=", "args": [{"property": "county"}, "臺北市"]}, 400),
    (
        "CASEI(sitename) = '測站7'",
        {"op": "=", "args": [{"op": "casei", "args": [{"property": "sitename"}]}, "測站7"]},
        40,
    ),
    (
        "S_WITHIN(geometry, POLYGON((119.9 22.9, 120.45 22.9, 120.45 24, 119.9 24, 119.9 22.9)))",
        {
            "op": "s_within",
            "args": [
                {"property": "geometry"},
                {
                    "type": "Polygon",
                    "coordinates": [[[119.9, 22.9], [120.45, 22.9], [120.45, 24], [119.9, 24], [119.9, 22.9]]],
                },
            ],
        },
        200,
    ),
    (
        "T_DURING(datacreationdate, INTERVAL('2024-01-01T00:00:00+08:00','2024-01-01T03:00:00+08:00'))",
        {
            "op": "t_during",
            "args": [
                {"property": "datacreationdate"},
                {"interval": ["2024-01-01T00:00:00+08:00", "2024-01-01T03:00:00+08:00"]},
            ],
        },
        60,
    ),
    (
        "S_TOUCHES(geometry, BBOX(120, 22, 121, 24))",
        {"op": "s_touches", "args": [{"property": "geometry"}, {"bbox": [120, 22, 121, 24]}]},
        80,
    ),
]


@pytest.mark.parametrize(("text", "plain", "count"), FILTERS, ids=[f[0][:30] for f in FILTERS])
def test_filters_in_text_and_in_json_find_the_same_rows(ogc: Portal, text: str, plain: Any, count: int) -> None:
    by_text = every(ogc, "AIR_H", filter=text, limit=1000)
    by_json = every(ogc, "AIR_H", filter=json.dumps(plain), filter_lang="cql2-json", limit=1000)
    assert len(by_text) == count
    assert by_text == by_json
    assert by_json == every(ogc, "AIR_H", filter=json.dumps(plain), limit=1000)


def test_a_filter_in_metres_is_read_in_metres(ogc: Portal) -> None:
    x, y = FROM_LATLON[3826].transform(120.0, 22.0)
    box = f"S_INTERSECTS(geometry, BBOX({x - 1},{y - 1},{x + 1},{y + 1}))"
    assert names(every(ogc, "SITES", filter=box, filter_crs=EPSG + "3826")) == ["A/B"]
    point = f"S_EQUALS(geometry, POINT({x} {y}))"
    assert names(every(ogc, "SITES", filter=point, filter_crs=EPSG + "3826")) == ["A/B"]
    assert ask(ogc, filter_crs=EPSG + "3826").status_code == 400


def test_folding_knows_more_than_lower_case(ogc: Portal) -> None:
    assert len(every(ogc, "SITES", filter="CASEI(kind) = 'ΜG'")) == 5
    assert len(every(ogc, "SITES", filter="CASEI(kind) < CASEI('B')")) == 6


def test_columns_are_parameters_and_properties_choose_and_sortby_orders(ogc: Portal) -> None:
    assert len(every(ogc, "SITES", kind="a")) == 6
    found = items(ogc, "SITES", properties="kind,number", sortby="-number", limit=2)["features"]
    assert [f["properties"] for f in found] == [{"kind": "a", "number": 7.5}, {"kind": "µg", "number": 7}]
    assert all(f["id"] and f["geometry"] for f in found)
    assert [f["properties"]["number"] for f in every(ogc, "SITES", sortby="-number", limit=4)] == [
        n / 2 for n in range(15, -1, -1)
    ]


@pytest.mark.parametrize("name", ["sortby", "properties"])
@pytest.mark.parametrize(
    "value", ["name;drop table x", "(select 1)", "'name'", "‘name’", "*", "_flags", "_since", "NAME", "", "id"]
)
def test_threats_1_and_3_names_are_looked_up_never_run(ogc: Portal, name: str, value: str) -> None:
    answer = ask(ogc, **{name: value})
    assert answer.status_code == 400
    assert answer.json["parameter"] == name


def test_threat_3_no_answer_holds_a_hidden_column(ogc: Portal) -> None:
    names_known = {"name", "number", "kind", "since", "lon", "lat"}
    for feature in every(ogc, "SITES"):
        assert set(feature["properties"]) == names_known
    for query in ("_flags=x", "_since=1", "unknown=1", "NAME=x", "api_key=secretsecret", "limit=1&limit=2", "f=xml"):
        answer = ogc.get("/api/ogc/collections/SITES/items", query)
        assert answer.status_code == 400
        assert "secretsecret" not in answer.text
    assert ogc.get("/api/ogc", "limit=1").status_code == 400


def test_threat_2_hostile_filters_are_refused_at_the_address(ogc: Portal) -> None:
    for text in ("(" * 1000 + "number=1" + ")" * 1000, "number=1 OR " * 900 + "number=1", '{"op":"not","args":[' * 400):
        answer = ask(ogc, filter=text)
        assert (answer.status_code, answer.json["parameter"]) == (400, "filter")


def test_threat_21_patterns_that_explode_elsewhere_are_answered(ogc: Portal) -> None:
    answer = ask(ogc, filter="name LIKE '" + "%a" * 30 + "b'")
    assert answer.status_code == 200


def test_errors_are_problems_in_both_languages(ogc: Portal) -> None:
    answer = ask(ogc, bbox="x", lang="en")
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"title", "status", "detail", "detail_zh", "detail_en", "remedy", "parameter"} <= set(answer.json)


def test_geojson_of_both_dialects_is_the_same_but_for_the_id(ogc: Portal) -> None:
    native = json.loads(ogc.get("/api/datasets/AIR_H/rows", "f=geojson&limit=2000").text)["features"]
    ours = every(ogc, "AIR_H", limit=2000)
    assert [{k: v for k, v in f.items() if k != "id"} for f in ours] == native


def test_the_last_day_of_all_and_a_pattern_that_ends_in_its_escape_are_answered(ogc: Portal) -> None:
    assert items(ogc, "AIR_H", datetime="0001-01-01/9999-12-31")["numberMatched"] == 1200
    assert items(ogc, "AIR_H", filter="T_AFTER(datacreationdate, DATE('9999-12-31'))")["numberMatched"] == 0
    assert items(ogc, "SITES", filter="name LIKE '%\\'")["numberMatched"] == 0
    assert items(ogc, "SITES", filter="name LIKE 'a\\.b%'")["numberMatched"] == 1
