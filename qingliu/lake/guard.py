"""Cells that a spreadsheet would run as formulas, made harmless in files meant for people; data for programs stays raw."""

from __future__ import annotations

import re

from qingliu.lake.names import literal

FORMULA = r"^[=+\-@\t\r＝＋－＠]"
# numbers; and dashes around Han words, marks for "nothing here" such as -無資料-: no formula that could do anything
HARMLESS = r"^(?:[+-]?[0-9.,]*|[-－][-－一-鿿]*)$"


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    harmless = not re.match(FORMULA, text) or re.match(HARMLESS, text)
    return text if harmless else "'" + text


def guarded_sql(text: str) -> str:
    """SQL of the same over a text expression."""
    formula = f"regexp_matches({text}, {literal(FORMULA)})"
    harmless = f"regexp_matches({text}, {literal(HARMLESS)})"
    return f"CASE WHEN {formula} AND NOT {harmless} THEN chr(39) || {text} ELSE {text} END"
