"""Answers as bars, boxes, distributions, calendars, wind roses, pivots and plain rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from qingliu.core.dataset import DatasetRecord
from qingliu.web import wording
from qingliu.web.charts import axes, bars, boxes, calendars, roses, scales, times
from qingliu.web.charts.marks import Drawing
from qingliu.web.explore import lines, words
from qingliu.web.explore.answers import Answer
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.choose import Facts, cell
from qingliu.web.explore.shown import Table
from qingliu.web.explore.words import Names, lang

TOP = 20
MOST_ACROSS = 60
ADDS = {"count", "valid", "sum"}  # statistics of which the rest of the groups may be added up
CALM_BELOW = 0.5  # m/s: weaker wind has no direction that a vane could tell
SPEEDS = (2.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True, slots=True)
class Made:
    """What one kind of chart makes of an answer."""

    wide: Drawing | None
    narrow: Drawing | None
    said: str
    table: Table
    notes: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def bar(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Categories from the largest, twenty and the rest; or columns over time."""
    if ask.bucket:
        return _over_time(got, ask, said)
    value = lines.field(got, ask)
    unit = said.unit_of(value)
    if not ask.split:
        pairs = [(said.what(ask), r[value.name]) for r in got.rows]
        names: list[Any] = [None] * len(pairs)
    else:
        found = sorted(got.rows, key=lambda r: (r[value.name] is None, -(r[value.name] or 0), cell(r[ask.split])))
        pairs = [(said.cell(ask.split, r[ask.split]), r[value.name]) for r in found]
        names = [r[ask.split] for r in found]
    rest = pairs[TOP:]
    shown = [bars.Bar(n, _number(v), f"{n}: {scales.short(_number(v))} {unit}".rstrip()) for n, v in pairs[:TOP]]
    rows = [(n, v) for n, (_label, v) in zip(names[:TOP], pairs[:TOP], strict=True)]
    notes = []
    if rest:
        notes.append(
            _("%(column)s有 %(n)s 個值，畫出最大的 %(top)s 個。")
            % {"column": said.column(ask.split), "n": f"{len(pairs):,}", "top": TOP}
        )
        if ask.stat in ADDS:
            name = _("其他 %(n)s 個") % {"n": f"{len(rest):,}"}
            total = sum(v or 0 for _n, v in rest)
            shown.append(bars.Bar(name, float(total), rest=True))
            rows.append((name, total))
    chart = bars.Bars(tuple(shown), said.quantity(ask, value), ask.stat in {"count", "valid"})
    known = [(n, v) for n, v in pairs if v is not None]
    told = ""
    if known:
        told = _("最大：%(name)s %(value)s%(unit)s；共 %(n)s 組。") % {
            "name": known[0][0], "value": scales.short(_number(known[0][1])), "unit": f" {unit}" if unit else "",
            "n": f"{len(pairs):,}",
        }  # fmt: skip
        if ask.stat in ADDS:
            told += " " + _("合計 %(sum)s。") % {"sum": scales.short(float(sum(v for _n, v in known)))}
    head = said.column(ask.split) if ask.split else said.what(ask)
    table = Table((ask.split or "what", value.name), (head, said.quantity(ask, value)), tuple(rows))
    return Made(bars.draw(chart, axes.WIDE), bars.draw(chart, axes.NARROW), told, table, tuple(notes))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _over_time(got: Answer, ask: Ask, said: Names) -> Made:
    drawn = lines.series(got, replace(ask, by="-", only=()), said)
    value = lines.field(got, ask)
    one = drawn[0] if drawn else None
    starts = one.times if one else ()
    values = one.values if one else ()
    ends = tuple(_end(t, ask.bucket) for t in starts)
    hints = tuple(f"{times.moment_told(t, ask.bucket)}: {scales.short(v)}" for t, v in zip(starts, values, strict=True))
    chart = bars.Columns(
        starts, ends, values, hints, said.quantity(ask, value), lang=lang(), whole=ask.stat in {"count", "valid"}
    )
    told = lines.told(drawn, said.unit_of(value), ask.bucket) if drawn else ""
    return Made(
        bars.columns(chart, axes.WIDE), bars.columns(chart, axes.NARROW), told, whole_table(got, said), _together(ask, said)
    )  # fmt: skip


