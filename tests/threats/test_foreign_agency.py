"""Threat 18 below the pages: every write that asks for a right at an agency refuses a steward and approver of another one.

They are listed here, and the list is held against the source: a write that asks no more is missed, a new one is told.
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


WRITES = {
    "accounts.actions": "create_key revoke_key",
    "bilingual.actions.words": "word approve reject propose_text confirm_text",
    "catalog.actions": "register_definition record_version decide_rows clear withdraw restore",
    "participation.actions.answer": "answer",
    "pipeline.actions.approve": "submit take_back approve turn_down",
    "pipeline.actions.correct": "correct",
    "pipeline.actions.deliver": "run_delivery",
    "pipeline.actions.draft": "begin replace_files change keep_note reread remedy take_all undo drop",
    "pipeline.actions.gate": "scan look",
    "pipeline.actions.hold": "release reject",
    "pipeline.actions.reinstate": "reinstate look_soon",
    "pipeline.actions.repair": "repaired_copy",
    "pipeline.actions.source": "run_source",
    "privacy.actions.assess": "assess",
    "privacy.actions.screen": "look",
    "quality.actions.contest": "contest",
    "quality.actions.forget": "forget",
    "quality.actions.judge": "judge_all",
}
EACH = [(f"qingliu.{module}", name) for module, names in WRITES.items() for name in names.split()]


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
    needed = [p.name for p in wanted if p.default is p.empty or p.name in theirs]
    return {name: RIVAL if name == "by" else theirs.get(name, MagicMock()) for name in needed}


@pytest.mark.parametrize(("module", "name"), EACH, ids=[f"{m}.{n}" for m, n in EACH])
def test_threat_18_no_write_at_an_agency_takes_another_agencys_people(
    theirs: dict[str, Any], module: str, name: str
) -> None:
    write, before = getattr(importlib.import_module(module), name), state()
    with pytest.raises(Forbidden):
        write(**given(write, theirs))
    assert state() == before


def test_every_write_that_asks_for_a_right_at_an_agency_is_tried_here() -> None:
    assert set(writes()) == set(EACH)
