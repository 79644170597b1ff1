"""The coordinate reference systems that answers and questions may use: names, planes and the order of axes."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import Text


@dataclass(frozen=True, slots=True)
class Crs:
    """``uri`` names it; ``srid`` is its plane (4326 = degrees); ``lat_first`` where the authority puts latitude first."""

    uri: str
    srid: int
    lat_first: bool
    title: Text


CRS84 = Crs(
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326, False, Text("經緯度（經度在前）", "Longitude, latitude")
)
ALL = (
    CRS84,
    Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, True, Text("WGS 84（緯度在前）", "WGS 84, latitude first")),
    Crs("http://www.opengis.net/def/crs/EPSG/0/3826", 3826, False, Text("TWD97 二度分帶 121", "TWD97 / TM2 zone 121")),
    Crs("http://www.opengis.net/def/crs/EPSG/0/3857", 3857, False, Text("網路麥卡托", "Web Mercator")),
)
_LIMITS = {4326: (180.0, 90.0), 3826: (1e8, 1e8), 3857: (1e8, 1e8)}  # planes: beyond any place, within any arithmetic


def find(name: str) -> Crs | None:
    """The CRS of a URI, a CURIE (``[EPSG:3826]``) or ``EPSG:3826``; None where it is none of ours."""
    short = name.strip("[]").upper()
    for crs in ALL:
        code = "OGC:CRS84" if crs is CRS84 else "EPSG:" + crs.uri.rsplit("/", 1)[1]
        if short == code or name in {crs.uri, crs.uri.replace("http:", "https:", 1)}:
            return crs
    return None


def fits(crs: Crs, x: float, y: float) -> bool:
    """Whether x (longitude, easting) and y can be a place of the CRS at all."""
    widest, highest = _LIMITS[crs.srid]
    return abs(x) <= widest and abs(y) <= highest
