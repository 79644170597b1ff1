"""Footers of Parquet files, kept in memory: which row groups may hold a row, and which hold nothing else."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

KEPT = 2_000  # footers; one of 13 row groups and 12 columns takes about 30 kB
MAX_TEXT = 60
_EXACT = {"INT32", "INT64", "DOUBLE", "FLOAT", "BOOLEAN"}  # texts may be cut short in statistics


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest value of a column in a row group; ``exact`` where rows with them exist, ``whole`` without nulls."""

    low: Any
    high: Any
    exact: bool
    whole: bool


@dataclass(slots=True)
class Footer:
    """One file: its metadata for the reader, where row groups begin, and what was learned of each: bounds, and its ends."""

    metadata: pq.FileMetaData
    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    positions: dict[str, int]
    bounds: dict[str, tuple[Bounds | None, ...]]
    ends: dict[int, tuple[tuple[Any, ...], tuple[Any, ...]]] = field(
        default_factory=dict
    )  # row group → first, last row's sort values

    def of(self, column: str) -> tuple[Bounds | None, ...]:
        """The bounds of ``column`` in each row group; None where the file does not say."""
        found = self.bounds.get(column)
        if found is None:
            at = self.positions.get(column)
            found = self.bounds[column] = tuple(
                None if at is None else _bounds(self.metadata.row_group(i).column(at)) for i in range(len(self.sizes))
            )
        return found

    def one_value(self, column: str, group: int) -> Any:
        """The text or whole number that every row of a row group holds in a column; None where it holds several, or none."""
        bounds = self.of(column)[group]
        if bounds is None or not bounds.whole or bounds.low != bounds.high or isinstance(bounds.low, bool):
            return None
        short = isinstance(bounds.low, str) and len(bounds.low) <= MAX_TEXT  # a longer one may be cut short
        return bounds.low if short or isinstance(bounds.low, int) else None

    def all_null(self, column: str, group: int) -> bool:
        """Whether no row of a row group holds anything in a column, as its statistics say."""
        at = self.positions.get(column)
        told = None if at is None else self.metadata.row_group(group).column(at).statistics
        return told is not None and told.has_null_count and bool(told.null_count == self.sizes[group])


def _bounds(chunk: Any) -> Bounds | None:
    told = chunk.statistics
    if told is None or not told.has_min_max:
        return None
    nulls = told.null_count if told.has_null_count else None
    return Bounds(told.min, told.max, chunk.physical_type in _EXACT, nulls == 0)


class Footers:
    """Footers by path, the least recently used let go; a file of the lake never changes under its name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, Footer] = OrderedDict()

    def get(self, path: Path) -> Footer:
        """The footer of a file. Raises FileNotFoundError, and pyarrow's error where it is damaged."""
        with self._lock:
            found = self._kept.get(path)
            if found is not None:
                self._kept.move_to_end(path)
                return found
        metadata = pq.read_metadata(path)
        sizes = tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
        starts = tuple(sum(sizes[:i]) for i in range(len(sizes)))
        names = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
        made = Footer(metadata, starts, sizes, names, bounds={})
        with self._lock:
            self._kept[path] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
