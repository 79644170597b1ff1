"""GDAL's driver for OGC API – Features, unmodified, against a served portal on the real files.

ogrinfo -ro -json OAPIF:URL/api/ogc (Debian's package gdal-bin; `make test-long` sees to it, without it these tests fail)
ogrinfo -ro -al -so OAPIF:URL/api/ogc -spat W S E N
ogr2ogr -f CSV out.csv OAPIF:URL/api/ogc CODE -oo PAGE_SIZE=10000 -t_srs EPSG:3826 -lco GEOMETRY=AS_XY
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long
PAGE = ("-oo", "PAGE_SIZE=10000")


@pytest.fixture(scope="module", autouse=True)
def _gdal() -> None:
    if shutil.which("ogrinfo") is None:
        pytest.fail("ogrinfo is absent: install Debian's package gdal-bin (as root: make gdal)")


def run(*words: str) -> str:
    """What a program of GDAL says; it must end well."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "ERROR" not in done.stderr, done.stderr[-2000:]
    return done.stdout + done.stderr


def collections(served: Served) -> dict[str, Any]:
    with urlopen(f"{served.url}/api/ogc/collections") as answer:
        return {c["id"]: c for c in json.load(answer)["collections"]}


def native(served: Served, code: str, **query: str) -> Any:
    with urlopen(f"{served.url}/api/datasets/{code}/rows?{urlencode({**query, 'limit': '1'})}") as answer:
        return json.load(answer)["numberMatched"]


def counted(said: str) -> int:
    found = re.search(r"Feature Count: (\d+)", said)
    assert found, said
    return int(found[1])


def test_layers_are_the_collections_and_their_counts_those_of_the_tables(served: Served) -> None:
    source, known = f"OAPIF:{served.url}/api/ogc", collections(served)
    listed = re.findall(r"^\d+: (\S+) ", run("ogrinfo", "-ro", source), re.M)
    assert sorted(listed) == sorted(known)
    for code in known:
        said = run("ogrinfo", "-ro", "-so", source, code)
        assert counted(said) == native(served, code), code
        assert "Geometry: Point" in said
        assert 'ID["EPSG",4326]' in said


def test_a_box_is_asked_of_the_server_and_counts_alike(served: Served) -> None:
    source = f"OAPIF:{served.url}/api/ogc"
    for code in collections(served):
        said = run(
            "ogrinfo", "--debug", "on", "-ro", "-so", *PAGE, "-spat", "120.5", "23.5", "121", "24.5", source, code
        )
        assert counted(said) == native(served, code, bbox="120.5,23.5,121,24.5"), code
        assert "bbox=120.5,23.5,121,24.5" in said


def test_a_condition_on_a_field_is_asked_of_the_server(served: Served) -> None:
    source = f"OAPIF:{served.url}/api/ogc"
    condition = "county = '南投縣'"
    said = run("ogrinfo", "--debug", "on", "-ro", "-so", *PAGE, "-where", condition, source, "SOIL_SITES")
    assert counted(said) == native(served, "SOIL_SITES", county="南投縣") > 0
    assert "county=%E5%8D%97%E6%8A%95%E7%B8%A3" in said
    assert "client side" not in said


def test_every_row_comes_over_and_metres_are_those_of_the_server(served: Served, tmp_path: Path) -> None:
    source = f"OAPIF:{served.url}/api/ogc"
    for code in ("SOIL_SITES", "AQX_P_07", "PRTR_FACILITIES"):
        path = tmp_path / f"{code}.csv"
        run("ogr2ogr", "-f", "CSV", str(path), source, code, *PAGE, "-t_srs", "EPSG:3826", "-lco", "GEOMETRY=AS_XY")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == native(served, code), code
        query = urlencode({"limit": "500", "crs": "http://www.opengis.net/def/crs/EPSG/0/3826"})
        with urlopen(f"{served.url}/api/ogc/collections/{code}/items?{query}") as answer:
            features = json.load(answer)["features"]
        for row, feature in zip(rows, features, strict=False):
            assert row["id"] == feature["id"]
            if feature["geometry"]:
                x, y = feature["geometry"]["coordinates"]
                assert abs(float(row["X"]) - x) < 0.0051, code
                assert abs(float(row["Y"]) - y) < 0.0051, code
