"""What is wrong in a form of the desk, field by field: said beside the field and in the summary at the top of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.core.errors import QingliuError
from qingliu.standards.definition import BadDefinitionFile

_COLUMN = re.compile(r"schema\.fields\[(\d+)\]\.?([a-z_]*)(?:\.(zh|en))?")
_PARTS = {"constraints": "minimum", "sentinels": "sentinels", "formats": "formats", "aliases": "aliases", "title": "title",
          "description": "description", "name": "name", "type": "type", "unit": "unit", "enum": "type"}  # fmt: skip
_WHOLE = (
    (r"(title|description|unit)\.(zh|en)", r"\1-\2"), (r"(title|description|unit)", r"\1-zh"), (r"code", "code"),
    (r"category", "category"), (r"licence", "licence"), (r"(update_)?frequency.*", "frequency-every"),
    (r"keywords.*", "keywords"), (r"contacts\[\d+\]\.email", "steward-email"), (r"contacts.*", "steward"),
    (r"schema\.primaryKey.*|schema\.key.*|key.*", "definition"), (r"time.*", "time"), (r"place.*", "lon"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: the name of its field in the form ("" where it is about none), and how to mend it."""

    field: str
    reason: Text
    remedy: Text


def told(error: QingliuError) -> tuple[Wrong, ...]:
    """Everything that an error says is wrong, in the order of the form."""
    if isinstance(error, BadDefinitionFile):
        return tuple(Wrong(field_of(f.place), f.reason, f.remedy) for f in error.findings)
    named = error.parameter if re.fullmatch(r"[a-z0-9-]+", error.parameter or "") else ""
    return (Wrong(named, error.reason, error.remedy),)


def field_of(place: str) -> str:
    """The field of the form that a place in a definition (``schema.fields[1].title.zh (line 28)``) is written in."""
    path = place.partition(" (")[0].rpartition(":")[2]
    column = _COLUMN.match(path)
    if column:
        number, part, language = column.groups()
        name = _PARTS.get(part, "name")
        return f"c{number}-{name}" + (f"-{language or 'zh'}" if name in ("title", "description") else "")
    return next((re.sub(pattern, to, path) for pattern, to in _WHOLE if re.fullmatch(pattern, path)), "")


def findings_of(wrong: tuple[Wrong, ...], field: str) -> tuple[Wrong, ...]:
    """What is wrong in one field."""
    return tuple(w for w in wrong if w.field == field)
