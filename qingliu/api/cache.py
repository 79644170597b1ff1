"""Answers kept in memory: small bodies by their strong ETag, and which ETag a request led to.

An ETag names version, question, rendering and encoding, so a kept body can never be stale; the way from a request to
its ETag is kept only for one generation of the published catalogue.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]
RequestKey = tuple[str, ...]
MAX_KEY_CHARS = 2_000
_OVERHEAD = 500  # bytes an entry costs beside its body, roughly


@dataclass(frozen=True, slots=True)
class Stored:
    """What a 200 or a 304 needs. ``body`` None: too large to keep, but its headers still answer a 304."""

    etag: str
    headers: Headers
    body: bytes | None


class ResponseCache:
    """Bounded by bytes, least recently used out first; safe for many threads."""

    def __init__(
        self, *, max_bytes: int = 48 * 1024 * 1024, max_body: int = 1024 * 1024, max_requests: int = 20_000
    ) -> None:
        self.max_body = max_body
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Stored] = OrderedDict()
        self._requests: OrderedDict[RequestKey, tuple[int, str]] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Bytes held at present."""
        return self._bytes

    def get(self, etag: str) -> Stored | None:
        """The answer kept under ``etag``."""
        with self._lock:
            found = self._answers.get(etag)
            if found is not None:
                self._answers.move_to_end(etag)
            return found

    def put(self, stored: Stored) -> None:
        """Keep an answer; the oldest ones make room."""
        size = _size(stored)
        if size > self.max_body + _OVERHEAD:
            return
        with self._lock:
            before = self._answers.pop(stored.etag, None)
            self._bytes += size - (_size(before) if before else 0)
            self._answers[stored.etag] = stored
            while self._bytes > self._max_bytes:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= _size(oldest)

    def remember(self, request: RequestKey, generation: int, etag: str) -> None:
        """Note that in this generation of the catalogue the request leads to ``etag``."""
        if sum(map(len, request)) > MAX_KEY_CHARS:
            return
        with self._lock:
            self._requests[request] = (generation, etag)
            self._requests.move_to_end(request)
            if len(self._requests) > self._max_requests:
                self._requests.popitem(last=False)

    def recall(self, request: RequestKey, generation: int) -> Stored | None:
        """The answer of an earlier equal request, as long as nothing was published since."""
        known = self._requests.get(request)
        if known is None or known[0] != generation:
            return None
        return self.get(known[1])


def _size(stored: Stored) -> int:
    return len(stored.body or b"") + _OVERHEAD
