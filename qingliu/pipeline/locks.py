"""One run a dataset at a time, one portal a home: locks that the system drops when their process dies, however it dies.

A run lock is another file than the lake's own lock of the dataset, which is taken inside it.
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
    with _held(paths, f"{safe_name(code)}.run.lock", wait=wait) as mine:
        yield mine


@contextmanager
def draft(paths: LakePaths, draft_id: str) -> Iterator[bool]:
    """Hold a draft while it is carried out; yields False at once where another holds it."""
    with _held(paths, f"draft-{safe_name(draft_id)}.lock", wait=False) as mine:
        yield mine


@contextmanager
def portal(paths: LakePaths) -> Iterator[bool]:
    """Hold the home for one running portal (or one restore) inside the block; yields False where another has it."""
    with _held(paths, "portal.lock", wait=False) as mine:
        yield mine


@contextmanager
def _held(paths: LakePaths, name: str, *, wait: bool) -> Iterator[bool]:
    paths.locks.mkdir(parents=True, exist_ok=True)
    with (paths.locks / name).open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
