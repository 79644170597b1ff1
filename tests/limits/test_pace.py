"""Slow connections, judged by what the kernel knows: no reader that takes next to nothing holds on."""

from __future__ import annotations

import io
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from qingliu.config.pace import Pace, SlowBody, TimelyBody, timely

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells on Linux only")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A server's side of a connection and its reader's."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        reader = socket.create_connection(door.getsockname())
        ours, _ = door.accept()
    with ours, reader:
        ours.setblocking(False)
        yield ours, reader


def fill(ours: socket.socket) -> None:
    """Write until the kernel takes no more."""
    try:
        while True:
            ours.send(b"x" * 65536)
    except BlockingIOError:
        return


def is_open(reader: socket.socket) -> bool:
    """Whether the connection still stands, once everything on its way was read."""
    reader.settimeout(0.3)
    try:
        while reader.recv(1 << 20):
            pass
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


@linux
def test_a_reader_of_next_to_nothing_is_cut_off(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, reader = pair
    pace = Pace(8192, grace_s=30)
    fill(ours)
    for second in range(6):
        assert pace.look(second * 5.0) == 0
        reader.recv(1)
    assert pace.look(31.0) == 1
    assert not is_open(reader)


@linux
def test_a_reader_that_takes_its_time_but_reads_is_left_alone(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, reader = pair
    pace = Pace(8192, grace_s=30)
    for second in range(0, 100, 10):
        fill(ours)
        assert pace.look(float(second)) == 0
        taken = 0
        while taken < 500_000:
            taken += len(reader.recv(65536))
        time.sleep(0.05)
    assert is_open(reader)


@linux
def test_a_connection_that_nobody_writes_to_is_none_of_its_business(pair: tuple[socket.socket, socket.socket]) -> None:
    _, reader = pair
    pace = Pace(8192, grace_s=30)
    assert [pace.look(second * 60.0) for second in range(5)] == [0] * 5
    assert is_open(reader)


@linux
def test_looking_opens_and_closes_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    read, write = os.pipe()
    pace = Pace(8192)
    pace.look(0.0)
    before = len(os.listdir("/proc/self/fd"))
    for n in range(50):
        pace.look(float(n))
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(read)
    os.close(write)


class Dripping:
    """A body that comes one byte at a time, with a pause before each."""

    def __init__(self, size: int, pause_s: float) -> None:
        self._left, self._pause_s = size, pause_s
        self.asked = 0

    def read(self, size: int) -> bytes:
        """As the web server reads: as many as were asked for, or all there are."""
        out = b""
        while self._left and len(out) < size:
            time.sleep(self._pause_s)
            self._left -= 1
            out += b"a"
        return out


def test_a_body_that_drips_in_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(SlowBody):
        TimelyBody(Dripping(40, 0.05), grace_s=0.3).read()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 300_000])
def test_a_body_in_time_is_read_byte_for_byte(size: int) -> None:
    sent = os.urandom(size)
    assert TimelyBody(io.BytesIO(sent)).read() == sent
    pieces = TimelyBody(io.BytesIO(sent))
    assert b"".join(iter(lambda: pieces.read(1000), b"")) == sent
    assert b"".join(TimelyBody(io.BytesIO(sent))) == sent
    lines = TimelyBody(io.BytesIO(sent))
    assert b"".join(iter(lambda: lines.readline(77), b"")) == sent


def wsgi(app: Callable[..., Iterable[bytes]], body: Any, length: str) -> tuple[str, bytes]:
    """Status and body of a POST."""
    seen: list[str] = []
    environ = {"wsgi.input": body, "CONTENT_LENGTH": length, "REQUEST_METHOD": "POST"}
    out = b"".join(app(environ, lambda status, headers: seen.append(status)))
    return seen[0], out


def test_the_app_answers_408_and_leaves_no_thread_behind() -> None:
    def reads(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        data = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [str(len(data)).encode()]

    app = timely(reads, at_once=1, grace_s=0.2)
    status, told = wsgi(app, Dripping(30, 0.05), "30")
    assert status.startswith("408")
    assert "過慢" in told.decode()
    assert wsgi(app, io.BytesIO(b"abc"), "3") == ("200 OK", b"3")
    until = time.monotonic() + 5
    while any(t.name == "web-body" for t in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(t.name == "web-body" for t in threading.enumerate())


def test_bodies_on_their_way_hold_only_so_many_threads() -> None:
    began = threading.Event()
    go_on = threading.Event()

    class Standing:
        def read(self, size: int) -> bytes:
            began.set()
            go_on.wait(5)
            return b""

    def reads(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [b"ok"]

    app = timely(reads, at_once=1, grace_s=5)
    answers: list[tuple[str, bytes]] = []
    slow = threading.Thread(target=lambda: answers.append(wsgi(app, Standing(), "5")))
    slow.start()
    began.wait(5)
    assert wsgi(app, io.BytesIO(b"abc"), "3")[0].startswith("503")
    assert wsgi(app, io.BytesIO(b""), "0") == ("200 OK", b"ok")  # without a body nobody waits
    go_on.set()
    slow.join(5)
    assert answers == [("200 OK", b"ok")]
    assert wsgi(app, io.BytesIO(b"abc"), "3") == ("200 OK", b"ok")
