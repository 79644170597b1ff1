"""What a call says, by GET or POST, as one set of named values; each read with its type, each unread one told."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from qingliu.api.ckan.errors import Malformed
from qingliu.api.http import pairs_of, safe_header
from qingliu.api.values import count, shown
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest

MAX_BODY = 100_000  # bytes
MAX_NAMES = 200
_YES = {"true", "t", "yes", "y", "1", "on"}
_NO = {"false", "f", "no", "n", "0", "off", "none", ""}


def from_query(text: str) -> dict[str, Any]:
    """The values of a query string or a form; a name given several times has a list."""
    found: dict[str, Any] = {}
    for name, value in pairs_of(text):
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def from_body(body: bytes) -> dict[str, Any]:
    """The values of a POST: a JSON object, whatever its declared type (curl declares a form), else a form. Raises Malformed."""
    text = body.strip()
    if not text:
        return {}
    if text[:1] not in {b"{", b"[", b'"'}:
        try:
            return from_query(body.decode("ascii"))
        except UnicodeDecodeError:
            raise _no_json("") from None
    found = parsed(text.decode("utf-8", "strict") if _is_utf8(text) else "")
    if not isinstance(found, dict):
        raise _no_json("an object is needed")
    return found


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def parsed(text: str) -> Any:
    """JSON as values; raises Malformed where it is none, far too deep, or holds what no table can."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _no_json(str(error) if isinstance(error, json.JSONDecodeError) else "") from None
    _check(found)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _check(found: Any) -> None:
    """Refuse texts that are no Unicode text and numbers without a value."""
    left = [found]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise _no_json("a number is out of range")
        elif isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise _no_json("a text holds NUL or half a character")


def _no_json(why: str) -> Malformed:
    return Malformed(
        Text("請求的內容不是可用的 JSON 物件。", f"JSON Error: the body is no usable JSON object. {why}".strip()),
        Text('請送出如 {"resource_id": "…"} 的物件。', 'Send an object such as {"resource_id": "…"}.'),
        parameter="body",
    )


class Args:
    """The values of one call. Reading one notes it, so that what was never read can be told."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {k: v for k, v in values.items() if v is not None}
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether a value was given."""
        self._read.add(name)
        return name in self._values

    def raw(self, name: str) -> Any:
        """A value as it came, None where it was not given."""
        self._read.add(name)
        return self._values.get(name)

    def known(self, names: Iterable[str]) -> None:
        """Parameters that are understood although they change nothing."""
        self._read.update(names)

    def unread(self) -> tuple[str, ...]:
        """Names given and never read."""
        return tuple(n for n in self._values if n not in self._read)

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are taken as their text."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        raise wrong(name, value, "文字", "a text")

    def needed(self, name: str) -> str:
        """A text that must be given."""
        found = self.text(name)
        if not found.strip():
            raise BadRequest(
                Text(f"缺少參數 {name}。", f"Missing value: {name}."),
                Text(f"請給 {name}。", f"Give {name}."),
                parameter=name,
            )
        return found.strip()

    def whole(self, name: str, default: int) -> int:
        """A whole number from 0."""
        value = self.raw(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise wrong(name, value, "整數", "a whole number")
        return count(str(value), name)

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in _YES or word in _NO:
            return word in _YES
        raise wrong(name, value, "true 或 false", "true or false")

    def names(self, name: str) -> list[str]:
        """A list of texts: a list, a JSON list, or texts between commas."""
        value = self.raw(name)
        if isinstance(value, str):
            value = parsed(value) if value.lstrip().startswith("[") else value.split(",")
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value) or len(value) > MAX_NAMES:
            raise wrong(name, value, "名稱的清單", "a list of names")
        return [v.strip() for v in value if v.strip()]

    def structure(self, name: str) -> Any:
        """A list, an object, or a JSON text of one; any other text as it is; None where it was not given."""
        value = self.raw(name)
        if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
            try:
                return parsed(value)
            except Malformed as error:
                raise BadRequest(error.reason, error.remedy, parameter=name) from None
        return value


def wrong(name: str, value: Any, zh: str, en: str) -> BadRequest:
    """The error for a value of another kind."""
    told = shown(str(value))
    return BadRequest(
        Text(f"參數 {name} 的值「{told}」不是{zh}。", f"{name}={told!r} is not {en}."),
        Text(f"請給{zh}。", f"Give {en}."),
        parameter=name,
    )


def ignored_headers(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The headers that name parameters which changed nothing; names alone, never values."""
    if not names:
        return ()
    listed = ", ".join(dict.fromkeys(safe_header(n) or '""' for n in names[:20]))
    return (("X-Ignored-Parameters", listed), ("Warning", f'299 qingliu "parameters without effect: {listed}"'))
