"""Counting a table so that two readings can be compared to the last cell without holding both in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

Cell = None | float | str | datetime
MOD = 1 << 64
SCALE = 1074  # the smallest double is 2^-1074


def text(cell: Cell) -> str:
    """A cell in one way of writing, whatever format it came from."""
    if cell is None:
        return "\0"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(cell, float):
        return repr(cell + 0.0)  # -0.0 and 0.0 are one number
    return cell


@dataclass
class Column:
    """One column: cells that hold a value, the sum of its numbers, and a sum over all cells that any change alters."""

    filled: int = 0
    scaled: int = 0  # the exact sum times 2^1074: no order of adding can change it
    check: int = 0

    @property
    def total(self) -> float:
        """The exact sum, rounded once."""
        return self.scaled / (1 << SCALE)

    def add(self, cell: Cell, written: str) -> None:
        """Count one cell."""
        self.check = (self.check + zlib.crc32(written.encode())) % MOD
        if cell is None:
            return
        self.filled += 1
        if isinstance(cell, float):
            top, bottom = cell.as_integer_ratio()
            self.scaled += top << (SCALE - bottom.bit_length() + 1)


@dataclass
class Tally:
    """A whole table. ``check`` binds the cells of a row together: it notices values that changed rows."""

    rows: int = 0
    check: int = 0
    columns: dict[str, Column] = field(default_factory=dict)

    def add(self, names: Iterable[str], cells: Iterable[Cell]) -> None:
        """Count one row."""
        written = []
        for name, cell in zip(names, cells, strict=True):
            word = text(cell)
            written.append(word)
            self.columns.setdefault(name, Column()).add(cell, word)
        self.rows += 1
        self.check = (self.check + zlib.crc32("\x1f".join(written).encode())) % MOD


def differences(expected: Tally, found: Tally) -> list[str]:
    """What does not agree, in words; empty when the two tables hold the same rows."""
    said = []
    if expected.rows != found.rows:
        said.append(f"rows {expected.rows:,} expected, {found.rows:,} served")
    for name, column in expected.columns.items():
        other = found.columns.get(name)
        if other is None:
            said.append(f"{name}: not served")
            continue
        if column.filled != other.filled:
            said.append(f"{name}: {column.filled:,} filled expected, {other.filled:,} served")
        if column.scaled != other.scaled:
            said.append(f"{name}: sum {column.total!r} expected, {other.total!r} served")
        elif column.check != other.check:
            said.append(f"{name}: same count and sum, but other cells")
    said += [f"{name}: served, but not in the files" for name in found.columns if name not in expected.columns]
    if not said and expected.check != found.check:
        said.append("every column agrees, but cells stand in other rows")
    return said
