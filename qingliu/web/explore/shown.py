"""A question answered: pictures for wide and narrow paper, title and words, the numbers as a table, and the call."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from qingliu.web.charts import scales
from qingliu.web.charts.marks import Drawing, whole
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.calls import Call
from qingliu.web.explore.choose import Facts

TABLE_ROWS = 200
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,eE+\-]*")


@dataclass(frozen=True, slots=True)
class Table:
    """The chart's numbers: ``names`` as machines know the columns, ``heads`` as readers do; cells are plain values."""

    names: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def some(self) -> tuple[tuple[str, ...], ...]:
        """The first rows as text, for the page."""
        return tuple(tuple(_read(v) for v in row) for row in self.rows[:TABLE_ROWS])

    @property
    def more(self) -> int:
        """How many rows the page leaves to the CSV."""
        return max(0, len(self.rows) - TABLE_ROWS)

    def csv(self) -> bytes:
        """All rows as CSV with a byte order mark; cells that a spreadsheet would run begin with an apostrophe."""
        told = io.StringIO()
        writer = csv.writer(told, lineterminator="\n")
        writer.writerow([_guarded(n) for n in self.names])
        writer.writerows([[_guarded(text(v)) for v in row] for row in self.rows])
        return ("\ufeff" + told.getvalue()).encode()


def text(value: Any) -> str:
    """A cell as CSV and tables write it: numbers to the last digit, times with seconds only where there are some."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(value: Any) -> str:
    """A cell as people read it: times without their zone, which stands above the table."""
    if isinstance(value, float):
        return scales.short(value)
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else text(value)


def _guarded(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the page says of one chart. ``notes`` stand under it, ``said`` are its main facts in a sentence or more."""

    ask: Ask
    facts: Facts
    call: Call
    version: int
    title: str
    said: str
    table: Table
    notes: tuple[str, ...] = ()
    wide: Drawing | None = None
    narrow: Drawing | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def svg(self, ident: str, *, narrow: bool = False) -> str:
        """The picture for a page; "" where the kind has none."""
        drawing = self.narrow if narrow else self.wide
        class_ = "chart for-narrow" if narrow else "chart for-wide"
        return whole(drawing, self.title, self.said, ident=ident, class_=class_) if drawing else ""

    def alone(self, source: tuple[str, ...]) -> str:
        """The picture by itself, with title and notes in it and ``source`` lines below."""
        assert self.wide is not None
        return whole(self.wide, self.title, self.said, ident="c", head=(self.title, *self.notes[:1]),
                     foot=(*self.notes[1:], *source), class_="chart alone")  # fmt: skip
