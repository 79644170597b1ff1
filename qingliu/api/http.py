"""HTTP manners that every dialect shares: languages, formats, encodings, ETags, keys, errors, and how bytes leave.

A dialect hands over an ``Answer`` (what the bytes depend on and how to make them); this module decides between 304,
a kept body, a fresh small body and a stream.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote

import falcon

from qingliu.api.cache import Headers, RequestKey, ResponseCache, Stored
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Busy

log = logging.getLogger("qingliu.api")
MAX_QUERY_CHARS = 32_000
MAX_FIELDS = 200
PUBLIC = "public, max-age=60"  # anyone may keep it a minute, and ask with its ETag after that
NO_STORE = "no-store"
IMMUTABLE = "public, max-age=31536000, immutable"
VARY = "Accept, Accept-Encoding, Accept-Language"
Pairs = list[tuple[str, str]]


def pairs_of(query: str) -> Pairs:
    """Names and values of a query string, strictly UTF-8; BadRequest for broken bytes, NUL, or far too much."""
    try:
        pairs = parse_qsl(
            query[: MAX_QUERY_CHARS + 1], keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        pairs = None
    if pairs is None or len(query) > MAX_QUERY_CHARS or any("\x00" in n or "\x00" in v for n, v in pairs):
        raise BadRequest(
            Text(
                "查詢字串無法解讀：過長、參數過多、含 NUL，或不是 UTF-8。",
                "The query string is too long, holds NUL or is not UTF-8.",
            ),
            Text("請以 UTF-8 做百分號編碼，並縮短條件。", "Percent-encode UTF-8 and shorten it."),
            parameter="query",
        )
    return pairs


def language(asked: str, header: str) -> str:
    """ "zh" or "en": the parameter first, then Accept-Language, else zh."""
    if asked:
        return "en" if asked.lower().startswith("en") else "zh"
    for wish, _ in _weighted(header):
        if wish[:2] in {"zh", "en"}:
            return wish[:2]
    return "zh"


def _weighted(header: str) -> list[tuple[str, float]]:
    wishes = []
    for part in header[:1000].split(","):
        name, *options = [p.strip().lower() for p in part.split(";")]
        weight = 1.0
        for option in options:
            if option.startswith("q="):
                try:
                    weight = float(option[2:])
                except ValueError:
                    weight = 0.0
        if name and weight > 0:
            wishes.append((name, weight))
    return sorted(wishes, key=lambda w: -w[1])


def preferred(header: str, offers: Sequence[tuple[str, str]]) -> str:
    """The name of the first wished offer of (name, media type); the first offer where no wish can be met."""
    for wish, _ in _weighted(header):
        for name, media in offers:
            bare = media.split(";")[0]
            if wish in {"*/*", bare} or (wish.endswith("/*") and wish[:-1] == bare[: len(wish) - 1]):
                return name
    return offers[0][0]


def takes_gzip(header: str) -> bool:
    """Whether Accept-Encoding allows gzip."""
    return any(name in {"gzip", "x-gzip"} for name, _ in _weighted(header))


def etag_of(*parts: str, gzipped: bool = False) -> str:
    """A strong ETag over everything that the bytes depend on."""
    digest = hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()
    return f'"{digest}-gzip"' if gzipped else f'"{digest}"'


def etag_matches(header: str, etag: str) -> bool:
    """Whether If-None-Match holds the ETag (weak comparison, as RFC 9110 wants for it)."""
    return header.strip() == "*" or any(part.strip().removeprefix("W/") == etag for part in header.split(","))


def link(href: str, rel: str, media: str = "") -> dict[str, str]:
    """A link object as OGC API writes it."""
    return {"href": href, "rel": rel} | ({"type": media} if media else {})


def safe_header(text: str) -> str:
    """A caller's text made fit for a header: anything but plain signs percent-encoded."""
    return quote(text[:200], safe="()._-~")


class Body(Protocol):
    """Bytes of an answer and the headers known only after them."""

    def __iter__(self) -> Iterator[bytes]: ...

    def late(self) -> Headers:
        """Headers known once every byte was made."""

    def close(self) -> None:
        """Let go of what the bytes came from."""


