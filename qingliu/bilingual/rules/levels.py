"""The level of a dataset: 0 none, 1 page, 2 names of columns, 3 contents; and the counts that it follows from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qingliu.bilingual.rules.texts import Place, has_han
from qingliu.bilingual.rules.wording import Worder
from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.records import Finding
from qingliu.standards.register.mapping import quotable

MAX_VALUES = 1_000  # wordings of one column that an answer puts into cells; a column of more is no list of words
_ADD = Text("請在詞彙或翻譯記憶補上。", "Add them to the glossary or the translation memory.")
_TOO_MANY = Text(
    f"有英文的值超過 {MAX_VALUES:,} 個，不能當作代碼表替換：請在來源增列英文欄，或把數字與單位分欄。",
    f"More than {MAX_VALUES:,} values have English, too many to replace: add an English column, or part number and unit.",
)
_DATA = Path(__file__).parent.parent / "data"


@cache
def edition() -> dict[str, Any]:
    """The levels and thresholds in force, with edition, date and source."""
    found: dict[str, Any] = yaml.safe_load((_DATA / "levels.yaml").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """``done`` of ``of``."""

    done: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.done == self.of

    @property
    def share(self) -> float:
        """As a number from 0 to 1; nothing to do is done."""
        return self.done / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Column:
    """A text column measured on its rows: distinct values that hold Chinese, those that have English, by origin; cells
    likewise; ``known`` of the values have English by rule, but a column of more words than fit an answer covers none.
    ``words`` are the wordings, the commonest first; ``uncovered`` examples of what has none."""

    name: str
    distinct: int
    covered: int
    cells: int
    covered_cells: int
    origins: tuple[tuple[str, int], ...]
    words: tuple[tuple[str, str], ...]
    uncovered: tuple[str, ...]
    known: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """Everything a level follows from; ``contents`` None where no rows could be measured."""

    page: Share
    fields: Share
    contents: Share | None

    @property
    def level(self) -> int:
        """0 to 3: each level needs the one before."""
        if not self.page.whole:
            return 0
        if not self.fields.whole:
            return 1
        if self.contents is None or self.contents.share < float(edition()["contents_enough"]):
            return 2
        return 3


def column(field: FieldRecord, counted: Sequence[tuple[str, int]], worder: Worder) -> Column:
    """Measure one column from its distinct values and their cells; values are quoted only where a judge may quote."""
    chinese = sorted((x for x in counted if has_han(x[0])), key=lambda x: (-x[1], x[0]))
    words, uncovered, origins, cells = [], [], Counter[str](), 0
    for zh, count in chinese:
        found = worder.word(zh)
        if found is None:
            uncovered.append(zh)
            continue
        origins[found.origin] += 1
        cells += count
        words.append((zh, found.en))
    known = len(words)
    if known > MAX_VALUES:
        words, cells, origins = [], 0, Counter()
    return Column(
        field.name, len(chinese), len(words), sum(n for _, n in chinese), cells, tuple(sorted(origins.items())),
        tuple(words), tuple(uncovered[:6]) if quotable(field) else (), known,
    )  # fmt: skip


def share(places: Sequence[Place], part: str) -> Share:
    """How many texts of a part are there in both languages."""
    mine = [p for p in places if p.part == part and (p.needed or p.text.zh or p.text.en)]
    return Share(sum(p.done for p in mine), len(mine))


def contents(columns: Sequence[Column]) -> Share:
    """Distinct values with English ÷ all distinct values that hold Chinese."""
    return Share(sum(c.covered for c in columns), sum(c.distinct for c in columns))


def findings(columns: Sequence[Column]) -> tuple[Finding, ...]:
    """One finding for each column with values that have no English."""
    return tuple(
        Finding(
            "bilingual/contents", f"fields.{c.name}",
            Text(
                f"{c.distinct} 個值中 {c.distinct - c.covered} 個沒有英文，如 {'、'.join(v[:20] for v in c.uncovered) or '—'}。",
                f"{c.distinct - c.covered} of {c.distinct} values have no English.",
            ),
            _TOO_MANY if c.known > MAX_VALUES else _ADD,
            severity="info", count=c.distinct - c.covered, columns=(c.name,),
        )
        for c in columns
        if c.covered < c.distinct
    )  # fmt: skip
