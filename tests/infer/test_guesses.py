"""Proposals for a new dataset: plausible or absent, and nothing that the file does not say."""

import pytest

from qingliu.core.dataset import DatasetRecord, FieldRecord, Frequency, Text
from qingliu.pipeline.guesses import code_in, guessed, in_english
from qingliu.standards.vocabularies import categories, vocabulary


def record(*headings: str) -> DatasetRecord:
    fields = tuple(FieldRecord(f"c{n}", "number", Text(h, "")) for n, h in enumerate(headings))
    return DatasetRecord(
        code="X_DATA", title=Text("X", ""), description=Text("（請填寫說明）", ""), agency="ttepb",
        agency_name=Text("臺東縣環境保護局", "Taitung County EPB"), unit=Text("", ""), category="other", fields=fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "above", "headings", "title", "category", "often"),
    [
        ("114年環境噪音監測月報.csv", ["臺東縣環境噪音監測月報", "監測期間：民國114年1月至3月"], ["測站"],
         "臺東縣環境噪音監測月報", "noise", "month"),
        ("113年水質裁處.csv", ["臺中市政府環境保護局 113年度水污染裁處統計表", "製表日期：114年1月15日"], ["序號"],
         "臺中市水污染裁處統計表", "enforcement", "year"),
        ("河川水質監測.csv", [], ["測站"], "河川水質監測", "water", ""),
        ("裁處清冊.csv", ["製表日期：114年1月"], ["序號"], "裁處清冊", "enforcement", ""),
        ("112年1月至12月裁處清冊.csv", [], ["序號"], "裁處清冊", "enforcement", ""),
        ("112年3月5日裁處清冊.csv", [], ["序號"], "日裁處清冊", "enforcement", ""),
        ("data.csv", ["一般廢棄物產生量統計表"], ["公所"], "一般廢棄物產生量統計表", "waste", ""),
        ("data.csv", [], ["id", "aqi"], "data", "other", ""),
        ("113年.csv", [], ["a"], "113年", "other", ""),
        ("人員薪資.csv", ["單位：元"], ["姓名"], "人員薪資", "other", ""),
    ],
)  # fmt: skip
def test_title_topic_and_rhythm_come_from_words_that_the_file_says(
    name: str, above: list[str], headings: list[str], title: str, category: str, often: str
) -> None:
    made, _ = guessed(record(*headings), file_name=name, above=above)
    assert (made.title.zh, made.category) == (title, category)
    assert made.frequency == (Frequency(1, often) if often else Frequency(0, "irregular"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["data.csv", "file 2.csv", "113年.csv", "環境部.csv", "量.csv", "人員薪資.csv"])
def test_a_file_that_names_no_topic_gets_no_description_topic_keywords_or_rhythm(name: str) -> None:
    before = record("甲", "乙")
    made, told = guessed(before, file_name=name, above=["附表一", "聯絡電話：請洽承辦"])
    assert made.description == before.description
    assert (made.category, made.keywords, made.frequency) == ("other", (), before.frequency)
    assert {g.field for g in told} <= {"title-zh", "title-en"}


def test_a_description_says_the_agency_the_columns_and_the_period_but_no_sensitive_column() -> None:
    given = record("測站名稱", "溶氧(mg/L)", "負責人")
    hidden = FieldRecord("c2", "string", Text("負責人", ""), sensitivity="personal")
    given = DatasetRecord(
        **{**{n: getattr(given, n) for n in given.__dataclass_fields__}, "fields": (*given.fields[:2], hidden)}
    )
    made, _ = guessed(given, file_name="河川水質監測.csv", above=["監測期間：114年1月至3月"])
    assert made.description == Text(
        "河川水質監測，由臺東縣環境保護局提供。每列包含測站名稱、溶氧。監測期間：114年1月至3月。",
        "River water quality monitoring, provided by Taitung County EPB. Each row holds site name, dissolved oxygen.",
    )


@pytest.mark.parametrize(
    ("heading", "english", "unit"),
    [
        ("日間均能音量(dB(A))", "Daytime equivalent sound level", "dB(A)"),
        ("化學需氧量（mg/L）", "Chemical oxygen demand", "mg/L"),
        ("一般垃圾量(公噸)", "General refuse amount", "公噸"),
        ("溶氧", "Dissolved oxygen", ""),  # a unit that the header does not say is no proposal
        ("罰鍰", "Fine", ""),
        ("量", "", ""),
        ("某某溶氧", "", ""),  # half a translation misleads
        ("備註(詳附件)", "", ""),
    ],
)
def test_a_heading_gives_its_english_where_every_word_is_known_and_the_unit_that_it_says(
    heading: str, english: str, unit: str
) -> None:
    made, told = guessed(record(heading), file_name="data.csv", above=[])
    assert (made.fields[0].title.en, made.fields[0].unit) == (english, unit)
    assert {g.field for g in told if "/" in g.field} == {
        f"c0/{part}" for part, value in (("title-en", english), ("unit", unit)) if value
    }
    assert all(g.reason.zh and g.reason.en and g.value for g in told)


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("裁處清冊", "PENALTY_LIST"), ("臺東縣一般廢棄物產生量統計表", "TAITUNG_COUNTY_GENERAL_WASTE_AMOUNT_GENERATED"),
        ("人員薪資", ""), ("臺東縣", ""),
    ],
)  # fmt: skip
def test_a_code_is_made_of_whole_words_of_the_english_title_or_not_at_all(title: str, code: str) -> None:
    made, _ = guessed(record("甲"), file_name=f"{title}.csv", above=[])
    assert code_in(made) == code


def test_every_topic_word_has_a_wording_and_a_known_category() -> None:
    words = vocabulary("topic_words").values()
    assert all(w.name.zh for w in words)
    assert {w.get("category") for w in words} - {""} <= set(categories())
    assert len({w.name.zh for w in words}) == len(words)
    assert in_english("水質監測") == "Water quality monitoring"
