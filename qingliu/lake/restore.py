"""Bringing a backup back: checked whole before anything is switched, and switched in one step."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import Text, VersionRecord
from qingliu.core.errors import Refused
from qingliu.lake.backup import Item, Summary, copy_hashed, read_listing
from qingliu.lake.files import sync
from qingliu.lake.paths import LakePaths
from qingliu.lake.relocate import relocate
from qingliu.lake.verify import verify

_DRAFT = ".restoring"  # a file in a home that is not whole yet
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def restore(source: Path, home: Path) -> Summary:
    """Put the backup at ``home``. What was there before is kept beside it, named ``<home>.before-<time>``.

    The portal must be stopped. Everything is copied beside ``home`` and verified first; then the two change places in one
    step. Killed anywhere, ``home`` is the old one or the new one, and a rerun converges. Raises Refused naming the first
    file that is not as it was backed up.
    """
    listing = read_listing(source)
    home = home.absolute()
    draft = home.with_name(f".{home.name}.restoring")
    _put_by(draft, home)
    draft.mkdir(parents=True, mode=0o700)
    (draft / _DRAFT).touch()
    for item in listing.items:
        _bring(source, draft, item)
    copied = LakePaths(draft)
    copied.make()
    relocate(copied, listing.summary.root, str(LakePaths(home).root.resolve()))
    _check_versions(copied)
    (draft / _DRAFT).unlink()
    sync(draft)
    _switch(draft, home)
    _put_by(draft, home)
    return listing.summary


def _put_by(draft: Path, home: Path) -> None:
    """Clear the way: an unfinished draft goes, a home that was switched out is kept under a name of its own."""
    if not draft.exists():
        return
    if (draft / _DRAFT).exists() or not any(draft.iterdir()):
        shutil.rmtree(draft)
        return
    stamp = now().strftime("%Y%m%dT%H%M%S.%f")
    draft.rename(home.with_name(f"{home.name}.before-{stamp}"))


def _bring(source: Path, draft: Path, item: Item) -> None:
    target = (draft / item.path).resolve()
    if not target.is_relative_to(draft.resolve()):
        raise _damaged(item.path)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        found = copy_hashed(source / item.path, target)
    except OSError:
        raise _damaged(item.path) from None
    if found != (item.bytes, item.sha256):
        raise _damaged(item.path)


def _damaged(path: str) -> Refused:
    return Refused(
        Text(f"備份中的檔案遺失或已損壞：{path}", f"A file of the backup is missing or damaged: {path}"),
        Text("沒有更動任何資料；請改用另一份備份。", "Nothing was changed; use another backup."),
        parameter="source",
    )


def _check_versions(copied: LakePaths) -> None:
    if not copied.published_db.exists():
        return
    with closing(sqlite3.connect(copied.published_db)) as con:
        rows = con.execute("SELECT manifest FROM version WHERE present=1").fetchall()
    for (text,) in rows:
        for finding in verify(copied, codec.from_json(VersionRecord, text)):
            raise _damaged(finding.place)


def _switch(draft: Path, home: Path) -> None:
    """Let the new home take the old one's place, at once."""
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(home)
    else:
        _exchange(draft, home)
    sync(home.parent)


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(other))
