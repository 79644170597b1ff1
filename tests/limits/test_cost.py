"""What a question costs is told before it runs, never too few rows, and held against what it really took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from falcon.testing import Result

from qingliu.core import cost as told
from qingliu.core.cost import FACTOR, Meter
from qingliu.core.dataset import FileRecord, ReadSpec, VersionRecord
from qingliu.core.errors import TooDear
from qingliu.lake.cost import estimate
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.lake.query import Aggregate, And, Compare, Order, Query, Rendering
from tests.api.portal import HOURLY, Portal, field, publish, publish_inputs, serve
from tests.limits.asking import ROWS, Asked
from tests.limits.conftest import plan

COST = "Qingliu-Cost"


def cost_of(answer: Result) -> dict[str, float]:
    """The header's numbers."""
    return {n: float(v) for n, v in (part.split("=") for part in answer.headers[COST].split(", "))}


def test_every_answer_with_rows_tells_its_cost(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    for path, query in ((ROWS, "limit=7"), ("/api/v2/air_h", "limit=7"), ("/api/datasets/AIR_H/latest", "")):
        first, kept = asked.get(path, query), asked.get(path, query)
        assert first.status_code == 200
        assert first.headers[COST] == kept.headers[COST]
        assert cost_of(first)["rows"] >= 7


def test_head_tells_the_cost_and_runs_nothing(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(portal, tmp_path)

    def runs(*_: object, **__: object) -> None:
        raise AssertionError("a question was run")

    monkeypatch.setattr(portal.engine, "stream", runs)
    monkeypatch.setattr(portal.engine, "count", runs)
    monkeypatch.setattr(portal.engine, "rows", runs)
    asking = asked.get(ROWS, "f=csv&aqi=17", method="HEAD")
    assert asking.status_code == 200
    assert cost_of(asking)["rows"] == portal.engine.published.get("AIR_H").current.rows  # type: ignore[union-attr]
    assert asking.content == b""


def test_too_dear_names_the_columns_that_would_make_it_cheaper(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", query_rows=200),))
    for path, query in ((ROWS, "f=csv"), ("/api/v2/air_h", "limit=1000"), (ROWS, "aqi=17")):
        refused = asked.get(path, query)
        assert refused.status_code == 422
    told_so = asked.get(ROWS, "f=csv").json
    assert (told_so["code"], told_so["parameter"]) == ("too-dear", "datacreationdate")
    for words in (told_so["detail_zh"], told_so["detail_en"]):
        assert "datacreationdate" in words
        assert "200" in words
    head = asked.get(ROWS, "f=csv", method="HEAD")
    assert head.status_code == 422
    assert cost_of(head)["rows"] > 200
    assert asked.get(ROWS, "limit=100").status_code == 200
    asked.plans = ()


def test_the_pages_of_the_portal_have_no_quota(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", query_rows=1),))
    assert asked.get(ROWS, "f=csv").status_code == 422
    portal.engine.open(Query("AIR_H"))  # in the same thread, as a page asks after an answer of the API


def test_seconds_are_refused_only_where_even_a_wrong_estimate_would_be_too_long(portal: Portal) -> None:
    question = portal.engine.open(Query("AIR_H", order=(Order("aqi"),)))
    cost = estimate(question, portal.engine.paths, portal.engine.published)
    token = told.METER.set(Meter(10**12, cost.wait_s / FACTOR * 1.01, []))
    try:
        portal.engine.open(Query("AIR_H", order=(Order("aqi"),)))
        told.METER.set(Meter(10**12, cost.wait_s / FACTOR * 0.99, []))
        with pytest.raises(TooDear) as refused:
            portal.engine.open(Query("AIR_H", order=(Order("aqi"),)))
    finally:
        told.METER.reset(token)
    assert "datacreationdate" in refused.value.remedy.en


def test_changes_cost_what_the_versions_changed(portal: Portal) -> None:
    versions = portal.versions["AIR_H"]
    cost = estimate(portal.engine.open(Query("AIR_H", changes_since=1)), portal.engine.paths, portal.engine.published)
    assert versions[1].changes is not None
    assert cost.rows == versions[1].changes.rows


@dataclass
class Table:
    """A published table to ask."""

    engine: Engine
    code: str
    version: VersionRecord
    time: str
    number: str
    text: str


WIDE = replace(HOURLY, code="WIDE_H")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """200,000 rows of a made table in several row groups."""
    paths = LakePaths(tmp_path_factory.mktemp("cost") / "home")
    paths.make()
    start = datetime(2020, 1, 1)

    def rows() -> Iterator[list[str]]:
        for s in range(20):
            for h in range(10_000):
                at = (start + timedelta(hours=h)).strftime("%Y-%m-%d %H:%M")
                yield [str(s), f"測站{s}", "臺北市", str(h % 180), str(h % 50), "NR", "平常", at, "121", "24"]

    version = publish(paths, WIDE, rows(), None)
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(WIDE, kind="table", current=1, status="published", updated_at="2026-11-22T00:00:00.000Z")
    portal = serve(paths, {"WIDE_H": [version]})
    yield Table(portal.engine, "WIDE_H", version, "datacreationdate", "aqi", "siteid")
    portal.engine.close()


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """Real hourly measurements: every row of the largest CSV of them there is."""
    source = max(real_data.rglob("*.csv"), key=lambda p: p.stat().st_size)
    with source.open("rb") as opened:
        head = opened.readline().decode("utf-8-sig").strip()
    columns = tuple(c.strip('" ') for c in head.split(","))
    paths = LakePaths(tmp_path_factory.mktemp("real") / "home")
    paths.make()
    record = replace(
        WIDE, code="REAL", fields=tuple(field(c, "string") for c in columns), mode="snapshot", key=(), time_field="",
        place=None, order=(columns[0],),
    )  # fmt: skip
    version = publish_inputs(paths, record, _read_spec(), source, columns)
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(record, kind="table", current=1, status="published", updated_at="2026-11-22T00:00:00.000Z")
    portal = serve(paths, {"REAL": [version]})
    yield Table(portal.engine, "REAL", version, columns[0], columns[-1], columns[0])
    portal.engine.close()


def _read_spec() -> ReadSpec:

    return ReadSpec()


def questions(table: Table) -> list[Query]:
    """Pages, wholes, filters on leading and other columns, sorts, groups."""
    middle = table.engine.rows(table.engine.open(Query(table.code, limit=1, offset=table.version.rows // 2)))[0]
    base = Query(table.code)
    some = Compare(table.time, "ge", middle[table.time])
    return [
        base,
        replace(base, limit=10),
        replace(base, limit=500, offset=table.version.rows // 3),
        replace(base, where=some),
        replace(base, where=some, limit=100),
        replace(base, where=Compare(table.text, "eq", middle[table.text])),
        replace(base, where=And((Compare(table.text, "eq", middle[table.text]), some))),
        replace(base, order=(Order(table.number, True),), limit=50),
        replace(base, order=(Order(table.number),)),
        replace(base, group=(table.text,), aggregates=(Aggregate("count", "*"),)),
    ]


def surviving(engine: Engine, version: VersionRecord, column: str, low: Any, high: Any) -> int:
    """Rows of the row groups that hold a value between low and high, by the files themselves."""
    total = 0
    with duckdb.connect() as con:
        for file in version.files:
            path = str(engine.paths.resolve(file.path))
            rows = con.execute(
                "SELECT any_value(row_group_num_rows), any_value(stats_min_value), any_value(stats_max_value) "
                f"FROM parquet_metadata('{path}') WHERE path_in_schema = '{column}' GROUP BY row_group_id"
            ).fetchall()
            total += sum(n for n, least, most in rows if str(least) <= str(high) and str(most) >= str(low))
    return total


@pytest.mark.parametrize("which", ["made", "real"])
def test_rows_are_an_upper_bound_bytes_and_seconds_within_the_stated_factor(
    which: str, request: pytest.FixtureRequest
) -> None:
    table: Table = request.getfixturevalue(which)
    engine = table.engine
    wrong = []
    for query in questions(table):
        question = engine.open(query)
        cost = estimate(question, engine.paths, engine.published)
        took, sent, returned = 1e9, 0, 0
        for _ in range(3):
            began = time.perf_counter()
            stream = engine.stream(question, Rendering("json"))
            sent = sum(len(chunk) for chunk in stream)
            took, returned = min(took, time.perf_counter() - began), stream.returned
        matched = engine.count(question) if not query.group else 0
        reached = returned if query.where is None else matched if query.limit is None else returned
        if not reached <= cost.rows <= table.version.rows:
            wrong.append(f"{query}: {cost.rows} rows told, {reached} reached")
        if sent > cost.bytes * 2 + 2_000 or (query.where is None and not query.group and cost.bytes > sent * 2 + 2_000):
            wrong.append(f"{query}: {cost.bytes} bytes told, {sent} sent")
        told.learn(cost, took)
        if (
            took > 0.05 and not cost.seconds / FACTOR / 2 < took < cost.seconds * FACTOR * 2
        ):  # others use this machine too
            wrong.append(f"{query}: {cost.seconds:.3f} s told, {took:.3f} s taken")
    assert not wrong, "\n".join(wrong)


def test_the_bound_is_that_of_the_row_groups_that_remain(made: Table) -> None:
    query = Query(made.code, where=Compare("siteid", "eq", "7"))
    cost = estimate(made.engine.open(query), made.engine.paths, made.engine.published)
    assert cost.rows == surviving(made.engine, made.version, "siteid", "7", "7")
    assert cost.rows < made.version.rows / 2
    assert made.engine.count(made.engine.open(query)) == 10_000 <= cost.rows


def test_a_damaged_file_does_not_stop_the_estimate(made: Table) -> None:
    broken = replace(
        made.version, files=tuple(replace(f, path=f"{f.path}.gone") for f in made.version.files), content_hash="x"
    )
    assert isinstance(broken.files[0], FileRecord)
    question = replace(made.engine.open(Query(made.code, where=Compare("siteid", "eq", "7"))), version=broken)
    cost = estimate(question, made.engine.paths, made.engine.published)
    assert cost.rows == made.version.rows
