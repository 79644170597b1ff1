"""What CQL2 means, however it is written: operands of one reader or the other become nodes of a ``Where``.

The readers of text and of JSON hand over names, literals, intervals and shapes; every rule about types, cases, times
and places stands here once, so that the two writings cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Union

from qingliu.api import crs as systems
from qingliu.api.crs import CRS84, Crs
from qingliu.api.values import moment, read
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import UnknownField
from qingliu.lake.query import (
    And,
    Compare,
    CompareOp,
    Folded,
    In,
    IsNull,
    Like,
    Meets,
    Not,
    Or,
    Point,
    Scalar,
    Shape,
    Where,
    Within,
)

OPS: dict[str, CompareOp] = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
FLIPPED: dict[CompareOp, CompareOp] = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
SPATIAL = ("INTERSECTS", "DISJOINT", "WITHIN", "CONTAINS", "EQUALS", "TOUCHES", "CROSSES", "OVERLAPS")
GEOMETRY = "geometry"  # what the one place of a dataset is called among its queryables
_CALLED = {GEOMETRY, "geom", "the_geom", "place", "shape"}
Fail = Callable[[Any, str, str], NoReturn]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written; ``at`` is where, in the reader's own terms."""

    kind: str  # text number boolean moment
    text: str
    at: Any
    casei: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A column, or (``field`` None) the dataset's place."""

    field: FieldRecord | None
    at: Any
    casei: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """From one end to the other; None is an open end."""

    ends: tuple[Literal | Name | None, Literal | Name | None]
    at: Any


@dataclass(frozen=True, slots=True)
class Geometry:
    """A shape, or a box: west, south, east, north."""

    shape: Shape | None
    box: tuple[float, float, float, float] | None
    at: Any


Operand = Union[Literal, Name, Interval, Geometry]


