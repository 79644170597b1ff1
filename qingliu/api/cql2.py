"""CQL2 text to a where tree; what its terms mean stands in ``cql2_terms`` and ``cql2_times``.

Hand-written, one pass over the tokens, bounded in bytes and in depth, so that no text can cost more than milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn, TypeVar

from qingliu.api.cql2_terms import OPS, SPATIAL, Geometry, Interval, Literal, Name, Operand, Terms, merged
from qingliu.api.cql2_times import TEMPORAL, Times
from qingliu.api.crs import CRS84, Crs
from qingliu.api.values import shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import And, Not, Or, Point, Shape, Where, Within

T = TypeVar("T")
MAX_BYTES = 10_000
MAX_DEPTH = 32
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")+\")"
    r"|(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<op><>|<=|>=|[=<>(),])|(?P<word>[^\W\d][\w.]*))"
)
_MOMENTS = {"TIMESTAMP", "DATE"}
_BOXES = {"BBOX", "ENVELOPE"}
_SPATIAL = {f"S_{name}": name for name in SPATIAL}
_TEMPORAL = {f"T_{name}": name for name in TEMPORAL}
_RESERVED = {"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "TRUE", "FALSE"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # text quoted number op word end
    text: str
    at: int

    @property
    def word(self) -> str:
        """The keyword it may be, upper case; empty for anything quoted."""
        return self.text.upper() if self.kind == "word" else ""


def parse(text: str, record: DatasetRecord | None = None, parameter: str = "filter", crs: Crs = CRS84) -> Where:
    """The where tree of CQL2 ``text`` over the public columns of ``record``; BadRequest or UnknownField naming the place.

    Without a record (a view's declared condition) names and types are left for the engine to check.
    """
    bounded(text, parameter)
    return _Parser(text, record, parameter, crs).whole()


def bounded(text: str, parameter: str) -> None:
    """Refuse a filter of more than ``MAX_BYTES``, whatever language it is in."""
    size = len(text.encode())
    if size > MAX_BYTES:
        raise BadRequest(
            Text(
                f"filter 長 {size} 位元組，上限是 {MAX_BYTES}。",
                f"The filter is {size} bytes; at most {MAX_BYTES} are read.",
            ),
            Text(
                "請縮短條件，或以 IN (…) 合併同一欄位的比較。",
                "Shorten it, or join comparisons of one field with IN (…).",
            ),
            parameter=parameter,
        )


class _Parser:
    """Recursive descent whose depth is counted, never trusted."""

    def __init__(self, text: str, record: DatasetRecord | None, parameter: str, crs: Crs) -> None:
        self.parameter = parameter
        self.terms = Terms(record, parameter, self._fail, crs)
        self.times = Times(self.terms, self._fail)
        self.tokens: list[_Token] = []  # those read so far: a text refused early is never split to its end
        self._rest = self._split(text)
        self.place = 0

    def _split(self, text: str) -> Iterator[_Token]:
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if not match:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                self._fail(_Token("?", text[start : start + 20], start), "看不懂的符號", "an unknown sign")
            kind = match.lastgroup or ""
            yield _Token(kind, match.group(kind), match.start(kind))
            at = match.end()
        yield _Token("end", "", end)

    def _at(self, place: int) -> _Token:
        """The token at a place; behind the end stands the end."""
        while len(self.tokens) <= place:
            found = next(self._rest, None)
            if found is None:
                return self.tokens[-1]
            self.tokens.append(found)
        return self.tokens[place]

    def _fail(self, token: _Token, zh: str, en: str) -> NoReturn:
        seen_zh = f"「{shown(token.text)}」" if token.text else "結尾"
        seen_en = repr(shown(token.text)) if token.text else "the end"
        raise BadRequest(
            Text(
                f"filter 第 {token.at + 1} 個字元（{seen_zh}）：{zh}。",
                f"filter, character {token.at + 1} ({seen_en}): {en}.",
            ),
            Text(
                "請用 CQL2 文字，例如 aqi > 100 AND county IN ('臺北市','新北市')；文字用單引號，特殊欄名用雙引號。",
                "Write CQL2 such as aqi > 100 AND county IN ('臺北市','新北市'); text in single quotes, odd names in double.",
            ),
            parameter=self.parameter,
        )

    @property
    def token(self) -> _Token:
        return self._at(self.place)

    def _next(self) -> _Token:
        token = self._at(self.place)
        self.place += 1
        return token

    def _take(self, op: str) -> bool:
        if self.token.kind == "op" and self.token.text == op:
            self.place += 1
            return True
        return False

    def _take_word(self, word: str) -> bool:
        if self.token.word == word:
            self.place += 1
            return True
        return False

    def _take_call(self, word: str) -> bool:
        if self.token.word == word and self._calls():
            self.place += 2
            return True
        return False

    def _calls(self) -> bool:
        after = self._at(self.place + 1)
        return after.kind == "op" and after.text == "("

    def _need(self, op: str) -> None:
        if not self._take(op):
            self._fail(self.token, f"這裡應該是 {op}", f"expected {op}")

    def whole(self) -> Where:
        """The whole text as one condition."""
        if self.token.kind == "end":
            self._fail(self.token, "條件是空的", "the condition is empty")
        where = self._either(0)
        if self.token.kind != "end":
            self._fail(self.token, "條件在這裡已經結束", "the condition already ended here")
        return where

    def _either(self, depth: int) -> Where:
        items = [self._all(depth)]
        while self._take_word("OR"):
            items.append(self._all(depth))
        return items[0] if len(items) == 1 else Or(tuple(items))

    def _all(self, depth: int) -> Where:
        items = [self._one(depth)]
        while self._take_word("AND"):
            items.append(self._one(depth))
        return items[0] if len(items) == 1 else And(tuple(items))

    def _one(self, depth: int) -> Where:
        if depth >= MAX_DEPTH:
            self._fail(self.token, f"括號或 NOT 超過 {MAX_DEPTH} 層", f"nested deeper than {MAX_DEPTH} levels")
        if self._take_word("NOT"):
            return Not(self._one(depth + 1))
        if self._take("("):
            inner = self._either(depth + 1)
            self._need(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Where:
        token = self.token
        if self._calls():
            if token.word in _SPATIAL or token.word in _TEMPORAL:
                return self._relation(token)
        elif token.word in {"TRUE", "FALSE"} and not self._compares(1):
            self.place += 1
            return And(()) if token.word == "TRUE" else Or(())
        left = self._operand()
        if isinstance(left, Name):
            found = self._about(left)
            if found is not None:
                return found
        op = self._next()
        if op.kind != "op" or op.text not in OPS:
            self._fail(op, "這裡應該是 = <> < <= > >=、IN、BETWEEN、LIKE 或 IS NULL", "expected an operator")
        return self.terms.compare(left, OPS[op.text], self._operand(), op)

    def _compares(self, ahead: int) -> bool:
        return self._at(self.place + ahead).text in OPS

    def _relation(self, call: _Token) -> Where:
        self.place += 2
        left = self._argument()
        self._need(",")
        right = self._argument()
        self._need(")")
        if call.word in _SPATIAL:
            return self.terms.spatial(_SPATIAL[call.word], left, right, call)
        return self.times.relation(_TEMPORAL[call.word], left, right, call)

    def _argument(self) -> Operand:
        """What a spatial or temporal function may be about."""
        token = self.token
        if self._take_call("INTERVAL"):
            ends = (self._end(), self._comma(self._end))
            self._need(")")
            return Interval(ends, token)
        if token.word in _BOXES and self._calls():
            self.place += 1
            return self.terms.box(self._listed(self._number), token)
        if token.word in _SHAPES:
            return Geometry(self._shape(0), None, token)
        return self._operand()

    def _end(self) -> Literal | Name | None:
        operand = self._operand()
        if isinstance(operand, Literal):
            return None if operand.text in {"..", ""} and operand.kind == "text" else operand
        return operand if isinstance(operand, Name) else None

    def _comma(self, read_one: Callable[[], T]) -> T:
        self._need(",")
        return read_one()

    def _operand(self) -> Name | Literal:
        if self._take_call("CASEI"):
            inner = self._bare()
            self._need(")")
            return replace(inner, casei=True)
        return self._bare()

    def _bare(self) -> Name | Literal:
        token = self.token
        if token.kind == "quoted" or (token.kind == "word" and token.word not in _RESERVED and not self._is_literal()):
            if self._calls() and token.kind == "word":
                self._fail(token, "沒有這個函數", "there is no such function")
            return self._name()
        return self._literal()

    def _is_literal(self) -> bool:
        return self.token.word in _MOMENTS and self._calls()

    def _name(self) -> Name:
        token = self._next()
        if token.kind not in {"word", "quoted"} or token.word in _RESERVED:
            self._fail(token, "這裡應該是欄位名稱", "expected a field name")
        return self.terms.name(token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text, token)

    def _about(self, name: Name) -> Where | None:
        """A predicate that begins with a column, other than a plain comparison."""
        if self._take_word("IS"):
            negated = self._take_word("NOT")
            if not self._take_word("NULL"):
                self._fail(self.token, "這裡應該是 NULL", "expected NULL")
            where = self.terms.null(name)
            return Not(where) if negated else where
        negated = self._take_word("NOT")
        for word, read_rest in (("IN", self._in), ("BETWEEN", self._between), ("LIKE", self._like)):
            if self._take_word(word):
                where = read_rest(name)
                return Not(where) if negated else where
        if negated:
            self._fail(self.token, "NOT 之後應該是 IN、BETWEEN 或 LIKE", "expected IN, BETWEEN or LIKE after NOT")
        return None

    def _in(self, name: Name) -> Where:
        return self.terms.among(name, self._listed(self._value))

    def _between(self, name: Name) -> Where:
        low = self._value()
        if not self._take_word("AND"):
            self._fail(self.token, "BETWEEN 的兩個值之間應該是 AND", "expected AND between the two values")
        return self.terms.between(name, low, self._value())

    def _like(self, name: Name) -> Where:
        return self.terms.like(name, self._value())

    def _listed(self, read_one: Callable[[], T]) -> list[T]:
        self._need("(")
        found = [read_one()]
        while self._take(","):
            found.append(read_one())
        self._need(")")
        return found

    def _value(self) -> Literal:
        """A literal, in CASEI or not."""
        token = self.token
        operand = self._operand()
        if not isinstance(operand, Literal):
            self._fail(token, "這裡應該是一個值", "expected a value")
        return operand

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "text":
            return Literal("text", token.text[1:-1].replace("''", "'"), token)
        if token.kind == "number":
            return Literal("number", token.text, token)
        if token.word in {"TRUE", "FALSE"}:
            return Literal("boolean", token.text.lower(), token)
        if token.word in _MOMENTS and self._take("("):
            inner = self._next()
            self._need(")")
            if inner.kind == "text":
                return Literal("moment", inner.text[1:-1].replace("''", "'"), token)
        self._fail(token, "這裡應該是一個值", "expected a value")

    def _number(self) -> float:
        token = self._next()
        if token.kind != "number":
            self._fail(token, "這裡應該是數字", "expected a number")
        return float(token.text)

    def _shape(self, depth: int) -> Shape:
        token = self._next()
        if depth >= MAX_DEPTH or token.word not in _SHAPES:
            self._fail(token, "這裡應該是幾何，例如 POINT(121 25)", "expected a geometry such as POINT(121 25)")
        self._take_word("Z")
        if token.word == "GEOMETRYCOLLECTION":
            return merged(self._listed(lambda: self._shape(depth + 1)))
        return _SHAPES[token.word](self)

    def _point(self) -> Point:
        token = self.token
        first, second = self._number(), self._number()
        if self.token.kind == "number":  # a height, of which no place here knows
            self.place += 1
        return self.terms.point(first, second, token)

    def _lone_point(self) -> Point:
        """A point of MULTIPOINT, in parentheses or without."""
        wrapped = self._take("(")
        point = self._point()
        if wrapped:
            self._need(")")
        return point

    def _line(self) -> tuple[Point, ...]:
        token = self.token
        return self.terms.line(self._listed(self._point), token)

    def _ring(self) -> tuple[Point, ...]:
        token = self.token
        return self.terms.ring(self._listed(self._point), token)

    def _rings(self) -> tuple[tuple[Point, ...], ...]:
        return tuple(self._listed(self._ring))


_SHAPES: dict[str, Callable[[_Parser], Shape]] = {
    "POINT": lambda p: Shape(points=tuple(p._listed(p._point)[:1])),
    "MULTIPOINT": lambda p: Shape(points=tuple(p._listed(p._lone_point))),
    "LINESTRING": lambda p: Shape(lines=(p._line(),)),
    "MULTILINESTRING": lambda p: Shape(lines=tuple(p._listed(p._line))),
    "POLYGON": lambda p: Shape(polygons=(p._rings(),)),
    "MULTIPOLYGON": lambda p: Shape(polygons=tuple(p._listed(p._rings))),
    "GEOMETRYCOLLECTION": lambda p: Shape(),  # read by itself, since it may hold itself
}


def box(numbers: list[float], parameter: str) -> Where:
    """Within for west, south, east, north in degrees; a box over the 180th meridian becomes two."""
    west, south, east, north = numbers
    inside = all(abs(lon) <= 180 for lon in (west, east)) and all(abs(lat) <= 90 for lat in (south, north))
    if not inside or south > north:
        raise BadRequest(
            Text(
                f"{parameter} 的範圍不對：需要西、南、東、北（度），南不大於北。",
                f"{parameter} is no box of west, south, east, north.",
            ),
            Text(
                "例如 119.5,21.8,122.1,25.4（經緯度，EPSG:4326）。",
                "For example 119.5,21.8,122.1,25.4 (degrees, EPSG:4326).",
            ),
            parameter=parameter,
        )
    if west <= east:
        return Within(west, south, east, north)
    return Or((Within(west, south, 180.0, north), Within(-180.0, south, east, north)))
