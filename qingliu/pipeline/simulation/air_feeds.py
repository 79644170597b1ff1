"""Feeds of the air network: the hourly index, PM2.5, items as wide days, daily index, forecasts, ultraviolet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from qingliu.pipeline.simulation import air
from qingliu.pipeline.simulation.air import Air
from qingliu.pipeline.simulation.network import ZONES, Station, stations
from qingliu.pipeline.simulation.noise import chance, dice, key, smooth
from qingliu.pipeline.simulation.sheet import Sheet, Span, text
from qingliu.standards.aqi import CLASSES, Index, index_of, sub_index

AQI_COLUMNS = (
    "sitename", "county", "aqi", "pollutant", "status", "so2", "co", "o3", "o3_8hr", "pm10", "pm2.5", "no2", "nox", "no",
    "wind_speed", "wind_direc", "publishtime", "co_8hr", "pm2.5_avg", "pm10_avg", "so2_avg", "longitude", "latitude", "siteid",
)  # fmt: skip
BACK = 24  # hours that moving averages look back
ITEMS = (
    ("1", "二氧化硫", "SO2", "ppb", 1),
    ("2", "一氧化碳", "CO", "ppm", 2),
    ("3", "臭氧", "O3", "ppb", 1),
    ("4", "懸浮微粒", "PM10", "μg/m3", 0),
    ("33", "細懸浮微粒", "PM2.5", "μg/m3", 0),
    ("7", "二氧化氮", "NO2", "ppb", 1),
    ("23", "雨量", "RAINFALL", "mm", 1),
)


def _of(hour: Air, item: str) -> float | None:
    values: dict[str, float | None] = {
        "SO2": hour.so2, "CO": hour.co, "O3": hour.o3, "PM10": hour.pm10, "PM2.5": hour.pm25, "NO2": hour.no2,
        "RAINFALL": hour.rain,
    }  # fmt: skip
    return values[item]


def _moments(span: Span) -> Iterator[datetime]:
    moment = span.start
    while moment <= span.end:
        yield moment
        moment += timedelta(hours=1)


def _cut(value: float | None, digits: int) -> float | None:
    """Cut, not rounded: the index is made from what was published."""
    return None if value is None else math.floor(value * 10**digits + 1e-9) / 10**digits


def hourly_index(span: Span) -> Sheet:
    """AQX_P_432 hour after hour: one row a station-hour, hour by hour."""
    first, last = air.hour_number(span.start), air.hour_number(span.end)
    weather = air.Weather(span.seed)
    by_hour: list[list[list[str]]] = [[] for _ in range(first, last + 1)]
    for station in stations():
        series = list(air.hours_of(station, first - BACK, last, span.seed, weather))
        for index, moment in enumerate(_moments(span)):
            by_hour[index].append(_index_row(station, series[index + 1 : index + BACK + 1], moment))
    return Sheet(AQI_COLUMNS, [row for rows in by_hour for row in rows])


def averages(window: list[Air]) -> dict[str, float | None]:
    """What the index is made of, from 24 hours (newest last): as published, O3 in ppb."""
    now = window[-1]
    return {
        "pm2.5_avg": _cut(air.particles([a.pm25 for a in window]), 1),
        "pm10_avg": _cut(air.particles([a.pm10 for a in window]), 0),
        "o3_8hr": _cut(air.mean([a.o3 for a in window[-8:]], 6), 0),
        "co_8hr": _cut(air.mean([a.co for a in window[-8:]], 6), 1),
        "so2": _cut(now.so2, 1),
        "no2": _cut(now.no2, 1),
        "so2_avg": _cut(air.mean([a.so2 for a in window], 12), 0),
    }


def index(parts: dict[str, float | None]) -> Index | None:
    """The index of what ``averages`` gave."""
    ozone = parts["o3_8hr"]
    return index_of(
        {
            "pm2.5_avg": parts["pm2.5_avg"],
            "pm10_avg": parts["pm10_avg"],
            "o3_8hr": None if ozone is None else ozone / 1000,
            "co_8hr": parts["co_8hr"],
            "so2": parts["so2"],
            "no2": parts["no2"],
        }
    )


def _index_row(station: Station, window: list[Air], moment: datetime) -> list[str]:
    now, parts = window[-1], averages(window)
    found = index(parts)
    nox = None if now.no is None or now.no2 is None else (_cut(now.no, 1) or 0) + (_cut(now.no2, 1) or 0)
    calm = "-" if station.siteid == "16" else ""  # one station writes '-' for its missing wind, the other nothing
    return [
        station.name,
        station.county,
        str(found.value) if found else "",
        found.pollutant.zh if found else "",
        found.status.zh if found else "",
        text(parts["so2"]),
        text(_cut(now.co, 2), 2),
        text(_cut(now.o3, 1)),
        text(parts["o3_8hr"], 0),
        text(now.pm10, 0),
        text(now.pm25, 0),
        text(parts["no2"]),
        text(nox),
        text(_cut(now.no, 1)),
        text(now.wind, 1, calm),
        text(now.direction, 0, calm),
        moment.strftime("%Y/%m/%d %H:%M:%S"),
        text(parts["co_8hr"]),
        text(parts["pm2.5_avg"]),
        text(parts["pm10_avg"], 0),
        text(parts["so2_avg"], 0),
        f"{station.lon}",
        f"{station.lat}",
        station.siteid,
    ]


def hourly_pm25(span: Span) -> Sheet:
    """AQX_P_02: PM2.5 of each station-hour."""
    first, last = air.hour_number(span.start), air.hour_number(span.end)
    weather = air.Weather(span.seed)
    rows = []
    for station in stations():
        for moment, hour in zip(_moments(span), air.hours_of(station, first, last, span.seed, weather), strict=True):
            when = f"{moment.year}/{moment.month}/{moment.day} {moment:%H:%M}"
            rows.append([station.name, station.county, text(hour.pm25, 0), when, "μg/m3"])
    return Sheet(("site", "county", "pm25", "datacreationdate", "itemunit"), rows)


def wide_days(span: Span) -> Sheet:
    """AQX_P_13: a row an item-day with hours as columns, flags glued to values, NR for no rain. Whole days only."""
    weather = air.Weather(span.seed)
    rows = []
    day = span.start.replace(hour=0)
    while day + timedelta(hours=23) <= span.end:
        first = air.hour_number(day)
        for station in stations():
            hours = list(air.hours_of(station, first, first + 23, span.seed, weather))
            for itemid, name, code, unit, digits in ITEMS:
                k = key(span.seed, "wide", station.siteid, code)
                cells = [_glued(_of(h, code), code, digits, chance(k, first + i)) for i, h in enumerate(hours)]
                head = [station.siteid, station.name, station.county, itemid, name, code, unit, f"{day:%Y/%m/%d}"]
                rows.append(head + cells)
        day += timedelta(days=1)
    heads = ("測站編號", "測站", "縣市", "測項編號", "測項名稱", "測項", "單位", "日期")
    return Sheet(heads + tuple(f"{h:02d}" for h in range(24)), rows)


def _glued(value: float | None, code: str, digits: int, luck: float) -> str:
    if value is None:
        return ""
    if code == "RAINFALL" and value == 0:
        return "NR"
    mark = "#" if luck < 0.006 else "x" if luck < 0.009 else "*" if luck < 0.011 else ""
    return text(value, digits) + mark


def daily_index(span: Span) -> Sheet:
    """AQX_P_434: the index of each station-day and its sub-indices, made from the day's means. Whole days only."""
    weather = air.Weather(span.seed)
    rows = []
    day = span.start.replace(hour=0)
    while day + timedelta(hours=23) <= span.end:
        first = air.hour_number(day)
        for station in stations():
            hours = list(air.hours_of(station, first, first + 23, span.seed, weather))
            rows.append([station.siteid, station.name, f"{day:%Y-%m-%d}", *_day_cells(hours)])
        day += timedelta(days=1)
    heads = ("siteid", "sitename", "monitordate", "aqi", "so2subindex", "cosubindex", "o38subindex", "pm10subindex",
             "no2subindex", "pm25subindex")  # fmt: skip
    return Sheet(heads, rows)


