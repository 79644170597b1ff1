"""From what does not fit to what would mend it: each remedy is one change of a definition, said in words. Pure."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from qingliu.core.dataset import Definition, FieldRecord, Text
from qingliu.core.formats import written
from qingliu.pipeline.looks import SENSITIVE, ColumnLook, Preview
from qingliu.pipeline.no_data import no_data
from qingliu.pipeline.readable import NINES, date_formats, loosely, meaning, number_in
from qingliu.pipeline.remedy import Remedy
from qingliu.pipeline.spellings import one_spelling
from qingliu.pipeline.units import unit_in

_SUFFIXED = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)([#*xX])", re.ASCII)
_SUFFIX_MEANS = {"#": "instrument_check_invalid", "*": "program_check_invalid", "x": "manual_check_invalid"}
_NEAR = 0.62
_MOSTLY = 0.5
_NEARLY = 0.9


def remedies(preview: Preview, definition: Definition) -> tuple[Remedy, ...]:
    """Everything that would mend what ``preview`` shows, the surest and largest first."""
    fields = definition.dataset.fields
    found = [*_headers(preview, definition)]
    for field in fields:
        look = preview.look(preview.header_of(field.name))
        if look and field.type == "string" and not field.enum:
            found += _retyped(field, look)
        found += _cells(field, preview)
        if look:
            found += _sensitive(field, look)
            found += _unit(field, look.header)
    found += no_data(preview, definition)
    found += one_spelling(preview, definition)
    if preview.key and not definition.dataset.key:
        found.append(_key(preview.key, preview.key_lacking, preview.key_lines))
    unique = {r.id: r for r in found}
    return tuple(sorted(unique.values(), key=lambda r: (not r.sure, r.kind in ("public", "drop"), -r.count)))


# --- headers -------------------------------------------------------------------------------------------------------


def _headers(preview: Preview, definition: Definition) -> Iterator[Remedy]:
    missing = list(preview.missing)
    for header in preview.unknown:
        near = _nearest(header, [f for f in definition.dataset.fields if f.name in missing])
        if near:
            yield Remedy(
                "map", near, (header,),
                Text(f"標題「{header}」對應到欄位「{near}」", f"Header '{header}' carries the column '{near}'"),
                Text("標題在定義中沒有，這個欄位在檔案中沒有，而兩者相近。", "The definition lacks the header, the file "
                     "lacks the column, and the two are alike."), sure=False, choice="field", chosen=near,
            )  # fmt: skip
        if not header.startswith("#"):
            yield Remedy(
                "add", header, (header,),
                Text(f"新增欄位「{header}」", f"Add the column '{header}'"),
                Text("檔案有這一欄，定義沒有；不新增就不公開。", "The file has it and the definition has not; otherwise it "
                     "is not published."),
            )  # fmt: skip
    for name in missing:
        yield Remedy(
            "optional", name, (),
            Text(f"欄位「{name}」可缺", f"The column '{name}' may be absent"),
            Text("這次交付沒有這一欄。", "This delivery lacks it."),
        )  # fmt: skip


def _nearest(header: str, fields: Sequence[FieldRecord]) -> str:
    names = {_plain(n): f.name for f in fields for n in (f.name, f.title.zh, f.title.en, *f.aliases) if n}
    close = difflib.get_close_matches(_plain(header), names, n=1, cutoff=_NEAR)
    return names[close[0]] if close else (fields[0].name if len(fields) == 1 else "")


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-.]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _key(names: Sequence[str], lacking: int, lines: Sequence[int]) -> Remedy:
    shown_zh, shown_en = "、".join(names), ", ".join(names)
    zh, en = "沒有一列會因此隔離。", "No row is quarantined for it."
    if lacking:
        at_zh, at_en = "、".join(map(str, lines)), ", ".join(map(str, lines))
        more = "…" if lacking > len(lines) else ""
        zh = f"代價：{lacking:,} 列的鍵值空白或無法判讀，會整列隔離（第 {at_zh}{more} 行）。"
        en = f"The cost: {lacking:,} rows lack a part of it or cannot be read there and are quarantined (lines {at_en}{more})."
    return Remedy(
        "key", "", tuple(names),
        Text(f"以「{shown_zh}」為鍵值", f"Let {shown_en} be the key"),
        Text(f"合起來能分辨每一列：下次更新時認得出哪一列改了，也查得出重複。{zh}",
             f"Together they tell every row apart: later updates know which row changed, and doubles are found. {en}"),
    )  # fmt: skip


# --- types ---------------------------------------------------------------------------------------------------------


def _retyped(field: FieldRecord, look: ColumnLook) -> Iterator[Remedy]:
    filled = look.filled
    if not filled or field.property:
        return
    formats = _formats_for(look)
    if formats:
        kind, chosen, read = formats
        rest = filled - read
        said = [written(f) for f in chosen] or [Text("年-月-日", "YYYY-MM-DD")]
        ways = Text("、".join(t.zh for t in said), ", ".join(t.en for t in said))
        yield Remedy(
            "type", field.name, (kind, *chosen),
            Text(f"「{field.name}」改為{'日期' if kind == 'date' else '時間'}（{ways.zh}）",
                 f"Make '{field.name}' a {kind} ({ways.en})"),
            Text(f"{read:,} 格讀得成，{rest:,} 格讀不成。", f"{read:,} cells read as one, {rest:,} do not."),
            count=read, sure=read >= filled * _NEARLY, unread=rest,
        )  # fmt: skip
        return
    numbers = look.count("loose_number") + look.count("thousands")
    known = [(t, n) for t, n in look.odd if meaning(t)]
    marks_too = numbers + sum(n for _, n in known)
    if not numbers or marks_too < filled * _MOSTLY or look.count("leading_zero") or not look.odd:
        return
    kind = "integer" if look.count("integer") + look.count("thousands") == numbers else "number"
    rest = filled - numbers - sum(n for _, n in known)
    marks = "、".join(f"「{t}」" for t, _ in known[:5])
    yield Remedy(
        "type", field.name, (kind, *(t for t, _ in known)),
        Text(f"「{field.name}」改為{'整數' if kind == 'integer' else '數值'}" + (f"，並接受記號{marks}" if known else ""),
             f"Make '{field.name}' a {'whole number' if kind == 'integer' else 'number'}"
             + (f" and accept {', '.join(t for t, _ in known[:5])}" if known else "")),
        Text(f"{numbers:,} 格是數字；其餘 {rest:,} 格會隔離，逐格可查。",
             f"{numbers:,} cells are numbers; the other {rest:,} go to quarantine, each to be seen."),
        count=numbers, sure=True, unread=rest, chosen=",".join(_writings(look)),
    )  # fmt: skip


def _writings(look: ColumnLook) -> Iterator[str]:
    """The writings of numbers, beyond the plain one, that a column's texts use."""
    if look.count("full_width"):
        yield "fullwidth"
    if look.count("thousands"):
        yield "thousands"


