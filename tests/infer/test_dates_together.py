"""A column of dates that several hands wrote, each in another way: one proposal reads them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, ReadSpec, Text
from qingliu.core.errors import BadSource
from qingliu.lake.peek import PeekColumn
from qingliu.lake.profile import Profiler
from qingliu.pipeline.looks import Preview, column_look
from qingliu.pipeline.readers import read
from qingliu.pipeline.remedies import remedies
from qingliu.pipeline.remedy import Remedy

SLASH = [f"114/0{m}/1{m}" for m in range(1, 8)]
POINT = [f"114.{m}.2{m}" for m in range(1, 8)]
WORDS = [f"114年{m}月{m}日" for m in range(1, 7)]


def proposed(tmp_path: Path, cells: list[str], heading: str = "稽查日期") -> list[Remedy]:
    """What is proposed for a file with this one column (and a number of each row)."""
    file = tmp_path / "dates.csv"
    file.write_text("\n".join([f"項次,{heading}", *(f"{i},{c}" for i, c in enumerate(cells))]) + "\n", "utf-8")
    inputs = read([file], ReadSpec(), tmp_path / "read")
    with Profiler(inputs, tmp_path / "look") as look:
        seen = column_look(heading, look.column(heading))
    field = FieldRecord(heading, "string", Text(heading, ""))
    record = DatasetRecord(
        code="D", title=Text("", ""), description=Text("", ""), agency="a", agency_name=Text("", ""), unit=Text("", ""),
        category="other", fields=(field,),
    )  # fmt: skip
    preview = Preview("", "", looks=(seen,), columns=(PeekColumn(heading, heading),))
    return [r for r in remedies(preview, Definition(record)) if r.kind == "type"]


def test_three_ways_of_writing_are_proposed_together(tmp_path: Path) -> None:
    found = proposed(tmp_path, [*SLASH, *POINT, *WORDS, "114/02/30"])
    assert [(r.column, r.values[0], set(r.values[1:]), r.count, r.unread) for r in found] == [
        ("稽查日期", "date", {"roc:%Y/%m/%d", "roc:%Y.%m.%d", "roc:%Y年%m月%d日"}, 20, 1)
    ]
    assert found[0].sure


@pytest.mark.parametrize(
    "cells",
    [
        [*SLASH[:3], *POINT[:3], *[f"文字{i}" for i in range(10)]],  # most cells are no dates
        [*[f"11401{i}" for i in range(10, 20)], *[f"A{i}" for i in range(11)]],  # numbers of cases beside others
    ],
)
def test_a_column_of_other_things_gets_no_dates(tmp_path: Path, cells: list[str]) -> None:
    assert [r for r in proposed(tmp_path, cells) if r.values[0] in ("date", "datetime")] == []


@pytest.mark.parametrize(
    ("texts", "fmt"),
    [
        (("2024/3/1 00時", "2024/3/1 13時", "2024/3/2 23時"), "%Y/%m/%d %H時"),
        (("113年3月1日 00時", "113年3月1日 13時", "113年12月2日 23時"), "roc:%Y年%m月%d日 %H時"),
    ],
)
def test_hours_with_their_word_are_times(tmp_path: Path, texts: tuple[str, ...], fmt: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "時間,值\n" + "".join(f"{t},{n}\n" for n, t in enumerate(texts)) + "註：1月起改用新儀器", encoding="utf-8"
    )
    with Profiler(read([file], ReadSpec(), tmp_path / "read"), tmp_path / "look") as look:
        assert look.rows == len(texts)
        assert ("datetime", fmt, len(texts)) in column_look("時間", look.column("時間")).dates


def test_a_last_line_that_is_a_cut_row_is_still_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("時間,值,單位\n2024/3/1,5,ppb\n2024/3", encoding="utf-8")
    with pytest.raises(BadSource, match="breaks off"):
        Profiler(read([file], ReadSpec(), tmp_path / "read"), tmp_path / "look")
