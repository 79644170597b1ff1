"""Series of the real files against plain arithmetic over the files themselves; nothing but addresses is shared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from qingliu.lake.paths import LakePaths
from tests.api.portal import Portal, serve
from tests.independent.raw import tables
from tests.series import naive
from tests.series.naive import Asked
from tests.series.test_by_hand import agree

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("QINGLIU_REAL_DATA", ROOT.parent / "shared" / "data"))
CODES = ("AQX_P_488", "AQX_RENWU_H", "AQX_FENGYUAN_H")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are absent (set QINGLIU_REAL_DATA)"),
]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The three hourly datasets, published by the ordinary commands."""
    home = tmp_path_factory.mktemp("real") / "home"
    env = os.environ | {"QINGLIU_HOME": str(home)}

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "qingliu.config.cli", *arguments]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    run("setup")
    run("define", *(str(ROOT / "datasets" / f"{code}.yaml") for code in ("AQX_P_07", *CODES)))
    for table in tables():
        if table.code in CODES:
            run("publish", *(str(DATA / f) for f in table.files), "--dataset", table.code, "--message", "real")
    served = serve(LakePaths(home), {})
    yield served
    served.engine.close()


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of each file, the last of a key as it stands, numbers marked invalid taken out."""
    found = {}
    for table in tables():
        if table.code not in CODES:
            continue
        by_key = {}
        for row in table.rows(DATA):
            if str(row.get("concentration_flag", "")).endswith("_invalid"):
                row["concentration"] = None
            by_key[tuple(row[k] for k in table.key)] = row
        found[table.code] = list(by_key.values())
    return found


def ask(portal: Portal, code: str, **asked: Any) -> dict[str, Any]:
    """The whole answer."""
    answer = portal.get(f"/api/datasets/{code}/series", urlencode(asked, doseq=True))
    assert answer.status_code == 200, answer.text
    assert answer.json["numberMatched"] == len(answer.json["rows"])
    plain: dict[str, Any] = answer.json
    return plain


@pytest.mark.parametrize(
    ("call", "bucket", "groups"),
    [
        ("avg(aqi)", "1d", ("sitename",)), ("p98(pm2.5)", "1mo", ("sitename",)), ("over(o3,60)", "1mo", ("county",)),
        ("avg(o3)", "roll8h", ("sitename",)), ("avg(pm2.5)", "1d", ("county",)), ("max(pm10)", "1w", ()),
        ("sd(no2)", "1mo", ("county",)), ("median(so2)", "1d", ("sitename",)),
    ],
)  # fmt: skip
def test_the_network_in_its_months(
    portal: Portal, rows: dict[str, Any], call: str, bucket: str, groups: tuple[str, ...]
) -> None:
    fn, _, rest = call.partition("(")
    value, _, number = rest.rstrip(")").partition(",")
    first, last = datetime(2025, 10, 1), datetime(2025, 12, 31, 23)
    mine = [r for r in rows["AQX_P_488"] if first <= r["datacreationdate"] <= last]
    assert len(mine) > 150_000
    keys = () if groups == ("sitename",) else ("sitename",)
    asked = Asked("datacreationdate", value, fn, bucket, groups, keys, float(number or 0))
    more = {"groupby": ",".join(groups)} if groups else {}
    answer = ask(portal, "AQX_P_488", aggregate=call, bucket=bucket, datetime="2025-10-01/2025-12-31", **more)
    name = f"{fn}_{value}" + (f"_{number}" if number else "")
    agree(answer, naive.series(mine, asked), groups, name)


@pytest.mark.parametrize("call", ["avg(winddirec)", "vdir(winddirec)", "vspeed(winddirec)"])
def test_wind_over_the_network(portal: Portal, rows: dict[str, Any], call: str) -> None:
    fn = call.partition("(")[0]
    mine = [r for r in rows["AQX_P_488"] if r["datacreationdate"].year == 2025 and r["datacreationdate"].month == 11]
    asked = Asked("datacreationdate", "winddirec", fn, "1d", ("sitename",), speed="windspeed")
    answer = ask(portal, "AQX_P_488", aggregate=call, bucket="1d", groupby="sitename", datetime="2025-11-01/2025-11-30")
    agree(answer, naive.series(mine, asked), ("sitename",), f"{fn}_winddirec")


@pytest.mark.parametrize(
    ("fn", "bucket", "item"),
    [("avg", "1d", "PM2.5"), ("p98", "1mo", "PM10"), ("over", "1y", "O3"), ("avg", "roll8h", "O3"), ("max", "1y", "SO2"),
     ("sum", "1mo", "RAINFALL"), ("vdir", "1mo", "WIND_DIREC")],
)  # fmt: skip
@pytest.mark.parametrize("code", ["AQX_RENWU_H", "AQX_FENGYUAN_H"])
def test_ten_years_and_one_year_of_a_station(
    portal: Portal, rows: dict[str, Any], code: str, fn: str, bucket: str, item: str
) -> None:
    mine: list[dict[str, Any]] = [r for r in rows[code] if r["itemengname"] == item]
    call, speed = fn, ""
    if fn == "vdir":  # the plain mean of directions is that of unit vectors; a long table has no speed beside it
        call, speed = "avg", "one"
        mine = [r | {"one": 1.0} for r in mine if r["concentration"] is None or r["concentration"] <= 360]
    asked = Asked("monitordate", "concentration", fn, bucket, ("sitename",), number=60, speed=speed)
    text = f"{call}(concentration{',60' if fn == 'over' else ''})"
    answer = ask(portal, code, aggregate=text, bucket=bucket, groupby="sitename", itemengname=item)
    expected = naive.series(mine, asked)
    assert len(expected) >= (1 if bucket == "1y" else 12)
    agree(answer, expected, ("sitename",), f"{call}_concentration" + ("_60" if fn == "over" else ""))


def test_the_wind_of_ten_years_is_joined_by_the_hour(portal: Portal, rows: dict[str, Any]) -> None:
    beside: dict[datetime, dict[str, Any]] = {}
    for row in rows["AQX_RENWU_H"]:
        if row["itemengname"] in {"WIND_DIREC", "WIND_SPEED"}:
            hour = beside.setdefault(row["monitordate"], {"monitordate": row["monitordate"], "d": None, "s": None})
            hour["d" if row["itemengname"] == "WIND_DIREC" else "s"] = row["concentration"]
    for fn in ("vdir", "vspeed"):
        asked = Asked("monitordate", "d", fn, "1mo", speed="s")
        answer = ask(
            portal,
            "AQX_RENWU_H",
            aggregate=f"{fn}(concentration)",
            bucket="1mo",
            itemengname=["WIND_DIREC", "WIND_SPEED"],
        )
        agree(answer, naive.series(beside.values(), asked), (), f"{fn}_concentration")


def test_days_of_another_zone_hold_other_hours(portal: Portal, rows: dict[str, Any]) -> None:
    mine = [r for r in rows["AQX_FENGYUAN_H"] if r["itemengname"] == "O3"]
    for zone in ("UTC", "Europe/London"):
        asked = Asked("monitordate", "concentration", "max", "1d", zone=zone, gaps=True)
        answer = ask(
            portal,
            "AQX_FENGYUAN_H",
            aggregate="max(concentration)",
            bucket="1d",
            itemengname="O3",
            timezone=zone,
            fill="gaps",
        )
        agree(answer, naive.series(mine, asked), (), "max_concentration")
        times = [datetime.fromisoformat(r["time"]) for r in answer["rows"]]
        assert all(timedelta(hours=22) < b - a < timedelta(hours=26) for a, b in pairwise(times))


def test_the_items_of_a_station_are_never_joined(portal: Portal) -> None:
    answer = portal.get("/api/datasets/AQX_RENWU_H/series", "aggregate=avg(concentration)&bucket=1y")
    assert answer.status_code == 400
    assert "groupby=itemengname" in answer.json["remedy"]


def test_a_view_knows_the_wind_and_the_marks_of_its_base(portal: Portal) -> None:
    answer = portal.get(
        "/api/datasets/AQX_P_432/series", "aggregate=avg(wind_direc),vspeed(wind_direc),avg(aqi)&groupby=county"
    )
    if answer.status_code == 404:
        pytest.skip("the view is not published here")
    assert answer.status_code == 200
    assert all(r["avg_wind_direc"] is None or 0 <= r["avg_wind_direc"] < 360 for r in answer.json["rows"])
