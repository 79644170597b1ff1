"""What stands in the repository: tracked files, and the Python of the package, read without importing it."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "qingliu"


@cache
def tracked() -> tuple[str, ...]:
    """Paths that git tracks and that still exist, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(p for p in listed.split("\0") if p and (ROOT / p).is_file())


def read(path: str) -> str:
    """The text of a file under the root; '' where it is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def package_files() -> list[Path]:
    """Every Python file of the package that people write (migrations are made)."""
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "migrations" not in p.parts]


@cache
def existing_tests() -> frozenset[str]:
    """``tests/dir/test_x.py::test_y`` of every test that exists; methods as ``…::TestClass::test_y``."""
    names: set[str] = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                names.add(f"{place}::{node.name}")
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_"):
                        names.add(f"{place}::{node.name}::{inner.name}")
    return frozenset(names)
