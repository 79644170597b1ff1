"""Drafts a definition from files: what can be told without loss is typed, all else stays text with a question.

Nothing is guessed away: a column becomes a number or a date only if every cell of every row reads as one and no text
would lose something by it (leading zeros, codes, marks). Each column carries why and how sure, for a person to decide.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Place, ReadSpec, Text, Unpivot
from qingliu.lake.ingest import RawInput, RowsInput
from qingliu.lake.profile import Profiler
from qingliu.pipeline.infer_columns import Column, judged, name_for, role_of
from qingliu.pipeline.readers import read
from qingliu.standards.definition import dumps, loads

_HOUR = re.compile(r"(?:[0-9]{1,2})")
_TIME_TO, _VALUE_TO = "monitordate", "value"
_KEY_COLUMNS = 10
_KEY_WIDTH = 4
_NO_KEY = "key：找不到唯一且無空白的欄位組合，請決定 no columns tell all rows apart: please decide"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A drafted definition: valid as it stands, with each column's reasons and notes on the whole."""

    definition: Definition
    columns: tuple[Column, ...]
    notes: tuple[str, ...]


def infer(paths: Sequence[Path], *, code: str = "", read_spec: ReadSpec = ReadSpec()) -> str:
    """A draft definition file (YAML) for ``paths``, every row looked at. Raises BadSource where they cannot be read."""
    with tempfile.TemporaryDirectory(prefix="qingliu-infer-") as folder:
        inputs = read(paths, read_spec, Path(folder) / "read", guess=True)
        with Profiler(inputs, Path(folder) / "look") as look:
            made = drafted(look, inputs, code=code or code_for(paths[0]), read_spec=read_spec)
    text = dumps(made.definition)
    loads(text)
    return _annotated(text, made.columns, made.notes)


def drafted(look: Profiler, inputs: Sequence[RawInput], *, code: str, read_spec: ReadSpec = ReadSpec()) -> Drafted:
    """The draft of what ``look`` sees."""
    spec = replace(read_spec, sheet=read_spec.sheet or _sheet(inputs))
    hours = _hour_headers(look.headers)
    folded = [h.casefold() for h in look.headers]
    twice = [h for i, h in enumerate(look.headers) if folded.index(h.casefold()) < i]
    plain = [h for h in look.headers if h not in hours and h not in twice]
    profiles = {h: look.column(h) for h in plain}
    taken: set[str] = set()
    columns = [judged(h, profiles[h], name_for(h, taken)) for h in plain]
    notes = list(_file_notes(inputs, look))
    notes += [
        f"欄位「{h}」與另一欄只差大小寫，未列入 column '{h}' differs from another only in case: left out" for h in twice
    ]
    if hours:
        date = _wide_date(columns)
        if date is None:
            notes.append(
                "小時欄像是寬表，但找不到日期欄，未宣告 unpivot。 Hour columns are seen, but no date column: unpivot is left out."
            )
        else:
            spec, columns = _unpivoted(look, hours, date, columns=columns, spec=spec, taken=taken)
    key, why_key = _key(look, columns, wide=bool(spec.unpivot))
    record = _record(code, columns, key)
    return Drafted(Definition(record, read=spec), tuple(columns), (*notes, why_key, *_record_notes(record, columns)))


def _hour_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """Headers that are hours of a day (1..24 or 0..23), or nothing."""
    found = [h for h in headers if _HOUR.fullmatch(h.strip()) and int(h) <= 24]
    numbers = {int(h) for h in found}
    return tuple(found) if len(numbers) == 24 and (0 in numbers) != (24 in numbers) else ()


def _wide_date(columns: Sequence[Column]) -> Column | None:
    dates = [c for c in columns if c.profile and c.date_formats]
    return dates[0] if dates else None


def _unpivoted(
    look: Profiler, hours: tuple[str, ...], date: Column, *, columns: list[Column], spec: ReadSpec, taken: set[str]
) -> tuple[ReadSpec, list[Column]]:
    """The wide table as a long one: the date and hour columns give way to a time and a value."""
    time_to, value_to = name_for(_TIME_TO, taken), name_for(_VALUE_TO, taken)
    unpivot = Unpivot("^[0-9]{1,2}$", date.header, date.date_formats, time_to, value_to)
    why = f"由「{date.header}」與 24 個小時欄合成，為小時起點 made of '{date.header}' and 24 hour columns: the hour's start"
    time = Column(date.header, FieldRecord(unpivot.time_to, "datetime", Text("時間", "Time")), (why,), 0.9, None)
    value = judged(value_to, look.column(*hours), value_to)
    kept = [c for c in columns if c is not date]
    read_spec = ReadSpec(format=spec.format, encoding=spec.encoding, members=spec.members, unpivot=unpivot)
    return read_spec, [*kept, time, value]


