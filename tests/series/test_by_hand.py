"""Random questions, answered by the portal and by hand: the same numbers, completeness and flags."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.series import naive
from tests.series.naive import Asked
from tests.series.tables import Series

BUCKETS = ("1h", "1d", "1w", "1mo", "1y", "roll4h", "roll8h", "roll12h", "roll24h")
FNS = ("avg", "sum", "min", "max", "median", "sd", "p98", "p2.5", "valid", "over")
GROUPS = ((), ("site",), ("county",), ("county", "site"))
ZONES = ("Asia/Taipei", "UTC", "Europe/London", "America/New_York", "Asia/Kathmandu")


def agree(answer: dict[str, Any], expected: dict[Any, Any], groups: tuple[str, ...], name: str) -> None:
    """Each bucket of the answer against the one made by hand."""
    found = {}
    for row in answer["rows"]:
        key = (datetime.fromisoformat(row["time"]), *(row[g] for g in groups))
        assert key not in found
        found[key] = row
    assert set(found) == set(expected)
    for key, (value, share, flag) in expected.items():
        row = found[key]
        assert row["flag"] == flag, (key, row, value, share)
        assert row["completeness"] == pytest.approx(share, abs=6e-5)
        close = value if value is None else pytest.approx(value, rel=1e-9, abs=2e-6)
        assert row[name] == close, (key, row, value)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Asked, dict[str, str]]:
    """A question by hand and the same as an address."""
    fn, bucket = draw(st.sampled_from(FNS)), draw(st.sampled_from(BUCKETS))
    value, groups = draw(st.sampled_from(("pm", "o3", "n"))), draw(st.sampled_from(GROUPS))
    share = draw(st.sampled_from(("0.75", "0", "0.5", "0.9", "1")))
    zone = draw(st.sampled_from(ZONES))
    gaps = draw(st.booleans())
    limit = draw(st.integers(-3, 60)) + 0.5
    call = f"over({value},{limit})" if fn == "over" else f"{fn}({value})"
    keys = () if "site" in groups else ("site",)
    asked = Asked("at", value, fn, bucket, groups, keys, limit, float(share), zone=zone, gaps=gaps)
    address = {"aggregate": call, "bucket": bucket, "completeness": share, "timezone": zone}
    address |= {"groupby": ",".join(groups)} if groups else {}
    address |= {"fill": "gaps"} if gaps else {}
    return asked, address


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions())
def test_any_question_is_answered_as_by_hand(series: Series, question: tuple[Asked, dict[str, str]]) -> None:
    asked, address = question
    expected = naive.series(series.rows["SER_W"], asked)
    if asked.bucket in {"1h", *naive.ROLLING} and asked.gaps and "site" not in asked.groups:
        return  # thousands of empty hours say nothing that those of one station do not
    name = {"over": f"over_{asked.value}_{asked.number:g}"}.get(asked.fn, f"{asked.fn}_{asked.value}")
    agree(series.get("SER_W", **address), expected, asked.groups, name)


@pytest.mark.parametrize("bucket", ["1h", "1d", "1mo", "roll8h"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "Asia/Taipei"])
def test_a_dataset_with_daylight_time_has_days_of_25_hours(series: Series, bucket: str, zone: str) -> None:
    rows = [
        r for r in series.rows["SER_B"] if not (r["at"].date() == datetime(2024, 10, 27).date() and r["at"].hour == 2)
    ]
    asked = Asked("at", "pm", "avg", bucket, ("site",), own="Europe/Berlin", zone=zone)
    outside = "at < TIMESTAMP('2024-10-27T02:00:00') OR at >= TIMESTAMP('2024-10-27T03:00:00')"
    answer = series.get("SER_B", aggregate="avg(pm)", bucket=bucket, groupby="site", timezone=zone, filter=outside)
    agree(answer, naive.series(rows, asked), ("site",), "avg_pm")
    if (bucket, zone) == ("1d", "Europe/Berlin"):
        offsets = {r["time"][:10]: r["time"][19:] for r in answer["rows"]}
        assert (offsets["2024-10-26"], offsets["2024-10-27"], offsets["2024-10-28"]) == ("+02:00", "+02:00", "+01:00")


@pytest.mark.parametrize("call", ["avg(wd)", "vdir(wd)", "vspeed(wd)"])
@pytest.mark.parametrize("bucket", ["1d", "1mo", "roll24h"])
@pytest.mark.parametrize("groups", [("site",), ("county",), ()])
def test_wind_is_averaged_as_vectors(series: Series, call: str, bucket: str, groups: tuple[str, ...]) -> None:
    fn = call.partition("(")[0]
    keys = () if groups == ("site",) else ("site",)
    asked = Asked("at", "wd", fn, bucket, groups, keys, speed="ws")
    more = {"groupby": ",".join(groups)} if groups else {}
    agree(
        series.get("SER_W", aggregate=call, bucket=bucket, **more),
        naive.series(series.rows["SER_W"], asked),
        groups,
        f"{fn}_wd",
    )


@pytest.mark.parametrize("fn", ["vdir", "vspeed"])
@pytest.mark.parametrize("bucket", ["1d", "1mo"])
def test_wind_of_a_long_table_joins_direction_and_speed_of_a_moment(series: Series, fn: str, bucket: str) -> None:
    beside: dict[Any, dict[str, Any]] = {}
    for row in series.rows["SER_L"]:
        if row["item"].startswith("WIND"):
            at = beside.setdefault(
                (row["site"], row["at"]), {"site": row["site"], "at": row["at"], "wd": None, "ws": None}
            )
            at["wd" if row["item"] == "WIND_DIREC" else "ws"] = row["value"]
    asked = Asked("at", "wd", fn, bucket, ("site",), speed="ws")
    answer = series.get(
        "SER_L", aggregate=f"{fn}(value)", bucket=bucket, groupby="site", item=["WIND_DIREC", "WIND_SPEED"]
    )
    agree(answer, naive.series(beside.values(), asked), ("site",), f"{fn}_value")


def test_directions_in_a_long_table_are_vectors_and_other_items_are_not(series: Series) -> None:
    answer = series.get("SER_L", aggregate="avg(value),max(value)", bucket="1d", groupby="item,site")
    for item in ("O3", "WIND_DIREC"):
        rows = [r for r in series.rows["SER_L"] if r["item"] == item and r["value"] != 999]
        asked = Asked("at", "value", "vdir" if item == "WIND_DIREC" else "avg", "1d", ("item", "site"), speed="one")
        if item == "O3":
            asked = Asked("at", "value", "avg", "1d", ("item", "site"))
        expected = naive.series([r | {"one": 1.0} for r in rows], asked)
        mine = {"rows": [r for r in answer["rows"] if r["item"] == item]}
        agree(mine, expected, ("item", "site"), "avg_value")
        assert all((r["max_value"] is None) == (item == "WIND_DIREC" or r["flag"] is not None) for r in mine["rows"])


def test_first_and_last_are_the_earliest_and_latest_values(series: Series) -> None:
    answer = series.get("SER_W", aggregate="first(pm),last(pm)", bucket="1d", groupby="site")
    for row in answer["rows"]:
        day = row["time"][:10]
        known = [r for r in series.rows["SER_W"] if r["site"] == row["site"] and r["at"].isoformat()[:10] == day]
        values = [r["pm"] for r in sorted(known, key=lambda r: r["at"]) if r["pm"] is not None]
        assert (row["first_pm"], row["last_pm"]) == ((values[0], values[-1]) if values else (None, None))
