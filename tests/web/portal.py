"""A small portal for the page tests: three datasets with rows, one view, one held, one listed; hostile words among them."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import duckdb

from qingliu.core.dataset import (
    ColumnRecord,
    Contact,
    DatasetRecord,
    FieldRecord,
    FileRecord,
    Frequency,
    Place,
    Sentinel,
    Text,
    VersionRecord,
    ViewSpec,
)
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter

MOENV = ("MOENV", Text("環境部", "Ministry of Environment"))
XSS = "<script>alert(1)</script>"

AIR = DatasetRecord(
    code="AQX_P_488",
    title=Text("空氣品質指標(AQI)歷史資料", "Air quality index, history"),
    description=Text("各測站每小時的空氣品質指標。", "The hourly air quality index of every station."),
    agency=MOENV[0],
    agency_name=MOENV[1],
    unit=Text("監測資訊司", "Department of Monitoring and Information"),
    category="air",
    fields=(
        FieldRecord("siteid", "string", Text("測站代碼", "Station id")),
        FieldRecord("sitename", "string", Text("測站名稱", "Station name")),
        FieldRecord(
            "aqi",
            "integer",
            Text("空氣品質指標", "Air quality index"),
            minimum=0,
            maximum=500,
            sentinels=(Sentinel("-", None, "no_data", question=True),),
        ),
        FieldRecord(
            "pm2.5",
            "number",
            Text("細懸浮微粒", "PM2.5"),
            unit="μg/m3",
            aliases=("pm2_5",),
            suffix_flags=(("x", "manual_check_invalid"),),
            property="https://example.org/pm25",
        ),
        FieldRecord(
            "rain",
            "number",
            Text("雨量", "Rainfall"),
            unit="mm",
            sentinels=(Sentinel("NR", 0.0, "no_rain"),),
            property="javascript:alert(1)",
        ),
        FieldRecord("datacreationdate", "datetime", Text("資料建置日期", "Time of creation")),
        FieldRecord("longitude", "number", Text("經度", "Longitude")),
        FieldRecord("latitude", "number", Text("緯度", "Latitude")),
    ),
    mode="upsert",
    key=("siteid", "datacreationdate"),
    time_field="datacreationdate",
    place=Place("longitude", "latitude"),
    frequency=Frequency(1, "hour"),
    keywords=(Text("空品", "air quality"),),
    contacts=(
        Contact("steward", Text("王小明", "Wang Xiaoming"), email="air@example.org"),
        Contact("deputy", Text("前任代理", "Former deputy"), valid_to=date(2020, 1, 1)),
    ),
    issued=date(2024, 1, 1),
)
NEWEST = DatasetRecord(
    code="AQX_P_432", title=Text("空氣品質指標(AQI)", "Air quality index"),
    description=Text("每站最新一筆。", "The newest of each station."),
    agency=MOENV[0], agency_name=MOENV[1], unit=AIR.unit, category="air",
    fields=tuple(AIR.fields), key=("siteid",), time_field="datacreationdate",
    place=AIR.place, frequency=AIR.frequency, view=ViewSpec(of=("AQX_P_488",), newest_by=("siteid",), within_s=86400),
)  # fmt: skip
HOSTILE = DatasetRecord(
    code="EVIL_P_01", title=Text(f"危險{XSS}", f"Hostile {XSS}"), description=Text(XSS, XSS),
    agency="EMA", agency_name=Text("環境管理署", ""), unit=Text("", ""), category=f"other{XSS}",
    fields=(
        FieldRecord(f"a{XSS}", "string", Text(f"甲{XSS}", f"A{XSS}"), Text(XSS, XSS), unit=XSS, aliases=(XSS,)),
        FieldRecord("=cmd()", "string", Text("乙", "B"), sentinels=(Sentinel(XSS, None, XSS),)),
    ),
    key=("=cmd()",), notes=Text(XSS, XSS), simulated=True, licence=XSS,
)  # fmt: skip
HELD = DatasetRecord(
    code="EMS_P_46", title=Text("列管事業污染源裁處資料", "Penalties"), description=Text("裁處。", "Penalties."),
    agency=MOENV[0], agency_name=MOENV[1], unit=Text("", ""), category="enforcement",
    fields=(FieldRecord("owner_secret_name", "string", Text("負責人姓名欄", "Owner column"), sensitivity="personal"),),
)  # fmt: skip
LISTED = DatasetRecord(
    code="WQX_P_01", title=Text("河川水質監測資料", ""), description=Text("", ""), agency=MOENV[0], agency_name=MOENV[1],
    unit=Text("", ""), category="water", fields=(),
)  # fmt: skip


def _file(paths: LakePaths, name: str, sql: str) -> FileRecord:
    path = paths.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
        rows = con.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0]
    data = path.read_bytes()
    return FileRecord(name, rows, len(data), hashlib.sha256(data).hexdigest())


def _version(
    record: DatasetRecord,
    number: int,
    file: FileRecord,
    *,
    latest: FileRecord | None = None,
    changes: FileRecord | None = None,
    **counts: int,
) -> VersionRecord:
    return VersionRecord(
        code=record.code, number=number, created_at=f"2026-11-{20 + number}T04:00:00.000Z", snapshot_id=number,
        metadata_path="", run_id=f"run-{number}", author="user:secret-person", message=f"第 {number} 次發布", rows=file.rows,
        content_hash=hashlib.sha256(f"{record.code}{number}".encode()).hexdigest(),
        columns=tuple(ColumnRecord(f.name, f.name, f.type) for f in record.fields), files=(file,),
        latest=latest, changes=changes, **counts,
    )  # fmt: skip


AIR_SQL = """
SELECT * FROM (SELECT
  lpad(CAST(s AS VARCHAR), 2, '0') AS siteid, ['基隆','汐止','萬里'][s] AS sitename,
  CASE WHEN s = 3 AND h = 0 THEN NULL ELSE CAST(s * 40 + h % 24 AS BIGINT) END AS aqi,
  CAST(s * 10 + h / 10 AS DOUBLE) AS "pm2.5", 0.0::DOUBLE AS rain,
  TIMESTAMP '2026-11-20 00:00:00' + to_hours(CAST(h AS INT)) AS datacreationdate,
  121.5 + s / 10 AS longitude, 25.1 + s / 10 AS latitude,
  CASE WHEN s = 3 AND h = 0 THEN ';aqi=no_data;rain=no_rain;' ELSE ';rain=no_rain;' END AS _flags, 1::INT AS _since
  FROM range(1, 4) a(s), range(0, {hours}) b(h)) ORDER BY datacreationdate DESC, siteid
