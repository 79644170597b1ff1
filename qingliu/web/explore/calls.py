"""A question as the API call that answers it: the page asks the engine through the API's own reading of that call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from qingliu.api.native import params, series
from qingliu.api.native.parameters import ROWS
from qingliu.api.native.params import Asked, Caller
from qingliu.api.native.series_parameters import SERIES
from qingliu.core.dataset import DatasetRecord
from qingliu.lake.grouping.measured import is_long, wind_of, with_role
from qingliu.web import preview
from qingliu.web.explore.asks import Ask
from qingliu.web.links import api_dataset

PAGE_ROWS = 50
BOX = ("min", "p5", "p25", "median", "p75", "p95", "max", "avg", "valid")
_BARE = re.compile(r"[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the native API: ``tail`` series or rows, and its parameters in order."""

    tail: str
    pairs: tuple[tuple[str, str], ...]

    def address(self, code: str, **more: str) -> str:
        """Path and query."""
        return api_dataset(code, self.tail) + "?" + urlencode([*self.pairs, *more.items()])

    def asked(self, record: DatasetRecord) -> Asked:
        """The call as the API reads it. Raises what the API would answer."""
        read = series.ask if self.tail == "series" else params.rows
        return read(record, list(self.pairs), Caller())


def name(column: str) -> str:
    """A column as ``groupby``, ``aggregate`` and ``properties`` read it."""
    return column if _BARE.fullmatch(column) else '"' + column.replace('"', '""') + '"'


def aggregate(ask: Ask) -> str:
    """The statistic of a question."""
    return "count(*)" if ask.stat == "count" else f"{ask.stat}({name(ask.of)})"


def by_area(record: DatasetRecord, ask: Ask) -> bool:
    """Whether a map shades counties: where it is split by a column of them, or the table has no place."""
    field = record.field(ask.split) if ask.split else None
    return record.place is None or (field is not None and field.role == "county")


def call(ask: Ask, record: DatasetRecord) -> Call:
    """The call for a question whose every blank is filled."""
    groups: tuple[str, ...] = () if ask.bucket else (ask.split,)
    match ask.chart:
        case "table":
            return _rows(ask, record)
        case "line" | "calendar":
            return _series(ask, record, aggregate(ask), groups=(ask.split,), bucket=ask.bucket, gaps=True)
        case "bar":
            return _series(ask, record, aggregate(ask), groups=groups, bucket=ask.bucket, gaps=bool(ask.bucket))
        case "box":
            every = ",".join(f"{fn}({name(ask.of)})" for fn in BOX)
            return _series(ask, record, every, groups=groups, bucket=ask.bucket)
        case "map":
            place = record.place
            there = (place.lon, place.lat) if place and not by_area(record, ask) else ()
            return _series(ask, record, aggregate(ask), groups=(ask.split, *there))
        case "histogram":
            return _series(ask, record, f"valid({name(ask.of)})", groups=(ask.of,))
        case "rose":
            direction = wind_column(ask, record)
            both = f"vdir({name(direction)}),vspeed({name(direction)})"
            return _series(ask, record, both, groups=(ask.split,), bucket=ask.bucket)
        case _:
            groups = (ask.split, ask.across)
            return _series(ask, record, aggregate(ask), groups=groups, bucket=ask.bucket)


def wind_column(ask: Ask, record: DatasetRecord) -> str:
    """The column whose vectors a wind rose is made of: the value of a long table, a direction of a wide one."""
    value = with_role(record, "value")
    if is_long(record) and value is not None:
        return value.name
    wind = wind_of(record, ask.of) or (record.wind[0] if record.wind else None)
    return wind.direction if wind else ask.of


def _series(
    ask: Ask, record: DatasetRecord, aggregates: str, *, groups: tuple[str, ...], bucket: str = "", gaps: bool = False
) -> Call:
    pairs = [("aggregate", aggregates), ("bucket", bucket)]
    if any(groups):
        pairs.append(("groupby", ",".join(name(g) for g in dict.fromkeys(groups) if g)))
    if gaps and bucket:
        pairs.append(("fill", "gaps"))
    if ask.completeness:
        pairs.append(("completeness", ask.completeness))
    pairs.append(("below_detection", ask.below))
    pairs += _which(ask, record, SERIES)
    return Call("series", tuple((k, v) for k, v in pairs if v))


def _rows(ask: Ask, record: DatasetRecord) -> Call:
    pairs = [("properties", ",".join(name(c) for c in ask.cols))]
    descending = ask.sortby.startswith("-")
    if ask.sortby:
        pairs.append(("sortby", ("-" if descending else "") + name(ask.sortby.removeprefix("-"))))
    pairs += [("limit", str(PAGE_ROWS)), ("offset", str((ask.page - 1) * PAGE_ROWS) if ask.page > 1 else "")]
    pairs += _which(ask, record, ROWS)
    return Call("rows", tuple((k, v) for k, v in pairs if v))


def _which(ask: Ask, record: DatasetRecord, own: tuple[str, ...]) -> list[tuple[str, str]]:
    """The conditions: a column's values by its own parameter where its name is no parameter, else in the filter."""
    texts = [preview.cql(preview.Ask(conditions=ask.conditions), record)]
    pairs: list[tuple[str, str]] = []
    chosen = [(ask.split, ask.only)] if ask.split and ask.only else []
    item = with_role(record, "item")
    if item is not None and ask.chart == "rose" and is_long(record):
        wind = next((w for w in record.wind if ask.item in {w.direction, w.speed}), record.wind[0])
        chosen.append((item.name, (wind.direction, wind.speed)))
    elif item is not None and ask.item:
        chosen.append((item.name, (ask.item,)))
    for column, values in chosen:
        if column in own:
            listed = ",".join(_literal(record, column, v) for v in values)
            texts.append('"' + column.replace('"', '""') + f'" IN ({listed})')
        else:
            pairs += [(column, v) for v in values]
    pairs.append(("filter", " AND ".join(t for t in texts if t)))
    if ask.start or ask.end:
        pairs.append(("datetime", f"{ask.start or '..'}/{ask.end or '..'}"))
    pairs.append(("as_of", str(ask.as_of or "")))
    return pairs


def _literal(record: DatasetRecord, column: str, text: str) -> str:
    field = record.field(column)
    if field is None or field.type == "string":
        return "'" + text.replace("'", "''") + "'"
    condition = preview.Condition(column, "eq", text, preview.coerce(field, text, ZoneInfo(record.timezone)))
    return preview.cql(preview.Ask(conditions=(condition,)), record).rsplit(" = ", 1)[1]
