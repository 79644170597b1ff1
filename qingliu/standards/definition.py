"""A dataset's definition file: read strictly into frozen values, written back in one stable, reviewable shape.

``docs/reference/definition.md`` explains every key; ``definition.schema.json`` is its grammar. All problems of a file
are told at once, each with its place, line and remedy in both languages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from qingliu.core.clock import duration_s
from qingliu.core.dataset import (
    CheckSpec,
    Contact,
    DatasetRecord,
    Definition,
    FieldRecord,
    Frequency,
    Place,
    ReadSpec,
    Reference,
    Sentinel,
    SourceSpec,
    Text,
    Unpivot,
    ViewSpec,
    Wind,
)
from qingliu.core.errors import BadDefinition
from qingliu.core.records import Finding
from qingliu.standards import definition_rules, definition_words
from qingliu.standards.definition_dump import dumps
from qingliu.standards.definition_yaml import Path as Place_
from qingliu.standards.definition_yaml import parse, place_text

__all__ = ["BadDefinitionFile", "dumps", "grammar", "load", "load_all", "loads"]

SCHEMA_FILE = Path(__file__).with_name("definition.schema.json")
DEFAULT_LICENCE = "OGDL-Taiwan-1.0"


class BadDefinitionFile(BadDefinition):
    """A definition file with everything that is wrong in it: ``findings`` in the order of the file."""

    def __init__(self, path: str, findings: Iterable[Finding]) -> None:
        self.path = path
        self.findings = tuple(findings)
        shown = path or "(text)"
        zh = "；".join(f"{f.place}：{f.reason.zh}{f.remedy.zh}" for f in self.findings)
        en = "; ".join(f"{f.place}: {f.reason.en} {f.remedy.en}".rstrip() for f in self.findings)
        count = len(self.findings)
        super().__init__(
            Text(f"定義檔 {shown} 有 {count} 個問題：{zh}", f"Definition {shown} has {count} problem(s): {en}"),
            Text(
                "逐項修正後再試；各鍵的說明見 docs/reference/definition.md。",
                "Mend each and try again; docs/reference/definition.md explains every key.",
            ),
            parameter=shown,
        )


@lru_cache(maxsize=1)
def grammar() -> dict[str, Any]:
    """The JSON Schema of definition files."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def loads(text: str, path: str = "") -> Definition:
    """The definition in ``text``; ``path`` is only named in errors. Raises BadDefinitionFile with every problem."""
    parsed = parse(text)
    findings = list(parsed.findings)
    if not findings or parsed.value is not None:
        errors = jsonschema.Draft202012Validator(grammar()).iter_errors(parsed.value)
        findings += [definition_words.told(error) for error in errors]
    if not findings:
        findings += definition_rules.check(parsed.value)
    if findings:
        raise BadDefinitionFile(path, _placed(findings, parsed.lines))
    return Definition(
        dataset=_dataset(parsed.value),
        source=_source(parsed.value.get("source")),
        read=_read(parsed.value.get("read", {})),
        volume_factor=float(parsed.value.get("volume_factor", 10.0)),
        path=path,
    )


def load(path: str | Path) -> Definition:
    """The definition in the file at ``path``. Raises BadDefinitionFile."""
    return loads(_text(Path(path)), str(path))


def load_all(directories: Iterable[str | Path]) -> dict[str, Definition]:
    """Every ``*.yaml`` under the directories by code, in order of code; checks what only files together can show.

    Raises one BadDefinitionFile that names each wrong file.
    """
    found: dict[str, Definition] = {}
    findings: list[Finding] = []
    for directory in directories:
        for path in sorted(Path(directory).rglob("*.yaml")):
            try:
                definition = load(path)
            except BadDefinitionFile as error:
                findings += [_in_file(error.path, f) for f in error.findings]
                continue
            code = definition.dataset.code
            if code in found:
                findings.append(_in_file(str(path), definition_rules.code_twice(code, found[code].path)))
            found[code] = definition
    findings += [_in_file(found[code].path, f) for code, f in definition_rules.check_together(found)]
    if findings:
        raise BadDefinitionFile("、".join(dict.fromkeys(f.place.split(":")[0] for f in findings)), findings)
    return dict(sorted(found.items()))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = Text(f"讀不到檔案（{error.strerror}）。", f"The file cannot be read ({error.strerror}).")
        remedy = Text("確認路徑與權限。", "Check the path and its permissions.")
    except UnicodeDecodeError as error:
        reason = Text(f"第 {error.start + 1} 個位元組不是 UTF-8。", f"Byte {error.start + 1} is not UTF-8.")
        remedy = Text("以 UTF-8 存檔。", "Save the file as UTF-8.")
    raise BadDefinitionFile(str(path), [Finding("file", "(file)", reason, remedy, "reject")])


def _placed(findings: list[Finding], lines: Mapping[Place_, int]) -> list[Finding]:
    """Findings with the line added to their place, in the order of the file."""
    by_text = {place_text(path): line for path, line in lines.items()}
    out = []
    for f in dict.fromkeys(findings):
        line = by_text.get(f.place, 0)
        out.append(
            (line, Finding(f.rule, f"{f.place} (line {line})" if line else f.place, f.reason, f.remedy, "reject"))
        )
    return [f for _, f in sorted(out, key=lambda pair: pair[0])]


