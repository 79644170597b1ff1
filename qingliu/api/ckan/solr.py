"""The part of Solr's query language that CKAN's users write in ``q`` and ``fq``, as a tree.

Words and ``field:value`` side by side must all hold; AND binds tighter than OR, and OR tighter than standing side by
side (so ``organization:a OR organization:b metadata_modified:[…]`` means what its writer meant). Depth and length are
counted, never trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Union

from qingliu.api.ckan.errors import QueryError
from qingliu.api.values import shown
from qingliu.core.dataset import Text

MAX_CHARS = 10_000
MAX_PARTS = 300
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Term:
    """``field`` has ``value`` (exactly, in any case); field "" is a word of the text. ``phrase``: it stood in quotes."""

    field: str
    value: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """``field`` lies between two texts; "*" is open. ``low_in``, ``high_in``: the bound itself belongs to it."""

    field: str
    low: str
    high: str
    low_in: bool = True
    high_in: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """Every one (AND), or at least one (OR) of the parts."""

    items: tuple[Node, ...]
    either: bool = False


@dataclass(frozen=True, slots=True)
class Without:
    """Everything that the part does not match."""

    item: Node


Node = Union[Term, Span, All, Without]
EVERYTHING = All(())
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<span>[\[{]\s*(?P<low>"[^"]*"|[^\s\]}"]+)\s+TO\s+(?P<high>"[^"]*"|[^\s\]}"]+)\s*[\]}])
      |(?P<quoted>"(?:[^"\\]|\\.)*"(?:~[0-9]*)?(?:\^[0-9.]+)?)
      |(?P<op>&&|\|\||[()])
      |(?P<sign>[+\-!](?=\S))
      |(?P<field>[A-Za-z_][\w.\-]*:(?!//))
      |(?P<word>(?:[^\s"()\[\]{}:+\-!\\]|\\.)(?:[^\s"()\[\]{}\\]|\\.)*)
      |(?P<other>\S)
    )""",
    re.VERBOSE,
)


def parse(text: str, parameter: str) -> Node:
    """The tree of a query. Raises QueryError where it cannot be read."""
    if len(text) > MAX_CHARS:
        raise _bad(parameter, text, f"超過 {MAX_CHARS} 字", f"more than {MAX_CHARS} characters")
    if text.strip() in {"", "*:*", "*"}:
        return EVERYTHING
    return _Parser(text, parameter).whole()


def _bad(parameter: str, text: str, zh: str, en: str) -> QueryError:
    return QueryError(
        Text(f"{parameter} 的「{shown(text)}」無法解讀：{zh}。", f"{parameter}={shown(text)!r} cannot be read: {en}."),
        Text(
            "例如 空氣 organization:moenv res_format:CSV metadata_modified:[2024-01-01T00:00:00Z TO *]。",
            "Write air organization:moenv res_format:CSV metadata_modified:[2024-01-01T00:00:00Z TO *].",
        ),
        parameter=parameter,
    )


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str, parameter: str) -> None:
        self._text = text
        self._parameter = parameter
        self._tokens: list[tuple[str, str, tuple[str, str]]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise self._wrong("語法", "syntax")
            kind = next(k for k in ("span", "quoted", "op", "sign", "field", "word", "other") if match[k])
            if kind == "other" or len(self._tokens) >= MAX_PARTS:
                raise self._wrong("語法，或超過 300 個部分", "syntax, or more than 300 parts")
            self._tokens.append((kind, match[kind], (match["low"] or "", match["high"] or "")))
            at = match.end()
        self._at = 0
        self._depth = 0

    def _wrong(self, zh: str, en: str) -> QueryError:
        return _bad(self._parameter, self._text, zh, en)

    def _peek(self) -> tuple[str, str]:
        if self._at < len(self._tokens):
            kind, text, _ = self._tokens[self._at]
            return ("op", text) if kind == "word" and text in {"AND", "OR", "NOT"} else (kind, text)
        return "end", ""

    def whole(self) -> Node:
        found = self._side_by_side("")
        if self._peek()[0] != "end":
            raise self._wrong("多了括號", "a bracket too many")
        return found

    def _side_by_side(self, field: str) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong("巢狀太深", "nested too deep")
        items: list[Node] = []
        while self._peek()[0] != "end" and self._peek() != ("op", ")"):
            items.append(self._either(field))
        self._depth -= 1
        if not items:
            raise self._wrong("空的條件", "an empty condition")
        return items[0] if len(items) == 1 else All(tuple(items))

    def _either(self, field: str) -> Node:
        items = [self._both(field)]
        while self._peek() in {("op", "OR"), ("op", "||")}:
            self._at += 1
            items.append(self._both(field))
        return items[0] if len(items) == 1 else All(tuple(items), either=True)

    def _both(self, field: str) -> Node:
        items = [self._single(field)]
        while self._peek() in {("op", "AND"), ("op", "&&")}:
            self._at += 1
            items.append(self._single(field))
        return items[0] if len(items) == 1 else All(tuple(items))

    def _single(self, field: str) -> Node:
        without = False
        while self._peek()[0] == "sign" or self._peek() == ("op", "NOT"):
            without ^= self._peek()[1] != "+"
            self._at += 1
        found = self._value(field)
        return Without(found) if without else found

    def _value(self, field: str) -> Node:
        kind, text = self._peek()
        bounds = self._tokens[self._at][2] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        if kind == "field":
            if field:
                raise self._wrong("欄位裡又有欄位", "a field inside a field")
            if self._peek() == ("word", "*"):
                self._at += 1
                return EVERYTHING if text == "*:" else Span(text[:-1], "*", "*")
            return self._value(text[:-1])
        if kind == "op" and text == "(":
            inner = self._side_by_side(field)
            if self._peek() != ("op", ")"):
                raise self._wrong("少了括號", "a bracket is missing")
            self._at += 1
            return inner
        if kind == "quoted":
            return Term(field, re.sub(r"\\(.)", r"\1", text[1 : text.rindex('"')]), phrase=True)
        if kind == "word":
            if text == "*:*":
                return EVERYTHING
            plain = re.sub(r"(?<!\\)[~^][0-9.]*$", "", text)
            return Term(field, re.sub(r"\\(.)", r"\1", plain))
        if kind == "span" and field:
            low, high = (b.strip('"') for b in bounds)
            return Span(field, low, high, text[0] == "[", text[-1] == "]")
        raise self._wrong("缺少值", "a value is missing")
