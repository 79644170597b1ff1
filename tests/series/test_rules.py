"""What an answer says of itself, what it leaves out, and what it refuses."""

from __future__ import annotations

import csv
import io
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest

from tests.series.tables import Series

MIXED = {"aggregate": "avg(value)", "bucket": "1d"}


def refused(series: Series, code: str, **asked: Any) -> dict[str, Any]:
    """The problem of a question that is not answered."""
    begin = time.monotonic()
    answer = series.portal.get(f"/api/datasets/{code}/series", urlencode(asked, doseq=True))
    assert answer.status_code == 400, answer.text
    assert time.monotonic() - begin < 2
    problem: dict[str, Any] = answer.json
    assert problem["detail_zh"]
    assert problem["detail_en"]
    return problem


def test_the_answer_tells_bucket_zone_rules_and_units(series: Series) -> None:
    told = series.get(
        "SER_W", aggregate="avg(pm),p98(o3),over(o3,60),count(*),avg(wd),vspeed(wd)", bucket="1mo", groupby="site"
    )
    head = told["series"]
    assert head["bucket"] == "1mo"
    assert head["timezone"] == "Asia/Taipei"
    assert head["completeness"] == {"at_least": 0.75, "value_every": {"seconds": 3600}, "of": ["pm", "o3", "wd"]}
    assert head["below_detection"] == {"as": "half", "of": ["pm", "o3"], "without_limit": "left out"}
    assert head["invalid"] == "left out"
    assert head["empty_buckets"] == "left out"
    columns = {c["name"]: c for c in head["columns"]}
    assert columns["avg_pm"]["unit"] == "μg/m3"
    assert columns["p98_o3"]["method"] == "exact, continuous interpolation"
    assert columns["over_o3_60"]["number"] == 60
    assert "unit" not in columns["over_o3_60"]
    assert columns["avg_wd"]["method"] == "direction of the mean unit vector"
    assert columns["vspeed_wd"]["unit"] == "m/sec"
    assert list(told["rows"][0]) == [
        "time", "site", "avg_pm", "p98_o3", "over_o3_60", "count", "avg_wd", "vspeed_wd",
        "completeness_pm", "flag_pm", "completeness_o3", "flag_o3", "completeness_wd", "flag_wd",
    ]  # fmt: skip


def test_a_statistic_on_too_few_values_is_null_and_says_why(series: Series) -> None:
    strict = series.get("SER_W", aggregate="avg(pm),valid(pm)", bucket="1d", groupby="site")["rows"]
    loose = series.get("SER_W", aggregate="avg(pm),valid(pm)", bucket="1d", groupby="site", completeness="0")["rows"]
    assert any(r["flag"] == "incomplete" for r in strict)
    for one, other in zip(strict, loose, strict=True):
        assert one["valid_pm"] == other["valid_pm"]
        assert (one["avg_pm"] is None) == (one["completeness"] < 0.75) == (one["flag"] is not None)
        assert other["avg_pm"] is not None or other["flag"] == "no_data"


@pytest.mark.parametrize(("below", "instead"), [("half", 0.25), ("zero", 0.0), ("limit", 0.5), ("drop", None)])
def test_below_detection_is_counted_as_asked(series: Series, below: str, instead: float | None) -> None:
    rows = [r for r in series.rows["SER_W"] if r["site"] == "a"]
    values = [instead if r["pm"] == 0.25 else r["pm"] for r in rows]
    known = [v for v in values if v is not None]
    found = series.get("SER_W", aggregate="sum(pm),valid(pm)", site="a", below_detection=below)["rows"]
    assert found == [{"sum_pm": pytest.approx(sum(known), abs=1e-6), "valid_pm": len(known)}]


def test_cells_without_a_limit_count_only_as_zero(series: Series) -> None:
    rows = [r for r in series.rows["SER_W"] if r["site"] == "a"]
    known = [r["o3"] for r in rows if r["o3"] is not None]
    counts = {
        below: series.get("SER_W", aggregate="valid(o3)", site="a", below_detection=below)["rows"][0]["valid_o3"]
        for below in ("half", "zero", "drop")
    }
    assert counts == {"half": len(known), "zero": len(rows), "drop": len(known)}
    assert refused(series, "SER_W", aggregate="avg(o3)", below_detection="limit")["parameter"] == "below_detection"


