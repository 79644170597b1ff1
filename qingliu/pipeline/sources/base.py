"""What every source hands over, and what it is given to work with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qingliu.core import http
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.env import Settings
from qingliu.core.errors import BadDefinition, BadSource

State = Mapping[str, Any]  # plain JSON: what a source remembers between two looks; never a key


@dataclass(frozen=True, slots=True)
class Delivery:
    """Local files of one delivery, ready for the readers.

    ``unchanged``: nothing new since ``state`` was stored; ``files`` is then empty. ``state`` must be stored only once the
    delivery was published, held or found unchanged: a run that failed has to see the same files again.
    ``note`` says where they come from and what was noticed, in both languages, for the run's history.
    """

    files: tuple[Path, ...]
    unchanged: bool
    state: State
    note: str = ""


def noted(place: str, words: Text) -> str:
    """A delivery's note."""
    return f"{place}：{words.zh} {words.en}".strip()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source may use: the door, its limits, the environment (for keys) and the folder that may be watched."""

    inbox: Path
    door: http.Door = field(default_factory=http.Door)
    limits: http.Limits = http.Limits()  # noqa: RUF009 frozen
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


_door = http.Door()  # one in a process: it remembers which hosts must rest


def surroundings(settings: Settings) -> Surroundings:
    """The surroundings that the settings allow."""
    limits = http.Limits(max_bytes=settings.max_source_bytes, allow_private=settings.allow_private_sources)
    return Surroundings(settings.home / "inbox", _door, limits)


def wanted(source: SourceSpec, name: str) -> str:
    """The option ``name``; BadDefinition when the definition lacks it."""
    value = source.option(name)
    if not value:
        raise BadDefinition(
            Text(
                f"「{source.kind}」來源缺少選項 {name}。",
                f"The source of kind '{source.kind}' lacks the option {name}.",
            ),
            Text(f"請在 source.options 補上 {name}。", f"Add {name} to source.options."),
            parameter=f"source.options.{name}",
        )
    return value


def number(source: SourceSpec, name: str, default: float) -> float:
    """The option ``name`` as a positive number."""
    text = source.option(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise BadDefinition(
            Text(
                f"選項 {name} 的值「{text[:40]}」不是正數。",
                f"The option {name} = '{text[:40]}' is no positive number.",
            ),
            Text("請填寫正數。", "Write a positive number."),
            parameter=f"source.options.{name}",
        )
    return value


def key_of(source: SourceSpec, environ: Mapping[str, str]) -> str:
    """The key in the environment variable that the definition names by ``key_env``; "" where it names none."""
    name = source.option("key_env")
    if not name:
        return ""
    key = environ.get(name, "").strip()
    if not key:
        raise BadSource(
            Text(f"環境變數 {name} 沒有金鑰。", f"The environment variable {name} holds no key."),
            Text(f"請設定 {name} 後重新啟動。", f"Set {name} and start again."),
            parameter="source.options.key_env",
        )
    return key


def fingerprint(source: SourceSpec) -> str:
    """A mark of the source as declared: another address must not be asked with the old one's marks."""
    return hashlib.sha256(json.dumps([source.kind, *sorted(source.options)]).encode()).hexdigest()


def remembered(source: SourceSpec, state: State) -> State:
    """``state`` if it belongs to this very source, else nothing."""
    return state if state.get("source") == fingerprint(source) else {}
