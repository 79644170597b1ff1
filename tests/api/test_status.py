"""Row status in the API: filtered by its own parameter, told beside the flags in every format, decisions in public."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from qingliu.lake import correcting
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.lake.store import Lake
from tests.api.portal import HOURLY, ODD, Portal, build, field, publish

ROWS = "/api/datasets/AIR_H/rows"
OWN = replace(
    ODD, code="OWN_P_03", fields=(field("id", "string"), field("status", "string")), key=("id",), order=("id",)
)  # fmt: skip
AT = "2026-11-23T03:00:00.000Z"
DECISION = {"version": 3, "decided_at": AT, "by": {"role": "steward"}, "reason": "儀器校正", "key": {"siteid": "1"}}


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal in which two rows of AIR_H were decided about, and a dataset has a status column of its own."""
    portal = build(tmp_path_factory.mktemp("status") / "home")
    paths = LakePaths(portal.settings.home)
    lake, base = Lake(paths, threads=1), portal.versions["AIR_H"][-1]
    keys = [("1", "2024-01-01 00:00:00"), ("2", "2024-01-01 00:00:00")]
    first, second = correcting.present(lake, HOURLY, base, keys, paths.staging / "look")
    assert first
    assert second
    fixed = [{**first, "aqi": "42", "_flags": ";pm2.5=missing;aqi=corrected;", "_status": "corrected"}]
    fixed += [{**second, "_status": "invalid"}]
    staged = correcting.stage(lake, HOURLY, fixed, paths.staging / "fix" / "staged.parquet")
    made = lake.commit(
        HOURLY, staged, base=base, number=3, run_id="fix", author="a", message="m", created_at=AT, mode_override="upsert"
    ).version  # fmt: skip
    assert made
    own = publish(paths, OWN, [["a", "active"], ["b", "closed"]], None)
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(made)
        t.put_version(own)
        t.put_entry(HOURLY, kind="table", current=3, status="published", updated_at=AT)
        t.put_entry(OWN, kind="table", current=1, status="published", updated_at=AT)
        t.put_decisions("AIR_H", [{**DECISION, "status": s} for s in ("corrected", "invalid")])
    yield portal
    portal.engine.close()


def rows(portal: Portal, query: str, path: str = ROWS) -> list[dict[str, object]]:
    answer = portal.get(path, query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = json.loads(answer.content)["rows"]
    return found


@pytest.mark.parametrize(
    ("asked", "found"),
    [("corrected", 1), ("invalid", 1), ("corrected,invalid", 2), ("validated", 0), ("provisional", 1378)],
)
def test_rows_are_found_by_status_and_counted_exactly(decided: Portal, asked: str, found: int) -> None:
    answer = json.loads(decided.get(ROWS, f"_status={asked}&limit=3").content)
    assert answer["numberMatched"] == found
    assert all("_status" not in row for row in answer["rows"])


@pytest.mark.parametrize("query", ["_status=good", "_status=", "_status=invalid,", "_status=a&_status=b"])
def test_an_unknown_status_is_refused_with_the_known_ones(decided: Portal, query: str) -> None:
    answer = decided.get(ROWS, query)
    assert answer.status_code == 400
    assert json.loads(answer.content)["parameter"] == "_status"


def test_a_column_called_status_keeps_its_own_parameter_and_place(decided: Portal) -> None:
    path = "/api/datasets/OWN_P_03/rows"
    assert rows(decided, "status=closed", path) == [{"id": "b", "status": "closed"}]
    assert rows(decided, "_status=invalid", path) == []
    both = rows(decided, "status=active&_status=provisional&include_flags=true", path)
    assert both == [{"id": "a", "status": "active", "_flags": {}, "_status": "provisional"}]


def test_flags_and_status_stand_in_every_format(decided: Portal) -> None:
    query = "_status=corrected&include_flags=true&properties=siteid,aqi"
    wanted = {"siteid": "1", "aqi": 42, "_flags": {"pm2.5": "missing", "aqi": "corrected"}, "_status": "corrected"}
    assert rows(decided, query) == [wanted]
    assert json.loads(decided.get(ROWS, query + "&f=ndjson").content) == wanted
    feature = json.loads(decided.get(ROWS, query + "&f=geojson").content)["features"][0]
    assert feature["properties"] == wanted
    text = ";pm2.5=missing;aqi=corrected;"
    lines = list(csv.DictReader(io.StringIO(decided.get(ROWS, query + "&f=csv").text)))
    assert lines == [{"siteid": "1", "aqi": "42", "_flags": text, "_status": "corrected"}]
    table = pq.read_table(io.BytesIO(decided.get(ROWS, query + "&f=parquet").content)).to_pylist()
    assert table == [{"siteid": "1", "aqi": 42, "_flags": text, "_status": "corrected"}]


def test_latest_views_series_and_earlier_versions_know_the_status(decided: Portal) -> None:
    assert rows(decided, "_status=invalid&as_of=2") == []
    series = rows(decided, "aggregate=count(*)&_status=corrected,invalid", "/api/datasets/AIR_H/series")
    assert series == [{"count": 2}]
    for path in ("/api/datasets/AIR_H/latest", "/api/datasets/AIR_NOW/rows"):
        assert {r["_status"] for r in rows(decided, "include_flags=true", path)} == {"provisional"}
        assert rows(decided, "_status=invalid", path) == []


def test_changes_show_a_correction_as_an_update_with_its_status(decided: Portal) -> None:
    found = rows(decided, "since=2&include_flags=true", "/api/datasets/AIR_H/changes")
    assert [(r["_change"], r["_status"], r["aqi"]) for r in found][:1] == [("update", "corrected", 42)]
    assert "_status" not in rows(decided, "since=2", "/api/datasets/AIR_H/changes")[0]
    lines = decided.get("/api/datasets/AIR_H/changes", "since=2&include_flags=true&f=csv").text.splitlines()
    assert lines[0].endswith(",_flags,_status")
    assert lines[2].endswith(",invalid")


def test_the_ministrys_dialect_has_no_column_more(decided: Portal) -> None:
    record = json.loads(decided.get("/api/v2/air_h", "limit=1&format=json").content)[0]
    assert list(record) == [f.name.lower() for f in HOURLY.fields]


def test_decisions_are_public_newest_first_and_in_pages(decided: Portal) -> None:
    path = "/api/datasets/AIR_H/decisions"
    first = json.loads(decided.get(path, "limit=1").content)
    assert (first["numberMatched"], first["numberReturned"]) == (2, 1)
    assert first["decisions"] == [{"number": 2, **DECISION, "status": "invalid"}]
    assert [x["rel"] for x in first["links"]] == ["self", "next"]
    following = first["links"][1]["href"]
    second = json.loads(decided.get(following.partition("?")[0], following.partition("?")[2]).content)
    assert [d["number"] for d in second["decisions"]] == [1]
    assert json.loads(decided.get("/api/datasets/AIR_NOW/decisions").content)["dataset"] == "AIR_H"
    assert json.loads(decided.get("/api/datasets/OWN_P_03/decisions").content)["decisions"] == []
    assert decided.get("/api/datasets/NOWHERE/decisions").status_code == 404
