"""Checks over series in time. One pass makes a summary of blocks of twelve periods; every question starts from there.

A run of equal values at least 24 periods long holds a whole block whose least and greatest value agree, so only such
blocks and their neighbours are read again; the same block knows by its bits which periods have a row.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from qingliu.lake.checks.conditions import sql_of
from qingliu.lake.checks.limits import items_of
from qingliu.lake.checks.source import Source, both, either, equal
from qingliu.lake.checks.spec import Flat, Gaps, Hit, Result, Shape, Shift, Silence, Stale, Value
from qingliu.lake.names import ident
from qingliu.lake.query import Compare, In, IsNull, Scalar, Where

BLOCK = 12
MAX_HITS = 300  # of one check; the gravest first
COARSE = 0.6  # where a value equals the one before more often than this, its resolution is too coarse to judge
AROUND = 720  # periods around a run by which its resolution is known: a month of hours
CHANCE = 0.001  # a flat run must be less likely than this in a series as coarse as this one
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def period(shape: Shape) -> str:
    """The number of a row's period since 1970."""
    return f"(epoch_us(CAST({ident(shape.time)} AS TIMESTAMP)) // {1_000_000 * shape.step_s})"


def moment(shape: Shape, number: int) -> datetime:
    """The start of a period."""
    return _EPOCH + timedelta(seconds=shape.step_s * number)


def prepare(source: Source) -> Shape:
    """Make the table ``blocks`` once."""
    shape = source.shape
    assert shape is not None
    if "blocks" in source.made:
        return shape
    names = ", ".join(f"{ident(c)} AS s{i}" for i, c in enumerate(shape.series))
    values = "".join(
        f", count({v}) AS n{i}, min({v}) AS lo{i}, max({v}) AS hi{i}, avg({v}) AS mean{i}"
        for i, v in enumerate(f"v{i}" for i in range(len(shape.values)))
    )
    picked = "".join(f", {source.good(v)} AS v{i}" for i, v in enumerate(shape.values))
    keys = "".join(f"s{i}, " for i in range(len(shape.series)))
    source.con.execute(
        f"CREATE TEMP TABLE blocks AS SELECT {keys} p // {BLOCK} AS b, count(*) AS n, "
        f"bit_or(1 << CAST(p % {BLOCK} AS INTEGER)) AS mask{values} "
        f"FROM (SELECT {names}, {period(shape)} AS p{picked} FROM src WHERE {ident(shape.time)} IS NOT NULL) GROUP BY ALL"
    )
    source.made.add("blocks")
    return shape


def _network(source: Source) -> Shape:
    """Make ``seen`` (station, period) and ``live`` (period, its place among those in which anybody reports)."""
    shape = prepare(source)
    if "live" not in source.made:
        station = f"s{shape.series.index(shape.station)}"
        source.con.execute(
            f"CREATE TEMP TABLE seen AS SELECT st, b * {BLOCK} + i AS p FROM "
            f"(SELECT {station} AS st, b, bit_or(mask) AS m FROM blocks WHERE {station} IS NOT NULL GROUP BY ALL), "
            f"range({BLOCK}) r(i) WHERE (m >> CAST(i AS INTEGER)) & 1 = 1"
        )
        source.con.execute(
            "CREATE TEMP TABLE live AS SELECT p, row_number() OVER (ORDER BY p) AS ord FROM (SELECT DISTINCT p FROM seen)"
        )
        source.made.add("live")
    return shape


def _spacing(source: Source) -> int:
    """How many periods usually lie between one reported period and the next."""
    found = source.one("SELECT mode(d) FROM (SELECT p - lag(p) OVER (ORDER BY p) AS d FROM live) WHERE d IS NOT NULL")
    return int(found or 1)


def silence(source: Source, check: Silence) -> Result:
    """Periods in which no station reports at all, as ranges."""
    shape = _network(source)
    periods = int(source.one("SELECT count(*) FROM live"))
    spacing = _spacing(source)
    if spacing > 1:
        return Result(check, (Hit("spacing", 1, (("periods", spacing), ("step_s", shape.step_s))),), periods)
    found = source.all(
        "SELECT before + 1, p - 1, p - before - 1 AS n FROM (SELECT p, lag(p) OVER (ORDER BY p) AS before FROM live) "
        f"WHERE p - before > 1 ORDER BY n DESC, 1 LIMIT {MAX_HITS}"
    )
    hits = [
        Hit("outage", n, (("from", moment(shape, a)), ("to", moment(shape, b))), None, (shape.time,))
        for a, b, n in found
    ]
    return Result(check, tuple(hits), periods)


