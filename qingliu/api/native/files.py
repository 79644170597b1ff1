"""Stored Parquet files of kept versions, byte for byte: Range, If-Range, digests; a name is looked up, never joined."""

from __future__ import annotations

import re
from dataclasses import replace

import falcon

from qingliu.api.http import IMMUTABLE
from qingliu.api.native import serialize, stored
from qingliu.api.values import count, shown
from qingliu.core.dataset import FileRecord, Text, VersionRecord
from qingliu.core.errors import Gone, NotFound
from qingliu.lake.engine import Engine

LATEST = "latest"
_PART = re.compile(r"part-([0-9]{5})\.parquet")  # a stored file by its place: this name is the same in every version


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

    def send(self, req: falcon.Request, resp: falcon.Response, code: str, version: str, name: str) -> None:
        """A file, or a range of it; under ``latest`` the way to it. Raises NotFound, Gone, Damaged, and 416 for a range."""
        if version == LATEST:
            found = self.newest(code)
            names = list(serialize.file_names(found))
            part = _PART.fullmatch(name)
            if part and name not in names and int(part.group(1)) < len(names):
                name = names[int(part.group(1))]
            self._find(found.code, str(found.number), name)
            to_pinned(resp, serialize.address(self._base, found.code, "files", str(found.number), name), found.number)
            return
        file = self._find(code, version, name)
        resp.set_header("Qingliu-Version", version)
        self._engine.sound.check(code, [file])
        path = self._engine.paths.resolve(file.path)
        media = serialize.MEDIA["parquet"]
        stored.send(req, resp, stored.StoredFile(path, file.bytes, file.sha256, media, name, IMMUTABLE))

    def newest(self, code: str) -> VersionRecord:
        """The version of which rows are served now. Raises NotFound where there is none."""
        entry = self._engine.published.get(code)
        current = serialize.decided_in(entry, self._engine.published.get)
        return replace(self._engine.published.version(current.code), code=entry.code)


def to_pinned(resp: falcon.Response, address: str, number: int) -> None:
    """Send the caller to an address whose bytes never change, so that ranges of one download are of one version."""
    resp.status = 307
    resp.set_header("Location", address)
    resp.set_header("Cache-Control", "no-cache")
    resp.set_header("Qingliu-Version", str(number))
    resp.content_type = "text/plain; charset=utf-8"
    resp.text = address + "\n"
