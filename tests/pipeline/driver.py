# ruff: noqa: E402 — Django must be set up before its models are imported
"""Runs steps of the pipeline, each in a process of its own, on the home named by QINGLIU_HOME.

Reads lines of JSON: a list of steps that are to run at the same moment. Each step is forked from this process, which has
loaded everything and touched nothing; the answer is one line with each step's signal (0 = it ended well) and result.
``publish CODE FILE POINT…`` dies by signal 9 at POINT: ``module:name:before|after``, the n-th call with ``*n``.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingliu.config.settings")
django.setup()

from django.conf import settings

from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.catalog.models import Version
from qingliu.config.commands import portal
from qingliu.core.errors import QingliuError
from qingliu.lake.engine import Engine
from qingliu.lake.maintain import verified
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.models import Run
from tests.pipeline import town


def kill_at(point: str) -> None:
    """Arrange for this process to die before or after a call."""
    place, _, nth = point.partition("*")
    module_name, name, when = place.split(":")
    owner: Any = importlib.import_module(module_name)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, last)
    calls = [0]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        mine = calls[0] == int(nth or 1)
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if mine and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, last, wrapped)


def served(code: str) -> list[list[Any]]:
    """The rows that a reader gets now, through the engine, or [] while nothing is served."""
    engine = Engine(LakePaths(settings.QINGLIU.home), threads=1)
    try:
        plan = engine.open(Query(code, fields=("siteid", "pm25")))
    except QingliuError:
        return []
    return sorted([row["siteid"], row["pm25"]] for row in engine.rows(plan))


def state(code: str) -> dict[str, Any]:
    """What can be seen of a dataset from all sides."""
    paths = LakePaths(settings.QINGLIU.home)
    versions = list(Published(paths.published_db).versions(code)) if served(code) else []
    return {
        "served": served(code),
        "published": [v.number for v in versions],
        "recorded": list(
            Version.objects.filter(dataset__code=code).order_by("number").values_list("number", flat=True)
        ),
        "runs": list(Run.objects.filter(dataset__code=code).order_by("started_at").values_list("state", flat=True)),
        "recorded_events": Event.objects.filter(verb="version.recorded", object_id=code).count(),
        "staging": sorted(p.name for p in paths.staging.iterdir()),
        "unsound": [f.place for f in verified(paths, versions)],
    }


def main(what: str, *given: str) -> Any:
    """One step; its answer can be written as JSON."""
    if what in {"setup", "setup-append"}:
        portal.prepare(town.OPERATOR)
        mode = "snapshot" if what == "setup" else "append"
        for code in given:
            catalog.register_definition(text=town.definition(code, mode=mode), by=town.OPERATOR)
        return None
    if what == "publish":
        code, file, *point = given
        for each in point:
            kill_at(each)
        return actions.run_delivery(code=code, files=[Path(file)], by=town.OPERATOR).state
    if what == "aftermath":  # one process for what follows a crash: starting one costs more than the work
        code, file = given
        crashed = state(code)
        actions.reconcile(by=town.OPERATOR)
        mended = state(code)
        again = actions.run_delivery(code=code, files=[Path(file)], by=town.OPERATOR).state
        return {"crashed": crashed, "mended": mended, "again": again, "final": state(code)}
    if what == "maintain":
        code, *point = given
        for each in point:
            kill_at(each)
        return [f.place for f in actions.maintain(code=code, by=town.OPERATOR).findings]
    return state(given[0])


def child(words: list[str], answer: Path) -> None:
    """The forked side: do the step, write its result, and end without going back."""
    try:
        answer.write_text(json.dumps(main(*words)), encoding="utf-8")
    except BaseException:
        answer.write_text(json.dumps({"error": traceback.format_exc()}), encoding="utf-8")
        os._exit(1)
    os._exit(0)


def together(steps: list[list[str]]) -> list[dict[str, Any]]:
    """Run the steps at the same moment, each in a process of its own."""
    folder = Path(tempfile.mkdtemp())
    started = []
    for number, words in enumerate(steps):
        pid = os.fork()
        if pid == 0:
            child(words, folder / str(number))
        started.append(pid)
    told = []
    for number, pid in enumerate(started):
        _, status = os.waitpid(pid, 0)
        said = folder / str(number)
        result = json.loads(said.read_text(encoding="utf-8")) if said.exists() else None
        told.append({"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, "result": result})
    return told


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(together(json.loads(line))), flush=True)
