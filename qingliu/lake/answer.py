"""What a question became and what an answer is: the plan, a page of values, a stream of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qingliu.core.dataset import FieldRecord, VersionRecord
from qingliu.lake.cursor import Cursor
from qingliu.lake.names import literal
from qingliu.lake.published import Entry
from qingliu.lake.query import Query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A question that was understood: which version answers it, with which columns, and under which identity."""

    query: Query
    entry: Entry
    version: VersionRecord
    fields: tuple[FieldRecord, ...]
    cursor: Cursor | None
    question: str  # hash of the question without its cursor
    _kept: dict[Any, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def once(self, name: Any, make: Callable[[], T]) -> T:
        """What follows from this plan alone, worked out at the first asking; another plan made of it begins anew.

        Threads that ask at once may each work it out; all of them get what the first of them kept.
        """
        found: T | None = self._kept.get(name)
        return self._kept.setdefault(name, make()) if found is None else found

    @property
    def etag(self) -> str:
        """Identity of the rows: version, layout, question and place. A dialect adds its rendering and encoding."""
        mark = self.query.cursor or ""
        text = f"{self.version.content_hash}:{self.version.number}:{self.question}:{mark}:{self.entry.updated_at}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as Python values (times aware), the cursor of the next page, and the exact number of all matching rows."""

    rows: list[dict[str, Any]]
    next_cursor: str | None
    matched: int


class Stream:
    """An answer's row bytes, made as they are asked for. After exhaustion the public fields are known.

    ``returned`` rows were sent, ``more`` says whether the limit cut others off, ``next_cursor`` leads to them.
    """

    def __init__(self, chunks: Iterator[bytes], close: Callable[[], None]) -> None:
        self._chunks = chunks
        self._close = close
        self.returned = 0
        self.more = False
        self.next_cursor: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        finally:
            self.close()

    def close(self) -> None:
        """Free the engine's cursor; safe to call twice."""
        self._close()


def separator_sql(text: str) -> str:
    """The separator between rows as SQL."""
    return "chr(10)" if text == "\n" else f"({literal(text[0])} || chr(10))" if text == ",\n" else literal(text)


def text_bytes(column: Any) -> bytes:
    """The text of a string column as it lies in its Arrow buffer: the answer's bytes, copied once."""
    _, offsets, data = column.buffers()
    wide = str(column.type) == "large_string"
    ends = memoryview(offsets).cast("q" if wide else "i")
    first, last = ends[column.offset], ends[column.offset + len(column)]
    return bytes(memoryview(data)[first:last]) if data is not None else b""
