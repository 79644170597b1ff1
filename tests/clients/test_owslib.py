"""OWSLib, unmodified, against a served portal on the real files: what it says of itself, and every feature of it.

python tests/clients/ogc_calls.py URL/api/ogc
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def told(clients: Path, served: Served) -> Any:
    """What OWSLib got from the portal."""
    script = Path(__file__).with_name("ogc_calls.py")
    done = subprocess.run(
        [str(clients / "python"), str(script), f"{served.url}/api/ogc"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def native(served: Served, code: str, **query: str) -> Any:
    with urlopen(f"{served.url}/api/datasets/{code}/rows?{urlencode({**query, 'limit': '1'})}") as answer:
        return json.load(answer)["numberMatched"]


def test_it_knows_what_the_api_conforms_to_and_where_its_definition_is(told: Any) -> None:
    assert told["definition"].startswith("3.0")
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in told["conformance"]
    assert len(told["collections"]) >= 4


def test_it_pages_through_everything_with_counts_equal(told: Any, served: Served) -> None:
    for code, found in told["collections"].items():
        rows = native(served, code)
        everything = found["all"]
        assert (everything["rows"], everything["ids"], everything["matched"]) == (rows, rows, [rows]), code
        assert everything["last"] == [everything["one"]], code


def test_it_asks_by_box_and_by_filter_alike(told: Any, served: Served) -> None:
    for code, found in told["collections"].items():
        rows = native(served, code, bbox=",".join(map(str, found["box"])))
        assert found["inside"]["matched"] == found["by_filter"]["matched"] == [rows], code
        assert found["inside"]["ids"] == found["by_filter"]["ids"] == rows, code


def test_queryables_and_schema_name_the_fields(told: Any, served: Served) -> None:
    for code, found in told["collections"].items():
        with urlopen(f"{served.url}/api/datasets/{code}") as answer:
            fields = {f["name"] for f in json.load(answer)["fields"]}
        assert set(found["queryables"]) == set(found["schema"]) == fields | {"geometry"}, code
