"""Row groups that pages were cut from, kept decoded: whoever reads on, reads the same row group two hundred times."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

MOST_BYTES = 32 * 1024 * 1024
Key = tuple[str, int, tuple[str, ...]]  # file, row group, columns


class Decoded:
    """Tables by row group, bounded by bytes, least recently used out first; all let go once something is published.

    Files never change under their names, so what is kept is never stale; it goes at a publication so that nothing outlives
    a withdrawal in memory.
    """

    def __init__(self, generation: Callable[[], int], most_bytes: int = MOST_BYTES) -> None:
        self._generation = generation
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._bytes = 0
        self._of = -1

    @property
    def bytes(self) -> int:
        """Bytes held at present."""
        return self._bytes

    def get(self, key: Key, read: Callable[[], Any]) -> Any:
        """The table of a row group, from memory or read now."""
        generation = self._generation()
        with self._lock:
            if generation != self._of:
                self._kept.clear()
                self._bytes, self._of = 0, generation
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        table = read()
        with self._lock:
            if key not in self._kept and generation == self._of and table.nbytes <= self._most:
                self._kept[key] = table
                self._bytes += table.nbytes
                while self._bytes > self._most:
                    _, oldest = self._kept.popitem(last=False)
                    self._bytes -= oldest.nbytes
        return table
