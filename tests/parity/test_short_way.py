"""The short way and the engine's way: same question, same bytes, same next page, same count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qingliu.core.dataset import FieldRecord, Text
from qingliu.lake import render
from qingliu.lake.engine import Engine
from qingliu.lake.query import NAIVE, And, Column, Compare, In, IsNull, Not, Or, Order, Query, Rendering, Where, Within
from qingliu.lake.render import SECONDS, Cell
from qingliu.lake.short.decoded import Decoded
from qingliu.lake.short.text import RowText
from tests.lake_read import small

NAMES = tuple(small.TYPES)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "site": st.sampled_from(["S0", "S2", "S4", "S9", "", "平常"]),
    "at": st.integers(0, 13).map(lambda h: datetime(2025, 12, 1, h)),
    "n": st.one_of(st.integers(-1, 5), st.sampled_from([1.5, 2**62])),
    "v": st.one_of(st.floats(-1, 16).map(lambda f: round(f * 4) / 4), st.integers(0, 15)),
    "lon": st.floats(119.9, 120.7),
    "lat": st.floats(22.9, 23.7),
    "note": st.sampled_from(["平常", "=1+1", "", "-5", "x"]),
}  # fmt: skip
FIELD = st.sampled_from(NAMES)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = small.build(tmp_path_factory.mktemp("lake"))
    yield made
    made.close()


def comparisons() -> st.SearchStrategy[Where]:
    def of(name: str) -> st.SearchStrategy[Where]:
        ops = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
        one: st.SearchStrategy[Where] = st.builds(Compare, st.just(name), ops, VALUES[name])
        some = st.lists(VALUES[name], min_size=1, max_size=3).map(tuple)
        return st.one_of(one, one, st.builds(In, st.just(name), some), st.just(IsNull(name)))

    box = st.tuples(*[st.floats(0, 0.7)] * 4).map(
        lambda t: Within(120 + min(t[:2]), 23 + min(t[2:]), 120 + max(t[:2]), 23 + max(t[2:]))
    )
    return st.one_of(FIELD.flatmap(of), FIELD.flatmap(of), box)


def trees() -> st.SearchStrategy[Where]:
    def more(inner: st.SearchStrategy[Where]) -> st.SearchStrategy[Where]:
        some = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(And, some), st.builds(Or, some), st.builds(Not, inner))

    return st.recursive(comparisons(), more, max_leaves=5)


def leading() -> st.SearchStrategy[Where]:
    """Conditions along the physical order of SORTED, as most clients ask."""
    site = st.builds(Compare, st.just("site"), st.just("eq"), VALUES["site"])
    value = st.builds(Compare, st.just("v"), st.sampled_from(["eq", "lt", "le", "gt", "ge"]), VALUES["v"])
    return st.tuples(site, value, value).flatmap(lambda t: st.integers(1, 3).map(lambda n: And(t[:n])))


def queries() -> st.SearchStrategy[Query]:
    return st.builds(
        Query,
        dataset=st.sampled_from(["SMALL", "SORTED", "SORTED", "NEWEST", "BOTH"]),
        fields=st.one_of(st.none(), st.lists(FIELD, min_size=1, max_size=4, unique=True).map(tuple)),
        where=st.one_of(st.none(), trees(), leading()),
        limit=st.one_of(st.none(), st.integers(0, 70)),
        offset=st.integers(0, 65),
    )


def renderings(fields: tuple[str, ...]) -> st.SearchStrategy[Rendering]:
    def column(name: str) -> st.SearchStrategy[Column]:
        kind = small.TYPES.get(name)
        return st.builds(
            Column,
            st.just(name),
            st.sampled_from([name, f'"{name}', "=欄"]),
            null_by_flag=st.sampled_from([(), (("missing", "-"),), (("other", "x"), ("missing", '<MDL"'))]),
            suffix_by_flag=st.sampled_from([(), (("checked", "x"),), (("checked", ","),)]),
            datetime_format=st.sampled_from(["", NAIVE, "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"])
            if kind == "datetime"
            else st.just(""),
            words=st.sampled_from([(), (("平常", 'us"ual'), ("S2", "two"), ("平常", "never"))])
            if kind == "string"
            else st.just(()),
        )

    return st.builds(
        Rendering,
        st.sampled_from(["json", "ndjson", "geojson", "csv"]),
        columns=st.one_of(st.just(()), st.tuples(*[column(n) for n in fields])),
        strings=st.booleans(),
        bom=st.booleans(),
        header=st.booleans(),
        escape_formulas=st.booleans(),
        quote_spaces=st.booleans(),
        delimiter=st.sampled_from([",", "\t"]),
        lists=st.booleans(),
    )


def both(engine: Engine, query: Query, rendering: Rendering) -> tuple[Any, Any] | None:
    """What each way answers; None where the short way leaves the question to the engine."""
    plan = engine.open(query)
    if not engine.short.knows(plan, rendering):
        return None
    found = []
    for way in (engine.stream, lambda p, r: engine.by_engine(p, r)):
        stream = way(plan, rendering)
        found.append((b"".join(stream), stream.returned, stream.more, stream.next_cursor))
    return found[0], found[1]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_same_question_has_the_same_bytes(engine: Engine, data: st.DataObject) -> None:
    query = data.draw(queries())
    if query.dataset == "NEWEST":  # it calls the site a place
        query = replace(
            query,
            fields=None if query.fields is None else tuple(n for n in query.fields if n != "site") or ("v",),
            where=None,
        )
    names = query.fields or tuple(f.name for f in engine.open(query).fields)
    rendering = data.draw(renderings(names))
    while True:
        found = both(engine, query, rendering)
        if found is None:
            return
        short, other = found
        assert short == other
        if not short[3]:
            return
        query = replace(query, cursor=short[3])


def test_most_questions_of_the_property_do_go_the_short_way(engine: Engine) -> None:
    asked = [
        Query("SORTED", where=And((Compare("site", "eq", "S2"), Compare("v", "ge", 2))), limit=5),
        Query("SMALL", where=Or((Compare("n", "eq", 1), IsNull("at"))), limit=5),
        Query("SMALL", offset=33, limit=100),
        Query("BOTH", where=In("site", ("S1", "S3"))),
        Query("SORTED", order=(Order("site"), Order("v")), limit=3),
    ]
    assert all(engine.short.knows(engine.open(q), Rendering("json")) for q in asked)
    left = [
        Query("SMALL", order=(Order("v"),)),
        Query("SMALL", group=("site",)),
        Query("SMALL", where=Compare("_row", "gt", 3)),
        Query("SMALL", where=Compare("_status", "eq", "validated")),
    ]
    assert not any(engine.short.knows(engine.open(q), Rendering("json")) for q in left)
    assert not engine.short.knows(engine.open(Query("SMALL")), Rendering("xml"))


@pytest.mark.parametrize("value", ["S0", "S1", "S2", "S3", "S4", "S9"])
def test_rows_of_one_station_lie_by_what_follows_in_the_order(engine: Engine, value: str) -> None:
    """Sorting by the next column of the stored order changes nothing then, so nothing is sorted."""
    held = Compare("site", "eq", value)
    stored = engine.rows(engine.open(Query("SORTED", where=held)))
    known = [r for r in stored if r["v"] is not None]
    wanted = sorted(known, key=lambda r: r["v"]) + [r for r in stored if r["v"] is None]
    for order in ((Order("v"),), (Order("site"), Order("v")), (Order("v"), Order("site"))):
        plan = engine.open(Query("SORTED", where=held, order=order, limit=30))
        assert engine.rows(plan) == wanted
        assert engine.short.knows(plan, Rendering("json"))
    several = Query("SORTED", where=In("site", (value, "S1", "S2")), order=(Order("v"),), limit=30)
    assert not engine.short.knows(engine.open(several), Rendering("json"))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    code=st.sampled_from(["SMALL", "SORTED"]),
    where=st.one_of(st.none(), trees()),
    order=st.builds(Order, st.sampled_from(["at", "n", "v", "site"]), st.booleans()),
    limit=st.integers(1, 6),
)
def test_first_pages_sorted_by_one_column_are_the_engines(
    engine: Engine, code: str, where: Where | None, order: Order, limit: int
) -> None:
    """The rows with the best value are looked for before anything is sorted: same bytes, same next page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qingliu.lake.engine.MANY_ROWS", 0)
        query = Query(code, where=where, order=(order,), limit=limit)
        for _ in range(3):
            plan = engine.open(query)
            found = []
            for way in (engine.stream, engine.by_engine):
                stream = way(plan, Rendering("json"))
                found.append((b"".join(stream), stream.returned, stream.more, stream.next_cursor))
            assert found[0] == found[1]
            if not found[0][3]:
                return
            query = replace(query, cursor=found[0][3])


