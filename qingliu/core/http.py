"""The one door to the network: nothing else in Qingliu opens a connection outwards.

What it promises: http and https only; a name is resolved once and the connection goes to an address that was checked;
every redirect is checked like the first address; a body is cut at its limit, sent and decoded; the whole call ends by
its deadline however slowly the other side drips; half a file is an error; no message, log or file name holds a key.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urljoin

import httpcore2
import httpx2
import stamina

from qingliu.core import addresses, http_body, http_told
from qingliu.core.deadline import Deadline
from qingliu.core.errors import Busy, QingliuError

log = logging.getLogger(__name__)
MIB = 1024 * 1024
REDIRECTS = 5
EXCERPT_BYTES = 2048
USER_AGENT = "Qingliu (open-data harvester)"
CLOSED_FIRST_S, CLOSED_MAX_S = 30.0, 900.0  # a host that failed rests this long, doubled at each failure
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
Resolver = Callable[[str, int], list[str]]


class _Silent(logging.Filter):
    """Drops the client's own trace: it names addresses and headers as they are, keys included."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


for _name in ("httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.proxy"):
    logging.getLogger(_name).addFilter(_Silent())


@dataclass(frozen=True, slots=True)
class Conditional:
    """What the last answer was marked with; an unchanged body is then not sent again."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long. ``timeout_s`` bounds the whole call with its retries, ``read_s`` one silent moment."""

    max_bytes: int = 256 * MIB
    timeout_s: float = 300.0
    read_s: float = 30.0
    connect_s: float = 10.0
    allow_private: bool = False
    attempts: int = 4
    wait_first_s: float = 1.0
    wait_max_s: float = 20.0
    first_bytes: int = 0  # more than 0: ask for the beginning alone, and keep no more of what is sent
    retry_after_max_s: float = 60.0  # a longer Retry-After is not slept: the host rests and the run ends


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``path`` holds the decoded body, None when ``unchanged`` (304). ``url`` is safe to show."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    path: Path | None
    unchanged: bool
    etag: str
    last_modified: str
    sha256: str
    bytes: int
    url: str


class _Passing(Exception):
    """A failure that may pass: tried again after ``after_s`` (None: by back-off)."""

    def __init__(self, told: QingliuError, after_s: float | None = None) -> None:
        super().__init__(str(told))
        self.told = told
        self.after_s = after_s


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name as the system resolves it. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def tls_context(cafile: str | None = None) -> ssl.SSLContext:
    """Full verification of chain and host name.

    Only X509_STRICT is cleared (on by default since Python 3.13): the government root's certificates (GRCA) lack a
    Subject Key Identifier, and strict mode would drive people to turn verification off altogether.
    """
    context = ssl.create_default_context(cafile=cafile)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class _PinnedBackend(httpcore2.NetworkBackend):
    """Connects to checked addresses only, whatever the name says by now; Host and SNI keep the name."""

    def __init__(self, pinned: list[str], deadline: Deadline) -> None:
        self._pinned = pinned
        self._deadline = deadline
        self._system = httpcore2.SyncBackend()

    def connect_tcp(  # type: ignore[no-untyped-def]
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options=None
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("no address")
        for address in self._pinned:
            left = max(0.01, min(timeout or 1e9, self._deadline.left()))
            try:
                stream = self._system.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                failure = exc
                continue
            self._deadline.watch(stream.get_extra_info("socket"))
            return stream
        raise failure


class _PinnedTransport(httpx2.BaseTransport):
    """An httpx2 transport over one pinned name."""

    def __init__(self, pinned: list[str], deadline: Deadline, tls: ssl.SSLContext) -> None:
        backend = _PinnedBackend(pinned, deadline)
        self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=backend, max_connections=1)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        core = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(core)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@dataclass(slots=True)
class _Rest:
    until: float
    failures: int


@dataclass(slots=True)
class _Call:
    """One ``get`` under way: what is asked, its limits, and the names resolved so far."""

    url: str
    into: Path
    limits: Limits
    conditional: Conditional | None
    headers: Mapping[str, str]
    deadline: Deadline
    secrets: tuple[str, ...]
    form: bytes | None = None  # sent by POST; then no redirect is followed
    pinned: dict[str, list[str]] = field(default_factory=dict)

    def safe(self, text: str) -> str:
        """``text`` without any key of this call."""
        return addresses.redact(text, self.secrets)


