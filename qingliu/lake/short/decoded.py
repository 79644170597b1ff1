"""Row groups that pages were cut from, kept decoded: whoever reads on, reads the same row group two hundred times."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

MOST_BYTES = 32 * 1024 * 1024
Place = tuple[str, int]  # file, row group


class Decoded:
    """Columns by row group, bounded by bytes, least recently used out first; all let go once something is published.

    Files never change under their names, so what is kept is never stale; it goes at a publication so that nothing outlives
    a withdrawal in memory.
    """

    def __init__(self, generation: Callable[[], int], most_bytes: int = MOST_BYTES) -> None:
        self._generation = generation
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Place, str], Any] = OrderedDict()
        self._bytes = 0
        self._of = -1

    @property
    def bytes(self) -> int:
        """Bytes held at present."""
        return self._bytes

    def get(
        self, place: Place, names: Sequence[str], read: Callable[[Sequence[str]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Columns of a row group by name, from memory, or those that are missing there read now."""
        generation = self._generation()
        found: dict[str, Any] = {}
        with self._lock:
            if generation != self._of:
                self._kept.clear()
                self._bytes, self._of = 0, generation
            for name in names:
                column = self._kept.get((place, name))
                if column is not None:
                    self._kept.move_to_end((place, name))
                    found[name] = column
        missing = [n for n in names if n not in found]
        if not missing:
            return found
        more = read(missing)
        with self._lock:
            for name, column in more.items():
                key = (place, name)
                if key not in self._kept and generation == self._of and column.nbytes <= self._most:
                    self._kept[key] = column
                    self._bytes += column.nbytes
            while self._bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes
        return found | more
