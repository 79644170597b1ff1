"""Checks of single rows and of rows against each other, without time series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from qingliu.core.dataset import Text
from qingliu.lake.checks import series
from qingliu.lake.checks.conditions import sql_of
from qingliu.lake.checks.source import PRIVATE, Source, both, equal, picked
from qingliu.lake.checks.spec import (
    Dates,
    Empty,
    Foreign,
    Hit,
    Misfit,
    Named,
    Newest,
    Order,
    Result,
    SamePlace,
    Total,
    Unique,
    Value,
)  # fmt: skip
from qingliu.lake.names import ident, literal
from qingliu.lake.query import Compare, In, IsNull, Where

MAX_HITS = 300
AWAY = 3  # times as long as usual that events may stay away


def misfit(source: Source, check: Misfit) -> Result:
    """Columns whose cells were put into quarantine, and rows that were set aside."""
    distinct = source.all("SELECT DISTINCT _flags FROM src WHERE contains(_flags, '=quarantined;')")
    names = [f.name for f in source.record.fields if any(f";{f.name}=quarantined;" in row[0] for row in distinct)]
    hits: list[Hit] = []
    for name in names:
        mark = literal(f";{name}=quarantined;")
        hits += picked(source, f"contains(_flags, {mark})", kind="cells", facts=[("field", name)], columns=[name])
    if "quarantine" in source.masters:
        found = source.all(
            "SELECT reason_zh, reason_en, count(*) FROM quarantine WHERE kind = 'row' GROUP BY ALL ORDER BY 3 DESC"
        )
        hits += [Hit("rows", n, (("zh", zh), ("en", en))) for zh, en, n in found]
    return Result(check, tuple(hits), source.rows)


def unique(source: Source, check: Unique) -> Result:
    """Rows that share their key and differ, or that are the same throughout."""
    every = tuple(f.name for f in source.record.fields)
    columns = check.columns or every
    if _once(source, source.record.key if columns == every else columns):
        return Result(check, (), source.rows)
    listed = ", ".join(ident(c) for c in columns)
    whole = f"hash({', '.join(ident(c) for c in every)})"
    having = "count(*) > 1" if columns == every else f"count(*) > 1 AND count(DISTINCT {whole}) > 1"
    source.con.execute(
        f"CREATE OR REPLACE TEMP TABLE twice AS SELECT {listed}, count(*) AS n FROM src GROUP BY {listed} HAVING {having}"
    )
    groups = int(source.one("SELECT count(*) FROM twice"))
    if not groups:
        return Result(check, (), source.rows)
    same = " AND ".join(f"t.{ident(c)} IS NOT DISTINCT FROM src.{ident(c)}" for c in columns)
    kind = "duplicate" if columns == every else "key"
    hits = picked(source, f"EXISTS (SELECT 1 FROM twice t WHERE {same})", kind=kind, facts=[("groups", groups)],
                  columns=() if columns == every else columns, prefer=(columns,))  # fmt: skip
    return Result(check, tuple(hits), source.rows)


def _once(source: Source, columns: tuple[str, ...]) -> bool:
    """Whether each combination of ``columns`` stands once; found out once for each set of columns."""
    if not columns:
        return False
    shape = source.shape
    if shape is not None and shape.values and set(columns) == {*shape.series, shape.time}:
        series.prepare(source)
        # no block holds more rows than periods: with one row a period at most, no key can stand twice
        if not source.one("SELECT count(*) FROM blocks WHERE n > bit_count(mask)"):
            return True
    listed = ", ".join(ident(c) for c in columns)
    name = f"once:{listed}"
    if name not in source.made and f"not {name}" not in source.made:
        found = source.one(f"SELECT count(*) FROM (SELECT 1 FROM src GROUP BY {listed} HAVING count(*) > 1)")
        source.made.add(f"not {name}" if found else name)
    return name in source.made


def same_place(source: Source, check: SamePlace) -> Result:
    """Places at which two or more ids stand at the same time."""
    lon, lat = (f"round({ident(c)}, {check.decimals})" for c in (check.lon, check.lat))
    places = source.all(
        f"SELECT {lon}, {lat}, list(DISTINCT {ident(check.id)} ORDER BY {ident(check.id)}) AS ids FROM src "
        f"WHERE {lon} IS NOT NULL AND {lat} IS NOT NULL AND {lon} <> 0 AND {ident(check.id)} IS NOT NULL "
        f"GROUP BY 1, 2 HAVING len(ids) > 1 ORDER BY 1, 2 LIMIT {MAX_HITS}"
    )
    hits: list[Hit] = []
    for x, y, ids in places:
        inside = f"{lon} = {x!r} AND {lat} = {y!r} AND {ident(check.id)} IS NOT NULL"
        if check.time:
            time = ident(check.time)
            inside += (
                f" AND {time} IN (SELECT {time} FROM src WHERE {inside} GROUP BY 1 "
                f"HAVING count(DISTINCT {ident(check.id)}) > 1)"
            )
        prefer = (
            ((check.id,), (check.id, check.lon, check.lat), (check.id, check.time)) if check.time else ((check.id,),)
        )
        facts: list[tuple[str, Value]] = [("lon", x), ("lat", y), ("ids", "、".join(map(str, ids[:8])))]
        hits += picked(
            source, inside, kind="same-place", facts=facts, columns=[check.id, check.lon, check.lat], prefer=prefer
        )
    return Result(check, tuple(hits), source.rows)


def named(source: Source, check: Named) -> Result:
    """Names with several ids and ids with several names."""
    hits = []
    for kind, one, many in (("two-ids", check.name, check.id), ("two-names", check.id, check.name)):
        found = source.all(
            f"SELECT {ident(one)}, count(*), list(DISTINCT {ident(many)} ORDER BY {ident(many)}) AS others FROM src "
            f"WHERE {ident(one)} IS NOT NULL AND {ident(many)} IS NOT NULL GROUP BY 1 HAVING len(others) > 1 "
            f"ORDER BY 2 DESC LIMIT {MAX_HITS}"
        )
        for value, count, others in found:
            where = both(equal(one, value), In(many, tuple(others)))
            facts: tuple[tuple[str, Value], ...] = (("value", value), ("others", "、".join(map(str, others[:8]))))
            hits.append(Hit(kind, count, facts, where, (one, many)))
    nameless = source.all(f"SELECT count(*), count(DISTINCT {ident(check.name)}), string_agg(DISTINCT {ident(check.name)}, '、') "
                          f"FROM src WHERE {ident(check.id)} IS NULL")[0]  # fmt: skip
    if nameless[0]:
        facts = (("names", nameless[1]), ("value", (nameless[2] or "")[:120]))
        hits.append(Hit("no-id", nameless[0], facts, IsNull(check.id), (check.id, check.name)))
    return Result(check, tuple(hits), source.rows)


def newest(source: Source, check: Newest, created_at: str) -> Result:
    """How late the newest row is."""
    if check.time:
        last = source.one(
            f"SELECT CAST(max({ident(check.time)}) AS TIMESTAMP) FROM src WHERE {ident(check.time)} <= ?", [check.now]
        )
    else:
        last = datetime.fromisoformat(created_at).replace(tzinfo=None) if created_at else None
    if last is None:
        return Result(check, (), 0)
    late = int((check.now - last).total_seconds())
    usual = _usual(source, check) if check.events and check.time and late > check.within_s else None
    if late <= max(check.within_s, AWAY * (usual or 0)):
        return Result(check, (), 1)
    facts: tuple[tuple[str, Value], ...] = (("last", last), ("late_s", late), ("within_s", check.within_s))
    facts += () if usual is None else (("usual_s", usual),)
    rows: Where | None = None
    count = 1
    if check.time:
        kind = source.record.field(check.time)
        moment = last.date() if kind is not None and kind.type == "date" else last
        rows = Compare(check.time, "eq", moment)
        sql, params = sql_of(rows)
        count = int(source.one(f"SELECT count(*) FROM src WHERE {sql}", params))
    return Result(check, (Hit("late", count, facts, rows, (check.time,) if check.time else ()),), 1)


def _usual(source: Source, check: Newest) -> int:
    """Seconds within which 99 of 100 intervals between the times of events lie; one date mistyped does not stretch them."""
    time = ident(check.time)
    times = f"SELECT DISTINCT CAST({time} AS TIMESTAMP) AS t FROM src WHERE {time} <= ?"
    gaps = f"SELECT epoch(t) - epoch(lag(t) OVER (ORDER BY t)) AS gap FROM ({times})"
    return int(source.one(f"SELECT coalesce(quantile_cont(gap, 0.99), 0) FROM ({gaps})", [check.now]))


def empty(source: Source, check: Empty) -> Result:
    """Empty cells above the share that is accepted."""
    blank = source.one(f"SELECT count(*) FROM src WHERE {ident(check.field)} IS NULL")
    if not source.rows or blank / source.rows <= check.share:
        return Result(check, (), source.rows)
    facts: tuple[tuple[str, Value], ...] = (
        ("field", check.field),
        ("share", blank / source.rows),
        ("limit", check.share),
    )
    return Result(check, (Hit("empty", int(blank), facts, IsNull(check.field), (check.field,)),), source.rows)


def dates(source: Source, check: Dates) -> Result:
    """Dates before the first or after the last day."""
    field = source.record.field(check.field)
    as_time: Callable[[Any], Any] = (
        (lambda d: d) if field is not None and field.type == "date" else (lambda d: datetime.combine(d, time.min))
    )
    hits = []
    wanted: list[tuple[str, Where]] = [("early", Compare(check.field, "lt", as_time(check.first)))]
    if check.last is not None:
        wanted.append(("future", Compare(check.field, "gt", as_time(check.last))))
    for kind, where in wanted:
        sql, params = sql_of(where)
        count, low, high = source.all(
            f"SELECT count(*), min({ident(check.field)}), max({ident(check.field)}) FROM src WHERE {sql}", params
        )[0]
        if count:
            worst = low if kind == "early" else high
            hits.append(Hit(kind, count, (("field", check.field), ("worst", worst)), where, (check.field,)))
    return Result(check, tuple(hits), source.rows)


def order(source: Source, check: Order) -> Result:
    """Rows whose later date comes first."""
    earlier, later = ident(check.earlier), ident(check.later)
    facts: list[tuple[str, Value]] = [("earlier", check.earlier), ("later", check.later)]
    hits = picked(source, f"{later} < {earlier}", kind="order", facts=facts, columns=[check.earlier, check.later])
    return Result(check, tuple(hits), source.rows)


def foreign(source: Source, check: Foreign) -> Result:
    """Values of a foreign key that the other dataset lacks."""
    on = " AND ".join(f"t.{ident(b)} = s.{ident(a)}" for a, b in zip(check.fields, check.target, strict=True))
    own = ", ".join(ident(f) for f in check.fields)
    filled = " AND ".join(f"{ident(f)} IS NOT NULL" for f in check.fields)
    source.con.execute(
        f"CREATE OR REPLACE TEMP TABLE holes AS SELECT * FROM "
        f"(SELECT {own}, count(*) AS n FROM src WHERE {filled} GROUP BY ALL) s "
        f"WHERE NOT EXISTS (SELECT 1 FROM {ident('master:' + check.dataset)} t WHERE {on})"
    )
    values = source.all(f"SELECT {own}, n FROM holes ORDER BY n DESC, 1")
    if not values:
        return Result(check, (), source.rows)
    told = "、".join(" ".join(map(str, v[:-1])) for v in values[:12]) + ("…" if len(values) > 12 else "")
    if any(f.name in check.fields and (f.sensitivity != "none" or f.role in PRIVATE) for f in source.record.fields):
        told = "…"
    facts: list[tuple[str, Value]] = [("dataset", check.dataset), ("values", len(values)), ("told", told)]
    same = " AND ".join(f"h.{ident(f)} = src.{ident(f)}" for f in check.fields)
    hits = picked(source, f"EXISTS (SELECT 1 FROM holes h WHERE {same})", kind="hole", facts=facts, columns=check.fields,
                  prefer=(check.fields,))  # fmt: skip
    return Result(check, tuple(hits), source.rows)


def total(source: Source, check: Total) -> Result:
    """Rows whose parts do not add up."""
    parts = " + ".join(ident(p) for p in check.parts)
    known = {f.name for f in source.record.fields}
    whole = ident(check.total) if check.total in known else repr(float(check.total))
    facts: list[tuple[str, Value]] = [("parts", "、".join(check.parts)), ("total", check.total)]
    columns = [*check.parts, *((check.total,) if check.total in known else ())]
    bad = f"abs({parts} - {whole}) > {check.tolerance + 1e-9!r}"
    return Result(check, tuple(picked(source, bad, kind="sum", facts=facts, columns=columns)), source.rows)


def not_there(dataset: str) -> tuple[Text, Text]:
    """Why a foreign key could not be looked up."""
    return (
        Text(f"主檔「{dataset}」沒有可讀的版本。", f"The master '{dataset}' has no version that can be read."),
        Text("先發布主檔。", "Publish the master first."),
    )
