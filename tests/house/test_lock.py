"""The lock names every package by hash and nothing of the machine it was made on."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.house.tree import ROOT, package_files, read, tracked

# imported beside the package that brings it and fixes its version
BROUGHT = {"httpcore2": "httpx2", "sqlalchemy": "pyiceberg"}
LOCKS = {"requirements.lock": ("dependencies", "dev"), "bench/requirements.lock": ()}


def names(requirements: list[str]) -> set[str]:
    """Package names of requirement lines, normalised."""
    found = (re.match(r"[A-Za-z0-9._-]+", r) for r in requirements)
    return {re.sub(r"[-_.]+", "-", m.group().lower()) for m in found if m}


def wanted() -> set[str]:
    """Every package that pyproject.toml and requirements-build.in ask for."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    build = [line for line in read("requirements-build.in").splitlines() if not line.startswith("#")]
    return names(project["dependencies"] + project["optional-dependencies"]["dev"] + build)


def locked(path: str) -> dict[str, str]:
    """Package name → its whole entry in the lock."""
    entries = re.split(r"\n(?=[a-z0-9])", "\n".join(x for x in read(path).splitlines() if not x.startswith("#")))
    return {re.sub(r"[-_.]+", "-", e.split("==")[0].strip().lower()): e for e in entries if "==" in e}


def test_lock_holds_every_package_that_the_project_asks_for() -> None:
    assert wanted() - set(locked("requirements.lock")) == set(), "remake the lock: its first lines say how"


@pytest.mark.parametrize("path", sorted(LOCKS))
def test_every_locked_package_has_hashes_and_no_address(path: str) -> None:
    entries = locked(path)
    assert entries
    assert [n for n, e in entries.items() if "--hash=sha256:" not in e] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|\bfile:", read(path))


def test_no_lock_that_records_registry_addresses() -> None:
    assert not [p for p in tracked() if re.search(r"(^|/)(uv\.lock|pylock.*\.toml|poetry\.lock)$", p)]
    assert (ROOT / "requirements.lock").is_file()


def test_every_import_of_the_package_is_a_package_that_the_project_asks_for() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    asked = names(project["dependencies"])
    assert set(BROUGHT.values()) <= asked
    belongs = packages_distributions()
    unknown = set()
    for path in package_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            tops = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            tops += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for top in {t.split(".")[0] for t in tops} - sys.stdlib_module_names - {"qingliu", *BROUGHT}:
                if not {re.sub(r"[-_.]+", "-", d.lower()) for d in belongs.get(top, [])} & asked:
                    unknown.add(f"{path.name}: {top}")
    assert not unknown, unknown
