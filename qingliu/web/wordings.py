"""Where the words stand that a finding about both languages speaks of: a text of the page, or values of a column."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from qingliu.bilingual import queries
from qingliu.bilingual.rules import texts
from qingliu.core.errors import QingliuError
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.web.judged import Found

SHOWN = 20
DISTINCT = 2000  # values of a column that are looked through


@dataclass(frozen=True, slots=True)
class Value:
    """A value without English, in how many rows, and the address of those rows on the dataset's page."""

    text: str
    rows: int
    address: str


@dataclass(frozen=True, slots=True)
class Words:
    """The text of the page, or the commonest values of the column; neither where they could not be told apart."""

    place: texts.Place | None
    column: str
    values: tuple[Value, ...]


def words(engine: Engine, entry: Entry, found: Found) -> Words | None:
    """Where a finding about both languages points to; None for a finding of another judge."""
    if found.topic != "bilingual":
        return None
    place = next((p for p in texts.places(entry.record) if p.name == found.finding.place), None)
    column = found.finding.columns[0] if found.finding.columns else ""
    return Words(place, column, _values(engine, entry, column) if column and place is None else ())


def _values(engine: Engine, entry: Entry, column: str) -> tuple[Value, ...]:
    """The column's Chinese values without English, the commonest first."""
    field, note = entry.record.field(column), entry.notes["bilingual"]
    measured = (note.get("columns") or {}).get(column) or {}
    known = (note.get("contents") or {}).get(column) or {}
    unknown = measured.get("covered", 0) and not known  # too many words to be carried in the note
    if field is None or field.sensitivity != "none" or unknown or measured.get("distinct", DISTINCT) >= DISTINCT:
        return ()
    try:
        counted = queries.counted(engine, entry.record, column)
    except QingliuError:
        return ()
    open_ones = sorted((v for v in counted if texts.has_han(v[0]) and v[0] not in known), key=lambda v: (-v[1], v[0]))
    asked = ((v, n, urlencode({"field": column, "op": "eq", "value": v})) for v, n in open_ones[:SHOWN])
    return tuple(Value(v, n, f"?{query}#preview") for v, n, query in asked)
