"""A small portal made by the ordinary path: raw text shaped, committed and published; two versions, a view, odd columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from falcon.testing import Result, simulate_request

from qingliu.api.cache import ResponseCache
from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.dataset import (
    DatasetRecord,
    FieldRecord,
    Frequency,
    Place,
    ReadSpec,
    Sentinel,
    Text,
    VersionRecord,
    ViewSpec,
)
from qingliu.core.env import Settings, load
from qingliu.lake.engine import Engine
from qingliu.lake.ingest import shape
from qingliu.lake.inputs import CsvInput
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.lake.store import Lake

NOTHING = Text("", "")
AGENCY = Text("環境部", "Ministry of Environment")
MISSING = Sentinel("-", None, "missing")
NOTES = (
    "=1+2",
    '他說"好"',
    "一,二",
    "第一行\n第二行",
    "<script>alert(1)</script>",
    "＝SUM(A1)",
    "@x",
    "含 空白",
    "平常",
    "",
)
COUNTIES = ("臺北市", "新北市", "高雄市")


def field(name: str, kind: str, zh: str = "", en: str = "", **more: Any) -> FieldRecord:
    """A column."""
    return FieldRecord(name, kind, Text(zh or name, en or name), **more)  # type: ignore[arg-type]


HOURLY = DatasetRecord(
    code="AIR_H",
    title=Text("每小時空氣品質", "Hourly air quality"),
    description=Text("測試用的每小時資料", "Hourly data for tests"),
    agency="moenv",
    agency_name=AGENCY,
    unit=NOTHING,
    category="air",
    fields=(
        field("siteid", "string", "測站編號", "Site id", required=True),
        field("sitename", "string", "測站", "Site"),
        field("county", "string", "縣市", "County"),
        field("aqi", "integer", "指標", "AQI", sentinels=(MISSING,)),
        field(
            "pm2.5",
            "number",
            "細懸浮微粒",
            "PM2.5",
            unit="μg/m3",
            sentinels=(MISSING,),
            suffix_flags=(("x", "invalid"),),
        ),
        field(
            "rain",
            "number",
            "雨量",
            "Rain",
            unit="mm",
            sentinels=(Sentinel("NR", 0.0, "no_rain"), Sentinel("<MDL", None, "low")),
        ),
        field("note", "string", "備註", "Note"),
        field("datacreationdate", "datetime", "時間", "Time", formats=("%Y-%m-%d %H:%M",), required=True),
        field("longitude", "number", "經度", "Longitude"),
        field("latitude", "number", "緯度", "Latitude"),
    ),
    mode="upsert",
    key=("siteid", "datacreationdate"),
    time_field="datacreationdate",
    place=Place("longitude", "latitude"),
    order=("siteid", "datacreationdate"),
    frequency=Frequency(1, "hour"),
)
NEWEST = replace(
    HOURLY,
    code="AIR_NOW",
    title=Text("最新空氣品質", "Newest air quality"),
    key=("siteid",),
    time_field="publishtime",
    order=("siteid",),
    fields=tuple(
        replace(f, name="publishtime", formats=("%Y/%m/%d %H:%M:%S",)) if f.name == "datacreationdate" else f
        for f in HOURLY.fields
    ),
    view=ViewSpec(("AIR_H",), ("siteid",), 0, "county <> '沒有這個縣市'", (("datacreationdate", "publishtime"),)),
)
ODD_NAMES = (
    "monitordate", "year", "m_time", "m_date", "yyyyq", "publishtime", "test_date", "monitormonth", "monitor_date", "anno_date",
    "PM2.5", "24hr", "中文欄位", "a b",
)  # fmt: skip
ODD = DatasetRecord(
    code="ODD_P_01",
    title=Text("欄名特別的資料", "Odd names"),
    description=NOTHING,
    agency="moenv",
    agency_name=AGENCY,
    unit=NOTHING,
    category="other",
    fields=tuple(field(n, "string") for n in ODD_NAMES),
    mode="snapshot",
)
LISTED = replace(ODD, code="LIST_P_02", title=Text("僅列目錄", "Listed only"), fields=())


def hourly_rows(stations: int, hours: int, start: datetime = datetime(2024, 1, 1)) -> list[list[str]]:
    """Rows as a platform sends them: sentinels, glued flags, formulas, quotes; some cells missing."""
    rows = []
    for s in range(stations):
        for h in range(hours):
            n = s * hours + h
            at = start + timedelta(hours=h)
            pm = "-" if n % 17 == 0 else f"{n % 60}x" if n % 23 == 0 else "" if n % 29 == 0 else f"{(n % 97) / 4}"
            rain = "NR" if n % 5 else "<MDL" if n % 7 == 0 else f"{n % 11}"
            rows.append(
                [
                    str(s + 1), f"測站{s + 1}", COUNTIES[s % 3], "-" if n % 13 == 0 else str(n % 180), pm, rain,
                    NOTES[n % len(NOTES)], at.strftime("%Y-%m-%d %H:%M"), f"{120 + s / 10}", f"{23 + s / 20}",
                ]
            )  # fmt: skip
    return rows


@dataclass
class Portal:
    """A served home: ``get`` asks it as a client would."""

    settings: Settings
    engine: Engine
    app: Callable[..., Any]
    cache: ResponseCache
    versions: dict[str, list[VersionRecord]]

    def get(self, path: str, query: str = "", method: str = "GET", **headers: str) -> Result:
        """One request; header names are written with underscores."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return simulate_request(self.app, method, path, query_string=query, headers=named)


