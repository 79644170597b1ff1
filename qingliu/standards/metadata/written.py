"""Metadata of data.gov.tw as JSON, XML and a line of the catalogue export, and an edition's fields and words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from qingliu.standards.datapackage import guarded
from qingliu.standards.metadata.datagovtw import Metadata, Value
from qingliu.standards.metadata.fields import MetadataField, edition, words

_BAD_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# (edition, field) → the table of words.yaml, ours → theirs, that its values are taken from
_WORDS = {
    ("104", "categoryCode"): "categories",
    ("104", "accrualPeriodicity"): "every_one",
    ("2023", "categoryService"): "categories",
    ("2023", "license"): "licences",
    ("2023", "updateFrequency"): "units",
}


def xml(metadata: Metadata) -> str:
    """An element for each field in the edition's order, one ``distribution`` for each resource; no DTD, no entity."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n', f'<dataset edition="{metadata.edition}">\n']
    parts += _elements(metadata.dataset, "  ")
    for one in metadata.distributions:
        parts += ["  <distribution>\n", *_elements(one, "    "), "  </distribution>\n"]
    return "".join([*parts, "</dataset>\n"])


def _elements(pairs: Iterable[tuple[str, Value]], indent: str) -> Iterator[str]:
    for name, value in pairs:
        if value is None:
            continue
        if not isinstance(value, tuple):
            yield f"{indent}<{name}>{_text(value)}</{name}>\n"
        elif _is_pairs(value):
            yield f"{indent}<{name}>\n{''.join(_elements(value, indent + '  '))}{indent}</{name}>\n"
        else:
            for one in value:
                yield from _elements(((name, one),), indent)


def _is_pairs(value: tuple[Any, ...]) -> bool:
    return bool(value) and all(isinstance(v, tuple) and len(v) == 2 and isinstance(v[0], str) for v in value)


def _text(value: str | int) -> str:
    return escape(_BAD_IN_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})


def export_csv(rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The catalogue export: a header and a line for each dataset; a cell that a spreadsheet would run is guarded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    first = True
    for row in rows:
        if first:
            writer.writerow(row.keys())
            first = False
        writer.writerow([guarded(cell) for cell in row.values()])
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def described(code: str) -> dict[str, Any]:
    """An edition with its fields, how binding they are, and the words that each may hold."""
    known = edition(code)
    return {
        "edition": known.code,
        "source": {"zh": known.source.zh, "en": known.source.en},
        "reconstruction": known.reconstruction,
        "fields": [_field(f, code) for f in known.fields],
    }


def _field(field: MetadataField, code: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": field.name,
        "title": {"zh": field.title.zh, "en": field.title.en},
        "level": field.level,
        "obligation": field.obligation,
        "kind": field.kind,
        "max": field.max or None,
        "pattern": field.pattern or None,
        "values": list(field.values) or None,
        "repeat": field.repeat or None,
        "made_by_the_platform": field.system or None,
        "ours_to_theirs": words().get(_WORDS.get((code, field.name), "")),
    }
    return {k: v for k, v in told.items() if v is not None}
