"""The nightly dump of the catalogue and the job that makes it: every dataset in full, digests, days that are kept."""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from qingliu.config import nightly, worker
from qingliu.core.errors import Busy
from qingliu.lake.bulk import Bulk
from qingliu.lake.dumps import Dumps
from tests.api.portal import Portal
from tests.bulk import reading

LIST = "/api/bulk/catalogue"


@pytest.fixture
def night(fresh: Portal) -> Portal:
    """The portal after a night."""
    settings = replace(fresh.settings, base_url="https://data.example.gov.tw")
    made, failed, _ = nightly.make_all(settings)
    assert (made, failed) == (7, 0)  # gzipped CSV and Parquet of three datasets, GeoParquet of the one with a place
    return fresh


def body(portal: Portal, name: str) -> bytes:
    """A file by its latest address."""
    way = portal.get(f"{LIST}/latest/{name}")
    assert way.status_code == 307
    assert way.headers["cache-control"] == "no-cache"
    return bytes(portal.get(way.headers["location"]).content)


def test_the_dump_holds_every_entry_in_full_and_is_what_its_digests_say(night: Portal) -> None:
    dump = night.get(LIST).json["dumps"][0]
    assert dump["datasets"] == 4
    for file in dump["files"]:
        answer = night.get(file["href"])
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert len(answer.content) == file["bytes"]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert night.get(file["href"], Range="bytes=0-1").content == b"\x1f\x8b"
    lines = [json.loads(line) for line in gzip.decompress(body(night, "catalogue.jsonl.gz")).splitlines()]
    assert [d["code"] for d in lines] == ["TRAP_1", "TRAP_2", "TRAP_3", "TRAP_9"]
    assert lines[0]["manifest"]["files"][0]["sha256"] == night.versions["TRAP_1"][2].files[0].sha256
    assert lines[0]["fields"][4]["unit"] == "km"
    assert all(k["href"].startswith("https://data.example.gov.tw/") for k in lines[0]["links"])
    table = list(csv.DictReader(io.StringIO(gzip.decompress(body(night, "catalogue.csv.gz")).decode())))
    assert [row["code"] for row in table] == ["TRAP_1", "TRAP_2", "TRAP_3", "TRAP_9"]
    assert {row["title_en"] for row in table} == {"'=Traps"}  # a spreadsheet would run it
    assert (table[0]["rows"], table[0]["version"], table[3]["csv"]) == ("60", "3", "")
    whole = night.get(table[0]["csv"].removeprefix("https://data.example.gov.tw"))
    assert whole.headers["location"].endswith("/api/datasets/TRAP_1/bulk/3/TRAP_1.csv.gz")


def test_the_files_of_the_night_are_those_that_are_handed_out(night: Portal) -> None:
    files = {f["format"]: f for f in night.get("/api/datasets/TRAP_1/bulk").json["files"]}
    for form in ("csv.gz", "parquet", "geoparquet"):
        answer = night.get(files[form]["href"])
        assert hashlib.sha256(answer.content).hexdigest() == files[form]["sha256"]
    assert files["xlsx"]["sha256"] is None
    whole = reading.parquet(bytes(night.get(files["parquet"]["href"]).content))
    told = json.loads(whole.schema.metadata[b"qingliu"])
    assert told["source"] == "https://data.example.gov.tw/api/datasets/TRAP_1/bulk/3/TRAP_1.parquet"
    assert nightly.make_all(night.settings)[0] == 0  # a second night makes nothing again


def test_one_dataset_that_cannot_be_made_keeps_no_other_waiting(fresh: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Bulk.make

    def make(self: Bulk, code: str, *args: Any, **kwargs: Any) -> Any:
        if code == "TRAP_1":
            raise Busy(nightly_text, nightly_text)
        return real(self, code, *args, **kwargs)

    from qingliu.core.dataset import Text

    nightly_text = Text("測試", "test")
    monkeypatch.setattr(Bulk, "make", make)
    made, failed, dump = nightly.make_all(fresh.settings)
    assert (made, failed, dump.datasets) == (4, 1, 4)


def test_dumps_older_than_what_is_kept_go(fresh: Portal) -> None:
    dumps = Dumps(fresh.engine.paths)
    for day in (20, 21, 22, 23):
        at = datetime(2026, 11, day, 17, tzinfo=UTC)  # 01:00 of the next day in Taipei
        dumps.write(at, day, [("catalogue.jsonl.gz", lambda: [b"{}\n"])], keep_days=2)
    assert [(d.day, d.datasets) for d in dumps.all()] == [("2026-11-24", 23), ("2026-11-23", 22)]
    assert fresh.get(f"{LIST}/2026-11-21/catalogue.jsonl.gz").status_code == 404
    assert fresh.get(f"{LIST}/2026-11-23/catalogue.csv.gz").status_code == 404
    assert fresh.get(f"{LIST}/latest/dump.json").status_code == 404
    assert Bulk(fresh.engine, budget=1).tidy() == 0
    assert len(dumps.all()) == 2


def test_threat_26_a_full_disk_leaves_the_dump_of_before(night: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    before = body(night, "catalogue.jsonl.gz")

    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("qingliu.lake.dumps.gzip.GzipFile.write", full)
        with pytest.raises(Busy, match="disk is full"):
            nightly.dump(night.engine, night.settings)
    assert body(night, "catalogue.jsonl.gz") == before
    assert [p.name for p in (night.engine.paths.bulk / ".catalogue").iterdir() if p.name.startswith(".")] == []


def test_the_worker_makes_them_at_night(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> None:
    queued: list[str] = []
    monkeypatch.setattr(worker, "async_task", lambda job, *args, task_name="": queued.append(task_name) or task_name)
    monkeypatch.setattr(worker.accounts, "export_keys", lambda: None)
    for name in ("_desk", "_judges", "_registers"):
        monkeypatch.setattr(worker.Schedule, name, lambda self, at: None)
    schedule = worker.Schedule()
    for hour, expected in ((2, 0), (3, 1), (3, 1), (4, 1)):
        moment = datetime(2026, 11, 24, hour, 30, tzinfo=worker.TAIPEI)
        monkeypatch.setattr(worker, "now", lambda moment=moment: moment)
        schedule.tick(1000.0)
        assert queued.count("bulk") == expected
