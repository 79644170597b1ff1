"""A map: outlines of areas, shaded by a value or as ground for points; no tiles, no foreign server."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.web.charts import axes, scales
from qingliu.web.charts.axes import Paper
from qingliu.web.charts.marks import AQI, GRID, PAPER, RAMP, Drawing, band_digit, el, hint, path, words

Ring = tuple[tuple[float, float], ...]  # x to the east, y to the north, in one unit
LOW, HIGH = (107.9, 21.85), (111.8, 26.45)  # of the main island and the counties' isles, x stretched as the rings are


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
    radius = 5.0 if len(chart.spots) < 200 else 3.0 if len(chart.spots) < 1000 else 1.8
    for spot in sorted(chart.spots, key=lambda s: -1e300 if s.value is None else s.value):
        if within(spot):
            x, y = at(spot.x, spot.y)
            fill = {"class_": "hollow", "fill": PAPER} if spot.value is None else _colour(chart, spot.value)
            drawn += el("circle", hint(spot.told), cx=x, cy=y, r=radius, stroke="#14282d", stroke_width=0.5, **fill)
            if chart.index and radius == 5.0 and spot.value is not None:
                drawn += band_digit(x, y, sum(spot.value > s for s in chart.steps), 8)
    key, bottom = _key(chart, paper, beside=paper.width > width + 120, left=width + 20, top=height + 34)
    return Drawing(paper.width, max(height + 26, bottom), drawn + key)


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
