"""The synonym table: which words mean the same to somebody who looks for data. A text file that stewards edit.

One statement a line, everything behind ``#`` left out::

    河川 = 河流 = 溪流 = river        each of them finds the others
    垃圾車 > 清運機具, 清除車輛       the first finds the others too, not the other way round
    - 今天, 哪裡, where               words that say nothing about data

Words are compared as the search compares them: simplified as traditional, 臺 as 台, in lower case.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake.search import normalise

logger = logging.getLogger(__name__)
OWN = Path(__file__).with_name("synonyms.txt")
MOST_LINES, LONGEST = 5_000, 2_000


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """``meaning``: word → other words that find the same. ``empty``: words to leave out. All normalised."""

    meaning: dict[str, tuple[str, ...]] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    longest: int = 0  # characters of the longest Chinese word
    most_words: int = 1  # Latin words of the longest Latin phrase


def read(text: str) -> Thesaurus:
    """The table in ``text``. Raises BadRequest naming the line that cannot be read."""
    meaning: dict[str, dict[str, None]] = {}
    empty: set[str] = set()
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise _bad(len(lines), f"多於 {MOST_LINES} 行", f"has more than {MOST_LINES} lines")
    for number, line in enumerate(lines, start=1):
        told = line.split("#", 1)[0].strip().lstrip("\ufeff")
        if not told:
            continue
        if len(told) > LONGEST:
            raise _bad(number, "太長", "is too long")
        if told.startswith("-"):
            empty |= set(_words(told[1:], ","))
        elif ">" in told:
            first, _, others = told.partition(">")
            if not first.strip() or not _words(others, ","):
                raise _bad(number, "「>」的一邊是空的", "has nothing on one side of '>'")
            for word in _words(first, ","):
                meaning.setdefault(word, {}).update(dict.fromkeys(_words(others, ",")))
        elif "=" in told:
            same = _words(told, "=")
            if len(same) < 2:
                raise _bad(number, "只有一個詞", "holds one word alone")
            for word in same:
                meaning.setdefault(word, {}).update(dict.fromkeys(w for w in same if w != word))
        else:
            raise _bad(number, "沒有「=」、「>」或開頭的「-」", "has no '=', no '>' and no '-' before it")
    known = [*meaning, *empty]
    latin = [len(w.split()) for w in known if w.isascii()]
    return Thesaurus(
        {w: tuple(o) for w, o in meaning.items()},
        frozenset(empty),
        max((len(w) for w in known if not w.isascii()), default=0),
        max(latin, default=1),
    )


def _words(text: str, sign: str) -> list[str]:
    for other in "，、":
        text = text.replace(other, ",")
    return [" ".join(normalise(w).split()) for w in text.split(sign) if w.strip()]


def table(home_file: Path) -> Thesaurus:
    """The table in force: the stewards' at ``home_file`` where it can be read, else the one that comes with us.

    A table that cannot be read is told in the log with its line, once for each writing; the search goes on without it.
    """
    try:
        return _kept(home_file, home_file.stat().st_mtime_ns)
    except FileNotFoundError:
        return _kept(OWN, 0)


@lru_cache(maxsize=4)
def _kept(file: Path, _changed: int) -> Thesaurus:
    try:
        return read(file.read_text(encoding="utf-8"))
    except (BadRequest, UnicodeDecodeError) as error:
        if file == OWN:
            raise
        logger.error("%s is not used: %s", file.name, error)
        return _kept(OWN, 0)


def lines_of(text: str) -> Iterable[str]:
    """The statements of a table, for counting."""
    return (line for line in text.splitlines() if line.split("#", 1)[0].strip())


def _bad(number: int, zh: str, en: str) -> BadRequest:
    return BadRequest(
        Text(f"同義詞表第 {number} 行{zh}。", f"Line {number} of the synonym table {en}."),
        Text(
            "寫法：「甲 = 乙」、「甲 > 乙, 丙」或「- 贅詞」。", "Write 'a = b', 'a > b, c' or '- words to leave out'."
        ),
        parameter="synonyms",
    )
