"""The table as files: Parquet from its script, CSV in time order, CSV with bad cells, and SQLite for the peer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.questions import COLUMNS, HOURS

TYPES = {
    "monitordate": "TIMESTAMP",
    "siteid": "BIGINT",
    "sitename": "VARCHAR",
    "county": "VARCHAR",
    "itemid": "BIGINT",
    "itemname": "VARCHAR",
    "itemengname": "VARCHAR",
    "itemunit": "VARCHAR",
    "concentration": "DOUBLE",
}
BAD_WORDS = ("儀器校正", "12..5", "N/A", "3,1O4")
BATCH = 50_000


@dataclass(frozen=True, slots=True)
class Files:
    """Where the table lies in each shape."""

    parquet: Path
    csv: Path
    dirty_csv: Path
    sqlite: Path


def prepare(folder: Path, *, script: str, python: Path, say: Callable[[str], None]) -> Files:
    """Make what is missing; each script has its own folder."""
    place = folder / Path(script).stem
    place.mkdir(parents=True, exist_ok=True)
    files = Files(place / "t.parquet", place / "t.csv", place / "t-dirty.csv", place / "peer.sqlite")
    steps: tuple[tuple[Path, Callable[[Path], None]], ...] = (
        (files.parquet, lambda to: _generate(to, script, python)),
        (files.csv, lambda to: _csv(files.parquet, to, "concentration::VARCHAR")),
        (files.dirty_csv, lambda to: _csv(files.parquet, to, _spoilt())),
        (files.sqlite, lambda to: _sqlite(files.parquet, to)),
    )
    for path, make in steps:
        if not path.exists():
            say(f"making {path.name}")
            draft = path.with_name("draft-" + path.name)
            draft.unlink(missing_ok=True)
            make(draft)
            os.replace(draft, path)
    return files


def _generate(to: Path, script: str, python: Path) -> None:
    subprocess.run([python, script, to, "--hours", str(HOURS), "--items", "15"], check=True, stdout=subprocess.DEVNULL)


def _spoilt() -> str:
    """SQL: one value in a hundred, by the hash of its row's place, is a text that is no number."""
    words = ", ".join(f"'{w}'" for w in BAD_WORDS)
    place = "hash(monitordate, siteid, itemid)"
    word = f"[{words}][(1 + ({place} // 100) % {len(BAD_WORDS)})::BIGINT]"
    return f"CASE WHEN {place} % 100 = 0 THEN {word} ELSE concentration::VARCHAR END"


def _csv(parquet: Path, to: Path, value: str) -> None:
    with duckdb.connect() as con:
        names = COLUMNS.replace(", concentration", "")
        con.execute(
            f"COPY (SELECT {names}, {value} AS concentration FROM read_parquet(?)) TO '{to}' (HEADER, FORMAT csv)",
            [str(parquet)],
        )


def _sqlite(parquet: Path, to: Path) -> None:
    """The peer's table, -999 as null, with the two indexes that fit the questions."""
    kinds = {"BIGINT": "INTEGER", "DOUBLE": "REAL"}
    store = sqlite3.connect(to)
    store.execute("pragma journal_mode = off")
    store.execute("pragma synchronous = off")
    store.execute("create table obs (" + ", ".join(f"{n} {kinds.get(t, 'TEXT')}" for n, t in TYPES.items()) + ")")
    with duckdb.connect() as con:
        names = COLUMNS.replace("monitordate", "strftime(monitordate, '%Y-%m-%d %H:%M:%S')")
        names = names.replace("concentration", "nullif(concentration, -999)")
        rows = con.execute(f"SELECT {names} FROM read_parquet(?)", [str(parquet)])
        while batch := rows.fetchmany(BATCH):
            store.executemany(f"insert into obs values ({', '.join('?' * len(TYPES))})", batch)
    store.execute("create index by_site on obs (siteid, itemid, monitordate)")
    store.execute("create index by_item on obs (itemid, monitordate)")
    store.execute("analyze")
    store.commit()
    store.close()
