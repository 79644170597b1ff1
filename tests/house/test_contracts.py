"""Import contracts: each is broken on purpose in a copy of the package, and the linter must say so."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

NOT = "is not allowed to import"

# contract → (file of the copy, line added to it, what the linter must name)
BREAKS: dict[str, list[tuple[str, str, str]]] = {
    "rooms": [
        ("qingliu/core/breaks.py", "import qingliu.lake.paths", f"qingliu.core {NOT} qingliu.lake"),
        ("qingliu/lake/breaks.py", "import qingliu.catalog", f"qingliu.lake {NOT} qingliu.catalog"),
        ("qingliu/lake/breaks.py", "import qingliu.standards", f"qingliu.lake {NOT} qingliu.standards"),
        ("qingliu/newroom/__init__.py", "", "qingliu.newroom"),
    ],
    "in-room": [
        ("qingliu/catalog/rules.py", "import qingliu.catalog.models", f"rules {NOT}"),
        ("qingliu/catalog/queries.py", "import qingliu.catalog.actions", f"queries {NOT}"),
    ],
    "pure-rules": [("qingliu/pipeline/rules.py", "import django.db", f"qingliu.pipeline.rules {NOT} django")],
    "django-free": [
        ("qingliu/api/native/breaks.py", "import django.conf", f"qingliu.api {NOT} django"),
        ("qingliu/lake/breaks.py", "import django.utils.timezone", f"qingliu.lake {NOT} django"),
    ],
    "pure-charts": [
        ("qingliu/web/charts/breaks.py", "import django.utils.html", f"qingliu.web.charts {NOT} django"),
        ("qingliu/web/charts/breaks.py", "import qingliu.lake.query", f"qingliu.web.charts {NOT} qingliu.lake"),
    ],
    "lake-door": [
        ("qingliu/pipeline/breaks.py", "import duckdb", "qingliu.pipeline.breaks -> duckdb"),
        ("qingliu/api/moenv/breaks.py", "import pyarrow", "qingliu.api.moenv.breaks -> pyarrow"),
        ("qingliu/catalog/breaks.py", "import pyiceberg", "qingliu.catalog.breaks -> pyiceberg"),
    ],
    "api-reach": [("qingliu/api/native/breaks.py", "import qingliu.accounts", f"qingliu.api {NOT} qingliu.accounts")],
    "network-door": [("qingliu/pipeline/breaks.py", "import httpx2", "qingliu.pipeline.breaks -> httpx2")],
    "facades": [("qingliu/api/native/breaks.py", "import qingliu.api.moenv", f"qingliu.api.native {NOT}")],
    "edges": [
        ("qingliu/pipeline/breaks.py", "import qingliu.web.views", "qingliu.pipeline.breaks -> qingliu.web.views")
    ],
    "acyclic": [
        ("qingliu/core/breaks.py", "import qingliu.core.breaks_too", "qingliu.core"),
        ("qingliu/core/breaks_too.py", "import qingliu.core.breaks", "qingliu.core"),
    ],
}


def lint(where: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """lint-imports on the copy at ``where``, one contract only."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120, check=False)


def copy_package(to: Path) -> Path:
    """The package and its contracts, copied to a fresh directory."""
    shutil.copytree(ROOT / "qingliu", to / "qingliu", ignore=shutil.ignore_patterns("__pycache__", "static", "locale"))
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def add_line(path: Path, line: str) -> None:
    """Put ``line`` at the end of the file, which may be new."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as f:
        f.write(f"\n{line}\n")


def test_every_contract_is_broken_on_purpose_somewhere() -> None:
    assert {c["id"] for c in CONTRACTS} == set(BREAKS)


@pytest.mark.parametrize("contract", sorted(BREAKS))
def test_deliberate_break_is_caught(contract: str, tmp_path: Path) -> None:
    where = copy_package(tmp_path)
    before = lint(where, contract)
    assert before.returncode == 0, before.stdout + before.stderr
    for file, line, _ in BREAKS[contract]:
        add_line(where / file, line)
    after = lint(where, contract)
    assert after.returncode == 1, after.stdout + after.stderr
    said = " ".join(after.stdout.split())
    for _, _, named in BREAKS[contract]:
        assert named in said, after.stdout
