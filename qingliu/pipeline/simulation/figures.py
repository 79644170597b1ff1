"""Feeds of statistics: counts and tonnes by county, item or plant, month by month."""

from __future__ import annotations

import math

from qingliu.pipeline.simulation.network import COUNTIES, points
from qingliu.pipeline.simulation.noise import dice, pick
from qingliu.pipeline.simulation.sheet import Sheet, Span, text
from qingliu.pipeline.simulation.water import months

_WEIGHT = (
    36,
    250,
    404,
    231,
    45,
    59,
    54,
    285,
    124,
    48,
    66,
    26,
    48,
    186,
    272,
    80,
    45,
    32,
    21,
    11,
    14,
    1,
)  # 10,000 people
RECYCLED = ("廢鐵容器", "廢鋁容器", "廢玻璃容器", "廢紙容器", "廢塑膠容器", "廢農藥容器", "廢乾電池", "廢機動車輛", "廢輪胎",
            "廢鉛蓄電池", "廢電子電器", "廢資訊物品", "廢照明光源")  # fmt: skip
NOISE_PERIODS = ("日間", "晚間", "夜間")
GASES = (("二氧化碳", 280_000.0), ("甲烷", 5_200.0), ("氧化亞氮", 4_600.0), ("氫氟碳化物", 1_050.0), ("全氟碳化物", 1_300.0),
         ("六氟化硫", 900.0), ("三氟化氮", 560.0))  # fmt: skip

GOODS = (
    ("電力", "度", 0.49), ("自來水", "度", 0.23), ("汽油", "公升", 2.92), ("柴油", "公升", 3.31),
    ("天然氣", "立方公尺", 2.6), ("高速鐵路運輸", "延人公里", 0.032), ("鋼筋", "公斤", 0.95), ("水泥", "公斤", 0.93),
    ("白米", "公斤", 2.1), ("鮮乳", "公升", 1.3), ("影印紙", "包", 3.2), ("PET瓶片", "公斤", 2.7), ("鋁錠", "公斤", 9.6),
    ("玻璃", "公斤", 1.2),
)  # fmt: skip


def _by_county(span: Span, name: str, per_head: float, digits: int) -> list[list[str]]:
    rows = []
    for month in months(span):
        for county, weight in zip(COUNTIES, _WEIGHT, strict=True):
            rng = dice(span.seed, name, county, month.year, month.month)
            value = (
                weight
                * per_head
                * (1 + 0.1 * math.cos(2 * math.pi * (month.month - 1) / 12))
                * rng.lognormvariate(0, 0.08)
            )
            rows.append([f"{month.year}", f"{month.month}", county, text(value, digits)])
    return rows


def complaints(span: Span) -> Sheet:
    """STAT_P_134: complaints about nuisances by county and kind."""
    kinds = (("空氣污染", 2.1), ("異味污染物", 3.0), ("噪音", 4.2), ("廢棄物", 1.6), ("環境衛生", 3.3), ("水污染", 0.7))
    rows = [[*row[:3], kind, row[3]] for kind, rate in kinds for row in _by_county(span, "complaint" + kind, rate, 0)]
    return Sheet(("year", "month", "county", "kind", "cases"), rows)


def general_waste(span: Span) -> Sheet:
    """STAT_P_126: municipal waste by county, tonnes."""
    return Sheet(("year", "month", "county", "tonnes"), _by_county(span, "waste", 410.0, 0))


def recycling(span: Span) -> Sheet:
    """WR_P_13: recovered regulated recyclables by item, kilograms; thousands separated by commas, as the office sends."""
    rows = []
    for month in months(span):
        for number, item in enumerate(RECYCLED):
            rng = dice(span.seed, "recycle", item, month.year, month.month)
            kilos = 4e6 / (1 + number * 0.35) * rng.lognormvariate(0, 0.12)
            rows.append([f"{month:%Y%m}", item, f"{kilos:.0f}"])
    return Sheet(("yearmonth", "itemname", "weightkg"), rows)


def incinerators(span: Span) -> Sheet:
    """FAC_S_02: monthly operation of the waste-to-energy plants."""
    rows = []
    for month in months(span):
        for plant in points("plant"):
            rng = dice(span.seed, "plant", plant.siteid, month.year, month.month)
            burnt = 21_000 * rng.lognormvariate(0, 0.25)
            power = burnt * 0.52 * rng.uniform(0.9, 1.1)
            down = rng.random() < 0.02
            rows.append([plant.siteid, plant.name, plant.county, plant.group, f"{month:%Y-%m-01}", *(["停爐"] * 3 if down else
                        [text(burnt, 1), text(power, 1), text(power * 0.77, 1)])])  # fmt: skip
    heads = ("plantid", "plantname", "county", "operator", "month", "incinerated", "generated", "sold")
    return Sheet(heads, rows)


