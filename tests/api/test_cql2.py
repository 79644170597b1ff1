"""CQL2 text becomes a where tree, or a 400 that says where it stopped making sense; quickly, whatever it holds."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qingliu.api.cql2 import parse
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, In, IsNull, Like, Not, Or, Within
from tests.api.portal import HOURLY, ODD

CASES = [
    ("aqi > 100", Compare("aqi", "gt", 100)),
    ("100 < aqi", Compare("aqi", "gt", 100)),
    ("aqi <> -5", Compare("aqi", "ne", -5)),
    ('"pm2.5" >= 1.5e1', Compare("pm2.5", "ge", 15.0)),
    ("pm2.5 = .5", Compare("pm2.5", "eq", 0.5)),
    ("county = '臺北市'", Compare("county", "eq", "臺北市")),
    ("note = 'it''s'", Compare("note", "eq", "it's")),
    ("county IN ('臺北市', '新北市')", In("county", ("臺北市", "新北市"))),
    ("county not in ('臺北市')", Not(In("county", ("臺北市",)))),
    ("aqi BETWEEN 1 AND 3", And((Compare("aqi", "ge", 1), Compare("aqi", "le", 3)))),
    ("note LIKE '%a_'", Like("note", "%a_")),
    ("CASEI(note) LIKE casei('AbC%')", Like("note", "AbC%", True)),
    ("CASEI(note) = 'a%b'", Like("note", "a\\%b", True)),
    ("aqi IS NULL", IsNull("aqi")),
    ("aqi IS NOT NULL", Not(IsNull("aqi"))),
    ("NOT (aqi = 1 OR aqi = 2)", Not(Or((Compare("aqi", "eq", 1), Compare("aqi", "eq", 2))))),
    (
        "aqi = 1 OR aqi = 2 AND county = 'x'",
        Or((Compare("aqi", "eq", 1), And((Compare("aqi", "eq", 2), Compare("county", "eq", "x"))))),
    ),
    ("S_INTERSECTS(geom, BBOX(120, 22, 121, 24))", Within(120, 22, 121, 24)),
    (
        "datacreationdate >= TIMESTAMP('2024-01-01T00:00:00Z')",
        Compare("datacreationdate", "ge", datetime(2024, 1, 1, 8)),
    ),
    ("datacreationdate < DATE('2024-01-02')", Compare("datacreationdate", "lt", datetime(2024, 1, 2))),
]


@pytest.mark.parametrize(("text", "where"), CASES, ids=[c[0] for c in CASES])
def test_text_becomes_its_tree(text: str, where: object) -> None:
    assert parse(text, HOURLY) == where


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "aqi", "aqi >", "aqi > 'x'", "county = 5", "aqi = 1 AND", "(aqi = 1", "aqi = 1)", "aqi == 1",
        "aqi = 1; DROP TABLE x",
        "aqi = ‘1’", "county LIKE 5", "aqi LIKE '1%'", "NOT", "aqi IN ()", "aqi IN (1,)", "aqi BETWEEN 1",
        "S_INTERSECTS(geom, BBOX(1,2,3))",
        "S_INTERSECTS(geom, BBOX(0,95,1,96))", "datacreationdate > TIMESTAMP('yesterday')", "aqi = (SELECT 1)", "'unclosed",
        "aqi = 1e999",
    ],
)  # fmt: skip
def test_nonsense_is_a_bad_request_that_names_the_filter(text: str) -> None:
    with pytest.raises(BadRequest) as told:
        parse(text, HOURLY)
    assert told.value.parameter == "filter"
    assert told.value.reason.zh
    assert told.value.remedy.en


def test_unknown_and_hidden_columns_are_unknown_fields() -> None:
    for name in ("pm25", "_since", "_flags", "AQI", '"_fi"'):
        with pytest.raises(UnknownField):
            parse(f"{name} = 1", HOURLY)


def test_quoted_names_reach_odd_columns() -> None:
    assert parse("\"a b\" = '1' AND 中文欄位 = '2' AND \"24hr\" IS NULL", ODD) == And(
        (Compare("a b", "eq", "1"), Compare("中文欄位", "eq", "2"), IsNull("24hr"))
    )


def test_a_views_condition_is_read_without_its_record() -> None:
    assert parse("anything > 5 AND at > TIMESTAMP('2024-01-01T00:00:00Z')") == And(
        (Compare("anything", "gt", 5), Compare("at", "gt", "2024-01-01T00:00:00Z"))
    )


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "aqi=1" + ")" * 1000,
        "NOT " * 1000 + "aqi=1",
        "NOT (" * 1000 + "aqi=1" + ")" * 1000,
        "CASEI(" * 1000 + "note",
        "TIMESTAMP(" * 900 + "'x'",
        "aqi=1 OR " * 3000 + "aqi=1",
        "'" * 9_999,
        '"' * 9_999,
        "(" * 9_999,
        " " * 9_990 + "§",
        "aqi=" + "1" * 9_000 + "x",
    ],
    ids=lambda t: t[:12],
)
def test_threat_2_deep_or_long_filters_are_refused_within_50_ms(text: str) -> None:
    start = time.thread_time()
    with pytest.raises(BadRequest):
        parse(text, HOURLY)
    assert time.thread_time() - start < 0.05


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_tree_or_a_bad_request(text: str) -> None:
    with suppress(BadRequest):
        parse(text, HOURLY)


_PIECES = [
    "aqi", '"pm2.5"', "county", "note", "AND", "OR", "NOT", "(", ")", "=", "<>", ">", "'x'", "5", "IN", "BETWEEN", "LIKE", "IS",
    "NULL", ",", "CASEI", "S_INTERSECTS", "BBOX", "TIMESTAMP", "DATE", "TRUE",
]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=30))
def test_any_heap_of_tokens_is_a_tree_or_a_bad_request(pieces: list[str]) -> None:
    with suppress(BadRequest):
        parse(" ".join(pieces), HOURLY)
