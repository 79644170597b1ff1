"""XLSX (ISO/IEC 29500, SpreadsheetML): one sheet of typed cells, one that says where they come from."""

from __future__ import annotations

from qingliu.lake.binary.about import About
from qingliu.lake.binary.parts import Book, escaped_sql, guarded_sql, limited_sql, safe
from qingliu.lake.names import literal
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell, number_text

MOST_CELLS = 20_000_000
MOST_COLUMNS = 16_384
_EXACT = 999_999_999_999_999  # a spreadsheet keeps 15 digits: a longer whole number stays text
_CARE = r"[&<>\x00-\x1f]|_x[0-9A-Fa-f]{4}_|\x{FFFE}|\x{FFFF}"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEETS = ("資料 Data", "說明 About")
_TITLE, _MOMENT, _DAY, _TEXT = 1, 2, 3, 4  # numbers of the cell styles below

_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet2.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
)
_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_WORKBOOK = (
    f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>'
    + "".join(f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(SHEETS, start=1))
    + "</sheets></workbook>"
)
_PARTS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOC}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_DOC}/worksheet" Target="worksheets/sheet2.xml"/>'
    f'<Relationship Id="rId3" Type="{_DOC}/styles" Target="styles.xml"/></Relationships>'
)
_FROZEN = '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
_FONT = '<sz val="11"/><name val="Calibri"/>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def book(told: About, rendering: Rendering) -> Book:
    """The workbook of an answer."""
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{20 if c.field.type == "datetime" else 14}" customWidth="1"/>'
        for i, c in enumerate(told.cells, start=1)
    )
    header = _line(1, [c.column.name for c in told.cells], _TITLE, rendering) if rendering.header else ""
    head = f'{_XML}<worksheet xmlns="{_MAIN}">{_FROZEN}<cols>{widths}</cols><sheetData>{header}'
    lines = "".join(_line(n, texts, _TEXT, rendering) for n, texts in enumerate(told.lines(), start=1))
    wide = '<cols><col min="1" max="7" width="28" customWidth="1"/></cols>'
    notes = f'{_XML}<worksheet xmlns="{_MAIN}">{wide}<sheetData>{lines}</sheetData></worksheet>'
    cells = ", ".join(_cell(_letters(i), cell, rendering) for i, cell in enumerate(told.cells))
    return Book(
        "xlsx", "xl/worksheets/sheet1.xml", head,
        f"""concat('<row r="', _line, '">', {cells}, '</row>')""", "</sheetData></worksheet>",
        (("[Content_Types].xml", _TYPES), ("_rels/.rels", _RELATIONS), ("xl/workbook.xml", _WORKBOOK),
         ("xl/_rels/workbook.xml.rels", _PARTS), ("xl/styles.xml", _STYLES)),
        (("xl/worksheets/sheet2.xml", notes),), len(told.cells), MOST_CELLS, MOST_COLUMNS,
    )  # fmt: skip


def _letters(index: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _line(number: int, texts: tuple[str, ...] | list[str], style: int, rendering: Rendering) -> str:
    cells = "".join(
        f'<c r="{_letters(i)}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{safe(t, rendering)}</t></is></c>'
        for i, t in enumerate(texts)
        if t
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(letters: str, cell: Cell, rendering: Rendering) -> str:
    """SQL for the XML of a cell; null, and so nothing, where the cell is null."""
    sql, kind = cell.sql, cell.field.type

    def number(text: str, style: int = 0) -> str:
        return f"""'<c r="{letters}' || _line || '" s="{style}"><v>' || {text} || '</v></c>'"""

    def words(text: str) -> str:
        opening = f'" s="{_TEXT}" t="inlineStr"><is><t xml:space="preserve">'
        return f"""'<c r="{letters}' || _line || {literal(opening)} || {text} || '</t></is></c>'"""

    plain = f"CAST({sql} AS VARCHAR)"
    match kind:
        case "string":
            return words(_text(sql, rendering))
        case "boolean":
            return f"""'<c r="{letters}' || _line || '" t="b"><v>' || CAST({sql} AS INTEGER) || '</v></c>'"""
        case "integer":
            fits, value = f"{sql} BETWEEN -{_EXACT} AND {_EXACT}", number(plain)
        case "number":
            fits, value = f"isfinite({sql})", number(number_text(sql))
        case "date":
            fits, value = _in_calendar(sql), number(f"CAST({sql} - DATE '1899-12-30' AS VARCHAR)", _DAY)
        case _:
            days = number_text(f"(epoch_us({sql}) / 86400000000.0 + 25569)")
            fits, value = _in_calendar(sql), number(days, _MOMENT)
    return f"CASE WHEN {fits} THEN {value} ELSE {words(plain)} END"


def _in_calendar(sql: str) -> str:
    """Days that a sheet counts right: before March 1900 it knows a 29 February that never was."""
    return f"{sql} >= '1900-03-01' AND {sql} < '10000-01-01'"


def _text(sql: str, rendering: Rendering) -> str:
    text = guarded_sql(sql, rendering)
    escaped = escaped_sql(f"regexp_replace({text}, '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g')")
    careful = f"replace({escaped}, chr(13), '&#13;')"
    shown = f"CASE WHEN regexp_matches({text}, {literal(_CARE)}) THEN {careful} ELSE {text} END"
    return limited_sql(sql, shown, 32_767)
