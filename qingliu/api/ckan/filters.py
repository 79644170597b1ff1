"""Conditions of ``datastore_search``: CKAN 2.12's ``filters``, ``q`` by word and by column, ``sort``; to the lake's values.

``_id`` is the row's number in stored order. Every name is looked up among the public columns, every value is typed.
"""

from __future__ import annotations

import re
from typing import Any

from qingliu.api.ckan.args import wrong
from qingliu.api.values import moment, read, shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, CompareOp, In, IsNull, Like, Not, Or, Order, Scalar, Where

ID = "_id"
ROW = FieldRecord("_row", "integer", Text("列號", "Row number"))
MAX_DEPTH = 10
MAX_CONDITIONS = 100
MAX_VALUES = 5_000
MAX_WORDS = 12
_OPS: dict[str, CompareOp] = {"eq": "eq", "ne": "ne", "gt": "gt", "gte": "ge", "lt": "lt", "lte": "le"}
_SORT = re.compile(
    r'\s*(?:"((?:[^"]|"")+)"|([^",]+?))(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*(?:,|$)', re.I | re.A
)
_TSQUERY = re.compile(r"\s*(?:([&|!()])|'((?:[^']|'')*)'(?::\*)?|([^\s&|!()']+))")


def find(record: DatasetRecord, name: str, parameter: str) -> FieldRecord:
    """The column called ``name``; ``_id`` is the row number. Raises UnknownField."""
    if name == ID:
        return ROW
    field = record.field(name)
    if field is None:
        raise UnknownField(name, [ID, *(f.name for f in record.fields)], parameter=parameter)
    return field


def where(record: DatasetRecord, filters: Any) -> Where | None:
    """The condition of ``filters``: an object (all of it) or a list of objects (one of them). None where it says nothing."""
    if filters in (None, "", {}, []):
        return None
    reader = _Reader(record)
    if isinstance(filters, dict):
        return reader.all_of(filters, 0)
    if isinstance(filters, list):
        return reader.members(filters, "or", 0)
    raise wrong("filters", filters, "JSON 物件", "a JSON object")


class _Reader:
    """Reads one ``filters`` value; depth and number of conditions are counted, never trusted."""

    def __init__(self, record: DatasetRecord) -> None:
        self._record = record
        self._left = MAX_CONDITIONS

    def _one(self, made: Where) -> Where:
        self._left -= 1
        if self._left < 0:
            raise _too_much(f"條件超過 {MAX_CONDITIONS} 個", f"more than {MAX_CONDITIONS} conditions")
        return made

    def all_of(self, node: dict[str, Any], depth: int) -> Where:
        if depth > MAX_DEPTH:
            raise _too_much(f"巢狀超過 {MAX_DEPTH} 層", f"nested deeper than {MAX_DEPTH}")
        items: list[Where] = []
        for key, value in node.items():
            if key.startswith("$") and not key.startswith("$$"):
                if key not in {"$and", "$or"} or not isinstance(value, list):
                    raise _malformed(key, '{"$or": [{"county": "臺北市"}, {"aqi": {"gt": 100}}]}')
                items.append(self.members(value, key[1:], depth + 1))
            else:
                items.append(self._field(key[1:] if key.startswith("$$") else key, value, depth + 1))
        return items[0] if len(items) == 1 else And(tuple(items))

    def members(self, values: list[Any], joined: str, depth: int) -> Where:
        if not values or not all(isinstance(v, dict) and v for v in values):
            raise _malformed(f"${joined}", '{"$or": [{"county": "臺北市"}, {"aqi": {"gt": 100}}]}')
        items = tuple(self._one(self.all_of(v, depth + 1)) for v in values)
        if len(items) == 1:
            return items[0]
        return Or(items) if joined == "or" else And(items)

    def _field(self, name: str, value: Any, depth: int) -> Where:
        if depth > MAX_DEPTH:
            raise _too_much(f"巢狀超過 {MAX_DEPTH} 層", f"nested deeper than {MAX_DEPTH}")
        field = find(self._record, name, "filters")
        if isinstance(value, dict):
            if not value:
                raise _malformed(name, f'{{"{name}": {{"gte": 1, "lt": 5}}}}')
            items = tuple(self._compare(field, op, v) for op, v in value.items())
            return items[0] if len(items) == 1 else And(items)
        if isinstance(value, list):
            ranges = [self._field(name, v, depth + 1) for v in value if isinstance(v, dict)]
            plain = [v for v in value if not isinstance(v, dict)]
            among = [self._among(field, plain)] if plain or not ranges else []
            return (ranges + among)[0] if len(ranges + among) == 1 else Or((*ranges, *among))
        return self._compare(field, "eq", value)

    def _compare(self, field: FieldRecord, op: str, value: Any) -> Where:
        if op == "in" and isinstance(value, list):
            return self._among(field, value)
        if op not in _OPS:
            raise _malformed(op, '{"aqi": {"gte": 50, "lt": 100}}；eq ne gt gte lt lte in')
        if isinstance(value, (dict, list)):
            raise _malformed(field.name, '{"aqi": {"gte": 50, "lt": 100}}')
        if value is None:
            if op not in {"eq", "ne"}:
                raise _malformed(f"{op}: null", '{"aqi": null}')
            return self._one(IsNull(field.name) if op == "eq" else Not(IsNull(field.name)))
        return self._one(Compare(field.name, _OPS[op], _typed(field, value, self._record)))

    def _among(self, field: FieldRecord, values: list[Any]) -> Where:
        if len(values) > MAX_VALUES:
            raise _too_much(f"清單超過 {MAX_VALUES} 個值", f"a list of more than {MAX_VALUES} values")
        if any(isinstance(v, (dict, list)) for v in values):
            raise _malformed(field.name, '{"county": ["臺北市", "新北市"]}')
        among = self._one(In(field.name, tuple(_typed(field, v, self._record) for v in values if v is not None)))
        return Or((among, IsNull(field.name))) if None in values else among