def test_invalid_cells_and_rows_are_left_out_unless_asked_for(series: Series) -> None:
    def counts(code: str, **more: str) -> tuple[int, int, int]:
        row = series.get(code, aggregate="count(*),count(pm),valid(pm)", **more)["rows"][0]
        return row["count"], row["count_pm"], row["valid_pm"]

    every, cells, usable = counts("SER_W")
    assert every == len(series.rows["SER_W"])
    assert usable == sum(r["pm"] is not None for r in series.rows["SER_W"]) < cells
    assert counts("SER_W", include_invalid="true") == (every, cells, cells)
    assert counts("SER_I")[2] == 0
    assert counts("SER_I", include_invalid="true")[2] == counts("SER_I", _status="invalid")[2] > 0
    assert series.get("SER_I", aggregate="avg(pm)", bucket="1d", site="a")["rows"][0]["flag"] == "no_data"


def test_nothing_is_judged_where_nothing_is_promised(series: Series) -> None:
    told = series.get("SER_N", aggregate="avg(pm)", bucket="1d", groupby="site")
    assert told["series"]["completeness"] is None
    assert set(told["rows"][0]) == {"time", "site", "avg_pm"}
    assert refused(series, "SER_N", aggregate="avg(pm)", bucket="1d", completeness="0.5")["parameter"] == "completeness"
    assert refused(series, "SER_W", aggregate="avg(pm)", completeness="0.5")["parameter"] == "completeness"


def test_daily_values_fill_months_and_have_no_hours(series: Series) -> None:
    february = series.get("SER_D", aggregate="avg(pm)", bucket="1mo", site="a")["rows"]
    days = [d for d in range(1, 29) if d not in {5, 6}]
    assert february == [
        {
            "time": "2024-02-01T00:00:00+08:00",
            "avg_pm": pytest.approx(sum(days) / len(days)),
            "completeness": 0.8966,
            "flag": None,
        }
    ]
    for bucket in ("1h", "roll8h"):
        assert refused(series, "SER_D", aggregate="avg(pm)", bucket=bucket)["parameter"] == "bucket"


def test_an_eight_hour_mean_stands_on_six_hours(series: Series) -> None:
    rows = series.get("SER_W", aggregate="avg(n),valid(n)", bucket="roll8h", site="a")["rows"]
    by_hour = {r["at"]: r["n"] for r in series.rows["SER_W"] if r["site"] == "a"}
    seen = set()
    for row in rows:
        at = datetime.fromisoformat(row["time"]).replace(tzinfo=None)
        window = [v for t, v in by_hour.items() if 0 <= (at - t).total_seconds() < 8 * 3600]
        assert row["valid_n"] == len(window)
        seen.add(len(window))
        assert row["avg_n"] == (pytest.approx(sum(window) / len(window)) if len(window) >= 6 else None)
    assert {5, 6, 8} <= seen


def test_items_are_never_joined(series: Series) -> None:
    problem = refused(series, "SER_L", **MIXED)
    assert problem["parameter"] == "aggregate"
    assert "O3" in problem["detail_en"]
    assert "PM2.5" in problem["detail_en"]
    assert "groupby=item" in problem["remedy"]
    assert refused(series, "SER_L", **MIXED, item=["O3", "PM2.5"])["parameter"] == "aggregate"
    assert refused(series, "SER_L", **MIXED, filter="item LIKE '%'")["parameter"] == "aggregate"
    assert refused(series, "SER_L", aggregate="max(value),count(*)")["parameter"] == "aggregate"
    assert refused(series, "SER_L", **MIXED, groupby="unit")["parameter"] == "aggregate"
    for more in ({"item": "O3"}, {"groupby": "item"}, {"filter": "item LIKE 'O%'"}, {"unit": "ppb"}):
        assert series.get("SER_L", **MIXED, **more)["rows"]
    assert series.get("SER_L", aggregate="count(*),count(value),valid(value)")["rows"][0]["count"] > 0


def test_directions_have_no_sums_and_winds_need_their_pair(series: Series) -> None:
    for call in ("max(wd)", "sd(wd)", "sum(wd)", "p50(wd)", "over(wd,180)", "median(wd)", "vdir(pm)", "vdir(ws)"):
        assert refused(series, "SER_W", aggregate=call)["parameter"] == "aggregate"
    assert refused(series, "SER_L", aggregate="max(value)", item="WIND_DIREC")["parameter"] == "aggregate"
    for more in ({}, {"item": "WIND_DIREC"}, {"item": ["O3", "WIND_SPEED"]}):
        assert "WIND_DIREC" in refused(series, "SER_L", aggregate="vdir(value)", **more)["remedy"]
    pair = ["WIND_DIREC", "WIND_SPEED"]
    assert refused(series, "SER_L", aggregate="vdir(value),count(*)", item=pair)["parameter"] == "aggregate"
    assert refused(series, "SER_L", aggregate="vdir(value)", item=pair, groupby="item")["parameter"] == "aggregate"