def aqi_overview(span: Span) -> Sheet:
    """STAT_P_115: station-days by class of the air quality index, by county and month."""
    rows = []
    for month in months(span):
        winter = math.cos(2 * math.pi * (month.month - 1) / 12)
        for county in COUNTIES:
            rng = dice(span.seed, "classes", county, month.year, month.month)
            days = 30 * rng.randint(2, 8)
            bad = round(days * max(0.0, 0.05 + 0.05 * winter + rng.gauss(0, 0.02)))
            good = round((days - bad) * min(0.95, max(0.05, 0.55 - 0.2 * winter + rng.gauss(0, 0.08))))
            rows.append(
                [f"{month.year}", f"{month.month}", county, str(days), str(good), str(days - good - bad), str(bad)]
            )
    heads = ("year", "month", "county", "stationdays", "good", "moderate", "unhealthy")
    return Sheet(heads, rows)


def river_lengths(span: Span) -> Sheet:
    """STAT_P_120: length of the main rivers by degree of pollution, per cent, by month."""
    rows = []
    for month in months(span):
        rng = dice(span.seed, "lengths", month.year, month.month)
        shares = [rng.gauss(m, s) for m, s in ((65, 2.5), (9, 1), (23, 2), (3, 0.6))]
        total = sum(shares)
        rows.append([f"{month.year}", f"{month.month}", *(text(100 * s / total, 1) for s in shares)])
    return Sheet(("year", "month", "unpolluted", "light", "moderate", "severe"), rows)


def noise_periods(span: Span) -> Sheet:
    """NOS_P_03: ambient noise checks by county, quarter and period of the day."""
    rows = []
    for month in months(span, 3):
        for county, weight in zip(COUNTIES, _WEIGHT, strict=True):
            for period in NOISE_PERIODS:
                rng = dice(span.seed, "noise", county, period, month.year, month.month)
                checks = 4 + weight // 12
                bad = sum(rng.random() < 0.07 for _ in range(checks))
                rows.append([f"{month.year}", f"{(month.month + 2) // 3}", county, period, str(checks), str(bad),
                             text(rng.gauss({"日間": 61, "晚間": 57, "夜間": 52}[period], 3), 1)])  # fmt: skip
    return Sheet(("year", "quarter", "county", "period", "checks", "failed", "leq"), rows)


def noise_stations(span: Span) -> Sheet:
    """NOS_P_08: noise monitoring stations, one or two a county."""
    rows = []
    for number, county in enumerate(COUNTIES * 2, start=1):
        rng = dice(span.seed, "noisestation", number)
        zone, kind = pick(rng, ("第一類", "第二類", "第三類", "第四類")), pick(rng, ("環境音量", "道路交通音量"))
        rows.append([f"N{number:03d}", f"{county}模擬噪音站{number}", county, zone, kind])
    return Sheet(("stationid", "stationname", "county", "controlzone", "kind"), rows)


def greenhouse_gases(span: Span) -> Sheet:
    """GHG_P_01: yearly emissions by gas, kilotonnes of CO2 equivalent; Chinese column names, as in the original."""
    rows = []
    for year in range(span.start.year, span.end.year + 1):
        for gas, level in GASES:
            rng = dice(span.seed, "ghg", gas, year)
            value = level * (1 - 0.008 * (year - 2005)) * rng.lognormvariate(0, 0.015)
            rows.append([str(year), gas, text(value, 2), "千公噸二氧化碳當量"])
    return Sheet(("年度", "氣體別", "排放量", "單位"), rows)


def footprints(span: Span) -> Sheet:
    """CFP_P_02: carbon footprint factors of goods and services."""
    rows = []
    for number, (name, unit, factor) in enumerate(GOODS, start=1):
        rng = dice(span.seed, "footprint", name)
        rows.append(
            [
                f"CF{number:04d}",
                name,
                text(factor * rng.uniform(0.95, 1.05), 3),
                "公斤CO2e",
                unit,
                str(2019 + number % 5),
            ]
        )
    return Sheet(("code", "name", "coefficient", "unit", "perunit", "announcementyear"), rows)


def eco_products(span: Span) -> Sheet:
    """GP_P_02: products with the environmental mark."""
    kinds = ("辦公室用具", "資訊產品", "清潔用品", "建材", "家電", "省水產品")
    rows = []
    for number in range(1, 301):
        rng = dice(span.seed, "eco", number)
        start = 2022 + rng.randrange(4)
        kind = pick(rng, kinds)
        begin, end = f"{start}-{rng.randint(1, 12):02d}-01", f"{start + 3}-{rng.randint(1, 12):02d}-28"
        rows.append([f"{number:05d}", f"模擬{kind}{number}", kind, f"模擬廠商{rng.randint(1, 60)}", begin, end])
    return Sheet(("licenseno", "productname", "category", "company", "validfrom", "validto"), rows)
