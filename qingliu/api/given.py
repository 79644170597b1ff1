"""The parameters of one request, before they mean anything: known to their address or refused, each given once, told apart."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from qingliu.api.http import Pairs, language
from qingliu.api.values import count, shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.core.redact import redact
from qingliu.lake.query import Order

LANGUAGES = ("zh", "zh-Hant", "en")
_KEY_NAMES = {"api_key", "apikey", "api-key", "x-api-key", "access_token"}


@dataclass(frozen=True, slots=True)
class Caller:
    """What the headers say about the caller's wishes."""

    accept: str = ""
    accept_language: str = ""


class Given:
    """The parameters of one request: checked against what its address knows, each at most once."""

    def __init__(self, pairs: Pairs, allowed: Iterable[str], record: DatasetRecord | None = None) -> None:
        self._allowed = tuple(allowed)
        self._fields = {f.name: f for f in record.fields} if record else {}
        self._one: dict[str, str] = {}
        self.by_field: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in self._allowed:
                if name in self._one:
                    raise _twice(name)
                self._one[name] = value
            elif name in self._fields:
                self.by_field.setdefault(name, []).append(value)
            else:
                raise self._unknown(name)

    def _unknown(self, name: str) -> BadRequest:
        if name.lower() in _KEY_NAMES:
            return BadRequest(
                Text("金鑰不可放在網址裡。", "A key does not belong in an address."),
                Text(
                    "請改用標頭 Authorization: Bearer 或 X-API-Key。", "Send it as Authorization: Bearer or X-API-Key."
                ),
                parameter=name.lower(),
            )
        known = [*self._allowed, *self._fields]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        told = redact(shown(name))
        return BadRequest(
            Text(f"沒有參數「{told}」。", f"There is no parameter '{told}'."),
            Text(
                (f"您是否要用「{near[0]}」？" if near else "") + f"可用的參數：{'、'.join(known[:40])}。",
                (f"Did you mean '{near[0]}'? " if near else "") + f"The parameters are: {', '.join(known[:40])}.",
            ),
            parameter=told,
        )

    def text(self, name: str) -> str:
        """The value of a parameter, "" where it was not given."""
        return self._one.get(name, "")

    def has(self, name: str) -> bool:
        """Whether a parameter was given."""
        return name in self._one

    def number(self, name: str) -> int | None:
        """A whole number, None where it was not given."""
        return count(self._one[name], name) if name in self._one else None

    def flag(self, name: str) -> bool:
        """true or false; false where it was not given."""
        return self.choice(name, ("true", "false"), "false") == "true"

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        """One of ``options``."""
        value = self._one.get(name, default)
        if value not in options:
            raise BadRequest(
                Text(f"參數 {name} 不能是「{shown(value)}」。", f"{name} cannot be {shown(value)!r}."),
                Text(f"可用：{'、'.join(options)}。", f"Use one of: {', '.join(options)}."),
                parameter=name,
            )
        return value

    def language(self, caller: Caller) -> str:
        """zh or en, by ``lang`` or by the header."""
        asked = self.choice("lang", LANGUAGES, "") if self.has("lang") else ""
        return language(asked, caller.accept_language)

    def echo(self, *without: str) -> tuple[tuple[str, str], ...]:
        """Every given parameter in one order, for links."""
        ones = [(n, self._one[n]) for n in self._allowed if n in self._one and n not in without]
        return (*ones, *((n, v) for n in self._fields for v in self.by_field.get(n, ())))


def _twice(name: str) -> BadRequest:
    return BadRequest(
        Text(f"參數 {name} 出現兩次。", f"{name} is given twice."),
        Text("請只給一次。", "Give it once."),
        parameter=name,
    )


def _split(text: str, parameter: str) -> list[str]:
    """Names between commas; a name in double quotes may hold commas."""
    try:
        names = [n.strip() for n in next(csv.reader([text], skipinitialspace=True, strict=True), [])]
    except csv.Error:
        names = []
    if not names or "" in names:
        raise BadRequest(
            Text(
                f"參數 {parameter} 的「{shown(text)}」不是以逗號分隔的名稱。",
                f"{parameter}={shown(text)!r} is no list of names.",
            ),
            Text(
                "例如 sitename,aqi；含逗號的名稱加雙引號。", "Write sitename,aqi; names with a comma in double quotes."
            ),
            parameter=parameter,
        )
    return names


def names_of(text: str, record: DatasetRecord, parameter: str) -> tuple[str, ...]:
    """Columns by their names, each once. Raises UnknownField and BadRequest."""
    names = _split(text, parameter)
    known = [f.name for f in record.fields]
    for name in names:
        if name not in known:
            raise UnknownField(name, known, parameter=parameter)
        if names.count(name) > 1:
            raise _twice(f"{parameter}={shown(name)}")
    return tuple(names)


def order_of(text: str, record: DatasetRecord) -> tuple[Order, ...]:
    """``sortby``: columns between commas, a leading - for descending. Raises UnknownField and BadRequest."""
    known = [f.name for f in record.fields]
    orders = []
    for part in _split(text, "sortby"):
        name, desc = (part[1:].strip(), True) if part.startswith("-") else (part.lstrip("+ "), False)
        name = name[1:-1] if len(name) > 2 and name[0] == name[-1] == '"' else name
        if name not in known:
            raise UnknownField(name, known, parameter="sortby")
        orders.append(Order(name, desc))
    return tuple(orders)
