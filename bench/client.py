"""A lean HTTP client for measuring: raw keep-alive sockets, so that the client is not what is measured."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass


class BadAnswer(Exception):
    """The server answered something else than 200 or 304, or not to the end."""


class Closed(BadAnswer):
    """The server closed the connection."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a server listens."""

    host: str
    port: int


class TurnedAway(BadAnswer):
    """503: asked to come back after ``wait_s`` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("503 busy")
        self.wait_s = wait_s


class Body:
    """The body of an answer taken in pieces: its line feeds and bytes, without those of the chunks' frames."""

    def __init__(self, *, chunked: bool) -> None:
        self.chunked = chunked
        self.lines = self.size = 0
        self.ended = False
        self._left = 0  # bytes of the chunk that are to come
        self._frame = b""  # the beginning of a chunk's frame

    def take(self, piece: bytes) -> None:
        """The next piece as it came."""
        if not self.chunked:
            self._count(piece)
            return
        at = 0
        while at < len(piece):
            if self._left:
                part = piece[at : at + self._left]
                self._count(part)
                self._left -= len(part)
                at += len(part)
                continue
            end = piece.find(b"\n", at)
            if end < 0:
                self._frame += piece[at:]
                return
            line = (self._frame + piece[at:end]).strip()
            self._frame, at = b"", end + 1
            if line:  # the empty one ends the chunk before
                self._left = int(line.split(b";")[0], 16)
                if not self._left:
                    self.ended = True
                    return

    def _count(self, part: bytes) -> None:
        self.lines += part.count(b"\n")
        self.size += len(part)


class Wire:
    """One connection that is kept alive."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection((self._peer.host, self._peer.port), timeout=600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def get(self, path: str, headers: str = "") -> bytes:
        """The body of the answer to ``path``; a connection that was closed between two requests is opened again."""
        try:
            return self._ask(path, headers)
        except (Closed, ConnectionError):
            if self._rest:
                raise
            self._socket.close()
            self._connect()
            return self._ask(path, headers)

    def _ask(self, path: str, headers: str) -> bytes:
        head = f"GET {path} HTTP/1.1\r\nHost: {self._peer.host}:{self._peer.port}\r\nAccept: */*\r\n{headers}\r\n"
        self._socket.sendall(head.encode("ascii"))
        data = self._until(b"\r\n\r\n")
        top, _, self._rest = data.partition(b"\r\n\r\n")
        lines = top.lower().split(b"\r\n")
        status = lines[0].split(b" ")[1]
        fields = dict(line.split(b":", 1) for line in lines[1:])
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            body = self._chunks()
        else:
            body = self._exactly(int(fields.get(b"content-length", b"0")))
        if status == b"503":
            raise TurnedAway(float(fields.get(b"retry-after", b"1")))
        if status not in {b"200", b"304"}:
            raise BadAnswer(f"{status.decode()} for {path}: {body[:500].decode(errors='replace')}")
        return body

    def _read(self) -> bytes:
        piece = self._socket.recv(1 << 20)
        if not piece:
            raise Closed("the server closed the connection in the middle of an answer")
        return piece

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._rest += self._read()
        return self._rest

    def _exactly(self, size: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < size:
            parts.append(self._read())
            have += len(parts[-1])
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            line, _, self._rest = self._until(b"\r\n").partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while True:  # trailers, then an empty line
                    trailer, _, self._rest = self._until(b"\r\n").partition(b"\r\n")
                    if not trailer:
                        return b"".join(parts)
            parts.append(self._exactly(size))
            self._rest = self._until(b"\r\n")[2:]

    def drain(self, path: str, seconds: float = 3600.0) -> tuple[int, int, bool]:
        """Read an answer without keeping it: its line feeds and bytes until it ends or so many seconds have passed; whether
        it ended. The connection is of no use afterwards."""
        until = time.monotonic() + seconds
        head = f"GET {path} HTTP/1.1\r\nHost: {self._peer.host}:{self._peer.port}\r\nConnection: close\r\n\r\n"
        self._socket.sendall(head.encode("ascii"))
        top, _, rest = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        if top.split(b" ")[1] == b"503":
            raise TurnedAway(1.0)
        if top.split(b" ")[1] != b"200":
            raise BadAnswer(f"{top.splitlines()[0].decode()} for {path}")
        body = Body(chunked=b"chunked" in top.lower())
        body.take(rest)
        while not body.ended and time.monotonic() < until:
            self._socket.settimeout(max(0.05, until - time.monotonic()))
            try:
                piece = self._socket.recv(1 << 20)
            except TimeoutError:
                break
            if not piece:
                return body.lines, body.size, not body.chunked
            body.take(piece)
        return body.lines, body.size, body.ended

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Answers a second, how many requests were turned away with 503, and the median and 99th percentile in ms."""

    rate: float = 0.0
    turned_away: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


def one_by_one(peer: Peer, paths: list[str], headers: str = "") -> list[float]:
    """Seconds of each request, one client."""
    wire = Wire(peer)
    took = []
    for path in paths:
        begin = time.perf_counter()
        wire.get(path, headers)
        took.append(time.perf_counter() - begin)
    wire.close()
    return took


def _share(
    peer: Peer, lanes: list[list[str]], until: float, answer: multiprocessing.SimpleQueue[tuple[list[float], int, str]]
) -> None:
    done = [0] * len(lanes)
    took: list[float] = []
    refused = [0] * len(lanes)
    wrong: list[str] = []

    def walk(lane: int) -> None:
        wire = Wire(peer)
        paths = lanes[lane]
        try:
            while time.monotonic() < until:
                begin = time.perf_counter()
                try:
                    wire.get(paths[done[lane] % len(paths)])
                except TurnedAway as busy:
                    refused[lane] += 1
                    time.sleep(busy.wait_s)
                    continue
                done[lane] += 1
                took.append(time.perf_counter() - begin)
        except (BadAnswer, OSError) as error:
            wrong.append(str(error))
        wire.close()

    threads = [threading.Thread(target=walk, args=(n,)) for n in range(len(lanes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer.put((took, sum(refused), "; ".join(wrong[:3])))


def crowd(peer: Peer, paths: list[str], *, clients: int, seconds: float, processes: int = 2) -> Crowd:
    """``clients`` clients at once, in ``processes`` processes; every client has its own keys; one that is
    turned away waits as long as it was told and asks again.

    A request that is under way at the end is waited for and counted, and so is its time.
    """
    lanes = [paths[n::clients] for n in range(clients)]
    answer: multiprocessing.SimpleQueue[tuple[list[float], int, str]] = multiprocessing.SimpleQueue()
    begin = time.monotonic()
    shares = [
        multiprocessing.Process(target=_share, args=(peer, lanes[n::processes], begin + seconds, answer))
        for n in range(processes)
    ]
    for share in shares:
        share.start()
    counts = [answer.get() for _ in shares]
    for share in shares:
        share.join()
    took = time.monotonic() - begin
    wrong = [text for _, _, text in counts if text]
    if wrong:
        raise BadAnswer(wrong[0])
    all_ms = sorted(one * 1000 for share_took, _, _ in counts for one in share_took) or [0.0]
    refused = sum(turned for _, turned, _ in counts)
    return Crowd(len(all_ms) / took, refused, all_ms[len(all_ms) // 2], all_ms[int(len(all_ms) * 0.99)])
