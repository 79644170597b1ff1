"""The same rows in every format: equal values, safe cells, exact texts."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pyarrow.parquet as pq
import pytest

from qingliu.core.errors import BadRequest, TooDear
from qingliu.lake.engine import Engine
from qingliu.lake.query import Column, Order, Query, Rendering
from tests.lake_read.small import rows


def answer(engine: Engine, query: Query, rendering: Rendering) -> bytes:
    return b"".join(engine.stream(engine.open(query), rendering))


def test_all_formats_hold_the_same_rows(engine: Engine) -> None:
    query = Query("SMALL", order=(Order("v", desc=True),))
    want = [r["v"] for r in engine.rows(engine.open(query))]
    as_json = json.loads(b"[" + answer(engine, query, Rendering("json")) + b"]")
    as_lines = [json.loads(x) for x in answer(engine, query, Rendering("ndjson")).decode().splitlines()]
    as_csv = list(csv.DictReader(io.StringIO(answer(engine, query, Rendering("csv")).decode(), newline="")))
    as_xml = ET.fromstring(b"<r>" + answer(engine, query, Rendering("xml")) + b"</r>")
    as_geo = json.loads(b"[" + answer(engine, query, Rendering("geojson")) + b"]")
    as_parquet = pq.read_table(io.BytesIO(answer(engine, query, Rendering("parquet")))).to_pylist()
    number = lambda t: float(t) if t else None  # noqa: E731
    assert [r["v"] for r in as_json] == want
    assert as_json == as_lines == [f["properties"] for f in as_geo]
    assert [number(r["v"]) for r in as_csv] == want
    assert [number(r.findtext("v")) for r in as_xml] == want
    assert [r["v"] for r in as_parquet] == want
    assert [r["note"] for r in as_json] == [r["note"] for r in as_parquet]


def test_null_is_null_and_numbers_are_numbers_in_json(engine: Engine) -> None:
    first, second = json.loads(b"[" + answer(engine, Query("SMALL", limit=2), Rendering("json")) + b"]")
    assert first["v"] is None
    assert second == {
        "site": "S1", "at": "2025-12-01T00:00:00+08:00", "n": 1, "v": 0.25, "lon": 120.01, "lat": 23.01, "note": "=1+1",
    }  # fmt: skip


def test_formulas_are_guarded_in_csv_and_raw_in_json(engine: Engine) -> None:
    query = Query("SMALL", fields=("note",), limit=9)
    cells = [
        r["note"] for r in csv.DictReader(io.StringIO(answer(engine, query, Rendering("csv")).decode(), newline=""))
    ]
    assert cells == ["平常", "'=1+1", 'say "hi", 你好', "line\nfeed", "", "-5", "'＝SUM(A1)", "<b>&amp;</b>", ""]
    raw = [r["note"] for r in json.loads(b"[" + answer(engine, query, Rendering("json")) + b"]")]
    assert raw == [r["note"] for r in rows()[:9]]


def test_a_flagged_null_is_written_as_the_source_wrote_it(engine: Engine) -> None:
    column = Column("v", "V", null_by_flag=(("missing", "-"),), suffix_by_flag=(("checked", "x"),))
    rendering = Rendering("json", columns=(column,), strings=True)
    cells = [
        r["V"] for r in json.loads(b"[" + answer(engine, Query("SMALL", fields=("v",), limit=13), rendering) + b"]")
    ]
    assert cells[0] == "-"
    assert cells[11] == "2.75x"
    assert cells[4] == "1"


def test_geometry_is_null_where_a_coordinate_is(engine: Engine) -> None:
    features = json.loads(b"[" + answer(engine, Query("SMALL", limit=2, fields=("site",)), Rendering("geojson")) + b"]")
    assert features[0]["geometry"] is None
    assert features[1]["geometry"] == {"type": "Point", "coordinates": [120.01, 23.01]}
    assert features[1]["properties"] == {"site": "S1"}


def test_no_rows_are_no_bytes_but_a_csv_keeps_its_header(engine: Engine) -> None:
    query = Query("SMALL", fields=("v",), limit=0)
    assert answer(engine, query, Rendering("json")) == b""
    assert answer(engine, query, Rendering("csv", bom=True)) == "\ufeffv\n".encode()


def test_geojson_needs_a_place(engine: Engine) -> None:
    from qingliu.lake.query import Aggregate

    with pytest.raises(BadRequest, match="GeoJSON"):
        engine.stream(engine.open(Query("SMALL", aggregates=(Aggregate("count", "*"),))), Rendering("geojson"))


def test_a_question_over_the_deadline_is_cancelled(engine: Engine) -> None:
    cursor = engine._session.cursor()
    with pytest.raises(TooDear), engine._session.running(cursor, 0.2):
        cursor.execute("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b").fetchall()
    cursor.close()


def test_the_engine_reads_nothing_outside_the_lake(engine: Engine, tmp_path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    cursor = engine._session.cursor()
    with pytest.raises(duckdb.Error):
        cursor.execute(f"SELECT * FROM read_csv('{secret}')")
    with pytest.raises(duckdb.Error):
        cursor.execute("SET enable_external_access=true")
    cursor.close()
