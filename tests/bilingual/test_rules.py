"""Parity, wording and levels as functions over values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qingliu.bilingual.rules import glossary, levels, memory, numbers, texts
from qingliu.bilingual.rules.wording import Stock, Worder
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.standards import definition

ROOT = Path(__file__).parents[2]
EMPTY = Stock(glossary.words(), {}, {})
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def record(*fields: FieldRecord, title: Text = Text("測值", "Readings")) -> DatasetRecord:
    """A dataset with these columns."""
    whole = Text("測試", "Test")
    return DatasetRecord("T", title, whole, "moenv", whole, whole, "air", fields)


def field(name: str, role: str = "", **more: str) -> FieldRecord:
    """A text column."""
    return FieldRecord(name, "string", Text("欄", "Column"), role=role, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("豐原測站小時值（民國103年）", "Fengyuan station, hourly values 2014"),
        ("裁處資料（100年至106年）", "Penalties (2011 to 2017)"),
        ("18 個測項，由一日一列整成一時一列", "18 items, made into one row an hour"),
        ("臭氧8小時移動平均", "Ozone, 8-hour moving average"),
        ("一站一列，三個月", "One row a station, 3 months"),
        ("PM2.5 與 AQX_P_432", "Fine particles"),
        ("共１，２３４筆", "1,234 rows"),
        ("7 月的值", "The value of July"),
        ("二十三種", "23 kinds"),
    ],
)
def test_the_same_numbers_in_both_ways_of_writing_are_no_finding(zh: str, en: str) -> None:
    assert numbers.differing(zh, en) == ((), ())


@pytest.mark.parametrize(
    ("zh", "en", "only_zh", "only_en"),
    [
        ("共 78 站", "76 stations in all", (78.0,), (76.0,)),
        ("民國103年", "In 2015", (103.0,), (2015.0,)),
        ("每 8 小時", "Every hour", (8.0,), ()),
    ],
)
def test_numbers_that_differ_are_told(zh: str, en: str, only_zh: tuple[float, ...], only_en: tuple[float, ...]) -> None:
    assert numbers.differing(zh, en) == (only_zh, only_en)


def test_missing_untranslated_and_older_texts_are_findings() -> None:
    one = record(field("x"), title=Text("標題", "標題"))
    by_place = {f.place: f.rule for f in texts.findings(replace(one, description=Text("說明", "")), {})}
    assert by_place == {"title": "bilingual/untranslated", "description": "bilingual/missing"}
    seen = {"title": texts.Seen(DAY + timedelta(days=2), DAY)}
    (older,) = texts.findings(record(field("x")), seen)
    assert (older.rule, older.place) == ("bilingual/older", "title")
    assert "English did not follow the change of 2026-01-03" in older.reason.en


def test_a_language_that_catches_up_is_no_longer_older() -> None:
    late = DAY + timedelta(days=1)
    even = texts.Seen(DAY, DAY)
    assert texts.moved(even, zh=True, en=False, at=late) == (late, DAY)
    assert texts.moved(texts.Seen(late, DAY), zh=False, en=True, at=late) == (late, late)
    assert texts.moved(even, zh=True, en=True, at=late) == (late, late)


@pytest.mark.parametrize(
    ("column", "zh", "en", "origin"),
    [
        (field("county", "county"), "臺北市", "Taipei City", "area"),
        (field("county", "county"), "臺南縣", "Tainan City", "area"),
        (field("s", property="Environment/Air/ObservationData/Status"), "良好", "Good", "list"),
        (field("x"), "公噸", "tonnes", "list"),
        (field("x"), "1,234平方公尺", "1,234 square metres", "built"),
        (field("x"), "鉛;汞", "Lead; Mercury", "built"),
        (field("x"), "苯:0.5988(mg/L)", "Benzene: 0.5988 (mg/L)", "built"),
        (field("x"), "臺北市政府環境保護局", "Environmental Protection Bureau, Taipei City", "built"),
        (field("i", "item_name"), "二氧化硫", "Sulphur dioxide", "glossary"),
    ],
)
def test_cells_are_worded_by_rule_and_the_rule_is_named(column: FieldRecord, zh: str, en: str, origin: str) -> None:
    word = Worder(record(column), column, EMPTY).word(zh)
    assert word
    assert (word.en, word.origin) == (en, origin)


def test_stations_are_worded_from_memory_and_by_their_places() -> None:
    column = field("sitename", "station_name")
    stock = Stock(glossary.words(), {"station": {"南投": "Nantou"}}, {})
    worder = Worder(record(column), column, stock)
    said = {zh: worder.word(zh) for zh in ("南投", "南投（鹿谷）", "台中市（和平區）", "萬里", "某站")}
    assert {zh: w.en if w else None for zh, w in said.items()} == {
        "南投": "Nantou",
        "南投（鹿谷）": "Nantou (Lugu)",
        "台中市（和平區）": said["台中市（和平區）"].en if said["台中市（和平區）"] else "",
        "萬里": "Wanli",
        "某站": None,
    }


@pytest.mark.parametrize("role", ["address", "facility_name", "person_name", "free_text"])
def test_names_of_people_and_firms_addresses_and_free_text_are_never_worded_by_rule(role: str) -> None:
    column = field("x", role)
    assert Worder(record(column), column, EMPTY).word("臺北市") is None


def test_what_a_person_says_goes_before_every_rule_and_may_forbid_one() -> None:
    column = field("county", "county")
    said = Stock(glossary.words(), {}, {("T", "county", "臺北市"): "Taipei", ("T", "county", "高雄市"): ""})
    worder = Worder(record(column), column, said)
    word = worder.word("臺北市")
    assert word
    assert (word.en, word.origin) == ("Taipei", "person")
    assert worder.word("高雄市") is None


def test_each_level_needs_the_one_before() -> None:
    whole, part = levels.Share(2, 2), levels.Share(1, 2)
    assert [
        levels.Measure(*m).level
        for m in ((part, whole, whole), (whole, part, whole), (whole, whole, None), (whole, whole, whole))
    ] == [0, 1, 2, 3]
    assert levels.Measure(whole, whole, levels.Share(94, 100)).level == 2
    assert levels.Measure(whole, whole, levels.Share(95, 100)).level == 3
    assert levels.edition()["reconstruction"] is True


def test_a_column_of_too_many_words_covers_none_and_says_why() -> None:
    column = field("x")
    counted = [(f"{n}平方公尺", 1) for n in range(levels.MAX_VALUES + 1)]
    found = levels.column(column, counted, Worder(record(column), column, EMPTY))
    assert (found.distinct, found.covered, found.words) == (levels.MAX_VALUES + 1, 0, ())
    (told,) = levels.findings([found])
    assert "English column" in told.remedy.en


def test_rows_that_disagree_teach_nothing() -> None:
    rows = [("松山", "Songshan", 95), ("松山", "Sungshan", 5), ("中山", "Zhongshan", 1), ("中山", "Jhongshan", 1)]
    agreed, rivals = memory.learnt([*rows, ("x", "y", 1), (None, "z", 1), ("臺北", "臺北", 3)])
    assert agreed == {"松山": "Songshan"}
    assert rivals == {"中山": ["Jhongshan", "Zhongshan"]}


def test_all_our_own_definitions_have_page_and_columns_in_both_languages() -> None:
    for path in [*(ROOT / "datasets").glob("*.yaml"), *(ROOT / "demo").glob("*.yaml")]:
        found = texts.places(definition.loads(path.read_text(encoding="utf-8"), str(path)).dataset)
        assert [p.name for p in found if not p.done] == [], path.name
