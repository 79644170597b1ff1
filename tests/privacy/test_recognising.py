"""Personal data inside text: found for what it looks like, at its place in the original, and masked without touching the rest."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.privacy.rules import Kind, Level, classify_name, mask_text, parse_addresses, recognise, suspicious
from qingliu.privacy.rules.folding import fold
from qingliu.privacy.rules.name_model import both_ways, words_cost
from qingliu.privacy.rules.numbers import checksum_holds
from qingliu.privacy.rules.places import is_an_address
from tests.privacy.cast import sentences

LEAST = 0.95


def valid(start: str) -> str:
    """``start`` (nine characters of an ID) with its right check digit."""
    return next(start + str(d) for d in range(10) if checksum_holds(start + str(d)))


def spoilt(number: str) -> str:
    """``number`` with a wrong check digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


CITIZEN, NEWCOMER, RESIDENT = valid("F13123221"), valid("H80012345"), valid("AC0123456")


def found(text: str) -> list[tuple[str, str]]:
    """Kind and characters of everything recognised in ``text``."""
    return [(s.kind.value, text[s.start : s.end]) for s in recognise(text)]


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_names_in_300_sentences(seed: int) -> None:
    told = [(text, name, [w for k, w in found(text) if k == "name"]) for text, name in sentences(seed)]
    right = sum(bool(name) and name in words for _, name, words in told)
    wrong = [(text, w) for text, name, words in told for w in words if w != name]
    missed = [text for text, name, words in told if name and name not in words]
    assert right / sum(bool(name) for _, name, _ in told) >= LEAST, missed
    assert right / (right + len(wrong)) >= LEAST, wrong


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (f"負責人證號{CITIZEN}號", "national_id", CITIZEN),
        (f"身分證字號：{spoilt(CITIZEN)}", "national_id", spoilt(CITIZEN)),
        (f"移工{NEWCOMER}在場", "resident_number", NEWCOMER),
        (f"居留證{RESIDENT}", "resident_number", RESIDENT),
        ("持護照號碼300123456入境", "passport", "300123456"),
        ("手機0933-111-222聯絡", "mobile", "0933-111-222"),
        ("手機０９３３１１１２２２聯絡", "mobile", "０９３３１１１２２２"),
        ("電話+886-933-111-222", "mobile", "+886-933-111-222"),
        ("電話+886 933111222", "mobile", "+886 933111222"),
        ("洽0933.111.222", "mobile", "0933.111.222"),
        ("電話(02)2345-6789分機12", "landline", "(02)2345-6789分機12"),
        ("電話：049-2345678#3", "landline", "049-2345678#3"),
        ("電話0223456789", "landline", "0223456789"),
        ("請寄 somebody.else@example.org。", "email", "somebody.else@example.org"),
        ("車號：XYZ-5678排放黑煙", "plate", "XYZ-5678"),
        ("車牌5678-XY號", "plate", "5678-XY"),
        ("半拖車（車號:56-XY）", "plate", "56-XY"),
        ("機車XY9-568停於", "plate", "XY9-568"),
        ("住台北縣板橋市中山路1段10號3樓之2，", "address", "台北縣板橋市中山路1段10號3樓之2"),
        ("位於鹽埔鄉維新路１２號旁", "address", "鹽埔鄉維新路１２號"),
        ("坐落屏東縣鹽埔鄉彭厝段123-4地號土地", "address", "屏東縣鹽埔鄉彭厝段123-4地號"),
        ("住家座標24.123456,120.654321", "coordinates", "24.123456,120.654321"),
        ("出生年月日：民國67年8月10日", "birth_date", "民國67年8月10日"),
    ],
)  # fmt: skip
def test_each_kind_is_found_beside_chinese_characters(text: str, kind: str, words: str) -> None:
    assert (kind, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "環署空字第0930065478號公告",  # a document of ROC year 93, not a mobile number
        "廢污泥混合物(D-0902)及廢塑膠(R-0201)",
        "管制編號E56A0123",
        "依據ISO-9001及CNS-1234",
        "統一編號12345678",
        "府授環空字第1090040275號函",
        "裁處書字號40-109-070006",
        f"批號X{CITIZEN}9",  # part of a longer number
        f"代碼{spoilt(CITIZEN)}",  # a wrong check digit, and nothing says that it is an ID
        "放流水COD 123.456 mg/L",
        "排放黑煙不透光率為2.5m-1",
        "2020-07-30 13:05:00",
        "120.5",
        "高雄市",
        "良好",
        "方才於現場",
    ],
)
def test_what_only_resembles_personal_data_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_plate_form_inside_a_document_number_is_told_and_not_masked() -> None:
    text = "操證字第XYZ-5678號"
    (span,) = recognise(text)
    assert (span.kind, span.confidence < 0.5) == (Kind.PLATE, True)
    assert mask_text(text, [span]) == text


