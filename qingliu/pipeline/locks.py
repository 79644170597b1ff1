"""One run a dataset at a time: a lock that the system drops when its process dies, however it dies.

It is another file than the lake's own lock of the dataset, which is taken inside this one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from qingliu.lake.locks import safe_name
from qingliu.lake.paths import LakePaths


@contextmanager
def dataset(paths: LakePaths, code: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the run lock of a dataset inside the block; yields False at once where ``wait`` is off and another holds it."""
    paths.locks.mkdir(parents=True, exist_ok=True)
    with (paths.locks / f"{safe_name(code)}.run.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