class Door:
    """The way out. Holds the back-off of hosts that failed; share one in a process. Safe in threads."""

    def __init__(self, *, resolver: Resolver = resolve, tls: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver
        self._tls = tls
        self._rests: dict[str, _Rest] = {}
        self._lock = threading.Lock()

    def get(
        self,
        url: str,
        into: Path,
        *,
        limits: Limits = Limits(),
        conditional: Conditional | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        form: bytes | None = None,
    ) -> Answer:
        """The answer of ``url`` (to a ``form`` sent there by POST), its decoded body whole in the file ``into``.

        Raises Refused (an address or body we will not take), BadSource (it answered badly, or not in time) or Busy (the
        host asked for rest). ``secrets`` are never shown; they and whatever is named like a key count as such, and
        headers that carry one go to the first host only.
        """
        host = addresses.split(url).netloc.lower()
        self._check_rest(host)
        held = tuple(v for n, v in (headers or {}).items() if addresses.is_secret_name(n))
        secrets = (*secrets, *(quote(s, safe="") for s in secrets), *addresses.secrets_of(url), *held)
        deadline = Deadline(limits.timeout_s)
        call = _Call(url, into, limits, conditional, headers or {}, deadline, secrets, form)
        try:
            answer = self._tried(call)
        except _Passing as failed:
            self._rest(host, failed.after_s)
            raise failed.told from None
        finally:
            deadline.close()
        with self._lock:
            self._rests.pop(host, None)
        log.info("%s %s: %s, %s bytes", "GET" if form is None else "POST", answer.url, answer.status, answer.bytes)
        return answer

    def _tried(self, call: _Call) -> Answer:
        limits = call.limits

        def passes(exc: Exception) -> bool | float:
            if not isinstance(exc, _Passing):
                return False
            after = exc.after_s or 0.0
            if after > limits.retry_after_max_s or call.deadline.left() <= after:
                return False
            log.info("trying again: %s", exc)
            return max(after, 0.01) if exc.after_s is not None else True

        waits = {"wait_initial": limits.wait_first_s, "wait_max": limits.wait_max_s, "wait_jitter": limits.wait_first_s}
        for attempt in stamina.retry_context(on=passes, attempts=limits.attempts, timeout=limits.timeout_s, **waits):
            with attempt:
                return self._followed(call)
        raise AssertionError("stamina always makes one attempt")

    def _followed(self, call: _Call) -> Answer:
        url, headers = call.url, dict(call.headers)
        for _ in range(REDIRECTS + 1):
            parts = addresses.split(url)
            with self._asked(call, url, headers) as response:
                if response.status_code not in {301, 302, 303, 307, 308} or call.form is not None:
                    return _taken(call, url, response)
                onward = urljoin(url, response.headers.get("location", ""))
            to = addresses.split(onward)
            if parts.scheme == "https" and to.scheme == "http":
                raise http_told.downgraded(parts.hostname or "")
            if (to.scheme, to.netloc) != (parts.scheme, parts.netloc):
                headers = {n: v for n, v in headers.items() if v not in call.secrets}
            call.secrets += addresses.secrets_of(onward)
            url = onward
        raise http_told.too_many_redirects(addresses.split(call.url).hostname or "", REDIRECTS)

    def _pin(self, call: _Call, host: str, port: int) -> list[str]:
        if host not in call.pinned:
            addresses.check_host(host)
            try:
                found = self._resolver(host, port)
            except OSError as exc:
                told = http_told.unresolved(host)
                raise _Passing(told) if getattr(exc, "errno", None) == socket.EAI_AGAIN else told from None
            addresses.check_addresses(host, found, allow_private=call.limits.allow_private)
            call.pinned[host] = found
        return call.pinned[host]

    @contextmanager
    def _asked(self, call: _Call, url: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """The open response of one hop; failures of the network told as BadSource."""
        limits, parts = call.limits, _parsed(url)
        sent = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip", **headers}
        if limits.first_bytes:
            sent |= {"Range": f"bytes=0-{limits.first_bytes - 1}", "Accept-Encoding": "identity"}
        if call.conditional and call.conditional.etag:
            sent["If-None-Match"] = call.conditional.etag
        if call.conditional and call.conditional.last_modified:
            sent["If-Modified-Since"] = call.conditional.last_modified
        times = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s, "pool": limits.connect_s}
        pinned = self._pin(call, parts.raw_host.decode("ascii"), parts.port or 0)
        if self._tls is None:
            self._tls = tls_context()
        transport = _PinnedTransport(pinned, call.deadline, self._tls)
        if call.form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        method = "GET" if call.form is None else "POST"
        request = httpx2.Request(method, parts, headers=sent, content=call.form, extensions={"timeout": times})
        try:
            response = transport.handle_request(request)
            try:
                yield response
            finally:
                response.close()
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as exc:
            raise _failure(call, parts.host, exc) from None
        finally:
            transport.close()

    def _check_rest(self, host: str) -> None:
        with self._lock:
            rest = self._rests.get(host)
        if rest and rest.until > time.monotonic():
            raise Busy(*http_told.rest_texts(host, rest.until - time.monotonic()))

    def _rest(self, host: str, after_s: float | None) -> None:
        with self._lock:
            failures = self._rests[host].failures + 1 if host in self._rests else 1
            pause = min(CLOSED_MAX_S, CLOSED_FIRST_S * 2 ** min(failures - 1, 8))
            self._rests[host] = _Rest(time.monotonic() + max(pause, min(after_s or 0.0, 3600.0)), failures)


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL:
        raise http_told.unreadable() from None


def _taken(call: _Call, url: str, response: httpx2.Response) -> Answer:
    """The answer of the last hop, its body saved; BadSource or _Passing where it is no good answer."""
    status, host = response.status_code, addresses.split(url).hostname or ""
    headers = {name.lower(): call.safe(value) for name, value in response.headers.items()}
    marks = (headers.get("etag", ""), headers.get("last-modified", ""))
    if status == 304 and call.conditional:
        kept = (marks[0] or call.conditional.etag, marks[1] or call.conditional.last_modified)
        return Answer(status, headers, None, True, *kept, "", 0, call.safe(addresses.shown(url)))
    if status not in ({200, 203, 206} if call.limits.first_bytes else {200, 203}):
        raise _bad_status(call, host, response)
    length = headers.get("content-length", "")
    if not call.limits.first_bytes and length.isdigit() and int(length) > call.limits.max_bytes:
        raise http_body.too_large(host, call.limits.max_bytes)

    def check() -> None:
        if call.deadline.left() <= 0:
            raise _Passing(http_told.too_slow(host, call.limits.timeout_s))

    saved = http_body.save(
        response.iter_raw(),
        call.into,
        encoding=headers.get("content-encoding", ""),
        max_bytes=call.limits.max_bytes,
        first_bytes=call.limits.first_bytes,
        host=host,
        check=check,
    )
    return Answer(status, headers, call.into, False, *marks, saved.sha256, saved.bytes, call.safe(addresses.shown(url)))


def _failure(call: _Call, host: str, exc: Exception) -> Exception:
    """What a failure of the network is told as."""
    if call.deadline.left() <= 0:
        return _Passing(http_told.too_slow(host, call.limits.timeout_s))
    tls = http_told.tls_cause(exc)
    if tls is not None:
        return http_told.tls_error(host, tls)
    if isinstance(exc, httpcore2.TimeoutException):
        return _Passing(http_told.silent(host))
    if isinstance(exc, (httpcore2.RemoteProtocolError, httpcore2.ReadError)):
        return _Passing(http_body.cut_short(host))
    return _Passing(http_told.unreachable(host))


def _bad_status(call: _Call, host: str, response: httpx2.Response) -> Exception:
    status = response.status_code
    after_s = http_told.retry_after(response.headers.get("retry-after", ""))
    if status == 429:
        return _Passing(Busy(*http_told.rest_texts(host, after_s)), after_s)
    data = b""
    for piece in http_body.decoded(response.iter_raw(), response.headers.get("content-encoding", ""), host):
        data += piece[:EXCERPT_BYTES]
        if len(data) >= EXCERPT_BYTES:
            break
    told = http_told.bad_status(
        host, status, call.safe(http_told.one_line(data[:EXCERPT_BYTES])), passing=status in PASSING
    )
    return _Passing(told, after_s if status == 503 else None) if status in PASSING else told