class Terms:
    """Nodes for one dataset. ``fail`` raises BadRequest at a place; without a record names and types are not checked."""

    def __init__(self, record: DatasetRecord | None, parameter: str, fail: Fail, crs: Crs = CRS84) -> None:
        self.record = record
        self.parameter = parameter
        self.crs = crs
        self._fail = fail
        self._fields = {f.name: f for f in record.fields} if record else {}

    def name(self, name: str, at: Any) -> Name:
        """The column called ``name``, or the place. Raises UnknownField."""
        if self.record is None:
            return Name(None if name == GEOMETRY else FieldRecord(name, "string", Text("", "")), at)
        if name in self._fields:
            return Name(self._fields[name], at)
        if name.lower() in _CALLED:
            if self.record.place is None:
                self._fail(at, "這個資料集沒有座標欄位", "this dataset has no place")
            return Name(None, at)
        raise UnknownField(name, self._fields, parameter=self.parameter)

    def column(self, name: Name) -> FieldRecord:
        """The column of a name that may not be the place."""
        if name.field is None:
            self._fail(name.at, "位置只能用在空間函數或 IS NULL", "the place goes with spatial functions or IS NULL")
        return name.field

    def compare(self, left: Operand, op: CompareOp, right: Operand, at: Any) -> Where:
        """``left op right``: a column and a value, in either order."""
        if isinstance(left, Literal) and isinstance(right, Name):
            left, right, op = right, left, FLIPPED[op]
        if not isinstance(left, Name) or not isinstance(right, Literal):
            self._fail(at, "比較的一邊要是欄位，另一邊要是值", "compare a field with a value")
        field = self.column(left)
        if not left.casei:
            return Compare(field.name, op, self.value(field, self._folded(right)))
        if op in {"eq", "ne"}:
            same = self._alike(left, right)
            return same if op == "eq" else Not(same)
        self._text(field, left.at)
        return Folded(field.name, op, self._plain(right))

    def among(self, name: Name, literals: Sequence[Literal]) -> Where:
        """The column is one of the values."""
        field = self.column(name)
        if name.casei:
            alike = [self._alike(name, literal) for literal in literals]
            return alike[0] if len(alike) == 1 else Or(tuple(alike))
        return In(field.name, tuple(self.value(field, self._folded(literal)) for literal in literals))

    def between(self, name: Name, low: Literal, high: Literal) -> Where:
        """The column lies between two values, both included."""
        field = self.column(name)
        if name.casei:
            self._fail(name.at, "CASEI 不能和 BETWEEN 合用", "CASEI does not go with BETWEEN")
        return And(
            (Compare(field.name, "ge", self.value(field, low)), Compare(field.name, "le", self.value(field, high)))
        )

    def like(self, name: Name, pattern: Literal) -> Where:
        """The column looks like a pattern."""
        field = self.column(name)
        self._text(field, name.at)
        text = self._plain(pattern)
        if pattern.casei and not name.casei:
            text = text.lower()
        return Like(field.name, text, name.casei)

    def null(self, name: Name) -> Where:
        """The column, or one of the place's coordinates, is null."""
        if name.field is not None:
            return IsNull(name.field.name)
        if self.record is None or self.record.place is None:
            self._fail(name.at, "這個資料集沒有座標欄位", "this dataset has no place")
        return Or((IsNull(self.record.place.lon), IsNull(self.record.place.lat)))

    def _alike(self, name: Name, literal: Literal) -> Like:
        field = self.column(name)
        self._text(field, name.at)
        return Like(field.name, re.sub(r"([\\%_])", r"\\\1", self._plain(literal)), True)

    def _text(self, field: FieldRecord, at: Any) -> None:
        if field.type != "string":
            zh = f"LIKE 和 CASEI 只能用在文字欄位，{field.name} 是 {field.type}"
            self._fail(at, zh, f"LIKE and CASEI take text; {field.name} is {field.type}")

    def _plain(self, literal: Literal) -> str:
        if literal.kind != "text":
            self._fail(literal.at, "這裡應該是文字", "expected a text")
        return literal.text

    @staticmethod
    def _folded(literal: Literal) -> Literal:
        return Literal(literal.kind, literal.text.lower(), literal.at) if literal.casei else literal

    def value(self, field: FieldRecord, literal: Literal) -> Scalar:
        """A literal in the column's type."""
        if self.record is None:
            return _untyped(literal)
        fits = {
            "string": {"text"}, "integer": {"number"}, "number": {"number"}, "boolean": {"boolean"},
            "date": {"moment", "text"}, "datetime": {"moment", "text"},
        }[field.type]  # fmt: skip
        if literal.kind not in fits:
            wanted = {"text": "'…'", "number": "1.5", "boolean": "true", "moment": "TIMESTAMP('2024-01-01T00:00:00Z')"}
            example = wanted[next(k for k in ("moment", "number", "boolean", "text") if k in fits)]
            zh = f"欄位 {field.name} 是 {field.type}，應寫成 {example}"
            self._fail(literal.at, zh, f"{field.name} is {field.type}; write {example}")
        if field.type == "datetime":
            return moment(literal.text, self.record.timezone, self.parameter).at
        return read(field, literal.text, self.record.timezone, self.parameter)

    def spatial(self, function: str, left: Operand, right: Operand, at: Any) -> Where:
        """A spatial function over the dataset's place and a shape, in either order; the place is always one point."""
        if isinstance(left, Geometry) and isinstance(right, Name):
            left, right = right, left
            function = {"WITHIN": "CONTAINS", "CONTAINS": "WITHIN"}.get(function, function)
        if not isinstance(left, Name) or left.field is not None or not isinstance(right, Geometry):
            zh = f"空間函數需要位置（{GEOMETRY}）和一個幾何"
            self._fail(at, zh, f"a spatial function takes the place ({GEOMETRY}) and a geometry")
        if self.record is not None and self.record.place is None:
            self._fail(at, "這個資料集沒有座標欄位", "this dataset has no place")
        srid = self.crs.srid
        if function in {"INTERSECTS", "DISJOINT"}:
            meets = self._box(right.box) if right.box else Meets(right.shape or Shape(), "any", srid)
            return meets if function == "INTERSECTS" else Not(meets)
        shape = right.shape or _rectangle(right.box or (0.0, 0.0, 0.0, 0.0))
        if function == "WITHIN":
            return Meets(shape, "interior", srid)
        if function == "TOUCHES":
            return Meets(shape, "border", srid)
        single = len(set(shape.points)) == 1 and not shape.lines and not shape.polygons
        return Meets(shape, "any", srid) if function in {"CONTAINS", "EQUALS"} and single else Or(())

    def _box(self, box: tuple[float, float, float, float]) -> Where:
        west, south, east, north = box
        if west <= east:
            return Within(west, south, east, north, self.crs.srid)
        return Or((Within(west, south, 180.0, north), Within(-180.0, south, east, north)))

    def box(self, numbers: Sequence[float], at: Any) -> Geometry:
        """A box of four numbers (or six, heights left out) in the filter's CRS."""
        if len(numbers) not in {4, 6}:
            self._fail(at, "BBOX 需要四個數（或含高度的六個數）", "BBOX takes four numbers, or six with heights")
        half = len(numbers) // 2
        west, south = self.point(numbers[0], numbers[1], at)
        east, north = self.point(numbers[half], numbers[half + 1], at)
        if south > north or (west > east and self.crs.srid != CRS84.srid):
            self._fail(at, "BBOX 的起點大於終點", "the box ends before it begins")
        return Geometry(None, (west, south, east, north), at)

    def point(self, first: float, second: float, at: Any) -> Point:
        """A point as x and y, its axes in the filter's CRS, metres to the centimetre."""
        x, y = (second, first) if self.crs.lat_first else (first, second)
        if not systems.fits(self.crs, x, y):
            self._fail(at, f"座標 {first} {second} 超出範圍", f"{first} {second} is no place in this CRS")
        return (x, y) if self.crs.srid == CRS84.srid else (round(x, 2), round(y, 2))

    def line(self, points: Sequence[Point], at: Any) -> tuple[Point, ...]:
        """A line of two points or more."""
        if len(points) < 2:
            self._fail(at, "線至少要兩個點", "a line takes two points or more")
        return tuple(points)

    def ring(self, points: Sequence[Point], at: Any) -> tuple[Point, ...]:
        """A ring of a polygon: four points or more, the last one the first."""
        if len(points) < 4 or points[0] != points[-1]:
            zh = "多邊形的環至少四個點，首尾相同"
            self._fail(at, zh, "a ring takes four points or more and ends where it begins")
        return tuple(points)


def merged(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one."""
    return Shape(
        tuple(p for s in shapes for p in s.points),
        tuple(line for s in shapes for line in s.lines),
        tuple(p for s in shapes for p in s.polygons),
    )


def _rectangle(box: tuple[float, float, float, float]) -> Shape:
    west, south, east, north = box
    if west > east:
        return merged([_rectangle((west, south, 180.0, north)), _rectangle((-180.0, south, east, north))])
    return Shape(polygons=((((west, south), (east, south), (east, north), (west, north), (west, south)),),))


def _untyped(literal: Literal) -> Scalar:
    if literal.kind == "number":
        return int(literal.text) if literal.text.lstrip("+-").isdigit() else float(literal.text)
    return literal.text == "true" if literal.kind == "boolean" else literal.text
