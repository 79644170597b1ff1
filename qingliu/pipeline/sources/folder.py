"""A watched folder below ``<home>/inbox``: settled files are copied out and remembered by their sha256.

Options: path (below the inbox) · files (glob, default ``*``) · settle_s (default 10) · deliver (``new``: files not seen
before; ``all``: every file present, for datasets whose files together form the whole). Files stay where they are;
symbolic links, sub-folders, hidden and half-written files (.part, .tmp) are never taken.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import time
from pathlib import Path, PurePosixPath
from typing import Any

from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadDefinition, BadSource
from qingliu.pipeline.sources.base import Delivery, State, Surroundings, fingerprint, noted, number, remembered, wanted

_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp")
PIECE = 1024 * 1024
OPTIONS = frozenset({"path", "files", "settle_s", "deliver"})


def fetch(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery:
    """New settled files, in the order of their names; unchanged where there are none."""
    folder = _folder(wanted(source, "path"), around.inbox)
    settle_s = number(source, "settle_s", 10)
    known: dict[str, Any] = dict(remembered(source, state).get("files", {}))
    found = _candidates(folder, source.option("files", "*"))
    everything = source.option("deliver", "new") == "all"
    if everything and {p.name: [i.st_size, i.st_mtime_ns] for p, i in found} == {n: e[:2] for n, e in known.items()}:
        return Delivery((), True, state)
    seen: dict[str, list[Any]] = {}
    fresh: list[Path] = []
    waiting = 0
    before = {entry[2] for entry in known.values()}
    for path, info in found:
        if abs(time.time() - info.st_mtime) < settle_s:
            waiting += 1
            continue
        mark = [info.st_size, info.st_mtime_ns]
        if not everything and known.get(path.name, [])[:2] == mark:
            seen[path.name] = known[path.name]
            continue
        copy = workdir / path.name
        digest = _copied(path, copy, around.limits.max_bytes)
        if digest is None:
            waiting += 1
            continue
        seen[path.name] = [*mark, digest]
        if everything or digest not in before:
            fresh.append(copy)
            before.add(digest)
        else:
            copy.unlink()
    now = {"source": fingerprint(source), "files": seen}
    same = everything and {n: e[2] for n, e in seen.items()} == {n: e[2] for n, e in known.items()}
    words = (
        Text(f"{waiting} 個檔案尚在寫入。", f"{waiting} files are still being written.") if waiting else Text("", "")
    )
    late = noted(f"inbox/{source.option('path')}", words)
    if everything and waiting:
        fresh = []  # half of the files that form the whole would look like a loss of the rest
    if not fresh or same:
        for copy in fresh:
            copy.unlink()
        return Delivery((), True, state if everything and waiting else now, late)
    return Delivery(tuple(fresh), False, now, late)


def _folder(text: str, inbox: Path) -> Path:
    """The folder named, below the inbox. BadDefinition where it would leave it; BadSource where it does not exist."""
    pure = PurePosixPath(text)
    if pure.is_absolute() or ".." in pure.parts or "\\" in text or "\0" in text:
        raise BadDefinition(
            Text(f"資料夾「{text[:80]}」不在收件區內。", f"The folder '{text[:80]}' is not below the inbox."),
            Text("請填寫收件區（home/inbox）之下的相對路徑。", "Write a path relative to the inbox (home/inbox)."),
            parameter="source.options.path",
        )
    folder = inbox / text
    if not folder.is_dir():
        raise BadSource(
            Text(f"收件區沒有資料夾「{text[:80]}」。", f"The inbox has no folder '{text[:80]}'."),
            Text("請建立資料夾或掛載。", "Make the folder, or mount it there."),
        )
    return folder


def _candidates(folder: Path, glob: str) -> list[tuple[Path, os.stat_result]]:
    """Regular files of the folder that match, by name; never links."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED) or not fnmatch.fnmatch(name, glob):
                continue
            if not name.isprintable():
                raise BadSource(
                    Text(f"檔名無法讀取：{ascii(name)[:80]}。", f"A file's name cannot be read: {ascii(name)[:80]}."),
                    Text("請改用 UTF-8 檔名，不含控制字元。", "Rename it in UTF-8 without control characters."),
                )
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode) and info.st_size:
                found.append((Path(entry.path), info))
    return sorted(found)


def _copied(path: Path, to: Path, max_bytes: int) -> str | None:
    """The sha256 of the copy; None where the file changed or vanished while it was being copied."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    digest = hashlib.sha256()
    with os.fdopen(handle, "rb") as source, to.open("wb") as out:
        first = os.fstat(source.fileno())
        if not stat.S_ISREG(first.st_mode):
            to.unlink()
            return None
        if first.st_size > max_bytes:
            to.unlink()
            raise BadSource(
                Text(f"檔案「{path.name}」超過大小上限。", f"The file '{path.name}' is larger than the limit."),
                Text("請分成數個檔案，或調高 QINGLIU_MAX_SOURCE_MB。", "Split it, or raise QINGLIU_MAX_SOURCE_MB."),
            )
        while piece := source.read(PIECE):
            digest.update(piece)
            out.write(piece)
        last = os.fstat(source.fileno())
    if (first.st_size, first.st_mtime_ns) != (last.st_size, last.st_mtime_ns):
        to.unlink()
        return None
    return digest.hexdigest()
