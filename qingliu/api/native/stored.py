"""Stored files on their way out: one range or all of it, If-Range, digests, and a name fit for a header."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import falcon

from qingliu.api.http import etag_matches
from qingliu.api.manners import PlainError
from qingliu.core.dataset import Text

CHUNK = 1024 * 1024  # the server takes no file from us: larger pieces cost fewer turns
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that does not change: where it lies, its size and digest, and as what it is handed out."""

    path: Path
    bytes: int
    sha256: str
    media: str
    name: str
    cache_control: str


def send(req: falcon.Request, resp: falcon.Response, file: StoredFile) -> None:
    """The file, or a range of it. Raises 416 for a range outside it."""
    etag = f'"{file.sha256}"'
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    resp.set_header("ETag", etag)
    resp.set_header("Cache-Control", file.cache_control)
    resp.set_header("Accept-Ranges", "bytes")
    resp.set_header("Repr-Digest", f"sha-256=:{digest}:")
    if etag_matches(req.get_header("If-None-Match") or "", etag):
        resp.status = 304
        return
    resp.content_type = file.media
    resp.set_header("Content-Disposition", f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", file.name)}"')
    first, last = _range(req, etag, file.bytes)
    if (first, last) == (0, file.bytes - 1):
        resp.set_header("Content-Digest", f"sha-256=:{digest}:")
    else:
        resp.status = 206
        resp.set_header("Content-Range", f"bytes {first}-{last}/{file.bytes}")
    resp.content_length = last - first + 1
    if req.method != "HEAD":
        resp.stream = _Slice(file.path, first, last)


def _range(req: falcon.Request, etag: str, size: int) -> tuple[int, int]:
    """First and last byte to send; the whole file where no single range was asked or If-Range names another."""
    header = req.get_header("Range") or ""
    condition = req.get_header("If-Range")
    match = _RANGE.fullmatch(header.strip())
    if not match or (condition is not None and condition.strip() != etag) or match.groups() == ("", ""):
        return 0, size - 1
    low, high = match.groups()
    if not low:
        first, last = max(0, size - int(high)), size - 1
    else:
        first, last = int(low), min(int(high) if high else size - 1, size - 1)
        if high and int(high) < int(low):
            return 0, size - 1
    if first >= size or first > last:
        raise OutsideFile(size)
    return first, last


class OutsideFile(PlainError):
    """A range that the file does not have."""

    def __init__(self, size: int) -> None:
        super().__init__(
            416,
            "range-not-satisfiable",
            Text(f"檔案只有 {size} 位元組。", f"The file has {size} bytes."),
            Text("請縮小 Range。", "Ask for a range inside it."),
        )
        self.headers = {"Content-Range": f"bytes */{size}"}


class _Slice:
    """Bytes first..last of a file, in chunks; closes the file however it ends."""

    def __init__(self, path: Path, first: int, last: int) -> None:
        self._file: BinaryIO = path.open("rb", buffering=0)
        self._file.seek(first)
        self._left = last - first + 1

    def __iter__(self) -> Iterator[bytes]:
        try:
            while self._left > 0 and (chunk := self._file.read(min(CHUNK, self._left))):
                self._left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
