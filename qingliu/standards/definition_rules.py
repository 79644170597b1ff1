"""What must agree inside a definition, and between definitions, beyond the grammar. Pure functions, plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from qingliu.core.dataset import Definition, Text
from qingliu.core.records import Finding
from qingliu.standards import definition_fields as columns
from qingliu.standards import definition_judging as judging
from qingliu.standards import vocabularies
from qingliu.standards.definition_yaml import Path, finding


def check(doc: Mapping[str, Any]) -> list[Finding]:
    """Everything that does not agree in one definition that already fits the grammar."""
    fields = doc["schema"]["fields"]
    types = {f["name"]: f["type"] for f in fields}
    return [
        *columns.names(fields),
        *(f for index, field in enumerate(fields) for f in columns.check(field, ("schema", "fields", index), types)),
        *_columns(doc, types),
        *_vocabulary(doc),
        *_contacts(doc),
        *_reading(doc, types),
        *_viewing(doc, types),
        *judging.check(doc, types),
    ]


def _columns(doc: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    """Key, time, order, place and partition against the columns."""
    primary = doc["schema"].get("primaryKey")
    if primary is not None and "key" in doc and primary != doc["key"]:
        yield finding(
            ("schema", "primaryKey"),
            "two-keys",
            Text("primaryKey 與 key 不同。", "primaryKey and key differ."),
            Text("只寫 key。", "Write key only."),
        )
    for name in ("key", "order"):
        for index, column in enumerate(doc.get(name, ())):
            if column not in types:
                yield columns.missing_column((name, index), column, types)
    if "key" not in doc:
        yield from (
            columns.missing_column(("schema", "primaryKey", i), c, types)
            for i, c in enumerate(primary or ())
            if c not in types
        )
    yield from _typed(("time",), doc.get("time"), types, columns.TIMES)
    for axis in ("lon", "lat"):
        yield from _typed(("place", axis), doc.get("place", {}).get(axis), types, frozenset({"number"}))
    if not any(f.get("role") == "item" for f in doc["schema"]["fields"]):  # a long table names items, not columns
        for index, wind in enumerate(doc.get("wind", ())):
            for part in ("direction", "speed"):
                yield from _typed(("wind", index, part), wind[part], types, columns.NUMERIC)
    if doc.get("partition") == "month" and "time" not in doc:
        yield finding(
            ("partition",),
            "partition-without-time",
            Text("按月分區需要 time。", "Partition by month needs time."),
            Text("宣告 time，或寫 partition: none。", "Declare time, or write partition: none."),
        )
    if doc.get("mode") == "upsert" and not (doc.get("key") or primary):
        yield finding(
            ("mode",),
            "upsert-without-key",
            Text("upsert 需要 key。", "upsert needs a key."),
            Text("宣告能唯一認出一列的欄位。", "Declare the columns that identify a row."),
        )
    try:
        ZoneInfo(doc.get("timezone", "Asia/Taipei"))
    except (KeyError, ValueError, OSError):
        yield finding(
            ("timezone",),
            "bad-timezone",
            Text("沒有這個時區。", "There is no such time zone."),
            Text("寫 IANA 名稱，如 Asia/Taipei。", "Write an IANA name such as Asia/Taipei."),
        )


def _typed(path: Path, name: str | None, types: Mapping[str, str], wanted: frozenset[str]) -> Iterator[Finding]:
    if name is None:
        return
    if name not in types:
        yield columns.missing_column(path, name, types)
    elif types[name] not in wanted:
        options = "、".join(sorted(wanted))
        yield finding(
            path,
            "wrong-column-type",
            Text(f"「{name}」的型別是 {types[name]}。", f"'{name}' is of type {types[name]}."),
            Text(f"指定型別為 {options} 的欄位。", f"Name a column of type {options}."),
        )


def _vocabulary(doc: Mapping[str, Any]) -> Iterator[Finding]:
    for key, words in (("category", vocabularies.categories()), ("licence", vocabularies.licences())):
        if key in doc and doc[key] not in words:
            known = "、".join(words)
            yield finding(
                (key,),
                "unknown-word",
                Text(f"詞彙表沒有「{doc[key]}」。", f"'{doc[key]}' is not in the vocabulary."),
                Text(f"可用：{known}。", f"Use one of: {known}."),
            )
    frequency = doc.get("frequency", {})
    if frequency.get("unit") == "irregular" and frequency.get("every"):
        yield finding(
            ("frequency", "every"),
            "irregular-every",
            Text("不定期沒有間隔。", "Irregular has no interval."),
            Text("拿掉 every。", "Leave every out."),
        )


def _contacts(doc: Mapping[str, Any]) -> Iterator[Finding]:
    contacts = enumerate(doc.get("contacts", ()))
    days: list[tuple[Path, str | None]] = [(("contacts", i, k), c.get(k)) for i, c in contacts for k in ("from", "to")]
    days.append((("issued",), doc.get("issued")))
    bad = [path for path, text in days if text and not _is_day(text)]
    for path in bad:
        yield finding(
            path, "no-such-day", Text("沒有這一天。", "There is no such day."), Text("改正日期。", "Mend the date.")
        )
    for index, contact in enumerate(doc.get("contacts", ())):
        if not bad and contact.get("from", "") > contact.get("to", "9999-12-31"):
            yield finding(
                ("contacts", index, "to"),
                "empty-validity",
                Text("有效期的結束早於開始。", "The validity ends before it begins."),
                Text("改正 from 或 to。", "Mend from or to."),
            )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _reading(doc: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    read = doc.get("read", {})
    if read.get("file_column") and read["file_column"] not in types:
        yield columns.missing_column(("read", "file_column"), read["file_column"], types)
    if read.get("encoding"):
        try:
            "".encode(read["encoding"])
        except LookupError:
            yield finding(
                ("read", "encoding"),
                "bad-encoding",
                Text("沒有這種編碼。", "There is no such encoding."),
                Text("如 utf-8、cp950、utf-16；留空則自動判斷。", "Such as utf-8, cp950, utf-16; empty is detected."),
            )
    wide = read.get("unpivot")
    if wide:
        yield from columns.regex(("read", "unpivot", "columns"), wide["columns"])
        yield from _typed(("read", "unpivot", "time_to"), wide["time_to"], types, frozenset({"datetime"}))
        if wide["value_to"] not in types:
            yield columns.missing_column(("read", "unpivot", "value_to"), wide["value_to"], types)
        for index, text in enumerate(wide["date_formats"]):
            yield from columns.time_format(("read", "unpivot", "date_formats", index), text, "date")


def _viewing(doc: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Finding]:
    view = doc.get("view")
    if not view:
        return
    for key in ("source", "read", "mode", "partition"):
        if key in doc:
            yield finding(
                (key,),
                "view-with-rows",
                Text(
                    f"檢視沒有自己的資料列，不能有「{key}」。", f"A view holds no rows of its own and has no '{key}'."
                ),
                Text("刪除它。", "Remove it."),
            )
    if view.get("within") and not view.get("newest_by"):
        yield finding(
            ("view", "within"),
            "within-alone",
            Text("within 需要 newest_by。", "within needs newest_by."),
            Text("加上 newest_by，或刪除 within。", "Add newest_by, or remove within."),
        )
    for base, name in view.get("rename", {}).items():
        if name not in types:
            yield columns.missing_column(("view", "rename", base), name, types)


# --- between files --------------------------------------------------------------------------------------------------


def code_twice(code: str, other: str) -> Finding:
    """Two files define one code."""
    return finding(
        ("code",),
        "code-twice",
        Text(f"「{code}」已由 {other} 定義。", f"'{code}' is already defined by {other}."),
        Text("改代碼或刪除一個檔案。", "Change the code or remove one file."),
    )


def check_together(found: Mapping[str, Definition]) -> Iterable[tuple[str, Finding]]:
    """(code, finding) for views and foreign keys whose bases or columns do not exist or differ in type."""
    for code, definition in found.items():
        yield from ((code, f) for f in judging.together(definition, found))
        view = definition.dataset.view
        if view:
            for index, base in enumerate(view.of):
                yield from ((code, f) for f in _base(definition, index, base, found))


def _base(definition: Definition, index: int, base: str, found: Mapping[str, Definition]) -> Iterator[Finding]:
    view = definition.dataset.view
    assert view is not None
    here: Path = ("view", "of", index)
    if base not in found:
        yield finding(
            here,
            "no-such-base",
            Text(f"沒有資料集「{base}」的定義。", f"No dataset '{base}' is defined."),
            Text(
                "改正代碼，或把它的定義檔放進同一批目錄。", "Mend the code, or add its definition to the directories."
            ),
        )
        return
    record = found[base].dataset
    if record.view:
        yield finding(
            here,
            "view-of-view",
            Text(f"「{base}」本身是檢視。", f"'{base}' is itself a view."),
            Text("指向有資料列的資料集。", "Point at a dataset that holds rows."),
        )
        return
    types = {f.name: f.type for f in record.fields}
    back = {new: old for old, new in view.rename}
    for old, _ in view.rename:
        if old not in types:
            yield columns.missing_column(("view", "rename", old), old, types)
    for column in view.newest_by:
        if column not in types:
            yield columns.missing_column(("view", "newest_by"), column, types)
    if view.newest_by and not record.time_field:
        yield finding(
            ("view", "newest_by"),
            "base-without-time",
            Text(f"「{base}」沒有 time。", f"'{base}' has no time."),
            Text("在它的定義宣告 time。", "Declare time in its definition."),
        )
    for position, field in enumerate(definition.dataset.fields):
        source = back.get(field.name, field.name)
        place: Path = ("schema", "fields", position, "name")
        if source not in types:
            yield columns.missing_column(place, source, types)
        elif types[source] != field.type:
            yield finding(
                (*place[:-1], "type"),
                "base-type-differs",
                Text(
                    f"「{base}」的「{source}」型別是 {types[source]}。",
                    f"'{source}' of '{base}' is of type {types[source]}.",
                ),
                Text("寫相同的型別。", "Write the same type."),
            )
