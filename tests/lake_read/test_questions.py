"""Every question against the small lake answers what a plain Python loop over the same rows answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qingliu.core.errors import BadRequest, NotFound, UnknownField
from qingliu.lake.engine import Engine
from qingliu.lake.query import Aggregate, And, Compare, In, IsNull, Like, Not, Or, Order, Query, Where, Within
from tests.lake_read.small import rows

COLUMNS = ["site", "at", "n", "v"]
START = datetime(2025, 12, 1)
VALUES = {
    "site": st.sampled_from(["S0", "S2", "S4", "S9"]),
    "at": st.integers(-1, 13).map(lambda h: START + timedelta(hours=h)),
    "n": st.integers(-1, 5),
    "v": st.integers(-1, 61).map(lambda i: i / 4),
}


def holds(node: Where, row: dict[str, Any]) -> bool | None:
    """Three-valued logic in Python: the reference."""
    match node:
        case Compare(field, op, value):
            have = row[field]
            if have is None:
                return None
            return {
                "eq": have == value, "ne": have != value, "lt": have < value,
                "le": have <= value, "gt": have > value, "ge": have >= value,
            }[op]  # fmt: skip
        case In(field, values):
            return None if row[field] is None else row[field] in values
        case IsNull(field):
            return row[field] is None
        case Not(item):
            inner = holds(item, row)
            return None if inner is None else not inner
        case And(items):
            found = [holds(i, row) for i in items]
            return False if False in found else None if None in found else True
        case Or(items):
            found = [holds(i, row) for i in items]
            return True if True in found else None if None in found else False
    raise AssertionError(node)


leaf = st.sampled_from(COLUMNS).flatmap(
    lambda c: st.one_of(
        st.builds(Compare, st.just(c), st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), VALUES[c]),
        st.builds(In, st.just(c), st.lists(VALUES[c], min_size=1, max_size=3).map(tuple)),
        st.builds(IsNull, st.just(c)),
    )
)
wheres = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
orders = st.lists(st.builds(Order, st.sampled_from(COLUMNS), st.booleans()), max_size=2, unique_by=lambda o: o.field)


def expected(where: Where | None, order: list[Order], stored: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    chosen = [r for r in stored if where is None or holds(where, r) is True]
    for o in reversed(order):
        known = [r for r in chosen if r[o.field] is not None]
        known.sort(key=lambda r: r[o.field], reverse=o.desc)
        if o.desc:  # a stable descending sort: equal rows keep their stored order
            known = sorted((r for r in chosen if r[o.field] is not None), key=lambda r: _negative(r[o.field]))
        chosen = known + [r for r in chosen if r[o.field] is None]
    return [tuple(r[c] for c in [*COLUMNS, "note"]) for r in chosen]


def _negative(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(-ord(c) for c in value)
    return -value.timestamp() if isinstance(value, datetime) else -value


def pages(engine: Engine, query: Query) -> list[tuple[Any, ...]]:
    out: list[tuple[Any, ...]] = []
    cursor = None
    while True:
        page = engine.page(engine.open(Query(**{**_fields(query), "cursor": cursor})))
        for row in page.rows:
            out.append(tuple(v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row.values()))
        cursor = page.next_cursor
        if cursor is None:
            return out


def _fields(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


@given(wheres, orders, st.integers(1, 25), st.sampled_from(["SMALL", "SORTED"]))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_joined_are_the_whole_answer(
    engine: Engine, where: Where, order: list[Order], size: int, code: str
) -> None:
    stored = rows() if code == "SMALL" else sorted(rows(), key=lambda r: (r["site"], r["v"] is None, r["v"] or 0))
    query = Query(code, fields=(*COLUMNS, "note"), where=where, order=tuple(order), limit=size)
    want = expected(where, order, stored)
    assert pages(engine, query) == want
    assert engine.count(engine.open(query)) == len(want)


@pytest.mark.parametrize("offset", [0, 1, 19, 20, 39, 59, 60, 61, 10**9])
def test_offset_counts_over_file_borders(engine: Engine, offset: int) -> None:
    page = engine.page(engine.open(Query("SMALL", fields=("lon",), limit=5, offset=offset)))
    assert [r["lon"] for r in page.rows] == [r["lon"] for r in rows()][offset : offset + 5]
    assert page.matched == 60


def test_order_of_the_files_is_not_sorted_again_and_a_cursor_goes_on_in_it(engine: Engine) -> None:
    asked = Query("SORTED", fields=("site", "v"), order=(Order("site"), Order("v")), limit=7, offset=13)
    first = engine.page(engine.open(asked))
    second = engine.page(engine.open(Query(**{**_fields(asked), "cursor": first.next_cursor})))
    whole = engine.rows(engine.open(Query("SORTED", fields=("site", "v"))))
    assert first.rows + second.rows == whole[13:27]


def test_a_cursor_of_another_question_is_refused(engine: Engine) -> None:
    first = engine.page(engine.open(Query("SMALL", limit=3)))
    with pytest.raises(BadRequest, match="cursor"):
        engine.open(Query("SMALL", limit=4, cursor=first.next_cursor))
    for damaged in ("x", "!!!", "e30", "W10", "A" * 9000):
        with pytest.raises(BadRequest):
            engine.open(Query("SMALL", limit=3, cursor=damaged))


def test_names_and_values_are_checked_before_anything_runs(engine: Engine) -> None:
    for query in (
        Query("SMALL", fields=("vv",)),
        Query("SMALL", fields=("_flags",)),
        Query("SMALL", order=(Order("id;drop table"),)),
        Query("SMALL", where=Compare("V", "eq", 1)),
        Query("SMALL", group=("(select 1)",), aggregates=(Aggregate("count", "*"),)),
    ):
        with pytest.raises(UnknownField):
            engine.open(query)
    for value in ("１", "1 ", "nan", "1e999", "0x10", "1_000"):
        with pytest.raises(BadRequest):
            engine.open(Query("SMALL", where=Compare("v", "gt", value)))
    with pytest.raises(BadRequest):
        engine.open(Query("SMALL", where=Compare("at", "gt", "yesterday")))
    with pytest.raises(BadRequest):
        engine.open(Query("SMALL", where=And(tuple(Compare("n", "eq", i) for i in range(600)))))


def test_unknown_dataset_names_a_near_one_and_a_listed_one_has_no_rows(engine: Engine) -> None:
    with pytest.raises(NotFound, match="SMALL"):
        engine.open(Query("SMAL"))
    with pytest.raises(NotFound, match="no rows"):
        engine.open(Query("LISTED"))


def test_as_of_finds_the_version_of_a_number_and_of_a_moment(engine: Engine) -> None:
    assert engine.open(Query("SMALL", as_of=1)).version.number == 1
    assert engine.open(Query("SMALL", as_of=datetime.fromisoformat("2026-02-01T00:00:00+08:00"))).version.number == 1
    with pytest.raises(NotFound):
        engine.open(Query("SMALL", as_of=2))
    with pytest.raises(NotFound):
        engine.open(Query("SMALL", as_of=datetime.fromisoformat("2025-02-01T00:00:00+00:00")))


def test_a_box_and_a_pattern_select_rows(engine: Engine) -> None:
    inside = engine.rows(engine.open(Query("SMALL", where=Within(120.05, 23.0, 120.1, 23.09))))
    assert len(inside) == sum(1 for r in rows() if r["lat"] and 120.05 <= r["lon"] <= 120.1 and r["lat"] <= 23.09)
    liked = engine.rows(engine.open(Query("SMALL", where=Like("note", "SAY%", casei=True))))
    assert {r["note"] for r in liked} == {'say "hi", 你好'}


def test_groups_count_and_average_like_a_loop(engine: Engine) -> None:
    query = Query("SMALL", group=("site",), aggregates=(Aggregate("avg", "v"), Aggregate("count", "*")), bucket="1d")
    found = {
        (r["time"] and r["time"].date(), r["site"]): (r["avg_v"], r["count"]) for r in engine.rows(engine.open(query))
    }
    groups: dict[Any, list[Any]] = {}
    for r in rows():
        groups.setdefault((r["at"] and r["at"].date(), r["site"]), []).append(r["v"])
    assert set(found) == set(groups)
    for key, values in groups.items():
        known = [v for v in values if v is not None]
        assert found[key] == (pytest.approx(sum(known) / len(known)) if known else None, len(values))
    assert engine.count(engine.open(query)) == len(groups)


def test_the_newest_row_of_each_key_is_a_dataset_of_its_own(engine: Engine) -> None:
    newest: dict[str, dict[str, Any]] = {}
    for r in rows():
        if r["at"] and (r["site"] not in newest or r["at"] > newest[r["site"]]["at"]):
            newest[r["site"]] = r
    horizon = max(r["at"] for r in newest.values()) - timedelta(hours=1)
    want = {s: r["lon"] for s, r in newest.items() if r["at"] >= horizon}
    answered = engine.rows(engine.open(Query("NEWEST")))
    assert {r["place"]: r["lon"] for r in answered} == want
    assert "site" not in answered[0]


def test_a_union_holds_the_rows_of_all_its_datasets(engine: Engine) -> None:
    plan = engine.open(Query("BOTH", fields=("lon",)))
    assert engine.count(plan) == 120
    assert sorted(r["lon"] for r in engine.rows(plan)) == sorted([r["lon"] for r in rows()] * 2)
    with pytest.raises(BadRequest):
        engine.open(Query("BOTH", as_of=1))


def test_changes_since_zero_are_all_rows_as_inserts(engine: Engine) -> None:
    found = engine.rows(engine.open(Query("SMALL", changes_since=0)))
    assert len(found) == 60
    assert {(r["_version"], r["_change"]) for r in found} == {(1, "insert")}
    assert engine.rows(engine.open(Query("SMALL", changes_since=1, limit=1))) == []
