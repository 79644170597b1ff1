"""A small home with a lake, and deliveries made from rows written down in the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from qingliu.core.dataset import DatasetRecord, FieldRecord, Mode, Text, VersionRecord
from qingliu.lake.layout import SQL_TYPES
from qingliu.lake.paths import LakePaths
from qingliu.lake.store import Commit, Lake

Row = dict[str, Any]
NOTHING = Text("", "")


def dataset(code: str = "AQX_P_TEST", **changes: Any) -> DatasetRecord:
    """Hourly readings keyed by station and time, a column with a dot in its name among them."""
    columns = changes.pop(
        "columns", (("siteid", "integer"), ("time", "datetime"), ("county", "string"), ("pm2.5", "number"))
    )
    settings: dict[str, Any] = {
        "mode": "upsert", "key": ("siteid", "time"), "order": ("siteid", "time"), "time_field": "time", **changes,
    }  # fmt: skip
    fields = tuple(FieldRecord(name, kind, Text(name, name)) for name, kind in columns)
    return DatasetRecord(code, Text(code, code), NOTHING, "moenv", NOTHING, NOTHING, "air", fields, **settings)


def stage(record: DatasetRecord, rows: Sequence[Row], path: Path) -> Path:
    """Rows as a staged Parquet file; ``_flags`` may be given in a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [(f.name, SQL_TYPES[f.type]) for f in record.fields] + [("_flags", "VARCHAR"), ("_order", "BIGINT")]
    con = duckdb.connect()
    con.execute("CREATE TABLE t (" + ", ".join(f'"{n}" {t}' for n, t in columns) + ")")
    for i, row in enumerate(rows):
        values = [row.get(n) if n != "_order" else row.get("_order", i) for n, _ in columns]
        con.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", values)
    con.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    con.close()
    return path


@dataclass
class World:
    """A home; ``deliver`` commits rows on the newest version."""

    home: Path
    lake: Lake = field(init=False)
    versions: list[VersionRecord] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.paths = LakePaths(self.home)
        self.paths.make()
        self.lake = Lake(self.paths, memory_limit="400MB", threads=1)

    def deliver(
        self, record: DatasetRecord, rows: Sequence[Row], *, mode: Mode | None = None, run_id: str = ""
    ) -> Commit:
        """Stage and commit; the new version is remembered."""
        self.runs += 1
        run_id = run_id or f"run{self.runs}"
        staged = stage(record, rows, self.paths.staging / run_id / "staged.parquet")
        base = self.versions[-1] if self.versions else None
        done = self.lake.commit(
            record, staged, base=base, number=(base.number if base else 0) + 1, run_id=run_id, author="王小明",
            message="測試", created_at="2026-11-23T00:00:00.000Z", mode_override=mode,
        )  # fmt: skip
        balance(done, len(rows))
        if done.version:
            self.versions.append(done.version)
        return done

    def rows(self, version: VersionRecord, columns: str = "*", tail: str = "") -> list[tuple[Any, ...]]:
        """What an independent reader finds in the version's files, in stored order."""
        if not version.files:
            return []
        files = [str(self.paths.resolve(f.path)) for f in version.files]
        con = duckdb.connect()
        try:
            return con.execute(f"SELECT {columns} FROM read_parquet({files}) {tail}").fetchall()
        finally:
            con.close()

    def file(self, relative: str, columns: str = "*", tail: str = "") -> list[tuple[Any, ...]]:
        """Rows of one file of the lake."""
        con = duckdb.connect()
        try:
            return con.execute(
                f"SELECT {columns} FROM read_parquet('{self.paths.resolve(relative)}') {tail}"
            ).fetchall()
        finally:
            con.close()


def balance(done: Commit, read: int) -> None:
    """Every staged row is accounted for."""
    assert read == done.inserted + done.updated + done.unchanged + done.duplicate + done.set_aside


def reading(siteid: int, time: str, value: float | None, county: str = "臺北市", flags: str | None = None) -> Row:
    """One hourly reading."""
    return {"siteid": siteid, "time": time, "county": county, "pm2.5": value, "_flags": flags}
