"""What a question leaves open, chosen: a chart that fits the table's shape, its column, period, bucket and series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.engine import Engine
from qingliu.lake.grouping.measured import NUMERIC, is_long, is_measured, step, wind_of, with_role
from qingliu.lake.query import Aggregate, Query
from qingliu.web.explore import fits
from qingliu.web.explore.answers import answer
from qingliu.web.explore.asks import Ask, column
from qingliu.web.explore.calls import call

FIRST_LINES = 3
MOST_VALUES = 5_000  # values of a column that are counted to choose among
LISTED = 300
_SECONDS = {"1h": 3600, "1d": 86_400, "1w": 604_800, "1mo": 2_629_746, "1y": 31_556_952}
_MOST_BUCKETS = 10_000
_PRIVATE = frozenset({"address", "person_name", "free_text", "tax_id", "facility_name", "control_number"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table holds, as far as the page needs it. ``values``: (value, rows) of the split, most rows first."""

    rows: int
    first: datetime | None = None
    last: datetime | None = None
    items: tuple[tuple[str, int], ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    more_values: bool = False


def measured(record: DatasetRecord) -> tuple[FieldRecord, ...]:
    """The columns whose numbers can be drawn: what is measured first, other numbers behind."""
    first = [f for f in record.fields if is_measured(record, f)]
    place = {record.place.lon, record.place.lat} if record.place else set()
    rest = [f for f in record.fields if f.type in NUMERIC and f not in first and f.name not in place]
    return (*first, *rest)


def splits(record: DatasetRecord) -> tuple[FieldRecord, ...]:
    """The columns that can tell series and bars apart."""
    return tuple(f for f in record.fields if f.name != record.time_field and f.role not in {"value", "unit"})


def kinds(record: DatasetRecord) -> tuple[str, ...]:
    """The kinds of chart that a table can have."""
    timed = (
        bool(record.time_field)
        and (f := record.field(record.time_field)) is not None
        and f.type in {"date", "datetime"}
    )
    found = ["line"] if timed else []
    found.append("bar")
    if measured(record):
        found += ["box", "histogram"]
    if timed:
        found.append("calendar")
    if timed and record.wind:
        found.append("rose")
    if record.place or with_role(record, "county"):
        found.append("map")
    return (*found, "pivot", "table")


def filled(engine: Engine, record: DatasetRecord, ask: Ask) -> tuple[Ask, Facts]:
    """The question without blanks, and what was found on the way. Raises BadRequest for a chart that cannot be."""
    possible = kinds(record)
    chart = ask.chart or _kind(record, possible)
    if chart not in possible:
        raise BadRequest(
            Text("這個資料集畫不出這種圖。", "This dataset has nothing for that kind of chart."),
            Text(f"可用：{'、'.join(possible)}。", f"It can have: {', '.join(possible)}."),
            parameter="chart",
        )
    fits.refuse_misfits(ask, chart, record)
    facts = _extent(engine, record, ask)
    ask = replace(ask, chart=chart)
    ask = _what(record, ask)
    item = with_role(record, "item")
    if item is not None and is_long(record) and ask.of and chart != "table":
        items = counted(engine, record, replace(ask, start="", end="", only=()), item.name, rows=True)
        facts = replace(facts, items=items[:LISTED])
        ask = replace(ask, item=ask.item or _item(record, chart, items))
    ask = _when(record, ask, facts)
    ask = _split(record, ask)
    if ask.split and chart not in {"pivot", "table"}:
        values = counted(engine, record, replace(ask, only=()), ask.split, rows=False)
        facts = replace(facts, values=values[:LISTED], more_values=len(values) > LISTED)
        if not ask.only and chart in {"line", "calendar", "rose"}:
            first = {"line": FIRST_LINES}.get(chart, 1)
            ask = replace(ask, only=tuple(v for v, n in values[:first]))
    if chart == "table":
        ask = replace(ask, cols=ask.cols or tuple(f.name for f in record.fields[:12]))
    return ask, facts


def _kind(record: DatasetRecord, possible: tuple[str, ...]) -> str:
    """A line where values come regularly, bars of counts for events, boxes for values without time."""
    has_values = any(is_measured(record, f) for f in record.fields)
    if "line" in possible and has_values and step(record) is not None:
        return "line"
    if "line" in possible:
        return "bar"
    return "box" if has_values else "bar"


def _what(record: DatasetRecord, ask: Ask) -> Ask:
    """Column and statistic. Events without a chosen column are counted."""
    numbers = measured(record)
    if ask.chart == "rose":
        wind = wind_of(record, ask.of) or record.wind[0]
        value = with_role(record, "value")
        of = value.name if is_long(record) and value is not None else wind.direction
        return replace(ask, of=of, stat="avg")
    if ask.chart == "table":
        return ask
    events = step(record) is None and ask.chart in fits.STAT_KINDS and not ask.of
    if ask.stat == "count" or (events and not ask.stat) or not numbers:
        if ask.stat not in {"", "count"} or ask.chart in {"box", "histogram"}:
            raise _no_number(record, ask)
        return replace(ask, stat="count", of="")
    of = ask.of or numbers[0].name
    if column(record, of, "of").type not in NUMERIC:
        raise _no_number(record, ask)
    stat = ask.stat or ("valid" if ask.chart == "histogram" else "avg")
    return replace(ask, of=of, stat=stat)


def _no_number(record: DatasetRecord, ask: Ask) -> BadRequest:
    known = [f.name for f in measured(record)]
    return BadRequest(
        Text("這種圖需要數值欄位。", "That kind of chart needs a column of numbers."),
        Text(f"可用：{'、'.join(known)}。" if known else "這個資料集沒有數值欄位，請改看 stat=count。",
             f"Use one of: {', '.join(known)}." if known else "This dataset has none; ask for stat=count."),
        parameter="of",
    )  # fmt: skip


def _item(record: DatasetRecord, chart: str, items: tuple[tuple[str, int], ...]) -> str:
    winds = {i for w in record.wind for i in (w.direction, w.speed)}
    if chart == "rose":
        return record.wind[0].direction
    return next((v for v, _ in items if v not in winds), items[0][0] if items else "")


def _split(record: DatasetRecord, ask: Ask) -> Ask:
    """The column that tells series apart: that of a station for measured series, of a county or a short list for bars."""
    if ask.by:
        if ask.split:
            column(record, ask.split, "by")
        return ask
    if ask.chart in {"histogram", "table"} or (ask.chart in {"bar", "box"} and ask.bucket):
        return replace(ask, by="-")
    known = {f.name for f in splits(record)}
    series = step(record) is not None and ask.chart in {"line", "calendar", "rose"}
    if ask.chart in {"line", "calendar"} and not series:
        return replace(ask, by="-")
    keys = [n for n in record.key if n in known and (f := record.field(n)) and f.role not in {"item", "item_name"}]
    names = [f.name for f in record.fields if f.role == "station_name"]
    stations = [n for n in (*names, *(f.name for f in record.fields if f.role == "station")) if n in known]
    if series:
        in_key = [n for n in stations if n in record.key]
        return replace(ask, by=next(iter((*in_key, *keys, *stations)), "-"))
    if ask.chart == "map" and record.place:
        told = [f.name for f in record.fields if f.role in {"station_name", "facility_name"}]
        return replace(ask, by=next(iter((*told, *keys)), "-"))
    by = _category(record)
    across = ask.across
    if ask.chart == "pivot" and not across:
        rest = [
            f.name for f in splits(record) if f.type == "string" and f.name != by and f.role not in _PRIVATE and f.enum
        ]
        across = rest[0] if rest else ""
    return replace(ask, by=by, across=across)


def _category(record: DatasetRecord) -> str:
    """A column of few values by what the definition says: a county, a closed list, else the first plain text."""
    strings = [f for f in record.fields if f.type == "string" and f.role not in _PRIVATE and f.sensitivity == "none"]
    for wanted in ("county", "township"):
        found = next((f.name for f in record.fields if f.role == wanted), "")
        if found:
            return found
    listed = next((f.name for f in strings if f.enum), "")
    loose = next((f.name for f in strings if f.name not in record.key), "")
    return listed or loose or next((f.name for f in (*strings, *splits(record))), "-")


def _when(record: DatasetRecord, ask: Ask, facts: Facts) -> Ask:
    """Period and bucket: the last 30 days of hours, a year of days; finer than the data or too many is never chosen."""
    now = ask.chart == "map" and step(record) is not None
    timed = now or ask.chart in {"line", "calendar", "rose"} or bool(ask.bucket) or (ask.chart == "bar" and not ask.by)
    field = record.field(record.time_field) if record.time_field else None
    if not timed or field is None or field.type not in {"date", "datetime"}:
        return ask
    fine = _finest(record, field)
    if not ask.start and not ask.end and facts.last is not None and facts.first is not None:
        ask = replace(ask, start=_start(record, ask, fine, facts), end=facts.last.date().isoformat())
    if ask.bucket or ask.chart == "map":
        return ask
    if ask.chart == "calendar":
        return replace(ask, bucket="1d")
    if ask.chart == "rose":
        return replace(ask, bucket=fine if fine in {"1h", "1d"} else "1d")
    if ask.chart == "bar" and step(record) is not None:
        return ask
    span = _span(ask, facts)
    fewest = {"bar": 60}.get(ask.chart, _MOST_BUCKETS) if step(record) is not None else 60
    order = list(_SECONDS)[list(_SECONDS).index(fine) :]
    return replace(ask, bucket=next((b for b in order if span / _SECONDS[b] <= fewest), "1y"))


def _finest(record: DatasetRecord, field: FieldRecord) -> str:
    """The smallest bucket in which a value is promised; days for events and for tables of days."""
    promised = step(record)
    if promised is None:
        return "1d"
    seconds = promised.seconds or promised.months * _SECONDS["1mo"]
    allowed = [b for b in _SECONDS if field.type == "datetime" or b != "1h"]
    return next((b for b in allowed if _SECONDS[b] >= seconds * 0.99), "1y")


def _start(record: DatasetRecord, ask: Ask, fine: str, facts: Facts) -> str:
    assert facts.first is not None
    assert facts.last is not None
    last = facts.last.date()
    if ask.chart == "calendar":
        back = date(last.year, 1, 1) if last.month > 3 else date(max(1, last.year - 1), 1, 1)
    elif ask.chart == "map":
        back = last
    elif ask.chart == "rose":
        back = last - timedelta(days=min(364, last.toordinal() - 1))
    else:
        fine = ask.bucket or fine
        days = {"1h": 29, "1d": 364, "1w": 1825, "1mo": 3650}.get(fine, 36_500)
        days = 36_500 if step(record) is None else days
        back = last - timedelta(days=min(days, last.toordinal() - 1))
    return max(back, facts.first.date()).isoformat()


def _span(ask: Ask, facts: Facts) -> float:
    low = date.fromisoformat(ask.start[:10].replace("/", "-")) if len(ask.start) >= 10 else None
    high = date.fromisoformat(ask.end[:10].replace("/", "-")) if len(ask.end) >= 10 else None
    low = low or (facts.first.date() if facts.first else high)
    high = high or (facts.last.date() if facts.last else low)
    return ((high - low).days + 1) * 86_400.0 if low and high else 0.0


def _extent(engine: Engine, record: DatasetRecord, ask: Ask) -> Facts:
    field = record.field(record.time_field) if record.time_field else None
    aggregates = [Aggregate("count", "*")]
    if field is not None and field.type in {"date", "datetime"}:
        aggregates += [Aggregate("min", field.name), Aggregate("max", field.name)]
    query = Query(record.code, aggregates=tuple(aggregates), as_of=ask.as_of)
    row = engine.rows(engine.open(query))[0]
    if len(aggregates) == 1 or field is None:
        return Facts(row["count"])
    return Facts(row["count"], _moment(row[f"min_{field.name}"]), _moment(row[f"max_{field.name}"]))


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001


def counted(engine: Engine, record: DatasetRecord, ask: Ask, by: str, *, rows: bool) -> tuple[tuple[str, int], ...]:
    """The values of a column with how many usable values (or rows) each has in the period, most first."""
    stat = "count" if rows or not ask.of else "valid"
    plain = replace(ask, chart="pivot", stat=stat, by=by, across="", bucket="", only=(), completeness="")
    if rows:
        plain = replace(plain, item="")
    found = answer(engine, record, call(plain, record))
    name = found.fields[-1].name
    pairs = [(cell(r[by]), int(r[name])) for r in found.rows if r[by] is not None and r[name]]
    return tuple(sorted(pairs, key=lambda p: (-p[1], p[0]))[:MOST_VALUES])


def cell(value: Any) -> str:
    """A cell as the API's parameters read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