def _typed(field: FieldRecord, value: Any, record: DatasetRecord) -> Scalar:
    if isinstance(value, bool) or value is None:
        text = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = str(int(value))
    else:
        text = str(value)
    if field.type == "string":
        return text
    if field.type == "datetime":
        return moment(text.strip(), record.timezone, "filters").at
    return read(field, text.strip(), record.timezone, "filters")


def words(record: DatasetRecord, q: Any, *, plain: bool) -> Where | None:
    """The condition of ``q``: every word in some text column, or (an object) in the column named.

    ``plain`` false reads ``&``, ``|``, ``!``, brackets and ``word:*`` as PostgreSQL's to_tsquery does.
    """
    if q in (None, "", {}):
        return None
    if isinstance(q, dict):
        items = [_text_of(record, (find(record, n, "q"),), t, plain) for n, t in q.items()]
        found = [i for i in items if i is not None]
        return None if not found else found[0] if len(found) == 1 else And(tuple(found))
    columns = tuple(f for f in record.fields if f.type == "string")
    return _text_of(record, columns, q, plain)


def _text_of(record: DatasetRecord, columns: tuple[FieldRecord, ...], text: Any, plain: bool) -> Where | None:
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise wrong("q", text, "文字", "a text")
    if len(text) > 1_000:
        raise _too_much("文字超過 1000 字", "a text of more than 1,000 characters", "q")
    if not plain:
        return _Tsquery(text, columns).whole()
    asked = text.split()
    if len(asked) > MAX_WORDS:
        raise _too_much(f"超過 {MAX_WORDS} 個詞", f"more than {MAX_WORDS} words", "q")
    found = [_word(columns, w) for w in asked]
    return None if not found else found[0] if len(found) == 1 else And(tuple(found))


def _word(columns: tuple[FieldRecord, ...], word: str) -> Where:
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
    items = tuple(Like(c.name, pattern, casei=True) for c in columns)
    return items[0] if len(items) == 1 else Or(items)


