"""Slow connections: readers that take next to nothing are cut off, bodies that drip in are given up.

The web server waits for a reader as long as it takes, and each wait holds a thread. The kernel knows for every socket how
many bytes were taken and how many still wait, whoever waits for what: one thread looks at all of this process's sockets.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger("qingliu.api")
LOOK_S = 5.0
GRACE_S = 30.0  # a reader is judged by what it took in so many seconds
BODY_PIECE = 16 * 1024
BODY_GRACE_S = 10.0  # a body's next 16 KiB must come within this
_TCP_INFO_BYTES = 152
_ACKED, _UNSENT = 120, 144  # offsets in Linux's struct tcp_info: u64 bytes acknowledged, u32 bytes not yet sent
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"), ("Cache-Control", "no-store"))
Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class Seen:
    """A socket whose reader lets bytes wait: since when, and how many it had taken then."""

    since: float
    acked: int
    inode: int


class Pace:
    """Looks at this process's connections and shuts those whose reader takes less than ``least`` bytes a second."""

    def __init__(self, least: int, *, grace_s: float = GRACE_S) -> None:
        self._least = least
        self._grace_s = grace_s
        self._seen: dict[int, Seen] = {}

    def look(self, now: float) -> int:
        """Judge every connection once; how many were cut."""
        cut = 0
        numbers = [int(n) for n in os.listdir("/proc/self/fd")]
        for gone in set(self._seen) - set(numbers):
            del self._seen[gone]
        for number in numbers:
            try:
                copy = os.dup(number)  # ours, so that what is judged is what is cut, whoever closes it meanwhile
            except OSError:
                continue
            try:
                cut += self._judge(number, copy, now)
            finally:
                os.close(copy)
        return cut

    def _judge(self, number: int, copy: int, now: float) -> int:
        waiting = _waiting(copy)
        if waiting is None or not waiting[1]:
            self._seen.pop(number, None)  # no connection, or nothing waits for its reader
            return 0
        acked, inode = waiting[0], os.fstat(copy).st_ino
        seen = self._seen.get(number)
        if seen is None or seen.inode != inode:
            self._seen[number] = Seen(now, acked, inode)
            return 0
        if now - seen.since < self._grace_s:
            return 0
        if acked - seen.acked >= self._least * (now - seen.since):
            self._seen[number] = Seen(now, acked, inode)
            return 0
        del self._seen[number]
        connection = socket.socket(fileno=copy)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return 0
        finally:
            connection.detach()
        log.warning("a connection was cut: its reader took less than %d bytes a second", self._least)
        return 1

    def run(self) -> None:
        """Look now and then, for ever."""
        while True:
            time.sleep(min(LOOK_S, self._grace_s / 4))
            try:
                self.look(time.monotonic())
            except OSError as error:
                log.warning("connections could not be judged: %s", type(error).__name__)


def _waiting(descriptor: int) -> tuple[int, int] | None:
    """Bytes that the other side took and bytes that wait for it; None where this is no connection of TCP."""
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:
        return None  # a file, a pipe
    try:
        if connection.family not in {socket.AF_INET, socket.AF_INET6} or connection.type != socket.SOCK_STREAM:
            return None
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return None
    finally:
        connection.detach()  # the descriptor stays its owner's
    if len(info) < _TCP_INFO_BYTES:
        return None
    return struct.unpack_from("Q", info, _ACKED)[0], struct.unpack_from("I", info, _UNSENT)[0]


def start(least: int, *, grace_s: float = GRACE_S) -> None:
    """Begin to judge this process's connections; nothing where ``least`` is 0 or the system does not tell."""
    if least and sys.platform == "linux" and Path("/proc/self/fd").is_dir():
        threading.Thread(target=Pace(least, grace_s=grace_s).run, name="web-pace", daemon=True).start()


class SlowBody(OSError):
    """A request's body came too slowly."""


class TimelyBody:
    """``wsgi.input`` with a time for each piece: a helper waits for the client, so that no thread of the server does."""

    def __init__(self, source: Any, *, grace_s: float = BODY_GRACE_S, ended: Callable[[], None] = lambda: None) -> None:
        self._source = source
        self._tell = ended
        self._grace_s = grace_s
        self._pieces: queue.Queue[bytes | BaseException] = queue.Queue(maxsize=4)
        self._rest = bytearray()
        self._ended = False
        self._given_up = threading.Event()
        threading.Thread(target=self._fetch, name="web-body", daemon=True).start()

    def _put(self, piece: bytes | BaseException) -> bool:
        while not self._given_up.is_set():
            try:
                self._pieces.put(piece, timeout=1.0)
                return True
            except queue.Full:
                continue
        return False

    def _fetch(self) -> None:
        try:
            while piece := self._source.read(BODY_PIECE):
                if not self._put(bytes(piece)):
                    return
            self._put(b"")
        except Exception as error:  # an edge: whatever the server says is told where the body is read
            self._put(error)

    def _more(self) -> bool:
        if self._ended:
            return False
        try:
            piece = self._pieces.get(timeout=self._grace_s)
        except queue.Empty:
            self.give_up()
            raise SlowBody("the request's body came too slowly") from None
        if isinstance(piece, BaseException):
            self.give_up()
            raise SlowBody("the request's body broke off") from piece
        self._rest += piece
        if not piece:
            self.give_up()
        return bool(piece)

    def give_up(self) -> None:
        """Nobody will read on; safe to call twice."""
        if not self._ended:
            self._ended = True
            self._given_up.set()
            self._tell()

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes, fewer only at the end; all of them where it is negative. Raises SlowBody."""
        wanted = -1 if size is None else size
        while (wanted < 0 or len(self._rest) < wanted) and self._more():
            pass
        cut = len(self._rest) if wanted < 0 else wanted
        found = bytes(self._rest[:cut])
        del self._rest[:cut]
        return found

    def readline(self, size: int | None = -1) -> bytes:
        """A line with its end. Raises SlowBody."""
        while b"\n" not in self._rest and (size is None or size < 0 or len(self._rest) < size) and self._more():
            pass
        end = self._rest.find(b"\n") + 1 or len(self._rest)
        return self.read(end if size is None or size < 0 else min(end, size))

    def __iter__(self) -> TimelyBody:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


def timely(app: App, *, at_once: int, grace_s: float = BODY_GRACE_S) -> App:
    """``app`` with bodies that must come in time, ``at_once`` of them at a time; a request without one is passed on."""
    room = threading.BoundedSemaphore(max(1, at_once))

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH", "0") in {"", "0"} and "HTTP_TRANSFER_ENCODING" not in environ:
            return app(environ, start_response)
        if not room.acquire(blocking=False):
            start_response("503 Service Unavailable", [*_PLAIN, ("Retry-After", "5")])
            return [
                "目前有太多請求內容正在傳送，請稍後再試。 Too many bodies are on their way; try again shortly.\n".encode()
            ]
        body = TimelyBody(environ["wsgi.input"], grace_s=grace_s, ended=room.release)
        environ["wsgi.input"] = body
        try:
            return app(environ, start_response)
        except SlowBody:
            start_response("408 Request Timeout", list(_PLAIN))
            return ["請求內容傳送過慢。 The request's body came too slowly.\n".encode()]
        finally:
            body.give_up()

    return serve
