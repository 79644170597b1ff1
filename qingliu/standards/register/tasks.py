"""The change task of a dataset: what to rename, convert, clean or map so that it conforms, and a proposed definition.

Nothing here is applied: a person reads the list and the diff, and registers the definition or does not. A unit is changed
only where ``standards.units`` declares how; anything else stays a question.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import re2

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadDefinition, BadRequest
from qingliu.standards import areas, definition, units
from qingliu.standards.register.mapping import Mapped
from qingliu.standards.register.report import Report

# lines of a definition that name columns
_NAMING = {"key", "time", "order", "place", "flag_field", "newest_by", "- {fields", "- fields", "primaryKey", "- {rule"}
Doing = Literal["rename", "convert", "clean", "retype", "add", "propose"]


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a change task. ``optional`` steps follow from drafts or only please the eye."""

    doing: Doing
    field: str
    before: str
    after: str
    why: Text
    cells: int = 0
    rows: str = ""
    optional: bool = False


def changes(record: DatasetRecord, report: Report, mapped: tuple[Mapped, ...]) -> tuple[Change, ...]:
    """What would make ``record`` conform, the binding steps first."""
    by_field = {m.field.name: m for m in mapped}
    found: list[Change] = []
    for column in report.columns:
        one = by_field[column.field]
        if one.asked is None:
            continue
        found += _declared(record, one)
        if column.faulty:
            bad = "、".join(v.value for v in column.values if v.fault is None)[:200]
            why = Text("不合標準的儲存格。", "Cells that do not conform.")
            mended = _mended(one.asked.lists, tuple(v.value for v in column.values if v.fault is None))
            found.append(Change("clean", column.field, bad, mended, why, column.faulty, column.rows, column.draft))
        if column.excused:
            fault = one.faults[0]
            found.append(
                Change(
                    "propose", column.field, "", one.asked.code, fault.remedy, column.excused, column.excused_rows, True
                )
            )
    for gap in report.missing:
        why = Text("此主題的資料應有這個屬性。", "Data of this subject ought to carry this property.")
        found.append(Change("add", "", "", f"{gap.subject}/{gap.name}", why, optional=not gap.required))
    return tuple(sorted(found, key=lambda c: c.optional))


def _mended(lists: str, values: tuple[str, ...]) -> str:
    """Today's names of old or variant county and township names, where they are certain: 臺南縣→臺南市."""
    steps = []
    for value in values:
        today = {areas.current_county(value)} if lists == "counties" else set()
        if lists == "townships":
            today = {areas.current_township(c.county, value) for c in areas.counties()} - {""}
        if len(today) == 1 and (name := today.pop()) not in {"", value}:
            steps.append(f"{value}→{name}")
    return "、".join(steps)[:200]


def _declared(record: DatasetRecord, one: Mapped) -> Iterator[Change]:
    field, asked = one.field, one.asked
    assert asked is not None
    named = asked.name.lower()
    shared = sum(f.property == field.property for f in record.fields) > 1
    own = not asked.code.startswith("Common/") and record.view is None  # a view's columns follow its base
    taken = shared or named in {f.name.lower() for f in record.fields}
    if own and field.name.lower() != named and not taken:
        why = Text(
            "標準的英文名稱；改名會影響既有介接，請以別名保留舊名。",
            "The standard's name; a rename touches clients, so the old name stays an alias.",
        )
        yield Change("rename", field.name, field.name, named, why, optional=True)
    if asked.unit and field.unit and not units.same(asked.unit, field.unit):
        yield _converted(field, asked.unit, asked.draft)
    for problem in one.problems:
        if "型別" in problem.zh:
            yield Change("retype", field.name, field.type, asked.kind, problem, optional=asked.draft)


def _converted(field: FieldRecord, unit: str, draft: bool) -> Change:
    try:
        rule = units.conversion(field.unit, unit).rule
    except BadRequest as error:
        rule = error.reason
    return Change("convert", field.name, field.unit, unit, rule, optional=draft)


def proposal(text: str, wanted: tuple[Change, ...]) -> str:
    """A unified diff of the definition file ``text`` with the renames of ``wanted`` in it; empty where nothing changes.

    Old names stay as aliases. A rename whose text would be no sound definition is left to a person.
    """
    before = lines = text.splitlines(keepends=True)
    for change in wanted:
        if change.doing != "rename":
            continue
        changed = _renamed(lines, change.before, change.after)
        try:
            definition.loads("".join(changed))
        except BadDefinition:
            continue
        lines = changed
    return "".join(difflib.unified_diff(before, lines, "definition", "proposed"))


def _renamed(lines: list[str], old: str, new: str) -> list[str]:
    """The lines with a column renamed: in its own entry (old name added to its aliases) and in key, time, order, place."""
    word = re2.compile(rf"(^|[^A-Za-z0-9_.]){re2.escape(old)}($|[^A-Za-z0-9_.])")
    out: list[str] = []
    mine = False
    for line in lines:
        bare = line.strip()
        if bare.startswith("- name:") or bare.startswith("- {name:"):
            mine = bare.removeprefix("- name:").strip() == old
            if mine:
                indent = line[: len(line) - len(line.lstrip())]
                out += [f"{indent}- name: {new}\n", f"{indent}  aliases: [{_quoted(old)}]\n"]
                continue
        if mine and bare.startswith("aliases: ["):
            had = bare.removeprefix("aliases: [").removesuffix("]")
            at = max(i for i, x in enumerate(out) if x.strip().startswith(f"aliases: [{_quoted(old)}"))
            out[at] = out[at].replace("]\n", f", {had}]\n")
            continue
        if bare.split(":")[0] in _NAMING:
            out.append(word.sub(rf"\1{new}\2", line))
            continue
        out.append(line)
    return out


def _quoted(name: str) -> str:
    return name if name.replace("_", "").isalnum() and not name.isdecimal() else f'"{name}"'
