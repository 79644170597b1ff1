"""Feeds of registers: regulated facilities, penalties, vehicles, chemicals, contaminated sites. All names are invented."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

from qingliu.core.clock import roc_year
from qingliu.pipeline.simulation.network import COUNTIES, Point, points
from qingliu.pipeline.simulation.noise import dice, pick
from qingliu.pipeline.simulation.sheet import Sheet, Span, text

_FIRST = ("宏", "昇", "永", "台", "東", "新", "大", "合", "立", "光", "信", "華")
_SECOND = ("達", "豐", "隆", "盛", "億", "昌", "泰", "興", "源", "茂")
_TRADES = (
    ("金屬表面處理業", "表面處理"), ("印刷電路板製造業", "電子"), ("紡織業", "紡織"), ("食品製造業", "食品"),
    ("畜牧業(豬飼育業)", "畜牧場"), ("營建工程業", "營造"), ("廢棄物處理業", "環保"), ("化學材料製造業", "化工"),
)  # fmt: skip
_KINDS = ("空氣污染", "水污染", "廢棄物", "毒性化學物質")
_LETTERS = "CAFHOJKBNMPIQDSTGUVXWZ"  # letter of each county in control numbers, in the order of COUNTIES
_TOWNS = ("中正區", "東區", "西區", "北區", "南區", "中山區", "信義區")
_PEOPLE = ("趙一安", "歐陽試算", "周模擬", "許範例", "鄭假名", "曾樣本")  # invented, and seen to be
_LAWS = ("廢棄物清理法第27條第2款", "水污染防治法第7條第1項", "空氣污染防制法第20條第1項", "噪音管制法第9條第1項")
_HERE = Path(__file__).parent


def _company(rng: Random) -> tuple[str, str]:
    trade, word = pick(rng, _TRADES)
    return f"模擬{pick(rng, _FIRST)}{pick(rng, _SECOND)}{word}股份有限公司", trade


def _spot(rng: Random, county: str) -> tuple[str, str]:
    """Coordinates near one of the county's points, or none."""
    near: list[Point] = [p for kind in ("plant", "river", "well") for p in points(kind) if p.county == county]
    if not near or rng.random() < 0.04:
        return "", ""
    home = pick(rng, near)
    return f"{home.lon + rng.uniform(-0.04, 0.04):.6f}", f"{home.lat + rng.uniform(-0.04, 0.04):.6f}"


def _control_no(county: str, number: int) -> str:
    return f"{_LETTERS[COUNTIES.index(county)]}{number:07d}"


def facilities(span: Span) -> Sheet:
    """EMS_S_01: facilities under permit, and those released from it."""
    rows = []
    for number in range(1, 1501):
        rng = dice(span.seed, "facility", number)
        county = pick(rng, COUNTIES)
        name, trade = _company(rng)
        lon, lat = _spot(rng, county)
        kinds = ";".join(k for k in _KINDS if rng.random() < 0.4) or "廢棄物"
        gone = rng.random() < 0.12
        town = pick(rng, _TOWNS)
        released = f"{date(2018, 1, 1) + timedelta(days=rng.randrange(2500)):%Y/%m/%d}" if gone else ""
        rows.append([_control_no(county, number), name, f"{rng.randrange(10**7, 10**8)}", county, town,
                     f"{county}{town}模擬路{rng.randint(1, 300)}號", trade, kinds, lon, lat, "解除列管" if gone else "列管中",
                     released])  # fmt: skip
    heads = ("emsno", "facilityname", "uniformno", "county", "township", "facilityaddress", "industryname", "controltype",
             "longitude", "latitude", "status", "releasedate")  # fmt: skip
    return Sheet(heads, rows)


def penalties(span: Span) -> Sheet:
    """EMS_P_46: penalties with names and addresses in columns and in free text, all invented."""
    rows = []
    for number in range(1, 401):
        rng = dice(span.seed, "penalty", number)
        county = pick(rng, COUNTIES)
        name, _ = _company(rng)
        person = pick(rng, _PEOPLE)
        day = (span.end - timedelta(days=rng.randrange(30, 700))).date()
        law, money = pick(rng, _LAWS), pick(rng, (1200, 3000, 6000, 60000, 100000, 300000))
        town = pick(rng, _TOWNS)
        address = f"{county}{town}模擬路{rng.randint(1, 300)}號"
        fact = f"稽查時現場負責人{person}（電話0900-000-000）陳述：未妥善處理，違反{law}。"
        sole = rng.random() < 0.1
        deadline = f"{day + timedelta(days=45)}" if rng.random() < 0.4 else ""
        rows.append([_control_no(county, number), f"模擬{person}商行" if sole else name, county,
                     f"30-{roc_year(day)}-{number:06d}", f"{day - timedelta(days=20)}", law, str(money), str(day),
                     "1" if rng.random() < 0.05 else "0", pick(rng, _KINDS), address, person if sole else name, fact,
                     f"罰鍰新臺幣{money}元整。", deadline, address])  # fmt: skip
    heads = ("ems_no", "fac_name", "county_name", "document_no", "transgress_date", "transgress_law", "penalty_money",
             "penalty_date", "ispetition", "transgress_type", "fac_address", "transgress_name", "openinfor", "subject",
             "improve_deadline", "transgress_address")  # fmt: skip
    return Sheet(heads, rows)


