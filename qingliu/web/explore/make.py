"""From a question to everything that a page shows of it."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.engine import Engine
from qingliu.lake.grouping.measured import is_long, with_role
from qingliu.lake.grouping.usable import limit_declared
from qingliu.lake.published import Entry
from qingliu.web.charts import scales
from qingliu.web.explore import kinds, lines, maps, words
from qingliu.web.explore.answers import Answer, answer
from qingliu.web.explore.asks import Ask
from qingliu.web.explore.calls import call
from qingliu.web.explore.choose import Facts, counted, filled
from qingliu.web.explore.kinds import Made
from qingliu.web.explore.shown import Shown
from qingliu.web.explore.words import Names

ENVELOPE_FROM = 1_600  # points of one line beyond which a pixel of the picture holds several


def show(engine: Engine, entry: Entry, ask: Ask) -> Shown:
    """The question answered. Raises what the API would answer to the same call, and BadRequest of the page's own."""
    record = entry.record
    full, facts = filled(engine, record, ask)
    asked = call(full, record)
    got = answer(engine, record, asked)
    said = words.names(entry, engine.published, _unit(engine, record, full))
    made = _MAKERS[full.chart](got, full, said, facts)
    notes = (*_rests_on(record, full, got, said), *made.notes)
    return Shown(
        full,
        facts,
        asked,
        got.version,
        words.title(full, said),
        made.said,
        made.table,
        notes,
        made.wide,
        made.narrow,
        made.extra,
    )


def _unit(engine: Engine, record: DatasetRecord, ask: Ask) -> str:
    """The unit of a long table's item, where its rows name one and the same."""
    unit = with_role(record, "unit")
    if unit is None or not is_long(record) or not ask.item or ask.chart == "table":
        return ""
    found = counted(
        engine, record, Ask(item=ask.item, conditions=ask.conditions, as_of=ask.as_of, of=ask.of), unit.name, rows=False
    )
    return found[0][0] if len(found) == 1 else ""


def _rests_on(record: DatasetRecord, ask: Ask, got: Answer, said: Names) -> tuple[str, ...]:
    """Period and time zone; how complete; which values count."""
    timed = bool(record.time_field) and ask.chart != "table"
    first = words.period(ask)
    if timed:
        first += " · " + _("時區 %(zone)s") % {"zone": record.timezone}
    found = [first] if timed or ask.start or ask.end else []
    share = [f.name for f in got.fields if f.name.startswith("completeness")]
    if share and got.rows:
        cells = [r[share[0]] for r in got.rows if r["time"] is not None]
        mean = sum(min(float(c or 0), 1.0) for c in cells) / max(1, len(cells))
        least = float(ask.completeness or "0.75")
        below = sum(1 for c in cells if float(c or 0) < least)
        told = _("應有測值中有 %(share)s％") % {"share": scales.short(round(mean * 100, 1))}
        if below:
            told += _("；%(n)s 個時段不足 %(least)s％，不算統計值，留白") % {
                "n": f"{below:,}",
                "least": scales.short(least * 100),
            }
        found.append(told + _("。"))
    value = record.field(ask.of) if ask.of and ask.stat != "count" else None
    rules = []
    if value is not None and got.call.tail == "series":
        rules.append(_("標示無效的值不計"))
        if limit_declared(value) is not None:
            at_limit = _("畫在極限處") if ask.chart == "histogram" else ""
            below_text = {"half": _("以極限之半計"), "zero": _("以零計"), "limit": _("以極限計"), "drop": _("不計入")}
            rules.append(_("低於偵測極限者") + ((ask.below != "drop" and at_limit) or below_text[ask.below or "half"]))
        if is_long(record) and not said.unit_of(value):
            rules.append(_("資料沒有載明這個測項的單位"))
    if record.row_status != "validated":
        rules.append(
            {
                "provisional": _("資料為初步值，可能再修正"),
                "corrected": _("資料為修正值"),
                "invalid": _("資料標示為無效"),
            }[record.row_status]
        )
    if rules:
        found.append(_("；").join(rules) + _("。"))
    return tuple(n[:1].upper() + n[1:] for n in found)


def _line(got: Answer, ask: Ask, said: Names, facts: Facts) -> Made:
    wide, narrow, drawn = lines.pictures(got, ask, said)
    unit = said.unit_of(lines.field(got, ask))
    notes = []
    longest = max((len(one.times) for one in drawn), default=0)
    if longest > ENVELOPE_FROM:
        notes.append(
            _("每條線 %(n)s 點：畫圖時每個像素留最小與最大，峰值不失；下載與表格是全部。") % {"n": f"{longest:,}"}
        )
    if ask.split and len(facts.values) > len(ask.only):
        more = f"{len(facts.values):,}" + ("+" if facts.more_values else "")
        notes.append(
            _("畫出 %(column)s %(n)s 個值中的 %(some)s 個。")
            % {"column": said.column(ask.split), "n": more, "some": len(drawn)}
        )
    return Made(
        wide,
        narrow,
        lines.told(drawn, unit, ask.bucket),
        kinds.whole_table(got, said),
        tuple(notes),
        {"points": lines.points(drawn, unit)},
    )


_MAKERS: dict[str, Callable[[Answer, Ask, Names, Facts], Made]] = {
    "line": _line,
    "bar": kinds.bar,
    "box": kinds.box,
    "histogram": kinds.histogram,
    "calendar": kinds.calendar,
    "rose": kinds.rose,
    "map": maps.draw,
    "pivot": kinds.pivot,
    "table": kinds.rows,
}
