"""A dataset judged in memory: rows become a staged file and a published version, findings are looked up as clients would."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
from falcon.testing import simulate_request

from qingliu.config.data_api import make_data_api
from qingliu.core.dataset import (
    CheckSpec,
    ColumnRecord,
    DatasetRecord,
    FieldRecord,
    FileRecord,
    Frequency,
    Place,
    Text,
    VersionRecord,
)
from qingliu.core.env import load
from qingliu.core.records import Finding
from qingliu.lake import checks
from qingliu.lake.checks.spec import Areas, Subject
from qingliu.lake.files import digest
from qingliu.lake.layout import SQL_TYPES
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.quality.rules import content

NOW = datetime(2025, 2, 1)
START = datetime(2025, 1, 1)
NO = Text("", "")
Row = dict[str, Any]


def field(name: str, kind: str = "number", **more: Any) -> FieldRecord:
    """A column."""
    return FieldRecord(name, kind, Text(name, name), **more)  # type: ignore[arg-type]


def air(**changes: Any) -> DatasetRecord:
    """An hourly network: three stations, four values, coordinates, counties."""
    fields = (
        field("siteid", "string", role="station"), field("sitename", "string", role="station_name"),
        field("county", "string", role="county"), field("at", "datetime"), field("so2", unit="ppb"),
        field("co", unit="ppm"), field("o3", unit="ppb"), field("pm2.5", unit="μg/m3"), field("lon"), field("lat"),
    )  # fmt: skip
    given: dict[str, Any] = {
        "code": "AIR", "title": NO, "description": NO, "agency": "moenv", "agency_name": NO, "unit": NO,
        "category": "air", "fields": fields, "mode": "upsert", "key": ("siteid", "at"), "time_field": "at",
        "place": Place("lon", "lat"), "order": ("siteid", "at"), "frequency": Frequency(1, "hour"),
    }  # fmt: skip
    return DatasetRecord(**(given | changes))


SITES = (
    ("1", "基隆", "基隆市", 121.76, 25.13),
    ("2", "豐原", "臺中市", 120.74, 24.26),
    ("3", "恆春", "屏東縣", 120.79, 21.96),
)


def air_rows(days: int = 28, until: datetime = NOW) -> list[Row]:
    """Sound rows of ``air``: values that vary, no hole, the last one an hour before ``until``."""
    rng = random.Random(7)
    out = []
    for hour in range(days * 24):
        at = until - timedelta(hours=days * 24 - hour)
        for siteid, name, county, lon, lat in SITES:
            out.append(
                {
                    "siteid": siteid,
                    "sitename": name,
                    "county": county,
                    "at": at,
                    "so2": round(rng.uniform(1, 9), 1),
                    "co": round(rng.uniform(0.1, 0.9), 2),
                    "o3": round(rng.uniform(5, 60), 1),
                    "pm2.5": round(rng.uniform(3, 40), 1),
                    "lon": lon,
                    "lat": lat,
                }
            )
    return out


@dataclass(frozen=True)
class Judged:
    """Findings of a judged dataset, and the data API in which its rows can be asked for."""

    record: DatasetRecord
    findings: tuple[Finding, ...]
    app: Callable[..., Any]

    def of(self, rule: str) -> list[Finding]:
        """Findings of one rule."""
        return [f for f in self.findings if f.rule == rule]

    def selected(self, finding: Finding) -> int:
        """How many rows the finding's condition selects when it is asked of the public API over HTTP."""
        query = urlencode({"filter": finding.rows, "limit": 1, "f": "json"})
        path = f"/api/datasets/{self.record.code}/rows"
        answer = simulate_request(self.app, "GET", path, query_string=query)
        assert answer.status_code == 200, (finding.rows, answer.text)
        return int(answer.json["numberMatched"])


def written(record: DatasetRecord, rows: Sequence[Row], path: Path) -> Path:
    """Rows as a staged file."""
    con = duckdb.connect()
    columns = ", ".join(f'"{f.name}" {SQL_TYPES[f.type]}' for f in record.fields)
    con.execute(f"CREATE TABLE t ({columns}, _flags VARCHAR)")
    names = [*(f.name for f in record.fields), "_flags"]
    marks = ", ".join("?" * len(names))
    con.executemany(f"INSERT INTO t VALUES ({marks})", [[r.get(n) for n in names] for r in rows])
    con.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    con.close()
    return path


def published(record: DatasetRecord, staged: Path, home: Path) -> Callable[..., Any]:
    """The data API over the staged rows as version 1 of a lake of their own."""
    paths = LakePaths(home)
    paths.make()
    to = paths.root / record.code / "0.parquet"
    to.parent.mkdir()
    duckdb.execute(f"COPY (SELECT *, 1::INTEGER AS _since FROM '{staged}') TO '{to}' (FORMAT parquet)")
    row = duckdb.execute(f"SELECT count(*) FROM '{to}'").fetchone()
    assert row
    columns = tuple(ColumnRecord(f.name, f.name, f.type) for f in record.fields)
    file = FileRecord(str(to.relative_to(paths.root)), row[0], to.stat().st_size, digest(to))
    stamp = "2025-02-01T00:00:00.000Z"
    version = VersionRecord(record.code, 1, stamp, 1, "", "run", "me", "", row[0], "0" * 64, columns, (file,))
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(record, kind="table", current=1, status="published", updated_at=stamp)
    settings = replace(load({"QINGLIU_HOME": str(home)}), engine_threads=1, engine_memory="300MB")
    return make_data_api(settings)


def judge(
    record: DatasetRecord, rows: Sequence[Row] | Path, folder: Path, *, areas: Areas | None = None,
    masters: dict[str, Subject] | None = None, now: datetime = NOW,
) -> Judged:  # fmt: skip
    """Judge rows (or a staged file), and publish them so that what was found can be looked up."""
    path = rows if isinstance(rows, Path) else written(record, rows, folder / "staged.parquet")
    count = duckdb.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    assert count
    plan = content.plan(record, now=now, areas=areas, references=masters or {})
    results = checks.run(checks.staged(record, path, count[0]), plan, masters=masters, workdir=folder, threads=1)
    return Judged(record, content.findings(record, results), published(record, path, folder / "home"))


def declared(record: DatasetRecord, rule: str, **options: str) -> DatasetRecord:
    """The record with one more declared check."""
    return replace(record, checks=(*record.checks, CheckSpec(rule, tuple(options.items()))))
