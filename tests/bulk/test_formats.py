"""Every format says the same of cells made to break it: names, formulas, nulls, digits, dates, signs."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from qingliu.lake import binary
from qingliu.lake.binary import sheets
from tests.api.portal import Portal
from tests.bulk import odd, reading

ROWS = "/api/datasets/TRAP_1/rows"
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
PLAIN = re.compile(r"[+-]?[0-9.,]*|-+")  # numbers, and dashes for "nothing here"


def get(portal: Portal, form: str, query: str = "") -> bytes:
    answer = portal.get(ROWS, f"f={form}" + (f"&{query}" if query else ""))
    assert answer.status_code == 200, answer.text
    assert answer.headers["qingliu-number-returned"] == str(60 if not query else int(query.split("=")[1]))
    return bytes(answer.content)


def as_word(text: str | None) -> str:
    """A text cell of a spreadsheet: an apostrophe before what would run."""
    harmless = not text or not FORMULA.match(text) or PLAIN.fullmatch(text)
    return (text or "") if harmless else "'" + str(text)


@pytest.mark.parametrize("form", ["parquet", "geoparquet", "arrow"])
def test_columnar_rows_are_the_rows_value_by_value(traps: Portal, form: str) -> None:
    table = (reading.arrow if form == "arrow" else reading.parquet)(get(traps, form))
    assert table.select(list(odd.KINDS)).to_pylist() == odd.rows()
    types = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
             "date": pa.date32(), "datetime": pa.timestamp("us")}  # fmt: skip
    assert [table.schema.field(n).type for n in odd.KINDS] == [types[k] for k in odd.KINDS.values()]


def test_gzipped_csv_is_the_csv(traps: Portal) -> None:
    assert reading.packed_csv(get(traps, "csv.gz")) == list(
        csv.reader(io.StringIO(traps.get(ROWS, "f=csv").content.decode(), newline=""))
    )
    answer = traps.get(ROWS, "f=csv.gz", Accept_Encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"] == 'attachment; filename="TRAP_1-v3.csv.gz"'
    assert reading.packed_csv(bytes(traps.get(ROWS, "bom=true&f=csv.gz").content))[0][0] == "\ufeffid"


def test_xlsx_cells_have_their_types_and_texts(traps: Portal) -> None:
    body = get(traps, "xlsx")
    found, types = reading.calamine(body), reading.xlsx_types(body)
    assert found[0] == [as_word(n) for n in odd.KINDS]
    assert len(found) == len(types) == 61
    for row, cells, typed in zip(odd.rows(), found[1:], types[1:], strict=True):
        _check_xlsx(
            row, dict(zip(odd.KINDS, cells, strict=True)), dict(zip(odd.KINDS, "ABCDEFGHIJK", strict=True)), typed
        )


def _check_xlsx(row: dict[str, Any], cells: dict[str, Any], letters: dict[str, str], typed: dict[str, Any]) -> None:
    for name, kind in odd.KINDS.items():
        value, cell = row[name], cells[name]
        how, text = typed.get(letters[name], ("", ""))
        if value is None:
            assert (cell, how) == ("", "")
        elif kind == "string":
            wanted = FORBIDDEN.sub("", as_word(value))
            assert how == "inlineStr"
            assert text == re.sub("_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1", wanted)
        elif kind == "boolean":
            assert (how, cell) == ("b", value)
        elif kind == "integer":
            fits = abs(value) <= 999_999_999_999_999
            assert (how, text) == ("n" if fits else "inlineStr", str(value))
        elif kind == "number":
            assert (how, float(text)) == ("n", value)
        else:
            _check_moment(value, how, text)


def _check_moment(value: date | datetime, how: str, text: str) -> None:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    if moment < datetime(1900, 3, 1):
        assert (how, text) == ("inlineStr", str(value))
    else:
        assert how == "n"
        assert abs(datetime(1899, 12, 30) + timedelta(days=float(text)) - moment) < timedelta(microseconds=40)


def test_threat_5_formulas_are_guarded_in_workbooks_and_raw_in_columnar_files(traps: Portal) -> None:
    dangerous = {w for w in odd.WORDS if w and as_word(w) != w}
    assert {w[0] for w in dangerous} == set("=@\t＝")
    for form in ("xlsx", "ods"):
        body = get(traps, form)
        found = reading.calamine(body) if form == "xlsx" else [[text for _, text in row] for row in reading.ods(body)]
        assert found[0][1] == "'=word"  # a column's name may be one too
        texts = {cell for row in found for cell in row if isinstance(cell, str)}
        assert {"'" + w for w in dangerous} <= texts
        assert not {t for t in texts if as_word(t) != t}
        assert "=Traps" not in {c for row in reading.calamine(body, 1) for c in row}
        for name in zipfile.ZipFile(io.BytesIO(body)).namelist():  # no cell of either kind is a formula
            assert b"<f>" not in zipfile.ZipFile(io.BytesIO(body)).read(name)
            assert b"table:formula" not in zipfile.ZipFile(io.BytesIO(body)).read(name)
    for form in ("parquet", "geoparquet", "arrow"):
        table = (reading.arrow if form == "arrow" else reading.parquet)(get(traps, form))
        assert dangerous <= set(table["=word"].to_pylist())


def test_ods_cells_have_their_types_and_texts(traps: Portal) -> None:
    found = reading.ods(get(traps, "ods"))
    assert [text for _, text in found[0]] == [as_word(n) for n in odd.KINDS]
    assert len(found) == 61
    for row, cells in zip(odd.rows(), found[1:], strict=True):
        for (name, kind), (how, text) in zip(odd.KINDS.items(), cells, strict=True):
            value = row[name]
            if value is None:
                assert (how, text) == ("", "")
            elif kind == "string":
                wanted = re.sub(
                    "\r\n|\r", "\n", FORBIDDEN.sub("", as_word(value).replace("\r", "\n").replace("\n\n", "\n"))
                )
                assert (how, text) == ("string", wanted)
            elif kind == "integer":
                assert (how, text) == ("float" if abs(value) <= 999_999_999_999_999 else "string", str(value))
            elif kind == "number":
                assert (how, float(text)) == ("float", value)
            elif kind == "boolean":
                assert (how, text) == ("boolean", str(value).lower())
            else:
                early = value.year < 1583
                assert how == ("string" if early else "date")
                assert text.replace(" ", "T") == value.isoformat()


def test_both_workbooks_open_in_another_reader_with_the_same_words(traps: Portal) -> None:
    wanted = [as_word(r["geometry"]) for r in odd.rows()]
    for form in ("xlsx", "ods"):
        assert [r[8] for r in reading.calamine(get(traps, form))[1:]] == wanted
        assert zipfile.ZipFile(io.BytesIO(get(traps, form))).testzip() is None
    first = zipfile.ZipFile(io.BytesIO(get(traps, "ods"))).infolist()[0]
    assert (first.filename, first.compress_type, first.extra, first.flag_bits & 8) == ("mimetype", 0, b"", 0)


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_the_second_sheet_says_where_the_first_comes_from(traps: Portal, form: str) -> None:
    answer = traps.get(ROWS, f"f={form}&properties=id,value")
    lines = reading.calamine(bytes(answer.content), 1)
    told = {str(line[0]).split()[-1]: line[1] for line in lines if line[1]}
    assert told["Dataset"] == "TRAP_1"
    assert told["Version"] == "3"
    assert told["Licence"] == "OGDL-Taiwan-1.0 https://data.gov.tw/license"
    assert told["Source"] == f"/api/datasets/TRAP_1/rows?properties=id%2Cvalue&f={form}"
    assert [line[:5] for line in lines[-2:]] == [
        ["id", "integer", "", "id（中）", "id (en)"],
        ["value", "number", "km", "value（中）", "value (en)"],
    ]


@pytest.mark.parametrize("form", ["parquet", "geoparquet", "arrow"])
def test_columnar_files_carry_titles_units_licence_and_version(traps: Portal, form: str) -> None:
    body = get(traps, form, "limit=5")
    schema = (reading.arrow if form == "arrow" else reading.parquet)(body).schema
    told = schema.metadata if form == "arrow" else pq.read_metadata(io.BytesIO(body)).metadata
    assert told[b"licence"] == b"OGDL-Taiwan-1.0"
    assert told[b"version"] == b"3"
    whole = json.loads(told[b"qingliu"])
    assert whole["source"] == f"/api/datasets/TRAP_1/rows?limit=5&f={form}"
    assert whole["title"] == {"zh": "陷阱 <&>", "en": "=Traps"}
    value = next(c for c in whole["columns"] if c["name"] == "value")
    assert value == {"name": "value", "field": "value", "type": "number", "unit": "km",
                     "title": {"zh": "value（中）", "en": "value (en)"}}  # fmt: skip
    assert schema.field("value").metadata[b"unit"] == b"km"
    assert schema.field("at").metadata[b"timezone"] == b"Asia/Taipei"


def test_geoparquet_holds_every_point_its_box_and_no_point_where_there_is_none(traps: Portal) -> None:
    body = get(traps, "geoparquet")
    geo = json.loads(pq.read_metadata(io.BytesIO(body)).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry_")  # a column of the dataset has the name
    column = geo["columns"]["geometry_"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Point"])
    assert "crs" not in column  # OGC:CRS84: longitude, latitude
    expected = [None if None in (r["經度"], r["緯度"]) else (r["經度"], r["緯度"]) for r in odd.rows()]
    table = reading.parquet(body)
    points = [p and shapely.from_wkb(p) for p in table["geometry_"].to_pylist()]
    assert [p and (p.x, p.y) for p in points] == expected
    boxes = [b and (b["xmin"], b["ymin"], b["xmax"], b["ymax"]) for b in table["bbox"].to_pylist()]
    assert boxes == [p and (*p, *p) for p in expected]
    xs, ys = zip(*(p for p in expected if p), strict=True)
    assert column["bbox"] == [min(xs), min(ys), max(xs), max(ys)]
    some = reading.parquet(bytes(traps.get(ROWS, "f=geoparquet&bbox=120.1,23.1,120.2,23.2").content))
    inside = [p for p in expected if p and 120.1 <= p[0] <= 120.2 and 23.1 <= p[1] <= 23.2]
    assert inside
    assert [p["xmin"] for p in some["bbox"].to_pylist()] == [p[0] for p in inside]


def test_no_geoparquet_without_a_place_or_of_changes(traps: Portal) -> None:
    answer = traps.get("/api/datasets/TRAP_2/rows", "f=geoparquet")
    assert (answer.status_code, answer.json["parameter"]) == (400, "f")
    assert "no place" in answer.json["detail_en"]
    assert traps.get("/api/datasets/TRAP_1/changes", "since=2&f=geoparquet").status_code == 400


@pytest.mark.parametrize("form", ["parquet", "arrow", "csv.gz", "xlsx", "ods"])
def test_an_empty_answer_is_a_whole_file(traps: Portal, form: str) -> None:
    body = bytes(traps.get(ROWS, "id=-1&f=" + form).content)
    match form:
        case "parquet" | "arrow":
            assert (reading.arrow if form == "arrow" else reading.parquet)(body).num_rows == 0
        case "csv.gz":
            assert len(reading.packed_csv(body)) == 1
        case _:
            assert len(reading.calamine(body)) == 1


def test_titles_and_chosen_columns_stand_in_every_format(traps: Portal) -> None:
    query = "properties=value,id&header=title&lang=en&limit=1&f="
    wanted = ["value (en) (km)", "id (en)"]
    assert reading.parquet(bytes(traps.get(ROWS, query + "parquet").content)).schema.names == wanted
    assert reading.arrow(bytes(traps.get(ROWS, query + "arrow").content)).schema.names == wanted
    assert reading.calamine(bytes(traps.get(ROWS, query + "xlsx").content))[0] == wanted
    assert [t for _, t in reading.ods(bytes(traps.get(ROWS, query + "ods").content))[0]] == wanted


def test_a_text_longer_than_a_cell_is_told_and_not_cut(traps: Portal) -> None:
    for form in ("xlsx", "ods"):
        answer = traps.get("/api/datasets/TRAP_3/rows", f"f={form}")
        assert answer.status_code == 422, form
        assert "32,767" in answer.json["detail_en"]
        assert "csv.gz" in answer.json["remedy"]
    whole = reading.parquet(bytes(traps.get("/api/datasets/TRAP_3/rows", "f=parquet").content))
    assert len(whole["=word"][1].as_py()) == 16_384


@pytest.mark.parametrize("query", ["sortby=-id", "filter=" + quote("id >= 0")])
def test_more_rows_than_a_sheet_takes_is_told_before_anything_is_sent(
    traps: Portal, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    real = sheets._check
    monkeypatch.setattr(sheets, "_check", lambda book, rows: real(replace(book, most_rows=59), rows))
    answer = traps.get(ROWS, f"{query}&f=xlsx")
    assert answer.status_code == 422
    assert "59 rows" in answer.json["detail_en"]
    assert "f=csv.gz" in answer.json["remedy"]
    assert traps.get(ROWS, f"{query}&f=xlsx&limit=59").status_code == 200
    assert list((traps.settings.home / "private" / "tmp").glob("*")) == []


def test_the_formats_are_those_that_are_declared(traps: Portal) -> None:
    assert {"parquet", "geoparquet", "arrow", "xlsx", "ods"} == binary.FORMATS
    links = {k["href"].split("f=")[-1] for k in traps.get("/api/datasets/TRAP_1").json["links"] if "f=" in k["href"]}
    assert links == {"csv", "csv.gz", "ndjson", "parquet", "arrow", "xlsx", "ods", "geojson", "geoparquet"}
    assert "f=geoparquet" not in traps.get("/api/datasets/TRAP_2").text
