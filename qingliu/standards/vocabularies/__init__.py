"""Controlled words as data files beside this module: flags, categories, licences, frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qingliu.core.dataset import Text

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a vocabulary: its code, its wording, what it means, and further facts such as a URL."""

    code: str
    name: Text
    note: Text
    extra: tuple[tuple[str, str], ...] = ()

    def get(self, fact: str, default: str = "") -> str:
        """The further fact called ``fact`` (``url``, ``dcat``, ``eu``, ``seconds``), or ``default``."""
        return dict(self.extra).get(fact, default)


def _term(row: dict[str, Any]) -> Term:
    note = row.get("note", {})
    extra = tuple((k, str(v)) for k, v in row.items() if k not in {"code", "zh", "en", "note"})
    return Term(row["code"], Text(row["zh"], row["en"]), Text(note.get("zh", ""), note.get("en", "")), extra)


@cache
def vocabulary(name: str) -> dict[str, Term]:
    """The vocabulary called ``name`` (the stem of its file) by code, in the file's order."""
    rows = yaml.safe_load((_HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return {term.code: term for term in map(_term, rows)}


def flags() -> dict[str, Term]:
    """Flags of a cell by code."""
    return vocabulary("flags")


def categories() -> dict[str, Term]:
    """Categories of datasets by code."""
    return vocabulary("categories")


def licences() -> dict[str, Term]:
    """Accepted licences by code."""
    return vocabulary("licences")


def frequencies() -> dict[str, Term]:
    """Units of update frequency by code."""
    return vocabulary("frequencies")