def _formats_for(look: ColumnLook) -> tuple[str, tuple[str, ...], int] | None:
    """(type, formats, cells read) for a column that mostly holds dates; the fewest formats that read most."""
    best = sorted(look.dates, key=lambda d: -d[2])
    if not best or look.count("loose_number") >= look.filled:
        return None
    if best[0][2] < look.filled * _MOSTLY:
        return _formats_together(look, best[0][0])
    kind = best[0][0]
    odd = [t for t, _ in look.odd]
    chosen = [best[0][1]] if best[0][1] else []
    read = best[0][2]
    for text_kind, fmt, count in best[1:]:
        new = [
            t
            for t in odd
            if fmt and fmt in date_formats(t, kind) and not any(c in date_formats(t, kind) for c in chosen)
        ]
        if text_kind == kind and new and (fmt.startswith("roc:") or chosen):
            chosen.append(fmt)
            read = min(look.filled, read + count)
    return kind, tuple(dict.fromkeys(chosen)), read


def _formats_together(look: ColumnLook, kind: str) -> tuple[str, tuple[str, ...], int] | None:
    """The same where no way of writing is the usual one: all of them together, if they read most cells.

    None where bare digits are most of what is read, as they may be codes, or where one cell would be read in two ways.
    """
    ways = sorted(((f, n) for k, f, n in look.dates if k == kind), key=lambda way: -way[1])
    read = sum(n for _, n in ways)
    digits = sum(n for f, n in ways if re.fullmatch("(roc:)?%Y%m%d", f))
    if not look.filled * _MOSTLY <= read <= look.filled or digits * 2 > read:
        return None
    return kind, tuple(f for f, _ in ways if f), read


