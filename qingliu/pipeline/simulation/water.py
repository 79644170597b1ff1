"""Feeds of rivers, reservoirs, groundwater and drinking water: monthly samples in long form, and the master tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from qingliu.pipeline.simulation.network import COUNTIES, Point, points
from qingliu.pipeline.simulation.noise import dice
from qingliu.pipeline.simulation.sheet import Sheet, Span, text

Item = tuple[str, str, str, str, float, float, int]  # zh, English, abbreviation, unit, median, spread (log), digits
RIVER_ITEMS: tuple[Item, ...] = (
    ("水溫", "Water Temperature", "WT", "℃", 23.0, 0.14, 1),
    ("酸鹼值", "pH", "pH", " ", 7.6, 0.04, 2),
    ("導電度", "Electrical Conductivity", "EC", "μmho/cm25℃", 420.0, 0.6, 0),
    ("溶氧(電極法)", "Dissolved Oxygen(Electrode Method)", "DO", "mg/L", 6.4, 0.35, 1),
    ("生化需氧量", "Biochemical Oxygen Demand", "BOD", "mg/L", 2.6, 0.7, 1),
    ("化學需氧量", "Chemical Oxygen Demand", "COD", "mg/L", 12.0, 0.6, 1),
    ("懸浮固體", "Suspended Solids", "SS", "mg/L", 24.0, 0.9, 1),
    ("氨氮", "Ammonia Nitrogen", "NH3-N", "mg/L", 0.6, 1.1, 2),
    ("總磷", "Total Phosphorus", "TP", "mg/L", 0.18, 0.8, 3),
)
RESERVOIR_ITEMS: tuple[Item, ...] = (
    ("水溫", "Water Temperature", "WT", "℃", 22.0, 0.15, 1),
    ("透明度", "Transparency", "SD", "m", 2.1, 0.5, 1),
    ("總磷", "Total Phosphorus", "TP", "μg/L", 18.0, 0.5, 1),
    ("葉綠素a", "Chlorophyll-A", "Chl_a", "μg/L", 5.5, 0.7, 1),
    ("懸浮固體", "Suspended Solids", "SS", "mg/L", 4.0, 0.8, 1),
    ("氨氮", "Ammonia Nitrogen", "NH3-N", "mg/L", 0.06, 0.8, 2),
)
WELL_ITEMS: tuple[Item, ...] = (
    ("水位", "Water Level", "WL", "m", 5.0, 0.5, 2),
    ("導電度", "Electrical Conductivity", "EC", "μmho/cm25℃", 600.0, 0.5, 0),
    ("總硬度", "Total Hardness", "TH", "mg/L", 240.0, 0.4, 0),
    ("氨氮", "Ammonia Nitrogen", "NH3-N", "mg/L", 0.2, 1.2, 2),
    ("硝酸鹽氮", "Nitrate Nitrogen", "NO3-N", "mg/L", 1.8, 1.0, 2),
    ("砷", "Arsenic", "As", "mg/L", 0.004, 1.0, 4),
    ("鐵", "Iron", "Fe", "mg/L", 0.4, 1.2, 3),
    ("錳", "Manganese", "Mn", "mg/L", 0.12, 1.1, 3),
)
RPI_LIMITS = {
    "DO": ((6.5, 1), (4.6, 3), (2.0, 6)),  # at least
    "BOD": ((3.0, 1), (4.9, 3), (15.0, 6)),  # at most
    "SS": ((20.0, 1), (49.9, 3), (100.0, 6)),
    "NH3-N": ((0.50, 1), (0.99, 3), (3.00, 6)),
}


def months(span: Span, step: int = 1) -> Iterator[datetime]:
    """The first moment of each month (of each ``step`` months, counted from January) that the span covers."""
    month = span.start.replace(day=1, hour=0, minute=0)
    while month <= span.end:
        if (month.month - 1) % step == 0:
            yield month
        month = (month + timedelta(days=32)).replace(day=1)


def rpi(measured: dict[str, float]) -> float:
    """The River Pollution Index: the mean of four points of 1, 3, 6 or 10; values as published."""
    total = 0
    for name, limits in RPI_LIMITS.items():
        value = measured[name]
        good = (p for limit, p in limits if (value >= limit if name == "DO" else value <= limit))
        total += next(good, 10)
    return total / 4


def _dirt(point: Point, seed: int) -> float:
    return dice(seed, "dirt", point.siteid).gauss(0.0, 0.7)


def _measure(item: Item, dirt: float, rng: Random) -> float:
    *_, abbreviation, _unit, median, spread, digits = item
    pull = -0.5 if abbreviation in {"DO", "SD"} else 0.0 if abbreviation in {"WT", "pH"} else 1.0
    value = median * math.exp(spread * (0.6 * rng.gauss(0, 1) + 0.6 * pull * dirt))
    return round(min(value, 12.5) if abbreviation == "DO" else value, digits)


def rivers(span: Span) -> Sheet:
    """WQX_P_01: monthly river samples with the River Pollution Index made from them."""
    rows = []
    for month in months(span):
        for point in points("river"):
            rng = dice(span.seed, "river", point.siteid, month.year, month.month)
            taken = month.replace(day=rng.randint(2, 27), hour=rng.randint(8, 16), minute=rng.choice((0, 15, 30, 45)))
            found = {item[2]: _measure(item, _dirt(point, span.seed), rng) for item in RIVER_ITEMS}
            lines = [(*item[:3], text(found[item[2]], item[6]), item[3]) for item in RIVER_ITEMS]
            lines.append(("河川污染指數", "River Pollution Index", "RPI", text(rpi(found), 2), " "))
            rows += [_river_row(point, taken, line, rng) for line in lines]
    heads = ("siteid", "sitename", "siteengname", "county", "township", "basin", "river", "twd97lon", "twd97lat",
             "sampledate", "itemname", "itemengname", "itemengabbreviation", "itemvalue", "itemunit", "note")  # fmt: skip
    return Sheet(heads, rows)


def _river_row(point: Point, taken: datetime, line: tuple[str, str, str, str, str], rng: Random) -> list[str]:
    basin, river = point.group.split("/")
    zh, english, short, value, unit = line
    gone = short != "RPI" and rng.random() < 0.006
    return [
        point.siteid, point.name, point.engname, point.county, point.township, basin, river, f"{point.lon}", f"{point.lat}",
        f"{taken:%Y-%m-%d %H:%M:%S}", zh, english, short, "-" if gone else value, unit, "乾涸無法採樣" if gone else "",
    ]  # fmt: skip


def reservoirs(span: Span) -> Sheet:
    """WQX_P_03: quarterly reservoir samples. One value is planted wrong on purpose (``1.2.3``): see demo/README.md."""
    rows = []
    for month in months(span, 3):
        for point in points("reservoir"):
            rng = dice(span.seed, "reservoir", point.siteid, month.year, month.month)
            taken = month.replace(day=rng.randint(2, 27), hour=10, minute=rng.choice((0, 20, 43)))
            dam = point.group.split("/")[0]
            for item in RESERVOIR_ITEMS:
                value = text(_measure(item, _dirt(point, span.seed), rng), item[6])
                value = "ND" if item[2] == "NH3-N" and float(value) < 0.02 else value
                if (point.siteid, item[2], month.month) == ("2001", "Chl_a", 7):
                    value = "1.2.3"
                rows.append([point.siteid, point.name, dam, point.county, point.township, f"{point.lon}", f"{point.lat}",
                             f"{taken:%Y-%m-%d %H:%M:%S}", "表水", "0.5", *item[:3], value, item[3]])  # fmt: skip
    heads = ("siteid", "sitename", "damname", "county", "township", "twd97lon", "twd97lat", "sampledate", "samplelayer",
             "sampledepth", "itemname", "itemengname", "itemengabbreviation", "itemvalue", "itemunit")  # fmt: skip
    return Sheet(heads, rows)


def groundwater(span: Span) -> Sheet:
    """WQX_P_02: quarterly groundwater samples; small concentrations are told as ``ND``."""
    rows = []
    for month in months(span, 3):
        for point in points("well"):
            rng = dice(span.seed, "well", point.siteid, month.year, month.month)
            taken = month.replace(day=rng.randint(2, 27))
            for item in WELL_ITEMS:
                value = _measure(item, _dirt(point, span.seed), rng)
                told = "ND" if item[2] in {"As", "NH3-N"} and value < item[4] / 4 else text(value, item[6])
                rows.append([point.siteid, point.name, point.county, point.township, point.group, f"{point.lon}",
                             f"{point.lat}", f"{taken:%Y-%m-%d}", *item[:3], told, item[3]])  # fmt: skip
    heads = ("siteid", "sitename", "county", "township", "ugwdistname", "twd97lon", "twd97lat", "sampledate", "itemname",
             "itemengname", "itemengabbreviation", "itemvalue", "itemunit")  # fmt: skip
    return Sheet(heads, rows)


def river_points(span: Span) -> Sheet:
    """WQX_P_06: the river sampling points."""
    rows = []
    for p in points("river"):
        basin, river = p.group.split("/")
        rows.append([p.siteid, p.name, p.engname, p.county, p.township, basin, river, f"{p.lon}", f"{p.lat}", "啟用"])
    heads = (
        "siteid",
        "sitename",
        "siteengname",
        "county",
        "township",
        "basin",
        "river",
        "twd97lon",
        "twd97lat",
        "statusofuse",
    )
    return Sheet(heads, rows)


def _places(kind: str, group: str) -> Sheet:
    rows = [
        [p.siteid, p.name, p.engname, p.county, p.township, p.group.split("/")[0], f"{p.lon}", f"{p.lat}"]
        for p in points(kind)
    ]
    return Sheet(("siteid", "sitename", "siteengname", "county", "township", group, "twd97lon", "twd97lat"), rows)


def wells(span: Span) -> Sheet:
    """WQX_P_07: the groundwater wells."""
    return _places("well", "ugwdistname")


def reservoir_points(span: Span) -> Sheet:
    """WQX_P_08: the reservoir sampling points."""
    return _places("reservoir", "damname")


def drinking_water(span: Span) -> Sheet:
    """DWS_P_28: monthly checks of tap water by county: samples, failures and the share that passed."""
    rows = []
    for month in months(span):
        for county in COUNTIES:
            rng = dice(span.seed, "tap", county, month.year, month.month)
            taken = rng.randint(20, 140)
            bad = 1 if rng.random() < 0.06 else 0
            rows.append(
                [f"{month.year}", f"{month.month}", county, str(taken), str(bad), text(100 * (taken - bad) / taken, 2)]
            )
    return Sheet(("year", "month", "county", "samples", "failed", "passrate"), rows)
