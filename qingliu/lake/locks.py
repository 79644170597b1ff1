"""One writer at a time: a lock the system drops when its process dies, however it dies."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager

from qingliu.lake.paths import LakePaths

_SAFE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,120}$")


def safe_name(text: str) -> str:
    """``text`` if it can name a file or folder of the lake; ValueError otherwise."""
    if not _SAFE.match(text):
        raise ValueError(f"not a safe name for a file of the lake: {text!r}")
    return text


@contextmanager
def held(paths: LakePaths, name: str) -> Iterator[None]:
    """Hold the lake's lock ``name`` inside the block; waits while another process or thread holds it."""
    paths.locks.mkdir(parents=True, exist_ok=True)
    with (paths.locks / f"{safe_name(name)}.lake.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
