"""What a parameter of the native API is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qingliu.core.dataset import Text


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its JSON schema, what it does, an example."""

    name: str
    schema: Mapping[str, Any]
    about: Text
    example: str = ""
    place: str = "query"
    required: bool = False


def text(**more: Any) -> dict[str, Any]:
    """The JSON schema of a text."""
    return {"type": "string"} | more
