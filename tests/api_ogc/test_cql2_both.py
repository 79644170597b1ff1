"""CQL2 text and CQL2 JSON are two writings of one condition; and whatever either holds, it is refused quickly."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qingliu.api import cql2, cql2_json
from qingliu.api.crs import find
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, Folded, IsNull, Meets, Not, Or, Shape, Within
from tests.api.portal import HOURLY, ODD
from tests.api_ogc.writers import Written, conditions

AT = "datacreationdate"


@settings(max_examples=400, deadline=None)
@given(conditions)
def test_text_and_json_of_a_condition_are_one_tree(written: Written) -> None:
    assert cql2.parse(written.text, HOURLY) == cql2_json.parse(json.dumps(written.plain), HOURLY)


CASES: list[tuple[str, Any]] = [
    ("CASEI(note) < 'B'", Folded("note", "lt", "B")),
    ("'b' >= CASEI(note)", Folded("note", "le", "b")),
    ("TRUE", And(())),
    ("NOT FALSE", Not(Or(()))),
    ("T_AFTER(datacreationdate, TIMESTAMP('2024-01-01T00:00:00Z'))", Compare(AT, "gt", datetime(2024, 1, 1, 8))),
    (
        "T_INTERSECTS(datacreationdate, DATE('2024-01-02'))",
        And((Compare(AT, "le", datetime(2024, 1, 2, 23, 59, 59, 999999)), Compare(AT, "ge", datetime(2024, 1, 2)))),
    ),
    (
        "T_DURING(datacreationdate, INTERVAL('2024-01-01T00:00:00+08:00', '..'))",
        Compare(AT, "gt", datetime(2024, 1, 1)),
    ),
    ("T_INTERSECTS(datacreationdate, INTERVAL('..', '..'))", Not(IsNull(AT))),
    (
        "T_BEFORE(INTERVAL('2024-01-01','2024-01-02T00:00:00+08:00'), datacreationdate)",
        Compare(AT, "gt", datetime(2024, 1, 2)),
    ),
    ("S_INTERSECTS(geometry, POINT(120 23))", Meets(Shape(points=((120.0, 23.0),)))),
    ("S_DISJOINT(BBOX(120, 22, 121, 24), geom)", Not(Within(120, 22, 121, 24))),
    (
        "S_CONTAINS(POLYGON((1 1,2 1,2 2,1 1)), geometry)",
        Meets(Shape(polygons=((((1, 1), (2, 1), (2, 2), (1, 1)),),)), "interior"),
    ),
    ("S_CROSSES(geometry, LINESTRING(1 1,2 2))", Or(())),
    ("S_EQUALS(geometry, POINT Z(1 1 5))", Meets(Shape(points=((1.0, 1.0),)))),
    ("S_INTERSECTS(geometry, ENVELOPE(170, 1, -170, 2))", Or((Within(170, 1, 180, 2), Within(-180, 1, -170, 2)))),
]


@pytest.mark.parametrize(("text", "where"), CASES, ids=[c[0] for c in CASES])
def test_functions_become_their_tree(text: str, where: object) -> None:
    assert cql2.parse(text, HOURLY) == where


def test_places_in_another_crs_are_read_in_its_axes_and_its_plane() -> None:
    plane, turned = find("EPSG:3826"), find("[EPSG:4326]")
    assert plane
    assert turned
    box = "S_INTERSECTS(geometry, BBOX(250000, 2600000, 300000.004, 2700000))"
    assert cql2.parse(box, HOURLY, crs=plane) == Within(250000, 2600000, 300000, 2700000, 3826)
    assert cql2.parse("S_INTERSECTS(geometry, BBOX(22,120,24,121))", HOURLY, crs=turned) == Within(120, 22, 121, 24)


BAD_TEXTS = [
    "S_INTERSECTS(geometry, county)", "S_INTERSECTS(county, POINT(1 1))", "S_INTERSECTS(nowhere, POINT(1 1))",
    "S_INTERSECTS(geometry, POINT(200 1))", "S_INTERSECTS(geometry, POLYGON((1 1,2 1,2 2,3 3)))",
    "S_INTERSECTS(geometry, POLYGON((1 1,2 1,1 1)))", "S_INTERSECTS(geometry, LINESTRING(1 1))",
    "S_INTERSECTS(geometry, BBOX(1,2,3))", "S_INTERSECTS(geometry, CIRCLE(1 1))", "S_NEAR(geometry, POINT(1 1))",
    "geometry = 5", "T_AFTER(aqi, DATE('2024-01-01'))", "T_AFTER(datacreationdate, 5)", "T_AFTER(datacreationdate)",
    "T_AFTER(DATE('2024-01-01'), DATE('2024-01-02'))", "T_AFTER(datacreationdate, datacreationdate)",
    "T_SOON(datacreationdate, DATE('2024-01-01'))", "CASEI(aqi) < 'a'", "CASEI(note) BETWEEN 'a' AND 'b'",
    "CASEI(CASEI(note)) = 'a'", "aqi = aqi", "1 = 1", "TRUE FALSE", "upper(note) = 'A'", "note || 'x' = 'y'", "aqi + 1 = 2",
    "S_INTERSECTS(geometry, POINT(1e999 1))", "T_AFTER(datacreationdate, INTERVAL('2024-01-01'))", "ACCENTI(note) = 'a'",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_functions_used_wrongly_say_where(text: str) -> None:
    with pytest.raises(BadRequest) as told:
        cql2.parse(text, HOURLY)
    assert told.value.parameter == "filter"


def test_a_dataset_without_a_place_has_no_geometry() -> None:
    for text in ("S_INTERSECTS(geometry, POINT(1 1))", "geometry IS NULL"):
        with pytest.raises(BadRequest):
            cql2.parse(text, ODD)


BAD_JSON: list[Any] = [
    None, 5, "x", [], {}, {"op": "and"}, {"op": "and", "args": []}, {"op": "and", "args": [True]}, {"op": 5, "args": [1]},
    {"op": "=", "args": [{"property": "aqi"}]}, {"op": "=", "args": [{"property": "aqi"}, 5], "more": 1},
    {"op": "=", "args": [{"property": "aqi"}, "x"]}, {"op": "=", "args": [{"property": 5}, 5]},
    {"op": "like", "args": [{"property": "aqi"}, "1%"]}, {"op": "in", "args": [{"property": "aqi"}, []]},
    {"op": "in", "args": [{"property": "aqi"}, 5]}, {"op": "~", "args": [{"property": "aqi"}, 5]},
    {"op": "isNull", "args": ["aqi"]}, {"op": "between", "args": [{"property": "aqi"}, 5]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point"}]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": ["a", "b"]}]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3]}]},
    {"op": "t_after", "args": [{"property": AT}, {"interval": ["2024-01-01"]}]},
    {"op": "=", "args": [{"property": "aqi"}, {"op": "+", "args": [1, 2]}]},
]  # fmt: skip


@pytest.mark.parametrize("value", BAD_JSON, ids=lambda v: json.dumps(v)[:60])
def test_json_that_is_no_condition_says_where(value: Any) -> None:
    with pytest.raises(BadRequest) as told:
        cql2_json.parse(json.dumps(value), HOURLY)
    assert told.value.parameter == "filter"
    assert "$" in told.value.reason.en or "aqi" in told.value.reason.en


def test_json_that_is_no_json_is_refused() -> None:
    for text in (
        "",
        "{",
        '{"op":NaN}',
        "\ud800".encode("utf-8", "replace").decode(),
        '{"op":"=","args":[{"property":"aqi"},1e999]}',
    ):
        with pytest.raises(BadRequest):
            cql2_json.parse(text, HOURLY)


def test_threat_3_hidden_columns_are_unknown_in_json_too() -> None:
    for name in ("_since", "_flags", "_fi", "AQI"):
        with pytest.raises(UnknownField):
            cql2_json.parse(json.dumps({"op": "isNull", "args": [{"property": name}]}), HOURLY)


_DEEP = '{"op":"not","args":['
HOSTILE = [
    _DEEP * 400 + "true" + "]}" * 400,
    "[" * 9_999,
    '{"a":' * 1_900 + "1" + "}" * 1_900,
    '{"op":"and","args":[' + ",".join(["true"] * 3_000) + "]}",
    '"' + "a" * 20_000 + '"',
    '{"op":"s_intersects","args":[{"property":"geometry"},' + '{"type":"GeometryCollection","geometries":[' * 200,
    '{"op":"=","args":[{"property":"aqi"},' + "9" * 9_900 + "]}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:20])
def test_threat_2_deep_or_long_json_is_refused_within_50_ms(text: str) -> None:
    start = time.thread_time()
    with pytest.raises(BadRequest):
        cql2_json.parse(text, HOURLY)
    assert time.thread_time() - start < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "GEOMETRYCOLLECTION(" * 500, "S_INTERSECTS(geometry, " + "GEOMETRYCOLLECTION(" * 400, "T_AFTER(" * 1000,
        "S_INTERSECTS(" * 700, "CASEI(" * 1500, "INTERVAL(" * 1000, "S_INTERSECTS(geometry, POLYGON(" + "(" * 9000,
    ],
    ids=lambda t: t[:16],
)  # fmt: skip
def test_threat_2_deep_functions_are_refused_within_50_ms(text: str) -> None:
    start = time.thread_time()
    with pytest.raises(BadRequest):
        cql2.parse(text, HOURLY)
    assert time.thread_time() - start < 0.05


_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["and", "=", "s_within", "Point"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["op", "args", "property", "type", "coordinates", "bbox", "interval"]), inner),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(_VALUES)
def test_any_json_is_a_tree_or_a_bad_request(value: Any) -> None:
    with suppress(BadRequest):
        cql2_json.parse(json.dumps(value), HOURLY)
