"""ckanapi, unmodified, against a served portal on the real files: search, dump of all datasets, every row of every table.

tests/clients/ckan_calls.py URL                                   what a program does
ckanapi dump datasets --all -r URL -O datasets.jsonl              what an operator types
ckanapi search datasets q=空氣 -r URL
ckanapi action datastore_search resource_id=AQX_P_488 -r URL
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
import pytest

from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from tests.clients.conftest import Served

pytestmark = pytest.mark.long


def run(clients: Path, *words: str) -> str:
    """What a client's program says; it must end well."""
    path = {"PATH": f"{clients}{os.pathsep}{os.environ.get('PATH', '')}", "LANG": "C.UTF-8"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **path})
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def told(clients: Path, served: Served) -> Any:
    """What ckanapi got from the portal."""
    script = Path(__file__).with_name("ckan_calls.py")
    return json.loads(run(clients, str(clients / "python"), str(script), served.url))


def canonical(url: str, code: str) -> str:
    """The SHA-256 of the native API's rows, moments without their offset, as ckan_calls.py takes it."""
    with urlopen(f"{url}/api/datasets/{code}") as answer:
        moments = [f["name"] for f in json.load(answer)["fields"] if f["type"] == "datetime"]
    digest = hashlib.sha256()
    with urlopen(f"{url}/api/datasets/{code}/rows?f=ndjson") as answer:
        for line in answer:
            row = json.loads(line)
            row |= {n: row[n][:-6] for n in moments if row[n]}
            digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def test_every_dataset_is_named_found_and_gathered(told: Any, served: Served) -> None:
    entries = Published(LakePaths(served.home).published_db).all()
    assert told["site_read"] is True
    assert len(told["names"]) == len(entries)
    assert told["packages"] == told["names"]
    assert told["shown_equals_search"] is True
    assert told["harvested"] == told["changed"] == len(entries)
    assert told["changed_later"] == 0
    assert sum(told["organizations"].values()) == len(entries)
    assert told["facets"]["organization"] == told["organizations"]
    assert told["facets"]["res_format"]["CSV"] == len([e for e in entries if e.kind != "listed"])


def test_paging_to_the_end_holds_every_row_of_every_table(told: Any, served: Served) -> None:
    paths = LakePaths(served.home)
    published = Published(paths.published_db)
    tables = [e for e in published.all() if e.kind != "listed"]
    assert sorted(told["tables"]) == sorted(e.code for e in tables)
    for entry in tables:
        got = told["tables"][entry.code]
        assert got["ids"] is True, entry.code
        assert got["keyset"] == got["offset"] == got["total"] == got["info"], entry.code
        if entry.current is not None:
            files = [str(paths.resolve(f.path)) for f in entry.current.files]
            with duckdb.connect() as con:
                found = con.execute(f"SELECT count(*) FROM read_parquet({files})").fetchone()
            assert found is not None
            assert got["keyset"] == found[0] == entry.current.rows, entry.code


def test_rows_are_those_of_the_native_api(told: Any, served: Served) -> None:
    for code, got in told["tables"].items():
        if got["keyset"] <= 250_000:  # larger ones are compared by tests/parity
            assert got["sha256"] == canonical(served.url, code), code


def test_refusals_are_the_exceptions_that_programs_expect(told: Any) -> None:
    assert told["refusals"] == {
        "unknown": "NotFound",
        "write": "NotAuthorized",
        "upload": "NotAuthorized",
        "filter": "ValidationError",
        "sql": "NotAuthorized",
    }


def test_the_command_dumps_all_datasets(clients: Path, served: Served, tmp_path: Path) -> None:
    out = tmp_path / "datasets.jsonl"
    run(
        clients,
        str(clients / "ckanapi"),
        "dump",
        "datasets",
        "--all",
        "-r",
        served.url,
        "-O",
        str(out),
        "-q",
        "-p",
        "2",
    )
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    entries = Published(LakePaths(served.home).published_db).all()
    codes = {next(e["value"] for e in p["extras"] if e["key"] == "code") for p in lines}
    assert codes == {e.code for e in entries}
    assert len(lines) == len(entries)


def test_the_commands_search_and_action_answer(clients: Path, served: Served) -> None:
    found = run(clients, str(clients / "ckanapi"), "search", "datasets", "q=空氣", "-r", served.url).splitlines()
    assert found
    assert all("title" in json.loads(line) for line in found)
    table = json.loads(
        run(
            clients,
            str(clients / "ckanapi"),
            "action",
            "datastore_search",
            "resource_id=AQX_P_07",
            "limit:3",
            "-r",
            served.url,
        )
    )
    assert len(table["records"]) == 3
