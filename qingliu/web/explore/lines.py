"""Answers as lines over time."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.grouping.measured import step
from qingliu.web import wording
from qingliu.web.charts import axes, line, scales, times
from qingliu.web.charts.marks import Drawing
from qingliu.web.explore.answers import Answer
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.words import Names, lang

_SECONDS = {"1h": 3600, "1d": 86_400, "1w": 604_800, "1mo": 31 * 86_400, "1y": 366 * 86_400}
_BOUNDS = (0, *wording.AQI_BANDS, 500)


def moment(value: Any) -> datetime:
    """An answer's time as wall time of its bucket."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=None)


def series(answer: Answer, ask: Ask, said: Names) -> tuple[line.Line, ...]:
    """The answer's rows as lines, one a value of the split, in the order in which they were asked for."""
    name = statistic(answer, ask)
    found: dict[Any, tuple[list[datetime], list[float | None]]] = {}
    for row in answer.rows:
        if row["time"] is None:
            continue
        ts, vs = found.setdefault(row[ask.split] if ask.split else None, ([], []))
        ts.append(moment(row["time"]))
        vs.append(None if row[name] is None else float(row[name]))
    order = {v: i for i, v in enumerate(ask.only)}
    keys = sorted(found, key=lambda k: (order.get(str(k), len(order)), str(k)))
    made = []
    for key in keys:
        pairs = sorted(zip(*found[key], strict=True), key=lambda p: p[0])
        label = said.cell(ask.split, key) if ask.split else said.what(ask)
        made.append(line.Line(label, tuple(t for t, _v in pairs), tuple(v for _t, v in pairs)))
    there = {str(k) for k in keys}
    made += [line.Line(said.cell(ask.split, v), (), ()) for v in ask.only if ask.split and v not in there]
    return tuple(made)


def statistic(answer: Answer, ask: Ask) -> str:
    """The name of the answer's computed column."""
    return field(answer, ask).name


def field(answer: Answer, ask: Ask) -> FieldRecord:
    """The answer's computed column: the first behind time and groups."""
    return answer.fields[len(answer.groups) + (1 if ask.bucket else 0)]


def is_aqi(record: DatasetRecord, name: str) -> bool:
    """Whether a column is the air quality index: by the standard's property, or by its name where it has none."""
    found = record.field(name)
    if found is None:
        return False
    return found.property.rstrip("/").rsplit("/", 1)[-1].upper() == "AQI" if found.property else name.lower() == "aqi"


def bands(record: DatasetRecord, ask: Ask) -> tuple[line.Band, ...]:
    """The index' bands with their names, where the index itself is drawn; () otherwise."""
    if ask.stat not in {"avg", "median", "max", "min", "p98"} or not is_aqi(record, ask.of):
        return ()
    return tuple(
        line.Band(low, high, str(wording.aqi_band(high)[1]), i + 1)
        for i, (low, high) in enumerate(itertools.pairwise(_BOUNDS))
    )


def pictures(answer: Answer, ask: Ask, said: Names) -> tuple[Drawing, Drawing, tuple[line.Line, ...]]:
    """The chart on wide and on narrow paper, and its lines."""
    record = said.record
    lines = series(answer, ask, said)
    promised = step(record)
    width = max(
        _SECONDS.get(ask.bucket, 3600), (promised.seconds or promised.months * _SECONDS["1mo"]) if promised else 0
    )
    chart = line.Lines(
        lines,
        said.quantity(ask, field(answer, ask)),
        lang(),
        width * 1.5,
        bands(record, ask),
        ask.stat in {"count", "valid"},
    )
    return line.draw(chart, axes.WIDE), line.draw(chart, axes.NARROW), lines


def told(lines: tuple[line.Line, ...], unit: str, bucket: str) -> str:
    """Each line's least, greatest and mean with their times, in words."""
    sentences = []
    for one in lines:
        pairs = [(v, t) for v, t in zip(one.values, one.times, strict=True) if v is not None]
        if not pairs:
            sentences.append(_("%(name)s：沒有可畫的值。") % {"name": one.label})
            continue
        low, high = min(pairs, key=lambda p: p[0]), max(pairs, key=lambda p: p[0])
        sentences.append(
            _("%(name)s：最低 %(low)s（%(low_at)s），最高 %(high)s（%(high_at)s），各時段平均 %(mean)s%(unit)s。")
            % {
                "name": one.label,
                "low": scales.short(low[0]),
                "low_at": times.moment_told(low[1], bucket),
                "high": scales.short(high[0]),
                "high_at": times.moment_told(high[1], bucket),
                "mean": scales.short(sum(v for v, _t in pairs) / len(pairs)),
                "unit": f" {unit}" if unit else "",
            }
        )
    return " ".join(sentences)


def points(lines: tuple[line.Line, ...], unit: str) -> dict[str, Any]:
    """Every point of the lines, for the cross-hair."""
    return {
        "unit": unit,
        "lines": [
            {"label": one.label, "t": [t.isoformat() for t in one.times], "v": list(one.values)} for one in lines
        ],
    }
