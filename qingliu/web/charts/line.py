"""Lines over time: several series, gaps as gaps, names at their ends, the index' bands where there are some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qingliu.web.charts import axes, scales, times
from qingliu.web.charts.axes import SIZE, Paper, Plot
from qingliu.web.charts.envelope import envelope, segments
from qingliu.web.charts.marks import AQI, DASHES, LINES, PAPER, Drawing, el, line, path, plain, tongue, words


@dataclass(frozen=True, slots=True)
class Line:
    """One series: values at wall times, ascending; None where there is none."""

    label: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of the quantity, told by its name first; ``number`` 1 to 6 chooses the official colour."""

    low: float
    high: float
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A chart of lines. ``furthest_s``: two values further apart than that are not joined. ``quantity``: name and unit."""

    lines: tuple[Line, ...]
    quantity: str
    lang: str = "zh"
    furthest_s: float = float("inf")
    bands: tuple[Band, ...] = ()
    whole: bool = False  # counts: no fractions on the axis


def draw(chart: Lines, paper: Paper = axes.WIDE) -> Drawing:
    """The picture; a chart without any value has axes and no line."""
    every = [v for one in chart.lines for v in one.values]
    moments = [t for one in chart.lines for t in one.times]
    scale = scales.ticks(every, 5 if paper.narrow else 6, whole=chart.whole, zero=bool(chart.bands))
    several = len(chart.lines) > 1
    beside = several and not paper.narrow
    names = [scales.clipped(one.label, SIZE, 150) for one in chart.lines]
    right = (max(scales.text_width(n, SIZE) for n in names) + 16) if beside else 22
    legend, below = _legend(chart, paper) if several and not beside else ("", 0.0)
    plot = Plot(axes.left_room(scale, paper), 26 + below, paper.width - right, paper.height - 42)
    drawn, y = axes.vertical(plot, scale, chart.quantity)
    if not moments:
        return Drawing(paper.width, paper.height, drawn)
    low, high = min(moments), max(moments)
    bottom, x = axes.horizontal_time(plot, low, high, chart.lang)
    bands, band_names = _bands(chart, plot, scale)
    drawn += bottom + bands + legend
    ends = []
    for i, one in enumerate(chart.lines):
        at = i % len(LINES)
        spots = [x.at(times.seconds(t)) for t in one.times]
        wide = x.at(x.low + chart.furthest_s) - plot.left if chart.furthest_s < x.high - x.low else float("inf")
        ys = [y.at(v) if v is not None else None for v in scales_only(one.values)]
        joined, alone = "", ""
        for run in segments(spots, ys, wide * 1.0001 + 0.01):
            if len(run) == 1:
                alone += el("circle", cx=run[0][0], cy=run[0][1], r=2.4 if len(one.times) < 400 else 1.5)
            else:
                joined += path(envelope(run))
            ends_at = run[-1]
        drawn += el("path", d=joined, class_=f"line s{at + 1}", stroke=LINES[at], fill="none", stroke_width=1.8,
                    stroke_dasharray=DASHES[at], stroke_linejoin="round") if joined else ""  # fmt: skip
        drawn += el("g", alone, class_=f"dots f{at + 1}", fill=LINES[at]) if alone else ""
        if joined or alone:
            ends.append((ends_at[1], i, ends_at[0]))
    drawn += band_names
    if beside:
        drawn += _names(ends, names, plot)
    data = (
        ("data-x", f"{plot.left:.2f} {plot.right:.2f}"),
        ("data-y", f"{plot.top:.2f} {plot.bottom:.2f}"),
        ("data-t", f"{low.replace(tzinfo=None).isoformat()} {high.replace(tzinfo=None).isoformat()}"),
        ("data-v", f"{scale.low!r} {scale.high!r}"),
    )
    return Drawing(paper.width, paper.height, drawn, data)


def scales_only(values: tuple[float | None, ...]) -> list[float | None]:
    """The values with everything that is no number as None."""
    return [v if v is not None and scales.finite((v,)) else None for v in values]


def _bands(chart: Lines, plot: Plot, scale: scales.Ticks) -> tuple[str, str]:
    y = scales.Linear(scale.low, scale.high, plot.bottom, plot.top)
    drawn = names = ""
    for band in chart.bands:
        if band.low >= scale.high:
            continue
        top, bottom = y.at(min(band.high, scale.high)), y.at(band.low)
        drawn += el("rect", x=plot.left, y=top, width=5, height=max(0.0, bottom - top), fill=AQI[band.number - 1],
                    class_=f"band a{band.number}")  # fmt: skip
        if bottom - top > 15:
            names += words(plot.left + 10, top + 13, band.name, size=11, class_="t halo")
        if band.high < scale.high:
            drawn += line(plot.left, top, plot.right, top, "limit", "#8aa09e")
    return drawn, names


def _names(ends: list[tuple[float, int, float]], names: list[str], plot: Plot) -> str:
    """Each name at its line's end, moved apart where they would lie on one another."""
    gap = SIZE + 3
    placed: list[float] = []
    for y, *_ in sorted(ends):
        placed.append(max(y, placed[-1] + gap) if placed else max(y, plot.top))
    over = placed[-1] - plot.bottom if placed else 0
    for i in range(len(placed) - 1, -1, -1):
        limit = placed[i + 1] - gap if i + 1 < len(placed) else plot.bottom
        placed[i] = min(placed[i], limit) if over > 0 else placed[i]
    drawn = ""
    for (y, i, x), at in zip(sorted(ends), placed, strict=True):
        colour = i % len(LINES)
        drawn += el("path", d=path([(x + 2, y), (plot.right + 6, at)]), class_=f"lead s{colour + 1}",
                    stroke=LINES[colour], stroke_width=0.8, fill="none", opacity="0.6")  # fmt: skip
        drawn += el("circle", cx=x, cy=y, r=3, class_=f"f{colour + 1}", fill=LINES[colour], stroke=PAPER)
        drawn += el("text", plain(names[i]), x=plot.right + 9, y=at + 4, class_=f"f{colour + 1}",
                    fill=LINES[colour], font_size=SIZE, font_weight="600", lang=tongue(names[i]))  # fmt: skip
    return drawn


def _legend(chart: Lines, paper: Paper) -> tuple[str, float]:
    drawn, x, y = "", 0.0, 12.0
    for i, one in enumerate(chart.lines):
        at = i % len(LINES)
        name = scales.clipped(one.label, SIZE, paper.width - 40)
        width = scales.text_width(name, SIZE) + 44
        if x and x + width > paper.width:
            x, y = 0.0, y + 18
        drawn += el("path", d=path([(x, y - 4), (x + 24, y - 4)]), class_=f"line s{at + 1}", stroke=LINES[at],
                    stroke_width=2.2, stroke_dasharray=DASHES[at])  # fmt: skip
        drawn += words(x + 29, y, name, class_="ink")
        x += width
    return drawn, y + 8
