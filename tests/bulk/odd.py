"""A dataset in which every cell is a trap for some format, made by hand, and the same rows as Python values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingliu.core.dataset import ColumnRecord, DatasetRecord, FieldRecord, FileRecord, Place, Text, VersionRecord
from qingliu.lake.files import digest
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.api.portal import Portal, serve

KINDS = {
    "id": "integer", "=word": "string", 'a&b<c>"d"': "string", "big": "integer", "value": "number", "yes": "boolean",
    "day": "date", "at": "datetime", "geometry": "string", "經度": "number", "緯度": "number",
}  # fmt: skip
WORDS = (
    "=1+2", "+82", "-", "--", "@x", "\tx", "＝SUM(A1)", "-5.5", "平常", "", None, 'say "hi", <b>&amp;</b>', "第一行\n第二行",
    "crlf\r\nend", " 前後 ", "a  b   c", "tab\there", "_x0041_ _x000D_", "bell\x07 and \x1b", "𠮷野家 😀", "'quoted",
    "]]> <!-- x -->", "長" * 32_767, "\ufffe\uffff", "x\u2028y",
)  # fmt: skip
BIG = (0, 1, -1, 999_999_999_999_999, 10**15, 2**53 + 1, 2**63 - 1, -(2**63), None)
VALUES = (0.0, 1.5, -0.1, 1e-9, 1e300, 123456789.123456789, 1 / 3, 1e15, None)
DAYS = (
    date(1, 1, 1), date(1582, 10, 10), date(1899, 12, 31), date(1900, 2, 28), date(1900, 3, 1), date(2024, 2, 29),
    date(9999, 12, 31), None,
)  # fmt: skip
MOMENTS = (
    datetime(1600, 1, 1), datetime(1900, 2, 28, 23, 59, 59), datetime(1900, 3, 1), datetime(2024, 1, 1),
    datetime(2024, 5, 20, 13, 30, 15), datetime(2024, 5, 20, 13, 30, 15, 123456), datetime(9999, 12, 31, 23, 59, 59), None,
)  # fmt: skip
_ARROW = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
          "date": pa.date32(), "datetime": pa.timestamp("us")}  # fmt: skip


def rows(count: int = 60) -> list[dict[str, Any]]:
    """Every trap at least twice, in other company each time."""
    made = []
    for i in range(count):
        cells = (
            i, WORDS[i % len(WORDS)], WORDS[(i * 7 + 3) % len(WORDS)] if i % 2 else "x", BIG[i % len(BIG)],
            VALUES[i % len(VALUES)], (True, False, None)[i % 3], DAYS[i % len(DAYS)], MOMENTS[(i * 3) % len(MOMENTS)], f"g{i}",
            None if i % 9 == 0 else 120 + i / 100, None if i % 11 == 0 else 23 + i / 100,
        )  # fmt: skip
        made.append(dict(zip(KINDS, cells, strict=True)))
    return made


def record(code: str = "TRAP_1", *, placed: bool = True) -> DatasetRecord:
    """What is declared about it."""
    fields = tuple(FieldRecord(n, k, Text(f"{n}（中）", f"{n} (en)"), unit="km" if n == "value" else "")  # type: ignore[arg-type]
                   for n, k in KINDS.items())  # fmt: skip
    place = Place("經度", "緯度") if placed else None
    title, agency = Text("陷阱 <&>", "=Traps"), Text("環境部", "Ministry of Environment")
    return DatasetRecord(code, title, Text("", ""), "moenv", agency, Text("", ""), "other", fields, place=place)


def write(paths: LakePaths, name: str, chosen: list[dict[str, Any]]) -> FileRecord:
    """A Parquet file of rows as the lake holds them."""
    schema = pa.schema([(n, _ARROW[k]) for n, k in KINDS.items()] + [("_flags", pa.string()), ("_since", pa.int32())])
    plain = [{**row, "_flags": None, "_since": 1} for row in chosen]
    path = paths.root / "trap" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(plain, schema=schema), path, row_group_size=17)
    return FileRecord(path.relative_to(paths.root).as_posix(), len(chosen), path.stat().st_size, digest(path))


def version(code: str, number: int, files: tuple[FileRecord, ...]) -> VersionRecord:
    """A version of these files."""
    columns = tuple(ColumnRecord(n, n, k) for n, k in KINDS.items())  # type: ignore[arg-type]
    hashed = "".join(f.sha256[:8] for f in files).ljust(64, "0")[:64]
    return VersionRecord(
        code, number, f"2026-11-2{number}T00:00:00.000Z", number, "", f"{code}-{number}", "me", "", sum(f.rows for f in files),
        hashed, columns, files,
    )  # fmt: skip


def build(home: Path) -> Portal:
    """A served home: TRAP_1 (version 1 let go, 2 and 3 kept), TRAP_2 without a place, TRAP_3 with a text too long."""
    paths = LakePaths(home)
    paths.make()
    first = replace(version("TRAP_1", 1, ()), kept=False, nearest_kept=2)
    second = version("TRAP_1", 2, (write(paths, "two", rows(20)),))
    third = version("TRAP_1", 3, (write(paths, "a", rows()[:40]), write(paths, "b", rows()[40:])))
    long = rows(2)
    long[1]["=word"] = "𠮷" * 16_384  # 32,768 UTF-16 units, one more than a cell takes
    versions = {
        "TRAP_1": [first, second, third],
        "TRAP_2": [version("TRAP_2", 1, (write(paths, "c", rows(30)),))],
        "TRAP_3": [version("TRAP_3", 1, (write(paths, "d", long),))],
    }
    with PublishedWriter(paths.published_db).transaction() as t:
        for code, kept in versions.items():
            for each in kept:
                t.put_version(each)
            t.put_entry(record(code, placed=code == "TRAP_1"), kind="table", current=kept[-1].number, status="published",
                        updated_at="2026-11-23T00:00:00.000Z")  # fmt: skip
        t.put_entry(record("TRAP_9"), kind="listed", current=None, status="listed", updated_at="2026")
    return serve(paths, versions)
