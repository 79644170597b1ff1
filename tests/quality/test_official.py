"""Official marks and figures: imported with edition, date and source, never mixed with ours, each difference told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qingliu.audit.models import Event
from qingliu.core.errors import BadSource, Conflict, Forbidden
from qingliu.lake.paths import LakePaths
from qingliu.quality import actions, queries
from qingliu.quality.models import OfficialFigure, OfficialMark
from qingliu.quality.rules import official
from tests.quality.cast import OFFICE, OPERATOR, STEWARD

More = Callable[[Sequence], Any]
DAY = date(2026, 9, 30)


def bring(path: Path, text: str, edition: str = "115-09", by: Any = OFFICE) -> Any:
    path.write_text(text, encoding="utf-8")
    return actions.import_official(path=path, edition=edition, day=DAY, source="data.gov.tw 目錄匯出", by=by)


@pytest.mark.parametrize(
    ("printed", "mark"),
    [
        ("白金", "platinum"), ("白金標章", "platinum"), ("金", "gold"), ("金標章", "gold"), ("銀標章", "silver"),
        ("銅", "bronze"),
        ("無", "none"), ("無標章", "none"), ("無(白名單)", "white_listed"), ("無（白名單）", "white_listed"), ("Gold", "gold"),
        ("優", ""), ("", ""),
    ],
)  # fmt: skip
def test_official_words_are_read_and_unknown_ones_are_not_guessed(printed: str, mark: str) -> None:
    assert official.mark_of(printed) == mark


def test_a_catalogue_export_stands_beside_our_mark_with_each_difference(
    town_a: More, note: Callable, tmp_path: Path
) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    done = bring(
        tmp_path / "export.csv",
        "資料集識別碼,資料集名稱,代碼,品質檢測\n7001,測試,TEST_A,白金\n7002,別的,OTHER_P_01,金\n",
    )
    assert (done.marks, done.matched, done.figures) == (2, 2, 0)
    said = note("TEST_A")
    assert said["mark"]["id"] == "gold"  # ours stays what we measured
    assert said["official"] | {"mark": None} == {
        "whose": "official", "mark": None, "printed": "白金", "flags": {}, "edition": "115-09", "date": "2026-09-30",
        "source": "data.gov.tw 目錄匯出",
    }  # fmt: skip
    assert said["official"]["mark"]["id"] == "platinum"
    assert [d["zh"] for d in said["differences"]] == ["標章：官方為白金標章，本平臺為金標章。"]
    assert "official Platinum, ours Gold" in said["differences"][0]["en"]
    (event,) = Event.objects.filter(verb="official.imported")
    assert (event.object_id, event.detail["marks"]) == ("115-09", 2)


def test_the_quality_check_apis_flags_are_compared_indicator_by_indicator(
    town_a: More, note: Callable, tmp_path: Path
) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    flags = {
        "linkable": "1",
        "downloadable": "1",
        "structure": "1",
        "encoding_match": "0",
        "desc_match": "1",
        "csv": "1",
    }
    bring(tmp_path / "qc.json", json.dumps([{"datasetId": "7001", "title": "測試", "code": "TEST_A", **flags}]))
    said = note("TEST_A")
    assert said["official"]["flags"] == {
        "link": True,
        "download": True,
        "structure": True,
        "encoding": False,
        "fields": True,
    }
    assert said["official"]["mark"] is None
    (only,) = said["differences"]
    assert only["zh"].startswith("編碼描述與資料相符：官方不符，本平臺 pass")


def test_a_later_edition_is_the_one_that_is_shown_and_no_edition_is_overwritten(
    town_a: More, note: Callable, tmp_path: Path
) -> None:
    actions.judge(code="TEST_A", by=OPERATOR)
    bring(tmp_path / "a.csv", "datasetId,code,mark\n1,TEST_A,金\n")
    with pytest.raises(Conflict):
        bring(tmp_path / "a.csv", "datasetId,code,mark\n1,TEST_A,銀\n")
    actions.import_official(path=tmp_path / "a.csv", edition="115-10", day=date(2026, 10, 31), source="匯出", by=OFFICE)
    assert note("TEST_A")["official"]["edition"] == "115-10"
    assert note("TEST_A")["official"]["mark"]["id"] == "silver"
    assert OfficialMark.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "a,b\n1,2\n"),
        ("x.json", "{"),
        ("x.yaml", "figures: []"),
        ("x.yaml", "figures: [{subject: a}]"),
        ("x.csv", ""),
    ],
)
def test_a_file_without_marks_or_figures_is_refused_and_leaves_nothing(
    portal: LakePaths, tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(BadSource):
        bring(tmp_path / name, text)
    assert not queries.official_editions()


def test_only_the_office_imports(portal: LakePaths, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        bring(tmp_path / "x.csv", "datasetId,mark\n1,金\n", by=STEWARD)


def test_the_awards_figures_come_with_the_program_once_and_say_what_they_count(town_a: More) -> None:
    actions.seed_official(by=OPERATOR)
    actions.seed_official(by=OPERATOR)
    (edition,) = queries.official_editions()
    assert (edition.name, edition.date.year) == ("112-award", 2023)
    numbers = {(f.subject, f.measure): float(f.value) for f in OfficialFigure.objects.all()}
    assert [numbers["moenv", m] for m in ("datasets", "platinum", "gold", "rank")] == [816, 361, 738, 3]
    assert (numbers["group-1-1st", "platinum"], numbers["group-1-2nd", "gold"]) == (676, 847)
    assert numbers["group-1", "threshold"] == 780
    for subject in ("moenv", "group-1-1st", "group-1-2nd"):
        assert numbers[subject, "platinum"] <= numbers[subject, "gold"] <= numbers[subject, "datasets"]


def test_every_figure_says_whose_it_is_and_what_it_counts_and_ours_nest(town_a: More) -> None:
    actions.seed_official(by=OPERATOR)
    actions.judge_all(by=OPERATOR)
    figures = queries.figures()
    assert {f.whose for f in figures} == {"official", "ours"}
    assert all(f.counts.zh and f.counts.en and f.edition and f.date and f.title.en for f in figures)
    held = [f for f in figures if f.whose == "ours" and f.counts.en.startswith("Datasets")]
    by = {f.measure: f.value for f in held}
    assert by["platinum"] <= by["gold"] <= by["silver"] <= by["bronze"] <= by["datasets"] == 1
    assert (by["gold"], by["platinum"]) == (1, 0)


def test_a_reconciliation_is_kept_with_the_hashes_of_its_files(
    portal: LakePaths, real_data: Path, tmp_path: Path
) -> None:
    actions.seed_official(by=OPERATOR)
    lists = (
        real_data / "catalogue" / "moenv_datagovtw_merged.csv",
        real_data / "catalogue" / "moenv_openapi_datasets.csv",
    )
    lines = actions.reconcile(entries=lists[0], api=lists[1], by=OFFICE)
    row = queries.reconciliation()
    assert row is not None
    assert queries.lines_of(row) == lines
    assert {line.count for line in lines} >= {834, 791, 816, 790, 44, 1}
    assert set(row.sha256) == {p.name for p in lists}
    assert Event.objects.filter(verb="official.reconciled").count() == 1
    with pytest.raises(BadSource):
        actions.reconcile(entries=lists[1], api=lists[0], by=OFFICE)
    with pytest.raises(Forbidden):
        actions.reconcile(entries=lists[0], api=lists[1], by=STEWARD)
