"""GeoParquet in the hands of others, unmodified, on the real files: a conformance checker and a reader of maps.

geoparquet-validator check CODE.geo.parquet                           the OGC abstract tests, rules of 1.1.0
python tests/clients/geo_read.py CODE.geo.parquet                     geopandas: CRS, rows, reach
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long


def run(*words: str) -> str:
    """What a client's program says; it must end well."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def files(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Code → (its GeoParquet by the latest address, the address)."""
    folder = tmp_path_factory.mktemp("geo")
    found = {}
    with urlopen(f"{served.url}/api/bulk") as answer:
        datasets = json.load(answer)["datasets"]
    for dataset in datasets:
        for file in dataset["files"]:
            if file["format"] == "geoparquet":
                path = folder / file["name"]
                with urlopen(urljoin(served.url, file["latest"]), timeout=300) as body:
                    path.write_bytes(body.read())
                found[dataset["code"]] = (path, file["latest"])
    assert len(found) >= 3
    return found


def test_every_file_conforms_by_the_checker(clients: Path, files: dict[str, tuple[Path, str]]) -> None:
    for path, address in files.values():
        said = run(str(clients / "geoparquet-validator"), "check", str(path))
        assert "FAIL" not in said, f"{address}\n{said}"
        assert "=> core: 13 pass, 0 fail" in said, said
        assert "=> covering: 6 pass, 0 fail" in said, said


def test_a_map_program_reads_the_same_points(clients: Path, served: Served, files: dict[str, tuple[Path, str]]) -> None:
    script = Path(__file__).with_name("geo_read.py")
    for code, (path, address) in files.items():
        told = json.loads(run(str(clients / "python"), str(script), str(path)))
        with urlopen(f"{served.url}/api/datasets/{code}/rows?f=geojson&limit=1000000000", timeout=300) as answer:
            places = [f["geometry"] and tuple(f["geometry"]["coordinates"]) for f in json.load(answer)["features"]]
        known = [p for p in places if p]
        xs, ys = zip(*known, strict=True)
        assert told["crs"] == "OGC:CRS84", address
        assert (told["rows"], told["points"]) == (len(places), len(known)), address
        assert told["reach"] == [min(xs), min(ys), max(xs), max(ys)], address
        assert told["sums"] == [pytest.approx(sum(xs)), pytest.approx(sum(ys))], address
