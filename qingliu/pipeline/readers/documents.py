"""JSON, NDJSON and GeoJSON → rows of text. Numbers keep the digits in which they were written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused
from qingliu.lake.ingest import RowsInput, RowsWriter
from qingliu.pipeline.readers.limits import Blob, Limits
from qingliu.pipeline.readers.told import broken, error_message

_KNOWN = (
    "records",
    "result.records",
    "data",
    "value",
    "features",
    "items",
    "rows",
    "results",
    "result",
    "data.records",
)
LON, LAT, GEOMETRY = "longitude", "latitude", "geometry"


class Literal(str):
    """A number as it was written."""

    __slots__ = ()


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def load(text: str) -> Any:
    """The JSON value in ``text``; numbers as Literal, NaN refused."""
    return json.loads(text, parse_float=Literal, parse_int=Literal, parse_constant=_no_constant)


def read_json(blob: Blob, text: Path, path: str, target: Path, limits: Limits) -> RowsInput:
    """A list of objects, an envelope around one, or a GeoJSON collection. Raises BadSource for anything else."""
    if text.stat().st_size > limits.document_bytes:
        raise Refused(
            Text(f"JSON「{blob.name}」過大。", f"The JSON document '{blob.name}' is too large."),
            Text("請改用 CSV、NDJSON 或分批提供。", "Use CSV or NDJSON, or send it in parts."),
            parameter=blob.name,
        )
    try:
        value = load(text.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise broken(blob.name, "JSON", "nesting") from None
    except ValueError as error:
        raise broken(blob.name, "JSON", str(error)) from error
    return _write(blob, records_in(value, path, blob.name), target)


def records_in(value: Any, path: str, name: str) -> list[Mapping[str, Any]]:
    """The list of objects that ``value`` is or holds at ``path`` (dots between keys; empty = find it)."""
    if isinstance(value, dict) and value.get("success") is False:
        raise error_message(value, name)
    places = [path] if path else ["", *_KNOWN]
    for place in places:
        found = _at(value, place)
        if isinstance(found, list) and all(isinstance(item, dict) for item in found):
            return [_flattened(item) for item in found]
    if not path and isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v)]
        if len(lists) == 1 and not {"error", "errors", "message"} & {str(k).lower() for k in value}:
            return list(lists[0])
    raise error_message(value, name)


def _at(value: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _flattened(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """A GeoJSON feature as one flat object: a point as two numbers, any other geometry as GeoJSON text."""
    if item.get("type") != "Feature" or "geometry" not in item:
        return item
    out = dict(item.get("properties") or {})
    if item.get("id") is not None:
        out.setdefault("id", item["id"])
    geometry = item["geometry"]
    point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if isinstance(point, list) and len(point) >= 2:
        out.setdefault(LON, point[0])
        out.setdefault(LAT, point[1])
    elif geometry is not None:
        out.setdefault(GEOMETRY, geometry)
    return out


def read_ndjson(blob: Blob, text: Path, target: Path) -> RowsInput:
    """One object a line; blank lines are skipped. Raises BadSource naming the line that is no object."""
    columns: dict[str, None] = {}
    for _, item in _lines(blob, text):
        columns.update(dict.fromkeys(item))
    with RowsWriter(target, blob.name, list(columns)) as writer:
        for line, item in _lines(blob, text):
            writer.add([as_text(item.get(c)) for c in columns], line)
    return writer.input


def _lines(blob: Blob, text: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    with text.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                item = load(line)
            except (ValueError, RecursionError) as error:
                raise broken(blob.name, "NDJSON", f"line {number}: {error}") from error
            if not isinstance(item, dict):
                raise broken(blob.name, "NDJSON", f"line {number}: not an object")
            yield number, _flattened(item)


def _write(blob: Blob, items: Sequence[Mapping[str, Any]], target: Path) -> RowsInput:
    columns = list(dict.fromkeys(key for item in items for key in item))
    if items and not columns:
        raise BadSource(
            Text(f"「{blob.name}」的紀錄沒有任何欄位。", f"The records of '{blob.name}' have no columns."),
            Text("請確認來源。", "Check the source."),
            parameter=blob.name,
        )
    with RowsWriter(target, blob.name, columns) as writer:
        for number, item in enumerate(items, start=1):
            writer.add([as_text(item.get(c)) for c in columns], number)
    return writer.input


def as_text(value: Any) -> str | None:
    """A JSON value as cell text: text as it is, numbers as written, null as nothing, nested values as JSON."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _dumped(value)


def _dumped(value: Any) -> str:
    """JSON text in which numbers stand as they were written."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_dumped(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_dumped(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)
