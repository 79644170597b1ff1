"""Rows of Arrow columns as text: the bytes that ``lake.render`` has the engine make, written a column at a time.

A column that is the same in every row of a piece becomes part of the text around it; what depends on a dictionary's
entry is written once an entry. Numbers, times and texts are written by the same rules as in ``lake.render``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingliu.lake.answer import text_bytes
from qingliu.lake.guard import FORMULA, HARMLESS
from qingliu.lake.query import NAIVE, Rendering
from qingliu.lake.render import SECONDS, Cell, always_spaced, needs_csv_care
from qingliu.lake.short.keep import over

Part = Union[str, Any]  # a text that is the same in every row, or a string array
FORMATS = {"json", "ndjson", "geojson", "csv"}
SEGMENT_ROWS = 200  # runs shorter than this on average are not worth telling apart
_STRING = pa.string()


_JSON_CARE = '["\\\\\\x00-\\x1f]'
_ESCAPES = str.maketrans(
    {chr(i): f"\\u{i:04X}" for i in range(32)}
    | {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)


def json_string(text: str) -> str:
    """A JSON string, its escapes written as the engine writes them."""
    return '"' + text.translate(_ESCAPES) + '"'


class RowText:
    """Writes pieces of one answer. ``place`` is longitude and latitude, for GeoJSON, and identifiers if wanted."""

    def __init__(self, cells: Sequence[Cell], rendering: Rendering, *, offset: str, separator: str) -> None:
        self._cells = cells
        self._rendering = rendering
        self._offset = offset
        self._separator = separator

    def write(self, columns: Sequence[Any], flags: Any, place: tuple[Any, ...] | None) -> bytes:
        """The rows as bytes, a separator behind each. ``columns`` stand as the cells do; all have one length, above 0."""
        return b"".join(self._segment(c, f, p) for c, f, p in _segments(columns, flags, place))

    def _segment(self, columns: Sequence[Any], flags: Any, place: tuple[Any, ...] | None) -> bytes:
        size = len(columns[0]) if columns else len(flags)
        known = None if flags is None or flags.null_count == len(flags) else flags
        if self._rendering.format == "csv":
            parts = self._csv(columns, known)
        else:
            parts = self._json(columns, known)
            if self._rendering.format == "geojson":
                assert place is not None
                lon, lat, *names = place
                head = (
                    ['{"type":"Feature","id":"', names[0], '","geometry":']
                    if names
                    else ['{"type":"Feature","geometry":']
                )
                parts = [*head, _point(lon, lat), ',"properties":', *parts, "}"]
        return joined([*parts, self._separator], size)

    def _json(self, columns: Sequence[Any], flags: Any) -> list[Part]:
        lists = self._rendering.lists
        parts: list[Part] = ["[" if lists else "{"]
        for i, (cell, values) in enumerate(zip(self._cells, columns, strict=True)):
            key = "" if lists else json.dumps(cell.column.name, ensure_ascii=False) + ":"
            value = self._same(i, values, flags)
            if value is None and not self._rendering.strings and not values.null_count and len(values) > 1:
                around = self._between_quotes(cell, values)
                if around:
                    parts += [("," if i else "") + key, *around]
                    continue
            if value is None:
                value = constant_first(values, flags, partial(self._value, cell))
            parts += [("," if i else "") + key, value]
        return [*parts, "]" if lists else "}"]

    def _between_quotes(self, cell: Cell, values: Any) -> list[Part]:
        """Moments and plain texts without nulls, with their quotation marks as neighbours' texts; [] for anything else."""
        kind, form = cell.field.type, cell.column.datetime_format
        if kind == "datetime" and not form:
            return ['"', moment_text(values, "T", ""), self._offset + '"']
        if kind == "string" and cell.field.name != "_flags":
            text = plain(cell, values)
            entries = text.dictionary if isinstance(text, pa.DictionaryArray) else text
            if not pc.any(pc.match_substring_regex(entries, _JSON_CARE)).as_py():
                return ['"', text, '"']
        return []

    def _same(self, number: int, values: Any, flags: Any) -> str | None:
        """The text of a column of texts or whole numbers without flags that is the same in every row; None where it is not."""
        cell = self._cells[number]
        if cell.field.type not in {"string", "integer"} or cell.field.name == "_flags" or not is_constant(values):
            return None
        if flags is not None and (cell.column.null_by_flag or cell.column.suffix_by_flag):
            return None
        value = values[0].as_py()
        if isinstance(value, str) and cell.column.words:
            value = dict(reversed(cell.column.words)).get(value, value)
        if self._rendering.format != "csv":
            text = "null" if value is None else value if isinstance(value, str) else str(value)
            if isinstance(value, str) or self._rendering.strings:
                text = json_string("" if value is None else text)
            return text
        if not isinstance(value, str):
            return "" if value is None else str(value)
        options = self._rendering
        return csv_text(value, options.delimiter, spaces=options.quote_spaces, guard=options.escape_formulas)

    def _value(self, cell: Cell, values: Any, flags: Any) -> Any:
        strings, kind = self._rendering.strings, cell.field.type
        if strings:
            text = with_flags(cell, values, plain(cell, values), flags)
            if kind == "string" or cell.column.null_by_flag or cell.column.suffix_by_flag:
                return pc.fill_null(over(text, quoted), '""')
            return pc.fill_null(_join('"', text, '"'), '""')
        if cell.field.name == "_flags":
            return over(pc.fill_null(values, ""), _flags_objects)
        if kind == "string":
            return _filled(over(plain(cell, values), quoted), "null")
        text = plain(cell, values, offset=self._offset, iso=True)
        return _filled(_join('"', text, '"') if kind in {"date", "datetime"} else text, "null")

    def _csv(self, columns: Sequence[Any], flags: Any) -> list[Part]:
        parts: list[Part] = []
        for i, (cell, values) in enumerate(zip(self._cells, columns, strict=True)):
            value = self._same(i, values, flags)
            if value is None:
                value = constant_first(values, flags, partial(self._csv_cell, cell))
            parts += [self._rendering.delimiter, value][not i :]
        if len(self._cells) == 1:  # an empty line would be skipped by readers, and a row lost
            only = parts[0]
            blank = '""'
            parts = [only or blank] if isinstance(only, str) else [pc.if_else(pc.equal(only, ""), blank, only)]
        return [*parts, "\n"]

    def _csv_cell(self, cell: Cell, values: Any, flags: Any) -> Any:
        text = with_flags(cell, values, plain(cell, values), flags)
        spaced = self._rendering.quote_spaces and cell.field.type in {"datetime", "string"}
        if spaced and always_spaced(cell):
            text = _join('"', text, '"')
        elif spaced or needs_csv_care(cell):
            text = over(text, self._csv_text)
        return _filled(text, "")

    def _csv_text(self, text: Any) -> Any:
        options = self._rendering
        quote_when = _quote_when(options.delimiter, spaces=options.quote_spaces)
        guard = options.escape_formulas
        suspect = pc.match_substring_regex(text, quote_when + ("|" + FORMULA if guard else ""))
        if not pc.any(suspect).as_py():
            return text
        out = text
        if guard:
            formula = pc.and_(
                pc.match_substring_regex(text, FORMULA), pc.invert(pc.match_substring_regex(text, HARMLESS))
            )
            out = pc.if_else(formula, _join("'", text), text)
        quote = pc.match_substring_regex(text, quote_when)
        return pc.if_else(quote, _join('"', pc.replace_substring(out, '"', '""'), '"'), out)


