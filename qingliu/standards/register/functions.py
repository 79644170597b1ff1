"""The checks that standards name instead of a pattern (validateDate and the like), as functions over one text.

The engine runs the same rules over whole columns (``lake.conform``); a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import re2

_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # in the order of their numbers, 10 to 35
_UNIFORM = (1, 2, 1, 2, 1, 2, 4, 1)


def _moment(text: str, shape: str, fmt: str) -> bool:
    if not re2.fullmatch(shape, text):
        return False
    try:
        datetime.strptime(text, fmt)  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False
    return True


def _date(text: str) -> bool:
    """YYYYMMDD, a day that exists."""
    return _moment(text, "[0-9]{8}", "%Y%m%d")


def _date_time(text: str) -> bool:
    """YYYY-MM-DD hh:mm:ss."""
    return _moment(text, "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", "%Y-%m-%d %H:%M:%S")


def _checked_id(text: str) -> bool:
    letter = _LETTERS.index(text[0]) + 10
    total = letter // 10 + letter % 10 * 9 + sum(int(d) * w for d, w in zip(text[1:9], range(8, 0, -1), strict=True))
    return (total + int(text[9])) % 10 == 0


def _id(text: str) -> bool:
    return bool(re2.fullmatch("[A-Z][12][0-9]{8}", text)) and _checked_id(text)


def _ui_no(text: str) -> bool:
    return bool(re2.fullmatch("[A-Z][89][0-9]{8}", text)) and _checked_id(text)


def _uniform_no(text: str) -> bool:
    """Eight digits whose weighted digit sum is a multiple of five; a seventh digit of 7 may count one less."""
    if not re2.fullmatch("[0-9]{8}", text):
        return False
    total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(text, _UNIFORM, strict=True))
    return total % 5 == 0 or (text[6] == "7" and (total + 1) % 5 == 0)


def _cas(text: str) -> bool:
    if not re2.fullmatch("[1-9][0-9]{1,6}-[0-9]{2}-[0-9]", text):
        return False
    digits = text.replace("-", "")
    return sum(int(d) * w for w, d in enumerate(reversed(digits[:-1]), 1)) % 10 == int(digits[-1])


CHECKS: dict[str, Callable[[str], bool]] = {
    "validateDate": _date,
    "validateDateTime": _date_time,
    "validateId": _id,
    "validateUINo": _ui_no,
    "validateUniformNo": _uniform_no,
    "validateCAS": _cas,
}