def _record(code: str, columns: Sequence[Column], key: tuple[str, ...]) -> DatasetRecord:
    fields = tuple(c.field for c in columns)
    times = [f.name for f in fields if f.type in {"date", "datetime"}]
    ranked = sorted(times, key=lambda n: (n not in key, fields[[f.name for f in fields].index(n)].type != "datetime"))
    lon = [c.field.name for c in columns if role_of(c.header) == "lon" and c.field.type == "number"]
    lat = [c.field.name for c in columns if role_of(c.header) == "lat" and c.field.type == "number"]
    time = ranked[0] if ranked else ""
    return DatasetRecord(
        code=code,
        title=Text(code, ""),
        description=Text("（請填寫說明）", ""),
        agency="unknown",
        agency_name=Text("（請填寫機關）", ""),
        unit=Text("", ""),
        category="other",
        fields=fields,
        key=key,
        time_field=time,
        place=Place(lon[0], lat[0]) if lon and lat else None,
        order=key or ((time,) if time else ()),
    )


def _key(look: Profiler, columns: Sequence[Column], *, wide: bool) -> tuple[tuple[str, ...], str]:
    """The smallest set of columns that tells all rows apart, likely ones first; and why."""
    asked = [c for c in columns if c.profile is not None and (not wide or c.field.name not in {_VALUE_TO})]
    full = [c for c in asked if c.profile and c.profile.filled == c.profile.rows and c.profile.rows]
    names = [c for c in full if c.field.type != "number"]
    likely = sorted(names, key=lambda c: (not c.is_id, c.field.type in {"date", "datetime"}))[:_KEY_COLUMNS]
    date = next((c for c in columns if wide and c.profile is None), None)
    fixed = [date.header] if date else []
    if not likely or not look.unique([*fixed, *(c.header for c in likely)]):
        return (), _NO_KEY
    for width in range(1, _KEY_WIDTH + 1):
        for some in combinations(likely, width):
            if _product(some, fixed, look) >= look.rows and look.unique([*fixed, *(c.header for c in some)]):
                key = tuple(c.field.name for c in some) + ((date.field.name,) if date else ())
                shown = "、".join(key)
                return key, f"key：{shown} 在 {look.rows} 列中唯一且無空白 unique and filled in all {look.rows} rows"
    return (), _NO_KEY


def _product(some: Sequence[Column], fixed: Sequence[str], look: Profiler) -> int:
    """An upper bound of how many rows these columns can tell apart."""
    out = look.rows if fixed else 1
    for column in some:
        out *= max(column.profile.distinct, 1) if column.profile else 1
    return out


def _sheet(inputs: Sequence[RawInput]) -> str:
    """The sheet to be read from now on where a book holds others too; empty where nothing needs saying."""
    chosen = {i.name.rsplit("/", 1)[-1] for i in inputs if isinstance(i, RowsInput) and i.beside}
    return chosen.pop() if len(chosen) == 1 else ""


def _file_notes(inputs: Sequence[RawInput], look: Profiler) -> Iterator[str]:
    yield f"由 {len(inputs)} 個檔案、{look.rows} 列產生 drafted from {len(inputs)} file(s), {look.rows} rows: {inputs[0].name}"
    beside = dict.fromkeys(s for i in inputs if isinstance(i, RowsInput) for s in i.beside)
    if beside:
        yield f"其他工作表未讀：{'、'.join(beside)} other sheets are not read; read.sheet names the one that is"
    if len({i.columns for i in inputs}) > 1:
        yield "各檔案的標題不完全相同 the files' headers differ"
    if len(inputs) > 1:
        yield "多檔合成：檔名若有意義，可用 read.file_column 放入欄位 if file names mean something, use read.file_column"
    unnamed = sum(1 for i in inputs for h in i.columns if not h)
    if unnamed:
        yield f"{unnamed} 個欄位沒有標題，未列入 {unnamed} columns have no header and are left out"


def _record_notes(record: DatasetRecord, columns: Sequence[Column]) -> Iterator[str]:
    if record.key and record.time_field:
        yield "mode：若每次只送新增或更正的列，請改 upsert if a delivery holds only new or corrected rows, use upsert"
    single = [c for c in columns if c.field.name == record.time_field and c.profile and c.profile.distinct == 1]
    if record.key and single and record.time_field not in record.key:
        yield f"key：只有一個時間；若要累積歷史，請加入 {record.time_field} only one time here: add it to keep history"
    if any(c.field.sensitivity != "none" for c in columns):
        yield "有敏感欄位：在隱私決定之前不會公開 sensitive columns: held until privacy is decided"
    yield "請填寫 title、description、agency、category、frequency please fill these in"


def _annotated(text: str, columns: Sequence[Column], notes: Sequence[str]) -> str:
    """The YAML with its reasons as comments: the file's at the top, each column's above it."""
    out = ["# 草稿：請逐項確認後登錄。 Draft: check every line before you register it."]
    out += [f"# - {_comment(n)}" for n in notes]
    waiting = list(columns)
    for line in text.splitlines():
        found = re.match(r"(\s*)- name: ", line)
        if found and waiting:
            column = waiting.pop(0)
            for reason in column.reasons:
                out.append(f"{found.group(1)}# why: {_comment(reason)}")
            out.append(f"{found.group(1)}# confidence: {column.confidence:.2f}")
        out.append(line)
    return "\n".join(out) + "\n"


def _comment(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text))[:400]


def code_for(path: Path) -> str:
    """A code for a dataset from the name of its file."""
    stem = re.sub(r"[^A-Z0-9]+", "_", path.name.split(".")[0].upper()).strip("_")
    return stem[:60] if re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", stem) else f"DRAFT_{stem}".rstrip("_")[:60]
