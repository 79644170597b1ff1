"""A small lake made by hand: three files, nulls, ties, flags, Chinese, formulas; and the same rows as Python values."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingliu.core.dataset import (
    ColumnRecord,
    DatasetRecord,
    FieldRecord,
    FileRecord,
    Place,
    Text,
    VersionRecord,
    ViewSpec,
)
from qingliu.lake.engine import Engine
from qingliu.lake.files import digest
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter

NO = Text("", "")
TYPES = {
    "site": "string",
    "at": "datetime",
    "n": "integer",
    "v": "number",
    "lon": "number",
    "lat": "number",
    "note": "string",
}
NOTES = ["平常", "=1+1", 'say "hi", 你好', "line\nfeed", None, "-5", "＝SUM(A1)", "<b>&amp;</b>", ""]


def rows() -> list[dict[str, Any]]:
    """60 rows in stored order."""
    start = datetime(2025, 12, 1)
    out = []
    for i in range(60):
        flags = ";v=missing;" if i % 7 == 0 else ";v=checked;" if i % 11 == 0 else None
        out.append(
            {
                "site": f"S{i % 5}",
                "at": start + timedelta(hours=i // 5) if i % 13 else None,
                "n": i % 4 if i % 9 else None,
                "v": None if i % 7 == 0 else i / 4,
                "lon": 120 + i / 100,
                "lat": 23 + i / 100 if i % 8 else None,
                "note": NOTES[i % len(NOTES)],
                "_flags": flags,
                "_since": 1 + i % 2,
            }
        )
    return out


def record(code: str = "SMALL", **changes: Any) -> DatasetRecord:
    """The small dataset's record."""
    fields = tuple(FieldRecord(n, t, Text(n, n)) for n, t in TYPES.items())  # type: ignore[arg-type]
    given: dict[str, Any] = {
        "code": code, "title": Text("小資料集", "Small dataset"), "description": NO, "agency": "moenv", "agency_name": NO,
        "unit": NO, "category": "air", "fields": fields, "key": ("site", "at"), "time_field": "at",
        "place": Place("lon", "lat"),
    }  # fmt: skip
    return DatasetRecord(**(given | changes))


def build(home: Path) -> Engine:
    """Publish the small dataset, a sorted copy and two views under ``home``; the engine over them."""
    paths = LakePaths(home)
    paths.make()
    all_rows = rows()
    ordered = sorted(all_rows, key=lambda r: (r["site"], r["v"] is None, r["v"] or 0))
    with PublishedWriter(paths.published_db).transaction() as t:
        for code, chosen, sorted_by in (("SMALL", all_rows, ()), ("SORTED", ordered, ("site", "v"))):
            files = tuple(_write(paths, code, i, chosen[i * 20 : i * 20 + 20]) for i in range(3))
            columns = tuple(ColumnRecord(n, n, k) for n, k in TYPES.items())  # type: ignore[arg-type]
            t.put_version(
                VersionRecord(
                    code,
                    1,
                    "2026-01-01T00:00:00.000Z",
                    1,
                    "",
                    "run",
                    "me",
                    "first",
                    60,
                    f"{code:0<64}",
                    columns,
                    files,
                    sorted_by,
                )
            )
            t.put_entry(
                record(code), kind="table", current=1, status="published", updated_at="2026-01-01T00:00:00.000Z"
            )
        renamed = tuple(FieldRecord("place" if n == "site" else n, k, NO) for n, k in TYPES.items())  # type: ignore[arg-type]
        view = ViewSpec(("SMALL",), newest_by=("site",), within_s=3600, rename=(("site", "place"),))
        t.put_entry(
            record("NEWEST", fields=renamed, view=view),
            kind="view",
            current=None,
            status="published",
            updated_at="2026",
        )
        both = ViewSpec(("SMALL", "SORTED"))
        t.put_entry(record("BOTH", view=both), kind="view", current=None, status="published", updated_at="2026")
        t.put_entry(record("LISTED"), kind="listed", current=None, status="listed", updated_at="2026")
    return Engine(paths, threads=2)


def _write(paths: LakePaths, code: str, index: int, chosen: list[dict[str, Any]]) -> FileRecord:
    kinds = {"string": pa.string(), "datetime": pa.timestamp("us"), "integer": pa.int64(), "number": pa.float64()}
    schema = pa.schema([(n, kinds[k]) for n, k in TYPES.items()] + [("_flags", pa.string()), ("_since", pa.int32())])
    path = paths.root / code / f"{index}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(chosen, schema=schema), path, row_group_size=7)
    times = [r["at"] for r in chosen if r["at"]]
    stats = (
        ("at", str(min(times)), str(max(times))),
        ("site", min(r["site"] for r in chosen), max(r["site"] for r in chosen)),
    )
    return FileRecord(str(path.relative_to(paths.root)), len(chosen), path.stat().st_size, digest(path), stats)