def _day_cells(hours: list[Air]) -> list[str]:
    ozone = max(
        (m for i in range(7, 24) if (m := air.mean([a.o3 for a in hours[i - 7 : i + 1]], 6)) is not None), default=None
    )
    values = (
        ("so2", max((a.so2 for a in hours if a.so2 is not None), default=None)),
        ("co_8hr", air.mean([a.co for a in hours], 16)),
        ("o3_8hr", None if ozone is None else ozone / 1000),
        ("pm10_avg", air.mean([a.pm10 for a in hours], 16)),
        ("no2", max((a.no2 for a in hours if a.no2 is not None), default=None)),
        ("pm2.5_avg", air.mean([a.pm25 for a in hours], 16)),
    )
    parts = [None if value is None else sub_index(name, value) for name, value in values]
    known = [p for p in parts if p is not None]
    return [str(max(known)) if known else "", *("" if p is None else str(p) for p in parts)]


PUBLISH_HOURS = ((10, 30), (16, 30), (22, 0))


def forecasts(span: Span) -> Sheet:
    """AQF_P_01: three days ahead for each zone, published three times a day."""
    rows = []
    day = span.start.replace(hour=0, minute=0)
    while day <= span.end:
        for hour, minute in PUBLISH_HOURS:
            moment = day.replace(hour=hour, minute=minute)
            if span.start <= moment <= span.end + timedelta(minutes=59):
                rows += [_forecast(zone, moment, ahead, span.seed) for zone in ZONES[:-1] for ahead in (0, 1, 2)]
        day += timedelta(days=1)
    heads = (
        "content",
        "publishtime",
        "area",
        "majorpollutant",
        "forecastdate",
        "aqi",
        "minorpollutant",
        "minorpollutantaqi",
    )
    return Sheet(heads, rows)


