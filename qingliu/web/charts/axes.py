"""The frame of a chart: where the plot lies, its grid and what stands along its two sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qingliu.web.charts import times
from qingliu.web.charts.marks import GRID, SOFT, line, words
from qingliu.web.charts.scales import Linear, Ticks, clipped, text_width

SIZE = 12.0


@dataclass(frozen=True, slots=True)
class Paper:
    """The room for a chart in pixels at scale 1; ``narrow`` for phones: fewer ticks, legend above instead of beside."""

    width: float = 800.0
    height: float = 400.0

    @property
    def narrow(self) -> bool:
        """Whether it is a phone's."""
        return self.width < 520


WIDE, NARROW = Paper(), Paper(340.0, 330.0)


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle in which data lie."""

    left: float
    top: float
    right: float
    bottom: float


def left_room(scale: Ticks, paper: Paper) -> float:
    """How much room the labels of a vertical axis need."""
    return max(text_width(scale.label(v), SIZE) for v in scale.values) + 10


def vertical(plot: Plot, scale: Ticks, title: str) -> tuple[str, Linear]:
    """Grid lines with their numbers, the quantity and unit above; and the scale."""
    y = Linear(scale.low, scale.high, plot.bottom, plot.top)
    drawn = words(0, plot.top - 12, clipped(title, SIZE, plot.right), class_="t")
    for v in scale.values:
        at = y.at(v)
        zero = v == 0
        drawn += line(plot.left, at, plot.right, at, "axis" if zero else "grid", SOFT if zero else GRID)
        drawn += words(plot.left - 7, at + 4, scale.label(v), anchor="end")
    return drawn, y


def horizontal_time(plot: Plot, low: datetime, high: datetime, lang: str) -> tuple[str, Linear]:
    """Ticks of wall time below the plot; and the scale over ``times.seconds``."""
    x = Linear(times.seconds(low), times.seconds(high), plot.left, plot.right)
    wide = plot.right - plot.left
    drawn = line(plot.left, plot.bottom, plot.right, plot.bottom, "axis", SOFT)
    free = free_below = -1e9
    for tick in times.ticks(low, high, max(2, int(wide / 74)), lang):
        at = x.at(times.seconds(tick.at))
        drawn += line(at, plot.bottom, at, plot.bottom + 5, "axis", SOFT)
        half = text_width(tick.label, SIZE) / 2
        middle = min(max(at, plot.left - 20 + half), plot.right + 24 - half)
        if middle - half > free + 6:
            drawn += words(middle, plot.bottom + 19, tick.label, anchor="middle")
            free = middle + half
        if tick.below:
            width = text_width(tick.below, SIZE)
            start = max(0.0, middle - half)
            if start > free_below + 8 and start + width < plot.right + 60:
                drawn += words(start, plot.bottom + 35, tick.below)
                free_below = start + width
    return drawn, x


def horizontal(plot: Plot, scale: Ticks, title: str) -> tuple[str, Linear]:
    """Numbers below the plot with their quantity; and the scale."""
    x = Linear(scale.low, scale.high, plot.left, plot.right)
    drawn = ""
    free = -1e9
    for v in scale.values:
        at = x.at(v)
        drawn += line(at, plot.top, at, plot.bottom, "axis" if v == 0 else "grid", SOFT if v == 0 else GRID)
        half = text_width(scale.label(v), SIZE) / 2
        if at - half > free + 6:
            drawn += words(at, plot.bottom + 17, scale.label(v), anchor="middle")
            free = at + half
    drawn += words(plot.left, plot.bottom + 35, clipped(title, SIZE, plot.right - plot.left))
    return drawn, x
