"""Cells that a spreadsheet would run as formulas, made harmless in files meant for people; data for programs stays raw."""

from __future__ import annotations

import re

from qingliu.lake.names import literal

FORMULA = r"^[=+\-@\t\r＝＋－＠]"
NUMBER = r"^[+-]?[0-9.,]*$"
DASHES = r"^[-－]+$"  # a mark for "nothing here", and no formula


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    harmless = not re.match(FORMULA, text) or re.match(NUMBER, text) or re.match(DASHES, text)
    return text if harmless else "'" + text


def guarded_sql(text: str) -> str:
    """SQL of the same over a text expression."""
    formula = f"regexp_matches({text}, {literal(FORMULA)})"
    harmless = f"regexp_matches({text}, {literal(NUMBER)}) OR regexp_matches({text}, {literal(DASHES)})"
    return f"CASE WHEN {formula} AND NOT ({harmless}) THEN chr(39) || {text} ELSE {text} END"
