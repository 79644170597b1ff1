"""Conditions written as CQL2 text and as CQL2 JSON, by rules of their own: what both readers must read alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

COLUMNS = {"text": ("county", "note", "siteid"), "number": ("pm2.5", "rain"), "integer": ("aqi",)}
TIME = "datacreationdate"
RELATIONS = (
    "after", "before", "contains", "disjoint", "during", "equals", "finishedBy", "finishes", "intersects", "meets",
    "metBy", "overlappedBy", "overlaps", "startedBy", "starts",
)  # fmt: skip
PLACES = ("intersects", "within", "disjoint", "contains", "equals", "touches", "crosses", "overlaps")


@dataclass(frozen=True)
class Written:
    """One condition in both writings."""

    text: str
    plain: Any


def _name(name: str) -> Written:
    return Written('"' + name.replace('"', '""') + '"', {"property": name})


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _join(op: str, sign: str, parts: list[Written]) -> Written:
    return Written("(" + f" {sign} ".join(p.text for p in parts) + ")", {"op": op, "args": [p.plain for p in parts]})


_WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)
_SIGNS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_INTEGERS = st.integers(-(10**6), 10**6)
_FLOATS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda f: round(f, 4))
_MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
    lambda d: d.replace(microsecond=0).isoformat() + "Z"
)
_DAYS = st.dates(datetime(2000, 1, 1).date(), datetime(2030, 1, 1).date()).map(lambda d: d.isoformat())


@st.composite
def _compare(draw: st.DrawFn) -> Written:
    kind = draw(st.sampled_from(sorted(COLUMNS)))
    name, sign = _name(draw(st.sampled_from(COLUMNS[kind]))), draw(_SIGNS)
    if kind == "text":
        value = draw(_WORDS)
        said = Written(_quoted(value), value)
    else:
        number = draw(_INTEGERS if kind == "integer" else _FLOATS)
        said = Written(repr(number), number)
    if kind == "text" and draw(st.booleans()):
        name = Written(f"CASEI({name.text})", {"op": "casei", "args": [name.plain]})
        said = Written(f"CASEI({said.text})", {"op": "casei", "args": [said.plain]})
    pair = [said, name] if draw(st.booleans()) else [name, said]
    return Written(f"{pair[0].text} {sign} {pair[1].text}", {"op": sign, "args": [pair[0].plain, pair[1].plain]})


@st.composite
def _among(draw: st.DrawFn) -> Written:
    name, values = _name("county"), draw(st.lists(_WORDS, min_size=1, max_size=3))
    where = Written(
        f"{name.text} IN ({','.join(map(_quoted, values))})", {"op": "in", "args": [name.plain, list(values)]}
    )
    return where


@st.composite
def _between(draw: st.DrawFn) -> Written:
    low, high = draw(_FLOATS), draw(_FLOATS)
    name = _name("rain")
    return Written(f"{name.text} BETWEEN {low!r} AND {high!r}", {"op": "between", "args": [name.plain, low, high]})


@st.composite
def _like(draw: st.DrawFn) -> Written:
    pattern, name = draw(st.text("ab%_\\'", max_size=6)), _name("note")
    return Written(f"{name.text} LIKE {_quoted(pattern)}", {"op": "like", "args": [name.plain, pattern]})


@st.composite
def _null(draw: st.DrawFn) -> Written:
    name = _name(draw(st.sampled_from(["aqi", "note", "geometry"])))
    return Written(f"{name.text} IS NULL", {"op": "isNull", "args": [name.plain]})


@st.composite
def _instant(draw: st.DrawFn) -> Written:
    if draw(st.booleans()):
        at = draw(_MOMENTS)
        return Written(f"TIMESTAMP('{at}')", {"timestamp": at})
    day = draw(_DAYS)
    return Written(f"DATE('{day}')", {"date": day})


@st.composite
def _interval(draw: st.DrawFn) -> Written:
    ends = [draw(st.one_of(_MOMENTS, _DAYS, st.just(".."))) for _ in range(2)]
    return Written(f"INTERVAL('{ends[0]}','{ends[1]}')", {"interval": ends})


@st.composite
def _time(draw: st.DrawFn) -> Written:
    relation = draw(st.sampled_from(RELATIONS))
    pair = [_name(TIME), draw(st.one_of(_instant(), _interval()))]
    if draw(st.booleans()):
        pair.reverse()
    op = f"t_{relation.lower()}"
    return Written(f"T_{relation.upper()}({pair[0].text}, {pair[1].text})", {"op": op, "args": [p.plain for p in pair]})


_LON = st.floats(118, 123).map(lambda f: round(f, 5))
_LAT = st.floats(21, 26).map(lambda f: round(f, 5))


@st.composite
def _point(draw: st.DrawFn) -> list[float]:
    return [draw(_LON), draw(_LAT)]


def _wkt(points: list[list[float]]) -> str:
    return "(" + ",".join(f"{x!r} {y!r}" for x, y in points) + ")"


@st.composite
def _shape(draw: st.DrawFn, deep: bool = True) -> Written:
    kind = draw(
        st.sampled_from(
            ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "BBOX", "More"]
        )
    )
    ring = draw(st.lists(_point(), min_size=3, max_size=5))
    ring = [*ring, ring[0]]
    if kind == "BBOX" and deep:
        (x1, y1), (x2, y2) = ring[0], ring[1]
        box = [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]
        return Written(f"BBOX({','.join(map(repr, box))})", {"bbox": box})
    if kind == "More" and deep:
        parts = [draw(_shape(deep=False)) for _ in range(2)]
        return Written(
            f"GEOMETRYCOLLECTION({','.join(p.text for p in parts)})",
            {"type": "GeometryCollection", "geometries": [p.plain for p in parts]},
        )
    text, inside = {
        "Point": (_wkt(ring[:1]), ring[0]),
        "MultiPoint": (_wkt(ring), ring),
        "LineString": (_wkt(ring), ring),
        "MultiLineString": (f"({_wkt(ring)},{_wkt(ring[:2])})", [ring, ring[:2]]),
        "MultiPolygon": (f"(({_wkt(ring)}))", [[ring]]),
    }.get(kind, (f"({_wkt(ring)})", [ring]))
    kind = kind if kind not in {"BBOX", "More"} else "Polygon"
    return Written(f"{kind.upper()}{text}", {"type": kind, "coordinates": inside})


@st.composite
def _place(draw: st.DrawFn) -> Written:
    function = draw(st.sampled_from(PLACES))
    pair = [_name("geometry"), draw(_shape())]
    if draw(st.booleans()):
        pair.reverse()
    return Written(
        f"S_{function.upper()}({pair[0].text}, {pair[1].text})",
        {"op": f"s_{function}", "args": [p.plain for p in pair]},
    )


_LEAVES = st.one_of(_compare(), _among(), _between(), _like(), _null(), _time(), _place())


def _grown(inner: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: _join("and", "AND", parts)),
        several.map(lambda parts: _join("or", "OR", parts)),
        inner.map(lambda p: Written(f"NOT ({p.text})", {"op": "not", "args": [p.plain]})),
    )


conditions = st.recursive(_LEAVES, _grown, max_leaves=8)
