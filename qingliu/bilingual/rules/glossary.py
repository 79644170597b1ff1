"""The glossary: words of the domain by kind, as a data file of ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).parent.parent / "data" / "glossary.yaml"


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Chinese → English by kind; kind "" fits any column."""
    found = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {("" if kind == "any" else kind): dict(pairs) for kind, pairs in found["words"].items()}
