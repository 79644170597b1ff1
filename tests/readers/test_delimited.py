"""CSV of any dialect."""

from __future__ import annotations

from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters(table: Any, delimiter: str) -> None:
    body = delimiter.join("abc") + "\n" + delimiter.join(["1,5" if delimiter == ";" else "1.5", "文字", "3"]) + "\n"
    out = table("a.csv", body.encode())
    assert out.columns == ("a", "b", "c")
    assert out.rows[0]["b"] == "文字"


def test_semicolons_with_decimal_commas(table: Any) -> None:
    body = "a;b;c\n" + "".join(f"{i},5;{i},25;x\n" for i in range(50))
    assert table("a.csv", body.encode()).columns == ("a", "b", "c")


def test_lists_inside_cells_do_not_choose_the_delimiter(table: Any) -> None:
    body = "name,kinds\n" + "".join(f'甲,"空;水;廢;毒{";土" * (i % 3)}"\n' for i in range(30))
    assert table("a.csv", body.encode()).columns == ("name", "kinds")


def test_sep_line(table: Any) -> None:
    out = table("a.csv", "sep=;\r\na;b\r\n1;2\r\n".encode("utf-16"))
    assert out.columns == ("a", "b")
    assert out.rows == [{"a": "1", "b": "2"}]
    assert out.lines == [3]


def test_titles_above_the_header(table: Any) -> None:
    body = "環境部監測報表,,,\n製表日期：2024/1/1,,,\n,,,\n測站,縣市,值,單位\n基隆,基隆市,1,ppb\n汐止,新北市,,\n"
    out = table("a.csv", body.encode())
    assert out.columns == ("測站", "縣市", "值", "單位")
    assert out.lines == [5, 6]


def test_bare_titles_above_the_header(table: Any) -> None:
    out = table("a.csv", "報表\n\n資料來源：環境部\n測站,值\n基隆,1\n汐止,2\n".encode("cp950"))
    assert out.columns == ("測站", "值")


def test_a_declared_header_row(table: Any) -> None:
    out = table("a.csv", b"x,y\na,b\n1,2\n", ReadSpec(header_row=2))
    assert out.columns == ("a", "b")
    assert out.rows == [{"a": "1", "b": "2"}]


def test_a_header_that_spans_lines(table: Any) -> None:
    out = table("a.csv", '測站,"值\n(ppb)"\n基隆,1\n'.encode())
    assert out.columns == ("測站", "值\n(ppb)")
    assert out.lines == [3]


def test_single_quotes(table: Any) -> None:
    body = "'a','b','c'\n" + "'1','x,y','z'\n" * 3
    out = table("a.csv", body.encode())
    assert out.columns == ("a", "b", "c")
    assert out.rows[0]["b"] == "x,y"


def test_one_column(table: Any) -> None:
    assert table("a.csv", "代碼\n007\n008\n".encode()).rows == [{"代碼": "007"}, {"代碼": "008"}]


def test_hours_as_headers(table: Any) -> None:
    body = "日期,測站,測項," + ",".join(str(h) for h in range(24)) + "\n2014/1/1,豐原,CO" + ",1" * 24 + "\n"
    assert table("a.csv", body.encode("cp950")).columns[:4] == ("日期", "測站", "測項", "0")


def test_a_header_alone_is_a_table_of_no_rows(table: Any) -> None:
    assert table("a.csv", b"a,b\n").rows == []


def test_sparse_rows_do_not_hide_the_header(table: Any) -> None:
    body = "a,b,c,d,e\n" + "1,,,,\n" * 20
    assert table("a.csv", body.encode()).columns == ("a", "b", "c", "d", "e")