def gaps(source: Source, check: Gaps) -> Result:
    """Per station the periods it missed while others reported, the stations that fell silent, and empty columns."""
    shape = _network(source)
    expected = int(source.one("SELECT coalesce(sum(x), 0) FROM (SELECT max(ord) - min(ord) + 1 AS x FROM seen JOIN live "
                              "USING (p) GROUP BY st)"))  # fmt: skip
    if _spacing(source) > 1:
        return Result(check, (), 0)
    found = source.all(
        "WITH t AS (SELECT st, p, ord, lag(p) OVER w AS p0, lag(ord) OVER w AS ord0 FROM seen JOIN live USING (p) "
        "WINDOW w AS (PARTITION BY st ORDER BY p)) "
        "SELECT st, max(ord) - min(ord) + 1 AS due, coalesce(sum(ord - ord0 - 1), 0) AS missing, "
        "count(*) FILTER (ord - ord0 > 1) AS holes, "
        "list({'a': p0 + 1, 'b': p - 1, 'n': ord - ord0 - 1} ORDER BY ord - ord0 DESC) FILTER (ord - ord0 > 1) AS ranges "
        f"FROM t GROUP BY st HAVING holes > 0 ORDER BY missing DESC, st LIMIT {MAX_HITS}"
    )
    hits = [Hit("hole", int(row[2]), _hole(shape, row), None, (shape.time,)) for row in found]
    hits += _ended(source, shape)
    hits += _empties(source, shape, check.share)
    return Result(check, tuple(hits), expected)


def _hole(shape: Shape, row: tuple[Any, ...]) -> tuple[tuple[str, Value], ...]:
    station, due, missing, holes, ranges = row
    told = "; ".join(
        f"{moment(shape, r['a']):%Y-%m-%d %H:%M}" + (f" – {moment(shape, r['b']):%Y-%m-%d %H:%M}" if r["n"] > 1 else "")
        for r in ranges[:5]
    )
    return (("station", station), ("due", int(due)), ("missing", int(missing)), ("holes", holes), ("ranges", told))


