"""Series the short way and the engine's way: same question, same bytes; what the two could round apart goes to the engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Aggregate, And, Compare, In, IsNull, Query, Rendering, Rules, Where
from qingliu.lake.short import buckets as by
from tests.series.tables import build

ZONES = ("", "UTC", "Asia/Kathmandu", "America/New_York")
FNS = ("avg", "sum", "min", "max", "count", "valid", "median", "last")
NUMBERS = {
    "SER_W": ("pm", "o3", "n", "ws"),
    "SER_I": ("pm",),
    "SER_N": ("pm", "n"),
    "SER_D": ("pm", "o3"),
    "SER_L": ("value",),
}
SITES = {"SER_L": "ab"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = build(LakePaths(tmp_path_factory.mktemp("series") / "home")).portal.engine
    yield made
    made.close()


def conditions(code: str) -> st.SearchStrategy[Where | None]:
    site = st.sampled_from(SITES.get(code, "abcdx")).map(lambda s: Compare("site", "eq", s))
    moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 6, 20)).map(
        lambda d: d.replace(minute=0, second=0, microsecond=0)
    )
    if code == "SER_D":
        moments = moments.map(lambda d: d.date())
    since = moments.map(lambda d: Compare("at", "ge", d))
    until = moments.map(lambda d: Compare("at", "lt", d))
    other = st.sampled_from([Compare(NUMBERS[code][0], "gt", 5), IsNull("site"), In("site", ("a", "b"))])
    items = st.sampled_from(["O3", "PM2.5", "WIND_SPEED"]).map(lambda i: Compare("item", "eq", i))
    parts = [
        st.just(()),
        site.map(lambda s: (s,)),
        st.tuples(site, since),
        st.tuples(site, since, until),
        st.tuples(site, other),
    ]
    if code == "SER_L":
        parts = [st.tuples(items, *p) for p in ((site,), (site, since), (site, since, until), ())]
    return st.one_of(*parts).map(lambda found: And(tuple(found)) if found else None)


@st.composite
def questions(draw: st.DrawFn) -> Query:
    code = draw(st.sampled_from(["SER_W", "SER_W", "SER_L", "SER_I", "SER_N", "SER_D"]))
    bucket = draw(st.sampled_from(["1d", "1w", "1mo", "1y"] + (["1h", "roll8h"] if code != "SER_D" else [])))
    calls = st.builds(Aggregate, st.sampled_from(FNS), st.sampled_from(NUMBERS[code]))
    aggregates = draw(
        st.lists(st.one_of(calls, calls, st.just(Aggregate("count", "*"))), min_size=1, max_size=4, unique=True)
    )
    rules = Rules(
        timezone=draw(st.sampled_from(ZONES)),
        completeness=draw(st.sampled_from([0.0, 0.5, 0.75, 1.0])),
        below_detection=draw(st.sampled_from(["half", "zero", "drop"])),
        invalid=draw(st.booleans()),
    )
    return Query(
        code,
        where=draw(conditions(code)),
        bucket=bucket,
        aggregates=tuple(aggregates),
        rules=draw(st.sampled_from([rules, rules, rules, None])),
        limit=draw(st.sampled_from([None, None, 0, 3, 40])),
        offset=draw(st.sampled_from([0, 0, 2, 100])),
    )


def by_both(engine: Engine, query: Query, rendering: Rendering) -> tuple[Any, Any] | None:
    """What each way answers; None where the short way leaves the question to the engine."""
    plan = engine.open(query)
    short = engine.short.series(plan, engine.cells(plan, rendering), rendering, 20)
    if short is None:
        return None
    found = []
    for stream in (short, engine.by_engine(plan, rendering)):
        found.append((b"".join(stream), stream.returned, stream.more, stream.next_cursor))
    return found[0], found[1]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=questions(), form=st.sampled_from(["json", "ndjson", "csv"]), strings=st.booleans())
def test_the_same_series_has_the_same_bytes(engine: Engine, query: Query, form: Any, strings: bool) -> None:
    found = by_both(engine, query, Rendering(form, strings=strings))
    if found is not None:
        assert found[0] == found[1]


def test_ordinary_series_do_go_the_short_way(engine: Engine) -> None:
    one = And((Compare("site", "eq", "a"), Compare("at", "ge", datetime(2024, 2, 3))))
    long = And((Compare("site", "eq", "a"), Compare("item", "eq", "O3")))
    mean = (Aggregate("avg", "pm"), Aggregate("max", "o3"), Aggregate("count", "*"))
    value = (Aggregate("avg", "value"),)
    for query in (
        Query("SER_W", where=one, bucket="1d", aggregates=mean, rules=Rules()),
        Query("SER_W", where=one, bucket="1mo", aggregates=mean, rules=Rules(timezone="UTC", completeness=0)),
        Query("SER_L", where=long, bucket="1w", aggregates=value, rules=Rules()),
        Query("SER_N", bucket="1h", aggregates=mean, rules=Rules()),
        Query("SER_D", where=Compare("site", "eq", "a"), bucket="1y", aggregates=mean, rules=Rules()),
    ):
        found = by_both(engine, query, Rendering("json"))
        assert found is not None
        assert found[0] == found[1]
        assert found[0][1] > 0


ONE, MEAN = Compare("site", "eq", "a"), (Aggregate("avg", "pm"),)
LEFT = {
    "several series": Query("SER_W", bucket="1d", aggregates=MEAN, rules=Rules()),
    "daylight time": Query("SER_B", where=ONE, bucket="1d", aggregates=MEAN, rules=Rules()),
    "directions": Query("SER_W", where=ONE, bucket="1d", aggregates=(Aggregate("avg", "wd"),), rules=Rules()),
    "deviations": Query("SER_W", where=ONE, bucket="1d", aggregates=(Aggregate("sd", "pm"),), rules=Rules()),
    "windows": Query("SER_W", where=ONE, bucket="roll8h", aggregates=MEAN, rules=Rules()),
    "groups": Query("SER_W", group=("site",), bucket="1d", aggregates=MEAN, rules=Rules()),
    "gaps": Query("SER_W", where=ONE, bucket="1d", aggregates=MEAN, rules=Rules(gaps=True)),
}


@pytest.mark.parametrize("query", LEFT.values(), ids=LEFT)
def test_what_the_short_way_does_not_know_is_left_to_the_engine(engine: Engine, query: Query) -> None:
    assert by_both(engine, query, Rendering("json")) is None


CELLS = st.one_of(
    st.floats(-200, 200).map(lambda f: round(f, 1)),
    st.floats(0, 200).map(lambda f: round(f, 4)),
    st.integers(-(2**20), 2**20).map(lambda n: n / 1024),
    st.floats(-1e6, 1e6),
    st.floats(allow_nan=False),
)


def _engines(values: list[float], fine: int) -> tuple[float, float]:
    """Sum and mean as the engine makes them, ``fine`` values at a time first."""
    con = duckdb.connect()
    con.register("t", pa.table({"x": values, "k": [i // fine for i in range(len(values))]}))
    part = "SELECT fsum(x) AS s, count(x) AS n FROM t GROUP BY k"
    text = f"SELECT round(CAST(fsum(s) AS DOUBLE), 9), round(CAST(fsum(s) / sum(n) AS DOUBLE), 9) FROM ({part})"
    row = con.execute(text).fetchone()
    con.close()
    assert row is not None
    return row[0], row[1]


@settings(max_examples=300, deadline=None)
@given(values=st.lists(CELLS, min_size=1, max_size=60), fine=st.integers(1, 60), mean=st.booleans())
def test_a_settled_sum_is_the_engines_in_whatever_order_it_adds(values: list[float], fine: int, mean: bool) -> None:
    cells = by.Values(np.array(values), np.ones(len(values), dtype=bool))
    of = by.buckets(np.zeros(len(values), dtype=np.int64))
    try:
        made = float(by.sums(cells, of, lambda total: total / len(values) if mean else total)[0])
    except by.Unsettled:
        return
    for order in (values, values[::-1], sorted(values), sorted(values, key=abs, reverse=True)):
        assert made == _engines(order, fine)[mean]


@pytest.mark.parametrize("rows", [24, 720, 744, 8784])
def test_decimals_as_stations_measure_them_are_settled(rows: int) -> None:
    values = [((i * 7919) % 900) / 10 for i in range(rows)]
    cells = by.Values(np.array(values), np.ones(rows, dtype=bool))
    of = by.buckets(np.zeros(rows, dtype=np.int64))
    exact = sum(map(Decimal, (str(v) for v in values))) / rows
    assert by.sums(cells, of, lambda total: total / rows)[0] == float(round(exact, 9))


@pytest.mark.parametrize("values", [[0.001] + [0.0] * 639, [math.nan], [math.inf], [1e300, 1.0], [1e9 / 3] * 3])
def test_a_sum_at_a_border_of_rounding_is_left_to_the_engine(values: list[float]) -> None:
    cells = by.Values(np.array(values), np.ones(len(values), dtype=bool))
    of = by.buckets(np.zeros(len(values), dtype=np.int64))
    with pytest.raises(by.Unsettled):
        by.sums(cells, of, lambda total: total / len(values))


def test_rows_out_of_order_fall_into_their_buckets() -> None:
    days = np.array([3, 1, 2, 1, 3, 3])
    of = by.buckets(days)
    cells = by.Values(np.array([3, 10, 20, 11, 4, 5]), np.array([True, True, False, True, True, True]))
    assert of.keys.tolist() == [1, 2, 3]
    assert of.rows.tolist() == [2, 1, 3]
    assert by.counts(cells, of).tolist() == [2, 0, 3]
    assert by.extremes(cells, of, np.maximum, least=False)[[0, 2]].tolist() == [11, 5]


@given(value=st.floats(-1e12, 1e12), digits=st.sampled_from([4, 9]))
def test_rounding_is_the_engines(value: float, digits: int) -> None:
    con = duckdb.connect()
    row = con.execute(f"SELECT round(CAST(? AS DOUBLE), {digits})", [value]).fetchone()
    con.close()
    assert row is not None
    assert by.rounded(np.array([value]), digits)[0] == row[0]
