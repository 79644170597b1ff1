"""Whole files: made once, the same bytes by every address and range, told in the manifest, gone with their rows."""

from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qingliu.api.native import bulk as addresses
from qingliu.core.errors import Busy, TooDear
from qingliu.lake import bulk
from qingliu.lake.bulk import Bulk
from qingliu.lake.published import PublishedWriter
from qingliu.lake.query import Query
from tests.api.portal import Portal
from tests.bulk import odd, reading

AT = "/api/datasets/TRAP_1/bulk"
NAMES = ("TRAP_1.csv.gz", "TRAP_1.parquet", "TRAP_1.geo.parquet", "TRAP_1.xlsx", "TRAP_1.ods")


def left(portal: Portal) -> set[str]:
    """Files that lie under bulk/, without the index."""
    folder = portal.engine.paths.bulk
    return {p.relative_to(folder).name for p in folder.rglob("*") if p.is_file() and not p.name.startswith("index.")}


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_file_holds_the_rows_and_is_what_its_digests_say(traps: Portal, name: str) -> None:
    answer = traps.get(f"{AT}/3/{name}")
    assert answer.status_code == 200, answer.text
    body = bytes(answer.content)
    digest = hashlib.sha256(body)
    told = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["repr-digest"] == answer.headers["content-digest"] == told
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["qingliu-version"] == "3"
    assert answer.headers["content-length"] == str(len(body))
    rows = {"gz": lambda: len(reading.packed_csv(body)) - 1, "parquet": lambda: reading.parquet(body).num_rows}
    assert rows.get(name.rsplit(".", 1)[-1], lambda: len(reading.calamine(body)) - 1)() == 60
    streamed = traps.get("/api/datasets/TRAP_1/rows", "f=csv").content
    if name.endswith("gz"):
        assert gzip.decompress(body) == streamed
    if "parquet" in name:
        assert reading.parquet(body).select(list(odd.KINDS)).to_pylist() == odd.rows()


def test_ranges_heads_and_conditions(traps: Portal) -> None:
    address = f"{AT}/3/TRAP_1.parquet"
    whole = traps.get(address)
    body, etag = bytes(whole.content), whole.headers["etag"]
    parts = [traps.get(address, Range=r, If_Range=etag) for r in ("bytes=0-99", "bytes=100-", "bytes=-10")]
    assert [p.status_code for p in parts] == [206, 206, 206]
    assert bytes(parts[0].content) + bytes(parts[1].content) == body
    assert bytes(parts[2].content) == body[-10:]
    assert parts[0].headers["content-range"] == f"bytes 0-99/{len(body)}"
    assert parts[0].headers["repr-digest"] == whole.headers["repr-digest"]
    assert "content-digest" not in parts[0].headers
    other = traps.get(address, Range="bytes=0-99", If_Range='"other"')
    assert (other.status_code, len(other.content)) == (200, len(body))
    beyond = traps.get(address, Range=f"bytes={len(body)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(body)}")
    head = traps.get(address, method="HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(body)))
    assert traps.get(address, If_None_Match=etag).status_code == 304


def test_latest_leads_to_the_pinned_address_of_now(fresh: Portal) -> None:
    way = fresh.get(f"{AT}/latest/trap_1.csv.gz")  # a code in any case
    assert (way.status_code, way.headers["location"]) == (307, f"{AT}/3/TRAP_1.csv.gz")
    assert way.headers["cache-control"] == "no-cache"
    stored = fresh.get("/api/datasets/TRAP_1/files/latest/part-00001.parquet")
    assert (stored.status_code, stored.headers["location"]) == (307, "/api/datasets/TRAP_1/files/3/b.parquet")
    assert fresh.get(stored.headers["location"]).status_code == 200
    assert fresh.get("/api/datasets/TRAP_1/files/latest/part-00002.parquet").status_code == 404
    with PublishedWriter(fresh.engine.paths.published_db).transaction() as t:
        newer = odd.version("TRAP_1", 4, (odd.write(fresh.engine.paths, "four", odd.rows(7)),))
        t.put_version(newer)
        t.put_entry(odd.record(), kind="table", current=4, status="published", updated_at="2026-11-24T00:00:00.000Z")
    assert fresh.get(f"{AT}/latest/TRAP_1.csv.gz").headers["location"] == f"{AT}/4/TRAP_1.csv.gz"
    assert len(reading.packed_csv(bytes(fresh.get(f"{AT}/4/TRAP_1.csv.gz").content))) == 8
    assert len(reading.packed_csv(bytes(fresh.get(f"{AT}/3/TRAP_1.csv.gz").content))) == 61


def test_versions_no_longer_kept_are_gone_with_the_nearest(traps: Portal) -> None:
    for address in (f"{AT}/1/TRAP_1.csv.gz", "/api/datasets/TRAP_1/files/1/a.parquet"):
        answer = traps.get(address)
        assert answer.status_code == 410
        assert "nearest kept version is 2" in answer.json["detail_en"]
    assert traps.get(f"{AT}/7/TRAP_1.csv.gz").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fpublished%2fcatalogue.sqlite", "..", "%2e%2e", "index.sqlite", "TRAP_1", "TRAP_2.csv.gz", "c.parquet",
        "TRAP_1.csv.gz%00", "TRAP_1.csv", "TRAP_1.geoparquet", "%2Fetc%2Fpasswd", "C:%5Cboot.ini", "TRAP_1.csv.gz.",
    ],
)  # fmt: skip
def test_threat_14_a_name_is_looked_up_and_leads_nowhere_else(traps: Portal, name: str) -> None:
    before = left(traps)
    for address in (f"{AT}/3/{name}", f"{AT}/latest/{name}", f"/api/bulk/catalogue/latest/{name}",
                    "/api/datasets/TRAP_1/files/latest/" + name):  # fmt: skip
        assert traps.get(address).status_code in {400, 404}, address
    assert traps.get(f"{AT}/..%2f3/TRAP_1.csv.gz").status_code in {400, 404}
    assert traps.get("/api/bulk/catalogue/..%2f..%2f/catalogue.jsonl.gz").status_code == 404
    assert left(traps) == before