# --- cells that do not fit -----------------------------------------------------------------------------------------


def _cells(field: FieldRecord, preview: Preview) -> Iterator[Remedy]:
    groups = [g for g in preview.groups if g.column == field.name]
    outside: list[float] = []
    outside_count = fractions = 0
    formats: dict[str, int] = {}
    suffixes: dict[str, int] = {}
    loose: dict[str, int] = {}
    for g in groups:
        raw = g.raw.strip()
        number = number_in(raw)
        if field.type == "integer" and number is not None and not number.is_integer():
            fractions += g.count
        elif field.type in ("number", "integer") and number is not None and not NINES.fullmatch(raw):
            outside, outside_count = [*outside, number], outside_count + g.count
        elif field.type in ("number", "integer") and (m := _SUFFIXED.fullmatch(raw)):
            suffixes[m.group(1)] = suffixes.get(m.group(1), 0) + g.count
        elif field.type in ("number", "integer") and _readable(field, raw):
            loose[raw] = loose.get(raw, 0) + g.count
        elif field.type in ("date", "datetime") and (found := date_formats(raw, field.type)):
            formats[found[0]] = formats.get(found[0], 0) + g.count
        elif not raw and field.required:
            yield _optional_cells(field, g.count)
        elif field.enum:
            yield _allowed(field, raw, g.count)
        elif raw:
            yield from _sentinel(field, raw, g.count)
    if fractions:
        yield Remedy(
            "type", field.name, ("number",),
            Text(f"「{field.name}」改為數值（可有小數）", f"Make '{field.name}' a number with decimals"),
            Text("有小數，不全是整數。", "Some cells have decimals."), count=fractions, sure=True,
        )  # fmt: skip
    yield from _nines(field, preview)
    if loose:
        yield _reading(field, loose)
    if outside:
        yield from _wider(field, outside, outside_count)
    for fmt, count in formats.items():
        yield _format(field, fmt, count)
    for mark, count in suffixes.items():
        yield _suffix(field, mark, count)


def _readable(field: FieldRecord, raw: str) -> bool:
    """Whether a text is a number in another writing, within what the column may hold."""
    found = loosely(raw)
    if found is None or (field.type == "integer" and not found[0].is_integer()):
        return False
    low, high = field.minimum, field.maximum
    return (low is None or found[0] >= low) and (high is None or found[0] <= high)


def _reading(field: FieldRecord, loose: dict[str, int]) -> Remedy:
    shown = [(t, f"{found[0]:.15g}", found[1]) for t in loose if (found := loosely(t))]
    told = "、".join(f"「{t}」讀作 {n}" for t, n, _ in shown[:4]) + ("…" if len(shown) > 4 else "")
    told_en = ", ".join(f"'{t}' as {n}" for t, n, _ in shown[:4]) + (" …" if len(shown) > 4 else "")
    ways = {w for t in loose for w in _ways(t)}
    zh = "、".join(w for n, w in (("fullwidth", "全形數字"), ("thousands", "千分位逗號")) if n in ways)
    en = " and ".join(
        w for n, w in (("fullwidth", "full-width digits"), ("thousands", "thousands separators")) if n in ways
    )
    return Remedy(
        "reading", field.name, tuple(sorted(ways)),
        Text(f"「{field.name}」接受{zh}：{told}", f"Accept {en} in '{field.name}': read {told_en}"),
        Text("成為這一欄的規則，以後的檔案也照此讀成數值；原文仍可查。",
             "It becomes a rule of the column, for later files too; the raw text can still be seen."),
        count=sum(loose.values()), sure=True,
    )  # fmt: skip


