"""Threat 18 below the pages: every write that asks for a right at an agency refuses a steward and approver of another one.

The writes are found in the source, so that one written tomorrow is tried too.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

import qingliu
from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.audit.models import Event
from qingliu.catalog.models import Dataset, Version
from qingliu.core.errors import Forbidden
from qingliu.participation.actions import submit
from qingliu.pipeline.actions.draft import begin
from qingliu.pipeline.models import Draft, Run
from qingliu.pipeline.rules import State
from tests.participation.cast import asked, origin
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

PACKAGE = Path(qingliu.__file__).parent
RIVAL = Actor("user:rival", tuple(RoleGrant(role, "ema") for role in ("steward", "approver")))


def _asks_at_an_agency(node: ast.AST) -> bool:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "require"
    return called and any(k.arg == "agency" for k in node.keywords)  # type: ignore[attr-defined]


def writes() -> Iterator[tuple[str, str]]:
    """Module and name of every public function of an actions module that asks for a right at an agency."""
    for path in sorted([*PACKAGE.glob("*/actions.py"), *PACKAGE.glob("*/actions/*.py")]):
        module = ".".join(("qingliu", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        functions = [n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)]
        asking = {f.name for f in functions if any(map(_asks_at_an_agency, ast.walk(f)))}
        helpers = {name for name in asking if name.startswith("_")}
        for function in functions:
            called = {n.func.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
            if not function.name.startswith("_") and (function.name in asking or called & helpers):
                yield module, function.name


WRITES = tuple(writes())


@pytest.fixture
def theirs(scene: Scene) -> dict[str, Any]:
    """What belongs to another agency than the rival's, by the names that writes give it."""
    held = scene.publish(town.csv(scene.folder / "held.csv", town.rows(3)))
    assert held.state == State.HELD
    draft = begin(agency="moenv", uploads=(), code=CODE, by=town.OPERATOR)
    question = submit(asked=asked(dataset=CODE), origin=origin("f1"))
    named = MagicMock(code=CODE)
    text = town.definition(title="改了", mode="snapshot")
    return {"code": CODE, "codes": [CODE], "dataset": CODE, "run_id": str(held.id), "draft": draft, "agency": "moenv",
            "text": text, "version": named, "path": "", "uploads": (), "number": question.number,
            "masked": CODE, "other": CODE, "zh": "測", "en": "x"}  # fmt: skip


def state() -> list[object]:
    """Everything that the rival must not change."""
    return [
        list(Dataset.objects.values_list("code", "status", "definition_hash", "published_record")),
        list(Draft.objects.values_list("pk", "state", "definition")),
        list(Run.objects.values_list("id", "state")),
        Version.objects.count(),
        Event.objects.count(),
    ]


def given(write: Callable[..., Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """An argument for each parameter: theirs where it names something, else something that says nothing."""
    wanted = inspect.signature(write).parameters.values()
    return {p.name: RIVAL if p.name == "by" else theirs.get(p.name, MagicMock()) for p in wanted}


@pytest.mark.parametrize(("module", "name"), WRITES, ids=[f"{m.removeprefix('qingliu.')}.{n}" for m, n in WRITES])
def test_threat_18_no_write_at_an_agency_takes_another_agencys_people(
    theirs: dict[str, Any], module: str, name: str
) -> None:
    write, before = getattr(importlib.import_module(module), name), state()
    with pytest.raises(Forbidden):
        write(**given(write, theirs))
    assert state() == before


def test_the_writes_are_really_found() -> None:
    assert len(WRITES) > 30
    assert {"withdraw", "release", "correct", "approve", "contest"} <= {n for _, n in WRITES}
