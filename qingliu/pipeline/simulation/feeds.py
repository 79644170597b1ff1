"""Every feed of the simulated ministry by name: what makes it, how often it moves and how far back it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from qingliu.pipeline.simulation import air_feeds, figures, tables, water
from qingliu.pipeline.simulation.sheet import Sheet, Span

Cadence = Literal["hour", "day", "month", "year", "snapshot"]


@dataclass(frozen=True, slots=True)
class Feed:
    """``back``: how many of its periods the first delivery holds; a snapshot is one whole register."""

    make: Callable[[Span], Sheet]
    cadence: Cadence
    back: int = 1


FEEDS: dict[str, Feed] = {
    "aqi_hourly": Feed(air_feeds.hourly_index, "hour", 24 * 60),
    "pm25_hourly": Feed(air_feeds.hourly_pm25, "hour", 24 * 7),
    "items_wide": Feed(air_feeds.wide_days, "day", 5),
    "aqi_daily": Feed(air_feeds.daily_index, "day", 60),
    "forecasts": Feed(air_feeds.forecasts, "hour", 24 * 14),
    "ultraviolet": Feed(air_feeds.ultraviolet, "hour", 24 * 60),
    "stations": Feed(air_feeds.station_master, "snapshot"),
    "rain_chemistry": Feed(air_feeds.rain_chemistry, "month", 36),
    "rivers": Feed(water.rivers, "month", 24),
    "reservoirs": Feed(water.reservoirs, "month", 36),
    "groundwater": Feed(water.groundwater, "month", 36),
    "river_points": Feed(water.river_points, "snapshot"),
    "reservoir_points": Feed(water.reservoir_points, "snapshot"),
    "wells": Feed(water.wells, "snapshot"),
    "drinking_water": Feed(water.drinking_water, "month", 24),
    "facilities": Feed(tables.facilities, "snapshot"),
    "penalties": Feed(tables.penalties, "snapshot"),
    "vehicles": Feed(tables.vehicles, "snapshot"),
    "inspections": Feed(tables.inspections, "snapshot"),
    "chemicals": Feed(tables.chemicals, "snapshot"),
    "contaminated_sites": Feed(tables.contaminated_sites, "snapshot"),
    "complaints": Feed(figures.complaints, "month", 24),
    "general_waste": Feed(figures.general_waste, "month", 36),
    "recycling": Feed(figures.recycling, "month", 36),
    "incinerators": Feed(figures.incinerators, "month", 24),
    "aqi_overview": Feed(figures.aqi_overview, "month", 36),
    "river_lengths": Feed(figures.river_lengths, "month", 36),
    "noise_periods": Feed(figures.noise_periods, "month", 36),
    "noise_stations": Feed(figures.noise_stations, "snapshot"),
    "greenhouse_gases": Feed(figures.greenhouse_gases, "year", 20),
    "footprints": Feed(figures.footprints, "snapshot"),
    "eco_products": Feed(figures.eco_products, "snapshot"),
}


def last_hour(cadence: Cadence, now: datetime) -> datetime:
    """The last hour that the last complete period before ``now`` (local, naive) holds."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    if cadence == "day":
        return day - timedelta(hours=1)
    if cadence == "month":
        return day.replace(day=1) - timedelta(hours=1)
    if cadence == "year":
        return day.replace(month=1, day=1) - timedelta(hours=1)
    return hour


def first_hour(cadence: Cadence, end: datetime, back: int) -> datetime:
    """The first hour of the span of ``back`` periods that ends with ``end``."""
    if cadence == "hour":
        return end - timedelta(hours=back - 1)
    if cadence == "day":
        return end.replace(hour=0) - timedelta(days=back - 1)
    if cadence == "month":
        months = end.year * 12 + end.month - back
        return end.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0)
    if cadence == "year":
        return end.replace(year=end.year - back + 1, month=1, day=1, hour=0)
    return end
