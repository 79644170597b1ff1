"""Holds metadata against their edition: what is missing, too long, or not written as the standard wants it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import re2

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.standards.metadata.datagovtw import Metadata, Value
from qingliu.standards.metadata.fields import MetadataField, edition

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s]+")


def findings(metadata: Metadata) -> tuple[Finding, ...]:
    """What a submission would be sent back for (warning), and what is only recommended (info)."""
    fields = edition(metadata.edition).fields
    found = list(_of(fields, "", dict(metadata.dataset), own=True))
    for at, one in enumerate(metadata.distributions, start=1):
        found += _of(fields, f"distribution[{at}].", dict(one), own=False)
    return tuple(f for f in found if not (metadata.partial and f.rule == "metadata.missing"))


def _of(fields: tuple[MetadataField, ...], prefix: str, values: dict[str, Value], *, own: bool) -> Iterator[Finding]:
    for field in fields:
        if (field.level != "distribution") is not own or field.system:
            continue
        if values.get(field.name) is not None or values.get(field.instead) is None:
            yield from _judged(field, prefix + field.name, values.get(field.name))


def _judged(field: MetadataField, place: str, value: Value) -> Iterator[Finding]:
    name = field.title
    if value is None:
        if field.obligation != "O":
            binding = Text("必須", "mandatory") if field.obligation == "M" else Text("建議", "recommended")
            reason = Text(f"{name.zh}（{binding.zh}）沒有值。", f"{name.en} ({binding.en}) has no value.")
            remedy = Text(f"補上{name.zh}。", f"Fill in the {name.en}.")
            severe = "warning" if field.obligation == "M" else "info"
            yield Finding("metadata.missing", place, reason, remedy, severe)  # type: ignore[arg-type]
        return
    if field.repeat and isinstance(value, tuple):
        for one in value:
            yield from _written(field, place, one)
    else:
        yield from _written(field, place, value)


def _written(field: MetadataField, place: str, value: Any) -> Iterator[Finding]:
    name, text = field.title, str(value)
    if field.max and len(text) > field.max:
        yield Finding(
            "metadata.too_long",
            place,
            Text(
                f"{name.zh}有 {len(text)} 字，超過 {field.max} 字。",
                f"{name.en}: {len(text)} characters, more than {field.max}.",
            ),
            Text("縮短到限制以內。", "Shorten it to the limit."),
        )
    wrong = bool(field.values) and text not in field.values
    wrong = wrong or (bool(field.pattern) and not re2.fullmatch(field.pattern, text))
    wrong = wrong or (text != "" and field.kind in _WRITTEN and not _WRITTEN[field.kind](text))
    if wrong:
        yield Finding(
            "metadata.malformed",
            place,
            Text(
                f"{name.zh}「{text[:60]}」不合規定寫法。",
                f"{name.en} '{text[:60]}' is not written as the standard wants.",
            ),
            Text(f"改寫為 {_wanted(field)}。", f"Write {_wanted(field)}."),
        )


def _wanted(field: MetadataField) -> str:
    return (
        "、".join(field.values)
        or field.pattern
        or {"date": "YYYY-MM-DD", "email": "name@host", "url": "https://…"}.get(field.kind, field.kind)
    )


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


_WRITTEN: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "email": lambda t: _MAIL.fullmatch(t) is not None,
    "url": lambda t: _URL.fullmatch(t) is not None,
    "integer": lambda t: t.isdecimal(),
}
