"""ZIP and gzip: members come out under our own names, in natural order, and never more than the limits allow."""

from __future__ import annotations

import fnmatch
import gzip
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused
from qingliu.pipeline.readers.limits import Blob, Limits

_CHUNK = 1 << 20
_SHEETS = ("xl/workbook.xml", "xl/workbook.bin", "mimetype")
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|\._)")
_SMALLER = Text("請縮小或分批提供檔案。", "Send a smaller file, or several.")


def opened(blob: Blob, pattern: str, folder: Path, limits: Limits) -> Iterator[Blob]:
    """The blob itself, or what a ZIP or gzip file holds (one layer of each). ``pattern`` is a glob over member names."""
    with blob.path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"\x1f\x8b":
        yield from opened(_gunzipped(blob, folder, limits), pattern, folder, limits)
    elif head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        yield from _members(blob, pattern, folder, limits)
    elif blob.path.stat().st_size > limits.decoded_bytes:
        raise _too_large(blob.name, limits)
    else:
        yield blob


def is_workbook(path: Path) -> bool:
    """Whether a ZIP file is a spreadsheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name in _SHEETS for name in archive.namelist()[:200])
    except zipfile.BadZipFile:
        return False


def _members(blob: Blob, pattern: str, folder: Path, limits: Limits) -> Iterator[Blob]:
    if is_workbook(blob.path):
        yield blob
        return
    try:
        with zipfile.ZipFile(blob.path) as archive:
            chosen = _chosen(archive, blob, pattern, limits)
            for number, (name, info) in enumerate(chosen):
                path = folder / f"member-{number}"
                with archive.open(info) as stream:
                    _copy(stream, path, limits, f"{blob.name}/{name}", info.compress_size)
                yield from _inner(Blob(path, f"{blob.name}/{name}"), folder / f"gz-{number}", limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise BadSource(
            Text(
                f"壓縮檔「{blob.name}」損壞或加密，無法開啟。",
                f"The archive '{blob.name}' is damaged or encrypted: {error}.",
            ),
            Text("請重新取得未加密的完整檔案。", "Fetch the whole, unencrypted file again."),
            parameter=blob.name,
        ) from error


def _inner(blob: Blob, folder: Path, limits: Limits) -> Iterator[Blob]:
    with blob.path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"\x1f\x8b":
        folder.mkdir(exist_ok=True)
        yield _gunzipped(blob, folder, limits)
    elif head == b"PK\x03\x04" and not is_workbook(blob.path):
        raise Refused(
            Text(f"「{blob.name}」是壓縮檔中的壓縮檔，不予開啟。", f"'{blob.name}' is an archive inside an archive."),
            Text("請解開後再提供。", "Unpack it first."),
            parameter=blob.name,
        )
    else:
        yield blob


def _chosen(archive: zipfile.ZipFile, blob: Blob, pattern: str, limits: Limits) -> list[tuple[str, zipfile.ZipInfo]]:
    """Safe, wanted members by natural order of their names; the whole archive's declared size is checked first."""
    infos = archive.infolist()
    declared = sum(i.file_size for i in infos)
    stored = sum(i.compress_size for i in infos)
    if len(infos) > limits.members or declared > limits.decoded_bytes or _is_bomb(declared, stored, limits):
        raise _too_large(blob.name, limits)
    named = [(member_name(i), i) for i in infos]
    for name, info in named:
        check_name(name, info, blob.name)
    files = [(n, i) for n, i in named if not i.is_dir() and not _JUNK.search(n)]
    wanted = [
        (n, i) for n, i in files if not pattern or fnmatch.fnmatch(n, pattern) or fnmatch.fnmatch(_last(n), pattern)
    ]
    if not wanted:
        shown = "、".join(n for n, _ in files[:20]) or "-"
        raise BadSource(
            Text(
                f"壓縮檔「{blob.name}」中沒有符合的檔案（{shown}）。",
                f"No member of '{blob.name}' is wanted ({shown}).",
            ),
            Text("請修改 read.members。", "Change read.members in the definition."),
            parameter=blob.name,
        )
    return sorted(wanted, key=lambda item: natural(item[0]))


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key by which 91 comes before 100."""
    return [(int(t), "") if t.isdigit() else (-1, t) for t in re.split(r"([0-9]+)", name)]


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name: UTF-8 where the archive says so, else the bytes read as UTF-8 or Big5, else CP437."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")
    for codec in ("utf-8", "cp950", "big5hkscs"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return info.orig_filename


def check_name(name: str, info: zipfile.ZipInfo, archive: str) -> None:
    """Refused for a member that would leave its folder: absolute, Windows, ``..``, NUL, a link or a device."""
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    parts = re.split(r"[/\\]", name)
    bad = name.startswith("/") or "\\" in name or ":" in parts[0] or ".." in parts or "\0" in name
    if bad or kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        shown = name.replace("\0", "\\0")[:120]
        raise Refused(
            Text(
                f"壓縮檔「{archive}」的成員名稱「{shown}」不安全。",
                f"Member '{shown}' of '{archive}' has an unsafe name or kind.",
            ),
            Text("請只用一般檔案與相對路徑重新壓縮。", "Pack ordinary files under relative names."),
            parameter=f"{archive}/{shown}",
        )


def _gunzipped(blob: Blob, folder: Path, limits: Limits) -> Blob:
    path = folder / "gunzipped"
    name = blob.name[:-3] if blob.name.lower().endswith(".gz") else blob.name
    try:
        with gzip.open(blob.path) as stream:
            _copy(stream, path, limits, blob.name, blob.path.stat().st_size)
    except (OSError, EOFError, zlib.error) as error:
        raise BadSource(
            Text(
                f"gzip 檔「{blob.name}」損壞或不完整。",
                f"The gzip file '{blob.name}' is damaged or incomplete: {error}.",
            ),
            Text("請重新取得完整檔案。", "Fetch the whole file again."),
            parameter=blob.name,
        ) from error
    return Blob(path, name)


def _copy(stream: IO[bytes] | gzip.GzipFile, path: Path, limits: Limits, name: str, stored: int) -> None:
    written = 0
    with path.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > limits.decoded_bytes or _is_bomb(written, stored, limits):
                out.close()
                path.unlink()
                raise _too_large(name, limits)
            out.write(chunk)


def _is_bomb(decoded: int, stored: int, limits: Limits) -> bool:
    return decoded > limits.ratio_from_bytes and decoded > max(stored, 1) * limits.ratio


def _too_large(name: str, limits: Limits) -> Refused:
    size = limits.decoded_bytes >> 20
    return Refused(
        Text(
            f"「{name}」解開後過大（上限 {size} MiB，或壓縮比過高），不予讀取。",
            f"'{name}' is too large when decoded (limit {size} MiB, ratio {limits.ratio}:1).",
        ),
        _SMALLER,
        parameter=name,
    )


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