def _together(ask: Ask, said: Names) -> tuple[str, ...]:
    """That the values of a split are taken together, where a kind of chart does not draw them apart."""
    if not ask.split:
        return ()
    return (_("沒有依%(column)s分開畫，所選的值合在一起；要分開請用折線或盒鬚。") % {"column": said.column(ask.split)},)


def _end(start: datetime, bucket: str) -> datetime:
    """When the bucket that begins then ends; the end of time after the last."""
    try:
        if bucket == "1y":
            return start.replace(year=start.year + 1)
        if bucket == "1mo":
            return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        return start + {"1w": timedelta(days=7), "1d": timedelta(days=1)}.get(bucket, timedelta(hours=1))
    except (ValueError, OverflowError):
        return datetime.max  # noqa: DTZ901


def box(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Groups by their number of values, twenty of them; or buckets in time."""
    of = ask.of
    names = [f"min_{of}", f"p5_{of}", f"p25_{of}", f"median_{of}", f"p75_{of}", f"p95_{of}", f"max_{of}"]
    by = "time" if ask.bucket else ask.split
    count = f"valid_{of}"
    found = [r for r in got.rows if r[count]]
    if not ask.bucket:
        found.sort(key=lambda r: (-r[count], cell(r[by]) if by else ""))
    chosen = found[-MOST_ACROSS:] if ask.bucket else found[:TOP]
    value = next(f for f in got.fields if f.name == f"median_{of}")
    unit = said.unit_of(value)
    quantity = said.what(ask) + (f" ({unit})" if unit else "")
    made = []
    for r in chosen:
        label = (
            times.moment_told(lines.moment(r["time"]), ask.bucket)
            if ask.bucket
            else said.cell(by, r[by])
            if by
            else said.what(ask)
        )
        numbers = tuple(_number(r[n]) for n in names)
        told = " · ".join(
            f"{n} {scales.short(v)}"
            for n, v in zip(("min", "p5", "p25", "p50", "p75", "p95", "max"), numbers, strict=True)
        )
        made.append(boxes.Box(label, numbers, f"{label}: {told} (n {r[count]:,})"))
    notes = [_("盒：第 25 至 75 百分位；粗線：中位數；鬚：第 5 與 95 百分位；圈：最小與最大。")]
    notes += _together(ask, said) if ask.bucket else ()
    if len(chosen) < len(found):
        notes.append(_("%(n)s 組中畫出 %(top)s 組。") % {"n": f"{len(found):,}", "top": len(chosen)})
    known = [(b.label, b.numbers[3]) for b in made if b.numbers[3] is not None]
    told = ""
    if known:
        high, low = max(known, key=lambda k: k[1] or 0), min(known, key=lambda k: k[1] or 0)
        told = _("中位數最高：%(high)s %(high_value)s；最低：%(low)s %(low_value)s%(unit)s。") % {
            "high": high[0], "high_value": scales.short(high[1]), "low": low[0], "low_value": scales.short(low[1]),
            "unit": f" {unit}" if unit else "",
        }  # fmt: skip
    chart = boxes.Boxes(tuple(made), quantity)
    whole = whole_table(replace(got, rows=tuple(chosen)), said)
    return Made(boxes.draw(chart, axes.WIDE), boxes.draw(chart, axes.NARROW), told, whole, tuple(notes))


def histogram(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Usable values in bins of a round width, with the median and the 95th percentile."""
    count = f"valid_{ask.of}"
    pairs = sorted((float(r[ask.of]), int(r[count])) for r in got.rows if r[ask.of] is not None and r[count])
    edges = scales.bin_edges([v for v, _n in pairs], 40)
    counts = [0] * max(0, len(edges) - 1)
    width = edges[1] - edges[0] if len(edges) > 1 else 1.0
    for v, n in pairs:
        at = min(len(counts) - 1, max(0, int((v - edges[0]) / width + 1e-9)))
        counts[at] += n
    total = sum(counts)
    unit = next((f.unit for f in got.fields if f.name == ask.of), "") or said.unit
    quantity = said.what(ask) + (f" ({unit})" if unit else "")
    hints = tuple(
        f"{scales.short(a)} – {scales.short(b)}: {n:,}" for (a, b), n in zip(pairwise(edges), counts, strict=True)
    )
    marks = []
    if pairs:
        marks = [(_share(pairs, total, 0.5), _("中位數")), (_share(pairs, total, 0.95), _("第 95 百分位"))]
    chart = bars.Columns(
        edges[:-1], edges[1:], tuple(float(n) for n in counts), hints, _("有效值數"), quantity, lang(), True,
        tuple((v, f"{name} {scales.short(v)}") for v, name in marks),
    )  # fmt: skip
    told = ""
    if pairs:
        told = _("%(n)s 個有效值，最小 %(low)s，最大 %(high)s，中位數 %(median)s%(unit)s。") % {
            "n": f"{total:,}", "low": scales.short(pairs[0][0]), "high": scales.short(pairs[-1][0]),
            "median": scales.short(marks[0][0]), "unit": f" {unit}" if unit else "",
        }  # fmt: skip
    rows = tuple((a, b, n) for (a, b), n in zip(pairwise(edges), counts, strict=True))
    table = Table(("from", "to", count), (_("從（含）"), _("到（不含）"), _("有效值數")), rows)
    note = _("相同的值在 API 的答案裡是一列；這裡併成 %(n)s 個等寬的區間，最後一個含右端。") % {"n": len(counts)}
    return Made(
        bars.columns(chart, axes.WIDE), bars.columns(chart, axes.NARROW), told, table, (note, *_together(ask, said))
    )


def _share(pairs: list[tuple[float, int]], total: int, share: float) -> float:
    """The value that ``share`` of all values reach at most (nearest rank)."""
    seen = 0
    for v, n in pairs:
        seen += n
        if seen >= share * total:
            return v
    return pairs[-1][0]


def calendar(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Days of each series under one another, all in one scale of colours."""
    drawn = lines.series(got, ask, said)
    value = lines.field(got, ask)
    known = [v for one in drawn for v in one.values if v is not None]
    steps, names = shades(known, said.record, ask)
    chart = calendars.Calendar(
        tuple(
            (one.label if len(drawn) > 1 else "", tuple((t.date(), v) for t, v in zip(one.times, one.values, strict=True)))
            for one in drawn
        ),
        steps, names, said.quantity(ask, value), lang(), bool(lines.bands(said.record, ask)), _("無值"),
    )  # fmt: skip
    notes = (_("空心：那天沒有值，或不足以算統計值。"),)
    told = lines.told(drawn, said.unit_of(value), "1d") if drawn else ""
    return Made(
        calendars.draw(chart, axes.WIDE), calendars.draw(chart, axes.NARROW), told, whole_table(got, said), notes
    )


def shades(
    values: Iterable[float | None], record: DatasetRecord, ask: Ask
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Upper ends of the colours and their names: the index' own bands, else round steps between least and greatest."""
    bands = lines.bands(record, ask)
    if bands:
        return wording.AQI_BANDS, tuple(f"{b.name} {b.low + (1 if b.low else 0):.0f}–{b.high:.0f}" for b in bands)
    known = scales.finite(values)
    steps = calendars.steps_of(known)
    if not steps:
        return (), tuple(scales.short(v) for v in known[:1])
    ends = [scales.short(s) for s in steps]
    return steps, (f"≤ {ends[0]}", *(f"{a}–{b}" for a, b in pairwise(ends)), f"> {ends[-1]}")


def rose(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Directions by sixteenths and speeds by classes, from the wind vector of each bucket."""
    direction, speed = (next(f.name for f in got.fields if f.name.startswith(p)) for p in ("vdir_", "vspeed_"))
    counts = [[0] * (len(SPEEDS) + 1) for _i in range(roses.SECTORS)]
    calm = total = 0
    for r in got.rows:
        if r[speed] is None:
            continue
        total += 1
        if r[speed] < CALM_BELOW or r[direction] is None:
            calm += 1
            continue
        counts[roses.sector(r[direction])][sum(r[speed] >= s for s in SPEEDS)] += 1
    share = 100 / total if total else 0.0
    ends = [f"{s:g}" for s in SPEEDS]
    unit = next((f.unit for f in got.fields if f.name == speed), "") or "m/s"
    ends = [f"{CALM_BELOW:g}", *ends]
    classes = (*(f"{a}–{b} {unit}" for a, b in pairwise(ends)), f"≥ {ends[-1]} {unit}")
    directions = tuple(
        _("北 北北東 東北 東北東 東 東南東 東南 南南東 南 南南西 西南 西南西 西 西北西 西北 北北西").split()
    )
    chart = roses.Rose(
        tuple(tuple(n * share for n in row) for row in counts), classes, directions, calm * share, _("靜風")
    )
    rows = (*tuple((directions[i], *row) for i, row in enumerate(counts)), (_("靜風"), calm, *([None] * len(SPEEDS))))
    told = ""
    if total:
        most = max(range(roses.SECTORS), key=lambda i: sum(counts[i]))
        told = _("%(n)s 個時段；最常來自%(direction)s（%(share)s％），靜風 %(calm)s％。") % {
            "n": f"{total:,}", "direction": directions[most], "share": scales.short(round(sum(counts[most]) * share, 1)),
            "calm": scales.short(round(calm * share, 1)),
        }  # fmt: skip
    notes = (
        _("風向指風的來處；花瓣長度是該方向佔全部時段的百分比；風速小於 %(calm)s %(unit)s 計為靜風（圓心）。")
        % {"calm": f"{CALM_BELOW:g}", "unit": unit},
    )
    table = Table(("direction", *classes), (_("風向"), *classes), rows)
    return Made(roses.draw(chart, axes.WIDE), roses.draw(chart, axes.NARROW), told, table, notes)


def pivot(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """One column's values down, another's (or the buckets) across; without a second, a grouped table."""
    value = lines.field(got, ask)
    across = ask.across or ("time" if ask.bucket and ask.split else "")
    if not across or not ask.split:
        return Made(
            None, None, "", whole_table(got, said), (_("每列一組：%(what)s。") % {"what": said.quantity(ask, value)},)
        )
    heads: dict[Any, None] = {}
    rows: dict[Any, dict[Any, Any]] = {}
    for r in got.rows:
        key = lines.moment(r["time"]) if across == "time" and r["time"] is not None else r[across]
        heads[key] = None
        rows.setdefault(r[ask.split], {})[key] = r[value.name]
    order = sorted(heads, key=lambda k: (k is None, k if across == "time" and k is not None else 0, cell(k)))
    kept = order[-MOST_ACROSS:] if across == "time" else order[:MOST_ACROSS]
    told = [
        times.moment_told(k, ask.bucket) if isinstance(k, datetime) and across == "time" else said.cell(across, k)
        for k in kept
    ]
    notes = [_("格中：%(what)s；空白：沒有資料。") % {"what": said.quantity(ask, value)}]
    if len(kept) < len(order):
        notes.append(_("橫向有 %(n)s 個值，列出 %(top)s 個。") % {"n": f"{len(order):,}", "top": len(kept)})
    body = tuple((k, *(rows[k].get(c) for c in kept)) for k in sorted(rows, key=lambda k: (k is None, cell(k))))
    machine = tuple(cell(k) if k is not None else "" for k in kept)
    return Made(None, None, "", Table((ask.split, *machine), (said.column(ask.split), *told), body), tuple(notes))


def rows(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    """Plain rows, a page of them."""
    return Made(None, None, "", whole_table(got, said))


def whole_table(got: Answer, said: Names) -> Table:
    """The answer as it came: under the API's own names, every row."""
    heads = []
    for f in got.fields:
        unit = said.unit_of(f)
        plain = _("時間") if f.name == "time" and got.timed else f.title.get(words.lang()) or f.name
        stat = f.name.split("_", 1)[0] if got.call.tail == "series" else ""
        heads.append(plain + (f" {stat}" if stat in _SHORT else "") + (f" ({unit})" if unit else ""))
    every = tuple(tuple(r[f.name] for f in got.fields) for r in got.rows)
    return Table(tuple(f.name for f in got.fields), tuple(heads), every)


_SHORT = frozenset({"min", "p5", "p25", "median", "p75", "p95", "max", "avg", "valid", "sum", "p98"})
