"""Where a dataset's place lies, as SQL with bound values: boxes, and points, lines and polygons of any number of corners.

A shape's corners are bound as lists and walked by the engine once a row, behind a box that lets row groups be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from qingliu.lake import planes
from qingliu.lake.query import Meets, Point, Within

Sides = tuple[float, float, float, float]  # west, south, east, north
_ON = (  # the row's point p lies on the edge e = (x1, y1, x2, y2)
    "(p.x - e[1]) * (e[4] - e[2]) = (p.y - e[2]) * (e[3] - e[1]) "
    "AND p.x BETWEEN least(e[1], e[3]) AND greatest(e[1], e[3]) AND p.y BETWEEN least(e[2], e[4]) AND greatest(e[2], e[4])"
)
_RIGHT = "(e[2] > p.y) <> (e[4] > p.y) AND p.x < (e[3] - e[1]) * (p.y - e[2]) / (e[4] - e[2]) + e[1]"
_LISTS = "list_zip(" + ", ".join(["CAST(? AS DOUBLE[])"] * 4) + ")"


def box(where: Within, lon: str, lat: str) -> tuple[str, list[Any]]:
    """The SQL of a box over the names of longitude and latitude, and its bound values."""
    if where.srid == planes.DEGREES:
        return _degrees_box((where.west, where.south, where.east, where.north), lon, lat)
    sides = (where.west, where.south, where.east, where.north)
    held, params = _around(where.srid, sides, lon, lat)
    inside = planes.named(planes.point(where.srid, lon, lat), "p", "p.y BETWEEN ? AND ? AND p.x BETWEEN ? AND ?")
    return f"({held}{inside})", [*params, where.south, where.north, where.west, where.east]


def _degrees_box(sides: Sides, lon: str, lat: str) -> tuple[str, list[Any]]:
    west, south, east, north = sides
    across = f"{lat} BETWEEN ? AND ?"
    if west <= east:
        return f"({across} AND {lon} BETWEEN ? AND ?)", [south, north, west, east]
    return f"({across} AND ({lon} >= ? OR {lon} <= ?))", [south, north, west, east]  # over the 180th meridian


def _around(srid: int, sides: Sides, lon: str, lat: str) -> tuple[str, list[Any]]:
    if srid == planes.DEGREES:
        sql, params = _degrees_box(sides, lon, lat)
        return f"{sql} AND ", params
    coarse = planes.around(srid, *sides)
    if coarse is None:
        return "", []
    sql, params = _degrees_box(coarse, lon, lat)
    return f"{sql} AND ", params


def meets(where: Meets, lon: str, lat: str) -> tuple[str, list[Any]]:
    """The SQL of a shape's part over the names of longitude and latitude, and its bound values."""
    shape = where.shape
    corners = [*shape.points, *(p for line in shape.lines for p in line)]
    corners += [p for polygon in shape.polygons for ring in polygon for p in ring]
    if not corners:
        return "FALSE", []
    xs, ys = [p[0] for p in corners], [p[1] for p in corners]
    held, params = _around(where.srid, (min(xs), min(ys), max(xs), max(ys)), lon, lat)
    tests: list[str] = []
    for sql, bound in _parts(where):
        tests.append(sql)
        params += bound
    if not tests:
        return "FALSE", []
    any_of = f"CASE WHEN p.x IS NULL OR p.y IS NULL THEN NULL ELSE {' OR '.join(tests)} END"
    return f"({held}{planes.named(planes.point(where.srid, lon, lat), 'p', any_of)})", params


def _parts(where: Meets) -> list[tuple[str, list[Any]]]:
    """Tests of the point p, of which one must hold."""
    shape, part = where.shape, where.part
    found: list[tuple[str, list[Any]]] = []
    if shape.points and part != "border":
        found.append(_among(shape.points))
    if shape.lines:
        found += _lines(shape.lines, part)
    for rings in shape.polygons:
        edges = [edge for ring in rings for edge in pairwise(ring)]
        on, bound = _edges(edges, _ON)
        odd, inside = _edges(edges, _RIGHT)
        if part == "border":
            found.append((f"{on} > 0", bound))
        elif part == "interior":
            found.append((f"({odd} % 2 = 1 AND {on} = 0)", [*inside, *bound]))
        else:
            found.append((f"({odd} % 2 = 1 OR {on} > 0)", [*inside, *bound]))
    return found


def _lines(lines: Sequence[tuple[Point, ...]], part: str) -> list[tuple[str, list[Any]]]:
    ends = Counter(p for line in lines for p in (line[0], line[-1]))
    loose = tuple(p for p, times in ends.items() if times % 2)  # where lines meet in pairs there is no end
    if part == "border":
        return [_among(loose)] if loose else []
    on, bound = _edges([edge for line in lines for edge in pairwise(line)], _ON)
    if part == "any" or not loose:
        return [(f"{on} > 0", bound)]
    end, more = _among(loose)
    return [(f"({on} > 0 AND NOT {end})", [*bound, *more])]


def _edges(edges: Sequence[tuple[Point, Point]], test: str) -> tuple[str, list[Any]]:
    lists = [[a[0] for a, _ in edges], [a[1] for a, _ in edges], [b[0] for _, b in edges], [b[1] for _, b in edges]]
    return f"len(list_filter({_LISTS}, lambda e: {test}))", lists


def _among(points: Sequence[Point]) -> tuple[str, list[Any]]:
    listed = "list_zip(CAST(? AS DOUBLE[]), CAST(? AS DOUBLE[]))"
    return f"len(list_filter({listed}, lambda e: e[1] = p.x AND e[2] = p.y)) > 0", [
        [p[0] for p in points],
        [p[1] for p in points],
    ]
