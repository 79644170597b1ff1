"""Boxes: the middle half, the median, whiskers to the 5th and 95th percentile, and the ends as dots."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.web.charts import axes, scales
from qingliu.web.charts.axes import SIZE, Paper, Plot
from qingliu.web.charts.marks import ACCENT, PAPER, Drawing, el, hint, line, words


@dataclass(frozen=True, slots=True)
class Box:
    """One group: its name and minimum, p5, p25, median, p75, p95, maximum; any of them None draws only its name."""

    label: str
    numbers: tuple[float | None, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Boxes:
    """A chart of lying boxes, in order from above."""

    boxes: tuple[Box, ...]
    quantity: str


def draw(chart: Boxes, paper: Paper = axes.WIDE) -> Drawing:
    """The boxes under one another over one axis."""
    each = 28.0
    scale = scales.ticks([n for b in chart.boxes for n in b.numbers], 4 if paper.narrow else 8)
    room = paper.width * (0.36 if paper.narrow else 0.3)
    names = [scales.clipped(b.label, SIZE, room) for b in chart.boxes]
    left = max((scales.text_width(n, SIZE) for n in names), default=0) + 10
    plot = Plot(left, 4, paper.width - 16, 8 + each * max(1, len(chart.boxes)))
    drawn, x = axes.horizontal(plot, scale, chart.quantity)
    for i, (box, name) in enumerate(zip(chart.boxes, names, strict=True)):
        middle = plot.top + 4 + i * each + each / 2 - 3
        drawn += words(left - 7, middle + 4, name, anchor="end", class_="ink")
        found = scales.finite(box.numbers)
        if len(found) != 7:
            drawn += words(plot.left + 6, middle + 4, "—")
            continue
        low, p5, p25, half, p75, p95, high = (x.at(v) for v in found)
        inside = hint(box.hint)
        inside += line(p5, middle, p25, middle, "s1", ACCENT) + line(p75, middle, p95, middle, "s1", ACCENT)
        inside += line(p5, middle - 4, p5, middle + 4, "s1", ACCENT) + line(
            p95, middle - 4, p95, middle + 4, "s1", ACCENT
        )
        inside += el("rect", x=p25, y=middle - 8, width=max(1.0, p75 - p25), height=16, class_="r3 s1", fill="#85c2bb",
                     stroke=ACCENT)  # fmt: skip
        inside += el("path", d=f"M{half:.2f} {middle - 8:.2f}v16", class_="median", stroke="#14282d", stroke_width=2.4)
        for at in (low, high):
            inside += el("circle", cx=at, cy=middle, r=2.6, class_="s1 hollow", fill=PAPER, stroke=ACCENT)
        drawn += el("g", inside)
    return Drawing(paper.width, plot.bottom + 42, drawn)
