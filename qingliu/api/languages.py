"""Answers in a language: titles instead of names where they are asked for, cells in other words where a table has them.

Machine names never change by themselves, and no header of a request changes what a cell says: only ``lang`` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from qingliu.core.dataset import FieldRecord
from qingliu.lake.published import Entry
from qingliu.lake.query import Column

TOPIC = "bilingual"
MOST = 1000  # words of one column: code lists, not free text
Words = dict[str, dict[str, str]]
_DEPTH = 8  # views of views, as in api.inherit


def words_of(entry: Entry, find: Callable[[str], Entry], depth: int = _DEPTH) -> Words:
    """The English words of an entry's cells by column; a view has its bases' words under its own names, then its own."""
    found: Words = {}
    view = entry.record.view
    if view is not None and depth:
        renamed = dict(view.rename)
        for code in view.of:
            for column, words in words_of(find(code), find, depth - 1).items():
                found.setdefault(renamed.get(column, column), {}).update(words)
    for column, words in _told(entry.notes.get(TOPIC, {})).items():
        found[column] = found.get(column, {}) | words
    text = {f.name for f in entry.record.fields if f.type == "string"}
    return {c: w for c, w in found.items() if c in text and 0 < len(w) <= MOST}


def _told(note: Mapping[str, Any]) -> Words:
    """The table of a published note; whatever does not look like one is no table."""
    contents = note.get("contents")
    if not isinstance(contents, dict):
        return {}
    return {
        str(column): {zh: en for zh, en in words.items() if isinstance(zh, str) and isinstance(en, str) and en}
        for column, words in contents.items()
        if isinstance(words, dict)
    }


def titles(fields: tuple[FieldRecord, ...], lang: str) -> tuple[str, ...]:
    """What each column is called in a language, units behind; one that another has too gets its name behind."""
    plain = [(f.title.get(lang) or f.name) + (f" ({f.unit})" if f.unit else "") for f in fields]
    return tuple(t if plain.count(t) == 1 else f"{t} [{f.name}]" for t, f in zip(plain, fields, strict=True))


def columns(fields: tuple[FieldRecord, ...], words: Words, *, names: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """How each column is written: under ``names`` (its own where there are none), its cells in ``words``."""
    shown = names or tuple(f.name for f in fields)
    return tuple(
        Column(f.name, name, words=tuple(words.get(f.name, {}).items())) for f, name in zip(fields, shown, strict=True)
    )


def mark(words: Words) -> str:
    """What an ETag says of a table of words; "" where there is none."""
    return hashlib.blake2b(repr(sorted(words.items())).encode(), digest_size=8).hexdigest() if words else ""
