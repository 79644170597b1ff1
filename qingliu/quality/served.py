"""The judges' way to what readers get: our data API called in this process, or our public address asked over HTTP."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from qingliu.core.errors import QingliuError
from qingliu.core.http import Door, Limits

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FIRST_BYTES = 65_536  # of a text format: its head tells format, encoding and names
WHOLE_BYTES = 2 * 1024**3  # of a format whose names stand at its end
_given: list[Callable[[], App]] = []


def use(give: Callable[[], App]) -> None:
    """Let the judges of this process ask the app that ``give`` returns; asked at the first judgement."""
    _given[:] = [give]


def app() -> App:
    """The data API of this process. RuntimeError where nobody wired one."""
    if not _given:
        raise RuntimeError("no data API: config.wiring calls qingliu.quality.served.use(...) first")
    return _given[0]()


@dataclass(frozen=True, slots=True)
class Reply:
    """The beginning of an answer, or all of it in the file ``path``. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    head: bytes
    bytes_read: int
    whole: bool
    error: QingliuError | None = None


@dataclass(slots=True)
class _Told:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        self.status = int(status.split(maxsplit=1)[0])
        self.headers = {k.lower(): v for k, v in headers}
        return lambda data: None


def ask(address: str, *, into: Path | None = None) -> Reply:
    """Ask our own data API for ``address`` (a path with its query) as an anonymous reader would, without a network.

    Reads the first bytes and lets go; with ``into`` the whole body is written there.
    """
    told, limit = _Told(), WHOLE_BYTES if into else FIRST_BYTES
    head, size, whole = b"", 0, True
    body = app()(_environ(address), told.start)
    with closing(_Closing(body)), (into or Path("/dev/null")).open("wb") as out:
        for chunk in body:
            size += len(chunk)
            if len(head) < FIRST_BYTES:
                head += chunk[: FIRST_BYTES - len(head)]
            if into:
                out.write(chunk)
            if size > limit:
                whole = False
                break
    return Reply(told.status, told.headers, head, min(size, limit), whole)


class _Closing:
    """Calls a body's close where it has one, as a WSGI server does."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def close(self) -> None:
        """Let the app free what the answer held."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _environ(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": unquote(parts.path).encode().decode("latin-1"),
        "QUERY_STRING": parts.query, "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }  # fmt: skip


def fetch(door: Door, url: str, *, whole: bool = False, into: Path | None = None, allow_private: bool = False) -> Reply:
    """Ask ``url`` over HTTP through the one door: a little by Range, or ``whole``; what went wrong is in ``error``."""
    limits = Limits(
        max_bytes=WHOLE_BYTES, timeout_s=30.0, read_s=10.0, attempts=1, first_bytes=0 if whole else FIRST_BYTES,
        allow_private=allow_private,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="qingliu-look-") as folder:
        target = into or Path(folder) / "body"
        try:
            answer = door.get(url, target, limits=limits)
        except QingliuError as error:
            return Reply(0, {}, b"", 0, False, error)
        with target.open("rb") as file:
            head = file.read(FIRST_BYTES)
    ends = answer.headers.get("content-range", "").rpartition("/")[2]
    all_of_it = whole or answer.bytes < FIRST_BYTES or ends == str(answer.bytes)
    return Reply(answer.status, dict(answer.headers), head, answer.bytes, all_of_it)