def _ended(source: Source, shape: Shape) -> list[Hit]:
    """Stations that reported for a day at least and then fell silent for a day at least before the end."""
    day = max(1, 86_400 // shape.step_s)
    found = source.all(
        "SELECT st, max(p), (SELECT max(ord) FROM live) - max(ord) AS n FROM seen JOIN live USING (p) GROUP BY st "
        f"HAVING n >= {day} AND count(*) >= {day} ORDER BY n DESC, 1 LIMIT {MAX_HITS}"
    )
    hits = []
    for st, p, n in found:
        where = both(equal(shape.station, st), Compare(shape.time, "ge", moment(shape, p)))
        facts: tuple[tuple[str, Value], ...] = (("station", st), ("last", moment(shape, p)), ("periods", int(n)))
        hits.append(Hit("ended", counted(source, where), facts, where, (shape.time,)))
    return hits


def _empties(source: Source, shape: Shape, share: float) -> list[Hit]:
    """Columns (items) that a station measures, but leaves empty more often than ``share`` allows."""
    station = f"s{shape.series.index(shape.station)}"
    item = f"s{shape.series.index(shape.item)}" if shape.item in shape.series else "NULL"
    sets: dict[tuple[Value, tuple[Value, ...]], list[str]] = {}
    for i, name in enumerate(shape.values):
        found = source.all(
            f"SELECT it, list(st ORDER BY st) FROM (SELECT {item} AS it, {station} AS st, sum(n) AS n, sum(n{i}) AS v "
            f"FROM blocks GROUP BY ALL HAVING v > 0 AND v < n * {share} AND st IS NOT NULL) GROUP BY it ORDER BY it"
        )
        for it, stations in found:
            sets.setdefault((it, tuple(stations)), []).append(name)
    hits = []
    for (it, stations), names in sets.items():
        some = both(*((equal(shape.item, it),) if it is not None else ()), In(shape.station, _filled(stations)))
        where = both(some, either(*(IsNull(n) for n in names)))
        facts: tuple[tuple[str, Value], ...] = (
            ("item", it if it is not None else "、".join(names)), ("stations", "、".join(map(str, stations[:6]))),
            ("of", counted(source, some)),
        )  # fmt: skip
        count = counted(source, where)
        if count:
            hits.append(Hit("empty", count, facts, where, tuple(names)))
    return hits


def _filled(values: tuple[Value, ...]) -> tuple[Scalar, ...]:
    return tuple(v for v in values if v is not None)


def counted(source: Source, where: Where) -> int:
    """How many rows a condition made here selects."""
    sql, params = sql_of(where)
    return int(source.one(f"SELECT count(*) FROM src WHERE {sql}", params))


def flat(source: Source, check: Flat) -> Result:
    """Runs of one value longer than the item's hours and than chance allows at the series' resolution."""
    shape = prepare(source)
    at = shape.values.index(check.field)
    wanted = _wanted(source, check, shape)
    if not wanted:
        return Result(check)
    keys = ", ".join(f"s{i}" for i in range(len(shape.series)))
    item = f"s{shape.series.index(shape.item)}" if shape.item in shape.series else "NULL"
    source.con.execute("CREATE OR REPLACE TEMP TABLE wanted (item VARCHAR, need BIGINT, zeros BOOLEAN)")
    source.con.executemany("INSERT INTO wanted VALUES (?, ?, ?)", wanted)
    joined = f"JOIN wanted w ON w.item IS NOT DISTINCT FROM CAST({item} AS VARCHAR)"
    source.con.execute(
        f"CREATE OR REPLACE TEMP TABLE islands AS WITH t AS (SELECT {keys}, b, n{at} AS n, lo{at} AS lo, hi{at} AS hi, "
        f"need, zeros, row_number() OVER w AS rn, lag(b) OVER w AS b0, lead(b) OVER w AS b1 FROM blocks {joined} "
        f"WHERE n{at} > 0 WINDOW w AS (PARTITION BY {keys} ORDER BY b)), "
        f"f AS (SELECT *, rn - row_number() OVER (PARTITION BY {keys}, lo ORDER BY b) AS g FROM t "
        "WHERE lo = hi AND (lo <> 0 OR NOT zeros)) "
        f"SELECT {keys}, lo AS v, any_value(need) AS need, coalesce(arg_min(b0, b), min(b)) AS a, "
        f"coalesce(arg_max(b1, b), max(b)) AS z FROM f GROUP BY {keys}, lo, g HAVING sum(n) > any_value(need) - {2 * BLOCK}"
    )
    looked = int(source.one(f"SELECT coalesce(sum(n{at}), 0) FROM blocks {joined}"))
    if not source.one("SELECT count(*) FROM islands"):
        return Result(check, (), looked)
    runs = _runs(source, shape, check.field)
    if not runs:
        return Result(check, (), looked)
    return Result(check, tuple(_improbable(source, shape, check.field, runs)), looked)


def _wanted(source: Source, check: Flat, shape: Shape) -> list[tuple[str | None, int, bool]]:
    """(item, periods, whether zeros are fine) for every item of the rows that has a limit of at least two blocks."""
    known = items_of(source, shape, check.field, check.limits)
    least = 2 * BLOCK
    return [
        (None if item is None else str(item), max(least, math.ceil(limit.hours * 3600 / shape.step_s)), limit.zeros)
        for item, limit in known
        if limit.hours
    ]


def _runs(source: Source, shape: Shape, field: str) -> list[tuple[Any, ...]]:
    """(series…, value, first, last, number of values) of exact runs inside the islands."""
    keys = ", ".join(f"i.s{i}" for i in range(len(shape.series)))
    same = " AND ".join(f"x.{ident(c)} IS NOT DISTINCT FROM i.s{i}" for i, c in enumerate(shape.series))
    time, value = ident(shape.time), source.good(field)
    return source.all(
        f"WITH x AS (SELECT *, {period(shape)} AS p, {value} AS val FROM src), "
        f"t AS (SELECT {keys}, i.v, i.need, i.a, x.{time} AS ord, x.val, "
        f"row_number() OVER (PARTITION BY {keys}, i.v, i.a ORDER BY x.{time}) "
        f"- row_number() OVER (PARTITION BY {keys}, i.v, i.a, x.val ORDER BY x.{time}) AS g "
        f"FROM islands i JOIN x ON {same} AND x.p BETWEEN i.a * {BLOCK} AND i.z * {BLOCK} + {BLOCK - 1} "
        "WHERE x.val IS NOT NULL) "
        f"SELECT {keys.replace('i.', '')}, v, min(ord), max(ord), count(*) AS n FROM t WHERE val = v "
        "GROUP BY ALL HAVING n >= any_value(need) ORDER BY n DESC".replace("GROUP BY ALL", _grouped(shape))
    )


def _grouped(shape: Shape) -> str:
    return "GROUP BY " + ", ".join(f"s{i}" for i in range(len(shape.series))) + ", v, a, g"


def _improbable(source: Source, shape: Shape, field: str, runs: list[tuple[Any, ...]]) -> list[Hit]:
    """The runs that a series of this resolution would hardly show by chance."""
    width = len(shape.series)
    hits: list[Hit] = []
    for run, (likely, pairs) in zip(runs, _likely(source, field, runs), strict=True):
        series, (value, first, last, n) = run[:width], run[width:]
        if likely > COARSE or n < math.log(CHANCE / max(pairs, 1)) / math.log(likely):
            continue
        where = [equal(c, v) for c, v in zip(shape.series, series, strict=True)]
        rows = both(*where, Compare(shape.time, "ge", first), Compare(shape.time, "le", last),
                    Compare(field, "eq", value))  # fmt: skip
        facts: tuple[tuple[str, Value], ...] = (
            ("station", _of(shape, shape.station, series)), ("item", _of(shape, shape.item, series) or field),
            ("value", value), ("from", first), ("to", last), ("values", n),
        )  # fmt: skip
        hits.append(Hit("flat", n, facts, rows, (shape.time, field)))
    gravest = sorted(hits, key=lambda h: -h.count)[:MAX_HITS]
    return [replace(h, count=counted(source, h.rows)) for h in gravest if h.rows is not None]


def _likely(source: Source, field: str, runs: list[tuple[Any, ...]]) -> list[tuple[float, int]]:
    """For each run: how likely a value equals the one before in a month around it, and of how many that was seen.

    The run itself does not count. One pass over the rows for all runs.
    """
    shape = source.shape
    assert shape is not None
    width = len(shape.series)
    time, value = ident(shape.time), source.good(field)
    names = ", ".join(f"{ident(c)} AS s{i}" for i, c in enumerate(shape.series))
    own = ", ".join(f"s{i}" for i in range(width))
    source.con.execute(
        f"CREATE OR REPLACE TEMP TABLE runs AS SELECT {own}, 0 AS id, {time} AS a, {time} AS z FROM "
        f"(SELECT {names}, {time} FROM src) LIMIT 0"
    )
    marks = ", ".join("?" * (width + 3))
    source.con.executemany(
        f"INSERT INTO runs VALUES ({marks})", [[*r[:width], i, r[width + 1], r[width + 2]] for i, r in enumerate(runs)]
    )
    same = " AND ".join(f"x.s{i} IS NOT DISTINCT FROM r.s{i}" for i in range(width))
    around = f"INTERVAL {shape.step_s * AROUND} SECOND"
    found = source.all(
        "SELECT id, count(*), count(*) FILTER (v = v0) FROM (SELECT id, a, z, t, v, lag(v) OVER (PARTITION BY id ORDER BY t) "
        f"AS v0 FROM runs r JOIN (SELECT {names}, {time} AS t, {value} AS v FROM src) x ON {same} "
        f"AND t BETWEEN a - {around} AND z + {around} WHERE v IS NOT NULL) "
        "WHERE v0 IS NOT NULL AND NOT (t >= a AND t <= z) GROUP BY id"
    )
    seen = {i: (max(equals, 1) / pairs, pairs) for i, pairs, equals in found if pairs >= BLOCK}
    return [seen.get(i, (0.5, 1)) for i in range(len(runs))]


def _of(shape: Shape, column: str, series: tuple[Any, ...]) -> Value:
    found: Value = series[shape.series.index(column)] if column in shape.series else None
    return found


def stale(source: Source, check: Stale) -> Result:
    """Rows that repeat all values of the row before, again and again."""
    shape = source.shape
    assert shape is not None
    keys = ", ".join(ident(c) for c in shape.series)
    values = [source.good(v) for v in shape.values]
    time = ident(shape.time)
    filled = " + ".join(f"CAST(coalesce({v}, 0) <> 0 AS INTEGER)" for v in values)
    found = source.all(
        f"WITH t AS (SELECT {keys}, {time} AS ord, hash({', '.join(values)}) AS h, {filled} AS c FROM src "
        f"WHERE {time} IS NOT NULL), "
        f"l AS (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY ord) "
        f"- row_number() OVER (PARTITION BY {keys}, h ORDER BY ord) AS g FROM t) "
        f"SELECT {keys}, min(ord), max(ord), count(*) - 1 AS n FROM l GROUP BY {keys}, h, g "
        f"HAVING n >= {int(check.periods)} AND min(c) >= {int(check.values)} ORDER BY n DESC LIMIT {MAX_HITS}"
    )
    hits = []
    for *series, first, last, n in found:
        where = both(
            *(equal(c, v) for c, v in zip(shape.series, series, strict=True)),
            Compare(shape.time, "gt", first), Compare(shape.time, "le", last),
        )  # fmt: skip
        facts: tuple[tuple[str, Value], ...] = (
            ("station", _of(shape, shape.station, tuple(series))), ("from", first), ("to", last), ("repeats", n),
        )  # fmt: skip
        hits.append(Hit("stale", counted(source, where), facts, where, (shape.time, *shape.values)))
    return Result(check, tuple(hits), source.rows)


def shift(source: Source, check: Shift) -> Result:
    """Series whose median jumps from one span to the next, and the rows up to where it jumps back."""
    shape = prepare(source)
    at = shape.values.index(check.field)
    keys = ", ".join(f"s{i}" for i in range(len(shape.series)))
    span = max(1, check.days * 86_400 // (shape.step_s * BLOCK))
    found = source.all(
        f"WITH t AS (SELECT {keys}, b // {span} AS w, median(mean{at}) AS m, sum(n{at}) AS n, min(b) AS b0 FROM blocks "
        f"WHERE n{at} > 0 GROUP BY ALL HAVING n >= {int(check.values)} AND m > 0), "
        f"l AS (SELECT *, lag(m) OVER (PARTITION BY {keys} ORDER BY w) AS before FROM t) "
        f"SELECT {keys}, b0, before, m FROM l WHERE m / before >= {check.factor} OR before / m >= {check.factor} "
        f"ORDER BY {keys}, b0 LIMIT {MAX_HITS}"
    )
    width = len(shape.series)
    hits = []
    for i, row in enumerate(found):
        series, (block, before, after) = row[:width], row[width:]
        first = _turn(source, at, span, series, (block, before, after))
        following = found[i + 1] if i + 1 < len(found) and found[i + 1][:width] == series else None
        last = None
        if following is not None:
            last = _turn(source, at, span, series, following[width:])
        where = both(
            *(equal(c, v) for c, v in zip(shape.series, series, strict=True)),
            Compare(shape.time, "ge", moment(shape, first * BLOCK)),
            *((Compare(shape.time, "lt", moment(shape, last * BLOCK)),) if last is not None else ()),
        )
        facts: tuple[tuple[str, Value], ...] = (
            ("station", _of(shape, shape.station, series)), ("item", _of(shape, shape.item, series) or check.field),
            ("from", moment(shape, first * BLOCK)), ("before", before), ("after", after),
        )  # fmt: skip
        hits.append(Hit("shift", counted(source, where), facts, where, (shape.time, check.field)))
    spans = int(source.one(f"SELECT count(*) FROM (SELECT DISTINCT {keys}, b // {span} FROM blocks)"))
    return Result(check, tuple(hits), spans)


def _turn(source: Source, at: int, span: int, series: tuple[Any, ...], jump: tuple[int, float, float]) -> int:
    """The block in which a series turns from one level to the other; ``jump``: the span's first block, before, after."""
    block, before, after = jump
    same = " AND ".join(f"s{i} IS NOT DISTINCT FROM ?" for i in range(len(series)))
    middle = math.sqrt(before * after)
    beyond = f"mean{at} > {middle!r}" if after > before else f"mean{at} < {middle!r}"
    old = source.one(
        f"SELECT max(b) FROM blocks WHERE {same} AND n{at} > 0 AND mean{at} > 0 AND NOT ({beyond}) "
        f"AND b BETWEEN {block - span} AND {block + span - 1}", series,
    )  # fmt: skip
    new = source.one(
        f"SELECT min(b) FROM blocks WHERE {same} AND n{at} > 0 AND {beyond} AND b > {old if old is not None else block - 1} "
        f"AND b < {block + 2 * span}", series,
    )  # fmt: skip
    return int(new if new is not None else block)
