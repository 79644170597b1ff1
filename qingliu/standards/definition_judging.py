"""What must agree in the parts of a definition that judges read: roles, foreign keys, declared checks. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qingliu.core.dataset import Definition, Reference, Text
from qingliu.core.records import Finding
from qingliu.standards import content_rules
from qingliu.standards import definition_fields as columns
from qingliu.standards.definition_yaml import Path, finding

SINGLE = frozenset({"station", "item", "unit", "value"})  # two of them and nobody knows which one is meant


def check(doc: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that does not agree among roles, foreign keys and checks of one definition."""
    yield from _roles(doc["schema"]["fields"])
    for index, key in enumerate(doc["schema"].get("foreignKeys", ())):
        yield from _foreign(("schema", "foreignKeys", index), key, types)
    for index, declared in enumerate(doc.get("checks", ())):
        yield from _declared(("checks", index), declared, types)


def _roles(fields: list[Mapping[str, Any]]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, field in enumerate(fields):
        role = field.get("role", "")
        here: Path = ("schema", "fields", index, "role")
        if role in SINGLE and seen.setdefault(role, field["name"]) != field["name"]:
            yield finding(
                here,
                "role-twice",
                Text(f"「{seen[role]}」已是 {role}。", f"'{seen[role]}' already is the {role}."),
                Text("只留一個。", "Keep one."),
            )
        if role == "value" and field["type"] not in columns.NUMERIC:
            yield finding(
                here,
                "value-not-number",
                Text("測值欄位的型別不是數字。", "The column of values is no number."),
                Text("型別改為 number，或拿掉 role。", "Make its type number, or leave the role out."),
            )


def _foreign(path: Path, key: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    for index, name in enumerate(key["fields"]):
        if name not in types:
            yield columns.missing_column((*path, "fields", index), name, types)
    if len(key["fields"]) != len(key["reference"]["fields"]):
        yield finding(
            path,
            "foreign-key-width",
            Text("兩邊的欄位數不同。", "The two sides have different numbers of columns."),
            Text("依序一一對應。", "Name them in pairs, in order."),
        )


def _declared(path: Path, declared: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    known = content_rules.register()
    rule = known.get(declared["rule"])
    if rule is None:
        names = "、".join(known)
        yield finding(
            (*path, "rule"),
            "unknown-rule",
            Text(f"沒有內容規則「{declared['rule']}」。", f"There is no content rule '{declared['rule']}'."),
            Text(f"可用的規則：{names}。", f"The rules are: {names}."),
        )
        return
    for name, value in declared.items():
        if name in {"rule", "off"}:
            continue
        option = rule.option(name)
        if option is None:
            options = "、".join(o.name for o in rule.options) or "off"
            yield finding(
                (*path, name),
                "unknown-option",
                Text(f"規則「{rule.code}」沒有選項「{name}」。", f"Rule '{rule.code}' has no option '{name}'."),
                Text(f"可用的選項：{options}。", f"Its options are: {options}."),
            )
        elif option.kind == "columns":
            for column in value if isinstance(value, list) else str(value).split(","):
                if column not in types:
                    yield columns.missing_column((*path, name), column, types)
        elif option.kind == "number" and not _is_number(value):
            yield finding(
                (*path, name),
                "option-not-number",
                Text(f"「{value}」不是數字。", f"'{value}' is no number."),
                Text("寫數字。", "Write a number."),
            )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def together(definition: Definition, found: Mapping[str, Definition]) -> Iterator[Finding]:
    """Foreign keys of one definition whose dataset or columns nobody defines, or whose types differ."""
    record = definition.dataset
    types = {f.name: f.type for f in record.fields}
    for index, reference in enumerate(record.references):
        here: Path = ("schema", "foreignKeys", index, "reference")
        if reference.dataset not in found:
            yield finding(
                here,
                "no-such-dataset",
                Text(f"沒有資料集「{reference.dataset}」的定義。", f"No dataset '{reference.dataset}' is defined."),
                Text("改正代碼，或拿掉這個外鍵。", "Mend the code, or remove this foreign key."),
            )
        else:
            yield from _targets(here, reference, types, found[reference.dataset])


def _targets(here: Path, reference: Reference, types: Mapping[str, str], target: Definition) -> Iterator[Finding]:
    theirs = {f.name: f.type for f in target.dataset.fields}
    for own, name in zip(reference.fields, reference.target, strict=True):
        if name not in theirs:
            yield columns.missing_column((*here, "fields"), name, theirs)
        elif theirs[name] != types[own]:
            yield finding(
                here,
                "foreign-key-type",
                Text(
                    f"「{own}」是 {types[own]}，「{reference.dataset}」的「{name}」是 {theirs[name]}。",
                    f"'{own}' is of type {types[own]}, '{name}' of '{reference.dataset}' of {theirs[name]}.",
                ),
                Text("寫相同的型別。", "Write the same type."),
            )
