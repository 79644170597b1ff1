"""Run in a process of its own: does lake work in children that are killed by SIGKILL before or after a step's n-th call.

Reads cases from standard input, one JSON list [HOME, ACTION, STEP, WHEN, N] a line, and answers each with the number of
the signal that ended its child, or "exit STATUS". Imports are done once, before the first child.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qingliu.lake import manifest
from qingliu.lake.maintain import clean, compact
from qingliu.lake.paths import LakePaths
from qingliu.lake.restore import restore
from qingliu.lake.store import Lake
from tests.lake_write.world import dataset

RECORD = dataset(partition="month")


def fatal(step: str, when: str, nth: int) -> None:
    """Wrap ``module:attribute.path`` so that its n-th call kills this process."""
    module, _, path = step.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == nth and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    static = isinstance(inspect.getattr_static(owner, name), staticmethod)
    setattr(owner, name, staticmethod(wrapped) if static else wrapped)


def act(home: Path, action: str) -> None:
    """restore:BACKUP: bring it back. compact, clean: as in maintain.

    commit: publish staging/next/staged.parquet on the newest version.
    """
    if action.startswith("restore:"):
        restore(Path(action.removeprefix("restore:")), home)
        return
    paths = LakePaths(home)
    lake = Lake(paths, memory_limit="400MB", threads=1)
    versions = [m.version for m in manifest.all_of(paths, RECORD.code)]
    if action == "commit":
        base = versions[-1] if versions else None
        lake.commit(
            RECORD, paths.staging / "next" / "staged.parquet", base=base, number=(base.number if base else 0) + 1,
            run_id="next", author="a", message="m", created_at="2026-11-23T00:00:00.000Z",
        )  # fmt: skip
    elif action == "compact":
        compact(lake, RECORD, versions)
    else:
        clean(lake, RECORD.code, versions)


def serve() -> None:
    """Fork a child for each case."""
    for line in sys.stdin:
        home, action, step, when, nth = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                fatal(step, when, nth)
                act(Path(home), action)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    serve()
