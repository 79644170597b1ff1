"""The mark that a ``next`` link carries: where a page ended, in which version, for which question.

It is opaque but no secret: base64 of JSON, checked part by part, refused when it belongs to another question.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Cursor:
    """After the row at ``file``/``row`` of version ``number`` (arranged as ``layout``), whose sort values were ``values``."""

    number: int
    layout: str
    question: str
    file: int
    row: int
    values: tuple[Any, ...] = ()

    def encode(self) -> str:
        """The text for a link."""
        values = [v.isoformat() if isinstance(v, (date, datetime)) else v for v in self.values]
        packed = [self.number, self.layout, self.question, self.file, self.row, values]
        return base64.urlsafe_b64encode(json.dumps(packed, ensure_ascii=False).encode()).decode().rstrip("=")


def bad_cursor() -> BadRequest:
    """The error for a cursor that was altered or belongs to another question."""
    return BadRequest(
        Text("cursor 不屬於這個查詢。", "The cursor does not belong to this question."),
        Text(
            "請由回應中的 next 連結取得，勿更動其他參數。",
            "Take it from the answer's next link and change nothing else.",
        ),
        parameter="cursor",
    )


def decode(text: str, question: str) -> Cursor:
    """The cursor of a link; raises BadRequest where it is damaged or of another question."""
    if len(text) > 8192:
        raise bad_cursor()
    try:
        packed = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        number, layout, asked, file, row, values = packed
    except (ValueError, binascii.Error, TypeError, RecursionError):
        raise bad_cursor() from None
    whole = all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**62 for n in (number, file, row))
    scalars = isinstance(values, list) and all(v is None or isinstance(v, (str, int, float, bool)) for v in values)
    if not whole or not scalars or not isinstance(layout, str) or asked != question:
        raise bad_cursor()
    return Cursor(number, layout[:64], asked, file, row, tuple(values))
