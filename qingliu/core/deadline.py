"""A deadline that also ends reads that are blocked in the kernel."""

from __future__ import annotations

import logging
import socket
import threading
import time

log = logging.getLogger(__name__)


class Deadline:
    """Cuts every socket of a call when its time is over; a slow drip never times out by itself."""

    def __init__(self, timeout_s: float) -> None:
        self.ends = time.monotonic() + timeout_s
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        """Seconds until the end; negative after it."""
        return self.ends - time.monotonic()

    def watch(self, sock: socket.socket) -> None:
        """Cut this connection, too, when time is over."""
        # A duplicate: shutdown works on the connection, also after TLS has taken the first descriptor over.
        with self._lock:
            self._sockets.append(sock.dup())
        if self.left() <= 0:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("connection was closed already")

    def close(self) -> None:
        """The call is over in time."""
        self._timer.cancel()
        self._timer.join(1.0)
        for sock in self._sockets:
            sock.close()