def test_the_manifest_tells_what_is_there_and_what_is_not_yet(fresh: Portal) -> None:
    first = fresh.get("/api/bulk")
    assert first.headers["cache-control"] == "no-cache"
    assert [d["code"] for d in first.json["datasets"]] == ["TRAP_1", "TRAP_2", "TRAP_3"]  # listed ones have no files
    entry = first.json["datasets"][0]
    assert (entry["version"], entry["rows"], len(entry["stored"])) == (3, 60, 2)
    assert entry["stored"][0]["sha256"] == fresh.versions["TRAP_1"][2].files[0].sha256
    assert [f["name"] for f in entry["files"]] == list(NAMES)
    assert {f["sha256"] for f in entry["files"]} == {None}
    assert [f["name"] for f in first.json["datasets"][1]["files"]] == [
        "TRAP_2.csv.gz",
        "TRAP_2.parquet",
        "TRAP_2.xlsx",
        "TRAP_2.ods",
    ]
    assert fresh.get("/api/bulk", If_None_Match=first.headers["etag"]).status_code == 304
    for file in entry["files"]:
        body = fresh.get(file["href"])
        assert body.status_code == 200
        again = fresh.get(AT).json
        told = next(f for f in again["files"] if f["name"] == file["name"])
        assert told["sha256"] == hashlib.sha256(body.content).hexdigest()
        assert told["bytes"] == len(body.content)
        assert fresh.get(told["latest"]).headers["location"] == file["href"]
    now = fresh.get("/api/bulk", If_None_Match=first.headers["etag"])
    assert now.status_code == 200  # what was made changes it without a publication
    assert None not in {f["sha256"] for f in now.json["datasets"][0]["files"]}
    page = fresh.get("/api/bulk", "limit=1&offset=1").json
    assert [d["code"] for d in page["datasets"]] == ["TRAP_2"]
    assert page["links"][-1]["href"] == "/api/bulk?limit=1&offset=2"


