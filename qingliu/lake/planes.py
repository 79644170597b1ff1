"""Planes in metres: EPSG:3826 (TWD97 / TM2 zone 121) and EPSG:3857 (web Mercator), as SQL over longitude and latitude.

TWD97 and WGS 84 are taken as one datum (EPSG's null transformation). The transverse Mercator is Krüger's series in n to the
fourth order, whose error within ten degrees of the central meridian is below a micrometre; docs/reference/ogc-dialect.md.
"""

from __future__ import annotations

import math

DEGREES = 4326
PLANES = (3826, 3857)
CENTIMETRE = 2  # decimals with which metres are served and compared
_RADIUS = 6378137.0
_F = 1 / 298.257222101  # GRS 80
_N = _F / (2 - _F)
_E = math.sqrt(2 * _F - _F * _F)
_CENTRAL, _EASTING, _SCALE = 121.0, 250000.0, 0.9999
_UNIT = _SCALE * _RADIUS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_TO_PLANE = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)
_TO_SPHERE = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161280,
)
_TO_LATITUDE = (
    2 * _N - 2 * _N**2 / 3 - 2 * _N**3 + 116 * _N**4 / 45,
    7 * _N**2 / 3 - 8 * _N**3 / 5 - 227 * _N**4 / 45,
    56 * _N**3 / 15 - 136 * _N**4 / 35,
    4279 * _N**4 / 630,
)
_NEAR = 30.0  # degrees from the central meridian up to which the series is trusted
_NORTHMOST = 85.06  # latitude at which web Mercator ends
_STEPS = 20
_TRUSTED = 1_500_000.0  # metres beside the central meridian within which a box is turned back into degrees


def point(srid: int, lon: str, lat: str) -> str:
    """SQL of the struct {x, y}: degrees as they are, metres rounded to the centimetre, null where no plane holds the point.

    What several terms need is named by a lambda: the engine would work it out again at each place where it is written.
    """
    if srid == DEGREES:
        return f"{{'x': {lon}, 'y': {lat}}}"
    if srid == 3857:
        lon, lat = _held(f"abs({lon}) <= 180 AND abs({lat}) <= {_NORTHMOST}", lon, lat)
        return _rounded(f"{_RADIUS} * radians({lon})", f"{_RADIUS} * asinh(tan(radians({lat})))")
    lon, lat = _held(f"abs({lon} - {_CENTRAL}) <= {_NEAR} AND abs({lat}) <= 90", lon, lat)
    on_earth = f"{{'sin': sin(radians({lat})), 'beside': radians({lon} - {_CENTRAL})}}"
    conformal = f"{{'t': sinh(atanh(a.sin) - {_E!r} * atanh({_E!r} * a.sin)), 's': sin(a.beside), 'c': cos(a.beside)}}"
    on_sphere = "{'xi': atan2(b.t, b.c), 'eta': asinh(b.s / sqrt(b.t * b.t + b.c * b.c))}"
    terms = [(2 * i, c) for i, c in enumerate(_TO_PLANE, start=1)]
    east = " + ".join(["c.eta", *(f"{c!r} * cos({k} * c.xi) * sinh({k} * c.eta)" for k, c in terms)])
    north = " + ".join(["c.xi", *(f"{c!r} * sin({k} * c.xi) * cosh({k} * c.eta)" for k, c in terms)])
    plane = _rounded(f"{_EASTING} + {_UNIT!r} * ({east})", f"{_UNIT!r} * ({north})")
    return named(on_earth, "a", named(conformal, "b", named(on_sphere, "c", plane)))


def named(value: str, name: str, then: str) -> str:
    """SQL of ``then``, in which ``name`` stands for ``value``."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def _rounded(x: str, y: str) -> str:
    return f"{{'x': round({x}, {CENTIMETRE}), 'y': round({y}, {CENTIMETRE})}}"


def _held(condition: str, lon: str, lat: str) -> tuple[str, str]:
    return f"(CASE WHEN {condition} THEN {lon} END)", f"(CASE WHEN {condition} THEN {lat} END)"


def degrees(srid: int, x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point in metres; only near the plane's middle for 3826."""
    if srid == 3857:
        return math.degrees(x / _RADIUS), math.degrees(math.atan(math.sinh(y / _RADIUS)))
    xi0, eta0 = y / _UNIT, (x - _EASTING) / _UNIT
    terms = [(2 * i, c) for i, c in enumerate(_TO_SPHERE, start=1)]
    xi = xi0 - sum(c * math.sin(k * xi0) * math.cosh(k * eta0) for k, c in terms)
    eta = eta0 - sum(c * math.cos(k * xi0) * math.sinh(k * eta0) for k, c in terms)
    chi = math.asin(math.sin(xi) / math.cosh(eta))
    lat = chi + sum(c * math.sin(2 * i * chi) for i, c in enumerate(_TO_LATITUDE, start=1))
    return _CENTRAL + math.degrees(math.atan2(math.sinh(eta), math.cos(xi))), math.degrees(lat)


def around(srid: int, west: float, south: float, east: float, north: float) -> tuple[float, float, float, float] | None:
    """A box in degrees that surely holds a box in metres, to leave row groups unread; None where nothing sure is known."""
    sane = abs(west) < 2.1e7 and abs(east) < 2.1e7 and abs(south) < 2.1e7 and abs(north) < 2.1e7
    if srid == 3826:
        sane = max(abs(west - _EASTING), abs(east - _EASTING)) <= _TRUSTED and 0 <= south <= north <= 4 * _TRUSTED
    if not sane:
        return None
    shares = [i / _STEPS for i in range(_STEPS + 1)]
    rim = [(west + (east - west) * s, y) for s in shares for y in (south, north)]
    rim += [(x, south + (north - south) * s) for s in shares for x in (west, east)]
    found = [degrees(srid, x, y) for x, y in rim]
    lons, lats = [p[0] for p in found], [p[1] for p in found]
    spare = 1e-6 + 0.01 * max(max(lons) - min(lons), max(lats) - min(lats))  # the rim bends between its points
    return min(lons) - spare, min(lats) - spare, max(lons) + spare, max(lats) + spare
