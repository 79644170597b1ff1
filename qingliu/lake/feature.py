"""What makes a row a feature: an identifier that is one row's alone, and its point in the CRS that was asked for.

A row of a keyed dataset is called by its key's values, the same in every version. Where there is no key, the row's place
in one version is its name, good for as long as that version lies as it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from qingliu.core.dataset import FieldRecord, Text, VersionRecord
from qingliu.core.errors import Gone, NotFound
from qingliu.lake import planes
from qingliu.lake.names import literal
from qingliu.lake.published import Entry
from qingliu.lake.query import And, Compare, Feature, IsNull, RowAt, Where
from qingliu.lake.render import number_text

Find = Callable[[str], Entry]
BETWEEN, NULL, EMPTY = "~~", "~n", "~z"  # "~" is else followed by two hexadecimal digits
_POSITION = re.compile(r"v([0-9]{1,9})-([0-9a-f]{8})-([0-9]{1,6})-([0-9]{1,12})", re.ASCII)
_TIME = re.compile(r"(.*T[0-9]{2})([0-9]{2})([0-9]{2}.*)", re.ASCII | re.DOTALL)
_PART = re.compile(r"(?:[A-Za-z0-9_.-]|~[0-9A-F]{2})+", re.ASCII)
_DEPTH = 8  # views of views


def key_fields(entry: Entry, find: Find, depth: int = _DEPTH) -> tuple[FieldRecord, ...]:
    """The columns whose values together are one row's alone; () where nothing promises that."""
    record = entry.record
    fields = tuple(f for f in (record.field(k) for k in record.key) if f is not None)
    if not fields or len(fields) != len(record.key):
        return ()
    if record.view is None:
        return fields
    if len(record.view.of) != 1 or not depth:
        return ()
    renamed = dict(record.view.rename)
    unique = record.view.newest_by or tuple(f.name for f in key_fields(find(record.view.of[0]), find, depth - 1))
    return fields if unique and {renamed.get(n, n) for n in unique} <= set(record.key) else ()


def identifier(fields: Sequence[FieldRecord], version: VersionRecord, files: Sequence[int]) -> str:
    """SQL of a row's identifier out of ``_k0``, ``_k1`` …, or out of ``_fi`` and ``_rn``; only signs that need no escaping."""
    if fields:
        return f" || '{BETWEEN}' || ".join(_value(f, f"_k{i}") for i, f in enumerate(fields))
    number = "_fi" if list(files) == list(range(len(files))) else f"[{','.join(map(str, files))}][_fi + 1]"
    head = literal(f"v{version.number}-{version.content_hash[:8]}-")
    return f"({head} || CAST({number} AS VARCHAR) || '-' || CAST(_rn AS VARCHAR))"


def _value(field: FieldRecord, sql: str) -> str:
    if field.type == "string":
        escaped = f"replace(replace(replace(url_encode({sql}), '~', '%7E'), '.', '%2E'), '%', '~')"
        return f"CASE WHEN {sql} IS NULL THEN '{NULL}' WHEN {sql} = '' THEN '{EMPTY}' ELSE {escaped} END"
    if field.type == "datetime":
        text = f"replace(replace(CAST({sql} AS VARCHAR), ' ', 'T'), ':', '')"
    elif field.type == "number":
        text = f"replace({number_text(sql)}, '+', '~2B')"
    else:
        text = f"CAST({sql} AS VARCHAR)"
    return f"coalesce({text}, '{NULL}')"


def asked(text: str, fields: Sequence[FieldRecord], version: VersionRecord, code: str) -> Where:
    """The condition that the row of an identifier fulfils. Raises NotFound, or Gone for a place in another version."""
    if not fields:
        return _position(text, version, code)
    parts = text.split(BETWEEN)
    if len(parts) != len(fields):
        raise unknown(text, code)
    items: list[Where] = []
    for field, part in zip(fields, parts, strict=True):
        if part == NULL:
            items.append(IsNull(field.name))
        elif part == EMPTY and field.type == "string":
            items.append(Compare(field.name, "eq", ""))
        elif _PART.fullmatch(part):
            items.append(Compare(field.name, "eq", _read(field, part, text, code)))
        else:
            raise unknown(text, code)
    return items[0] if len(items) == 1 else And(tuple(items))


def _read(field: FieldRecord, part: str, whole: str, code: str) -> str:
    try:
        value = unquote(part.replace("~", "%"), errors="strict")
    except UnicodeDecodeError:
        raise unknown(whole, code) from None
    time = _TIME.fullmatch(value) if field.type == "datetime" else None
    return f"{time[1]}:{time[2]}:{time[3]}" if time else value


def _position(text: str, version: VersionRecord, code: str) -> RowAt:
    found = _POSITION.fullmatch(text)
    if not found:
        raise unknown(text, code)
    number, layout, file, row = found.groups()
    if int(number) != version.number or layout != version.content_hash[:8]:
        raise Gone(
            Text(
                f"識別碼「{text}」指的是另一個版本（{number}）裡的位置。",
                f"'{text}' names a place in another version ({number}).",
            ),
            Text(
                "這個資料集沒有鍵，請從 items 重新取得識別碼。",
                "This dataset has no key: take a fresh identifier from its items.",
            ),
            parameter="featureId",
        )
    return RowAt(int(file), int(row))


def unknown(text: str, code: str) -> NotFound:
    """The error for an identifier that no row has."""
    return NotFound(
        Text(f"「{code}」沒有識別碼為「{text[:80]}」的圖徵。", f"'{code}' has no feature '{text[:80]}'."),
        Text(
            f"識別碼見 /api/ogc/collections/{code}/items 各圖徵的 id。",
            f"Identifiers are the id of each feature in /api/ogc/collections/{code}/items.",
        ),
        parameter="featureId",
    )


def placed(sql: str, feature: Feature | None) -> str:
    """The rows of ``sql`` with their point as ``_x`` and ``_y`` where it is asked for in metres."""
    if feature is None or feature.srid == planes.DEGREES:
        return sql
    return f"SELECT *, _p.x AS _x, _p.y AS _y FROM (SELECT *, {planes.point(feature.srid, '_lon', '_lat')} AS _p FROM ({sql}))"


def point(feature: Feature | None) -> tuple[str, str]:
    """The names of a feature's coordinates in the order in which they are written."""
    if feature is None or feature.srid == planes.DEGREES:
        return ("_lat", "_lon") if feature is not None and feature.lat_first else ("_lon", "_lat")
    return "_x", "_y"
