"""Stored Parquet files of kept versions, byte for byte: Range, If-Range, digests; a name is looked up, never joined."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import falcon

from qingliu.api.http import IMMUTABLE, etag_matches
from qingliu.api.manners import PlainError
from qingliu.api.native import serialize
from qingliu.api.values import count, shown
from qingliu.core.dataset import FileRecord, Text, VersionRecord
from qingliu.core.errors import Gone, NotFound
from qingliu.lake.engine import Engine

CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class Files:
    """Hands out the files that manifests list."""

    def __init__(self, engine: Engine, base: str) -> None:
        self._engine = engine
        self._base = base

    def version(self, code: str, number: str) -> VersionRecord:
        """The version of that number, kept or not. Raises NotFound."""
        wanted = count(number, "number")
        entry = self._engine.published.get(code)
        versions = self._engine.versions(code) if entry.kind != "listed" else ()
        found = next((v for v in versions if v.number == wanted), None)
        if found is None:
            raise NotFound(
                Text(f"「{entry.code}」沒有版本 {wanted}。", f"'{entry.code}' has no version {wanted}."),
                Text(
                    f"版本列表：/api/datasets/{entry.code}/versions。",
                    f"The versions are listed at /api/datasets/{entry.code}/versions.",
                ),
                parameter="number",
            )
        return found

    def _find(self, code: str, number: str, name: str) -> FileRecord:
        version = self.version(code, number)
        if not version.kept:
            raise Gone(
                Text(
                    f"版本 {version.number} 的檔案已不保留。",
                    f"The files of version {version.number} are no longer kept.",
                ),
                Text(
                    f"最接近的保留版本：{version.nearest_kept}。",
                    f"The nearest kept version is {version.nearest_kept}.",
                ),
                parameter="number",
            )
        file = serialize.file_names(version).get(name)
        if file is None:
            raise NotFound(
                Text(
                    f"版本 {version.number} 沒有檔案「{shown(name)}」。",
                    f"Version {version.number} has no file {shown(name)!r}.",
                ),
                Text("檔名列在該版本的清單中。", "File names are listed in the version's manifest."),
                parameter="name",
            )
        return file

    def send(self, req: falcon.Request, resp: falcon.Response, code: str, number: str, name: str) -> None:
        """A file, or a range of it. Raises NotFound, Gone, Damaged, and 416 for a range outside it."""
        file = self._find(code, number, name)
        etag = f'"{file.sha256}"'
        digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
        resp.set_header("ETag", etag)
        resp.set_header("Cache-Control", IMMUTABLE)
        resp.set_header("Accept-Ranges", "bytes")
        resp.set_header("Repr-Digest", f"sha-256=:{digest}:")
        resp.set_header("Qingliu-Version", number)
        if etag_matches(req.get_header("If-None-Match") or "", etag):
            resp.status = 304
            return
        self._engine.sound.check(code, [file])
        path = self._engine.paths.resolve(file.path)
        resp.content_type = serialize.MEDIA["parquet"]
        resp.set_header("Content-Disposition", f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", name)}"')
        first, last = self._range(req, etag, file.bytes)
        if (first, last) == (0, file.bytes - 1):
            resp.set_header("Content-Digest", f"sha-256=:{digest}:")
        else:
            resp.status = 206
            resp.set_header("Content-Range", f"bytes {first}-{last}/{file.bytes}")
        resp.content_length = last - first + 1
        if req.method != "HEAD":
            resp.stream = _Slice(path, first, last)

    def _range(self, req: falcon.Request, etag: str, size: int) -> tuple[int, int]:
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
        self._file: BinaryIO = path.open("rb")
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
