"""Which raw header of a delivery carries which declared column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import re2

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text, Unpivot
from qingliu.core.errors import BadSource

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_HOUR = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Match:
    """Column positions by declared name, declared columns without header, headers without column."""

    positions: dict[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HourColumns:
    """The hour columns of a wide table: (position, header, hour at which it starts), and where the date is."""

    hours: tuple[tuple[int, str, int], ...]
    date: int


def plain(header: str) -> str:
    """A header without width, case, spaces around and invisible characters."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", header))
    return re.sub(r"\s+", " ", text).strip().casefold()


def match(record: DatasetRecord, headers: Sequence[str], *, derived: frozenset[str], name: str) -> Match:
    """Exact name first, then alias, then either one without case and width. ``derived`` columns need no header.

    Raises BadSource where two headers claim one column equally.
    """
    positions: dict[str, int] = {}
    taken: set[int] = set()
    wanted = [f for f in record.fields if f.name not in derived]
    for level in range(4):
        for field in wanted:
            if field.name in positions:
                continue
            found = [i for i, h in enumerate(headers) if i not in taken and _claims(field, h, level)]
            if len(found) > 1:
                raise _twice(field.name, [headers[i] for i in found], name)
            if found:
                positions[field.name] = found[0]
                taken.add(found[0])
    missing = tuple(f.name for f in wanted if f.name not in positions)
    unknown = tuple(h or f"#{i + 1}" for i, h in enumerate(headers) if i not in taken)
    return Match(positions, missing, unknown)


def _claims(field: FieldRecord, header: str, level: int) -> bool:
    if level == 0:
        return header == field.name
    if level == 1:
        return header in field.aliases
    names = (field.name,) if level == 2 else field.aliases
    return bool(header) and plain(header) in {plain(n) for n in names}


def _twice(column: str, headers: list[str], name: str) -> BadSource:
    shown = "、".join(headers)
    return BadSource(
        Text(
            f"「{name}」有多個標題都對應欄位「{column}」：{shown}。", f"'{name}': {shown} all claim column '{column}'."
        ),
        Text("請更正來源標題，或修改定義檔的別名。", "Correct the headers, or the aliases in the definition."),
        parameter=name,
    )


def hour_columns(unpivot: Unpivot, headers: Sequence[str], name: str) -> HourColumns:
    """The hour columns that ``unpivot`` declares. Labels with a 24 name the hour's end, labels with a 0 its start.

    Raises BadSource where there are none, no date, or the labels do not tell which of the two they mean.
    """
    pattern = re2.compile(unpivot.columns)  # written by people: linear in the header's length whatever it is
    labels = [(i, h) for i, h in enumerate(headers) if pattern.fullmatch(unicodedata.normalize("NFKC", h.strip()))]
    dates = [i for i, h in enumerate(headers) if plain(h) == plain(unpivot.date)]
    numbers = [_hour(pattern, h) for _, h in labels]
    ending, beginning = 24 in numbers, 0 in numbers
    unclear = ending == beginning or len(set(numbers)) != len(numbers) or not all(0 <= n <= 24 for n in numbers)
    if len(dates) != 1 or unclear:
        shown = "、".join(h for _, h in labels) or "-"
        raise BadSource(
            Text(
                f"「{name}」的小時欄位無法判讀（日期欄「{unpivot.date}」：{len(dates)} 個；小時欄：{shown}）。",
                f"'{name}': the hour columns cannot be told (date '{unpivot.date}': {len(dates)}; hours: {shown}).",
            ),
            Text(
                "小時欄應含 24（代表該小時結束）或 0（代表該小時開始）之一，且日期欄唯一。",
                "Hour labels must hold either 24 (the hour's end) or 0 (its start), and the date column must be one.",
            ),
            parameter=name,
        )
    shift = 1 if ending else 0
    hours = tuple((i, h, n - shift) for (i, h), n in zip(labels, numbers, strict=True))
    return HourColumns(hours, dates[0])


def _hour(pattern: Any, header: str) -> int:
    text = unicodedata.normalize("NFKC", header.strip())
    found = pattern.fullmatch(text)
    if found and pattern.groups:
        text = found.group(1) or ""
    digits = _HOUR.search(text)
    return int(digits.group()) if digits else -1
