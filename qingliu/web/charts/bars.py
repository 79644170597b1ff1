"""Bars: lying ones for categories, whose names need room; standing ones for time and for the bins of a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qingliu.web.charts import axes, scales, times
from qingliu.web.charts.axes import SIZE, Paper, Plot
from qingliu.web.charts.marks import ACCENT, SOFT, Drawing, el, hint, line, words


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length (None: nothing known), what a pointer is told, and whether it is many taken together."""

    label: str
    value: float | None
    hint: str = ""
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of categories, in order from above."""

    bars: tuple[Bar, ...]
    quantity: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of standing bars, each from ``starts[i]`` to ``ends[i]``: moments, or numbers of a distribution."""

    starts: tuple[datetime, ...] | tuple[float, ...]
    ends: tuple[datetime, ...] | tuple[float, ...]
    values: tuple[float | None, ...]
    hints: tuple[str, ...]
    quantity: str
    below: str = ""  # what lies along the horizontal axis, where it is no time
    lang: str = "zh"
    whole: bool = False
    marks: tuple[tuple[float, str], ...] = ()  # places on the horizontal axis with their names, such as the median


def draw(chart: Bars, paper: Paper = axes.WIDE) -> Drawing:
    """Lying bars with their values at the end; as high as they are many."""
    each = 26.0 if not paper.narrow else 24.0
    scale = scales.ticks([b.value for b in chart.bars], 4 if paper.narrow else 7, zero=True, whole=chart.whole)
    room = paper.width * (0.36 if paper.narrow else 0.3)
    names = [scales.clipped(b.label, SIZE, room) for b in chart.bars]
    left = max((scales.text_width(n, SIZE) for n in names), default=0) + 10
    plot = Plot(left, 4, paper.width - 48, 8 + each * max(1, len(chart.bars)))
    drawn, x = axes.horizontal(plot, scale, chart.quantity)
    zero = x.at(0.0)
    for i, (bar, name) in enumerate(zip(chart.bars, names, strict=True)):
        y = plot.top + 4 + i * each
        drawn += words(left - 7, y + each / 2 + 2, name, anchor="end", class_="ink")
        told = scales.short(bar.value)
        end = zero
        if bar.value is not None and scales.finite((bar.value,)):
            end = x.at(bar.value)
            drawn += el("rect", hint(bar.hint or f"{bar.label}: {told}"), x=min(zero, end), y=y, width=abs(end - zero),
                        height=each - 7, class_="t-rest" if bar.rest else "f1", fill=SOFT if bar.rest else ACCENT,
                        opacity="0.55" if bar.rest else "")  # fmt: skip
        drawn += words(max(zero, end) + 5, y + each / 2 + 2, told, size=11)
    return Drawing(paper.width, plot.bottom + 42, drawn)


def columns(chart: Columns, paper: Paper = axes.WIDE) -> Drawing:
    """Standing bars along time or along a quantity."""
    scale = scales.ticks(chart.values, 5 if paper.narrow else 6, zero=True, whole=chart.whole)
    plot = Plot(axes.left_room(scale, paper), 26, paper.width - 22, paper.height - 42)
    drawn, y = axes.vertical(plot, scale, chart.quantity)
    if not chart.starts:
        return Drawing(paper.width, paper.height, drawn)
    low, high = chart.starts[0], chart.ends[-1]
    if isinstance(low, datetime) and isinstance(high, datetime):
        bottom, x = axes.horizontal_time(plot, low, high, chart.lang)
        places = [(times.seconds(a), times.seconds(b)) for a, b in zip(chart.starts, chart.ends, strict=True)]  # type: ignore[arg-type]
    else:
        bottom, x = _numbers(plot, float(low), float(high), chart.below)  # type: ignore[arg-type]
        places = [(float(a), float(b)) for a, b in zip(chart.starts, chart.ends, strict=True)]  # type: ignore[arg-type]
    zero = y.at(0.0)
    for (start, end), value, told in zip(places, chart.values, chart.hints, strict=True):
        if value is None or not scales.finite((value,)):
            continue
        left, right, top = x.at(start), x.at(end), y.at(value)
        gap = 1.0 if right - left > 4 else 0.0
        drawn += el("rect", hint(told), x=left, y=min(zero, top), width=max(0.6, right - left - gap), height=abs(zero - top),
                    class_="f1", fill=ACCENT)  # fmt: skip
    drawn += bottom
    for place, _name in chart.marks:
        drawn += line(x.at(place), plot.top, x.at(place), plot.bottom, "mark", "#14282d")
    free = -1e9
    for place, name in sorted(chart.marks):
        at = x.at(place)
        width = scales.text_width(name, 11)
        start = min(max(plot.left, at + 4), plot.right - width)
        row = 12.0 if start > free else 26.0
        drawn += words(start, plot.top + row, name, size=11, class_="t halo")
        free = start + width + 6
    return Drawing(paper.width, paper.height, drawn)


def _numbers(plot: Plot, low: float, high: float, title: str) -> tuple[str, scales.Linear]:
    """An axis of numbers whose ends are the data's, not the ticks'."""
    x = scales.Linear(low, high, plot.left, plot.right)
    found = scales.ticks((low, high), max(2, int((plot.right - plot.left) / 80)))
    drawn = line(plot.left, plot.bottom, plot.right, plot.bottom, "axis", SOFT)
    for v in found.values:
        if low <= v <= high:
            drawn += line(x.at(v), plot.bottom, x.at(v), plot.bottom + 5, "axis", SOFT)
            drawn += words(x.at(v), plot.bottom + 19, found.label(v), anchor="middle")
    return drawn + words(plot.left, plot.bottom + 35, scales.clipped(title, SIZE, plot.right - plot.left)), x
