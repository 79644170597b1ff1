"""Addresses of Taiwan: read part by part, in today's names, and told no further than a level allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.privacy.rules import (
    Level,
    generalise_address,
    generalise_point,
    normalise_address,
    parse_address,
    parse_addresses,
)
from qingliu.privacy.rules.folding import fold
from qingliu.privacy.rules.numerals import chinese, to_number
from qingliu.standards.areas import counties, counties_with, find_area, townships


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("臺北市中正區中華路一段8號", {"county": "臺北市", "township": "中正區", "road": "中華路一段", "number": "8"}),
        (
            "100台北市中正區中華路1段８號",
            {"county": "臺北市", "township": "中正區", "road": "中華路一段", "number": "8"},
        ),
        ("台北縣板橋市中山路1段10號3樓之2", {"county": "新北市", "township": "板橋區", "number": "10", "floor": "3-2"}),
        ("桃園縣中壢市內定里12鄰內定五街5號", {"county": "桃園市", "township": "中壢區", "village": "內定里"}),
        ("高雄縣三民鄉民生村2號", {"county": "高雄市", "township": "那瑪夏區"}),
        ("臺南市西區民族路三段3號", {"county": "臺南市", "township": "中西區"}),
        ("臺中市南屯區臺中市工業區一八路29號", {"township": "南屯區", "road": "工業區一八路", "number": "29"}),
        ("嘉義縣溪口鄉柳溝村柳子溝五○之一號", {"village": "柳溝村", "locality": "柳子溝", "number": "50-1"}),
        (
            "新北市三重區某路12巷3弄4衖5號6樓7室",
            {"lane": "12", "alley": "3", "sub_alley": "4", "floor": "6", "room": "7"},
        ),
        ("屏東縣鹽埔鄉彭新段七四一之二地號", {"section": "彭新段", "land_number": "741-2", "number": ""}),
        ("臺南市仁德區車路墘段701地號", {"section": "車路墘段", "road": "", "land_number": "701"}),
        ("雲林縣臺西鄉尚德段一八九八、一八九九地號", {"land_number": "1898、1899"}),
        ("彰化縣埤頭鄉和豐村６號巷７２號", {"lane": "6", "number": "72"}),
        ("高雄市橋頭區里林東路23號", {"township": "橋頭區", "road": "里林東路"}),
        ("高雄市路竹區路竹段1007-1地號", {"township": "路竹區", "section": "路竹段"}),
        ("臺中市大雅區\ue123村永和路6號", {"village": "\ue123村", "road": "永和路"}),
    ],
)
def test_an_address_is_read_into_its_parts(text: str, parts: dict[str, str]) -> None:
    address = parse_address(text)
    assert {k: getattr(address, k) for k in parts} == parts


@pytest.mark.parametrize(
    ("text", "hints", "county", "filled"),
    [
        ("鹽埔鄉維新路12號", {}, "屏東縣", ("county",)),
        ("屏東鹽埔鄉維新路12號", {}, "屏東縣", ("county",)),
        ("信義區東信路1號", {}, "", ()),
        ("信義區東信路1號", {"county": "基隆市"}, "基隆市", ("county",)),
        ("信義區東信路1號", {"county": "高雄市"}, "", ()),
        ("鹽埔鄉維新路12號", {"county": "高雄市"}, "屏東縣", ("county",)),
        ("東信路1號", {"county": "基隆市", "township": "信義區"}, "基隆市", ("county", "township")),
        ("臺北市東信路1號", {"county": "基隆市", "township": "信義區"}, "臺北市", ()),
    ],
)
def test_a_missing_county_is_filled_only_when_certain(
    text: str, hints: dict[str, str], county: str, filled: tuple[str, ...]
) -> None:
    address = parse_address(text, **hints)
    assert address.county == county
    assert set(filled) <= set(address.filled)
    assert bool(address.filled) == bool(filled)


def test_several_addresses_in_a_cell_share_the_county_that_is_said_once() -> None:
    cell = "屏東縣鹽埔鄉某華段九八五地號,某華段九九一地號;高雄市大寮區某路1號"
    assert [(a.county, a.township, a.land_number or a.number) for a in parse_addresses(cell)] == [
        ("屏東縣", "鹽埔鄉", "985"),
        ("屏東縣", "鹽埔鄉", "991"),
        ("高雄市", "大寮區", "1"),
    ]


LADDER = "台北縣板橋市某里3鄰中山路1段10巷2號3樓之1"


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (Level.FULL, LADDER),
        (Level.ROAD, "新北市板橋區中山路一段"),
        (Level.DISTRICT, "新北市板橋區"),
        (Level.COUNTY, "新北市"),
        (Level.HIDDEN, ""),
    ],
)
def test_the_ladder_shows_less_at_each_step(level: Level, shown: str) -> None:
    assert generalise_address(LADDER, level) == shown


@pytest.mark.parametrize("text", ["方大同家", "不詳", "1號", "信義區東信路1號", "Taipei 101", ""])
def test_what_cannot_be_read_is_not_shown(text: str) -> None:
    assert generalise_address(text, Level.DISTRICT) in {"", "信義區"}
    assert generalise_address(text, Level.COUNTY) == ""


def test_one_place_written_in_many_ways_has_one_key() -> None:
    ways = (
        "新北市板橋區中山路一段10號3樓",
        "220新北市板橋區某里5鄰中山路1段１０號3樓",
        "台北縣板橋市中山路一段十號三樓",
        "新北市 板橋區 中山路1段10號3F",
    )
    assert len({normalise_address(w) for w in ways}) == 1
    assert normalise_address(ways[0]) != normalise_address("新北市板橋區中山路一段11號3樓")


def test_a_point_follows_the_level_of_its_address() -> None:
    area = find_area("屏東縣", "鹽埔鄉")
    assert area
    assert generalise_point(120.5723, 22.7548, Level.FULL, area) == (120.5723, 22.7548)
    assert generalise_point(120.5723, 22.7548, Level.ROAD, area) == (120.57, 22.75)
    assert generalise_point(120.5723, 22.7548, Level.DISTRICT, area) == (area.lon, area.lat)
    county = find_area("屏東縣")
    assert county
    assert generalise_point(120.5723, 22.7548, Level.COUNTY, area) == (county.lon, county.lat)
    assert generalise_point(120.5723, 22.7548, Level.HIDDEN, area) is None
    assert generalise_point(120.5723, 22.7548, Level.DISTRICT, None) is None


def test_every_county_and_township_is_found_by_both_spellings_of_tai() -> None:
    assert (len(counties()), len(townships())) == (22, 368)
    for area in townships():
        assert find_area(area.county.replace("臺", "台"), area.township.replace("臺", "台")) == area
        assert area.county in counties_with(area.township)
        assert parse_address(f"{area.name}中山路1號").code == area.code


@given(st.integers(1, 99))
def test_chinese_numerals_go_there_and_back(number: int) -> None:
    assert to_number(chinese(str(number))) == number


@given(st.text(max_size=40))
def test_any_text_can_be_folded_parsed_and_generalised(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert parse_address(text).text == text
    assert generalise_address(text, Level.HIDDEN) == ""
    known = {a.county for a in counties()}
    assert all(c in known for c in generalise_address(text, Level.COUNTY).split("、") if c)