def _ways(text: str) -> set[str]:
    """The writings that a column must declare for this text to be read as a number."""
    bare = unicodedata.normalize("NFKC", text).strip()
    return {n for n, used in (("thousands", "," in bare), ("fullwidth", bare != text.strip())) if used}


def _sentinel(field: FieldRecord, raw: str, count: int) -> Iterator[Remedy]:
    if len(raw) > 40 or (re.search(r"[0-9０-９]", raw) and not meaning(raw)):
        return
    flag, value = meaning(raw) or ("no_data", None)
    shown = "" if value is None else f"，值為 {value:g}"
    yield Remedy(
        "sentinel", field.name, (raw,),
        Text(f"「{field.name}」的「{raw}」是記號{shown}", f"'{raw}' in '{field.name}' is a mark"),
        Text("這段文字代表沒有值，而不是錯字。", "The text stands for a missing value and is no mistake."),
        count=count, sure=meaning(raw) is not None, choice="flag", chosen=flag,
    )  # fmt: skip


def _nines(field: FieldRecord, preview: Preview) -> Iterator[Remedy]:
    """-999 and its like at the end of a column's range: most likely no value at all."""
    look = preview.look(preview.header_of(field.name))
    if not look or field.type not in ("number", "integer"):
        return
    declared = {s.text.strip() for s in field.sentinels}
    for edge in (look.lowest, look.highest):
        text = "" if edge is None else f"{edge:g}"
        if NINES.fullmatch(text) and text not in declared:
            yield Remedy(
                "sentinel", field.name, (text,),
                Text(f"「{field.name}」的 {text} 是缺值記號", f"{text} in '{field.name}' stands for no value"),
                Text("這一欄的極端值是一串 9，多半代表沒有值。", "The end of this column's range is a row of nines."),
                choice="flag", chosen="missing",
            )  # fmt: skip


def _wider(field: FieldRecord, numbers: Sequence[float], count: int) -> Iterator[Remedy]:
    if field.minimum is None and field.maximum is None:
        return
    low = field.minimum if field.minimum is None else min(field.minimum, *numbers)
    high = field.maximum if field.maximum is None else max(field.maximum, *numbers)
    low_text, high_text = (("" if v is None else f"{v:g}") for v in (low, high))
    yield Remedy(
        "range", field.name, (low_text, high_text),
        Text(f"「{field.name}」的範圍放寬為 {low_text}～{high_text}",
             f"Widen the range of '{field.name}' to {low_text}–{high_text}"),
        Text("這些數字超出宣告的範圍；若屬實才放寬。", "These numbers lie outside the declared range; widen it only if they "
             "are true."), count=count,
    )  # fmt: skip


def _format(field: FieldRecord, fmt: str, count: int) -> Remedy:
    way = written(fmt)
    return Remedy(
        "format", field.name, (fmt,),
        Text(f"「{field.name}」也接受「{way.zh}」的日期", f"Accept dates written {way.en} in '{field.name}' too"),
        Text("這些儲存格用這種寫法讀得成。", "These cells read with it."), count=count, sure=True,
    )  # fmt: skip


def _suffix(field: FieldRecord, mark: str, count: int) -> Remedy:
    flag = _SUFFIX_MEANS.get(mark.lower(), "manual_check_invalid")
    return Remedy(
        "suffix", field.name, (mark,),
        Text(f"「{field.name}」數字後的「{mark}」是註記", f"'{mark}' behind a number in '{field.name}' is a flag"),
        Text("數字保留，註記另存。", "The number is kept and the flag beside it."), count=count, sure=True,
        choice="flag", chosen=flag,
    )  # fmt: skip


