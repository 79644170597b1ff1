"""Identifiers of features written the short way: the same texts as ``lake.feature`` has the engine write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from qingliu.core.dataset import FieldRecord, VersionRecord
from qingliu.lake import feature, planes
from qingliu.lake.answer import Plan
from qingliu.lake.query import Rendering
from qingliu.lake.short import text
from qingliu.lake.short.keep import over


def keyed(plan: Plan) -> tuple[FieldRecord, ...]:
    """The key columns of a table's features; () where rows are called by their place. Views go the long way."""
    known = {c.name for c in plan.version.columns}
    fields = tuple(f for f in (plan.entry.record.field(k) for k in plan.entry.record.key) if f is not None)
    whole = len(fields) == len(plan.entry.record.key)
    return fields if whole and all(f.name in known for f in fields) else ()


def writable(plan: Plan, rendering: Rendering) -> bool:
    """Whether features in this rendering can be written here: tables, in degrees."""
    shape = rendering.feature
    return shape is None or (plan.entry.record.view is None and shape.srid == planes.DEGREES)


def by_key(fields: Sequence[FieldRecord], columns: Sequence[Any]) -> Any:
    """Identifiers out of key columns."""
    parts: list[Any] = []
    for field, values in zip(fields, columns, strict=True):
        parts += [feature.BETWEEN, pc.fill_null(_decoded(_value(field, values)), feature.NULL)]
    return pc.binary_join_element_wise(*parts[1:], "") if len(fields) > 1 else parts[1]


def by_place(version: VersionRecord, file: int, places: Any) -> Any:
    """Identifiers out of the rows' numbers in a file."""
    head = f"v{version.number}-{version.content_hash[:8]}-{file}-"
    return pc.binary_join_element_wise(head, pc.cast(places, pa.string()), "")


def _value(field: FieldRecord, values: Any) -> Any:
    if field.type == "string":
        return over(values, _escaped)
    if field.type == "datetime":
        return pc.replace_substring(text.moment_text(values, "T", ""), ":", "")
    if field.type == "number":
        return pc.replace_substring(text.number_text(values), "+", "~2B")
    return pc.cast(values, pa.string())


def _escaped(texts: Any) -> Any:
    if not pc.any(pc.invert(pc.match_substring_regex(texts, r"^[A-Za-z0-9_-]+$"))).as_py():
        return texts
    return pa.array([None if t is None else escaped(t) for t in texts.to_pylist()], pa.string())


def escaped(value: str) -> str:
    """One text of a key as it stands in an identifier."""
    if not value:
        return feature.EMPTY
    return quote(value, safe="").replace("~", "%7E").replace(".", "%2E").replace("%", "~")


def _decoded(values: Any) -> Any:
    return pc.take(values.dictionary, values.indices) if isinstance(values, pa.DictionaryArray) else values
