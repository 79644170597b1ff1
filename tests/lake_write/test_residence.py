"""The search for withheld text finds it however it lies, and says where without saying what."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from qingliu.core.dataset import Text
from qingliu.lake.residence import Hit, Place, register, search
from tests.lake_write.world import World, dataset, reading

SECRET = "臺東縣綠島鄉某營區九號"


def write(path: Path, how: str) -> None:
    if how == "parquet":
        duckdb.sql(f"COPY (SELECT '前{SECRET}後' AS a, 1 AS b) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    elif how == "gzip":
        path.write_bytes(gzip.compress(f"a,{SECRET},b".encode()))
    elif how == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", f"<t>{SECRET}</t>")
    elif how == "free page":
        with sqlite3.connect(path) as con:
            con.execute("PRAGMA secure_delete = OFF")
            con.execute("CREATE TABLE t (x)")
            con.executemany("INSERT INTO t VALUES (?)", [(SECRET * 50,)] * 50)
            con.commit()
            con.execute("DELETE FROM t")
    else:
        text = {"json": json.dumps({"a": SECRET}), "address": quote(SECRET), "utf-8": f"x{SECRET}x"}.get(how, SECRET)
        path.write_bytes(text.encode(how if how in {"cp950", "utf-16-le", "utf-16-be"} else "utf-8"))


@pytest.mark.parametrize(
    "how",
    ["utf-8", "cp950", "utf-16-le", "utf-16-be", "json", "address", "gzip", "zip", "parquet", "free page"],
)
def test_a_text_is_found_however_it_lies(how: str, tmp_path: Path) -> None:
    write(tmp_path / "file", how)
    (tmp_path / "other").write_text("臺東縣綠島鄉")
    found = search([Place("here", Text("這裡", "here"), tmp_path)], ["別的文字", SECRET])
    assert [(h.place, h.path.name, h.needle) for h in found] == [("here", "file", 1)]
    assert SECRET not in repr(found)


def test_a_text_across_two_reads_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qingliu.lake.residence.CHUNK", 64)
    (tmp_path / "file").write_bytes(b"." * 50 + SECRET.encode() + b"." * 50)
    assert search([Place("here", Text("", ""), tmp_path)], [SECRET])


def test_every_file_of_a_home_is_in_some_place(world: World) -> None:
    world.deliver(
        dataset(key=("county", "time"), order=("county",)), [reading(1, "2026-01-01 00:00", 1.0, county=SECRET)]
    )
    (world.home / "new-kind-of-file").write_text(SECRET)
    found = search(register(world.paths, django_db=world.home / "django.sqlite3"), [SECRET])
    assert {h.place for h in found} == {"lake", "staging", "home"}
    suffixes = {h.path.suffix for h in found if h.place == "lake"}
    assert suffixes == {".parquet", ".avro", ".json"}  # rows, bounds in Iceberg's manifests, statistics in ours


def test_what_may_hold_it_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "sealed").write_text(SECRET)
    assert search([Place("here", Text("", ""), tmp_path)], [SECRET], leave=[tmp_path / "list"]) == []
    assert search([], [SECRET]) == []
    assert search([Place("here", Text("", ""), tmp_path)], []) == []
    assert Hit("a", tmp_path, 0, "bytes")
