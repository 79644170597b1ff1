"""Changing a definition: by a remedy, or by the form of a draft. Pure; the result is checked by whoever keeps it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qingliu.core.dataset import Contact, DatasetRecord, Definition, FieldRecord, Frequency, Place, Sentinel, Text
from qingliu.core.errors import BadRequest
from qingliu.pipeline.infer_columns import name_for
from qingliu.pipeline.readable import meaning
from qingliu.pipeline.remedy import Remedy
from qingliu.standards import definition as standard
from qingliu.standards.vocabularies import flags

Form = Mapping[str, str]
NAMING = ("field", "columns", "earlier", "later", "parts", "total")  # parameters of checks that name columns


def canonical(text: str) -> str:
    """The text of a definition as we would write it, so that a comparison shows changes of meaning only."""
    return standard.dumps(standard.loads(text)) if text else ""


def difference(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Lines of a comparison, three of context around each change: (sign, line), sign one of ``+ - @`` and space."""
    lines = difflib.unified_diff(canonical(before).splitlines(), canonical(after).splitlines(), lineterm="", n=3)
    return tuple((line[:1] or " ", line[1:] if line[:1] in "+- " else line) for line in list(lines)[2:])


# --- remedies ------------------------------------------------------------------------------------------------------


def apply(definition: Definition, remedy: Remedy, choice: str = "") -> Definition:
    """The definition with the remedy taken; ``choice`` replaces what it proposed, where it lets a person decide."""
    chosen = choice or remedy.chosen
    record = definition.dataset
    if remedy.kind == "map":
        return _field(definition, chosen, lambda f: replace(f, aliases=_with(f.aliases, remedy.values[0])))
    if remedy.kind == "add":
        return replace(definition, dataset=_added(record, remedy.values[0]))
    if remedy.kind == "key":
        return replace(definition, dataset=replace(record, key=remedy.values, order=record.order or remedy.values))
    if remedy.kind == "leave_out":
        left = _with(definition.read.leave_out, remedy.values[0])
        return replace(definition, read=replace(definition.read, leave_out=left))
    if remedy.kind == "drop":
        return replace(definition, dataset=_without(record, remedy.column))
    changes = {
        "optional": lambda f: replace(f, optional=True),
        "nullable": lambda f: replace(f, required=False),
        "type": lambda f: _typed(f, remedy.values, chosen),
        "format": lambda f: replace(f, formats=_with(f.formats, remedy.values[0])),
        "sentinel": lambda f: replace(f, sentinels=(*f.sentinels, _mark(f, remedy.values[0], chosen))),
        "reading": lambda f: replace(f, numbers=tuple(dict.fromkeys((*f.numbers, *remedy.values)))),
        "suffix": lambda f: replace(f, suffix_flags=(*f.suffix_flags, (remedy.values[0], chosen))),
        "range": lambda f: replace(f, minimum=_number(remedy.values[0]), maximum=_number(remedy.values[1])),
        "allow": lambda f: replace(f, enum=_with(f.enum, remedy.values[0])),
        "unit": lambda f: replace(f, unit=chosen),
        "spelling": lambda f: replace(
            f, spellings=(*f.spellings, *zip(remedy.values[::2], remedy.values[1::2], strict=True))
        ),
        "sensitive": lambda f: replace(f, sensitivity=chosen),
        "public": lambda f: replace(f, sensitivity="none"),
    }
    made = _field(definition, remedy.column, changes[remedy.kind])
    first_time = remedy.kind == "type" and remedy.values[0] in ("date", "datetime") and not record.time_field
    return replace(made, dataset=replace(made.dataset, time_field=remedy.column)) if first_time else made


def _field(definition: Definition, name: str, change) -> Definition:  # type: ignore[no-untyped-def]
    record = definition.dataset
    if record.field(name) is None:
        raise BadRequest(
            Text(f"定義裡沒有欄位「{name[:60]}」。", f"The definition has no column '{name[:60]}'."),
            Text("請重新整理這一頁。", "Load the page again."),
            parameter="remedy",
        )
    fields = tuple(change(f) if f.name == name else f for f in record.fields)
    return replace(definition, dataset=replace(record, fields=fields))


def _with(names: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, name)))


