"""What the platform sent, taken in and given out again by the compatible API: the same cells, row by row."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.standards.definition import load
from tests.api.portal import Portal, publish_inputs, serve

DEFINITIONS = Path(__file__).resolve().parents[2] / "datasets"
CODE, VIEW = "AQX_P_488", "AQX_P_432"


@dataclass(frozen=True)
class Original:
    """A portal that took in one file of the platform, and that file's rows."""

    portal: Portal
    rows: list[dict[str, str]]


@pytest.fixture(params=["202206", "202406", "20250922", "yii157"])
def original(request: pytest.FixtureRequest, real_data: Path, tmp_path: Path) -> Original:
    """The hourly file as AQX_P_488 with AQX_P_432 as its view."""
    path = real_data / "aqx_p_432" / f"{request.param}.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    paths = LakePaths(tmp_path / "home")
    paths.make()
    base, view = load(DEFINITIONS / f"{CODE}.yaml"), load(DEFINITIONS / f"{VIEW}.yaml")
    version = publish_inputs(paths, base.dataset, base.read, path, tuple(rows[0]))
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(base.dataset, kind="table", current=1, status="published", updated_at=version.created_at)
        t.put_entry(view.dataset, kind="view", current=None, status="published", updated_at=version.created_at)
    return Original(serve(paths, {CODE: [version]}), rows)


def plain(cell: str) -> str:
    """A cell as it may be written: 13.0 and 13 are one number, 121.50 and 121.5 too."""
    return re.sub(r"\.$", "", re.sub(r"(\.\d*?)0+$", r"\1", cell)) if re.fullmatch(r"-?\d+\.\d+", cell) else cell


def test_the_newest_hour_comes_back_as_it_was_sent(original: Original) -> None:
    answer = original.portal.get("/api/v2/aqx_p_432", "format=CSV&limit=1000&sort=ImportDate desc&api_key=x")
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8-sig")
    ours = {r["siteid"]: r for r in csv.DictReader(io.StringIO(text, newline=""))}
    theirs = {r["siteid"]: r for r in original.rows if r["siteid"]}
    assert set(ours) == set(theirs)
    assert text.split("\n", 1)[0].split(",") == list(original.rows[0])
    assert text.count('"') == 2 * len(ours)  # as in the original: the time alone is quoted
    different: list[Any] = []
    for siteid, row in theirs.items():
        different += [(siteid, n, row[n], ours[siteid][n]) for n in row if plain(row[n]) != plain(ours[siteid][n])]
    assert different == []
    assert any(r["wind_speed"] == "-" for r in ours.values()) == any(r["wind_speed"] == "-" for r in original.rows)


def test_the_history_has_its_own_names_and_the_same_values(original: Original) -> None:
    history = original.portal.get("/api/v2/aqx_p_488", "limit=1000").json
    assert len(history) == len(original.rows)
    assert {"windspeed", "winddirec", "datacreationdate"} <= set(history[0])
    assert {r["datacreationdate"] for r in history} == {original.rows[0]["publishtime"].replace("/", "-")[:16]}
    sums = {n: sum(float(r[n]) for r in rows if r[n] not in {"", "-"}) for n, rows in (("aqi", history),)}
    assert sums["aqi"] == sum(float(r["aqi"]) for r in original.rows if r["aqi"] not in {"", "-"})