def ordered(staged: Path) -> Path:
    """Staging with the delivery order that the lake wants beside each row."""
    with duckdb.connect() as con:
        if "_order" in {c[0] for c in con.execute(f"DESCRIBE SELECT * FROM read_parquet('{staged}')").fetchall()}:
            return staged
        path = staged.with_name("ordered.parquet")
        con.execute(
            "COPY (SELECT * EXCLUDE (file_row_number), file_row_number AS _order "
            f"FROM read_parquet('{staged}', file_row_number=true)) TO '{path}'"
        )
    return path


def publish(
    paths: LakePaths, record: DatasetRecord, rows: Iterable[list[str]], base: VersionRecord | None
) -> VersionRecord:
    """Shape and commit rows; the new version."""
    number = (base.number if base else 0) + 1
    workdir = paths.staging / f"{record.code}-{number}"
    workdir.mkdir(parents=True)
    text = io.StringIO()
    csv.writer(text).writerows([[f.name for f in record.fields], *rows])
    path = workdir / "raw.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return publish_inputs(paths, record, ReadSpec(), path, tuple(f.name for f in record.fields), base)


def publish_inputs(
    paths: LakePaths,
    record: DatasetRecord,
    read: ReadSpec,
    path: Path,
    columns: tuple[str, ...],
    base: VersionRecord | None = None,
) -> VersionRecord:
    """Shape and commit a UTF-8 file; the new version."""
    number = (base.number if base else 0) + 1
    run = f"{record.code}-{number}"
    workdir = paths.staging / run
    staged = shape(record, read, (CsvInput(path, path.name, columns),), workdir, memory_limit="300MB", threads=1)
    done = Lake(paths, memory_limit="300MB", threads=1).commit(
        record, ordered(staged.path), base=base, number=number, run_id=run, author="王小明", message="測試",
        created_at=f"2026-11-2{number}T00:00:00.000Z",
    )  # fmt: skip
    assert done.version is not None
    return done.version


def serve(paths: LakePaths, versions: dict[str, list[VersionRecord]]) -> Portal:
    """The data API over a home."""
    settings = replace(load({"QINGLIU_HOME": str(paths.home)}), engine_threads=1, engine_memory="300MB")
    engine, cache = make_engine(settings), ResponseCache()
    return Portal(settings, engine, make_data_api(settings, engine, cache), cache, versions)


def build(home: Path) -> Portal:
    """A home with AIR_H (two versions), AIR_NOW (its view), ODD_P_01 and a listed entry, served."""
    paths = LakePaths(home)
    paths.make()
    first = publish(paths, HOURLY, hourly_rows(30, 40), None)
    later = hourly_rows(30, 10, datetime(2024, 1, 2, 12))  # four hours sent again with other values, six new ones
    second = publish(paths, HOURLY, later, first)
    odd = publish(paths, ODD, [[f"{n}-{i}" for n in ODD_NAMES] for i in range(1500)], None)
    with PublishedWriter(paths.published_db).transaction() as t:
        for version in (first, second, odd):
            t.put_version(version)
        at = "2026-11-22T00:00:00.000Z"
        t.put_entry(HOURLY, kind="table", current=2, status="published", updated_at=at)
        t.put_entry(NEWEST, kind="view", current=None, status="published", updated_at=at)
        t.put_entry(ODD, kind="table", current=1, status="published", updated_at=at)
        t.put_entry(LISTED, kind="listed", current=None, status="listed", updated_at=at)
    return serve(paths, {"AIR_H": [first, second], "ODD_P_01": [odd]})
