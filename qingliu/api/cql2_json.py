"""CQL2 JSON to a where tree: the same terms as the text (``cql2_terms``), read from ``{"op": …, "args": […]}``."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from qingliu.api.cql2 import MAX_DEPTH, bounded
from qingliu.api.cql2_terms import OPS, SPATIAL, Geometry, Interval, Literal, Name, Operand, Terms, merged
from qingliu.api.cql2_times import TEMPORAL, Times
from qingliu.api.crs import CRS84, Crs
from qingliu.api.values import shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import And, Not, Or, Point, Shape, Where

_SPATIAL = {f"s_{name.lower()}": name for name in SPATIAL}
_TEMPORAL = {f"t_{name.lower()}": name for name in TEMPORAL}


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it was written."""

    text: str


def parse(text: str, record: DatasetRecord | None = None, parameter: str = "filter", crs: Crs = CRS84) -> Where:
    """The where tree of CQL2 JSON ``text``; BadRequest or UnknownField naming the place, as ``cql2.parse`` does."""
    bounded(text, parameter)
    reader = _Reader(record, parameter, crs)
    try:
        value = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        reader.fail("$", "不是 JSON，或巢狀過深", "this is no JSON, or nested too deep")
    return reader.where(value, "$", 0)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


class _Reader:
    """Walks parsed JSON; places are told as paths such as ``$.args[1]``."""

    def __init__(self, record: DatasetRecord | None, parameter: str, crs: Crs) -> None:
        self.parameter = parameter
        self.terms = Terms(record, parameter, self.fail, crs)
        self.times = Times(self.terms, self.fail)

    def fail(self, at: Any, zh: str, en: str) -> NoReturn:
        """BadRequest at a place."""
        place = shown(str(at))
        raise BadRequest(
            Text(f"filter 的 {place}：{zh}。", f"filter, at {place}: {en}."),
            Text(
                '請用 CQL2 JSON，例如 {"op":">","args":[{"property":"aqi"},100]}。',
                'Write CQL2 JSON such as {"op":">","args":[{"property":"aqi"},100]}.',
            ),
            parameter=self.parameter,
        )

    def where(self, value: Any, at: str, depth: int) -> Where:
        """A condition."""
        if depth >= MAX_DEPTH:
            self.fail(at, f"巢狀超過 {MAX_DEPTH} 層", f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, bool):
            return And(()) if value else Or(())
        if not isinstance(value, dict) or not isinstance(value.get("op"), str) or set(value) != {"op", "args"}:
            self.fail(at, "這裡應該是 op 和 args", "expected op and args")
        op, args, inside = value["op"], value["args"], f"{at}.args"
        if not isinstance(args, list) or not args:
            self.fail(inside, "args 應該是非空的陣列", "args must be a list that is not empty")
        if op in {"and", "or"}:
            items = tuple(self.where(a, f"{inside}[{i}]", depth + 1) for i, a in enumerate(args))
            if len(items) < 2:
                self.fail(inside, f"{op} 至少需要兩個條件", f"{op} takes two conditions or more")
            return And(items) if op == "and" else Or(items)
        if op == "not":
            return Not(self.where(self._counted(args, 1, inside)[0], f"{inside}[0]", depth + 1))
        return self._predicate(op, args, at, inside)

    def _predicate(self, op: str, args: list[Any], at: str, inside: str) -> Where:
        if op == "isNull":
            return self.terms.null(self._name(self._counted(args, 1, inside)[0], f"{inside}[0]"))
        if op == "between":
            name, low, high = self._counted(args, 3, inside)
            return self.terms.between(
                self._name(name, f"{inside}[0]"),
                self._literal(low, f"{inside}[1]"),
                self._literal(high, f"{inside}[2]"),
            )
        first, second = self._counted(args, 2, inside)
        if op == "in":
            if not isinstance(second, list) or not second:
                self.fail(f"{inside}[1]", "這裡應該是非空的陣列", "expected a list that is not empty")
            values = [self._literal(v, f"{inside}[1][{i}]") for i, v in enumerate(second)]
            return self.terms.among(self._name(first, f"{inside}[0]"), values)
        if op == "like":
            return self.terms.like(self._name(first, f"{inside}[0]"), self._literal(second, f"{inside}[1]"))
        left, right = self._operand(first, f"{inside}[0]"), self._operand(second, f"{inside}[1]")
        if op in OPS:
            return self.terms.compare(left, OPS[op], right, at)
        if op in _SPATIAL:
            return self.terms.spatial(_SPATIAL[op], left, right, at)
        if op in _TEMPORAL:
            return self.times.relation(_TEMPORAL[op], left, right, at)
        self.fail(f"{at}.op", f"沒有運算「{shown(op)}」", f"there is no operator {shown(op)!r}")

    def _counted(self, args: list[Any], wanted: int, at: str) -> list[Any]:
        if len(args) != wanted:
            self.fail(at, f"這裡需要 {wanted} 項", f"expected {wanted} arguments")
        return args

    def _name(self, value: Any, at: str) -> Name:
        operand = self._operand(value, at)
        if not isinstance(operand, Name):
            self.fail(at, '這裡應該是 {"property":"欄位"}', 'expected {"property":"field"}')
        return operand

    def _literal(self, value: Any, at: str) -> Literal:
        operand = self._operand(value, at)
        if not isinstance(operand, Literal):
            self.fail(at, "這裡應該是一個值", "expected a value")
        return operand

    def _operand(self, value: Any, at: str) -> Operand:
        if isinstance(value, dict) and value.get("op") == "casei":
            inside = value.get("args")
            if set(value) != {"op", "args"} or not isinstance(inside, list) or len(inside) != 1:
                self.fail(at, "casei 需要一項", "casei takes one argument")
            inner = self._bare(inside[0], f"{at}.args[0]")
            if not isinstance(inner, (Name, Literal)):
                self.fail(at, "casei 裡是欄位或文字", "casei takes a field or a text")
            return replace(inner, casei=True)
        return self._bare(value, at)

    def _bare(self, value: Any, at: str) -> Operand:
        if isinstance(value, str):
            return Literal("text", value, at)
        if isinstance(value, bool):
            return Literal("boolean", "true" if value else "false", at)
        if isinstance(value, _Number):
            return Literal("number", value.text, at)
        if isinstance(value, dict):
            if isinstance(value.get("type"), str):
                return Geometry(self._shape(value, at, 0), None, at)
            if len(value) == 1:
                return self._only(*next(iter(value.items())), at)
        self.fail(at, "看不懂這一項", "this is nothing known")

    def _only(self, key: str, value: Any, at: str) -> Operand:
        """An object of one key."""
        if key == "property" and isinstance(value, str):
            return self.terms.name(value, at)
        if key in {"date", "timestamp"} and isinstance(value, str):
            return Literal("moment", value, at)
        if key == "interval" and isinstance(value, list) and len(value) == 2:
            return Interval((self._end(value[0], f"{at}.interval[0]"), self._end(value[1], f"{at}.interval[1]")), at)
        if key == "bbox" and isinstance(value, list):
            return self.terms.box([self._number(v, at) for v in value], at)
        self.fail(at, "看不懂這一項", "this is nothing known")

    def _end(self, value: Any, at: str) -> Literal | Name | None:
        if value in ("..", ""):
            return None
        operand = self._operand(value, at)
        if not isinstance(operand, (Literal, Name)):
            self.fail(at, "這裡應該是時間或欄位", "expected a time or a field")
        return operand

    def _number(self, value: Any, at: str) -> float:
        if not isinstance(value, _Number):
            self.fail(at, "這裡應該是數字", "expected a number")
        return float(value.text)

    def _shape(self, value: Any, at: str, depth: int) -> Shape:
        if depth >= MAX_DEPTH or not isinstance(value, dict):
            self.fail(at, "這裡應該是 GeoJSON 幾何", "expected a GeoJSON geometry")
        kind = value.get("type")
        if kind == "GeometryCollection":
            parts = self._list(value.get("geometries"), at)
            return merged([self._shape(v, f"{at}.geometries[{i}]", depth + 1) for i, v in enumerate(parts)])
        inside, there = value.get("coordinates"), f"{at}.coordinates"
        match kind:
            case "Point":
                return Shape(points=(self._point(inside, there),))
            case "MultiPoint":
                return Shape(points=tuple(self._point(p, there) for p in self._list(inside, there)))
            case "LineString":
                return Shape(lines=(self._line(inside, there),))
            case "MultiLineString":
                return Shape(lines=tuple(self._line(v, there) for v in self._list(inside, there)))
            case "Polygon":
                return Shape(polygons=(self._rings(inside, there),))
            case "MultiPolygon":
                return Shape(polygons=tuple(self._rings(v, there) for v in self._list(inside, there)))
        self.fail(f"{at}.type", "這裡應該是 GeoJSON 幾何", "expected a GeoJSON geometry")

    def _list(self, value: Any, at: str) -> list[Any]:
        if not isinstance(value, list) or not value:
            self.fail(at, "這裡應該是非空的陣列", "expected a list that is not empty")
        return value

    def _point(self, value: Any, at: str) -> Point:
        if not isinstance(value, list) or len(value) not in {2, 3}:
            self.fail(at, "一個點是兩個數", "a point is two numbers")
        numbers = [self._number(v, at) for v in value]
        return self.terms.point(numbers[0], numbers[1], at)

    def _line(self, value: Any, at: str) -> tuple[Point, ...]:
        return self.terms.line([self._point(p, at) for p in self._list(value, at)], at)

    def _rings(self, value: Any, at: str) -> tuple[tuple[Point, ...], ...]:
        rings = self._list(value, at)
        return tuple(self.terms.ring([self._point(p, at) for p in self._list(r, at)], at) for r in rings)
