"""A view's columns say themselves what they are called; what their signs mean they have from the dataset behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qingliu.core.dataset import DatasetRecord, FieldRecord

_DEPTH = 8  # views of views; definitions forbid circles, this bounds one that slipped through


def with_meanings(record: DatasetRecord, find: Callable[[str], DatasetRecord], depth: int = _DEPTH) -> DatasetRecord:
    """``record`` with sentinels, glued flags, formats and units of its bases wherever its own columns declare none."""
    view = record.view
    if view is None or depth == 0:
        return record
    before = {new: old for old, new in view.rename}
    fields = record.fields
    for code in view.of:
        base = with_meanings(find(code), find, depth - 1)
        fields = tuple(_filled(f, base.field(before.get(f.name, f.name))) for f in fields)
    return replace(record, fields=fields)


def _filled(field: FieldRecord, base: FieldRecord | None) -> FieldRecord:
    if base is None:
        return field
    return replace(
        field,
        sentinels=field.sentinels or base.sentinels,
        suffix_flags=field.suffix_flags or base.suffix_flags,
        formats=field.formats or base.formats,
        unit=field.unit or base.unit,
    )
