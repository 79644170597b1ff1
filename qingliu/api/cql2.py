"""CQL2 text to a where tree: comparisons, AND/OR/NOT, IN, BETWEEN, LIKE, CASEI, IS NULL, S_INTERSECTS with a BBOX.

Hand-written, one pass over the tokens, bounded in bytes and in depth, so that no text can cost more than milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from qingliu.api.values import moment, read, shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, CompareOp, In, IsNull, Like, Not, Or, Scalar, Where, Within

MAX_BYTES = 10_000
MAX_DEPTH = 32
_OPS: dict[str, CompareOp] = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_FLIPPED: dict[CompareOp, CompareOp] = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")+\")"
    r"|(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<op><>|<=|>=|[=<>(),])|(?P<word>[^\W\d][\w.]*))"
)
_LITERAL_CALLS = {"TIMESTAMP", "DATE"}
_SPATIAL = {"S_INTERSECTS", "S_WITHIN"}
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


@dataclass(frozen=True, slots=True)
class _Literal:
    kind: str  # text number boolean moment
    text: str
    at: int


def parse(text: str, record: DatasetRecord | None = None, parameter: str = "filter") -> Where:
    """The where tree of CQL2 ``text`` over the public columns of ``record``; BadRequest or UnknownField naming the place.

    Without a record (a view's declared condition) names and types are left for the engine to check.
    """
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
    return _Parser(text, record, parameter).whole()


class _Parser:
    """Recursive descent whose depth is counted, never trusted."""

    def __init__(self, text: str, record: DatasetRecord | None, parameter: str) -> None:
        self.record = record
        self.parameter = parameter
        self.names = {f.name: f for f in record.fields} if record else {}
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
        if token.word in _SPATIAL and self._calls():
            return self._spatial()
        if token.word == "CASEI" and self._calls():
            self.place += 2
            field = self._name()
            self._need(")")
            return self._about(field, casei=True)
        if token.kind == "quoted" or (token.kind == "word" and token.word not in _RESERVED and not self._is_literal()):
            return self._about(self._name(), casei=False)
        literal = self._literal()
        op = self._operator()
        field = self._name()
        return Compare(field.name, _FLIPPED[op], self._value(field, literal))

    def _calls(self) -> bool:
        after = self._at(self.place + 1)
        return after.kind == "op" and after.text == "("

    def _is_literal(self) -> bool:
        return self.token.word in _LITERAL_CALLS and self._calls()

    def _name(self) -> FieldRecord:
        token = self._next()
        if token.kind not in {"word", "quoted"} or token.word in _RESERVED:
            self._fail(token, "這裡應該是欄位名稱", "expected a field name")
        name = token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.text
        if self.record is None:
            return FieldRecord(name, "string", Text("", ""))
        if name not in self.names:
            raise UnknownField(name, self.names, parameter=self.parameter)
        return self.names[name]

    def _operator(self) -> CompareOp:
        token = self._next()
        if token.kind != "op" or token.text not in _OPS:
            self._fail(token, "這裡應該是 = <> < <= > >=、IN、BETWEEN、LIKE 或 IS NULL", "expected an operator")
        return _OPS[token.text]

    def _about(self, field: FieldRecord, *, casei: bool) -> Where:
        if self._take_word("IS"):
            negated = self._take_word("NOT")
            if not self._take_word("NULL"):
                self._fail(self.token, "這裡應該是 NULL", "expected NULL")
            return Not(IsNull(field.name)) if negated else IsNull(field.name)
        negated = self._take_word("NOT")
        for word, read_rest in (("IN", self._in), ("BETWEEN", self._between), ("LIKE", self._like)):
            if self._take_word(word):
                where = read_rest(field, casei)
                return Not(where) if negated else where
        if negated:
            self._fail(self.token, "NOT 之後應該是 IN、BETWEEN 或 LIKE", "expected IN, BETWEEN or LIKE after NOT")
        op = self._operator()
        if not casei:
            return Compare(field.name, op, self._value(field, self._literal()))
        if op not in {"eq", "ne"}:
            self._fail(
                self.tokens[self.place - 1], "CASEI 只能用 =、<>、IN 或 LIKE", "CASEI goes with =, <>, IN or LIKE"
            )
        same = self._folded(field)
        return same if op == "eq" else Not(same)

    def _in(self, field: FieldRecord, casei: bool) -> Where:
        self._need("(")
        if casei:
            alike = [self._folded(field)]
            while self._take(","):
                alike.append(self._folded(field))
            self._need(")")
            return alike[0] if len(alike) == 1 else Or(tuple(alike))
        values = [self._value(field, self._literal())]
        while self._take(","):
            values.append(self._value(field, self._literal()))
        self._need(")")
        return In(field.name, tuple(values))

    def _between(self, field: FieldRecord, casei: bool) -> Where:
        if casei:
            self._fail(self.token, "CASEI 不能和 BETWEEN 合用", "CASEI does not go with BETWEEN")
        low = self._value(field, self._literal())
        if not self._take_word("AND"):
            self._fail(self.token, "BETWEEN 的兩個值之間應該是 AND", "expected AND between the two values")
        high = self._value(field, self._literal())
        return And((Compare(field.name, "ge", low), Compare(field.name, "le", high)))

    def _like(self, field: FieldRecord, casei: bool) -> Where:
        self._need_text(field)
        return Like(field.name, self._text(casei), casei)

    def _folded(self, field: FieldRecord) -> Like:
        self._need_text(field)
        escaped = re.sub(r"([\\%_])", r"\\\1", self._text(True))
        return Like(field.name, escaped, True)

    def _need_text(self, field: FieldRecord) -> None:
        if field.type != "string":
            self._fail(
                self.token,
                f"LIKE 和 CASEI 只能用在文字欄位，{field.name} 是 {field.type}",
                f"{field.name} is {field.type}, no text",
            )

    def _text(self, casei: bool) -> str:
        wrapped = casei and self.token.word == "CASEI" and self._calls()
        if wrapped:
            self.place += 2
        literal = self._literal()
        if literal.kind != "text":
            self._fail(self._at(self.place - 1), "這裡應該是單引號的文字", "expected a text in single quotes")
        if wrapped:
            self._need(")")
        return literal.text

    def _literal(self) -> _Literal:
        token = self._next()
        if token.kind == "text":
            return _Literal("text", token.text[1:-1].replace("''", "'"), token.at)
        if token.kind == "number":
            return _Literal("number", token.text, token.at)
        if token.word in {"TRUE", "FALSE"}:
            return _Literal("boolean", token.text.lower(), token.at)
        if token.word in _LITERAL_CALLS and self._take("("):
            inner = self._literal()
            self._need(")")
            if inner.kind == "text":
                return _Literal("moment", inner.text, token.at)
        self._fail(token, "這裡應該是一個值", "expected a value")

    def _value(self, field: FieldRecord, literal: _Literal) -> Scalar:
        if self.record is None:
            return _untyped(literal)
        fits = {
            "string": {"text"},
            "integer": {"number"},
            "number": {"number"},
            "boolean": {"boolean"},
            "date": {"moment", "text"},
            "datetime": {"moment", "text"},
        }[field.type]
        if literal.kind not in fits:
            wanted = {"text": "'…'", "number": "1.5", "boolean": "true", "moment": "TIMESTAMP('2024-01-01T00:00:00Z')"}
            example = wanted[next(k for k in ("moment", "number", "boolean", "text") if k in fits)]
            token = _Token("value", literal.text, literal.at)
            self._fail(
                token,
                f"欄位 {field.name} 是 {field.type}，應寫成 {example}",
                f"{field.name} is {field.type}; write {example}",
            )
        if field.type == "datetime":
            return moment(literal.text, self.record.timezone, self.parameter).at
        return read(field, literal.text, self.record.timezone, self.parameter)

    def _spatial(self) -> Where:
        call = self._next()
        self._need("(")
        if self.record is not None and self.record.place is None:
            self._fail(call, "這個資料集沒有座標欄位", "this dataset has no place")
        self._next()  # the geometry's name: there is one place a dataset, so any name means it
        self._need(",")
        if not (self._take_word("BBOX") and self._take("(")):
            self._fail(self.token, "這裡應該是 BBOX(西,南,東,北)", "expected BBOX(west,south,east,north)")
        numbers = [self._number()]
        while self._take(","):
            numbers.append(self._number())
        self._need(")")
        self._need(")")
        if len(numbers) != 4:
            self._fail(call, "BBOX 需要四個數", "BBOX takes four numbers")
        return box(numbers, self.parameter)

    def _number(self) -> float:
        literal = self._literal()
        if literal.kind != "number":
            self._fail(self._at(self.place - 1), "這裡應該是數字", "expected a number")
        return float(literal.text)


def _untyped(literal: _Literal) -> Scalar:
    if literal.kind == "number":
        return int(literal.text) if literal.text.lstrip("+-").isdigit() else float(literal.text)
    return literal.text == "true" if literal.kind == "boolean" else literal.text


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
