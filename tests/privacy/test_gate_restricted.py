"""A restricted site shows county and district only, wherever its row goes; every byte and every answer is searched for it."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from tests.api.portal import serve
from tests.privacy import town
from tests.privacy.conftest import Deliver, Served

BY_NAME = (
    "4",
    "B2000001",
    "海角油料庫",
    "屏東縣恆春鎮海濱路8號",
    "海角油料庫",
    "屏東縣恆春鎮海濱路8號",
    "油料滲漏",
    "120.74",
    "22.00",
    "0",
)
BY_ADDRESS = ("5", "B2000002", "無名單位", "高雄市左營區明德新村路７７號３樓", "無名單位",
              "高雄市左營區明德新村路77號", "派員至高雄市左營區明德新村路77號稽查", "120.29", "22.69", "0")  # fmt: skip
BY_POINT = (
    "6",
    "B2000003",
    "濱海營區",
    "基隆市中正區祥豐街300號",
    "濱海營區",
    "基隆市中正區祥豐街300號",
    "噪音",
    "121.7004",
    "25.1502",
    "0",
)
ROWS = [town.FIRM, town.PERSON, town.SITE, BY_NAME, BY_ADDRESS, BY_POINT]
DISTRICTS = {3: "新北市石門區", 4: "屏東縣恆春鎮", 5: "高雄市左營區", 6: "基隆市中正區"}
WITHHELD = (
    "石門區中央路",
    "恆春鎮海濱路",
    "明德新村路",
    "祥豐街300",
    "三民路三段",
    "121.7004",
    "25.1502",
    "蔡旭昇",
    "654-321",
)
FORMATS = ("json", "csv", "ndjson", "geojson", "parquet")


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, tracebacks included."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def published(deliver: Deliver, portal: LakePaths, logged: list[str]) -> LakePaths:
    """Two versions of penalties with four sites among them, and a second dataset that carries the same sites."""
    town.approve_defaults()
    town.restrict()
    catalog.register_definition(text=town.definition("PEN_B"), by=town.OPERATOR)
    assert deliver(ROWS[:4]).state == State.PUBLISHED
    assert deliver(ROWS).state == State.PUBLISHED
    run = deliver(ROWS, code="PEN_B")
    assert {f.rule for v in queries.verdicts(run) for f in v.findings if f.severity == "hold"} == {"privacy-linkage"}
    privacy.assess(dataset="PEN_B", other="PEN_A", answer="no-linkage", reason="同樣遮罩", basis="法",
                   review_on=town.LATER, by=town.CHECKER)  # fmt: skip
    assert actions.release(run_id=str(run.id), reason="已評估", by=town.OPERATOR).state == State.PUBLISHED
    return portal


def test_a_site_is_known_by_number_name_address_or_point_and_shows_county_and_district(
    published: LakePaths, served: Served
) -> None:
    for code in ("PEN_A", "PEN_B"):
        rows = served(code)
        assert {n: rows[n]["fac_address"] for n in DISTRICTS} == DISTRICTS
        assert {n: rows[n]["violator_address"] for n in DISTRICTS} == DISTRICTS
        assert rows[5]["facts"] == "派員至高雄市左營區稽查"
        assert rows[3]["control"] == "S1234567"  # what is not the place stays
        assert rows[1]["fac_address"] == town.FIRM[3]


def test_no_byte_under_the_home_holds_what_is_withheld(published: LakePaths) -> None:
    found = []
    for path in sorted(published.home.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":  # unpacked, footer and statistics too
            file = pq.ParquetFile(path)
            content += repr((file.read().to_pylist(), file.metadata.to_dict())).encode()
        found += [(path.name, text) for text in WITHHELD if text.encode() in content]
    assert found == []


def test_no_answer_in_any_dialect_format_or_version_holds_it(published: LakePaths) -> None:
    portal = serve(published, {})
    try:
        asked = list(_questions())
        bodies = {f"{path}?{query}": portal.get(path, query) for path, query in asked}
    finally:
        portal.engine.close()
    assert sum(r.status_code == 200 for r in bodies.values()) >= len(asked) // 2
    found = []
    for name, result in bodies.items():
        text = _text(result.content)
        found += [(name, t) for t in WITHHELD if t in text]
    assert found == []
    assert any("高雄市左營區" in _text(r.content) for r in bodies.values())


def test_no_filter_tells_what_is_withheld(published: LakePaths) -> None:
    portal = serve(published, {})
    try:
        known = portal.get("/api/datasets/PEN_A/rows", f"filter=fac_address='{town.FIRM[3]}'")
        assert len(known.json["rows"]) == 1
        for value in ("高雄市左營區明德新村路77號", "蔡旭昇", "臺中市北區三民路三段88巷6號5樓"):
            for column in ("fac_address", "violator_address", "violator_name", "facts"):
                for asked in (
                    f"{column}={value}",
                    f"filter={column}='{value}'",
                    f"filter={column} LIKE '%{value[-6:]}%'",
                ):
                    for version in ("", "&as_of=1"):
                        answer = portal.get("/api/datasets/PEN_A/rows", f"{asked}{version}")
                        rows = answer.json["rows"] if answer.status_code == 200 else []
                        assert rows == [], (asked, version)
        for column, point in (("lon", "121.7004"), ("lat", "25.1502")):
            answer = portal.get("/api/datasets/PEN_A/rows", f"filter={column}={point}")
            assert answer.status_code == 200
            assert answer.json["rows"] == []
    finally:
        portal.engine.close()


def test_sorting_grouping_and_extremes_know_only_what_is_shown(published: LakePaths) -> None:
    portal = serve(published, {})
    base = "/api/datasets/PEN_A"
    try:
        shown = portal.get(f"{base}/rows", "limit=1000").json["rows"]
        for column in ("fac_address", "violator_address", "violator_name"):
            values = [r[column] for r in shown if r[column] is not None]
            ordered = [r[column] for r in portal.get(f"{base}/rows", f"sortby={column}&limit=1000").json["rows"]]
            assert [v for v in ordered if v is not None] == sorted(values), column
            groups = portal.get(f"{base}/series", f"aggregate=count(*)&groupby={column}").json["rows"]
            assert {g[column]: g["count"] for g in groups} == dict(Counter(r[column] for r in shown)), column
        points = [r["lon"] for r in shown if r["lon"] is not None]
        extremes = portal.get(f"{base}/series", "aggregate=min(lon),max(lon),count(lon)").json["rows"]
        assert [(e["min_lon"], e["max_lon"], e["count_lon"]) for e in extremes] == [
            (min(points), max(points), len(points))
        ]
    finally:
        portal.engine.close()


def test_neither_log_nor_audit_nor_run_quotes_it(published: LakePaths, logged: list[str]) -> None:
    written = [json.dumps(e.detail, ensure_ascii=False) for e in Event.objects.all()] + logged
    written += [repr((r.verdicts, r.masking, r.balance, r.error_zh, r.error_en)) for r in queries.runs()]
    assert not [(t, w) for t in (*WITHHELD, town.SITE_ADDRESS) for w in written if t in w]


def test_a_backup_holds_the_list_sealed_and_not_its_key(published: LakePaths, tmp_path: Path) -> None:
    actions.backup(target=tmp_path / "copy", by=town.OPERATOR)
    copied = [p for p in (tmp_path / "copy").rglob("*") if p.is_file()]
    assert not [p for p in copied if p.name == "restricted.key"]
    secret = ("S1234567,", "海角油料庫,", town.SITE_ADDRESS, "明德新村路")
    assert not [p for p in copied if any(s.encode() in p.read_bytes() for s in secret)]


def test_a_list_that_cannot_be_read_lets_nothing_through(portal: LakePaths, deliver: Deliver) -> None:
    town.approve_defaults()
    town.restrict()
    portal.restricted_key.unlink()
    run = deliver([town.FIRM])
    assert run.state == State.HELD
    assert [f.rule for v in queries.verdicts(run) for f in v.findings] == ["privacy-list-unreadable"]


def _questions() -> Iterator[tuple[str, str]]:
    for code in ("PEN_A", "PEN_B"):
        for kind in FORMATS:
            yield f"/api/datasets/{code}/rows", f"f={kind}"
            yield f"/api/datasets/{code}/changes", f"since=1&f={kind}"
            yield f"/api/v2/{code.lower()}", f"format={kind}"
        for version in (1, 2):
            yield f"/api/datasets/{code}/rows", f"as_of={version}"
            yield f"/api/datasets/{code}/versions/{version}", ""
            yield f"/api/datasets/{code}/rows", f"as_of={version}&include_flags=1"
        yield f"/api/datasets/{code}", ""
        yield f"/api/datasets/{code}/versions", ""
        yield f"/api/datasets/{code}/decisions", ""
    yield "/api/datasets", "q=中央路"
    yield "/api/openapi.json", ""


def _text(content: bytes) -> str:
    if content[:4] == b"PAR1":
        return repr(pq.read_table(io.BytesIO(content)).to_pylist())
    text = content.decode("utf-8", "replace")
    return text.encode().decode("unicode_escape", "ignore") if "\\u" in text else text
