"""Room for large answers: places at the engine, a queue before them, and a spool where a slow reader's bytes wait.

A large answer holds one of the server's threads from its queueing to its last byte, and a place at the engine only as
long as the engine works for it: when its reader is slower than the engine, what is left goes to a file without a name.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import Busy

log = logging.getLogger("qingliu.api")
PATIENCE_S = 2.0  # so long in all may a reader keep the engine waiting before the rest is spooled
CHUNK = 256 * 1024

# The web server ends a stream that fails like one that is whole: without this, half a CSV would look like all of it.
# The quotation mark is never closed, so that no reader of CSV, JSON, NDJSON or XML takes the rest for a row.
BROKEN_OFF = '\n"!! 內容不完整：伺服器在此中斷，請重新下載。 INCOMPLETE: the answer broke off here on our side; ask for it again.'


class Place:
    """What a large answer holds: a place at the engine until ``free``, a thread of the server until ``leave``."""

    def __init__(self, free: Callable[[], None], leave: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._free: Callable[[], None] | None = free
        self._leave: Callable[[], None] | None = leave

    def free(self) -> None:
        """The engine is done; safe to call twice."""
        with self._lock:
            free, self._free = self._free, None
        if free:
            free()

    def leave(self) -> None:
        """The answer is over; safe to call twice."""
        self.free()
        with self._lock:
            leave, self._leave = self._leave, None
        if leave:
            leave()

    __call__ = leave


class _Ticket:
    __slots__ = ("most", "who")

    def __init__(self, who: int, most: int) -> None:
        self.who, self.most = who, most


class Gate:
    """Room for ``places`` heavy answers at once and ``waiting`` behind them, so that light ones always find a thread.

    Who holds the fewest places comes next, and nobody but this machine holds them all.
    """

    def __init__(self, places: int, *, waiting: int = 0, spare: int = 0, wait_s: float = 10.0) -> None:
        self._places = places
        self._spare = spare
        self._room = places + waiting  # threads that large answers may hold: running, queueing or being read slowly
        self._wait_s = wait_s
        self._change = threading.Condition()
        self._queue: list[_Ticket] = []
        self._running: Counter[int] = Counter()
        self._threads = 0

    def waiting(self) -> int:
        """How many queue at this moment."""
        return len(self._queue)

    def running(self) -> int:
        """How many the engine works for at this moment."""
        return sum(self._running.values())

    def threads(self) -> int:
        """How many threads large answers hold at this moment."""
        return self._threads

    def enter(self, who: int = 0, *, alone: bool = True) -> Place:
        """Take a place, queueing for it; Busy when none came free. Without ``alone`` a caller never holds all of them."""
        ticket = _Ticket(who, self._places if alone else max(1, self._places - 1))
        until = time.monotonic() + self._wait_s
        with self._change:
            if self._threads >= self._room:
                raise _full()
            self._threads += 1
            self._queue.append(ticket)
            while self._next() is not ticket:
                left = until - time.monotonic()
                if left <= 0:
                    self._queue.remove(ticket)
                    self._threads -= 1
                    self._change.notify_all()
                    raise _full()
                self._change.wait(left)
            self._queue.remove(ticket)
            self._running[who] += 1
            self._change.notify_all()
        return Place(lambda: self._freed(who), self._left)

    def thread(self) -> Place:
        """Hold one of the ``spare`` further threads too, for a longer answer that is not heavy; Busy when too many are held."""
        with self._change:
            if self._threads >= self._room + self._spare:
                raise _full()
            self._threads += 1
        return Place(lambda: None, self._left)

    def _next(self) -> _Ticket | None:
        if sum(self._running.values()) >= self._places:
            return None
        fitting = [t for t in self._queue if self._running[t.who] < t.most]
        return min(fitting, key=lambda t: self._running[t.who], default=None)

    def _freed(self, who: int) -> None:
        with self._change:
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
            self._change.notify_all()

    def _left(self) -> None:
        with self._change:
            self._threads -= 1
            self._change.notify_all()


def _full() -> Busy:
    return Busy(
        Text("目前有其他大型下載進行中。", "Other large answers are under way."),
        Text("請稍後再試，或加上 limit 分頁讀取。", "Try again shortly, or page with limit."),
    )


class Spools:
    """Files without names for what slow readers have not taken yet: ``most_bytes`` in all, one thread that looks."""

    def __init__(self, folder: Path | None, *, most_bytes: int = 2 << 30, patience_s: float = PATIENCE_S) -> None:
        self.folder = folder if most_bytes else None
        self.patience_s = patience_s
        self._left = most_bytes
        self._lock = threading.RLock()
        self._watched: weakref.WeakSet[Sending] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def take(self, size: int) -> bool:
        """So many bytes were written; False when there is no room for more."""
        with self._lock:
            self._left -= size
            return self._left > 0

    def give_back(self, size: int) -> None:
        """So many bytes are free again."""
        with self._lock:
            self._left += size

    def watch(self, sending: Sending) -> None:
        """Look at this stream now and then: is its reader slower than the engine?"""
        if self.folder is None:
            return
        with self._lock:
            self._watched.add(sending)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="api-spools", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(min(0.25, self.patience_s))
            with self._lock:
                watched = list(self._watched)
            for sending in watched:
                if sending.keeps_waiting(self.patience_s):
                    with self._lock:
                        self._watched.discard(sending)
                    threading.Thread(target=sending.drain, name="api-spool", daemon=True).start()
            del watched


class Sending:
    """A stream on its way out: gives back its place and closes its source however it ends.

    ``source_end`` closes the source as soon as its last chunk was made, ``end`` follows the last byte that was read.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        end: Callable[[], None],
        *,
        source_end: Callable[[], None] | None = None,
        spools: Spools | None = None,
        life_s: float = 0.0,
        tail: bytes = b"",
    ) -> None:
        self._chunks = chunks
        self._at_end = end
        self._source_end = source_end
        self._spools = spools
        self._began = time.monotonic()
        self._until = self._began + life_s if life_s else 0.0
        self._tail = tail
        self._lock = threading.RLock()
        self._ended = False
        self._made = False  # every chunk was taken from the source
        self._given_at = 0.0  # when the reader got its last chunk; 0 while the engine works
        self._waited_s = 0.0
        self._file = -1
        self._written = self._read = 0
        self._rest = b""
        self._room = True
        if spools is not None and source_end is not None:
            spools.watch(self)

    def keeps_waiting(self, patience_s: float) -> bool:
        """Whether the engine has waited for the reader longer than that, all waits together, and most of the time."""
        given = self._given_at
        now = time.monotonic()
        waited = self._waited_s + (now - given if given else 0.0)
        return not self._ended and not self._made and waited > max(patience_s, (now - self._began) / 2)

    def _source(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self._made = True
            self._close_source()
            raise

    def _close_source(self) -> None:
        if self._source_end is not None:
            close, self._source_end = self._source_end, None
            close()

    def drain(self) -> None:
        """Take what is left from the source into a file, so that the engine is free; ends early when room does."""
        spools = self._spools
        if spools is None or spools.folder is None:
            return
        try:
            while True:
                with self._lock:
                    if self._ended or self._made:
                        return
                    if self._file < 0:
                        with tempfile.TemporaryFile(dir=spools.folder, buffering=0) as file:
                            self._file = os.dup(file.fileno())
                    self._spill(spools, self._source())
                    if not self._room:
                        return
        except StopIteration:
            return
        except Exception as error:  # an edge: nobody sees a thread die; the reader finds the answer cut, as below
            log.error("an answer broke off half way", exc_info=error)
            self._made = True

    def _spill(self, spools: Spools, chunk: bytes) -> None:
        try:
            left = memoryview(chunk)
            while left:
                done = os.pwrite(self._file, left, self._written)
                self._written += done
                left = left[done:]
                self._room = spools.take(done)
        except OSError as error:  # the disk is full: what was made must not be lost, so it waits in memory
            log.warning("an answer could not be spooled: %s", type(error).__name__)
            self._rest, self._room = bytes(left), False

    def _next(self) -> bytes:
        if self._until and time.monotonic() > self._until:
            log.warning("an answer was cut: its reader took too long")
            tail, self._tail = self._tail, b""
            if not tail or (self._made and self._read == self._written):
                raise StopIteration
            self._made, self._read = True, self._written
            return tail
        if self._read < self._written:
            data = os.pread(self._file, min(CHUNK, self._written - self._read), self._read)
            self._read += len(data)
            return data
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        if self._made:
            raise StopIteration
        return self._source()

    def _end(self) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if self._file >= 0:
                os.close(self._file)
                if self._spools is not None:
                    self._spools.give_back(self._written)
            try:
                self._close_source()
            finally:
                self._at_end()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        given, self._given_at = self._given_at, 0.0
        if given:
            self._waited_s += time.monotonic() - given
        try:
            with self._lock:
                if self._ended:
                    raise StopIteration
                chunk = self._next()
        except BaseException:
            self._end()
            raise
        self._given_at = time.monotonic()
        return chunk

    def close(self) -> None:
        """The client is done, or gone."""
        self._end()

    def __del__(self) -> None:
        self._end()
