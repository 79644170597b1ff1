"""Row text made by the engine: one SQL expression that turns a row into its bytes in a format.

The expression ends in a separator, so the text column of a batch is, in its Arrow buffer, already the answer's bytes.
Numbers are written the same way in every format: shortest form, no trailing ``.0``. docs/adr/0004 has the measurements.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from qingliu.core.dataset import FieldRecord, Place
from qingliu.lake.guard import FORMULA, HARMLESS
from qingliu.lake.names import ident, literal
from qingliu.lake.query import NAIVE, Column, Rendering

SECONDS = "%Y-%m-%d %H:%M:%S"  # a ``datetime_format``: as casts write times, without fractions of a second
_CSV_CARE = r'[",\t\r\n ]|^[=@\t＝＋－＠]|^[+\-].*[^0-9.,]'  # quotes, or a formula's guard
_XML_NAME = re.compile(r"^[A-Za-z_À-￿][\w.\-À-￿]*$")


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the answer: its record, where its value lies in SQL, and how it is written."""

    field: FieldRecord
    sql: str
    column: Column


def offset_text(zone: ZoneInfo) -> str:
    """``+08:00`` for a zone without daylight time today; "" for one with it, whose offset differs by row."""
    offsets = {datetime(2026, m, 1, tzinfo=UTC).astimezone(zone).utcoffset() for m in (1, 7)}
    if len(offsets) != 1:
        return ""
    return datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone).isoformat()[-6:]


def number_text(sql: str) -> str:
    """SQL for the shortest text of a DOUBLE: 13 rather than 13.0; null stays null."""
    return (
        f"CASE WHEN {sql} = trunc({sql}) AND abs({sql}) < 1e15 THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR) "
        f"ELSE CAST({sql} AS VARCHAR) END"
    )


def plain_text(cell: Cell, *, moment_offset: str = "", iso: bool = False) -> str:
    """SQL for a cell's text, null where it is null."""
    sql, kind = cell.sql, cell.field.type
    if kind == "number":
        return number_text(sql)
    if kind == "datetime" and cell.column.datetime_format == NAIVE:
        return f"replace(CAST({sql} AS VARCHAR), ' ', 'T')"
    if kind == "datetime" and cell.column.datetime_format == SECONDS:  # casts are several times faster than formats
        return f"CAST(date_trunc('second', {sql}) AS VARCHAR)"
    if kind == "datetime" and cell.column.datetime_format:
        return f"strftime({sql}, {literal(cell.column.datetime_format)})"
    if kind == "datetime" and iso:
        return f"(replace(CAST({sql} AS VARCHAR), ' ', 'T') || {literal(moment_offset)})"
    if kind == "date" and cell.column.datetime_format not in {"", NAIVE}:
        return f"strftime({sql}, {literal(cell.column.datetime_format)})"
    return sql if kind == "string" else f"CAST({sql} AS VARCHAR)"


def translated(sql: str, words: tuple[tuple[str, str], ...]) -> str:
    """SQL for a text cell in other words: a chain of comparisons, so that rows keep their order and none is lost."""
    if not words:
        return sql
    cases = " ".join(f"WHEN {literal(text)} THEN {literal(word)}" for text, word in words)
    return f"CASE {sql} {cases} ELSE {sql} END"


def with_flags(cell: Cell, text: str, flags: str) -> str:
    """SQL for the text a source would have written: flag texts for nulls, glued suffixes for flagged numbers."""
    name = cell.field.name.replace(";", "%3B").replace("=", "%3D")
    cases = [
        f"WHEN {cell.sql} IS NULL AND contains({flags}, {literal(f';{name}={flag};')}) THEN {literal(shown)}"
        for flag, shown in cell.column.null_by_flag
    ]
    cases += [
        f"WHEN contains({flags}, {literal(f';{name}={flag};')}) THEN {text} || {literal(suffix)}"
        for flag, suffix in cell.column.suffix_by_flag
    ]
    return f"CASE WHEN {flags} IS NULL THEN {text} {' '.join(cases)} ELSE {text} END" if cases else text


