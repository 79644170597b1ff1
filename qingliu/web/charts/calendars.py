"""A year of days as squares: a row a weekday, a column a week; a day without a value stays hollow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from qingliu.web.charts import axes, scales, times
from qingliu.web.charts.axes import Paper
from qingliu.web.charts.marks import AQI, GRID, PAPER, RAMP, Drawing, band_digit, el, hint, words

_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


Days = tuple[tuple[date, float | None], ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Values of days. ``steps`` are the upper ends of the colours, ascending, one fewer than there are; ``names`` theirs."""

    series: tuple[tuple[str, Days], ...]  # each with its name, "" where there is one
    steps: tuple[float, ...]
    names: tuple[str, ...]
    quantity: str
    lang: str = "zh"
    index: bool = False  # the air quality index, in its own colours
    empty: str = ""  # how a day without value is called


def steps_of(values: list[float]) -> tuple[float, ...]:
    """Round ends of the seven colours between the least and the greatest value."""
    found = scales.finite(values)
    if not found or min(found) == max(found):
        return ()
    scale = scales.ticks(found, len(RAMP))
    return scale.values[1:-1][: len(RAMP) - 1]


def draw(chart: Calendar, paper: Paper = axes.WIDE) -> Drawing:
    """One block a series and year (on narrow paper one a half), newest last, with the scale of colours below."""
    left = 30.0
    weeks = 27 if paper.narrow else 54
    cell = (paper.width - left) / weeks
    drawn, top = words(0, 12, scales.clipped(chart.quantity, 12, paper.width)), 22.0
    for name, days in chart.series:
        by_day = dict(days)
        for first, last in _halves(by_day, paper):
            head = " · ".join(t for t in (name, times.year_told(first.year, chart.lang)) if t)
            drawn += words(0, top + 13, scales.clipped(head, 12.5, paper.width), size=12.5, class_="ink", weight="600")
            block, height = _block(chart, by_day, (first, last), cell, left)
            drawn += el("g", block, transform=f"translate(0 {top + 22:.2f})")
            top += 22 + height + 14
    key, height = _key(chart, paper)
    return Drawing(paper.width, top + height, drawn + el("g", key, transform=f"translate(0 {top:.2f})"))


def _halves(by_day: dict[date, float | None], paper: Paper) -> Iterator[tuple[date, date]]:
    """First and last day of each block that has a day of the data."""
    for year in sorted({d.year for d in by_day}):
        for first, last in ((1, 6), (7, 12)) if paper.narrow else ((1, 12),):
            if any(d.year == year and first <= d.month <= last for d in by_day):
                yield date(year, first, 1), date(year, last, 31 if last == 12 else 30)


def _place(day: date, first: date) -> tuple[int, int]:
    start = first.toordinal() - first.weekday()
    return (day.toordinal() - start) // 7, day.weekday()


def _block(
    chart: Calendar, by_day: dict[date, float | None], ends: tuple[date, date], cell: float, left: float
) -> tuple[str, float]:
    first, last = ends
    drawn = ""
    for weekday in (0, 2, 4, 6):
        drawn += words(
            left - 5, 16 + weekday * cell + cell / 2 + 4, _WEEKDAYS[chart.lang][weekday], size=10, anchor="end"
        )
    for day in (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)):
        week, weekday = _place(day, first)
        x, y = left + week * cell, 16 + weekday * cell
        if day.day == 1:
            column = week if weekday == 0 else week + 1
            drawn += words(left + column * cell, 10, times.month_told(day.month, chart.lang), size=10.5)
        value = by_day.get(day)
        told = f"{day.isoformat()} {scales.short(value) if value is not None else chart.empty}"
        if value is None or not scales.finite((value,)):
            drawn += el("rect", hint(told), x=x + 1, y=y + 1, width=cell - 2.5, height=cell - 2.5, rx=1.5, class_="hollow",
                        fill="none", stroke=GRID)  # fmt: skip
        else:
            at = sum(value > s for s in chart.steps)
            drawn += el("rect", hint(told), x=x + 0.5, y=y + 0.5, width=cell - 1.5, height=cell - 1.5, rx=1.5,
                        **_colour(chart, at))  # fmt: skip
            drawn += band_digit(x + cell / 2, y + cell / 2, at, cell * 0.62) if chart.index else ""
    return drawn, 16 + 7 * cell


def _colour(chart: Calendar, at: int) -> dict[str, str]:
    if chart.index:
        return {"class_": f"a{at + 1}", "fill": AQI[min(at, 5)]}
    at = at if chart.steps else 4  # where all values are one, nothing is little
    return {"class_": f"r{at + 1}", "fill": RAMP[min(at, len(RAMP) - 1)]}


def _key(chart: Calendar, paper: Paper) -> tuple[str, float]:
    drawn, x, y = "", 0.0, 12.0
    for at, name in enumerate(chart.names):
        width = scales.text_width(name, 11) + 30
        if x and x + width > paper.width:
            x, y = 0.0, y + 18
        drawn += el("rect", x=x, y=y - 10, width=12, height=12, rx=1.5, stroke=PAPER, **_colour(chart, at))
        drawn += band_digit(x + 6, y - 4, at, 9) if chart.index else ""
        drawn += words(x + 17, y, name, size=11)
        x += width
    return drawn, y + 10
