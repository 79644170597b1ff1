"""Shapes of the MOENV dialect: every value a string, missing as the original writes it, bare list or envelope."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from qingliu.api.http import plain_json, safe_header
from qingliu.api.identifiers import table_id
from qingliu.api.languages import Words
from qingliu.api.moenv.params import Asked, Shape
from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.core.errors import QingliuError
from qingliu.lake.query import Column, Rendering

MEDIA: dict[Shape, str] = {
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
    "xml": "application/xml; charset=utf-8",
}


def shown_name(record: DatasetRecord, field: FieldRecord) -> str:
    """A column's name in this dialect."""
    return field.name.lower() if record.moenv_case == "lower" else field.name


def _moment_format(field: FieldRecord) -> str:
    """How the original writes this column's times; ROC years are written as AD ones."""
    if field.type not in {"date", "datetime"}:
        return ""
    declared = next((f for f in field.formats if not f.startswith("roc:")), "")
    return declared or ("%Y-%m-%d" if field.type == "date" else "%Y-%m-%d %H:%M:%S")


def columns(
    record: DatasetRecord, fields: tuple[FieldRecord, ...], words: Words, *, upper: bool = False
) -> tuple[Column, ...]:
    """How each column is written: sentinels as their text again, glued flags glued again, times in the original's way."""
    return tuple(
        Column(
            field=f.name,
            name=shown_name(record, f).upper() if upper else shown_name(record, f),
            null_by_flag=tuple((s.flag, s.text) for s in f.sentinels if s.flag and s.value is None),
            suffix_by_flag=tuple((flag, suffix) for suffix, flag in f.suffix_flags),
            datetime_format=_moment_format(f),
            words=tuple(words.get(f.name, {}).items()),
        )
        for f in fields
    )


def rendering(record: DatasetRecord, fields: tuple[FieldRecord, ...], form: Shape, words: Words) -> Rendering:
    """How rows become bytes in a format of this dialect."""
    shown = columns(record, fields, words, upper=form == "xml")
    if form == "csv":
        return Rendering("csv", shown, strings=True, bom=True, quote_spaces=True)
    if form == "xml":
        return Rendering("xml", shown, strings=True, root="RECORDS", row="RECORD")
    return Rendering("json", shown, strings=True)


def labels(record: DatasetRecord, fields: tuple[FieldRecord, ...], lang: str) -> list[dict[str, Any]]:
    """The envelope's ``fields``, labels in the asked language with the unit behind."""
    return [
        {
            "id": shown_name(record, f),
            "type": "text",
            "info": {"label": (f.title.get(lang) or f.name) + (f"({f.unit})" if f.unit else "")},
        }
        for f in fields
    ]


def address(code: str, asked: Asked, offset: int) -> str:
    """The address of a page, without any key and without what was ignored."""
    pairs = [*asked.echo, *([("offset", str(offset))] if offset else [])]
    path = f"/api/v2/{quote(code.lower(), safe='')}"
    return f"{path}?{urlencode(pairs)}" if pairs else path


def before(record: DatasetRecord, fields: tuple[FieldRecord, ...], asked: Asked, total: int | None) -> bytes:
    """What stands before the rows; ``total`` is needed for the envelope alone."""
    if asked.format == "xml":
        return b'<?xml version="1.0" encoding="UTF-8"?>\n<RECORDS>\n'
    if asked.format == "csv":
        return b""
    if asked.profile == "bare":
        return b"["
    limit = asked.query.limit or 0
    head = {
        "fields": labels(record, fields, asked.lang),
        "resource_id": table_id(record.code),
        "__extras": {},
        "include_total": True,
        "total": str(total),
        "resource_format": "object",
        "limit": str(limit),
        "offset": str(asked.query.offset),
        "_links": {
            "start": address(record.code, asked, 0),
            "next": address(record.code, asked, asked.query.offset + limit),
        },
    }
    return plain_json(head)[:-1] + b',"records":['


def after(asked: Asked) -> bytes:
    """What stands behind the rows."""
    if asked.format == "json":
        return b"]" if asked.profile == "bare" else b"]}"
    return b"</RECORDS>\n" if asked.format == "xml" else b""


def ignored_headers(asked: Asked) -> tuple[tuple[str, str], ...]:
    """The headers that name parameters which changed nothing; names alone, never values."""
    if not asked.ignored:
        return ()
    names = ", ".join(dict.fromkeys(safe_header(n) or '""' for n in asked.ignored[:20]))
    return (("X-Ignored-Parameters", names), ("Warning", f'299 qingliu "parameters without effect: {names}"'))


def error(told: QingliuError, lang: str) -> tuple[str, bytes]:
    """An error as old clients look for it: ``message`` first."""
    zh, en = f"{told.reason.zh}{told.remedy.zh}", f"{told.reason.en} {told.remedy.en}".strip()
    body = {
        "message": en if lang == "en" else zh,
        "message_zh": zh,
        "message_en": en,
        "code": told.code,
        "status": told.status,
    }
    return "application/json; charset=utf-8", plain_json(
        body | ({"parameter": told.parameter} if told.parameter else {})
    )
