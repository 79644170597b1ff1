"""The cell rules: what each raw text becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from qingliu.core.dataset import FieldRecord, Sentinel

from .conftest import field, record

BAD = "bad"


def cell(shaped: Any, of: FieldRecord, text: str) -> tuple[Any, str | None]:
    """(value, flag) of one cell; the value of a quarantined cell is BAD."""
    quoted = '"' + text.replace('"', '""') + '"'
    out = shaped(f"n,v\n1,{quoted}\n2,\n", record(field("n", "integer"), of, key=("n",)))
    value, flags = out.rows[0]["v"], out.rows[0]["_flags"]
    flag = flags.strip(";").removeprefix("v=") if flags else None
    if flag == "quarantined":
        assert value is None
        (told,) = out.quarantine
        assert (told["line"], told["column"], told["raw"]) == (2, "v", text)
        assert all(told[k] for k in ("reason_zh", "reason_en", "remedy_zh", "remedy_en"))
        return BAD, None
    return value, flag


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("-0.5", -0.5),
        ("+3", 3.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        (" 7 ", 7.0),
        ("\u30007\u3000", 7.0),
        ("", None),
        ("   ", None),
        ("\u3000", None),
        ("1_000", BAD),
        ("nan", BAD),
        ("NaN", BAD),
        ("inf", BAD),
        ("-Infinity", BAD),
        ("1e999", BAD),
        ("1,234", BAD),
        ("１２", BAD),
        ("12ppm", BAD),
        ("0x10", BAD),
        ("--", BAD),
        ("#DIV/0!", BAD),
        ("<MDL", BAD),
        ("1 2", BAD),
    ],
)
def test_number(shaped: Any, text: str, value: Any) -> None:
    assert cell(shaped, field("v", "number"), text) == (value, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("007", 7),
        ("-3", -3),
        ("+3", 3),
        ("36.0", 36),
        (" 5", 5),
        ("1.5", BAD),
        ("1e3", BAD),
        ("1_000", BAD),
        ("0x10", BAD),
        (".5", BAD),
        ("99999999999999999999", BAD),
        ("9223372036854775807", 9223372036854775807),
        ("true", BAD),
    ],
)
def test_integer(shaped: Any, text: str, value: Any) -> None:
    assert cell(shaped, field("v", "integer"), text) == (value, None)


@pytest.mark.parametrize(
    ("formats", "text", "value"),
    [
        ((), "2024-02-29", date(2024, 2, 29)),
        ((), "2023-02-29", BAD),
        ((), "2024/1/2", date(2024, 1, 2)),
        ((), "112/04/01", BAD),
        ((), "2024-01-01 05:00", BAD),
        (("%Y%m%d",), "20230401", date(2023, 4, 1)),
        (("%Y%m%d",), "1120401", BAD),
        (("roc:%Y/%m/%d",), "112/04/01", date(2023, 4, 1)),
        (("roc:%Y/%m/%d",), "99/1/5", date(2010, 1, 5)),
        (("roc:%Y/%m/%d",), "113/02/29", date(2024, 2, 29)),
        (("roc:%Y/%m/%d",), "112/02/29", BAD),
        (("roc:%Y/%m/%d",), "112/13/01", BAD),
        (("roc:%Y/%m/%d",), "000/01/01", BAD),
        (("roc:%Y/%m/%d",), "2023/04/01", BAD),
        (("roc:%Y%m%d",), "1120401", date(2023, 4, 1)),
        (("roc:%Y%m%d",), "0990401", date(2010, 4, 1)),
        (("roc:%Y%m%d",), "990401", date(2010, 4, 1)),
        (("roc:%Y%m%d",), "1120230", BAD),
        (("roc:民國%Y年%m月%d日",), "民國112年4月1日", date(2023, 4, 1)),
        (("%Y年%m月%d日",), "2023年4月1日", date(2023, 4, 1)),
        (("%Y/%m/%d",), "２０２３/04/01", BAD),
        (("%Y/%m/%d",), "2023-04-01", date(2023, 4, 1)),
    ],
)
def test_date(shaped: Any, formats: tuple[str, ...], text: str, value: Any) -> None:
    assert cell(shaped, field("v", "date", formats=formats), text) == (value, None)


@pytest.mark.parametrize(
    ("formats", "text", "value"),
    [
        ((), "2024-01-01 05:06:07", datetime(2024, 1, 1, 5, 6, 7)),
        ((), "2024-01-01T05:06", datetime(2024, 1, 1, 5, 6)),
        ((), "2024/01/01 05:06:07", datetime(2024, 1, 1, 5, 6, 7)),
        ((), "2024-01-01T00:00:00Z", datetime(2024, 1, 1, 8)),
        ((), "2024-01-01T00:00:00+08:00", datetime(2024, 1, 1)),
        ((), "2024-12-31 24:00", datetime(2025, 1, 1)),
        ((), "2024-02-28 24:00:00", datetime(2024, 2, 29)),
        ((), "2024-02-28 24:30", BAD),
        ((), "2024-02-28 25:00", BAD),
        ((), "2023-02-29 10:00", BAD),
        ((), "2024-01-01", BAD),
        ((), "epoch", BAD),
        (("%Y/%m/%d %H:%M:%S",), "2022/06/23 11:00:00", datetime(2022, 6, 23, 11)),
        (("%Y/%m/%d %H:%M",), "2022/06/23 24:00", datetime(2022, 6, 24)),
        (("roc:%Y/%m/%d %H:%M",), "113/02/29 23:30", datetime(2024, 2, 29, 23, 30)),
        (("roc:%Y/%m/%d %H:%M",), "112/12/31 24:00", datetime(2024, 1, 1)),
        (("roc:%Y%m%d%H%M",), "1120401" + "0930", datetime(2023, 4, 1, 9, 30)),
    ],
)
def test_datetime(shaped: Any, formats: tuple[str, ...], text: str, value: Any) -> None:
    assert cell(shaped, field("v", "datetime", formats=formats), text) == (value, None)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("是", True), ("N", False), (" 0 ", False), ("有", BAD)])
def test_boolean(shaped: Any, text: str, value: Any) -> None:
    assert cell(shaped, field("v", "boolean"), text) == (value, None)


@pytest.mark.parametrize(
    "text", ["007", " a ", "１２", "1,234", "=1+1", "\u3000", "a\nb", 'say "hi"', "NaN", "null", "112/04/01"]
)
def test_text_is_kept_exactly(shaped: Any, text: str) -> None:
    assert cell(shaped, field("v"), text) == (text, None)


def test_sentinels_become_their_value_and_flag(shaped: Any) -> None:
    rain = field(
        "v",
        "number",
        sentinels=(
            Sentinel("NR", value=0, flag="no_rain"),
            Sentinel("-", flag="missing"),
            Sentinel("x", question=True),
            Sentinel("-999", flag="missing"),
            Sentinel("<MDL", flag="below_limit"),
        ),
    )
    assert cell(shaped, rain, "NR") == (0.0, "no_rain")
    assert cell(shaped, rain, " NR ") == (0.0, "no_rain")
    assert cell(shaped, rain, "-") == (None, "missing")
    assert cell(shaped, rain, "x") == (None, "no_data")
    assert cell(shaped, rain, "-999") == (None, "missing")
    assert cell(shaped, rain, "-999.0") == (None, "missing")
    assert cell(shaped, rain, "<MDL") == (None, "below_limit")
    assert cell(shaped, rain, "nr") == (BAD, None)
    assert cell(shaped, field("v", sentinels=(Sentinel("-無資料-", flag="none"),)), "-無資料-") == (None, "none")


def test_a_glued_flag_keeps_the_number(shaped: Any) -> None:
    marked = field("v", "number", suffix_flags=(("#", "instrument"), ("x", "manual"), ("*", "program"), ("#*", "both")))
    assert cell(shaped, marked, "2.44x") == (2.44, "manual")
    assert cell(shaped, marked, "-1#") == (-1.0, "instrument")
    assert cell(shaped, marked, "3 *") == (3.0, "program")
    assert cell(shaped, marked, "3#*") == (3.0, "both")
    assert cell(shaped, marked, "#") == (BAD, None)
    assert cell(shaped, marked, "nan#") == (BAD, None)
    assert cell(shaped, marked, "3xx") == (BAD, None)


def test_declared_limits(shaped: Any) -> None:
    share = field("v", "number", minimum=0, maximum=100)
    assert cell(shaped, share, "100") == (100.0, None)
    assert cell(shaped, share, "100.1") == (BAD, None)
    assert cell(shaped, share, " -1 ") == (BAD, None)
    assert cell(shaped, field("v", enum=("甲", "乙")), "丙") == (BAD, None)
    assert cell(shaped, field("v", enum=("甲", "乙")), "乙") == ("乙", None)
    assert cell(shaped, field("v", pattern="[A-Z][0-9]{3}"), "A123") == ("A123", None)
    assert cell(shaped, field("v", pattern="[A-Z][0-9]{3}"), "A1234") == (BAD, None)
    assert cell(shaped, field("v", "integer", enum=("1", "2")), "3") == (BAD, None)


def test_an_empty_required_cell_is_quarantined(shaped: Any) -> None:
    out = shaped("n,v\n1,a\n2,\n", record(field("n", "integer"), field("v", required=True), key=("n",)))
    assert out.column("v") == ["a", None]
    assert out.balance("v") == (1, 0, 0, 1)
    assert out.quarantine[0]["reason_zh"] == "必填欄位空白。"


def test_a_flag_stands_in_its_declared_column(shaped: Any) -> None:
    marked = field("v", "number", suffix_flags=(("x", "manual"),), flag_field="v_flag")
    out = shaped("v\n1x\n2\nbad\n", record(marked, field("v_flag")))
    assert out.column("v_flag") == ["manual", None, "quarantined"]
    assert out.staged.missing == ()


def test_balance_tells_a_sentinel_from_a_suffix_under_one_flag(shaped: Any) -> None:
    marked = field("v", "number", sentinels=(Sentinel("#", flag="invalid"),), suffix_flags=(("#", "invalid"),))
    out = shaped('v\n1#\n#\n2\n\n3#\n""\n', record(marked))
    assert out.column("v") == [1.0, None, 2.0, 3.0, None]
    assert out.balance("v") == (3, 1, 1, 0)


def test_balance_tells_valued_sentinels_from_suffixes_and_bare_values(shaped: Any) -> None:
    marks = (Sentinel("NR", value=0, flag="f"), Sentinel("T", value=0.1), Sentinel("-", flag="f"))
    out = shaped(
        "v\n1\n2x\nNR\nT\nT\n-\noops\n", record(field("v", "number", sentinels=marks, suffix_flags=(("x", "f"),)))
    )
    assert out.column("v") == [1.0, 2.0, 0.0, 0.1, 0.1, None, None]
    assert out.balance("v") == (2, 0, 4, 1)
    assert out.column("_flags")[2:5] == [";v=f;", None, None]


@pytest.mark.parametrize(
    ("kind", "numbers", "text", "value"),
    [
        ("number", ("thousands",), "1,813", 1813.0),
        ("number", ("thousands",), "-1,234,567.5", -1234567.5),
        ("number", ("thousands",), "1,23", BAD),
        ("number", ("thousands",), "12,3456", BAD),
        ("number", ("thousands",), "1234,567", BAD),
        ("number", ("thousands",), "７.２", BAD),
        ("number", ("thousands",), "7.2", 7.2),
        ("number", ("fullwidth",), "７.２", 7.2),
        ("number", ("fullwidth",), "－１２．３", -12.3),
        ("number", ("fullwidth",), "1,813", BAD),
        ("number", ("fullwidth",), "１，８１３", BAD),
        ("number", ("thousands", "fullwidth"), "１，８１３", 1813.0),
        ("integer", ("thousands",), "1,813", 1813),
        ("integer", ("thousands",), "1,813.5", BAD),
        ("integer", ("fullwidth",), "１２", 12),
    ],
)
def test_other_writings_of_numbers_are_read_only_where_the_column_declares_them(
    shaped: Any, kind: Any, numbers: tuple[str, ...], text: str, value: Any
) -> None:
    assert cell(shaped, replace(field("v", kind), numbers=numbers), text) == (value, None)


def test_limits_hold_for_numbers_in_other_writings(shaped: Any) -> None:
    limited = replace(field("v", "number"), numbers=("thousands",), maximum=1000.0)
    assert cell(shaped, limited, "1,813") == (BAD, None)
