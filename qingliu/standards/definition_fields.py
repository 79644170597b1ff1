"""What must agree inside one column of a definition: names, types, formats, sentinels, flags. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import re2

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.standards import vocabularies
from qingliu.standards.definition_yaml import Path, finding

NUMERIC = frozenset({"integer", "number"})
# columns that the lake keeps beside the declared ones
OURS = frozenset({"_flags", "_status", "_since", "_change", "_version", "_order", "_contested", "_was"})
TIMES = frozenset({"date", "datetime"})
_DIRECTIVES = set("YymdHMSfjBbpIz%")
_DATE_DIRECTIVES = set("Yymdj")
_ROC_DIRECTIVES = set("YmdHMS")


def missing_column(path: Path, name: str, types: Mapping[str, str]) -> Finding:
    known = "、".join(types)
    return finding(
        path,
        "no-such-column",
        Text(f"schema.fields 沒有欄位「{name}」。", f"There is no column '{name}' in schema.fields."),
        Text(f"改成其中之一：{known}。", f"Use one of: {known}."),
    )


def names(fields: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Names and aliases must tell columns apart, also for readers that do not tell case apart (DuckDB, old clients)."""
    owner: dict[str, str] = {}
    yield from _reserved(fields)
    for index, field in enumerate(fields):
        words: list[tuple[Path, str]] = [(("schema", "fields", index, "name"), field["name"])]
        words += [(("schema", "fields", index, "aliases", i), a) for i, a in enumerate(field.get("aliases", ()))]
        for path, word in words:
            first = owner.setdefault(word.casefold(), field["name"])
            if first != field["name"] or (path[-1] == "name" and _count(fields, word) > 1):
                yield finding(
                    path,
                    "name-twice",
                    Text(
                        f"「{word}」已是欄位「{first}」的名稱或別名（不分大小寫）。",
                        f"'{word}' already names column '{first}' (case does not tell names apart).",
                    ),
                    Text("改名或刪除其中一個。", "Rename or remove one of them."),
                )