def test_every_text_format_tells_the_offset_and_the_same_rows(series: Series) -> None:
    asked = {"aggregate": "avg(pm),count(*)", "bucket": "1d", "groupby": "site"}
    for zone, offset in (("Asia/Taipei", "+08:00"), ("America/New_York", "-05:00")):
        rows = series.get("SER_W", **asked, timezone=zone)["rows"]
        answer = series.portal.get("/api/datasets/SER_W/series", urlencode(asked | {"f": "csv", "timezone": zone}))
        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert [r["time"] for r in rows] == [r["time"] for r in lines]
        assert rows[0]["time"].endswith(offset)
        assert [r["avg_pm"] for r in rows] == [float(r["avg_pm"]) if r["avg_pm"] else None for r in lines]
    parquet = series.portal.get("/api/datasets/SER_W/series", urlencode(asked | {"f": "parquet"}))
    table = pq.read_table(io.BytesIO(parquet.content))
    assert table.column("avg_pm").to_pylist() == [r["avg_pm"] for r in series.get("SER_W", **asked)["rows"]]


def test_pages_join_to_the_whole_and_the_count_is_exact(series: Series) -> None:
    asked = {"aggregate": "avg(pm),p98(o3)", "bucket": "1d", "groupby": "county"}
    whole = series.get("SER_W", **asked)["rows"]
    rows: list[Any] = []
    path, query = "/api/datasets/SER_W/series", urlencode(asked | {"limit": 37})
    while path:
        page = series.portal.get(path, query).json
        assert page["numberMatched"] == len(whole)
        rows += page["rows"]
        following = next((k["href"] for k in page["links"] if k["rel"] == "next"), "")
        path, _, query = following.partition("?")
    assert rows == whole


def test_the_same_question_has_the_same_bytes_and_another_rule_another_etag(series: Series) -> None:
    def tag(**more: str) -> str:
        answer = series.portal.get(
            "/api/datasets/SER_W/series", urlencode({"aggregate": "avg(pm)", "bucket": "1d"} | more)
        )
        return str(answer.headers["etag"])

    tags = [
        tag(),
        tag(completeness="0"),
        tag(timezone="UTC"),
        tag(below_detection="zero"),
        tag(include_invalid="true"),
        tag(fill="gaps"),
    ]
    assert len(set(tags)) == len(tags)
    assert tag() == tags[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("timezone", "Mars/Olympus"), ("timezone", "../../etc/passwd"), ("timezone", "UTC'; DROP TABLE x; --"),
        ("timezone", "+08:00"), ("completeness", "75"), ("completeness", "-0.1"), ("completeness", "NaN"),
        ("completeness", "１"), ("completeness", "1e0"), ("below_detection", "twice"), ("include_invalid", "yes"),
        ("fill", "linear"), ("bucket", "5m"), ("bucket", "roll9h"), ("bucket", "1d'--"),
        ("aggregate", "avg(pm"), ("aggregate", "avg(pm))"), ("aggregate", "avg(pm),"), ("aggregate", "p0(pm)"),
        ("aggregate", "p100(pm)"), ("aggregate", "p98(pm,3)"), ("aggregate", "p-1(pm)"), ("aggregate", "over(pm)"),
        ("aggregate", "over(pm,nan)"), ("aggregate", "over(pm,1e999)"), ("aggregate", "over(pm,60);drop"),
        ("aggregate", "avg(pm,1)"), ("aggregate", "avg(*)"), ("aggregate", "over(*,3)"), ("aggregate", "avg(site)"),
        ("aggregate", "avg(pm),avg(pm)"), ("aggregate", "avg(_status)"), ("aggregate", "count(_flags)"),
        ("aggregate", "median(at)"), ("aggregate", "system(pm)"), ("aggregate", "p９８(pm)"), ("aggregate", ""),
        ("aggregate", "avg((select 1))"), ("aggregate", ",".join(f"p{i}(pm)" for i in range(1, 60))),
        ("aggregate", "avg(" * 3000), ("aggregate", '"' * 9000), ("groupby", "site,site"), ("groupby", "_since"),
        ("groupby", "(select 1)"), ("groupby", "pM"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(series: Series, name: str, text: str) -> None:
    asked = {"aggregate": "avg(pm)", "bucket": "1d"} | {name: text}
    assert refused(series, "SER_W", **asked)["parameter"].partition("=")[0] == name


def test_one_limit_written_in_two_ways_is_one_column(series: Series) -> None:
    assert refused(series, "SER_W", aggregate="over(pm,60),over(pm,60.0)")["parameter"] == "aggregate"