def test_many_askers_at_once_make_one_file(fresh: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = Bulk._write

    def slow(self: Bulk, *args: Any) -> Any:
        time.sleep(0.2)
        made.append("x")
        return real(self, *args)

    monkeypatch.setattr(Bulk, "_write", slow)
    bodies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: bodies.append(bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content)))
        for _ in range(6)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 1
    assert len(set(bodies)) == 1
    assert len(bodies) == 6


def test_a_file_that_takes_long_goes_on_being_made_while_its_asker_is_told_to_come_back(
    fresh: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    real = Bulk._write
    monkeypatch.setattr(Bulk, "_write", lambda self, *args: (go.wait(20), real(self, *args))[1])
    monkeypatch.setattr(addresses, "WAIT_S", 0.05)
    answer = fresh.get(f"{AT}/3/TRAP_1.csv.gz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "being made" in answer.json["detail_en"]
    go.set()
    monkeypatch.setattr(addresses, "WAIT_S", 20)
    assert fresh.get(f"{AT}/3/TRAP_1.csv.gz").status_code == 200


def test_the_budget_holds_and_the_least_used_goes_first(fresh: Portal) -> None:
    sizes = {}
    for form in ("csv.gz", "parquet", "xlsx"):
        sizes[form] = Bulk(fresh.engine, budget=10**9).make("TRAP_1", 3, form).bytes
    plan = fresh.engine.open(Query("TRAP_1", as_of=3))
    small = Bulk(fresh.engine, budget=sum(sizes.values()))
    small.path(small.find(plan, "csv.gz") or pytest.fail("not made"))  # used last
    extra = small.make("TRAP_2", None, "parquet")
    assert small.find(plan, "csv.gz") is not None
    assert small.find(plan, "parquet") is None
    there = [m for files in small.all().values() for m in files.values()]
    assert extra in there
    assert sum(m.bytes for m in there) <= sum(sizes.values())
    assert len(left(fresh)) == len(there)
    assert fresh.get(f"{AT}/3/TRAP_1.parquet").status_code == 200  # made again when it is asked for


def test_a_file_larger_than_the_whole_budget_is_told_and_leaves_nothing(fresh: Portal) -> None:
    with pytest.raises(TooDear, match=r"larger than the room .*f=csv\.gz"):
        Bulk(fresh.engine, budget=100).make("TRAP_1", 3, "parquet")
    assert left(fresh) == set()


@pytest.mark.parametrize("where", ["writing", "renaming", "indexing", "sheet"])
def test_threat_26_a_full_disk_is_told_and_leaves_nothing_half(
    fresh: Portal, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        owner, name = {
            "writing": (bulk.os, "fsync"), "renaming": (bulk.os, "replace"), "indexing": (bulk, "_changed"),
            "sheet": (bulk.Engine, "stream"),
        }[where]  # fmt: skip
        patch.setattr(owner, name, full)
        answer = fresh.get(f"{AT}/3/TRAP_1.xlsx")
    assert answer.status_code == 503
    assert "磁碟已滿" in answer.json["detail_zh"]
    assert "disk is full" in answer.json["detail_en"]
    assert left(fresh) == set()
    assert fresh.get("/api/datasets/TRAP_1/rows", "limit=1").status_code == 200
    assert fresh.get(f"{AT}/3/TRAP_1.xlsx").status_code == 200


def test_a_damaged_or_missing_whole_file_is_made_again(fresh: Portal) -> None:
    body = bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content)
    path = next(fresh.engine.paths.bulk.rglob("trap_1.parquet"))
    path.write_bytes(body[:50] + bytes([body[50] ^ 1]) + body[51:])
    assert bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content) == body
    path.unlink()
    assert bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content) == body


def test_a_damaged_index_is_begun_anew(fresh: Portal) -> None:
    body = bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content)
    (fresh.engine.paths.bulk / "index.sqlite").write_bytes(b"no database at all" * 300)
    assert bytes(fresh.get(f"{AT}/3/TRAP_1.parquet").content) == body
    assert fresh.get("/api/bulk").json["datasets"][0]["files"][1]["bytes"] == len(body)