@pytest.mark.parametrize("part", ["三段", "3段", "３段", "十二段"])
def test_a_section_of_a_road_begins_no_name(part: str) -> None:
    for text in (f"和安里大新路{part}永斌１巷２５弄２號", f"臺中市西屯區大新路{part}永斌巷２號"):
        assert not [s for s in recognise(text) if s.kind == "name"]


def test_masking_a_sentence_leaves_everything_else() -> None:
    text = f"駕駛人方大同（{CITIZEN}，手機０９３３－１１１－２２２）駕駛XYZ-5678，住台北縣板橋市中山路1段10號，逃逸。"
    masked = "駕駛人方○同（F13*****16，手機０９３３－***－***）駕駛XYZ-****，住新北市板橋區，逃逸。"
    assert mask_text(text, recognise(text)) == masked
    assert "新北市，逃" in mask_text(text, recognise(text), level=Level.COUNTY)


def test_a_name_once_known_is_masked_wherever_it_stands_again() -> None:
    text = "行為人方大同到場。經詢方大同君，方大同於108年傾倒；方大同畜牧場則未受罰。"
    assert mask_text(text, recognise(text)).count("方大同") == 1


@given(st.text(max_size=80))
def test_spans_of_any_text_lie_in_it_in_order_and_apart(text: str) -> None:
    spans = recognise(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert not spans or suspicious(text)


@given(st.text(max_size=20), st.sampled_from(["０９３３－１１１－２２２", "Ａ", "ｘ＠ｙ．ｏｒｇ"]))
def test_full_width_text_keeps_its_places(before: str, number: str) -> None:
    text = before + "。" + number
    for span in recognise(text):
        assert span.end <= len(text)


@pytest.mark.parametrize(
    "unit", ["行為人方大同於本市中山路1段10號傾倒，手機0933-111-222。", "君", "(", "方大同、", "0933-", "王"]
)
def test_a_long_text_costs_in_proportion_to_its_length(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    recognise(text)
    parse_addresses(text)
    classify_name(text)
    assert time.process_time() - started < 15


def test_fifty_thousand_short_cells_a_second() -> None:
    cells = [
        "良好",
        "屏東縣",
        "120.5123",
        "2020-07-30",
        "金屬表面處理業",
        "60000",
        "-",
        "1",
        "水污染",
        "E5600123",
    ] * 5000
    started = time.process_time()
    assert sum(len(recognise(c)) for c in cells) == 0
    assert len(cells) / (time.process_time() - started) > 50_000


@pytest.mark.parametrize("role", ["採樣人員", "填表人", "檢測人員", "審核人："])
def test_who_sampled_or_filled_in_is_found_and_the_role_alone_is_not(role: str) -> None:
    found = recognise(f"{role}林淑玲協助")
    assert [(s.kind, s.start, s.end) for s in found] == [(Kind.NAME, len(role), len(role) + 3)]
    assert recognise(f"{role.rstrip('：')}應配戴識別證") == ()


@pytest.mark.parametrize("place", ["蔡公溝", "林風巷", "柳仔頂", "許家營"])
def test_a_hamlet_or_lane_of_an_address_is_no_name(place: str) -> None:
    for text in (
        f"嘉義縣新港鄉{place}２５之６號",
        f"臺南市六甲區{place}段六七三地號",
        f"屏東縣恆春鎮大南路{place}２２、２４號",
    ):
        assert not [s for s in recognise(text) if s.kind == "name"], text


def test_a_person_at_an_address_is_still_found() -> None:
    text = "嘉義縣新港鄉大林路25號負責人蔡公銘未到"
    assert [text[s.start : s.end] for s in recognise(text) if s.kind == "name"] == ["蔡公銘"]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("桃園市觀音區成功路二段99號", True), ("台中市西區民權路12號3樓", True), ("高雄市楠梓區藍田西段103地號", True),
        ("新北市永和區中和路12號1至3樓", True), ("雲林縣崙背鄉中厝段三八八、三八九之一地號等二筆", True),
        ("桃園市觀音區成功路二段99號方大同", False), ("方大同桃園市觀音區成功路二段99號", False), ("成功路二段99號", False),
        ("桃園市觀音區成功路二段99號，負責人方大同", False), ("桃園市方大同住處", False),
    ],
)  # fmt: skip
def test_an_address_and_no_more_is_not_searched_for_names(text: str, whole: bool) -> None:
    assert is_an_address(fold(text)) is whole


@given(st.text("臺中市西區民權路方大同號樓之、12三 段地負責人", max_size=24))
def test_both_ways_of_cutting_a_text_into_words_cost_the_same(text: str) -> None:
    forth, back = both_ways(text)
    assert forth == words_cost(text)
    assert forth[-1] == back[0]
    assert back == words_cost_from_the_end(text)


def words_cost_from_the_end(text: str) -> list[int]:
    return [words_cost(text[i:])[-1] for i in range(len(text) + 1)]