def _in_file(path: str, f: Finding) -> Finding:
    return Finding(f.rule, f"{path}: {f.place}", f.reason, f.remedy, f.severity, f.count)


# --- plain value → frozen records (the value has passed the grammar and the rules) ---------------------------------


def _both(value: Mapping[str, str] | None) -> Text:
    return Text(value["zh"], value.get("en", "")) if value else Text("", "")


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _names(value: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(value or ())


def _dataset(doc: Mapping[str, Any]) -> DatasetRecord:
    schema, agency, place = doc["schema"], doc["agency"], doc.get("place")
    frequency = doc.get("frequency", {"unit": "irregular"})
    return DatasetRecord(
        code=doc["code"],
        title=_both(doc["title"]),
        description=_both(doc["description"]),
        agency=agency["code"],
        agency_name=Text(agency["zh"], agency.get("en", "")),
        unit=_both(doc.get("unit")),
        category=doc["category"],
        fields=tuple(_field(f) for f in schema["fields"]),
        mode=doc.get("mode", "snapshot"),
        key=_names(doc.get("key", schema.get("primaryKey"))),
        time_field=doc.get("time", ""),
        timezone=doc.get("timezone", "Asia/Taipei"),
        place=Place(place["lon"], place["lat"]) if place else None,
        partition=doc.get("partition", "none"),
        order=_names(doc.get("order")),
        frequency=Frequency(frequency.get("every", 0 if frequency["unit"] == "irregular" else 1), frequency["unit"]),
        keywords=tuple(_both(k) for k in doc.get("keywords", ())),
        licence=doc.get("licence", DEFAULT_LICENCE),
        contacts=tuple(_contact(c) for c in doc.get("contacts", ())),
        simulated=doc.get("simulated", False),
        view=_view(doc.get("view")),
        moenv_case=doc.get("moenv_case", "lower"),
        issued=_day(doc.get("issued")),
        notes=_both(doc.get("notes")),
        references=tuple(_reference(key) for key in schema.get("foreignKeys", ())),
        checks=tuple(_check(c) for c in doc.get("checks", ())),
        row_status=doc.get("row_status", "provisional"),
        wind=tuple(Wind(w["direction"], w["speed"]) for w in doc.get("wind", ())),
        hvd=_names(doc.get("hvd")),
    )


def _reference(value: Mapping[str, Any]) -> Reference:
    target = value["reference"]
    return Reference(_names(value["fields"]), target["resource"], _names(target["fields"]))


def _check(value: Mapping[str, Any]) -> CheckSpec:
    return CheckSpec(value["rule"], tuple((k, _option(v)) for k, v in value.items() if k != "rule"))


def _contact(value: Mapping[str, Any]) -> Contact:
    return Contact(
        role=value["role"],
        name=_both(value["name"]),
        email=value.get("email", ""),
        phone=value.get("phone", ""),
        valid_from=_day(value.get("from")),
        valid_to=_day(value.get("to")),
    )


def _field(value: Mapping[str, Any]) -> FieldRecord:
    limits = value.get("constraints", {})
    return FieldRecord(
        name=value["name"],
        type=value["type"],
        title=_both(value["title"]),
        description=_both(value.get("description")),
        unit=value.get("unit", ""),
        formats=_names(value.get("formats")),
        aliases=_names(value.get("aliases")),
        sentinels=tuple(_sentinel(s) for s in value.get("sentinels", ())),
        suffix_flags=tuple(value.get("suffix_flags", {}).items()),
        numbers=_names(value.get("numbers")),
        spellings=tuple(value.get("spellings", {}).items()),
        flag_field=value.get("flag_field", ""),
        optional=value.get("optional", False),
        required=limits.get("required", False),
        enum=_names(limits.get("enum")),
        minimum=_number(limits.get("minimum")),
        maximum=_number(limits.get("maximum")),
        pattern=limits.get("pattern", ""),
        property=value.get("property", ""),
        role=value.get("role", ""),
        sensitivity=value.get("sensitivity", "none"),
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _sentinel(value: Mapping[str, Any]) -> Sentinel:
    return Sentinel(value["text"], _number(value.get("value")), value.get("flag"), value.get("question", False))


def _option(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source(value: Mapping[str, Any] | None) -> SourceSpec:
    if not value:
        return SourceSpec("files")
    options = tuple((k, _option(v)) for k, v in value.get("options", {}).items())
    return SourceSpec(value["kind"], options, duration_s(value["every"]) if "every" in value else 0)


def _read(value: Mapping[str, Any]) -> ReadSpec:
    plain = {k: v for k, v in value.items() if k not in {"unpivot", "leave_out"}}
    wide, left = value.get("unpivot"), tuple(value.get("leave_out", ()))
    if not wide:
        return ReadSpec(**plain, leave_out=left)
    return ReadSpec(**plain, leave_out=left, unpivot=Unpivot(**{**wide, "date_formats": tuple(wide["date_formats"])}))


def _view(value: Mapping[str, Any] | None) -> ViewSpec | None:
    if not value:
        return None
    return ViewSpec(
        of=_names(value["of"]),
        newest_by=_names(value.get("newest_by")),
        within_s=duration_s(value["within"]) if "within" in value else 0,
        where=value.get("where", ""),
        rename=tuple(value.get("rename", {}).items()),
    )