def test_the_newest_rows_are_found_without_sorting(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qingliu.lake.engine.MANY_ROWS", 0)
    monkeypatch.setattr(engine, "by_engine", lambda plan, rendering: pytest.fail("sorted"))
    newest = Query("SMALL", order=(Order("n", True),), limit=3)
    assert engine.short.foremost(engine.open(newest)) == Compare("n", "eq", 3)
    stream = engine.stream(engine.open(newest), Rendering("csv"))
    assert b"".join(stream).count(b",3,") == 3
    assert stream.more


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.one_of(trees(), leading()), code=st.sampled_from(["SMALL", "SORTED", "BOTH"]))
def test_both_count_the_same_rows(engine: Engine, where: Where, code: str) -> None:
    plan = engine.open(Query(code, where=where))
    if engine.short.knows(plan):
        assert engine.short.count(plan, 20) == engine.count_by_engine(plan)


def test_row_numbers_follow_the_stored_order(engine: Engine) -> None:
    for query in (
        Query("SORTED", fields=("_row", "v"), where=Compare("site", "eq", "S2"), limit=9),
        Query("SMALL", fields=("v", "_row"), where=Compare("n", "eq", 1)),
        Query("SMALL", fields=("_row", "v"), offset=37, limit=11),
    ):
        found = both(engine, query, Rendering("csv"))
        assert found is not None
        assert found[0] == found[1]
        assert found[0][1] > 0


