"""What a delivery would make of the published rows, before anybody publishes it: counted, with a few rows as examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake.decided import Decided
from qingliu.lake.files import rows_of
from qingliu.lake.ingest import engine
from qingliu.lake.layout import Layout, layout_of, matches
from qingliu.lake.merge import Counts, Delivery, compare, tally
from qingliu.lake.names import ident, literal
from qingliu.lake.store import check_identity

EXAMPLES = 5  # rows of a kind
SHOWN = 80  # characters of one cell
_NAMING = 4  # columns that name a row where nothing is its key

Kind = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of an example as text, before and after; None is an empty cell, or one that is not there."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """One row that comes, changes or goes: the columns that name it, and its other cells (of a change: those that differ)."""

    kind: Kind
    name: tuple[Cell, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """Rows before and after, what would become of the delivered ones, which columns change in how many rows, examples."""

    before: int
    after: int
    counts: Counts
    columns: tuple[tuple[str, int], ...] = ()
    examples: tuple[Example, ...] = ()


def rehearse(
    record: DatasetRecord,
    staged: Path,
    *,
    base: VersionRecord | None,
    root: Path,
    workdir: Path,
    decided: Sequence[Decided] = (),
) -> Rehearsed:
    """Compare staged rows with version ``base`` (None: the first) as a commit would; nothing is written to the lake.

    Raises Conflict where published rows cannot be told apart by the key.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    layout = layout_of(record)
    con = engine(workdir, memory_limit="600MB", threads=1, timezone=record.timezone)
    try:
        delivery = Delivery(con, staged, layout, base.number + 1 if base else 1)
        delivery.settle()
        if base is not None:
            delivery.heed(decided)
        files = [root / f.path for f in base.files] if base else []
        old = rows_of(files, layout, base.columns if base else (), strict=False)
        check_identity(con, old, layout)
        delta = workdir / "delta.parquet"
        compare(con, delivery.relation, old, layout, mode=record.mode, target=delta)
        counts = tally(con, delivery, delta, record.mode)
        before = sum(f.rows for f in base.files) if base else 0
        look = _Look(con, layout, f"read_parquet({literal(str(delta))})", old)
        kinds: tuple[Kind, ...] = ("insert", "delete") if base else ("insert",)
        examples = (*look.changed(), *(e for kind in kinds for e in look.rows(kind)))
        return Rehearsed(before, before + counts.inserted - counts.deleted, counts, look.columns(), examples)
    finally:
        con.close()


@dataclass(frozen=True, slots=True)
class _Look:
    con: duckdb.DuckDBPyConnection
    layout: Layout
    delta: str
    old: str

    @property
    def _named(self) -> tuple[str, ...]:
        names = tuple(c.physical for c in self.layout.columns)
        return self.layout.key or names[:_NAMING]

    @property
    def _others(self) -> tuple[str, ...]:
        return tuple(c.physical for c in self.layout.columns if c.physical not in self._named)

    @property
    def _pairs(self) -> str:
        return f"{self.delta} s JOIN {self.old} b ON {matches('s', 'b', self.layout)} WHERE s._change = 'update'"

    def columns(self) -> tuple[tuple[str, int], ...]:
        """In how many changed rows each column differs, the most often changed first."""
        if not self.layout.key or not self._others:
            return ()
        sums = ", ".join(f"count(*) FILTER ({_differs(n)})" for n in self._others)
        found = self.con.execute(f"SELECT {sums} FROM {self._pairs}").fetchall()[0]
        counted = [(n, int(c)) for n, c in zip(self._others, found, strict=True) if c]
        return tuple(sorted(counted, key=lambda one: -one[1]))

    def changed(self) -> list[Example]:
        """Rows that change, with the cells that differ."""
        if not self.layout.key:
            return []
        texts = [*(_text("s", n) for n in self._named), *(f"{_text(a, n)}" for n in self._others for a in "bs")]
        flags = ["true", *(_differs(n) for n in self._others)]
        found = self._first(f"SELECT {', '.join([*texts, *flags])} FROM {self._pairs}", "s.")
        out = []
        width = len(self._named)
        for row in found:
            names = tuple(Cell(n, t, t) for n, t in zip(self._named, row, strict=False))
            rest, differs = row[width : width + 2 * len(self._others)], row[width + 2 * len(self._others) + 1 :]
            pairs = zip(self._others, rest[::2], rest[1::2], differs, strict=True)
            out.append(Example("update", names, tuple(Cell(n, b, a) for n, b, a, other in pairs if other)))
        return out

    def rows(self, kind: Kind) -> list[Example]:
        """Rows that come or go."""
        names = [*self._named, *self._others]
        texts = ", ".join(_text("s", n) for n in names)
        found = self._first(f"SELECT {texts} FROM {self.delta} s WHERE s._change = {literal(kind)}", "s.")
        out = []
        for row in found:
            gone = kind == "delete"
            cells = [Cell(n, t if gone else None, None if gone else t) for n, t in zip(names, row, strict=True)]
            out.append(Example(kind, tuple(cells[: len(self._named)]), tuple(cells[len(self._named) :])))
        return out

    def _first(self, sql: str, prefix: str) -> list[tuple[str | None, ...]]:
        order = ", ".join(f"{prefix}{ident(n)} NULLS LAST" for n in self._named)
        found: list[tuple[str | None, ...]] = self.con.execute(f"{sql} ORDER BY {order} LIMIT {EXAMPLES}").fetchall()
        return found


def _text(alias: str, name: str) -> str:
    return f"left({alias}.{ident(name)}::VARCHAR, {SHOWN})"


def _differs(name: str) -> str:
    return f"s.{ident(name)} IS DISTINCT FROM b.{ident(name)}"