def _typed(field: FieldRecord, values: Sequence[str], writings: str) -> FieldRecord:
    kind = values[0]
    if kind in ("date", "datetime"):
        return replace(field, type=kind, formats=tuple(values[1:]), minimum=None, maximum=None, spellings=())  # type: ignore[arg-type]
    numbers = tuple(w for w in writings.split(",") if w) or field.numbers
    made = replace(field, type=kind, formats=(), numbers=numbers, spellings=())  # type: ignore[arg-type]
    for text in values[1:]:
        made = replace(made, sentinels=(*made.sentinels, _mark(made, text, "")))
    return made


def _mark(field: FieldRecord, text: str, flag: str) -> Sentinel:
    known = meaning(text)
    chosen = flag or (known[0] if known else "no_data")
    value = known[1] if known and field.type in ("number", "integer") and chosen == known[0] else None
    return Sentinel(text, value, chosen, question=chosen == "no_data")


def _without(record: DatasetRecord, name: str) -> DatasetRecord:
    """The record without a column and without what named it."""
    place = None if record.place and name in (record.place.lon, record.place.lat) else record.place
    return replace(
        record, fields=tuple(f for f in record.fields if f.name != name), key=tuple(k for k in record.key if k != name),
        order=tuple(o for o in record.order if o != name), place=place,
        time_field="" if record.time_field == name else record.time_field,
    )  # fmt: skip


def _added(record: DatasetRecord, header: str) -> DatasetRecord:
    name = name_for(header, {f.name.casefold() for f in record.fields})
    aliases = (header,) if header != name else ()
    return replace(record, fields=(*record.fields, FieldRecord(name, "string", Text(header, ""), aliases=aliases)))


# --- the form ------------------------------------------------------------------------------------------------------


def edited(definition: Definition, form: Form) -> Definition:
    """The definition as the form says; what the form does not name stays. Raises BadRequest naming the field."""
    d = definition.dataset
    at = _lines_of(d, form)
    fields = tuple(_column(f, form, at[f.name]) for f in d.fields if form.get(f"{at[f.name]}drop") != "on")
    names = {f.name for f in fields}
    renamed = {a: f.name for f in fields for a in f.aliases}
    renamed |= {f.name: form.get(f"{at[f.name]}name", f.name).strip() or f.name for f in d.fields}
    fields = tuple(replace(f, flag_field=_column_named(f.flag_field, renamed, names)) for f in fields)
    key = tuple(f.name for f in fields if f.name in _keys(d, form, at, renamed))
    record = replace(
        d,
        code=form.get("code", d.code).strip().upper() or d.code,
        title=_text(form, "title", d.title),
        description=_text(form, "description", d.description),
        unit=_text(form, "unit", d.unit),
        category=form.get("category", d.category),
        licence=form.get("licence", d.licence),
        frequency=_frequency(form, d.frequency),
        keywords=_keywords(form, d),
        mode=form.get("mode", d.mode),  # type: ignore[arg-type]
        fields=fields,
        key=key,
        time_field=_column_named(form.get("time", d.time_field), renamed, names),
        place=_place(form, d, names, renamed),
        order=tuple(n for o in d.order if (n := renamed.get(o, o)) in names) or key,
        contacts=_contacts(form, d.contacts),
        references=tuple(replace(r, fields=tuple(renamed.get(n, n) for n in r.fields)) for r in d.references),
        checks=tuple(replace(c, options=_options(c.options, renamed)) for c in d.checks),
    )
    record = replace(record, references=tuple(r for r in record.references if names.issuperset(r.fields)))
    read = definition.read
    if "header_row" in form:
        read = replace(
            read, encoding=form.get("encoding", read.encoding).strip(), sheet=form.get("sheet", read.sheet).strip(),
            header_row=_whole(form, "header_row", read.header_row), records=form.get("records", read.records).strip(),
        )  # fmt: skip
    return replace(definition, dataset=record, read=read)


def _lines_of(d: DatasetRecord, form: Form) -> dict[str, str]:
    """Column -> how its line of the form is called. A form tells which column each line was made for (``c0-was``), so
    that one made before a column went or came changes no other; a column that it has no line for stays as it is."""
    was = {v: k.removesuffix("was") for k, v in form.items() if k.endswith("-was")}
    return {f.name: was.get(f.name, "-" if was else f"c{n}-") for n, f in enumerate(d.fields)}


def _keys(d: DatasetRecord, form: Form, at: Mapping[str, str], renamed: Mapping[str, str]) -> set[str]:
    if "keys" not in form:
        return {renamed.get(k, k) for k in d.key}
    chosen = {name.removesuffix("key") for name, value in form.items() if name.endswith("-key") and value == "on"}
    return {renamed[f.name] for f in d.fields if at[f.name] in chosen}


