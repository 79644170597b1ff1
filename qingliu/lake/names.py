"""Quoting for the engine: the only place where names and literals become SQL text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def ident(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a quoted literal; for our own constants and paths, never for a caller's values (those are bound)."""
    return "'" + text.replace("'", "''") + "'"


def path_list(paths: Iterable[Path | str]) -> str:
    """Paths as a list literal for ``read_parquet``."""
    return "[" + ",".join(literal(str(p)) for p in paths) + "]"
