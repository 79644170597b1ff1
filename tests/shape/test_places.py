"""Quarantine names the true line, whatever the file looks like; broken lines spoil only themselves."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from qingliu.core.dataset import FieldRecord
from qingliu.core.errors import BadSource

from .conftest import field, record

N: FieldRecord = field("n", "integer")
OF = record(N, field("t"), field("v", "number"), key=("n",))


def places(out: Any) -> list[tuple[int, str, str]]:
    return [(q["line"], q["column"], q["raw"]) for q in out.quarantine]


def test_a_bad_cell_is_found_at_its_line(shaped: Any) -> None:
    out = shaped("n,t,v\n1,a,1\n2,b,oops\n3,c,3\n", OF)
    assert places(out) == [(3, "v", "oops")]
    assert out.quarantine[0]["file"] == "data.csv"
    assert out.column("v") == [1.0, None, 3.0]


def test_lines_are_true_after_cells_that_span_lines(shaped: Any) -> None:
    out = shaped('n,t,v\n1,"a\nb\r\nc",1\n2,"d\n",oops\n3,e,bad\n', OF)
    assert places(out) == [(5, "v", "oops"), (7, "v", "bad")]
    assert out.column("t") == ["a\nb\r\nc", "d\n", "e"]


def test_lines_are_true_after_blank_lines_and_a_title(shaped: Any) -> None:
    out = shaped("空氣品質監測報表\n製表日期：2024\n\nn,t,v\n\n1,a,1\n\n\n2,b,oops\n\n\n", OF)
    assert places(out) == [(9, "v", "oops")]
    assert out.staged.rows_read == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(shaped: Any, end: str) -> None:
    out = shaped(end.join(["n,t,v", "1,a,1", "2,b,oops", ""]), OF)
    assert places(out) == [(3, "v", "oops")]
    assert out.column("t") == ["a", "b"]


def test_mixed_line_ends(shaped: Any) -> None:
    out = shaped("n,t,v\r\n1,a,1\n2,b,oops\r\n3,c,3\n", OF)
    assert places(out) == [(3, "v", "oops")]
    assert out.column("t") == ["a", "b", "c"]


def test_a_row_without_key_is_set_aside_whole(shaped: Any) -> None:
    out = shaped("n,t,v\n1,a,1\n,b,2\nx,c,bad\n4,d,4\n", OF)
    assert out.column("n") == [1, 4]
    assert (out.staged.rows_read, out.staged.set_aside) == (4, 2)
    rows = [q for q in out.quarantine if q["kind"] == "row"]
    assert [(q["line"], q["column"]) for q in rows] == [(3, "n"), (4, "n")]
    assert json.loads(rows[0]["raw"]) == {"n": "", "t": "b", "v": "2"}
    assert sorted(places(out))[1:] == [(4, "n", "x"), (4, "n", '{"n":"x","t":"c","v":"bad"}'), (4, "v", "bad")]
    assert out.balance("n") == (2, 1, 0, 1)


def test_broken_lines_are_set_aside_with_their_text(shaped: Any) -> None:
    body = 'n,t,v\n1,a,1\n2,b\n3,c,3,extra\n4,"d"x,4\n5,"open,5\n6,f,bad\n7,g,7,,\n8,h,8\n'
    out = shaped(body, OF)
    assert out.column("n") == [1, 6, 7, 8]
    assert (out.staged.rows_read, out.staged.set_aside) == (8, 4)
    broken = [q for q in out.quarantine if q["kind"] == "row"]
    assert [(q["line"], q["raw"]) for q in broken] == [
        (3, "2,b"),
        (4, "3,c,3,extra"),
        (5, '4,"d"x,4'),
        (6, '5,"open,5'),
    ]
    assert "少於" in broken[0]["reason_zh"]
    assert "多於" in broken[1]["reason_zh"]
    assert "引號" in broken[2]["reason_zh"]
    assert (7, "v", "bad") in places(out)


def test_a_quotation_mark_inside_a_bare_cell_is_text(shaped: Any) -> None:
    out = shaped('n,t,v\n1,5" pipe,1\n2,b,oops\n', OF)
    assert out.column("t") == ['5" pipe', "b"]
    assert places(out) == [(3, "v", "oops")]


def test_a_file_cut_in_its_last_line_is_no_source(shaped: Any) -> None:
    with pytest.raises(BadSource, match=r"line 4.*incomplete"):
        shaped("n,t,v\n1,a,1\n2,b,2\n3,", OF)


def test_no_declared_column_at_all_is_no_source(shaped: Any) -> None:
    with pytest.raises(BadSource, match="Unauthorized"):
        shaped("Unauthorized\n", OF)


def test_rows_keep_the_order_of_the_delivery(shaped: Any) -> None:
    many = {f"f{i:02d}.csv": "n,t,v\n" + "".join(f"{i * 100_000 + k},x,{k}\n" for k in range(30_000)) for i in range(8)}
    out = shaped(many, OF)
    assert out.column("n") == [i * 100_000 + k for i in range(8) for k in range(30_000)]
    assert "_order" not in out.rows[0]


def test_places_in_a_large_file_agree_with_a_plain_count(shaped: Any) -> None:
    chance = random.Random(7)
    lines, expected = ["n,t,v"], []
    for k in range(120_000):
        bad = chance.random() < 0.01
        lines.append(f"{k},文字{k % 97},{'x' if bad else k / 4}")
        expected += [(len(lines), "v", "x")] if bad else []
    out = shaped("\n".join(lines), OF)
    assert places(out) == expected


def test_several_files_keep_their_names_in_places(shaped: Any) -> None:
    out = shaped({"a.csv": "n,t,v\n1,a,bad\n", "b.csv": "v,n\n2,2\nworse,3\n", "c.csv": "n,t,v\n4,d,4\n"}, OF)
    assert [(q["file"], q["line"], q["raw"]) for q in out.quarantine] == [("a.csv", 2, "bad"), ("b.csv", 3, "worse")]
    assert out.staged.missing == ("t",)


def test_private_text_of_the_source_stays_in_quarantine(shaped: Any) -> None:
    out = shaped("n,t,v\n1,a,A123456789\n", OF)
    assert "A123456789" not in out.staged.path.read_bytes().decode("latin-1")


def test_a_header_without_rows_is_staged_empty(shaped: Any) -> None:
    out = shaped("n,t,v\n", OF)
    assert (out.staged.rows_read, out.rows) == (0, [])
    assert out.balance("v") == (0, 0, 0, 0)


def test_spaces_after_a_closing_quotation_mark_mean_nothing(shaped: Any) -> None:
    out = shaped('n,t,v\n1,"a,b" ,oops\n2,c,2,\n3,"d"  ,bad\n', OF)
    assert out.column("t") == ["a,b", "c", "d"]
    assert places(out) == [(2, "v", "oops"), (4, "v", "bad")]


@pytest.mark.parametrize(
    ("line", "tail"),
    [
        ("合計,3", True),
        ("註：ND 為低於偵測極限", True),
        ("資料來源：環境監測科", True),
        ("製表日期：113.07.15", True),
        ("Total,5", True),
        ("平均,2", True),
        ("平均風速站,2", False),
        ("4,註冊會計師", False),
        ("4,d", False),
    ],
)
def test_a_short_line_that_is_a_total_or_a_note_says_so_and_asks_for_nothing(
    shaped: Any, line: str, tail: bool
) -> None:
    out = shaped(f"n,t,v\n1,a,1\n2,b,2\n{line}\n", OF)
    (told,) = out.quarantine
    assert (out.staged.rows, told["line"]) == (2, 4)
    assert ("合計或註解" in told["reason_zh"], "不必處理" in told["remedy_zh"]) == (tail, tail)
