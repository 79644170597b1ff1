"""Spreadsheets are read in a process of their own, which may die without us."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.core.errors import BadSource, Refused
from qingliu.lake.inputs import RowsInput
from qingliu.pipeline.infer import infer
from qingliu.pipeline.readers import read
from qingliu.pipeline.readers.limits import Limits
from qingliu.standards.definition import loads

_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(ref: str, value: Any) -> str:
    if isinstance(value, str):
        return f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{ref}" t="b"><v>{int(value)}</v></c>'
    return (
        f'<c r="{ref}" s="1"><v>{value[0]}</v></c>' if isinstance(value, tuple) else f'<c r="{ref}"><v>{value}</v></c>'
    )


def workbook(sheets: dict[str, list[list[Any]] | str], hidden: tuple[str, ...] = ()) -> bytes:
    """An XLSX of rows of cells (None: absent; a 1-tuple: a date's serial number), or of raw sheet data."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        content = "http://schemas.openxmlformats.org/package/2006/content-types"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        z.writestr("[Content_Types].xml", f'<Types xmlns="{content}"/>')
        main = f'<Relationship Id="r1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
        z.writestr("_rels/.rels", f'<Relationships xmlns="{package}">{main}</Relationships>')
        tags = "".join(
            f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"{" state=" + chr(34) + "hidden" + chr(34) if n in hidden else ""}/>'
            for i, n in enumerate(sheets, 1)
        )
        z.writestr("xl/workbook.xml", f'<workbook xmlns="{_NS}" xmlns:r="{_REL}"><sheets>{tags}</sheets></workbook>')
        rels = "".join(
            f'<Relationship Id="r{i}" Type="{_REL}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        z.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{rels}</Relationships>')
        z.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{_NS}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        )
        for i, body in enumerate(sheets.values(), 1):
            data = body
            if isinstance(body, list):
                data = "".join(
                    f'<row r="{y}">'
                    + "".join(cell(f"{chr(65 + x)}{y}", v) for x, v in enumerate(row) if v is not None)
                    + "</row>"
                    for y, row in enumerate(body, 1)
                )
            z.writestr(f"xl/worksheets/s{i}.xml", f'<worksheet xmlns="{_NS}"><sheetData>{data}</sheetData></worksheet>')
    return out.getvalue()


def test_cells_become_text_without_loss(table: Any) -> None:
    body = workbook(
        {"表": [["名稱", "值", "日"], ["007", 36, (45000,)], [" a ", 1.5, None], [None, None, None], ["b", True, "－"]]}
    )
    out = table("a.xlsx", body)
    assert out.name == "a.xlsx/表"
    assert out.rows == [
        {"名稱": "007", "值": "36", "日": "2023-03-15"},
        {"名稱": " a ", "值": "1.5", "日": None},
        {"名稱": "b", "值": "true", "日": "－"},
    ]
    assert out.lines == [2, 3, 5]


def test_titles_above_the_header_and_empty_sheets(tables: Any) -> None:
    body = workbook({"一": [["監測報表"], [], ["a", "b"], ["1", "2"]], "二": [["a", "b"], ["3", "4"]], "空": []})
    out = tables("a.xlsx", body)
    assert [t.rows for t in out] == [[{"a": "1", "b": "2"}], [{"a": "3", "b": "4"}]]


def test_sheets_with_different_headers_need_a_declaration(tables: Any) -> None:
    body = workbook({"資料": [["a", "b"], ["1", "2"]], "說明": [["欄位", "意義"], ["a", "x"]]})
    with pytest.raises(BadSource, match="different headers: 資料、說明"):
        tables("a.xlsx", body)
    assert tables("a.xlsx", body, ReadSpec(sheet="資料"))[0].rows == [{"a": "1", "b": "2"}]
    assert tables("a.xlsx", body, ReadSpec(sheet="2"))[0].columns == ("欄位", "意義")


def test_hidden_sheets_are_left_out_unless_named(tables: Any) -> None:
    body = workbook({"資料": [["a"], ["1"]], "代碼": [["x"], ["2"]]}, hidden=("代碼",))
    assert [t.name for t in tables("a.xlsx", body)] == ["a.xlsx/資料"]
    assert [t.name for t in tables("a.xlsx", body, ReadSpec(sheet="代碼"))] == ["a.xlsx/代碼"]


def test_two_far_cells_kill_only_the_child(tables: Any) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(BadSource, match=r"stopped by its limits|no whole"):
        tables("a.xlsx", workbook({"s": far}))


def test_a_bomb_is_refused_by_its_declared_size(tables: Any) -> None:
    with pytest.raises(Refused, match="too large"):
        tables("a.xlsx", workbook({"s": " " * (234 << 20)}))


def test_a_sheet_that_takes_too_long_is_stopped(tables: Any) -> None:
    rows = [["a", "b"], *[["x", "y"]] * 60_000]
    with pytest.raises(BadSource, match=r"limits|too long"):
        tables("a.xlsx", workbook({"s": rows}), ReadSpec(), Limits(sheet_cells=1000))


def test_what_is_no_spreadsheet_is_told(tables: Any) -> None:
    whole = workbook({"s": [["a"], ["1"]]})
    broken = whole.replace(b"xl/worksheets/s1.xml", b"xl/worksheets/zz.xml")
    with pytest.raises(BadSource):
        tables("a.xlsx", broken)
    with pytest.raises(BadSource):
        tables("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(BadSource, match="not xlsx as declared"):
        tables("a.xlsx", b"a,b\n1,2\n", ReadSpec(format="xlsx"))


def test_the_child_imports_nothing_of_ours() -> None:
    source = Path("qingliu/pipeline/readers/sheet_child.py").read_text()
    assert "qingliu" not in source.split('"""', 2)[2]


def test_where_a_person_looks_the_largest_of_differing_sheets_is_taken_and_the_others_are_told(tmp_path: Path) -> None:
    sheets = {
        "說明": [["欄位", "意義"], ["a", "x"]],
        "資料": [["a", "b"], ["1", "2"], ["3", "4"]],
        "註": [["表一"], ["附註"]],
    }
    file = tmp_path / "清運.xlsx"
    file.write_bytes(workbook(sheets))
    (made,) = read([file], ReadSpec(), tmp_path / "read", guess=True)
    assert isinstance(made, RowsInput)
    assert (made.columns, made.beside) == (("a", "b"), ("說明", "註"))
    drafted = infer([file])
    assert loads(drafted).read.sheet == "資料"
    assert "說明" in drafted


def test_a_header_in_two_lines_of_merged_cells_names_each_column(tables: Any) -> None:
    top = ["縣市別", "年月", "清運量", None, "回收量", None, "回收率"]
    low = [None, None, "垃圾", "廚餘", "資源", "巨大", None]
    rows = [["臺北市", f"112年{m}月", f"{m}00 公噸", m, m + 1, m + 2, "55.1%"] for m in range(1, 13)]
    (out,) = tables("a.xlsx", workbook({"清運": [["一般廢棄物清運統計"], top, low, *rows]}))
    assert out.columns == ("縣市別", "年月", "清運量 垃圾", "清運量 廚餘", "回收量 資源", "回收量 巨大", "回收率")
    assert len(out.rows) == len(rows)
    assert out.rows[0]["清運量 廚餘"] == "1"


def test_figures_in_the_first_row_alone_make_no_header_of_titles(tables: Any) -> None:
    (out,) = tables(
        "a.xlsx", workbook({"表": [["2023 監測"], ["測站", "2022", "2023"], ["古亭", 1, 2], ["萬華", 3, 4]]})
    )
    assert out.columns == ("測站", "2022", "2023")
