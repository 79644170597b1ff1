"""A map: outlines of areas, shaded by a value or as ground for points; no tiles, no foreign server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qingliu.web.charts import axes, scales
from qingliu.web.charts.axes import Paper
from qingliu.web.charts.marks import AQI, GRID, PAPER, RAMP, Drawing, band_digit, el, hint, path, words

Ring = tuple[tuple[float, float], ...]  # x to the east, y to the north, in one unit
LOW, HIGH = (107.9, 21.85), (111.8, 26.45)  # of the main island and the counties' isles, x stretched as the rings are

FEW = 300  # points that can be pointed at one by one


@dataclass(frozen=True, slots=True)
class Area:
    """An area's name, rings and value; ``told`` is what a pointer is told."""

    name: str
    rings: tuple[Ring, ...]
    value: float | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with its value."""

    x: float
    y: float
    value: float | None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """``shaded``: the areas carry the values; else they are ground. ``steps`` and ``names`` as of a Calendar."""

    areas: tuple[Area, ...]
    spots: tuple[Spot, ...]
    steps: tuple[float, ...]
    names: tuple[str, ...]
    quantity: str
    shaded: bool = False
    index: bool = False


def within(spot: Spot) -> bool:
    """Whether a point lies on the paper."""
    return LOW[0] <= spot.x <= HIGH[0] and LOW[1] <= spot.y <= HIGH[1]


def draw(chart: Map, paper: Paper = axes.WIDE) -> Drawing:
    """The map with its key; points outside of it are not drawn."""
    width = min(paper.width, 520.0)
    scale = width / (HIGH[0] - LOW[0])
    height = (HIGH[1] - LOW[1]) * scale

    def at(x: float, y: float) -> tuple[float, float]:
        return ((x - LOW[0]) * scale, (HIGH[1] - y) * scale + 22)

    drawn = words(0, 12, scales.clipped(chart.quantity, 12, paper.width))
    for area in chart.areas:
        d = "".join(path([at(x, y) for x, y in ring]) + "Z" for ring in area.rings if len(ring) > 2)
        if not d:
            continue
        fill = {"class_": "land", "fill": "#eef3f2"}
        if chart.shaded:
            fill = {"class_": "hollow", "fill": PAPER} if area.value is None else _colour(chart, area.value)
        drawn += el("path", hint(area.told), d=d, stroke=GRID if not chart.shaded else PAPER, stroke_width=0.8, **fill)
    if chart.index and chart.shaded:
        for area in chart.areas:
            x, y = at(*_middle(area)) if area.value is not None else (0.0, 0.0)
            drawn += band_digit(x, y, sum(area.value > s for s in chart.steps), 11) if area.value is not None else ""
    ordered = sorted((s for s in chart.spots if within(s)), key=lambda s: -1e300 if s.value is None else s.value)
    drawn += _many(chart, ordered, at) if len(ordered) > FEW else "".join(_one(chart, s, at(s.x, s.y)) for s in ordered)
    key, bottom = _key(chart, paper, beside=paper.width > width + 120, left=width + 20, top=height + 34)
    return Drawing(paper.width, max(height + 26, bottom), drawn + key)


def _one(chart: Map, spot: Spot, place: tuple[float, float]) -> str:
    fill = {"class_": "hollow", "fill": PAPER} if spot.value is None else _colour(chart, spot.value)
    drawn = el("circle", hint(spot.told), cx=place[0], cy=place[1], r=5, stroke="#14282d", stroke_width=0.5, **fill)
    if chart.index and spot.value is not None:
        drawn += band_digit(*place, sum(spot.value > s for s in chart.steps), 8)
    return drawn


def _many(chart: Map, spots: list[Spot], at: Callable[[float, float], tuple[float, float]]) -> str:
    """Very many points as one path a colour: a tenth of the bytes of circles, and nobody can point at one of them."""
    paths: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for spot in spots:
        look = {"class_": "hollow", "fill": GRID} if spot.value is None else _colour(chart, spot.value)
        x, y = at(spot.x, spot.y)
        paths.setdefault(tuple(look.items()), []).append(f"M{x:.1f} {y:.1f}h0")
    width = 5.0 if len(spots) < 1_000 else 3.4
    drawn = ""
    for look_of, d in paths.items():
        told = dict(look_of)
        drawn += el("path", d="".join(d), class_=f"many-{told['class_']}", stroke=told["fill"], fill="none", stroke_width=width,
                    stroke_linecap="round")  # fmt: skip
    return drawn


def _middle(area: Area) -> tuple[float, float]:
    """The middle of an area's largest ring."""

    def box(ring: Ring) -> tuple[float, float, float, float]:
        return min(x for x, _ in ring), min(y for _, y in ring), max(x for x, _ in ring), max(y for _, y in ring)

    boxes = [box(r) for r in area.rings if r] or [(0.0, 0.0, 0.0, 0.0)]
    west, south, east, north = max(boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
    return (west + east) / 2, (south + north) / 2


def _colour(chart: Map, value: float) -> dict[str, str]:
    at = sum(value > s for s in chart.steps)
    if chart.index:
        return {"class_": f"a{at + 1}", "fill": AQI[min(at, 5)]}
    at = at if chart.steps else 4  # where all values are one, nothing is little
    return {"class_": f"r{at + 1}", "fill": RAMP[min(at, len(RAMP) - 1)]}


def _key(chart: Map, paper: Paper, *, beside: bool, left: float, top: float) -> tuple[str, float]:
    drawn = ""
    x, y = (left, 60.0) if beside else (0.0, top)
    for i, name in enumerate(chart.names):
        value = (*chart.steps, float("inf"))[i]
        width = scales.text_width(name, 12) + 34
        if not beside and x and x + width > paper.width:
            x, y = 0.0, y + 19
        drawn += el("rect", x=x, y=y - 11, width=13, height=13, rx=2, stroke=GRID, **_colour(chart, value))
        drawn += band_digit(x + 6.5, y - 4.5, i, 9) if chart.index else ""
        drawn += words(x + 19, y, name)
        x, y = (x, y + 22) if beside else (x + width, y)
    return drawn, y + 8