def _optional_cells(field: FieldRecord, count: int) -> Remedy:
    return Remedy(
        "nullable", field.name, (),
        Text(f"「{field.name}」可以空白", f"'{field.name}' may be empty"),
        Text("有空白的儲存格，但定義說必填。", "Cells are empty, and the definition says that it is required."), count=count,
    )  # fmt: skip


def _allowed(field: FieldRecord, raw: str, count: int) -> Remedy:
    return Remedy(
        "allow", field.name, (raw,),
        Text(f"「{field.name}」也可以是「{raw}」", f"'{field.name}' may also be '{raw}'"),
        Text("這個值不在允許的清單內。", "The value is not in the list of those allowed."), count=count,
    )  # fmt: skip


# --- privacy and units ---------------------------------------------------------------------------------------------

_SEEN = {
    "national_id": Text("身分證字號", "national id numbers"), "mobile": Text("手機號碼", "mobile numbers"),
    "email": Text("電子郵件", "e-mail addresses"), "plate": Text("車牌", "number plates"),
    "masked_name": Text("遮蔽的姓名", "masked names"), "person_name": Text("姓名", "names of persons"),
    "address": Text("地址", "addresses"),
}  # fmt: skip


def suspicions(look: ColumnLook) -> tuple[tuple[str, int], ...]:
    """(class, cells) of what looks like personal data under a header; names and addresses only where they are many."""
    many = {"person_name": 0.5, "masked_name": 0.3, "address": 0.3}
    return tuple((n, c) for n in SENSITIVE if (c := look.count(n)) and c >= many.get(n, 0.0) * max(1, look.filled))


def _sensitive(field: FieldRecord, look: ColumnLook) -> Iterator[Remedy]:
    seen = suspicions(look)
    if seen and field.sensitivity == "none" and field.type == "string":
        what = seen[0][0]
        kind = "address" if what == "address" else "personal"
        yield Remedy(
            "sensitive", field.name, (kind,),
            Text(f"「{field.name}」標示為敏感，請隱私審查決定遮罩", f"Mark '{field.name}' sensitive and ask for a mask rule"),
            Text(f"{seen[0][1]:,} 格看起來像{_SEEN[what].zh}。", f"{seen[0][1]:,} cells look like {_SEEN[what].en}."),
            count=seen[0][1], choice="sensitivity", chosen=kind,
        )  # fmt: skip
    elif field.sensitivity != "none":
        yield Remedy(
            "public", field.name, (),
            Text(f"「{field.name}」標示為敏感", f"'{field.name}' is marked sensitive"),
            Text("隱私審查決定遮罩後才公開。若每一格都能公開，寫明理由後取消標示。",
                 "It is published once the privacy gate has decided. If every cell may be public, say why and unmark it."),
        )  # fmt: skip
        yield Remedy(
            "drop", field.name, (),
            Text(f"不公開「{field.name}」這一欄", f"Leave the column '{field.name}' out"),
            Text("這一欄不進資料集，也就不需要隱私決定。", "It stays out of the dataset and needs no privacy decision."),
        )  # fmt: skip


def _unit(field: FieldRecord, header: str) -> Iterator[Remedy]:
    unit = unit_in(header)[1]
    if field.unit or not unit or field.type not in ("number", "integer"):
        return
    yield Remedy(
        "unit", field.name, (unit,),
        Text(f"「{field.name}」的單位是 {unit}", f"The unit of '{field.name}' is {unit}"),
        Text("標題括號內寫著單位。", "The header says so in brackets."), sure=True, choice="unit", chosen=unit,
    )  # fmt: skip


def find(all_of: Iterable[Remedy], wanted: str) -> Remedy | None:
    """The remedy of that id."""
    return next((r for r in all_of if r.id == wanted), None)
