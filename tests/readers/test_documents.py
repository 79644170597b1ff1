"""JSON, NDJSON, GeoJSON and XML; half files and error bodies in their place."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.core.errors import BadSource, Refused
from qingliu.pipeline.readers.limits import Limits

ROWS = [{"a": "1", "b": None}, {"a": "2", "c": {"x": [1, 2.50]}}]
READ = [{"a": "1", "b": None, "c": None}, {"a": "2", "b": None, "c": '{"x": [1, 2.5]}'}]


@pytest.mark.parametrize(
    "envelope",
    [
        ROWS,
        {"records": ROWS},
        {"result": {"records": ROWS}},
        {"fields": [{"id": "a"}], "total": "2", "records": ROWS},
        {"payload": ROWS},
    ],
)
def test_lists_and_envelopes(table: Any, envelope: Any) -> None:
    assert table("a.json", json.dumps(envelope).encode()).rows == READ


def test_numbers_keep_the_digits_they_were_written_in(table: Any) -> None:
    out = table("a.json", b'[{"a": 1.50, "b": 12345678901234567890, "c": 1e3, "d": true, "n": [0.10]}]')
    assert out.rows == [{"a": "1.50", "b": "12345678901234567890", "c": "1e3", "d": "true", "n": "[0.10]"}]


def test_a_declared_path(table: Any) -> None:
    body = json.dumps({"a": [{"x": 1}], "b": {"c": [{"y": "2"}]}}).encode()
    assert table("a.json", body, ReadSpec(records="b.c")).rows == [{"y": "2"}]


def test_empty_records_are_a_table_of_no_rows(table: Any) -> None:
    assert table("a.json", b'{"records": [], "total": "0"}').rows == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"success": false, "error": {"message": "key"}, "records": [{"a": 1}]}', "success: False"),
        (b'{"message": "API key is invalid"}', "API key is invalid"),
        (b'{"status": "error", "errors": [{"code": 5}]}', "status: error"),
        (b'["a", "b"]', "holds no records"),
        (b'[{"a": 1}, {"a": 2', "no whole JSON"),
        (b'{"records": [{"a": 1}', "no whole JSON"),
        (b'[{"a": NaN}]', "no whole JSON"),
        (b"[" * 100_000, "no whole JSON"),
        (b'[{"a": "\\ud83d"}]', "half a character"),
        (b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title>", "502 Bad Gateway"),
        (b"\n<html lang='zh'><body>x", "web page"),
    ],
)
def test_half_files_and_error_bodies_are_no_source(table: Any, body: bytes, said: str) -> None:
    for spec in (ReadSpec(), ReadSpec(format="json")):
        with pytest.raises(BadSource, match=said):
            table("a.json", body, spec)


@pytest.mark.parametrize(
    "body", [b"<html><title>Error</title></html>", b'{"message": "quota"}', b"<error>no</error>", b"[]"]
)
def test_an_error_in_place_of_csv_is_no_source(table: Any, body: bytes) -> None:
    with pytest.raises(BadSource):
        table("a.csv", body, ReadSpec(format="csv"))


def test_csv_in_place_of_json_is_no_source(table: Any) -> None:
    with pytest.raises(BadSource, match="not json as declared"):
        table("a.json", b"a,b\n1,2\n", ReadSpec(format="json"))


def test_a_document_beyond_the_limit_is_refused(table: Any) -> None:
    with pytest.raises(Refused, match="too large"):
        table("a.json", json.dumps(ROWS * 100).encode(), ReadSpec(), Limits(document_bytes=1000))


def test_ndjson(table: Any) -> None:
    out = table("a.ndjson", b'{"a": "1"}\n\n{"a": "2", "b": 3}\n')
    assert out.rows == [{"a": "1", "b": None}, {"a": "2", "b": "3"}]
    assert out.lines == [1, 3]
    assert table("a.json", b'{"a": "1"}\n{"a": "2"}\n').rows == [{"a": "1"}, {"a": "2"}]
    with pytest.raises(BadSource, match="line 2"):
        table("a.ndjson", b'{"a": "1"}\n{"a": "2\n')


def test_geojson(table: Any) -> None:
    line = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    body = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": 7,
                "properties": {"n": "甲"},
                "geometry": {"type": "Point", "coordinates": [121.50, 25.0]},
            },
            {"type": "Feature", "properties": {"n": "乙"}, "geometry": line},
            {"type": "Feature", "properties": {"n": "丙"}, "geometry": None},
        ],
    }
    out = table("a.geojson", json.dumps(body).encode(), ReadSpec(format="geojson"))
    assert [(r["n"], r["longitude"], r["latitude"]) for r in out.rows] == [
        ("甲", "121.5", "25.0"),
        ("乙", None, None),
        ("丙", None, None),
    ]
    assert json.loads(out.rows[1]["geometry"]) == line


XML = (
    '<?xml version="1.0" encoding="{0}"?><r xmlns="urn:x"><meta><n>1</n></meta>'
    '<rows><row id="1"><a>甲</a><b/></row><row id="2"><a>乙</a><b> x </b></row></rows></r>'
)


@pytest.mark.parametrize("codec", ["utf-8", "big5"])
def test_xml_finds_the_repeated_element(table: Any, codec: str) -> None:
    out = table("a.xml", XML.format(codec).encode(codec))
    assert out.rows == [{"id": "1", "a": "甲", "b": None}, {"id": "2", "a": "乙", "b": " x "}]


def test_xml_lists_inside_a_row_are_cells(table: Any) -> None:
    body = "<r><row><a>1</a><tag>x</tag><tag>y</tag><tag>z</tag></row><row><a>2</a><in><k>1</k></in></row></r>"
    out = table("a.xml", body.encode())
    assert out.rows == [{"a": "1", "tag": '["x", "y", "z"]', "in": None}, {"a": "2", "tag": None, "in": '{"k": "1"}'}]


def test_one_row_of_xml_and_a_declared_path(table: Any) -> None:
    assert table("a.xml", b"<r><row><a>1</a></row></r>").rows == [{"a": "1"}]
    assert table("a.xml", b"<r><x><a>1</a></x><y><b>2</b></y><y><b>3</b></y></r>", ReadSpec(records="x")).rows == [
        {"a": "1"}
    ]


LAUGHS = (
    "<!DOCTYPE r [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{i} '{'&a' + (str(i - 1) if i else '') + ';'}'>" for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS + "<r><x><a>&a8;</a></x></r>",
        "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r><x><a>&x;</a></x></r>",
        "<!DOCTYPE r [<!ENTITY x SYSTEM 'http://127.0.0.1:9/'>]><r><x><a>&x;</a></x></r>",
        "<r>" * 5000,
    ],
)
def test_entities_and_depth_are_refused_at_once(table: Any, body: str) -> None:
    start = time.monotonic()
    with pytest.raises(Refused):
        table("a.xml", body.encode())
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "body", ["<r><row><a>1</a></row><row><a>2", "<error><message>no key</message></error>", "<r/>", "<a>b</c>"]
)
def test_half_xml_and_error_documents_are_no_source(table: Any, body: str) -> None:
    with pytest.raises(BadSource):
        table("a.xml", body.encode())
