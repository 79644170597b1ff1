"""Places under two spellings in one column: 台中市 beside 臺中市 would be counted as two."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.located import Located
from qingliu.pipeline.looks import Spelled
from qingliu.standards import areas


def spelled(record: DatasetRecord, rows: Located) -> Iterator[Spelled]:
    """Columns of text in which the same characters of place names are written in the official way and in another."""
    for field in record.fields:
        if field.type != "string" or field.spellings:
            continue
        found = {v: c for v, c in rows.containing(field.name, tuple(_variants())) if c[0]}
        pairs = tuple((v, _variants()[v]) for v in found)
        official = dict.fromkeys(b for v, name in pairs for a, b in zip(v, name, strict=True) if a != b)
        if any(n for _, (n, _line) in rows.containing(field.name, tuple(official))):
            yield Spelled(field.name, pairs, sum(n for n, _ in found.values()), min(line for _, line in found.values()))


@cache
def _variants() -> dict[str, str]:
    """Every variant of an official name of a county or township -> that name."""
    names = {a.township or a.county for a in (*areas.counties(), *areas.townships())}
    return {v: n for n in sorted(names) for v in [areas.variant_name(n)] if v != n}
