"""Frozen records to JSON and back, without losing a type: the wire between Django, the lake and the data API."""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Dicts, lists and scalars of a record; dates as ISO text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def to_json(value: Any) -> str:
    """JSON text of a record."""
    return json.dumps(to_plain(value), ensure_ascii=False, separators=(",", ":"))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def from_plain(cls: Any, value: Any) -> Any:
    """The record of type ``cls`` from what ``to_plain`` made; unknown keys are ignored, missing ones take defaults."""
    if value is None:
        return None
    origin = get_origin(cls)
    if origin in (Union, types.UnionType):
        options = [a for a in get_args(cls) if a is not type(None)]
        return from_plain(options[0], value) if len(options) == 1 else value
    if origin is tuple:
        args = get_args(cls)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(from_plain(args[0], v) for v in value)
        return tuple(from_plain(a, v) for a, v in zip(args, value, strict=True))
    if isinstance(cls, type):
        if is_dataclass(cls):
            hints = _hints(cls)
            return cls(**{k: from_plain(hints[k], v) for k, v in value.items() if k in hints})
        if cls is datetime:
            return datetime.fromisoformat(value)
        if cls is date:
            return date.fromisoformat(value)
    return value


def from_json(cls: type[T], text: str) -> T:
    """The record of type ``cls`` from its JSON text."""
    result: T = from_plain(cls, json.loads(text))
    return result
