"""frictionless, as it is, validates every data package of the real datasets with its data: types, keys, bytes and hashes."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long


def fetch(address: str) -> Any:
    """The JSON at an address of the running portal."""
    with urllib.request.urlopen(address, timeout=120) as answer:
        return json.loads(answer.read())


def column(resources: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A column of the first resource."""
    found: dict[str, Any] = next(f for f in resources[0]["schema"]["fields"] if f["name"] == name)
    return found


def validated(clients: Path, package: str) -> dict[str, Any]:
    """The report of frictionless' own program about a package at an address or in a file."""
    command = [str(clients / "frictionless"), "validate", package, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.stdout, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_package_of_the_real_datasets_is_valid_with_its_data(clients: Path, served: Served) -> None:
    listed = fetch(f"{served.url}/api/datasets?limit=1000")["datasets"]
    open_ = {d["code"]: d["rows"] for d in listed if d["status"] == "published"}
    assert len(open_) >= 11
    for code, rows in open_.items():
        report = validated(clients, f"{served.url}/api/dcat/datasets/{code}/datapackage.json")
        told = [(t["name"], e["type"], e["message"]) for t in report["tasks"] for e in t["errors"][:5]]
        assert report["valid"], (code, report["errors"][:5], told)
        assert report["stats"]["warnings"] == 0, code
        assert rows is None or report["tasks"][0]["stats"]["rows"] == rows, code


def test_a_package_that_says_something_else_is_not_valid(clients: Path, served: Served, tmp_path: Path) -> None:
    """The control: what the packages say is really looked at."""
    address = f"{served.url}/api/dcat/datasets/ACIDR_P_04/datapackage.json"
    for number, (spoil, error) in enumerate(
        (
            (lambda r: r[0].update(hash="sha256:" + "0" * 64), "hash-count"),
            (lambda r: r[0].update(bytes=1), "byte-count"),
            (lambda r: r[1].update(hash="sha256:" + "0" * 64), "hash-count"),
            (lambda r: r[0]["schema"].update(primaryKey=["siteid"]), "primary-key"),
            (lambda r: column(r, "monitoryear").update(constraints={"maximum": 1}), "constraint-error"),
            (lambda r: column(r, "sitename").update(type="number"), "type-error"),
        )
    ):
        package = fetch(address)
        spoil(package["resources"])
        path = tmp_path / f"package-{number}.json"
        path.write_text(json.dumps(package), encoding="utf-8")
        report = validated(clients, str(path))
        assert error in {e["type"] for t in report["tasks"] for e in t["errors"]}, (error, report["errors"])
