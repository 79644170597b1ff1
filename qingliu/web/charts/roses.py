"""A wind rose: how often the wind came from each of sixteen directions, by how strong it was."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qingliu.web.charts import axes, scales
from qingliu.web.charts.axes import Paper
from qingliu.web.charts.marks import GRID, PAPER, RAMP, Drawing, el, hint, words

SECTORS = 16
_SHADES = (1, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Rose:
    """``shares[sector][class]`` of all hours in percent, sector 0 is north, clockwise; ``classes`` names of the speeds."""

    shares: tuple[tuple[float, ...], ...]
    classes: tuple[str, ...]
    directions: tuple[str, ...]  # names of the sixteen
    calm: float  # percent of hours without direction
    calm_name: str


def sector(degrees: float) -> int:
    """The sector that a direction lies in: north is 348.75 to 11.25."""
    return int(((degrees % 360) + 11.25) // 22.5) % SECTORS


def draw(chart: Rose, paper: Paper = axes.WIDE) -> Drawing:
    """The rose with rings of round percentages, calms in its middle, speeds as a key."""
    size = min(paper.width - 60, 400.0)
    height = size + 44
    cx = paper.width / 2 if paper.narrow else size / 2 + 30
    cy = height / 2
    full = max((sum(s) for s in chart.shares), default=0.0)
    rings = scales.ticks((0.0, full or 1.0), 4, zero=True)
    inner, outer = 16.0, size / 2 - 6
    r = scales.Linear(0.0, rings.high, inner, outer)
    drawn = ""
    for v in rings.values[1:]:
        drawn += el("circle", cx=cx, cy=cy, r=r.at(v), class_="grid", fill="none", stroke=GRID)
    for i, name in enumerate(chart.directions):
        if i % 2 == 0:
            angle = math.radians(i * 22.5)
            drawn += words(cx + math.sin(angle) * (outer + 13), cy - math.cos(angle) * (outer + 13) + 4, name, anchor="middle",
                           class_="ink" if i % 4 == 0 else "t", weight="600" if i % 4 == 0 else "")  # fmt: skip
    for i, shares in enumerate(chart.shares):
        total = 0.0
        for at, share in enumerate(shares):
            if share > 0:
                told = f"{chart.directions[i]} · {chart.classes[at]}: {share:.1f}%"
                shade = _SHADES[min(at, len(_SHADES) - 1)]
                drawn += el("path", hint(told), d=_petal(cx, cy, r.at(total), r.at(total + share), i * 22.5),
                            class_=f"r{shade + 1} rim", fill=RAMP[shade], stroke=PAPER, stroke_width=0.6)  # fmt: skip
                total += share
    free = min(range(SECTORS), key=lambda i: sum(chart.shares[i]) + sum(chart.shares[(i + 1) % SECTORS]))
    angle = math.radians(free * 22.5 + 11.25)
    for v in rings.values[1:]:
        drawn += words(cx + math.sin(angle) * r.at(v), cy - math.cos(angle) * r.at(v) + 4, f"{rings.label(v)}%", size=10.5,
                       anchor="middle", class_="t halo")  # fmt: skip
    drawn += el(
        "circle", hint(f"{chart.calm_name} {chart.calm:.1f}%"), cx=cx, cy=cy, r=inner, class_="paper", fill=PAPER
    )
    drawn += words(cx, cy + 4, f"{chart.calm:.0f}%", size=10, anchor="middle")
    x, y = (0.0, height + 14) if paper.narrow else (cx + size / 2 + 50, 40.0)
    for at, name in enumerate(chart.classes):
        shade = _SHADES[min(at, len(_SHADES) - 1)]
        width = scales.text_width(name, 12) + 34
        if paper.narrow and x and x + width > paper.width:
            x, y = 0.0, y + 20
        drawn += el("rect", x=x, y=y - 11, width=13, height=13, class_=f"r{shade + 1}", fill=RAMP[shade], rx=2)
        drawn += words(x + 20, y, name)
        x, y = (x + width, y) if paper.narrow else (x, y + 22)
    x, y = (0.0, y + 22) if paper.narrow else (x, y + 6)
    drawn += words(x, y, f"{chart.calm_name} {chart.calm:.1f}%")
    return Drawing(paper.width, max(height, y + 12), drawn)


def _petal(cx: float, cy: float, low: float, high: float, degrees: float) -> str:
    a, b = math.radians(degrees - 9.5), math.radians(degrees + 9.5)

    def at(radius: float, angle: float) -> str:
        return f"{cx + math.sin(angle) * radius:.2f} {cy - math.cos(angle) * radius:.2f}"

    out, back = f"A{high:.2f} {high:.2f} 0 0 1 {at(high, b)}", f"A{low:.2f} {low:.2f} 0 0 0 {at(low, a)}"
    return f"M{at(low, a)}L{at(high, a)}{out}L{at(low, b)}{back}Z"
