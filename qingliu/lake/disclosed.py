"""What becomes of the texts of a column on their way to the public: which are changed, which stay as they are, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit

TEXTS = 2_000  # different texts of one kind that are kept of a column
LINES = 12
SHOWN = 400  # characters of one text


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One different text before and after (the same where it stays; "" = hidden), its cells and its first lines."""

    before: str
    after: str
    count: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The texts of one column: those that are changed, those that stay as they are, and how many of each there are."""

    column: str
    changed: tuple[Disclosure, ...]
    kept: tuple[Disclosure, ...]
    changed_all: int
    kept_all: int

    @property
    def changed_cells(self) -> int:
        """Cells of the texts that are listed as changed."""
        return sum(d.count for d in self.changed)

    @property
    def kept_cells(self) -> int:
        """Cells of the texts that are listed as kept."""
        return sum(d.count for d in self.kept)


def disclosed(
    record: DatasetRecord, staged: Path, shown: Path, columns: Sequence[str], located: Path | None = None
) -> tuple[Disclosed, ...]:
    """Each text column of ``columns`` in the rows as they were read (``staged``) and as they would be public (``shown``, in
    the same order), most frequent texts first. ``located`` are the rows with their lines (``lake.located``)."""
    names = [f.name for f in record.fields if f.name in columns and f.type == "string"]
    with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as con:
        return tuple(_column(con, name, staged, shown, located) for name in names)


def _column(con: duckdb.DuckDBPyConnection, name: str, staged: Path, shown: Path, located: Path | None) -> Disclosed:
    before, after = (f"read_parquet({lit(str(p))}, file_row_number=true)" for p in (staged, shown))
    column = ident(name)
    pairs = (
        f"SELECT left(b.{column}, {SHOWN}) AS t, left(coalesce(a.{column}, ''), {SHOWN}) AS s, "
        f"b.{column} IS NOT DISTINCT FROM a.{column} AS same, count(*) AS n "
        f"FROM {before} b JOIN {after} a USING (file_row_number) WHERE b.{column} IS NOT NULL GROUP BY 1, 2, 3"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE pairs AS {pairs}")
    at: dict[str, tuple[int, ...]] = {}
    if located is not None and located.is_file():
        lines = (
            f"SELECT left({column}, {SHOWN}) AS t, list(_line ORDER BY _input, _record)[:{LINES}] "
            f"FROM read_parquet({lit(str(located))}) WHERE {column} IS NOT NULL GROUP BY 1"
        )
        found = con.execute(f"SELECT * FROM ({lines}) WHERE t IN (SELECT t FROM pairs)").fetchall()
        at = {t: tuple(int(n) for n in numbers) for t, numbers in found}
    parts: list[tuple[Disclosure, ...]] = []
    counts: list[int] = []
    for same in (False, True):
        rows = con.execute(f"SELECT t, s, n FROM pairs WHERE same = {same} ORDER BY n DESC, t LIMIT {TEXTS}").fetchall()
        parts.append(tuple(Disclosure(t, s, int(n), at.get(t, ())) for t, s, n in rows))
        counts.append(int(con.execute(f"SELECT count(*) FROM pairs WHERE same = {same}").fetchall()[0][0]))
    return Disclosed(name, parts[0], parts[1], counts[0], counts[1])
