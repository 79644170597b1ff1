"""A text on its way out: parts become chunks, and nothing but the chunk at hand is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from qingliu.api.cache import Headers

CHUNK = 64 * 1024


class Texts:
    """Parts of a text as UTF-8, joined into chunks of about ``CHUNK`` characters."""

    def __init__(self, parts: Iterator[str]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        held: list[str] = []
        size = 0
        for part in self._parts:
            held.append(part)
            size += len(part)
            if size >= CHUNK:
                yield "".join(held).encode()
                held, size = [], 0
        yield "".join(held).encode()

    def late(self) -> Headers:
        """Nothing more to say."""
        return ()

    def close(self) -> None:
        """Stop making parts."""
        with suppress(AttributeError, ValueError):  # ValueError: another thread is inside it just now
            self._parts.close()  # type: ignore[attr-defined]