def _needs_care(cell: Cell, signs: str) -> bool:
    """Whether a cell's text may hold one of ``signs``: a text column, or a flag written as its word (``<MDL``)."""
    words = [word for _, word in (*cell.column.null_by_flag, *cell.column.suffix_by_flag)]
    return cell.field.type == "string" or any(re.search(signs, word) for word in words)


def needs_csv_care(cell: Cell) -> bool:
    """Whether a cell's text may need quotes or a formula's guard in CSV."""
    return _needs_care(cell, _CSV_CARE)


def always_spaced(cell: Cell) -> bool:
    """Whether each text of a cell is a day and a time with a space between, and nothing else that CSV cares for."""
    written = cell.column
    plain = not written.null_by_flag and not written.suffix_by_flag and written.datetime_format in {"", SECONDS}
    return cell.field.type == "datetime" and plain


def json_object(cells: list[Cell], rendering: Rendering, *, offset: str, flags: str) -> str:
    """SQL for the JSON object (with ``lists`` the array) of a row."""
    begin, end = "[]" if rendering.lists else "{}"
    parts = [literal(begin)]
    for i, cell in enumerate(cells):
        key = ("," if i else "") + ("" if rendering.lists else _json_key(cell.column.name) + ":")
        parts += [literal(key), _json_value(cell, rendering, offset=offset, flags=flags)]
    return f"concat({', '.join([*parts, literal(end)])})"


def _json_key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _json_value(cell: Cell, rendering: Rendering, *, offset: str, flags: str) -> str:
    if rendering.strings:
        text = with_flags(cell, plain_text(cell), flags)
        if cell.field.type == "string" or cell.column.null_by_flag or cell.column.suffix_by_flag:
            return f"coalesce(CAST(to_json({text}) AS VARCHAR), '\"\"')"
        return f"'\"', {text}, '\"'"  # concat() skips nulls: "" remains
    if cell.field.name == "_flags":
        return flags_object(cell.sql)
    if cell.field.type == "string":
        return f"coalesce(CAST(to_json({cell.sql}) AS VARCHAR), 'null')"
    if cell.field.type in {"date", "datetime"}:
        return f"coalesce('\"' || {plain_text(cell, moment_offset=offset, iso=True)} || '\"', 'null')"
    return f"coalesce({plain_text(cell)}, 'null')"


def flags_object(sql: str) -> str:
    """SQL for ``;pm10=missing;`` as the JSON object {"pm10":"missing"}; {} where no cell has a flag."""
    name = "replace(replace(split_part(t, '=', 1), '%3D', '='), '%3B', ';')"
    pair = f"CAST(to_json({name}) AS VARCHAR) || ':' || CAST(to_json(split_part(t, '=', 2)) AS VARCHAR)"
    pairs = f"list_transform(string_split(trim({sql}, ';'), ';'), lambda t: {pair})"
    return f"CASE WHEN {sql} IS NULL THEN '{{}}' ELSE '{{' || array_to_string({pairs}, ',') || '}}' END"


def csv_line(cells: list[Cell], rendering: Rendering, *, flags: str) -> str:
    """SQL for the CSV line of a row, with its line feed. Null is an empty cell."""
    parts: list[str] = []
    for i, cell in enumerate(cells):
        if i:
            parts.append(literal(rendering.delimiter))
        text = with_flags(cell, plain_text(cell), flags)
        spaced = rendering.quote_spaces and cell.field.type in {"datetime", "string"}
        if spaced and always_spaced(cell):
            parts.append(f"('\"' || {text} || '\"')")
        elif spaced or needs_csv_care(cell):
            parts.append(_csv_text(text, rendering))
        else:
            parts.append(text)
    if len(cells) == 1:  # an empty line would be skipped by readers, and a row lost
        parts = [f"coalesce(nullif({parts[0]}, ''), '\"\"')"]
    return f"concat({', '.join([*parts, 'chr(10)'])})"