class _Tsquery:
    """``a & (b | !c:*)``: each word must be found; depth is counted."""

    def __init__(self, text: str, columns: tuple[FieldRecord, ...]) -> None:
        self._text = text
        self._columns = columns
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TSQUERY.match(text, at)
            if match is None:
                raise self._bad()
            sign, quoted, word = match.groups()
            said = (quoted or "").replace("''", "'") or re.sub(r":(\*|[A-Da-d]+)$", "", word or "")
            self._tokens.append((sign or "", said))
            at = match.end()
        self._at = 0

    def _bad(self) -> BadRequest:
        return BadRequest(
            Text(f"q 的「{shown(self._text)}」無法解讀。", f"q={shown(self._text)!r} cannot be read as a tsquery."),
            Text("例如 空氣 & (臺北 | 新北)；不用運算子請拿掉 plain。", "Write a & (b | c), or leave plain out."),
            parameter="q",
        )

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else (")", "end")

    def whole(self) -> Where | None:
        if not self._tokens:
            return None
        if len(self._tokens) > 3 * MAX_WORDS:
            raise _too_much(f"超過 {MAX_WORDS} 個詞", f"more than {MAX_WORDS} words", "q")
        found = self._either(0)
        if self._at != len(self._tokens):
            raise self._bad()
        return found

    def _either(self, depth: int) -> Where:
        items = [self._both(depth)]
        while self._next() == ("|", ""):
            self._at += 1
            items.append(self._both(depth))
        return items[0] if len(items) == 1 else Or(tuple(items))

    def _both(self, depth: int) -> Where:
        items = [self._single(depth)]
        while self._next() == ("&", ""):
            self._at += 1
            items.append(self._single(depth))
        return items[0] if len(items) == 1 else And(tuple(items))

    def _single(self, depth: int) -> Where:
        sign, word = self._next()
        self._at += 1
        if depth > MAX_DEPTH:
            raise _too_much(f"巢狀超過 {MAX_DEPTH} 層", f"nested deeper than {MAX_DEPTH}", "q")
        if sign == "!":
            return Not(self._single(depth + 1))
        if sign == "(":
            inner = self._either(depth + 1)
            if self._next() != (")", ""):
                raise self._bad()
            self._at += 1
            return inner
        if sign or not word:
            raise self._bad()
        return _word(self._columns, word)


def order(record: DatasetRecord, sort: Any) -> tuple[Order, ...]:
    """``sort``: ``name desc, "other name"`` or a list of such; () is stored order, which ``_id`` is."""
    parts = sort if isinstance(sort, list) else [sort] if sort else []
    orders: list[Order] = []
    for part in parts:
        if not isinstance(part, str) or len(part) > 4_000:
            raise _unsorted(part)
        at = 0
        while at < len(part):
            match = _SORT.match(part, at)
            if match is None or match.end() == at:
                raise _unsorted(part)
            quoted, bare, direction, nulls = match.groups()
            if (nulls or "").lower() == "first":
                raise BadRequest(
                    Text("空值一律排在最後。", "Missing values always stand last here."),
                    Text("請拿掉 nulls first。", "Leave 'nulls first' out."),
                    parameter="sort",
                )
            name = quoted.replace('""', '"') if quoted else bare.strip()
            orders.append(Order(find(record, name, "sort").name, (direction or "").lower() == "desc"))
            at = match.end()
    for i, one in enumerate(orders):
        if one.field == ROW.name:  # nothing can tie behind a row's own number
            orders = orders[: i + 1] if one.desc else orders[:i]
            break
    return tuple(dict.fromkeys(orders))


def _unsorted(part: Any) -> BadRequest:
    return BadRequest(
        Text(f"sort 的「{shown(str(part))}」無法解讀。", f"sort={shown(str(part))!r} cannot be read."),
        Text("請寫成 欄位 desc，多個以逗號分隔。", "Write column desc, several by commas."),
        parameter="sort",
    )


def _malformed(at: str, example: str) -> BadRequest:
    return BadRequest(
        Text(f"filters 的「{shown(at)}」無法解讀。", f"{shown(at)!r} in filters cannot be read."),
        Text(f"例如 {example}。", f"For example {example}."),
        parameter="filters",
    )


def _too_much(zh: str, en: str, parameter: str = "filters") -> BadRequest:
    return BadRequest(
        Text(f"{parameter}：{zh}。", f"{parameter}: {en}."),
        Text("請縮小條件。", "Ask for less at once."),
        parameter=parameter,
    )
