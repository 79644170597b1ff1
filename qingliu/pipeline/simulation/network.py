"""The monitoring network as facts: 84 air quality stations, their zones and coordinates."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
COUNTIES = (
    "基隆市", "臺北市", "新北市", "桃園市", "新竹市", "新竹縣", "苗栗縣", "臺中市", "彰化縣", "南投縣", "雲林縣",
    "嘉義市", "嘉義縣", "臺南市", "高雄市", "屏東縣", "宜蘭縣", "花蓮縣", "臺東縣", "澎湖縣", "金門縣", "連江縣",
)  # fmt: skip
ZONES = ("北部空品區", "竹苗空品區", "中部空品區", "雲嘉南空品區", "高屏空品區", "宜蘭空品區", "花東空品區", "其他")


@dataclass(frozen=True, slots=True)
class Station:
    """An air quality station; coordinates in degrees."""

    siteid: str
    name: str
    engname: str
    zone: str
    county: str
    township: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Point:
    """A place where water, noise or radiation is measured, or where a plant stands."""

    kind: str
    siteid: str
    name: str
    engname: str
    county: str
    township: str
    group: str
    lon: float
    lat: float


def _station(row: list[str]) -> Station:
    siteid, name, engname, zone, county, township, kind, lon, lat = row
    return Station(siteid, name, engname, zone, county, township, kind, float(lon), float(lat))


def _point(row: list[str]) -> Point:
    kind, siteid, name, engname, county, township, group, lon, lat = row
    return Point(kind, siteid, name, engname, county, township, group, float(lon), float(lat))


@cache
def stations() -> tuple[Station, ...]:
    """The air quality stations by number."""
    with (_HERE / "stations.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_station(row) for row in list(csv.reader(file))[1:])


@cache
def points(kind: str) -> tuple[Point, ...]:
    """The points of a kind: river, reservoir, well, noise, incinerator, rain."""
    with (_HERE / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row[0] == kind]
    return tuple(_point(row) for row in rows)
