"""A small served portal with a public address, and a marked, a withdrawn and a hostile dataset in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result, simulate_request

from qingliu.api.cache import ResponseCache
from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.dataset import Contact, FieldRecord, Reference, Text
from qingliu.core.env import load
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.api.portal import AGENCY, HOURLY, LISTED, NEWEST, ODD, field, hourly_rows, publish

BASE = "https://data.example.tw"
AT = "2026-11-22T00:00:00.000Z"
DESK = Contact("contact", Text("服務窗口", "Help desk"), "desk@data.example.tw", "02-2311-7722#1")
XSS = "</script><script>alert(1)</script>"
STATIONS = replace(
    HOURLY,
    code="STATIONS",
    title=Text("測站", "Stations"),
    fields=(
        FieldRecord("siteid", "string", Text("編號", "Id"), required=True),
        field("kind", "string", "類型", "Kind", enum=("=一般", "背景"), sensitivity="none"),
        field("height", "number", "高度", "Height", unit="m", minimum=0.0),
        field("opened", "date", "啟用", "Opened", formats=("%Y-%m-%d",)),
        field("note", "string", "註", "Note", required=True),
    ),
    mode="snapshot",
    key=("siteid",),
    time_field="",
    place=None,
    order=("siteid",),
    hvd=("environment",),
    contacts=(DESK,),
    keywords=(Text("測站", "station"),),
)
MEASURED = replace(
    HOURLY, contacts=(DESK,), references=(Reference(("siteid",), "STATIONS", ("siteid",)),), notes=Text(XSS, XSS)
)
HELD = replace(ODD, code="HELD_P_03", title=Text("審視中", "Under review"))
EVIL = replace(LISTED, code="EVIL_P_09", title=Text(f"危險{XSS}", f"Hostile {XSS}"), description=Text(XSS, XSS))


@dataclass
class Served:
    """A home that answers."""

    engine: Engine
    app: Any
    paths: LakePaths

    def get(self, path: str, query: str = "", method: str = "GET", **headers: str) -> Result:
        """One request; header names are written with underscores."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return simulate_request(self.app, method, path, query_string=query, headers=named)

    def text(self, path: str, query: str = "", **headers: str) -> str:
        """The body of an answer that must be there."""
        answer = self.get(path, query, **headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.content.decode()


def serve(paths: LakePaths, base: str = BASE) -> Served:
    """The data API over a home."""
    env = {"QINGLIU_HOME": str(paths.home)} | ({"QINGLIU_BASE_URL": base} if base else {})
    settings = replace(load(env), engine_threads=1, engine_memory="300MB")
    engine = make_engine(settings)
    return Served(engine, make_data_api(settings, engine, ResponseCache()), paths)


def fill(home: Path) -> LakePaths:
    """A home with tables, a view, a held and two listed datasets, and one that was taken down."""
    paths = LakePaths(home)
    paths.make()
    first = publish(paths, MEASURED, hourly_rows(30, 40), None)
    second = publish(paths, MEASURED, hourly_rows(30, 10, datetime(2024, 1, 2, 12)), first)
    rows = [[str(n + 1), "=一般" if n % 2 else "背景", str(n), "2001-02-03", "" if n == 3 else "x"] for n in range(30)]
    stations = publish(paths, STATIONS, rows, None)
    odd = publish(paths, ODD, [[f"{n}-{i}" for n in range(len(ODD.fields))] for i in range(40)], None)
    with PublishedWriter(paths.published_db).transaction() as t:
        for version in (first, second, stations, odd):
            t.put_version(version)
        for record, current in ((MEASURED, 2), (STATIONS, 1), (ODD, 1)):
            t.put_entry(record, kind="table", current=current, status="published", updated_at=AT)
        t.put_entry(NEWEST, kind="view", current=None, status="published", updated_at=AT)
        t.put_entry(HELD, kind="table", current=None, status="held", updated_at=AT)
        listed = {"datagovtw_id": "6343", "formats": ["CSV", "XML"], "has_api": True}
        for record in (LISTED, EVIL):
            t.put_entry(record, kind="listed", current=None, status="listed", updated_at=AT, extra=listed)
        gone = {"at": "2026-11-23T01:00:00.000Z", "title": {"zh": "舊資料", "en": "Old data"}}
        t.put_note("GONE_P_01", "withdrawn", gone)
    return paths


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The portal under its public address; nobody writes to it."""
    made = serve(fill(tmp_path_factory.mktemp("dcat") / "home"))
    yield made
    made.engine.close()


__all__ = ["AGENCY", "BASE", "Served", "fill", "serve"]
