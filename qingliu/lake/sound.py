"""Damage is told before a byte of an answer leaves, and is never copied into a new file that would look sound."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from qingliu.core.dataset import FileRecord, Text
from qingliu.core.errors import Damaged

log = logging.getLogger("qingliu.lake")
HASHED_BYTES = 32 << 20  # a file up to this size is hashed when a process first reads it; larger ones by ``verify``
_DERIVED = "derived/"  # made again at will; its record holds no hash of its bytes
Mark = tuple[int, int, int]  # inode, size, time of change in ns


class Soundness:
    """What one process knows of the files it reads: each looked at before every answer, hashed when new or changed."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._sound: dict[str, Mark] = {}

    def check(self, code: str, files: Iterable[FileRecord]) -> None:
        """Raise Damaged where a file is missing, has another size, or (when first seen) another sha256."""
        for file in files:
            path = f"{self._root}/{file.path}"
            try:
                found = os.stat(path)
            except FileNotFoundError:
                raise _damaged(code, file, "不見了", "is missing") from None
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
            if self._sound.get(file.path) == mark:
                continue
            if found.st_size != file.bytes:
                raise _damaged(code, file, "大小不符", "has another size")
            if file.bytes <= HASHED_BYTES and not file.path.startswith(_DERIVED):
                _check_hash(code, file, path)
            self._sound[file.path] = mark


def check_whole(code: str, root: Path, files: Iterable[FileRecord]) -> None:
    """Raise Damaged where a file's bytes are not those that were published, whatever its size."""
    for file in files:
        _check_hash(code, file, os.fspath(root / file.path))


def _check_hash(code: str, file: FileRecord, path: str) -> None:
    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise _damaged(code, file, "不見了", "is missing") from None
    if digest != file.sha256:
        raise _damaged(code, file, "內容已被改動", "has changed")


def _damaged(code: str, file: FileRecord, zh: str, en: str) -> Damaged:
    log.error("dataset %s: the stored file %s %s; run qingliu verify and restore it from a backup", code, file.path, en)
    return Damaged(
        Text(f"「{code}」的資料檔 {file.path} {zh}。", f"The stored file {file.path} of '{code}' {en}."),
        Text(
            "較早的版本可用 as_of 查詢；管理者請執行 qingliu verify 並自備份還原。",
            "Earlier versions answer under as_of; operators: run qingliu verify and restore the file from a backup.",
        ),
    )