def test_places_learned_from_one_answer_do_not_change_the_next(engine: Engine) -> None:
    """The ends of row groups are kept as they are met: asking again finds the same rows."""
    query = Query("SORTED", where=And((Compare("site", "eq", "S3"), Compare("v", "le", 9))))
    first, second = both(engine, query, Rendering("json")), both(engine, query, Rendering("json"))
    assert first is not None
    assert first == second
    assert first[0] == first[1]


def test_decoded_row_groups_are_bounded_and_go_with_a_publication() -> None:
    generation, reads = [1], []

    def read(group: int, *names: str) -> dict[str, Any]:
        def columns(missing: Sequence[str]) -> dict[str, Any]:
            reads.extend((group, n) for n in missing)
            return {n: pa.array(range(100)) for n in missing}

        return kept.get(("f", group), names, columns)

    kept = Decoded(lambda: generation[0], most_bytes=2500)  # three columns of 800 bytes
    for group in (0, 1, 2, 0, 3, 0, 1):
        assert len(read(group, "a")["a"]) == 100
    assert reads == [(0, "a"), (1, "a"), (2, "a"), (3, "a"), (1, "a")]  # the second had made room for the fourth
    assert kept.bytes <= 2500
    assert set(read(1, "a", "b")) == {"a", "b"}
    assert reads[-1] == (1, "b")  # what is there is not read again
    generation[0] = 2
    read(0, "a")
    assert reads[-1] == (0, "a")
    assert kept.bytes == 800


TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='=+-@"\\,\n\r\t １a 平', max_size=6),
    st.sampled_from(["-5", "+1.5", "-", "\x00\x1f", "－"]),
)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**17), 10**17).map(float),
    st.integers(-(10**12), 10**12).map(lambda n: n / 8),
    st.floats(-1000, 1000).map(lambda f: round(f, 3)),
    st.sampled_from([0.0, -0.0, 1e15, 1e-4, 1e-5, 123456789012345.0, 5e-324, 0.1 + 0.2, math.inf, -math.inf]),
)
MOMENTS = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=0)),
    st.just(datetime(2025, 1, 1) + timedelta(milliseconds=50)),
)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "string": (pa.string(), TEXTS.filter(lambda t: "\x00" not in t and not any(0xD800 <= ord(c) < 0xE000 for c in t))),
    "number": (pa.float64(), NUMBERS),
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "boolean": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), st.dates(date(1, 1, 1), date(9999, 12, 31))),
    "datetime": (pa.timestamp("us"), MOMENTS),
}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_is_written_as_the_engine_writes_it(data: st.DataObject) -> None:
    """Cells of every type, nulls between them, as dictionaries and plain: JSON, NDJSON and CSV by both hands."""
    kind = data.draw(st.sampled_from(list(KINDS)))
    arrow, strategy = KINDS[kind]
    values = data.draw(st.lists(st.one_of(st.none(), strategy), min_size=1, max_size=12))
    if data.draw(st.booleans()):
        values = [values[0]] * len(values)
    column = pa.array(values, arrow)
    table = pa.table({"c0": column, "_flags": pa.nulls(len(values), pa.string())})
    field = FieldRecord("x", kind, Text("x", "x"))  # type: ignore[arg-type]
    rendering = Rendering(
        data.draw(st.sampled_from(["json", "csv"])),
        strings=data.draw(st.booleans()),
        escape_formulas=data.draw(st.booleans()),
        quote_spaces=data.draw(st.booleans()),
        delimiter=data.draw(st.sampled_from([",", "\t"])),
    )
    forms = ["", SECONDS, "%Y/%m/%d %H:%M:%S"] if kind == "datetime" else [""]
    cells = [Cell(field, "c0", Column("x", "x", datetime_format=data.draw(st.sampled_from(forms))))]
    if rendering.format == "csv":
        sql = render.csv_line(cells, rendering, flags="_flags")
    else:
        sql = render.json_object(cells, rendering, offset="+08:00", flags="_flags")
    con = duckdb.connect()
    con.register("t", table)
    wanted = "".join(r[0] for r in con.execute(f"SELECT {sql} FROM t").fetchall()).encode()
    con.close()
    shapes = [column, column.dictionary_encode()] if kind == "string" else [column]
    for shape in shapes:
        writer = RowText(cells, rendering, offset="+08:00", separator="")
        assert writer.write([shape], None, None) == wanted


@pytest.mark.parametrize("power", range(-6, 18))
def test_numbers_of_every_size_are_written_as_the_engine_writes_them(power: int) -> None:
    """Around each power of ten, whole and not: where one library turns to exponents, the other may not."""
    values = [s * (10.0**power + d) for s in (1, -1) for d in (0.0, 0.5, -0.5, 1.0, 0.1)]
    column = pa.array(values)
    cells = [Cell(FieldRecord("x", "number", Text("x", "x")), "c0", Column("x", "x"))]
    sql = render.csv_line(cells, Rendering("csv"), flags="_flags")
    con = duckdb.connect()
    con.register("t", pa.table({"c0": column, "_flags": pa.nulls(len(values), pa.string())}))
    wanted = [r[0] for r in con.execute(f"SELECT {sql} FROM t").fetchall()]
    con.close()
    for one, text in zip(values, wanted, strict=True):
        writer = RowText(cells, Rendering("csv"), offset="", separator="")
        assert writer.write([pa.array([one])], None, None).decode() == text


def test_a_piece_of_many_stations_is_cut_where_texts_change(tmp_path: Path) -> None:
    """Long runs are written run by run, with what is the same in each run written once."""
    names = ["甲", "乙", "丙"]
    sites = pa.array([names[i // 500] for i in range(1500)]).dictionary_encode()
    values = pa.array([i / 8 for i in range(1500)])
    cells = [
        Cell(FieldRecord(n, k, Text(n, n)), f"c{i}", Column(n, n))
        for i, (n, k) in enumerate((("s", "string"), ("v", "number")))
    ]  # type: ignore[arg-type]
    written = RowText(cells, Rendering("csv"), offset="", separator="").write([sites, values], None, None).decode()
    assert written == "".join(f"{names[i // 500]},{i / 8:g}\n" for i in range(1500))