"""


def build(home: Path) -> LakePaths:
    """Write the portal under ``home``."""
    paths = LakePaths(home)
    paths.make()
    first = _file(paths, "air-1.parquet", AIR_SQL.format(hours=40))
    second = _file(paths, "air-2.parquet", AIR_SQL.format(hours=48))
    changes = _file(paths, "air-changes.parquet", f"SELECT *, 'insert' AS _change FROM ({AIR_SQL.format(hours=8)})")
    latest = _file(paths, "air-latest.parquet", AIR_SQL.format(hours=48) + " LIMIT 3")
    evil = _file(
        paths,
        "evil.parquet",
        f"SELECT '{XSS}' AS \"a{XSS}\", '=1+1' AS \"=cmd()\", NULL::VARCHAR AS _flags, 1::INT AS _since",
    )
    air = [
        _version(AIR, 1, first, inserted=120),
        _version(AIR, 2, second, latest=latest, changes=changes, inserted=24, updated=1234567),
    ]
    with PublishedWriter(paths.published_db).transaction() as switch:
        for version in (*air, _version(HOSTILE, 1, evil, inserted=1)):
            switch.put_version(version)
        moment = "2026-11-22T04:00:00.000Z"
        switch.put_entry(AIR, kind="table", current=2, status="published", updated_at=moment)
        switch.put_entry(NEWEST, kind="view", current=None, status="published", updated_at=moment)
        switch.put_entry(HOSTILE, kind="table", current=1, status="published", updated_at="2026-11-21T04:00:00.000Z")
        switch.put_entry(
            HELD, kind="table", current=None, status="held", updated_at=moment, extra={"reason": "內部理由"}
        )
        switch.put_entry(
            LISTED,
            kind="listed",
            current=None,
            status="listed",
            updated_at=moment,
            extra={"datagovtw_id": "1", "formats": ["CSV", "JSON"], "views": None, "downloads": None, "mark": None},
        )
    return paths
