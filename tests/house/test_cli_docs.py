"""Every command and every option of ``qingliu`` is in its reference, and nothing there is invented."""

from __future__ import annotations

import argparse
import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator

from qingliu.config import commands
from tests.house.tree import PACKAGE, read

REFERENCE = "docs/reference/cli.md"


def parser_of_every_subject() -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """The commands that every module of ``config.commands`` adds."""
    added = argparse.ArgumentParser().add_subparsers()
    for module in pkgutil.iter_modules(commands.__path__):
        subject = importlib.import_module(f"{commands.__name__}.{module.name}")
        if hasattr(subject, "add"):
            subject.add(added)
    return added


def commands_outside_subjects() -> set[str]:
    """Commands that cli.py adds by itself."""
    tree = ast.parse((PACKAGE / "config" / "cli.py").read_text(encoding="utf-8"))
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    return {n.args[0].value for n in calls if n.func.attr == "add_parser" and isinstance(n.args[0], ast.Constant)}  # type: ignore[attr-defined]


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every option of a command and of the commands under it, without the hidden ones."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield name
                yield from options(inner)
        elif action.help != argparse.SUPPRESS and "--help" not in action.option_strings:
            yield from action.option_strings


def described() -> dict[str, str]:
    """Command → its line in the reference."""
    return {m.group(1): m.group(0) for m in re.finditer(r"^\| `([a-z-]+)` \|.*$", read(REFERENCE), re.M)}


def test_every_command_is_described_and_every_described_command_exists() -> None:
    assert set(described()) == set(parser_of_every_subject().choices) | commands_outside_subjects()


def test_every_option_is_described() -> None:
    lines = described()
    missing = [
        f"{name} {option}"
        for name, parser in parser_of_every_subject().choices.items()
        for option in options(parser)
        if not re.search(rf"[` ]{re.escape(option)}[` ,]", lines[name])
    ]
    assert not missing, missing
