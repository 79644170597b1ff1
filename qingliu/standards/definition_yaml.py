"""YAML as definition files use it: only plain scalars, every place with its line, nothing read as what it is not.

YAML 1.1 reads ``no`` as false, ``12:30`` as 750 and a date as a date; a column of this field is called ``no`` (nitric
oxide). So only true/false are booleans, only plain numbers are numbers, and everything else is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from qingliu.core.dataset import Text
from qingliu.core.records import Finding

Path = tuple[str | int, ...]
MAX_CHARS = 1_000_000


class PlainLoader(yaml.SafeLoader):
    """SafeLoader without the surprising implicit types."""


PlainLoader.yaml_implicit_resolvers = {}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789")
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The plain value of a file, the line (1-based) of each place in it, and what the parser itself found wrong."""

    value: Any
    lines: dict[Path, int]
    findings: tuple[Finding, ...] = ()


def place_text(path: Path) -> str:
    """``schema.fields[3].type`` of a path."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else str(step)
    return out or "(file)"


def finding(path: Path, rule: str, reason: Text, remedy: Text) -> Finding:
    """A finding that rejects a definition, at a place in it."""
    return Finding(rule, place_text(path), reason, remedy, "reject")


def parse(text: str) -> Parsed:
    """Text of a definition file → its value, lines and parser findings; never raises on bad YAML."""
    if len(text) > MAX_CHARS:
        reason = Text(f"定義檔超過 {MAX_CHARS:,} 字。", f"The file is longer than {MAX_CHARS:,} characters.")
        return _failed("size", reason, Text("一個檔案只定義一個資料集。", "Define one dataset in one file."))
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=PlainLoader)):
            reason = Text("定義檔使用了 YAML 別名（*）。", "The file uses a YAML alias (*).")
            return _failed("alias", reason, Text("把內容直接寫在該處。", "Write the content out at that place."))
        node = yaml.compose(text, Loader=PlainLoader)
        value = yaml.load(text, Loader=PlainLoader)  # noqa: S506  PlainLoader is a SafeLoader
    except yaml.YAMLError as error:
        return _failed("yaml", *_yaml_problem(error))
    lines: dict[Path, int] = {}
    findings: list[Finding] = []
    if node is not None:
        _walk(node, (), lines, findings)
    return Parsed(value, lines, tuple(findings))


def _failed(rule: str, reason: Text, remedy: Text) -> Parsed:
    return Parsed(None, {}, (finding((), rule, reason, remedy),))


def _yaml_problem(error: yaml.YAMLError) -> tuple[Text, Text]:
    mark = getattr(error, "problem_mark", None)
    told = getattr(error, "problem", None) or str(error)
    zh, en = (
        (f"第 {mark.line + 1} 行第 {mark.column + 1} 字", f"line {mark.line + 1}, column {mark.column + 1}")
        if mark
        else ("", "")
    )
    return (
        Text(f"不是合法的 YAML（{zh}：{told}）。", f"This is not valid YAML ({en}: {told})."),
        Text(
            "檢查縮排、引號與冒號；以「-」「#」開頭的文字要加引號。",
            "Check indentation, quotes and colons; quote text that starts with '-' or '#'.",
        ),
    )


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], findings: list[Finding]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines, findings)
    elif isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = (*path, key)
            if inner in lines:
                findings.append(_twice(inner, key, key_node.start_mark.line + 1))
            _walk(value_node, inner, lines, findings)


def _twice(path: Path, key: str, line: int) -> Finding:
    return finding(
        path,
        "duplicate-key",
        Text(f"「{key}」寫了兩次（第二次在第 {line} 行）。", f"'{key}' is written twice (again on line {line})."),
        Text("留下一個。", "Keep one of them."),
    )
