"""ODS (OpenDocument 1.2, ISO/IEC 26300): the same two sheets, every cell with its type."""

from __future__ import annotations

from qingliu.lake.binary.about import About
from qingliu.lake.binary.parts import Book, escaped_sql, guarded_sql, limited_sql, safe
from qingliu.lake.names import literal
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell, number_text

MOST_CELLS = 10_000_000
MOST_COLUMNS = 1_024  # LibreOffice reads up to 16,384, others no more than this
_EXACT = 999_999_999_999_999
_CARE = r"[&<>\x00-\x1f]|^ | $|  |\x{FFFE}|\x{FFFF}"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in (
        ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("number", "datastyle"),
        ("meta", "meta"), ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip
MIME = "application/vnd.oasis.opendocument.spreadsheet"
SHEETS = ("資料 Data", "說明 About")
_MANIFEST = (
    f'{_XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="{MIME}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_STYLES = f'{_XML}<office:document-styles {_NAMES} office:version="1.2"><office:styles/></office:document-styles>'
_DATE = (
    '<number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/>'
    '<number:text>-</number:text><number:day number:style="long"/>'
)
_TIME = (
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/><number:text>:</number:text><number:seconds number:style="long"/>'
)
_LOOKS = (
    f'<office:automatic-styles><number:date-style style:name="Nday">{_DATE}</number:date-style>'
    f'<number:date-style style:name="Nmoment">{_DATE}{_TIME}</number:date-style>'
    '<number:text-style style:name="Ntext"><number:text-content/></number:text-style>'
    '<style:style style:name="day" style:family="table-cell" style:data-style-name="Nday"/>'
    '<style:style style:name="moment" style:family="table-cell" style:data-style-name="Nmoment"/>'
    '<style:style style:name="words" style:family="table-cell" style:data-style-name="Ntext"/>'
    '<style:style style:name="head" style:family="table-cell" style:data-style-name="Ntext">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="wide" style:family="table-column"><style:table-column-properties '
    'style:column-width="4.2cm"/></style:style></office:automatic-styles>'
)
_STYLE_OF = {"date": "day", "datetime": "moment", "string": "words"}


def book(told: About, rendering: Rendering) -> Book:
    """The workbook of an answer."""
    columns = "".join(
        f'<table:table-column table:style-name="wide" table:default-cell-style-name="{_STYLE_OF.get(c.field.type, "Default")}"/>'
        for c in told.cells
    )
    header = _line([c.column.name for c in told.cells], "head", rendering) if rendering.header else ""
    head = (
        f'{_XML}<office:document-content {_NAMES} office:version="1.2">{_LOOKS}<office:body><office:spreadsheet>'
        f'<table:table table:name="{SHEETS[0]}">{columns}{header}'
    )
    lines = "".join(_line(texts, "words", rendering) for texts in told.lines())
    tail = (
        f'</table:table><table:table table:name="{SHEETS[1]}"><table:table-column table:style-name="wide" '
        f'table:number-columns-repeated="7" table:default-cell-style-name="words"/>{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    meta = (
        f'{_XML}<office:document-meta {_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2"><office:meta>'
        f"<dc:title>{safe(told.record.title.zh or told.record.code, rendering)}</dc:title></office:meta></office:document-meta>"
    )
    cells = ", ".join(f"coalesce({_cell(cell, rendering)}, '<table:table-cell/>')" for cell in told.cells)
    return Book(
        "ods", "content.xml", head, f"concat('<table:table-row>', {cells}, '</table:table-row>')", tail,
        (("mimetype", MIME), ("META-INF/manifest.xml", _MANIFEST), ("styles.xml", _STYLES), ("meta.xml", meta)), (),
        len(told.cells), MOST_CELLS, MOST_COLUMNS,
    )  # fmt: skip


def _line(texts: tuple[str, ...] | list[str], style: str, rendering: Rendering) -> str:
    cells = "".join(
        f'<table:table-cell table:style-name="{style}" office:value-type="string"><text:p>{safe(t, rendering)}</text:p>'
        "</table:table-cell>" if t else "<table:table-cell/>"
        for t in texts
    )  # fmt: skip
    return f"<table:table-row>{cells or '<table:table-cell/>'}</table:table-row>"


def _cell(cell: Cell, rendering: Rendering) -> str:
    """SQL for the XML of a cell, null where the cell is null."""
    sql, kind = cell.sql, cell.field.type

    def typed(name: str, value: str, text: str) -> str:
        attribute = {"float": "value", "boolean": "boolean-value"}.get(name, "date-value")
        opening = f'<table:table-cell office:value-type="{name}" office:{attribute}="'
        return f"""{literal(opening)} || {value} || '"><text:p>' || {text} || '</text:p></table:table-cell>'"""

    def words(text: str) -> str:
        opening = '<table:table-cell office:value-type="string"><text:p>'
        return f"{literal(opening)} || {text} || '</text:p></table:table-cell>'"

    plain = f"CAST({sql} AS VARCHAR)"
    match kind:
        case "string":
            return words(_text(sql, rendering))
        case "boolean":
            return typed("boolean", plain, plain)
        case "integer":
            fits, value = f"{sql} BETWEEN -{_EXACT} AND {_EXACT}", typed("float", plain, plain)
        case "number":
            text = number_text(sql)
            fits, value = f"isfinite({sql})", typed("float", text, text)
        case _:
            # before 1583 calendars differ from program to program: such a date stays text
            fits = f"{sql} >= '1583-01-01' AND {sql} < '10000-01-01'"
            value = typed("date", f"replace({plain}, ' ', 'T')", plain)
    return f"CASE WHEN {fits} THEN {value} ELSE {words(plain)} END"


def _text(sql: str, rendering: Rendering) -> str:
    """Spaces that XML would swallow, tabs and line ends as OpenDocument writes them; a line end of two signs is one."""
    text = guarded_sql(sql, rendering)
    careful = f"replace(replace({escaped_sql(text)}, ' ', '<text:s/>'), chr(9), '<text:tab/>')"
    lined = f"regexp_replace({careful}, '\\r\\n|\\r|\\n', '</text:p><text:p>', 'g')"
    shown = f"CASE WHEN regexp_matches({text}, {literal(_CARE)}) THEN {lined} ELSE {text} END"
    return limited_sql(sql, shown, 32_767)