def _quote_when(delimiter: str, *, spaces: bool) -> str:
    return f'["{delimiter}\\r\\n{" " if spaces else ""}]'


@lru_cache(maxsize=20_000)
def csv_text(text: str, delimiter: str, *, spaces: bool, guard: bool) -> str:
    """One text as a CSV cell."""
    out = "'" + text if guard and re.search(FORMULA, text) and not re.search(HARMLESS, text) else text
    return '"' + out.replace('"', '""') + '"' if re.search(_quote_when(delimiter, spaces=spaces), text) else out


def joined(parts: Sequence[Part], size: int) -> bytes:
    """The parts of ``size`` rows, row after row; neighbouring constants become one."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    if all(isinstance(p, str) for p in merged):
        return "".join(merged).encode() * size
    return text_bytes(pc.binary_join_element_wise(*(_decoded(p) for p in merged), ""))


def constant_first(values: Any, flags: Any, write: Callable[[Any, Any], Any]) -> Part:
    """What ``write`` makes of a column; where it and the flags are one value throughout, of a single row."""
    if is_constant(values) and (flags is None or is_constant(flags)):
        return str(write(_decoded(values[:1]), None if flags is None else flags[:1])[0].as_py())
    return write(values, flags)


def is_constant(values: Any) -> bool:
    """Whether all rows hold the same (or all hold null)."""
    if values.null_count:
        return bool(values.null_count == len(values))
    if isinstance(values, pa.DictionaryArray):
        codes = values.indices.to_numpy(zero_copy_only=False)
        return bool((codes == codes[0]).all())
    if pa.types.is_integer(values.type):
        numbers = values.to_numpy(zero_copy_only=False)
        return bool((numbers == numbers[0]).all())
    return len(values) == 1


def _segments(
    columns: Sequence[Any], flags: Any, place: tuple[Any, ...] | None
) -> Iterator[tuple[Sequence[Any], Any, tuple[Any, ...] | None]]:
    """The rows cut where a text column changes, if that gives long runs; else as they are."""
    size = len(columns[0]) if columns else 0
    changes = np.zeros(max(0, size - 1), dtype=bool)
    for values in columns:
        if isinstance(values, pa.DictionaryArray) and not values.null_count:
            codes = values.indices.to_numpy(zero_copy_only=False)
            changes |= codes[1:] != codes[:-1]
    cuts = np.flatnonzero(changes) + 1
    if not len(cuts) or len(cuts) * SEGMENT_ROWS > size:
        yield columns, flags, place
        return
    edges = [0, *cuts.tolist(), size]
    for low, high in itertools.pairwise(edges):
        part = slice(low, high)
        yield (
            [c[part] for c in columns],
            None if flags is None else flags[part],
            None if place is None else tuple(p[part] for p in place),
        )


def plain(cell: Cell, values: Any, *, offset: str = "", iso: bool = False) -> Any:
    """A column's texts, null where it is null; texts in other words where the column has them."""
    kind, form = cell.field.type, cell.column.datetime_format
    if form == NAIVE and kind == "datetime":
        return moment_text(values, "T", "")
    if form == SECONDS and kind == "datetime":
        return moment_text(_seconds(values), " ", "")
    if form not in {"", NAIVE} and kind in {"date", "datetime"}:
        return pc.strftime(_seconds(values), format=form)
    if kind == "string":
        if not cell.column.words:
            return values
        words = dict(reversed(cell.column.words))  # the first of equal texts wins
        return over(values, lambda v: pa.array([t and words.get(t, t) for t in v.to_pylist()], _STRING))
    if kind == "number":
        return number_text(values)
    if kind == "datetime":
        return moment_text(values, "T" if iso else " ", offset)
    return pc.cast(values, _STRING)


