"""The SQL of a grouped question, in steps: rows as values, parts of fine groups, whole groups, what was expected, the answer.

base    one row a row (rolling: one a row and window): b bucket, g groups, k the rest of the key, values
part    GROUP BY b, g (, k): what adds up; by days under months and years, whose calendar costs more than the sums
whole   GROUP BY b, g, where parts were finer
counted the number of series that a bucket should hold: those between their first and last row
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.grouping.aggregates import STATISTICS, Form, aggregate_mark, form
from qingliu.lake.grouping.answer import is_direction, judged, paired
from qingliu.lake.grouping.clock import Clock, clock
from qingliu.lake.grouping.measured import NUMERIC, is_long, step, told_apart, wind_of, with_role
from qingliu.lake.grouping.usable import value
from qingliu.lake.names import ident, literal
from qingliu.lake.query import Aggregate, Query
from qingliu.lake.where import Scope, compile_where


def sql(query: Query, record: DatasetRecord, scope: Scope, source: str) -> tuple[str, list[Any]]:
    """SQL over ``source`` (rows of the version's files) that answers c0, c1, … and _flags, with its bound values."""
    return _Builder(query, record, scope, source).sql()


@dataclass
class _Builder:
    query: Query
    record: DatasetRecord
    scope: Scope
    source: str
    columns: dict[str, str] = field(default_factory=dict)  # of the base: name → SQL
    params: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        query, record = self.query, self.record
        self.aggregates = query.aggregates
        self.clock: Clock | None = (
            clock(record, query.bucket, query.rules.timezone if query.rules else "") if query.bucket else None
        )
        self.judged = judged(query, record)
        self.groups = [f"g{i}" for i in range(len(query.group))]
        self.keys = list(told_apart(query, record)) if self.judged else []
        self.wind = paired(query, record) if any(a.fn in {"vdir", "vspeed"} for a in self.aggregates) else None
        self.places = list(dict.fromkeys(a.field for a in self.aggregates if a.field != "*"))
        self.places += [n for n in self.judged if n not in self.places]

    # --- the rows as values

    def _name(self, column: str) -> str:
        return ident(self.scope.physical(column))

    def _value(self, column: FieldRecord) -> str:
        name = self._name(column.name)
        if self.query.rules is None or column.type not in NUMERIC:
            return name
        return value(self.record, column, name, self.query.rules)

    def _base(self) -> str:
        query, where = self.query, ""
        source = self.source
        bound: list[Any] = []
        if query.where is not None:
            text, bound = compile_where(query.where, self.scope)
            where = f" WHERE {text}"
        if self.wind is not None and is_long(self.record):
            source, where = self._pivoted(where), ""
        if self.clock is not None:
            self.columns["b"] = self.clock.key(self._moment(), "day" if self._by_days() else "")
            if any(a.fn in {"first", "last"} for a in self.aggregates):
                self.columns["t"] = self._moment()
        self.columns |= {f"g{i}": self._name(n) for i, n in enumerate(query.group)}
        self.columns |= {f"k{i}": self._name(n) for i, n in enumerate(self.keys)}
        for at, name in enumerate(self.places):
            self._place(at, self.scope.find(name))
        limits = []
        for aggregate in dict.fromkeys(a for a in self.aggregates if a.fn == "over"):
            self.columns[f"o{aggregate_mark(aggregate)}"] = f"_x{self.places.index(aggregate.field)} > ?"
            limits.append(float(aggregate.number or 0))
        self.params = [*limits, *bound]
        if self.clock is not None and self.clock.rolling:
            return self._rolled(source, where)
        return f"SELECT {self._picked()} FROM ({source}){where}"

    def _picked(self) -> str:
        return ", ".join(f"{sql} AS {name}" for name, sql in self.columns.items()) or "1 AS one"

    def _moment(self) -> str:
        return self._name(self.record.time_field)

    def _rolled(self, source: str, where: str) -> str:
        """Every row once for each window that it lies in; ``own``: the window that ends in its hour."""
        assert self.clock is not None
        self.columns["own"] = "true"
        moment = self._moment()
        timed = f"{where} AND {moment} IS NOT NULL" if where else f" WHERE {moment} IS NOT NULL"
        rows = f"SELECT {self._picked()} FROM ({source}){timed}"
        hours = f"unnest(range({self.clock.rolling}))"
        return f"SELECT * REPLACE (b + to_hours(h) AS b, h = 0 AS own) FROM (SELECT *, {hours} AS h FROM ({rows}))"

    def _place(self, at: int, column: FieldRecord) -> None:
        """The columns that functions over one column of the dataset need."""
        wanted = {a.fn for a in self.aggregates if a.field == column.name}
        if "count" in wanted:
            self.columns[f"r{at}"] = self._name(column.name)
        if wanted == {"count"} and column.name not in self.judged:
            return
        circular = is_direction(column.name, self.query, self.record)
        if wanted & {"vdir", "vspeed"}:
            self._vectors(at, column)
            if wanted <= {"vdir", "vspeed"}:  # a value counts where both are known
                self.columns[f"_x{at}"] = f"_p{at}"
                return
        x = self._value(column)
        if circular == "item":
            item = with_role(self.record, "item")
            codes = ", ".join(literal(w.direction) for w in self.record.wind)
            self.columns["_d"] = f"CAST({self._name(item.name)} AS VARCHAR) IN ({codes})" if item else "false"
        on_circle = f"({x}) BETWEEN 0 AND 360"
        whole = {"yes": f"CASE WHEN {on_circle} THEN {x} END", "item": f"CASE WHEN NOT _d OR {on_circle} THEN {x} END"}
        self.columns[f"_x{at}"] = whole.get(circular, x)
        if circular != "no" and "avg" in wanted:
            calm = self._speed(column)
            when = " AND ".join(
                ["_d" if circular == "item" else "true", *([f"coalesce({calm}, 1) > 0"] if calm else [])]
            )
            self.columns[f"u{at}"] = f"CASE WHEN {when} THEN sin(radians(_x{at})) END"
            self.columns[f"w{at}"] = f"CASE WHEN {when} THEN cos(radians(_x{at})) END"

    def _speed(self, column: FieldRecord) -> str:
        """The speed beside a direction in the same row, "" in a long table, which has none."""
        wind = wind_of(self.record, column.name)
        return "" if wind is None or is_long(self.record) else self._value(self.scope.find(wind.speed))

    def _vectors(self, at: int, column: FieldRecord) -> None:
        """East and north of the wind: direction as it comes from, times speed, where both are known."""
        turn, speed = "_dir", "_speed"
        wind = wind_of(self.record, column.name)
        if not is_long(self.record) and wind is not None:
            turn, speed = self._value(self.scope.find(wind.direction)), self._value(self.scope.find(wind.speed))
        known = f"({turn}) BETWEEN 0 AND 360 AND ({speed}) >= 0"
        self.columns[f"_p{at}"] = f"CASE WHEN {known} THEN ({speed}) * sin(radians({turn})) END"
        self.columns[f"_q{at}"] = f"CASE WHEN {known} THEN ({speed}) * cos(radians({turn})) END"

    def _pivoted(self, where: str) -> str:
        """A long table with direction and speed of one moment and series beside each other, as _dir and _speed."""
        assert self.wind is not None
        item, cell = with_role(self.record, "item"), with_role(self.record, "value")
        assert item is not None
        assert cell is not None
        self.keys = [k for k in self.keys if k != item.name]
        rest = (n for n in (*self.record.key, *self.query.group, self.record.time_field) if n and n != item.name)
        names = ", ".join(self._name(n) for n in dict.fromkeys(rest))
        code = f"CAST({self._name(item.name)} AS VARCHAR)"
        x = self._value(cell)
        return (
            f"SELECT {names}, max({x}) FILTER ({code} = {literal(self.wind.direction)}) AS _dir, "
            f"max({x}) FILTER ({code} = {literal(self.wind.speed)}) AS _speed FROM ({self.source}){where} GROUP BY {names}"
        )

    # --- groups

    def _forms(self) -> list[Form]:
        order = "ROW(t, {0})" if "t" in self.columns else "{0}"
        forms = []
        for a in self.aggregates:
            at = self.places.index(a.field) if a.field != "*" else 0
            column = self.scope.find(a.field) if a.field != "*" else None
            integer = column is not None and column.type == "integer"
            circular = is_direction(a.field, self.query, self.record) if column is not None else "no"
            forms.append(form(a, at, integer=integer, circular=circular, order=order.format(f"_x{at}")))
        return forms

    def _by_days(self) -> bool:
        """Months and years in two steps: days first."""
        unit = self.clock.unit if self.clock is not None else ""
        return unit in {"month", "year"} and not any(self._whole(a) for a in self.aggregates)

    @staticmethod
    def _whole(aggregate: Aggregate) -> bool:
        return aggregate.fn in {"first", "last", "sd", "median", "percentile"}

    def sql(self) -> tuple[str, list[Any]]:
        """The whole, with its bound values."""
        base = self._base()
        forms = self._forms()
        whole = any(f.whole for f in forms)
        keys = [f"k{i}" for i in range(len(self.keys))]
        dims = [*(["b"] if self.clock else []), *self.groups]
        joins = {f"a{i}_{j}": part for i, f in enumerate(forms) for j, part in enumerate(f.parts)}
        joins |= {f"n{i}": (f"count(_x{self.places.index(n)})", "sum") for i, n in enumerate(self.judged)}
        if self.clock is not None and self.clock.rolling:
            joins["owned"] = ("bool_or(own)", "bool_or")
        finer = not whole and (bool(keys) or self._by_days())
        ctes, spans = [], ""
        if finer:
            by = [*dims, *keys]
            parts = ", ".join([*by, *(f"{text} AS {name}" for name, (text, _) in joins.items())])
            kept = " AS MATERIALIZED" if keys else " AS"
            ctes.append(f"part{kept} (SELECT {parts} FROM ({base}) {_group(len(by))})")
            b = self.clock.coarse("b") if self.clock and self._by_days() else "b"
            picked = [*([f"{b} AS b"] if self.clock else []), *self.groups]
            picked += [f"{join}({name}) AS {name}" for name, (_, join) in joins.items()]
            summed = f"SELECT {', '.join(picked)} FROM part {_group(len(dims))}"
            spans = f"SELECT {', '.join([*self.groups, *keys])}, min({b}) AS lo, max({b}) AS hi FROM part"
        else:
            ctes.append(f"base AS NOT MATERIALIZED ({base})")
            picked = [*dims, *(f"{text} AS {name}" for name, (text, _) in joins.items())]
            summed = f"SELECT {', '.join(picked)} FROM base {_group(len(dims))}"
            spans = f"SELECT {', '.join([*self.groups, *keys])}, min(b) AS lo, max(b) AS hi FROM base"
        ctes.append(f"summed AS ({summed})")
        table = "summed"
        if keys:
            ctes.append(f"span AS ({spans} WHERE b IS NOT NULL {_group(len(self.groups) + len(keys))})")
            ctes.append(f"counted AS ({self._counted()})")
            table = "counted"
        text = f"WITH {', '.join(ctes)} {self._answer(forms, table)}"
        return text, self.params

    def _counted(self) -> str:
        """Beside each bucket how many series had begun and not yet ended."""
        groups = "".join(f", {g}" for g in self.groups)
        within = f"PARTITION BY {', '.join(self.groups)} " if self.groups else ""
        return (
            f"SELECT * FROM (SELECT *, sum(step) OVER ({within}ORDER BY b, kind ROWS UNBOUNDED PRECEDING) AS series FROM ("
            f"SELECT *, 1 AS kind, 0 AS step FROM summed UNION ALL BY NAME "
            f"SELECT lo AS b{groups}, 0 AS kind, 1 AS step FROM span UNION ALL BY NAME "
            f"SELECT hi AS b{groups}, 2 AS kind, -1 AS step FROM span)) WHERE kind = 1"
        )

    # --- the answer

    def _answer(self, forms: list[Form], table: str) -> str:
        clock_, rules = self.clock, self.query.rules
        picked = [*(["b"] if clock_ else []), *self.groups]
        picked += [f"{f.over(lambda j, i=i: f'a{i}_{j}')} AS v{i}" for i, f in enumerate(forms)]  # type: ignore[misc]
        if self.judged and clock_ is not None:
            promised = step(self.record)
            assert promised is not None
            series = "series" if table == "counted" else "1"
            expected = f"({clock_.expected('b', promised)} * {series})"
            picked += [f"n{i} AS n{i}, n{i} / {expected} AS s{i}" for i in range(len(self.judged))]
        owned = " WHERE owned" if clock_ is not None and clock_.rolling else ""
        rows = f"SELECT {', '.join(picked)} FROM {table}{owned}"
        if clock_ is not None and rules is not None and rules.gaps:
            rows = self._filled(rows)
        listed: list[str] = [clock_.time("b")] if clock_ is not None else []
        listed += self.groups
        listed += [self._shown(i, a) for i, a in enumerate(self.aggregates)]
        for i in range(len(self.judged)):
            listed += [f"round(s{i}, 4)", self._flag(i)]
        answer = ", ".join(f"{text} AS c{i}" for i, text in enumerate(listed))
        keys = [*(["b"] if clock_ else []), *self.groups]
        order = f" ORDER BY {', '.join(f'{k} NULLS LAST' for k in keys)}" if keys else ""
        return f"SELECT {answer}, NULL::VARCHAR AS _flags FROM ({rows}){order}"

    def _least(self) -> str:
        return repr(float(self.query.rules.completeness) - 1e-9) if self.query.rules else "0.0"

    def _shown(self, at: int, aggregate: Aggregate) -> str:
        filled = self.query.rules is not None and self.query.rules.gaps
        if aggregate.fn not in STATISTICS:
            return f"coalesce(v{at}, 0)" if filled and aggregate.fn in {"count", "valid", "over"} else f"v{at}"
        rules = self.query.rules
        if aggregate.field not in self.judged or rules is None or rules.completeness <= 0:
            return f"v{at}"
        return f"CASE WHEN s{self.judged.index(aggregate.field)} < {self._least()} THEN NULL ELSE v{at} END"

    def _flag(self, at: int) -> str:
        return f"CASE WHEN n{at} = 0 THEN 'no_data' WHEN s{at} < {self._least()} THEN 'incomplete' END"

    def _filled(self, rows: str) -> str:
        """Every bucket from the first to the last of the answer, for every group of it."""
        assert self.clock is not None
        groups = ", ".join(self.groups)
        every = f"(SELECT DISTINCT {groups} FROM have)" if groups else "(SELECT 1)"
        ends = f"CAST(min(b) AS TIMESTAMP), CAST(max(b) AS TIMESTAMP), INTERVAL 1 {self.clock.unit}"
        line = f"(SELECT unnest(generate_series({ends})) AS b FROM have)"
        same = " AND ".join([f"f.{g} IS NOT DISTINCT FROM have.{g}" for g in self.groups] + ["f.b = have.b"])
        measures = [f"v{i}" for i in range(len(self.aggregates))]
        judged_ = [
            c for i in range(len(self.judged)) for c in (f"coalesce(n{i}, 0) AS n{i}", f"coalesce(s{i}, 0) AS s{i}")
        ]
        picked = ", ".join([f"f.{d}" for d in ("b", *self.groups)] + measures + judged_)
        return (
            f"WITH have AS ({rows}) SELECT {picked} FROM (SELECT * FROM {line} CROSS JOIN {every}) f "
            f"LEFT JOIN have ON {same}"
        )


def _group(columns: int) -> str:
    return f"GROUP BY {', '.join(str(i + 1) for i in range(columns))}" if columns else ""
