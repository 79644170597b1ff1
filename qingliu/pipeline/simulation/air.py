"""The air over 84 stations: seasons, days, rush hours, monsoon and haze, from which every hour can be told again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from qingliu.pipeline.simulation.network import ZONES, Station
from qingliu.pipeline.simulation.noise import bell, chance, key, smooth

EPOCH = datetime.fromisoformat("2000-01-01")  # naive: local wall time, as everywhere in the simulation
NO_WIND = frozenset({"10", "16"})  # stations without wind instruments: their cells are '' or '-', as in the real feed
_KIND = {"背景站": 0.45, "公園站": 0.7, "一般站": 1.0, "其它站": 1.0, "工業站": 1.2, "交通站": 1.5}


@dataclass(frozen=True, slots=True)
class Air:
    """One station-hour. ppb for gases but CO (ppm); μg/m³ for PM; None = no value."""

    so2: float | None
    co: float | None
    o3: float | None
    pm10: float | None
    pm25: float | None
    no2: float | None
    no: float | None
    wind: float | None
    direction: float | None
    rain: float
    humidity: float


@dataclass(frozen=True, slots=True)
class _Site:
    """A station with its key, how dirty its surroundings are (1 = usual) and how southern it lies (0 to 1)."""

    station: Station
    key: int
    strength: float
    south: float


def hour_number(moment: datetime) -> int:
    """Hours since 2000-01-01 00:00 local time."""
    return int((moment - EPOCH) // timedelta(hours=1))


class Weather:
    """Per zone and hour: winter (1 in mid-January), haze, wind and rain shared by the zone's stations."""

    def __init__(self, seed: int) -> None:
        self._keys = {zone: key(seed, "zone", zone) for zone in ZONES}
        self._cache: dict[tuple[str, int], tuple[float, float, float, float]] = {}

    def of(self, zone: str, hour: int) -> tuple[float, float, float, float]:
        """(winter, haze, wind factor, rain in mm)."""
        found = self._cache.get((zone, hour))
        if found is None:
            k = self._keys[zone]
            day = (EPOCH + timedelta(hours=hour)).timetuple().tm_yday
            winter = math.cos(2 * math.pi * (day - 15) / 365.25)
            haze = 0.45 * smooth(k, hour, 60) + 0.25 * smooth(k + 1, hour, 17)
            storm = smooth(k + 3, hour, 11) - 1.25 + 0.25 * (0.5 - abs(winter))
            rain = max(0.0, storm) * 9.0 * chance(k + 4, hour)
            found = self._cache[zone, hour] = (winter, haze, math.exp(0.35 * smooth(k + 2, hour, 23)), rain)
        return found


def hours_of(station: Station, first: int, last: int, seed: int, weather: Weather) -> Iterator[Air]:
    """The station's air for each hour number from ``first`` to ``last``."""
    k = key(seed, "site", station.siteid)
    strength = _KIND[station.kind] * math.exp(0.18 * bell(k, 1))
    site = _Site(station, k, strength, min(1.0, max(0.0, (24.6 - station.lat) / 2.4)))
    for hour in range(first, last + 1):
        yield _hour(site, hour, weather)


def _hour(site: _Site, hour: int, weather: Weather) -> Air:
    station, k, strength, south = site.station, site.key, site.strength, site.south
    winter, haze, blow, rain = weather.of(station.zone, hour)
    clock = hour % 24
    rush = math.exp(-(((clock - 8) / 2.2) ** 2)) + 0.9 * math.exp(-(((clock - 19) / 2.8) ** 2))
    sun = max(0.0, math.sin(math.pi * (clock - 6) / 12)) if 6 <= clock <= 18 else 0.0
    washed = 1 / (1 + rain / 4)
    dust = math.exp(haze + 0.2 * smooth(k + 1, hour, 5)) * washed
    pm25 = 11.5 * strength**0.6 * (1 + 0.55 * winter * (0.6 + 0.8 * south)) * (1 + 0.28 * rush) * dust
    pm10 = pm25 * (1.55 + 0.25 * smooth(k + 2, hour, 9)) + 5 * blow
    no2 = 10.5 * strength * (1 + 0.25 * winter) * (0.55 + 0.85 * rush) * math.exp(0.5 * haze) / blow**0.6
    no = no2 * max(0.02, 0.1 + 0.35 * rush - 0.12 * sun + 0.06 * smooth(k + 3, hour, 4))
    o3 = max(0.4, (26 + 34 * sun * (1 - 0.25 * winter) * math.exp(0.25 * haze) - 0.75 * no2) * washed**0.2)
    so2 = max(0.0, (1.2 + 0.9 * strength) * math.exp(0.55 * smooth(k + 4, hour, 7)) - 0.6)
    co = 0.12 + 0.017 * (no2 + 0.6 * no)
    speed = max(0.0, 2.1 * blow * (0.75 + 0.6 * sun + 0.45 * max(0.0, winter)) * (1.25 - 0.3 * strength))
    turn = 45.0 if winter > -0.2 else 205.0
    direction = (turn + 60 * smooth(k + 5, hour, 13) + 70 * (sun - 0.3)) % 360
    if station.siteid in NO_WIND:
        speed_told, direction_told = None, None
    else:
        speed_told, direction_told = speed, float(round(direction) % 360)
    gone = _outage(k, hour)
    return Air(
        so2=None if gone in {1, 9} else so2,
        co=None if gone in {2, 9} else co,
        o3=None if gone in {3, 9} else o3,
        pm10=None if gone == 4 else pm10,
        pm25=None if gone == 5 else pm25,
        no2=None if gone in {6, 9} else no2,
        no=None if gone in {6, 9} else no,
        wind=speed_told,
        direction=direction_told,
        rain=round(rain, 1),
        humidity=min(99.0, 68 + 14 * (rain > 0) + 8 * haze - 12 * sun),
    )


def _outage(k: int, hour: int) -> int:
    """Which instrument gives nothing this hour: 0 none, 1-6 one of them, 9 the gases (daily calibration)."""
    luck = chance(k + 7, hour)
    if luck < 0.004:
        return 9
    if chance(k + 8, hour // 12) < 0.012:  # a fault that lasts half a day
        return 1 + int(chance(k + 9, hour // 12) * 6)
    return 1 + int(luck * 1e4) % 6 if luck < 0.012 else 0


def mean(values: list[float | None], least: int) -> float | None:
    """The mean of the values there are, or None where fewer than ``least``."""
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if len(known) >= least else None


def particles(values: list[float | None]) -> float | None:
    """The moving average of the index: half the mean of 12 hours, half that of the last 4 (newest last)."""
    twelve, four = mean(values[-12:], 6), mean(values[-4:], 2)
    return None if twelve is None or four is None else 0.5 * twelve + 0.5 * four