def number_text(values: Any) -> Any:
    """The shortest text of each number: 13 rather than 13.0; very large and very small ones as the engine writes them."""
    if pa.types.is_integer(values.type) or pa.types.is_null(values.type):
        return pc.cast(values, _STRING)
    numbers = values.to_numpy(zero_copy_only=False)  # null is NaN here
    sizes = np.abs(numbers)
    if ((sizes >= 1e10) | ((sizes < 1e-4) & (sizes > 0))).any():
        if ((sizes < 1e15) | np.isnan(sizes)).all() and (np.isnan(numbers) | (numbers == np.trunc(numbers))).all():
            return pc.cast(pc.cast(values, pa.int64()), _STRING)
        return pa.array([None if v is None else _long_number(v) for v in values.to_pylist()], _STRING)
    if (np.signbit(numbers) & (sizes == 0)).any():
        values = pc.add(values, 0.0)  # minus zero becomes zero
    return pc.cast(values, _STRING)


def _long_number(value: float) -> str:
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return repr(value)


def moment_text(values: Any, between: str, offset: str) -> Any:
    """Date-times as ``2024-01-01 00:00:00`` (fractions of a second only where there are any), then the offset."""
    try:
        text = pc.cast(pc.cast(values, pa.timestamp("s")), _STRING)
    except pa.ArrowInvalid:
        text = pa.array([None if v is None else _with_fraction(v) for v in values.to_pylist()], _STRING)
    if between != " ":
        text = pc.binary_replace_slice(text, 10, 11, between)  # years have four digits here
    return _join(text, offset) if offset else text


