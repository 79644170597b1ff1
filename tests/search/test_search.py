"""The public set of queries on the real list, the synonym table, slips of the pen."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake import concepts, synonyms
from qingliu.lake.published import Published, PublishedWriter
from qingliu.standards.listing import read_listing
from tests.lake_read.small import record
from tests.search.measure import queries, score


def _listed(path: Path, titles: dict[str, str]) -> Published:
    with PublishedWriter(path).transaction() as t:
        for code, title in titles.items():
            one = record(code, title=Text(title, ""), description=Text("", ""), fields=())
            t.put_entry(one, kind="listed", current=None, status="listed", updated_at="2026")
    return Published(path)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Published:
    """The ministry's list, published as entries that are only listed."""
    lines = read_listing(real_data / "catalogue/moenv_datagovtw_merged.csv")
    path = tmp_path_factory.mktemp("search") / "catalogue.sqlite"
    return _listed(path, {line.code: line.title.zh for line in lines})


def test_the_set_is_two_halves_that_share_no_query_and_the_list_knows_every_answer(real: Published) -> None:
    halves = queries()
    asked = [q["q"].lower() for half in ("frozen", "tuning") for q in halves[half]]
    assert len(halves["frozen"]) >= 60
    assert len(halves["tuning"]) >= 60
    assert len(asked) == len(set(asked))
    own = {"SOIL_SITES", "PRTR_PENALTIES"}  # of this portal, not on the list
    right = {c for half in ("frozen", "tuning") for q in halves[half] for c in q["right"]}
    assert [c for c in sorted(right - own) if not real.knows(c)] == []


@pytest.mark.parametrize("half", ["frozen", "tuning"])
def test_the_right_dataset_is_among_the_first(real: Published, half: str) -> None:
    told = score(real, half)
    assert told.top3 >= 0.85, told.misses
    assert told.top10 >= 0.95, told.misses


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("gorundwater", "GW"),  # two letters changed about
        ("grondwater", "GW"),  # one missing
        ("incinerater", "IN"),
        ("焚烧厂", "IN"),
        ("地下水水质监测井资料表", "GW"),  # some of its pairs
    ],
)
def test_slips_and_other_writings_are_understood(tmp_path: Path, question: str, first: str) -> None:
    published = _listed(tmp_path / "p.db", {"GW": "地下水水質監測井", "IN": "焚化廠基本資料", "AQ": "空氣品質"})
    assert [e.code for e in published.search(question).entries][:1] == [first]


def test_what_nothing_holds_finds_nothing(tmp_path: Path) -> None:
    published = _listed(tmp_path / "p.db", {"GW": "地下水水質監測井"})
    assert published.search("xylophone").total == 0
    assert published.search("鋼琴演奏").total == 0


def test_the_stewards_table_is_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    published = _listed(tmp_path / "p.db", {"GW": "地下水水質監測井", "AQ": "空氣品質"})
    assert published.search("井裡的東西").total == 0
    (tmp_path / "synonyms.txt").write_text("井裡的東西 > 地下水\n", encoding="utf-8")
    assert [e.code for e in published.search("井裡的東西").entries] == ["GW"]


@pytest.mark.parametrize("line", ["空氣", "= 空氣", "空氣 >", "> 空氣", "空氣 = "])
def test_a_line_that_says_nothing_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(BadRequest, match="Line 2"):
        synonyms.read(f"水 = water\n{line}\n")


def test_a_question_is_cut_at_the_longest_words_of_the_table() -> None:
    table = synonyms.read("河川 = river\n河川水質 > 水質監測\n- 好嗎, the\nwater quality = 水質")
    asked = concepts.read("河川水质好嗎", table)
    assert [c[0].terms for c in asked.concepts] == [("河川", "川水", "水質")]
    english = concepts.read("the Water  Quality rivers", table)
    assert [c[0].terms for c in english.concepts] == [("water*", "quality*"), ("river*",)]


@pytest.mark.parametrize("written", ["井裡的東西\n".encode(), "井 = 地下水".encode("cp950")])
def test_a_stewards_table_that_cannot_be_read_stops_no_search(
    tmp_path: Path, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    published = _listed(tmp_path / "p.db", {"GW": "地下水水質監測井", "AQ": "空氣品質"})
    (tmp_path / "synonyms.txt").write_bytes(written)
    assert [e.code for e in published.search("地下水").entries] == ["GW"]
    assert [e.code for e in published.search("空氣").entries] == ["AQ"]
    assert caplog.text.count("synonyms.txt is not used") == 1