def _csv_text(text: str, rendering: Rendering) -> str:
    quote_when = f'["{rendering.delimiter}\\r\\n{" " if rendering.quote_spaces else ""}]'
    quoted = "'\"' || replace({0}, '\"', '\"\"') || '\"'"
    if not rendering.escape_formulas:
        return f"CASE WHEN regexp_matches({text}, {literal(quote_when)}) THEN {quoted.format(text)} ELSE {text} END"
    guarded = f"chr(39) || {text}"
    return (
        f"CASE WHEN NOT regexp_matches({text}, {literal(quote_when + '|' + FORMULA)}) THEN {text} "
        f"WHEN regexp_matches({text}, {literal(FORMULA)}) AND NOT regexp_matches({text}, {literal(HARMLESS)}) THEN "
        f"(CASE WHEN regexp_matches({text}, {literal(quote_when)}) THEN {quoted.format(guarded)} ELSE {guarded} END) "
        f"WHEN regexp_matches({text}, {literal(quote_when)}) THEN {quoted.format(text)} ELSE {text} END"
    )


def csv_header(cells: list[Cell], rendering: Rendering) -> str:
    """The header line, cells quoted and guarded by the same rule as values."""
    out = []
    for cell in cells:
        name = cell.column.name
        if rendering.escape_formulas and re.match(FORMULA, name):
            name = "'" + name
        needs = re.search(f'["{rendering.delimiter}\r\n{" " if rendering.quote_spaces else ""}]', name)
        out.append('"' + name.replace('"', '""') + '"' if needs else name)
    return ("\ufeff" if rendering.bom else "") + rendering.delimiter.join(out) + "\n"


def xml_name(name: str) -> str:
    """``name`` as an XML element name; characters that may not stand there become ``_``."""
    if _XML_NAME.match(name) and ":" not in name:
        return name
    cleaned = re.sub(r"[^\w.\-À-￿]", "_", name)
    return cleaned if _XML_NAME.match(cleaned) else "_" + cleaned


def xml_row(cells: list[Cell], rendering: Rendering, *, flags: str) -> str:
    """SQL for the XML element of a row. Null is an empty element; characters that XML forbids are left out."""
    parts = [literal(f"<{rendering.row}>")]
    if rendering.numbered:
        first, cells = cells[0], cells[1:]
        parts = [literal(f'<{rendering.row} {xml_name(first.column.name)}="'), plain_text(first), literal('">')]
    for cell in cells:
        tag = xml_name(cell.column.name)
        text = with_flags(cell, plain_text(cell), flags)
        if _needs_care(cell, "[&<>]"):
            text = (
                f"replace(replace(replace(regexp_replace({text}, '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]', '', 'g'), "
                "'&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
            )
        if rendering.numbered:
            nothing = literal(f'<{tag} xsi:nil="true" />')
            parts.append(f"coalesce({literal(f'<{tag}>')} || {text} || {literal(f'</{tag}>')}, {nothing})")
        else:
            parts += [literal(f"<{tag}>"), text, literal(f"</{tag}>")]
    return f"concat({', '.join([*parts, literal(f'</{rendering.row}>')])})"


def geojson_feature(
    cells: list[Cell], rendering: Rendering, place: tuple[str, str], *, offset: str, flags: str, identifier: str = ""
) -> str:
    """SQL for the GeoJSON Feature of a row; geometry is null where a coordinate is. ``identifier`` is SQL of its id."""
    first, second = place
    properties = json_object(cells, rendering, offset=offset, flags=flags)
    head = literal('{"type":"Point","coordinates":[')
    point = f"coalesce({head} || {number_text(first)} || ',' || {number_text(second)} || ']}}', 'null')"
    start = (
        f"""'{{"type":"Feature","id":"', {identifier}, '","geometry":'"""
        if identifier
        else """'{"type":"Feature","geometry":'"""
    )
    return f"concat({start}, {point}, ',\"properties\":', {properties}, '}}')"


def place_sql(place: Place, physical: dict[str, str]) -> tuple[str, str]:
    """The SQL of longitude and latitude."""
    return ident(physical[place.lon]), ident(physical[place.lat])
