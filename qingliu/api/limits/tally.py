"""Counters that the processes of one portal share: who asked how often, in memory only.

Every process writes into an area of its own and adds the others' up, so that nobody waits for a lock of another process;
two processes may each let one request too many through at the same moment, never more. Callers are known by keyed hashes
whose key lies in the same memory: no address is kept, and nothing is left when the portal ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import mmap
import os
import threading

log = logging.getLogger("qingliu.api")
SLOTS = 16_384  # callers that one process remembers; beyond that the one unseen for longest is forgotten
_PROBES = 8
_HEAD = 4096  # bytes before the first area: the hash's key, then how many areas were ever taken
_WORDS = 10
_KEY, _MINUTE, _MINUTE_N, _DAY, _DAY_N, _POINTS, _STREAMS, _FAILURES, _FAILED_AT, _SEEN_AT = range(_WORDS)
_AREA = SLOTS * _WORDS
_TAKEN = 8  # the word of the head that counts areas
_SECRET_BYTES = 32


def size(areas: int) -> int:
    """Bytes that ``areas`` processes need; untouched pages cost nothing."""
    return _HEAD + areas * _AREA * 8


class Tally:
    """Counts of callers in memory that is shared by the processes that open the same file; threads share one Tally."""

    def __init__(self, path: str = "") -> None:
        self._lock = threading.Lock()
        self._descriptor = -1
        self._map = self._open(path) if path else None
        self.shared = self._map is not None
        if self._map is None:
            self._map = mmap.mmap(-1, size(1))
            self._map[:_SECRET_BYTES] = os.urandom(_SECRET_BYTES)
            self._area = 0
        self._words = memoryview(self._map).cast("Q")
        self._words[_TAKEN] = max(self._words[_TAKEN], self._area + 1)
        self._hash = hashlib.blake2b(digest_size=8, key=bytes(self._map[:_SECRET_BYTES]))
        self._base = _HEAD // 8 + self._area * _AREA
        for at in range(self._base, self._base + _AREA, _WORDS):
            if self._words[at + _STREAMS]:
                self._words[at + _STREAMS] = 0  # of a process that died in the middle of them

    def _open(self, path: str) -> mmap.mmap | None:
        """The shared memory with an area taken in it; None where there is none or no area is free."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            held = os.fstat(self._descriptor).st_size
            areas = (held - _HEAD) // (_AREA * 8)
            for area in range(areas):
                try:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, area)
                except OSError:
                    continue
                self._area = area  # kept until this process ends, however it ends
                return mmap.mmap(self._descriptor, held)
        except (OSError, ValueError) as error:
            log.warning("requests are counted in each process by itself: %s", type(error).__name__)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        return None

    def key(self, kind: bytes, name: bytes) -> int:
        """The number under which a caller is counted; it cannot be turned back."""
        hashed = self._hash.copy()
        hashed.update(kind)
        hashed.update(name)
        return int.from_bytes(hashed.digest(), "little") or 1

    def _find(self, base: int, key: int) -> int:
        words = self._words
        for n in range(_PROBES):
            at = base + ((key + n) % SLOTS) * _WORDS
            if words[at] == key:
                return at
            if words[at] == 0:
                return -1  # slots are taken in this order and never emptied
        return -1

    def _own(self, key: int) -> int:
        """The caller's slot in our own area; where none is free the one unseen for longest makes room."""
        at = self._find(self._base, key)
        if at >= 0:
            return at
        words, best, age = self._words, -1, 2**64
        for n in range(_PROBES):
            here = self._base + ((key + n) % SLOTS) * _WORDS
            if words[here] == 0:
                best = here
                break
            if not words[here + _STREAMS] and max(words[here + _MINUTE] * 60, words[here + _FAILED_AT]) < age:
                best, age = here, max(words[here + _MINUTE] * 60, words[here + _FAILED_AT])
        best = best if best >= 0 else self._base + (key % SLOTS) * _WORDS
        for n in range(1, _WORDS):
            words[best + n] = 0
        words[best] = key
        return best

    def _slots(self, key: int) -> list[int]:
        """The caller's slots in every area that was ever taken."""
        start = _HEAD // 8
        found = (self._find(start + area * _AREA, key) for area in range(self._words[_TAKEN]))
        return [at for at in found if at >= 0]

    def sums(self, key: int, minute: int, day: int) -> tuple[int, int, int]:
        """Requests of the minute, requests of the day and points of the day, over all processes."""
        in_minute = in_day = points = 0
        words, at = self._words, _HEAD // 8 + (key % SLOTS) * _WORDS
        for _ in range(words[_TAKEN]):
            here = at if words[at] == key else -1 if words[at] == 0 else self._find(at - (key % SLOTS) * _WORDS, key)
            at += _AREA
            if here < 0:
                continue
            if words[here + _MINUTE] == minute:
                in_minute += words[here + _MINUTE_N]
            if words[here + _DAY] == day:
                in_day += words[here + _DAY_N]
                points += words[here + _POINTS]
        return in_minute, in_day, points

    def add(self, key: int, moment: tuple[int, int], requests: int, points: int) -> None:
        """Count requests and points in the minute and day of ``moment``."""
        minute, day = moment
        words = self._words
        with self._lock:
            at = self._base + (key % SLOTS) * _WORDS
            if words[at] != key:
                at = self._own(key)
            if words[at + _MINUTE] != minute:
                words[at + _MINUTE_N] = 0
                words[at + _MINUTE] = minute
            if words[at + _DAY] != day:
                words[at + _DAY_N] = words[at + _POINTS] = 0
                words[at + _DAY] = day
            if requests:
                words[at + _MINUTE_N] += requests
                words[at + _DAY_N] += requests
            words[at + _POINTS] += points

    def streams(self, key: int) -> int:
        """Large answers of the caller that run or wait, over all processes."""
        return sum(self._words[at + _STREAMS] for at in self._slots(key))

    def stream(self, key: int, change: int) -> None:
        """One large answer more (+1) or less (-1)."""
        with self._lock:
            at = self._own(key)
            self._words[at + _STREAMS] = max(0, self._words[at + _STREAMS] + change)

    def failures(self, key: int) -> tuple[int, int]:
        """Failures counted, and the second of the last one."""
        slots = self._slots(key)
        return sum(self._words[at + _FAILURES] for at in slots), max(
            (self._words[at + _FAILED_AT] for at in slots), default=0
        )

    def fail(self, key: int, at_s: int, *, forget_s: int) -> None:
        """One failure more; those before a pause of ``forget_s`` are forgotten."""
        last = self.failures(key)[1]
        with self._lock:
            at = self._own(key)
            if at_s - last > forget_s:
                for slot in self._slots(key):
                    self._words[slot + _FAILURES] = 0
            self._words[at + _FAILURES] += 1
            self._words[at + _FAILED_AT] = at_s

    def seen(self, key: int) -> int:
        """The second at which ``see`` last noted this, over all processes; 0 for never."""
        return max((self._words[at + _SEEN_AT] for at in self._slots(key)), default=0)

    def see(self, key: int, at_s: int) -> None:
        """Note that this was seen."""
        with self._lock:
            at = self._own(key)
            self._words[at + _SEEN_AT] = at_s
            self._words[at + _MINUTE] = at_s // 60


def shared_memory(areas: int) -> tuple[str, int]:
    """Memory for ``areas`` processes: the path under which children of this process open it, and the descriptor that
    keeps it; ("", -1) where the system has no such memory. Nothing reaches a disk."""
    if not hasattr(os, "memfd_create"):
        return "", -1
    descriptor = os.memfd_create("qingliu-limits")
    os.ftruncate(descriptor, size(areas))
    os.pwrite(descriptor, os.urandom(_SECRET_BYTES), 0)
    return f"/proc/{os.getpid()}/fd/{descriptor}", descriptor
