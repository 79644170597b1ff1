"""The register of content rules: what each measures, its options with default and source, as data in ``content_rules.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from qingliu.core.dataset import Text

_FILE = Path(__file__).with_name("content_rules.yaml")


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of a rule: what it means, what holds where nothing is declared, and why this default."""

    name: str
    kind: Literal["number", "text", "columns"]
    default: str
    meaning: Text
    source: Text


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One rule over rows: its title, what it measures, when it applies, and its options."""

    code: str
    title: Text
    measures: Text
    applies: Text
    options: tuple[Option, ...]

    def option(self, name: str) -> Option | None:
        """The option called ``name``, or None."""
        return next((o for o in self.options if o.name == name), None)


def _text(value: dict[str, str] | None) -> Text:
    return Text(value["zh"], value["en"]) if value else Text("", "")


def _rule(row: dict[str, Any]) -> RuleRecord:
    options = tuple(
        Option(o["name"], o["kind"], str(o.get("default", "")), _text(o["meaning"]), _text(o.get("source")))
        for o in row.get("options", ())
    )
    return RuleRecord(row["code"], _text(row["title"]), _text(row["measures"]), _text(row["applies"]), options)


@cache
def register() -> dict[str, RuleRecord]:
    """Every content rule by code, in the order in which findings are told."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {rule.code: rule for rule in map(_rule, rows)}