class Whole:
    """A body that is already there."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data

    def late(self) -> Headers:
        """Nothing more to say."""
        return ()

    def close(self) -> None:
        """Nothing to let go."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer before its bytes: ``identity`` names everything that they depend on.

    ``once`` are headers of this request alone, kept with no body.
    """

    media: str
    identity: tuple[str, ...]
    make: Callable[[], Body]
    headers: Headers = ()
    cache_control: str = PUBLIC
    heavy: bool = False
    compressible: bool = True
    vary: str = VARY
    once: Headers = ()


class Gate:
    """Room for ``places`` heavy answers at once and ``waiting`` behind them, so that light ones always find a thread."""

    def __init__(self, places: int, *, waiting: int = 0, wait_s: float = 10.0) -> None:
        self._semaphore = threading.BoundedSemaphore(places)
        self._queue = threading.BoundedSemaphore(places + waiting)
        self._wait_s = wait_s

    def _take(self) -> bool:
        if not self._queue.acquire(blocking=False):
            return False
        if self._semaphore.acquire(timeout=self._wait_s):
            return True
        self._queue.release()
        return False

    def enter(self) -> Callable[[], None]:
        """Take a place, queueing for it, and get the function that gives it back (once); Busy when none came free."""
        if not self._take():
            raise Busy(
                Text("目前有其他大型下載進行中。", "Other large answers are under way."),
                Text("請稍後再試，或加上 limit 分頁讀取。", "Try again shortly, or page with limit."),
            )
        once = threading.Lock()

        def leave() -> None:
            if once.acquire(blocking=False):
                self._semaphore.release()
                self._queue.release()

        return leave


class Sending:
    """A stream on its way out: gives back its place and closes its source however it ends."""

    def __init__(self, chunks: Iterator[bytes], end: Callable[[], None]) -> None:
        self._chunks = chunks
        self._at_end = end
        self._ended = False

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._at_end()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """The client is done, or gone."""
        self._end()

    def __del__(self) -> None:
        self._end()


# The web server ends a stream that fails like one that is whole: without this, half a CSV would look like all of it.
# The quotation mark is never closed, so that no reader of CSV, JSON, NDJSON or XML takes the rest for a row.
BROKEN_OFF = '\n"!! 內容不完整：伺服器在此中斷，請重新下載。 INCOMPLETE: the answer broke off here on our side; ask for it again.'


def _marked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks; where making them fails half way, a tail that no parser takes for data. (gzip then lacks its end.)"""
    try:
        yield from chunks
    except Exception as error:  # an edge: the status has left, so that the body itself must say it
        log.error("an answer broke off half way", exc_info=error)
        yield BROKEN_OFF.encode()


def _zipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        packed = packer.compress(chunk)
        if packed:
            yield packed
    yield packer.flush()


class Sender:
    """Turns answers into responses: conditional, kept, compressed, streamed."""

    def __init__(self, cache: ResponseCache, gate: Gate) -> None:
        self.cache = cache
        self.gate = gate

    def send(self, req: falcon.Request, resp: falcon.Response, answer: Answer) -> None:
        """Write ``answer`` to ``resp``: 304, a kept body, a fresh body, or a stream of any length."""
        gzipped = answer.compressible and takes_gzip(req.get_header("Accept-Encoding") or "")
        etag = etag_of(*answer.identity, gzipped=gzipped)
        headers: Headers = (
            ("Content-Type", answer.media), ("ETag", etag), ("Cache-Control", answer.cache_control), ("Vary", answer.vary),
            *answer.headers, *((("Content-Encoding", "gzip"),) if gzipped else ()),
        )  # fmt: skip
        stored = self.cache.get(etag) or Stored(etag, headers, None)
        fresh = etag_matches(req.get_header("If-None-Match") or "", etag)
        if stored.body is None and not fresh and req.method != "HEAD":
            stored = self._make(resp, answer, stored, gzipped)
        for name, value in answer.once:
            resp.set_header(name, value)
        if "remember" in req.context and not answer.once:
            self.cache.remember(req.context.remember, req.context.generation, etag)
        if resp.stream is None:
            replay(req, resp, stored)

    def _make(self, resp: falcon.Response, answer: Answer, empty: Stored, gzipped: bool) -> Stored:
        leave = self.gate.enter() if answer.heavy else _nothing
        body: Body | None = None
        try:
            body = answer.make()
            chunks = iter(body)
            first, done = _peek(chunks, self.cache.max_body)
            late = body.late() if done else ()
        except BaseException:
            _end(body, leave)
            raise
        if done:
            _end(body, leave)
            data = b"".join(first)
            data = gzip.compress(data, 6, mtime=0) if gzipped else data
            stored = Stored(empty.etag, (*empty.headers, *late), data)
            self.cache.put(stored)
            return stored
        whole = _chain(first, chunks)
        for name, value in empty.headers:
            resp.set_header(name, value)
        resp.stream = Sending(_zipped(whole) if gzipped else _marked(whole), lambda: _end(body, leave))
        self.cache.put(empty)
        return empty


def _nothing() -> None:
    """No place was taken, so none is given back."""


def _end(body: Body | None, leave: Callable[[], None]) -> None:
    try:
        if body is not None:
            body.close()
    finally:
        leave()


def _peek(chunks: Iterator[bytes], limit: int) -> tuple[list[bytes], bool]:
    first, size = [], 0
    for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size > limit:
            return first, False
    return first, True


def _chain(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while first:
        yield first.pop(0)
    yield from rest


_OF_A_BODY = {"Content-Type", "Content-Encoding", "Content-Disposition"}


def replay(req: falcon.Request, resp: falcon.Response, stored: Stored) -> bool:
    """Answer from ``stored``: 304 where the client has it, else the kept body. False where neither can be."""
    fresh = etag_matches(req.get_header("If-None-Match") or "", stored.etag)
    if stored.body is None and not fresh and req.method != "HEAD":
        return False
    for name, value in stored.headers:
        if not fresh or name not in _OF_A_BODY:
            resp.set_header(name, value)
    if fresh:
        resp.status = 304
    elif stored.body is not None:
        resp.data = stored.body
        resp.content_length = len(stored.body)
    return True


def request_key(req: falcon.Request) -> RequestKey:
    """Everything in a request that an answer may depend on; never its Host, never a key."""
    header = req.get_header
    return (
        req.path, req.query_string, header("Accept") or "", header("Accept-Encoding") or "",
        header("Accept-Language") or "", header("X-Qingliu-Profile") or "", header("Accept-Profile") or "",
    )  # fmt: skip


def plain_json(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
