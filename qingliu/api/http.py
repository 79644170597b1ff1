"""HTTP manners that every dialect shares: languages, formats, encodings, ETags, keys, errors, and how bytes leave.

A dialect hands over an ``Answer`` (what the bytes depend on and how to make them); this module decides between 304,
a kept body, a fresh small body and a stream.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote

import falcon

from qingliu.api.cache import Headers, RequestKey, ResponseCache, Stored
from qingliu.api.limits.quota import BYTES_A_POINT, Limits, Visit, points_of
from qingliu.api.places import BROKEN_OFF, Gate, Place, Sending, Spools
from qingliu.core import cost as costs
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest

log = logging.getLogger("qingliu.api")
MAX_QUERY_CHARS = 32_000
MAX_FIELDS = 200
HEAVY_S = 1.0  # a question that keeps the engine so long before its first byte is a heavy one, whatever its shape
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
    """Turns answers into responses: conditional, kept, compressed, streamed; each answer's cost told and counted."""

    def __init__(
        self,
        cache: ResponseCache,
        gate: Gate,
        *,
        limits: Limits | None = None,
        spools: Spools | None = None,
        life_s: float = 0.0,
    ) -> None:
        self.cache = cache
        self.gate = gate
        self._limits = limits
        self._spools = spools
        self.life_s = life_s

    def send(self, req: falcon.Request, resp: falcon.Response, answer: Answer) -> None:
        """Write ``answer`` to ``resp``: 304, a kept body, a fresh body, or a stream of any length."""
        gzipped = answer.compressible and takes_gzip(req.get_header("Accept-Encoding") or "")
        etag = etag_of(*answer.identity, gzipped=gzipped)
        cost = costs.told(answer.media)
        headers: Headers = (
            ("Content-Type", answer.media), ("ETag", etag), ("Cache-Control", answer.cache_control), ("Vary", answer.vary),
            *answer.headers, *((("Content-Encoding", "gzip"),) if gzipped else ()),
            *((("Qingliu-Cost", cost.header()),) if cost else ()),
        )  # fmt: skip
        stored = self.cache.get(etag) or Stored(etag, headers, None)
        fresh = etag_matches(req.get_header("If-None-Match") or "", etag)
        if stored.body is None and not fresh and req.method != "HEAD":
            stored = self._make(req, resp, answer, stored, cost)
        for name, value in answer.once:
            resp.set_header(name, value)
        if "remember" in req.context and not answer.once:
            self.cache.remember(req.context.remember, req.context.generation, etag)
        if resp.stream is None:
            replay(req, resp, stored)

    def _enter(self, visit: Visit | None, answer: Answer, cost: costs.Cost | None) -> tuple[Callable[[], None], Place]:
        """Count the answer, and take a place for it where it is heavy: what ends the count, and the place."""
        if visit is not None and self._limits is not None:
            self._limits.charge(visit, points_of(cost.rows if cost else 0, 0))
        if not answer.heavy and (cost is None or cost.wait_s < HEAVY_S):
            return _nothing, Place(_nothing, _nothing)
        if visit is None or self._limits is None:
            return _nothing, self.gate.enter()
        ended = self._limits.stream(visit)
        try:
            return ended, self.gate.enter(visit.key, alone=visit.alone)
        except BaseException:
            ended()
            raise

    def _make(
        self, req: falcon.Request, resp: falcon.Response, answer: Answer, empty: Stored, cost: costs.Cost | None
    ) -> Stored:
        visit: Visit | None = req.context.get("visit")
        gzipped = ("Content-Encoding", "gzip") in empty.headers
        ended, place = self._enter(visit, answer, cost)
        body: Body | None = None
        began = time.perf_counter()
        try:
            body = answer.make()
            chunks = iter(body)
            first, done = _peek(chunks, self.cache.max_body)
            late = body.late() if done else ()
            if not done and not answer.heavy:
                place = self.gate.thread()
        except BaseException:
            _end(body, place, ended)
            raise
        if done:
            _end(body, place, ended)
            if cost is not None:
                costs.learn(cost, time.perf_counter() - began)
            data = b"".join(first)
            data = gzip.compress(data, 6, mtime=0) if gzipped else data
            stored = Stored(empty.etag, (*empty.headers, *late), data)
            self.cache.put(stored)
            return stored
        for name, value in empty.headers:
            resp.set_header(name, value)
        whole = self._counted(_chain(first, chunks), visit)
        resp.stream = Sending(
            _zipped(whole) if gzipped else _marked(whole),
            lambda: _end(None, place, ended),
            source_end=lambda: _end(body, place, None),
            spools=self._spools,
            life_s=self.life_s,
            tail=b"" if gzipped else BROKEN_OFF.encode(),
        )
        self.cache.put(empty)
        return empty

    def _counted(self, chunks: Iterator[bytes], visit: Visit | None) -> Iterator[bytes]:
        """The chunks; what they cost beyond their rows is counted as they leave."""
        left = 0
        for chunk in chunks:
            if visit is not None and self._limits is not None:
                points, left = divmod(left + len(chunk), BYTES_A_POINT)
                if points:
                    self._limits.charge(visit, points)
            yield chunk


def _nothing() -> None:
    """No place was taken, so none is given back."""


def _end(body: Body | None, place: Place, ended: Callable[[], None] | None) -> None:
    """Close the source and free its place; with ``ended`` the whole answer is over."""
    try:
        if body is not None:
            body.close()
    finally:
        place.free()
        if ended is not None:
            place.leave()
            ended()


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
    fresh = etag_matches(req.env.get("HTTP_IF_NONE_MATCH", ""), stored.etag)
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
    header = req.env.get  # asked in every request: req.get_header raises and catches for each header that is absent
    return (
        req.path, req.query_string, header("HTTP_ACCEPT", ""), header("HTTP_ACCEPT_ENCODING", ""),
        header("HTTP_ACCEPT_LANGUAGE", ""), header("HTTP_X_QINGLIU_PROFILE", ""), header("HTTP_ACCEPT_PROFILE", ""),
    )  # fmt: skip


def plain_json(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
