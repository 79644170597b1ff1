"""Editions of the metadata standard as data: which fields, on which level, how binding, of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from qingliu.core.dataset import Text

_HERE = Path(__file__).parent
Kind = Literal["text", "code", "integer", "date", "url", "email", "fields"]


@dataclass(frozen=True, slots=True)
class MetadataField:
    """A field of the standard. ``system`` fields are made by the platform; ``max`` counts characters, 0 = no limit."""

    name: str
    title: Text
    level: Literal["catalog", "dataset", "distribution"]
    obligation: Literal["M", "R", "O"]
    kind: Kind
    max: int = 0
    pattern: str = ""  # RE2, matched against the whole value
    values: tuple[str, ...] = ()
    repeat: bool = False
    system: bool = False
    instead: str = ""  # a field whose value makes this one unnecessary


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition with its fields in the standard's order, and where it is known from."""

    code: str
    source: Text
    reconstruction: bool
    fields: tuple[MetadataField, ...]


@cache
def edition(code: str) -> Edition:
    """The edition called ``code`` (``104``, ``2023``)."""
    doc = yaml.safe_load((_HERE / f"edition_{code}.yaml").read_text(encoding="utf-8"))
    source = Text(doc["source"]["zh"], doc["source"]["en"])
    return Edition(doc["edition"], source, doc["reconstruction"], tuple(map(_field, doc["fields"])))


def _field(row: dict[str, Any]) -> MetadataField:
    return MetadataField(
        name=row["name"],
        title=Text(row["zh"], row["en"]),
        level=row["level"],
        obligation=row["obligation"],
        kind=row["kind"],
        max=row.get("max", 0),
        pattern=row.get("pattern", ""),
        values=tuple(row.get("values", ())),
        repeat=row.get("repeat", False),
        system=row.get("system", False),
        instead=row.get("instead", ""),
    )


@cache
def words() -> dict[str, Any]:
    """Our words in the standard's."""
    found: dict[str, Any] = yaml.safe_load((_HERE / "words.yaml").read_text(encoding="utf-8"))
    return found