def _reserved(fields: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for index, field in enumerate(fields):
        if field["name"].lower() in OURS:
            yield finding(
                ("schema", "fields", index, "name"),
                "reserved-name",
                Text(
                    f"「{field['name']}」是系統保留的欄名。",
                    f"'{field['name']}' is a name that Qingliu keeps for itself.",
                ),
                Text("改用其他名稱，原名寫在 aliases。", "Use another name and write this one under aliases."),
            )


def _count(fields: list[Mapping[str, Any]], word: str) -> int:
    return sum(f["name"].casefold() == word.casefold() for f in fields)


def check(field: Mapping[str, Any], path: Path, types: Mapping[str, str]) -> Iterator[Finding]:
    kind = field["type"]
    limits = field.get("constraints", {})
    yield from _only_for(field, path, "suffix_flags", kind in NUMERIC, "integer、number")
    yield from _only_for(field, path, "numbers", kind in NUMERIC, "integer、number")
    yield from _only_for(field, path, "spellings", kind == "string", "string")
    yield from _only_for(field, path, "formats", kind in TIMES, "date、datetime")
    yield from _only_for(limits, (*path, "constraints"), "pattern", kind == "string", "string")
    yield from _only_for(limits, (*path, "constraints"), "enum", kind == "string", "string")
    for bound in ("minimum", "maximum"):
        yield from _only_for(limits, (*path, "constraints"), bound, kind in NUMERIC, "integer、number")
    if limits.get("minimum", 0) > limits.get("maximum", limits.get("minimum", 0)):
        yield finding(
            (*path, "constraints"),
            "empty-range",
            Text("minimum 大於 maximum。", "minimum is above maximum."),
            Text("對調兩者。", "Swap them."),
        )
    if "pattern" in limits:
        yield from regex((*path, "constraints", "pattern"), limits["pattern"])
    for index, text in enumerate(field.get("formats", ())):
        yield from time_format((*path, "formats", index), text, kind)
    yield from _sentinels(field, path)
    for suffix, flag in field.get("suffix_flags", {}).items():
        yield from _flag((*path, "suffix_flags", suffix), flag)
        if not suffix.strip() or suffix[-1].isdigit():
            yield finding(
                (*path, "suffix_flags", suffix),
                "bad-suffix",
                Text("字尾不可是空白或數字。", "A suffix may not be blank or end in a digit."),
                Text("寫來源附在數字後的記號，如 #、*、x。", "Write the mark after the number, such as #, *, x."),
            )
    yield from _flag_field(field, path, types)


def _only_for(where: Mapping[str, Any], path: Path, key: str, allowed: bool, types: str) -> Iterator[Finding]:
    if key in where and not allowed:
        yield finding(
            (*path, key),
            "wrong-type-for-key",
            Text(f"「{key}」只用於型別 {types}。", f"'{key}' is only for type {types}."),
            Text("刪除它，或改欄位型別。", "Remove it, or change the column's type."),
        )


def _sentinels(field: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, sentinel in enumerate(field.get("sentinels", ())):
        here = (*path, "sentinels", index)
        if sentinel["text"] in seen:
            yield finding(
                here,
                "sentinel-twice",
                Text(f"「{sentinel['text']}」宣告了兩次。", f"'{sentinel['text']}' is declared twice."),
                Text("留下一個。", "Keep one."),
            )
        seen.add(sentinel["text"])
        if "flag" not in sentinel and "value" not in sentinel:
            yield finding(
                here,
                "meaningless-sentinel",
                Text("沒說這個記號的意義。", "It does not say what this mark means."),
                Text(
                    "寫 flag 或 value；不知其義時寫 flag: no_data 與 question: true。",
                    "Give flag or value; if nobody knows, flag: no_data with question: true.",
                ),
            )
        if "flag" in sentinel:
            yield from _flag((*here, "flag"), sentinel["flag"])
        elif sentinel.get("question"):
            yield finding(
                here,
                "question-without-flag",
                Text("question 需要 flag。", "A question needs a flag."),
                Text("加上 flag: no_data。", "Add flag: no_data."),
            )
        yield from _only_for(sentinel, here, "value", field["type"] in NUMERIC, "integer、number")


def _flag(path: Path, flag: str) -> Iterator[Finding]:
    known = [code for code in vocabularies.flags() if code != "quarantined"]
    if flag not in known:
        yield finding(
            path,
            "unknown-flag",
            Text(f"沒有旗標「{flag}」。", f"There is no flag '{flag}'."),
            Text(f"可用的旗標：{'、'.join(known)}。", f"The flags are: {', '.join(known)}."),
        )


def _flag_field(field: Mapping[str, Any], path: Path, types: Mapping[str, str]) -> Iterator[Finding]:
    name = field.get("flag_field")
    if name is None:
        return
    if name not in types:
        yield missing_column((*path, "flag_field"), name, types)
    elif types[name] != "string" or name == field["name"]:
        yield finding(
            (*path, "flag_field"),
            "bad-flag-field",
            Text(f"「{name}」不能放旗標。", f"'{name}' cannot hold flags."),
            Text("指定另一個型別為 string 的欄位。", "Name another column, of type string."),
        )


def time_format(path: Path, text: str, kind: str) -> Iterator[Finding]:
    bare = text.removeprefix("roc:")
    used = [bare[i + 1] for i, char in enumerate(bare[:-1]) if char == "%"]
    problem = None
    if bare.endswith("%") and not bare.endswith("%%"):
        problem = Text("以「%」結尾。", "It ends in '%'.")
    elif not set(used) <= _DIRECTIVES:
        odd = sorted(set(used) - _DIRECTIVES)[0]
        problem = Text(f"不支援 %{odd}。", f"%{odd} is not supported.")
    elif kind == "date" and not set(used) <= _DATE_DIRECTIVES | set("Bb%"):
        problem = Text("日期欄位的格式含時間。", "The format of a date holds a time of day.")
    elif text.startswith("roc:") and (used.count("Y") != 1 or not set(used) <= _ROC_DIRECTIVES):
        problem = Text(
            "民國年格式只用一個 %Y 與 %m %d %H %M %S。", "A ROC format holds one %Y and %m %d %H %M %S only."
        )
    elif not set(used) & set("Yy"):
        problem = Text("沒有年份（%Y）。", "There is no year (%Y).")
    if problem:
        yield finding(
            path,
            "bad-format",
            problem,
            Text(
                "寫 strptime 格式，如 %Y/%m/%d %H:%M；民國年加前綴 roc:。",
                "Write a strptime format such as %Y/%m/%d %H:%M; prefix roc: for ROC years.",
            ),
        )


def regex(path: Path, pattern: str) -> Iterator[Finding]:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        yield finding(
            path,
            "bad-regex",
            Text(f"不是合法的 RE2 樣式（{told}）。", f"This is not a valid RE2 pattern ({told})."),
            Text("RE2 沒有回顧與反向參照。", "RE2 has no look-around and no back-references."),
        )
