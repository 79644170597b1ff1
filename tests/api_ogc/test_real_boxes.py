"""The real facilities row by row: boxes in TWD97 metres, shapes, coordinates and identifiers, judged by pyproj and shapely."""

from __future__ import annotations

import csv
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pyproj
import pytest
import shapely

from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.lake.query import Meets, Query, Shape, Within
from qingliu.standards.definition import load
from tests.api.portal import Portal, publish_inputs, serve
from tests.api_ogc.conftest import AT, every

ROOT = Path(__file__).resolve().parents[2]
CODE = "PRTR_FACILITIES"
TM2 = "http://www.opengis.net/def/crs/EPSG/0/3826"


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The facilities of 2017, served."""
    folder = tmp_path_factory.mktemp("facilities")
    paths = LakePaths(folder / "home")
    paths.make()
    with zipfile.ZipFile(real_data / "prtr_facilities_2017.zip") as archive:
        text = archive.read("facilities.csv")
    path = folder / "facilities.csv"
    path.write_bytes(text)
    header = next(csv.reader(io.StringIO(text[:2000].decode("utf-8-sig", "ignore"))))
    definition = load(ROOT / "datasets" / f"{CODE}.yaml")
    version = publish_inputs(paths, definition.dataset, definition.read, path, tuple(header))
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(definition.dataset, kind="table", current=1, status="published", updated_at=AT)
    made = serve(paths, {CODE: [version]})
    yield made
    made.engine.close()


@pytest.fixture(scope="module")
def features(real: Portal) -> list[dict[str, Any]]:
    """All of them in longitude and latitude."""
    return every(real, CODE, limit=10_000)


def located(features: list[dict[str, Any]]) -> tuple[list[str], np.ndarray]:
    """Identifiers and points of the facilities that have one."""
    known = [(f["id"], *f["geometry"]["coordinates"]) for f in features if f["geometry"]]
    return [k[0] for k in known], np.array([k[1:] for k in known])


def test_every_facility_is_a_feature_of_its_own(real: Portal, features: list[dict[str, Any]]) -> None:
    assert len(features) == len({f["id"] for f in features}) == real.versions[CODE][0].rows
    assert len(features) > 75_000
    for feature in random.Random(4).sample(features, 30):
        found = json.loads(real.get(f"/api/ogc/collections/{CODE}/items/{feature['id']}").text)
        assert {k: v for k, v in found.items() if k != "links"} == feature


def test_every_coordinate_in_metres_is_pyprojs_to_the_centimetre(real: Portal, features: list[dict[str, Any]]) -> None:
    names, degrees = located(features)
    for code in (3826, 3857):
        to_plane = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{code}", always_xy=True)
        x, y = to_plane.transform(degrees[:, 0], degrees[:, 1])
        told_names, told = located(every(real, CODE, limit=10_000, crs=f"http://www.opengis.net/def/crs/EPSG/0/{code}"))
        assert told_names == names
        assert np.abs(told[:, 0] - x).max() < 0.0051
        assert np.abs(told[:, 1] - y).max() < 0.0051


def test_a_box_in_metres_holds_exactly_the_facilities_inside(real: Portal, features: list[dict[str, Any]]) -> None:
    names, degrees = located(features)
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3826", always_xy=True)
    x, y = (np.round(v, 2) for v in to_plane.transform(degrees[:, 0], degrees[:, 1]))
    chance = random.Random(3826)
    for size in (40, 2_000, 30_000, 300_000):
        for _ in range(5):  # a corner of each box is a facility, so that edges are hit
            at = chance.randrange(len(x))
            box = (x[at], y[at], round(x[at] + size, 2), round(y[at] + size * 1.3, 2))
            inside = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
            told = every(
                real,
                CODE,
                limit=10_000,
                bbox=",".join(f"{v:.2f}" for v in box),
                bbox_crs=TM2,
                properties="penaltycount",
            )
            assert {f["id"] for f in told} == {n for n, i in zip(names, inside, strict=True) if i}
            assert len(told) == int(inside.sum()) >= 1


def test_a_shape_in_degrees_or_metres_holds_exactly_the_facilities_inside(
    real: Portal, features: list[dict[str, Any]]
) -> None:
    _, degrees = located(features)
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3826", always_xy=True)
    plane = np.round(np.column_stack(to_plane.transform(degrees[:, 0], degrees[:, 1])), 2)
    chance = random.Random(7)
    for srid, points, size in ((4326, degrees, 0.3), (3826, plane, 30_000.0)):
        for corners in (3, 12, 300):
            middle = points[chance.randrange(len(points))]
            turns = [2 * np.pi * i / corners for i in range(corners)]
            ring = [
                (float(middle[0] + np.cos(t) * size * chance.uniform(0.3, 1)), float(middle[1] + np.sin(t) * size))
                for t in turns
            ]
            ring.append(ring[0])
            where = Meets(Shape(polygons=((tuple(ring),),)), "any", srid)
            wanted = int(shapely.intersects_xy(shapely.Polygon(ring), points[:, 0], points[:, 1]).sum())
            assert real.engine.count(real.engine.open(Query(CODE, where=where))) == wanted > 0


def test_a_box_in_metres_costs_no_more_than_reading_the_rows(real: Portal) -> None:
    start = time.perf_counter()
    for n in range(5):
        real.engine.count(real.engine.open(Query(CODE, where=Within(250_000 + n, 2_650_000, 320_000, 2_790_000, 3826))))
    assert (time.perf_counter() - start) / 5 < 2.0


def test_speed_of_pages_is_that_of_the_native_geojson(real: Portal) -> None:
    """Not a race: the identifiers may cost something, but no page may cost a Python step a row."""

    def spent(path: str, **query: Any) -> float:
        best = 9e9
        for n in range(3):
            start = time.perf_counter()
            answer = real.get(path, urlencode({**query, "limit": 9_990 + n}))
            best = min(best, time.perf_counter() - start)
            assert answer.status_code == 200
        return best

    native = spent(f"/api/datasets/{CODE}/rows", f="geojson")
    assert spent(f"/api/ogc/collections/{CODE}/items") < 3 * native + 0.1
