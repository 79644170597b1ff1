"""What XLSX and ODS share: a workbook's parts as texts, and the SQL that makes a cell's text fit for XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from qingliu.lake.guard import FORMULA, HARMLESS, guarded
from qingliu.lake.names import literal
from qingliu.lake.query import Rendering

TOO_LONG = "qingliu-cell-too-long"
MOST_ROWS = 1_048_575  # and the header
_FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\x{FFFE}|\x{FFFF}"  # signs that XML 1.0 cannot hold
_FORBIDDEN_PY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook: ``row`` is SQL over c0, c1, … and ``_line`` for one row's XML, between ``head`` and ``tail`` in ``name``.

    ``before`` and ``after`` are the other parts, (name, text), in their order in the archive.
    """

    format: str
    name: str
    head: str
    row: str
    tail: str
    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]
    columns: int
    most_cells: int
    most_columns: int
    most_signs: int = 32_767
    most_rows: int = MOST_ROWS


def safe(text: str, rendering: Rendering) -> str:
    """A text of ours for XML: guarded like a cell, without what XML cannot hold, escaped."""
    text = _FORBIDDEN_PY.sub("", text)
    return escape(guarded(text) if rendering.escape_formulas else text)


def guarded_sql(text: str, rendering: Rendering) -> str:
    """SQL of a text as CSV would hold it: an apostrophe before what a spreadsheet would run as a formula."""
    if not rendering.escape_formulas:
        return text
    formula, number = literal(FORMULA), literal(HARMLESS)
    return (
        f"CASE WHEN regexp_matches({text}, {formula}) AND NOT regexp_matches({text}, {number}) "
        f"THEN chr(39) || {text} ELSE {text} END"
    )


def escaped_sql(text: str) -> str:
    """SQL of a text for XML: signs that XML forbids are left out, the others escaped."""
    bare = f"regexp_replace({text}, {literal(_FORBIDDEN)}, '', 'g')"
    return f"replace(replace(replace({bare}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"


def limited_sql(text: str, shown: str, most: int) -> str:
    """SQL of ``shown``, or an error where ``text`` has more than ``most`` UTF-16 units (as spreadsheets count)."""
    beyond = f"length(regexp_replace({text}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"
    long = f"strlen({text}) > {most} AND length({text}) + {beyond} > {most}"
    return f"CASE WHEN {long} THEN error({literal(TOO_LONG)} || left({text}, 0)) ELSE {shown} END"