def _forecast(zone: str, moment: datetime, ahead: int, seed: int) -> list[str]:
    target = moment + timedelta(days=ahead)
    level = 62 + 28 * smooth(key(seed, "forecast", zone), target.toordinal(), 3)
    value = max(20, round(level + 4 * smooth(key(seed, zone, ahead), air.hour_number(moment), 6)))
    major = "細懸浮微粒" if value > 50 else ""
    minor = "臭氧八小時" if value > 70 else ""
    status = next(name.zh for limit, name in CLASSES if value <= limit)
    content = f"【模擬資料】{zone}{target.month}月{target.day}日空氣品質預報為「{status}」等級，AQI 約 {value}。"
    return [
        content,
        f"{moment:%Y-%m-%d %H:%M}",
        zone,
        major,
        f"{target:%Y-%m-%d}",
        str(value),
        minor,
        str(value - 15) if minor else "",
    ]


def ultraviolet(span: Span) -> Sheet:
    """UV_S_01: the ultraviolet index of the Lulin mountain station, hour by hour; '-' at night on some days."""
    rows = []
    k = key(span.seed, "uv")
    for moment in _moments(span):
        sun = max(0.0, math.sin(math.pi * (moment.hour - 5.5) / 13)) if 6 <= moment.hour <= 18 else 0.0
        cloud = 0.75 + 0.2 * smooth(k, air.hour_number(moment), 5)
        told = "-" if sun == 0 and chance(k + 1, moment.toordinal()) < 0.1 else text(min(15.0, 12.5 * sun**1.4 * cloud))
        rows.append(["鹿林山", told, "環境部", "嘉義縣", "120.8737", "23.4688", f"{moment:%Y-%m-%d %H:%M}"])
    return Sheet(("sitename", "uvi", "publishagency", "county", "wgs84_lon", "wgs84_lat", "publishtime"), rows)


def station_master(span: Span) -> Sheet:
    """AQX_P_07: the stations. The address is the township only: the demo invents no house numbers."""
    heads = ("sitename", "siteengname", "areaname", "county", "township", "siteaddress", "twd97lon", "twd97lat", "sitetype",
             "siteid")  # fmt: skip
    rows = [
        [
            s.name,
            s.engname,
            s.zone,
            s.county,
            s.township,
            f"{s.county}{s.township}",
            f"{s.lon}",
            f"{s.lat}",
            s.kind,
            s.siteid,
        ]
        for s in stations()
    ]
    return Sheet(heads, rows)


def rain_chemistry(span: Span) -> Sheet:
    """ACIDR_P_04: monthly rain chemistry, with the errors that spreadsheets leave."""
    sites = (("S01", "臺北", "臺北市", "中正區"), ("S02", "宜蘭", "宜蘭縣", "宜蘭市"), ("S21", "中壢", "桃園市", "中壢區"),
             ("S26", "雲林", "雲林縣", "麥寮鄉"), ("S33", "成功", "臺東縣", "成功鎮"), ("S41", "彭佳嶼", "彭佳嶼", "彭佳嶼"),
             ("S42", "鞍部", "臺北市", "北投區"), ("S43", "日月潭", "南投縣", "魚池鄉"))  # fmt: skip
    rows = []
    month = span.start.replace(day=1)
    while month <= span.end:
        for siteid, name, county, area in sites:
            rng = dice(span.seed, "rain", siteid, month.year, month.month)
            rows.append(
                [county, area, siteid, name, str(month.year), str(month.month), *_rain(rng.gauss, rng.random), "NCU"]
            )
        month = (month + timedelta(days=32)).replace(day=1)
    heads = ("county", "area", "siteid", "sitename", "monitoryear", "monitormonth", "ph", "conductivity", "cl", "no3",
             "so42", "h", "nh4", "na", "k", "mg2", "ca2", "hco3", "samplemanageragencyid")  # fmt: skip
    return Sheet(heads, rows)


def _rain(gauss: Callable[[float, float], float], random: Callable[[], float]) -> list[str]:
    if random() < 0.02:
        return ["#DIV/0!", "#DIV/0!", *[""] * 10]
    ph = min(7.4, max(4.1, gauss(5.4, 0.5)))
    acid = 10 ** (6 - ph)
    ions = [abs(gauss(m, m / 2)) + 0.6 for m in (60, 25, 35)]
    rest = [abs(gauss(m, m / 2)) + 0.4 for m in (30, 55, 4, 14, 20, 6)]
    cells = [text(v, 2) for v in (*ions, acid, *rest)]
    if random() < 0.06:
        cells[4 + int(random() * 4)] = "<MDL"
    return [text(ph, 2), text(abs(gauss(22, 10)) + 2, 1), *cells]
