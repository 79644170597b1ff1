"""One list of questions through every format and dialect: the same rows, counted and summed, in all of them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.api.portal import Portal


@dataclass(frozen=True)
class QueryCase:
    """A question in both dialects' words and in an independent reader's."""

    name: str
    dataset: str
    native: dict[str, str]
    moenv: dict[str, str]
    sql: str


CASES = [
    QueryCase("everything", "AIR_H", {}, {}, "TRUE"),
    QueryCase("one station", "AIR_H", {"siteid": "7"}, {"filters": "siteid,EQ,7"}, "siteid = '7'"),
    QueryCase(
        "two counties",
        "AIR_H",
        {"filter": "county IN ('臺北市','新北市')"},
        {"filters": "county,EQ,臺北市,新北市"},
        "county IN ('臺北市','新北市')",
    ),
    QueryCase(
        "not a county", "AIR_H", {"filter": "county <> '臺北市'"}, {"filters": "county,NE,臺北市"}, "county <> '臺北市'"
    ),
    QueryCase(
        "a range of numbers",
        "AIR_H",
        {"filter": "aqi >= 50 AND aqi < 100"},
        {"filters": "aqi,GE,50|aqi,LT,100"},
        "aqi >= 50 AND aqi < 100",
    ),
    QueryCase(
        "some hours",
        "AIR_H",
        {"datetime": "2024-01-01T05:00:00+08:00/2024-01-01T09:00:00+08:00"},
        {"filters": "datacreationdate,GE,2024-01-01 05:00:00|datacreationdate,LE,2024/01/01 09:00"},
        "datacreationdate BETWEEN '2024-01-01 05:00:00' AND '2024-01-01 09:00:00'",
    ),
    QueryCase("missing numbers", "AIR_H", {"filter": '"pm2.5" IS NULL'}, {"filters": "pm2.5,EQ,"}, '"pm2.5" IS NULL'),
    QueryCase("nothing", "AIR_H", {"aqi": "-1"}, {"filters": "aqi,EQ,-1"}, "aqi = -1"),
    QueryCase(
        "odd names",
        "ODD_P_01",
        {"中文欄位": "中文欄位-5"},
        {"filters": "中文欄位,EQ,中文欄位-5"},
        "\"中文欄位\" = '中文欄位-5'",
    ),
]
NUMBERS = {"AIR_H": ("aqi", "pm2.5", "longitude"), "ODD_P_01": ()}
BIG = "1000000"
Tally = tuple[int, dict[str, tuple[int, float]]]


def number(cell: Any) -> float | None:
    if cell is None or cell in {"", "-"}:
        return None
    return float(str(cell).rstrip("x"))


def tally(case: QueryCase, rows: list[dict[str, Any]]) -> Tally:
    """Rows, and of each number column how many and their sum."""
    sums = {}
    for name in NUMBERS[case.dataset]:
        cells = [n for n in (number(r[name]) for r in rows) if n is not None]
        sums[name] = (len(cells), round(sum(cells), 6))
    return len(rows), sums


def expected(portal: Portal, case: QueryCase) -> Tally:
    """What a reader that shares no code with us finds in the version's files."""
    version = portal.versions[case.dataset][-1]
    files = [str(portal.engine.paths.resolve(f.path)) for f in version.files]
    names = [c.name for c in version.columns]
    physical = ", ".join(f'"{c.physical}" AS "{c.name}"' for c in version.columns)
    with duckdb.connect() as con:
        found = con.execute(f"SELECT * FROM (SELECT {physical} FROM read_parquet({files})) WHERE {case.sql}").fetchall()
    return tally(case, [dict(zip(names, row, strict=True)) for row in found])


def native(portal: Portal, case: QueryCase, form: str) -> list[dict[str, Any]]:
    answer = portal.get(f"/api/datasets/{case.dataset}/rows", urlencode({**case.native, "f": form, "limit": BIG}))
    assert answer.status_code == 200, answer.text
    if form == "json":
        assert answer.json["numberReturned"] == answer.json["numberMatched"] == len(answer.json["rows"])
        return answer.json["rows"]
    if form == "ndjson":
        return [json.loads(line) for line in answer.content.decode().split("\n") if line]
    if form == "parquet":
        return pq.read_table(io.BytesIO(answer.content)).to_pylist()
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def moenv(portal: Portal, case: QueryCase, form: str) -> list[dict[str, Any]]:
    query = {
        **case.moenv,
        "limit": BIG,
        "format": form.removeprefix("envelope-"),
        "profile": "envelope" if "-" in form else "bare",
    }
    answer = portal.get(f"/api/v2/{case.dataset}", urlencode(query))
    assert answer.status_code == 200, answer.text
    if form == "json":
        return answer.json
    if form == "envelope-json":
        assert answer.json["total"] == str(len(answer.json["records"]))
        return answer.json["records"]
    if form == "csv":
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    return [{c.tag.lower(): c.text or "" for c in record} for record in ElementTree.fromstring(answer.content)]


READERS = [(native, f) for f in ("json", "ndjson", "csv", "parquet")] + [
    (moenv, f) for f in ("json", "envelope-json", "csv", "xml")
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
@pytest.mark.parametrize(("dialect", "form"), READERS, ids=[f"{d.__name__}-{f}" for d, f in READERS])
def test_the_same_rows_in_every_dialect_and_format(portal: Portal, case: QueryCase, dialect: Any, form: str) -> None:
    assert tally(case, dialect(portal, case, form)) == expected(portal, case)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_no_case_is_empty_by_mistake(portal: Portal, case: QueryCase) -> None:
    assert (expected(portal, case)[0] == 0) == (case.name == "nothing")