def vehicles(span: Span) -> Sheet:
    """WR_P_17: waste removal vehicles, with ROC dates. One date is planted wrong on purpose: see demo/README.md."""
    rows = []
    for number in range(1, 1201):
        rng = dice(span.seed, "vehicle", number)
        county = pick(rng, COUNTIES)
        name, _ = _company(rng)
        day = date(2019, 1, 1) + timedelta(days=rng.randrange(2400))
        told = f"{roc_year(day)}/{day:%m/%d}" if number != 714 else "114/02/30"
        kind = pick(rng, ("曳引車", "抓斗車", "密封式垃圾車", "傾卸式貨車", "槽車"))
        rows.append([_control_no(county, number), name, county, f"模擬-{number:04d}", kind,
                     str(rng.choice((8, 11, 15, 21, 26, 35))), "Y" if rng.random() < 0.93 else "N", told])  # fmt: skip
    return Sheet(("管制編號", "機構名稱", "縣市", "車號", "車種", "總重噸數", "已裝置GPS", "登記日期"), rows)


def inspections(span: Span) -> Sheet:
    """FAC_P_91: values of media sampled by inspectors, with the place of sampling."""
    items = (("廢水", "化學需氧量", "mg/L", 180.0), ("廢水", "銅", "mg/L", 1.4), ("廢水", "懸浮固體", "mg/L", 45.0),
             ("土壤", "鋅", "mg/kg", 260.0), ("底泥", "鎳", "mg/kg", 31.0))  # fmt: skip
    rows = []
    for number in range(1, 501):
        rng = dice(span.seed, "inspection", number)
        county = pick(rng, COUNTIES)
        medium, item, unit, middle = pick(rng, items)
        day = (span.end - timedelta(days=rng.randrange(10, 1000))).date()
        value = "ND" if rng.random() < 0.05 else text(middle * rng.lognormvariate(0, 0.7), 2)
        town = pick(rng, _TOWNS)
        rows.append([f"SIM{number:06d}", str(day), county, town, f"{county}{town}模擬路{rng.randint(1, 300)}號旁", medium, item,
                     value, unit])  # fmt: skip
    heads = ("sample_no", "sample_date", "county", "township", "sample_address", "medium", "item", "value", "unit")
    return Sheet(heads, rows)


def chemicals(span: Span) -> Sheet:
    """TOXIC_S_01: listed toxic chemicals: real names, CAS numbers and classes; toxicology figures are simulated."""
    with (_HERE / "chemicals.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.reader(file))[1:]
    rows = []
    for number, zh, english, cas, formula, kind in listed:
        rng = dice(span.seed, "toxic", cas)
        dose = "NA" if rng.random() < 0.1 else text(rng.lognormvariate(5.0, 1.2), 0)
        rows.append([number, zh, english, cas, formula, kind, dose, "Y" if rng.random() < 0.4 else "N"])
    heads = (
        "listno",
        "chemicalchinesename",
        "chemicalenglishname",
        "casno",
        "formula",
        "toxicclass",
        "ld50",
        "carcinogenic",
    )
    return Sheet(heads, rows)


def contaminated_sites(span: Span) -> Sheet:
    """EMS_S_07: contaminated sites, with areas as text and sentinel words."""
    metals = ("鉛", "銅", "鋅", "鎳", "鉻", "鎘", "汞", "砷")
    rows = []
    for number in range(1, 401):
        rng = dice(span.seed, "site", number)
        county = pick(rng, COUNTIES)
        kind = pick(rng, ("農地", "農地", "農地", "工廠", "加油站", "其他"))
        lon, lat = _spot(rng, county)
        soil = ";".join(m for m in metals if rng.random() < 0.25) or "-無資料-"
        water = f"苯:{text(rng.lognormvariate(-2, 1), 3)}(mg/L)" if rng.random() < 0.15 else "-無資料-"
        day = (span.end - timedelta(days=rng.randrange(100, 6000))).date()
        rows.append([_control_no(county, number)[:1] + f"{number:05d}", f"模擬場址第{number}號", kind, county, pick(rng, _TOWNS),
                     f"{rng.randrange(60, 40000):,}平方公尺", pick(rng, ("公告為控制場址", "公告解除控制場址", "公告為整治場址")),
                     soil, water, f"{day}", lon, lat])  # fmt: skip
    heads = ("siteno", "sitename", "sitetype", "county", "township", "sitearea", "status", "soilpollutant", "gwpollutant",
             "announcedate", "longitude", "latitude")  # fmt: skip
    return Sheet(heads, rows)
