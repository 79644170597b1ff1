"""Row groups that may hold rows, and rows cut from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingliu.lake.short import keep


@dataclass(frozen=True, slots=True)
class Group:
    """A row group that may hold rows: file number in the version's list, its number, first row, rows.

    ``left`` are the comparisons that its statistics leave open (none: every row matches); None where the condition is
    more than comparisons.
    """

    file: int
    number: int
    start: int
    rows: int
    left: tuple[keep.Test, ...] | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Matching rows of one file: their columns by physical name, and the number of each row in the file.

    ``numbers`` (counted from ``base``) is None where the rows follow each other from ``base`` on.
    """

    file: int
    table: Any
    base: int
    numbers: Any = None

    def slice(self, low: int, rows: int) -> Cut:
        """``rows`` of its rows from ``low`` on."""
        if self.numbers is None:
            return Cut(self.file, self.table.slice(low, rows), self.base + low)
        return Cut(self.file, self.table.slice(low, rows), self.base, self.numbers.slice(low, rows))

    def places(self) -> Any:
        """The number of each row in the file, int64."""
        if self.numbers is None:
            return pa.array(np.arange(self.base, self.base + self.table.num_rows, dtype=np.int64))
        return pc.add(pc.cast(self.numbers, pa.int64()), self.base)

    def last(self) -> int:
        """The number of the last row in the file."""
        if self.numbers is None:
            return self.base + int(self.table.num_rows) - 1
        return self.base + int(self.numbers[-1].as_py())

    def before(self, row: int) -> int:
        """How many of its rows lie before that row of the file."""
        if self.numbers is None:
            return min(max(0, row - self.base), int(self.table.num_rows))
        return int(pc.sum(pc.less(self.places(), row)).as_py() or 0)


def repeated(value: Any, rows: int) -> Any:
    """A column that holds one text or whole number throughout."""
    if isinstance(value, int):
        return pa.array(np.full(rows, value, dtype=np.int64))
    return pa.DictionaryArray.from_arrays(_zeros(rows), pa.array([value], pa.string()))


@lru_cache(maxsize=64)
def _zeros(rows: int) -> Any:
    """The same for every such column: most row groups have one size."""
    return pa.array(np.zeros(rows, dtype=np.int32))


def one(column: Any) -> Any:
    """A column as one array."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()