def test_merging_small_files_leaves_whole_files_as_they_are(fresh: Portal) -> None:
    before = fresh.get(f"{AT}/3/TRAP_1.csv.gz")
    made_at = fresh.get(AT).json["files"][0]["made_at"]
    merged = odd.write(fresh.engine.paths, "merged", odd.rows())
    version = replace(fresh.versions["TRAP_1"][2], files=(merged,), content_hash="f" * 64)
    with PublishedWriter(fresh.engine.paths.published_db).transaction() as t:
        t.put_version(version)
    after = fresh.get(f"{AT}/3/TRAP_1.csv.gz")
    assert after.headers["etag"] == before.headers["etag"]
    assert fresh.get(AT).json["files"][0]["made_at"] == made_at


@pytest.fixture
def tiny(fresh: Portal) -> Iterator[Portal]:
    """Whole files on a file system of 64 KiB in memory; only an administrator may mount one."""
    folder = fresh.engine.paths.bulk
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.decode().strip()}")
    yield fresh
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_threat_26_a_disk_that_really_fills_up_is_told_and_what_is_there_stays(tiny: Portal) -> None:
    first = tiny.get(f"{AT}/3/TRAP_1.csv.gz")
    assert first.status_code == 200
    asked = [tiny.get(f"/api/datasets/{code}/bulk/{n}/{code}.{form}") for code, n in (("TRAP_1", 3), ("TRAP_1", 2), ("TRAP_2", 1))
             for form in ("parquet", "xlsx", "ods")]  # fmt: skip
    full = [a for a in asked if a.status_code != 200]
    assert full
    assert {a.status_code for a in full} == {503}
    assert all("disk is full" in a.json["detail_en"] for a in full)
    assert len(left(tiny)) <= 1 + len(asked) - len(full)
    assert not any(name.startswith(".") for name in left(tiny))
    assert tiny.get(f"{AT}/3/TRAP_1.csv.gz").content == first.content


def test_tidying_keeps_what_is_kept_and_removes_the_rest(fresh: Portal) -> None:
    for number in (2, 3):
        assert fresh.get(f"{AT}/{number}/TRAP_1.parquet").status_code == 200
    with PublishedWriter(fresh.engine.paths.published_db).transaction() as t:
        t.put_version(replace(fresh.versions["TRAP_1"][1], kept=False, nearest_kept=3))
    keeper = Bulk(fresh.engine, budget=10**9)
    assert keeper.tidy() == 1
    assert {n for _, n, _ in keeper.all()} == {3}
    assert fresh.get(f"{AT}/2/TRAP_1.parquet").status_code == 410


def test_forgetting_waits_for_what_is_being_made_and_destroys_it(
    fresh: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    real = Bulk._write

    def slow(self: Bulk, *args: Any) -> Any:
        begun.set()
        go.wait(20)
        return real(self, *args)

    monkeypatch.setattr(Bulk, "_write", slow)
    maker = threading.Thread(target=lambda: Bulk(fresh.engine, budget=10**9).make("TRAP_1", 3, "parquet"))
    maker.start()
    assert begun.wait(20)
    forgetter = threading.Thread(target=lambda: bulk.forget(fresh.engine.paths, ["TRAP_1"]))
    forgetter.start()
    time.sleep(0.1)
    assert forgetter.is_alive()
    go.set()
    maker.join(20)
    forgetter.join(20)
    assert left(fresh) == set()
    assert Bulk(fresh.engine, budget=10**9).all() == {}


def test_equal_rows_make_equal_bytes(fresh: Portal, tmp_path: Path) -> None:
    other = odd.build(tmp_path / "other")
    try:
        for name in NAMES:
            assert fresh.get(f"{AT}/3/{name}").content == other.get(f"{AT}/3/{name}").content, name
    finally:
        other.engine.close()


def test_a_busy_maker_error_is_told_to_every_asker(fresh: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    makers = addresses.Makers(Bulk(fresh.engine, budget=1))
    for _ in range(2):
        with pytest.raises(TooDear):
            makers.made(("TRAP_1", 3, "csv.gz"), "", "")
    monkeypatch.setattr(addresses, "WAIT_S", 0.01)
    monkeypatch.setattr(Bulk, "make", lambda *a, **k: time.sleep(0.3))
    with pytest.raises(Busy):
        makers.made(("TRAP_1", 3, "csv.gz"), "", "")
