"""A body on its way to a file: decoded, measured and cut, without any library of the network."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused

PIECE = 256 * 1024  # bytes decoded at once: a bomb never stands in memory


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: bytes after decoding and their sha256."""

    bytes: int
    sha256: str


def too_large(host: str, max_bytes: int) -> Refused:
    """The body passes its limit."""
    size = f"{max_bytes / 1024 / 1024:g} MiB"
    return Refused(
        Text(f"{host} 的內容超過上限 {size}。", f"The body of {host} is larger than the limit of {size}."),
        Text(
            "請確認來源，或由管理者調高 QINGLIU_MAX_SOURCE_MB。",
            "Check the source, or have the administrator raise QINGLIU_MAX_SOURCE_MB.",
        ),
    )


def cut_short(host: str) -> BadSource:
    """The body ended before its announced end."""
    return BadSource(
        Text(f"{host} 的內容只傳到一半。", f"The body of {host} ended before its announced end: half a file."),
        Text(
            "已保留舊版本；請稍後重試，或通知來源機關。", "The old version stays; try again later, or tell the agency."
        ),
    )


def decoded(chunks: Iterable[bytes], encoding: str, host: str) -> Iterator[bytes]:
    """The bytes as they were before Content-Encoding, in pieces of at most PIECE. Raises BadSource when torn."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from chunks
        return
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise BadSource(
            Text(
                f"{host} 以未要求的編碼「{name[:40]}」傳送。",
                f"{host} sent the encoding '{name[:40]}', which was not asked.",
            ),
            Text("請來源改用 gzip 或不壓縮。", "Have the source send gzip or no encoding."),
        )
    try:
        yield from _inflated(chunks, host)
    except zlib.error:
        raise BadSource(
            Text(f"{host} 的壓縮內容已損壞。", f"The compressed body of {host} is damaged."),
            Text("請稍後重試，或通知來源機關。", "Try again later, or tell the agency."),
        ) from None


def _inflated(chunks: Iterable[bytes], host: str) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=47)  # 47: gzip or zlib, told by its header
    begun = False
    for chunk in chunks:
        data = chunk
        while data:
            if engine.eof:  # a gzip file may hold several members
                engine = zlib.decompressobj(wbits=47)
            begun = True
            piece = engine.decompress(data, PIECE)
            if piece:
                yield piece
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
    while begun and not engine.eof:
        piece = engine.decompress(b"", PIECE)
        if not piece:
            break
        yield piece
    if begun and not engine.eof:
        raise cut_short(host)


def save(
    chunks: Iterable[bytes],
    into: Path,
    *,
    encoding: str,
    max_bytes: int,
    host: str,
    check: Callable[[], None],
    first_bytes: int = 0,
) -> Saved:
    """Write the decoded body to ``into``, whole or not at all; with ``first_bytes`` its beginning, nothing read behind it.

    Both what is sent and what it decodes to is cut at ``max_bytes`` (Refused). ``check`` is called at every piece
    and at the end; it raises when time is over.
    """
    part = into.with_name(into.name + ".part")
    digest, size = hashlib.sha256(), 0

    def measured() -> Iterator[bytes]:
        sent = 0
        for chunk in chunks:
            check()
            sent += len(chunk)
            if sent > max_bytes:
                raise too_large(host, max_bytes)
            yield chunk

    try:
        with part.open("wb") as out:
            for piece in decoded(measured(), encoding, host):
                check()
                kept = piece[: first_bytes - size] if first_bytes else piece
                size += len(kept)
                if size > max_bytes:
                    raise too_large(host, max_bytes)
                digest.update(kept)
                out.write(kept)
                if first_bytes and size == first_bytes:
                    break
            check()
            out.flush()
            os.fsync(out.fileno())
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    return Saved(size, digest.hexdigest())