def _text(form: Form, name: str, old: Text) -> Text:
    return Text(form.get(f"{name}-zh", old.zh).strip(), form.get(f"{name}-en", old.en).strip())


def _column_named(name: str, renamed: Mapping[str, str], names: set[str]) -> str:
    """A column as it is called now; the form's own choice may still carry the name from before a renaming."""
    found = name if name in names else renamed.get(name, "")
    return found if found in names else ""


def _options(options: Sequence[tuple[str, str]], renamed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A check's parameters with the columns that they name, one or several with commas, as they are called now."""
    return tuple(
        (k, ",".join(renamed.get(w.strip(), w) for w in v.split(","))) if k in NAMING else (k, v) for k, v in options
    )


def _whole(form: Form, name: str, old: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return 0 if name in form else old
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise _not_a_number(name, text)


_NUMBERS = {
    "minimum": Text("最小值", "Least value"), "maximum": Text("最大值", "Greatest value"),
    "frequency-every": Text("承諾的更新頻率", "Promised rhythm"), "header_row": Text("標題在第幾行", "Line of the header"),
}  # fmt: skip


def _not_a_number(name: str, text: str) -> BadRequest:
    called = _NUMBERS.get(re.sub(r"^c\d+-", "", name), Text(name, name))
    return BadRequest(
        Text(f"「{called.zh}」的「{text[:40]}」不是可用的數。", f"{called.en}: '{text[:40]}' is not a usable number."),
        Text("請填半形數字，或留空。", "Write it in half-width digits, or leave it empty."),
        parameter=name,
    )


def _number(text: str, name: str = "") -> float | None:
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise _not_a_number(name, text) from None
    if not math.isfinite(value):
        raise _not_a_number(name, text)
    return value


def _frequency(form: Form, old: Frequency) -> Frequency:
    unit = form.get("frequency-unit", old.unit)
    every = _whole(form, "frequency-every", old.every)
    return Frequency(0, "irregular") if unit == "irregular" else Frequency(max(1, every), unit)  # type: ignore[arg-type]


def _keywords(form: Form, d: DatasetRecord) -> tuple[Text, ...]:
    if "keywords" not in form:
        if "keywords-en" not in form:
            return d.keywords
        form = {**form, "keywords": ",".join(k.zh for k in d.keywords)}
    known = {k.zh: k.en for k in d.keywords}
    words = [w for w in dict.fromkeys(_listed(form["keywords"])) if w]
    english = _listed(form["keywords-en"]) if "keywords-en" in form else [known.get(w, "") for w in words]
    return tuple(Text(w, english[n] if n < len(english) else "") for n, w in enumerate(words))


def _listed(text: str) -> list[str]:
    return [w.strip() for w in text.replace("、", ",").replace("，", ",").replace(";", ",").split(",")]


def _place(form: Form, d: DatasetRecord, names: set[str], renamed: Mapping[str, str]) -> Place | None:
    old = (d.place.lon, d.place.lat) if d.place else ("", "")
    lon, lat = (_column_named(form.get(n, o), renamed, names) for n, o in zip(("lon", "lat"), old, strict=True))
    return Place(lon, lat) if lon in names and lat in names else None


def _contacts(form: Form, old: Sequence[Contact]) -> tuple[Contact, ...]:
    if not {"steward", "steward-en", "steward-email"} & set(form):
        return tuple(old)
    rest = tuple(c for c in old if c.role != "steward")
    before = next((c for c in old if c.role == "steward"), Contact("steward", Text("", "")))
    name = form.get("steward", before.name.zh).strip()
    if not name:
        return rest
    same = before.name.en if before.name.zh == name else ""
    said = Text(name, form.get("steward-en", same).strip())
    email = form.get("steward-email", before.email).strip()
    if (before.name.zh, before.email) == (name, email):
        return (replace(before, name=said), *rest)
    return (Contact("steward", said, email, before.phone), *rest)


def _column(field: FieldRecord, form: Form, at: str) -> FieldRecord:
    """One column as its line of the form says; lists are one a line."""
    get = lambda name, old: form.get(at + name, old)  # noqa: E731 — the line's own reader
    kind = get("type", field.type)
    words: dict[str, Any] = {n: get(n, getattr(field, n)) for n in ("type", "sensitivity", "role")}
    made = replace(
        field,
        **words,
        name=get("name", field.name).strip() or field.name,
        title=_text(form, at + "title", field.title),
        description=_text(form, at + "description", field.description),
        unit=get("unit", field.unit).strip(),
        formats=_lines(get("formats", "\n".join(field.formats))),
        numbers=tuple(n for n in get("numbers", ",".join(field.numbers)).split(",") if n),
        aliases=_lines(get("aliases", "\n".join(field.aliases))),
        sentinels=_sentinels(get("sentinels", sentinel_lines(field)), field, kind, at),
        minimum=_number(get("minimum", "" if field.minimum is None else str(field.minimum)), at + "minimum"),
        maximum=_number(get("maximum", "" if field.maximum is None else str(field.maximum)), at + "maximum"),
    )
    if f"{at}flags" in form:  # the line's tick boxes were shown: one left out is not ticked
        made = replace(made, required=get("required", "") == "on", optional=get("optional", "") == "on")
    if made.name != field.name and field.name not in made.aliases:
        made = replace(made, aliases=(*made.aliases, field.name))
    return _fitting(made)


def _fitting(field: FieldRecord) -> FieldRecord:
    """Without what the type cannot carry: a form must not fail for what was true of the type before."""
    if field.type not in ("date", "datetime"):
        field = replace(field, formats=())
    if field.type != "string":
        field = replace(field, spellings=())
    if field.type not in ("number", "integer"):
        sentinels = tuple(replace(s, value=None) for s in field.sentinels)
        field = replace(field, minimum=None, maximum=None, sentinels=sentinels, suffix_flags=(), numbers=())
    return field


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def sentinel_lines(field: FieldRecord, language: str = "") -> str:
    """The sentinels of a column as the form shows them: ``text = value flag``, one a line, flags by their names."""
    out = []
    for s in field.sentinels:
        value = "" if s.value is None else f"{s.value:g} "
        flag = flags()[s.flag].name.get(language) if s.flag in flags() else s.flag or ""
        out.append(f"{s.text} = {value}{flag}".rstrip(" =") if value or s.flag else s.text)
    return "\n".join(out)


def _sentinels(text: str, field: FieldRecord, kind: str, at: str) -> tuple[Sentinel, ...]:
    known = {s.text: s for s in field.sentinels}
    made = []
    for line in _lines(text):
        raw, _, rest = line.rpartition(" = ") if " = " in line else (line, "", "")
        words = rest.split()
        value = next((float(w) for w in words if _is_number(w)), None)
        flag = _flag_in(" ".join(w for w in words if not _is_number(w)), line, at)
        old = known.get(raw)
        if old and (old.value, old.flag or "") == (value, flag):
            made.append(old)
        elif not rest:
            _check_bare(raw, at)
            made.append(_mark(replace(field, type=kind), raw, ""))  # type: ignore[arg-type]
        else:
            made.append(Sentinel(raw, value, flag or None, question=flag == "no_data"))
    return tuple(made)


def _flag_in(said: str, line: str, at: str) -> str:
    """The flag that somebody wrote behind a mark: its code or its name. Raises BadRequest for any other text."""
    named = {name: f.code for f in flags().values() for name in (f.code, f.name.zh, f.name.en) if name}
    if said and said not in named:
        raise _bad_mark(line, at)
    return named.get(said, "")


def _check_bare(raw: str, at: str) -> None:
    """A line without a meaning is a mark of its own only where it does not carry words that say one."""
    first, _, rest = raw.partition(" ")
    if rest.strip() and not meaning(raw) and (meaning(first) or _is_number(first) or "=" in raw):
        raise _bad_mark(raw, at)


def _bad_mark(line: str, at: str) -> BadRequest:
    first = line.split(" ", maxsplit=1)[0].split("=", maxsplit=1)[0][:40] or "ND"
    flag = flags()[(meaning(first) or ("below_detection", None))[0]].name
    return BadRequest(
        Text(f"記號「{line[:60]}」看不出哪一段是原文、哪一段是意義。",
             f"In '{line[:60]}' the mark and its meaning cannot be told apart."),
        Text(f"請寫成「原文 = 意義」，等號前後各留一個空格，例如：{first} = {flag.zh}",
             f"Write the mark, an equals sign between spaces, and the meaning: {first} = {flag.en}"),
        parameter=f"{at}sentinels",
    )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