def _seconds(values: Any) -> Any:
    """Days and moments as moments without fractions of a second."""
    try:
        return pc.cast(values, pa.timestamp("s"))
    except pa.ArrowInvalid:
        return pc.cast(pc.floor_temporal(values, unit="second"), pa.timestamp("s"))


def _with_fraction(value: datetime) -> str:
    text = value.isoformat(" ")
    return text.rstrip("0") if value.microsecond else text


def with_flags(cell: Cell, values: Any, text: Any, flags: Any) -> Any:
    """The texts a source would have written: flag texts for nulls, glued suffixes for flagged values; first match wins."""
    if flags is None or not (cell.column.null_by_flag or cell.column.suffix_by_flag):
        return text
    name = cell.field.name.replace(";", "%3B").replace("=", "%3D")
    text = _decoded(text)
    out = text
    for flag, suffix in reversed(cell.column.suffix_by_flag):
        out = pc.if_else(_flagged(flags, name, flag), _join(text, suffix), out)
    for flag, shown in reversed(cell.column.null_by_flag):
        out = pc.if_else(pc.and_(pc.is_null(values), _flagged(flags, name, flag)), shown, out)
    return out


def _flagged(flags: Any, name: str, flag: str) -> Any:
    return pc.fill_null(over(flags, lambda f: pc.match_substring(f, f";{name}={flag};")), False)


def quoted(text: Any) -> Any:
    """Texts as JSON strings; null stays null."""
    care = pc.match_substring_regex(text, _JSON_CARE)
    if not pc.any(care).as_py():
        return _join('"', text, '"')
    return pa.array([None if t is None else json_string(t) for t in text.to_pylist()], _STRING)


def _flags_objects(flags: Any) -> Any:
    return pa.array([_flags_object(f) for f in flags.to_pylist()], _STRING)


def _flags_object(flags: str | None) -> str:
    if not flags:
        return "{}"
    pairs = (p.split("=") for p in flags.strip(";").split(";"))
    said = [(p[0].replace("%3D", "=").replace("%3B", ";"), p[1] if len(p) > 1 else "") for p in pairs]
    return "{" + ",".join(f"{json_string(n)}:{json_string(f)}" for n, f in said) + "}"


def _point(lon: Any, lat: Any) -> Any:
    text = _join('{"type":"Point","coordinates":[', number_text(lon), ",", number_text(lat), "]}")
    return pc.fill_null(text, "null")


def _join(*parts: Part) -> Any:
    return pc.binary_join_element_wise(*(_decoded(p) for p in parts), "")


def _filled(text: Any, instead: str) -> Any:
    text = _decoded(text)
    return pc.fill_null(text, instead) if text.null_count else text


def _decoded(part: Part) -> Part:
    return pc.take(part.dictionary, part.indices) if isinstance(part, pa.DictionaryArray) else part
