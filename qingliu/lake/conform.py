"""Runs frozen rules over the cells of a version: how many fail in each column, which values they are, and where.

All columns are counted in one pass over the files; only columns that fail are read once more for their values. Foreign
patterns run in the engine's RE2 alone, so their cost is linear whatever they say; one that it cannot run is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, FieldRecord, VersionRecord
from qingliu.lake.ingest import engine as private_engine
from qingliu.lake.names import ident, path_list
from qingliu.lake.names import literal as lit
from qingliu.lake.paths import LakePaths

VALUES = 200  # failing values kept for each column: enough to clean by, few enough to filter by
_ID = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


@dataclass(frozen=True, slots=True)
class Excuse:
    """Failing cells that the rule itself cannot say: those that match ``pattern``, where ``items`` are given only beside
    one of these values in column ``beside``."""

    pattern: str
    beside: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellRule:
    """What every filled cell of a column must be; empty parts ask nothing."""

    field: str
    pattern: str = ""  # RE2, searched
    function: str = ""  # a key of FUNCTIONS
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    excuses: tuple[Excuse, ...] = ()


@dataclass(frozen=True, slots=True)
class Failing:
    """A value that fails, in how many cells, and how many of those are excused (by number of the excuse)."""

    value: str
    count: int
    excused: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conformed:
    """One rule over one column: filled cells, failing cells, distinct failing values (the most frequent listed), the
    cells that each excuse covers. ``error`` says why the engine would not run the rule."""

    field: str
    cells: int
    failing: int
    distinct: int
    values: tuple[Failing, ...]
    excused: tuple[int, ...]
    error: str = ""


def run(
    paths: LakePaths, record: DatasetRecord, version: VersionRecord, rules: tuple[CellRule, ...], workdir: Path
) -> tuple[Conformed, ...]:
    """Run ``rules`` over the rows of ``version``. Columns that the version lacks are answered with no cells."""
    physical = {c.name: c.physical for c in version.columns}
    files = path_list(paths.resolve(f.path) for f in version.files)
    mixed = ", union_by_name=true" if dict(version.extra).get("mixed_schema") == "1" else ""
    workdir.mkdir(parents=True, exist_ok=True)
    con = private_engine(workdir, memory_limit="900MB", threads=2, timezone="UTC")
    try:
        source = f"read_parquet({files}{mixed})" if version.files else ""
        return _Run(con, record, physical, source).all(rules)
    finally:
        con.close()


class _Run:
    """One version under one engine."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, record: DatasetRecord, physical: dict[str, str], source: str
    ) -> None:
        self._con = con
        self._record = record
        self._physical = physical
        self._source = source

    def all(self, rules: tuple[CellRule, ...]) -> tuple[Conformed, ...]:
        told = {i: self._refused(rule) for i, rule in enumerate(rules)}
        live = [i for i, r in enumerate(rules) if not told[i] and r.field in self._physical and self._source]
        counted: dict[int, tuple[int, ...]] = {}
        if live:
            sums: list[str] = []
            for i in live:
                bad = self._bad(rules[i])
                sums += [f"count({self._column(rules[i].field)})", f"count(*) FILTER ({bad})"]
                sums += [f"count(*) FILTER ({bad} AND {e})" for e in self._excuses(rules[i])]
            row = self._con.execute(f"SELECT {', '.join(sums)} FROM {self._source}").fetchall()[0]
            at = 0
            for i in live:
                width = 2 + len(rules[i].excuses)
                counted[i] = tuple(int(n) for n in row[at : at + width])
                at += width
        return tuple(self._one(rule, counted.get(i), told[i]) for i, rule in enumerate(rules))

    def _one(self, rule: CellRule, counts: tuple[int, ...] | None, error: str) -> Conformed:
        if counts is None:
            return Conformed(rule.field, 0, 0, 0, (), (0,) * len(rule.excuses), error)
        cells, failing, *excused = counts
        values, distinct = self._values(rule) if failing else ((), 0)
        return Conformed(rule.field, cells, failing, distinct, values, tuple(excused))

    def _values(self, rule: CellRule) -> tuple[tuple[Failing, ...], int]:
        excused = "".join(f", count(*) FILTER ({e}) AS e{i}" for i, e in enumerate(self._excuses(rule)))
        picked = f"SELECT {self._text(rule.field)} AS v, count(*) AS n{excused}"
        grouped = f"{picked} FROM {self._source} WHERE {self._bad(rule)} GROUP BY v"
        rows = self._con.execute(
            f"SELECT *, count(*) OVER () FROM ({grouped}) ORDER BY n DESC, v LIMIT {VALUES}"
        ).fetchall()
        found = tuple(Failing(str(r[0]), int(r[1]), tuple(int(n) for n in r[2:-1])) for r in rows)
        return found, int(rows[0][-1]) if rows else 0

    def _refused(self, rule: CellRule) -> str:
        for pattern in (rule.pattern, *(e.pattern for e in rule.excuses)):
            try:
                self._con.execute(f"SELECT regexp_matches('', {lit(pattern)})")
            except duckdb.Error as error:
                return str(error).splitlines()[0][:200]
        return "" if not rule.function or rule.function in FUNCTIONS else f"no such function: {rule.function}"

    def _field(self, name: str) -> FieldRecord:
        found = self._record.field(name)
        assert found is not None, name
        return found

    def _column(self, name: str) -> str:
        return ident(self._physical[name])

    def _text(self, name: str) -> str:
        """The cell as a standard would write it: days as YYYYMMDD, moments as YYYY-MM-DD hh:mm:ss, numbers plain."""
        column, kind = self._column(name), self._field(name).type
        if kind == "string":
            return f"trim({column})"
        if kind == "date":
            return f"strftime({column}, '%Y%m%d')"
        if kind == "datetime":
            return f"strftime({column}, '%Y-%m-%d %H:%M:%S')"
        if kind == "boolean":
            return f"CASE WHEN {column} THEN '1' WHEN NOT {column} THEN '0' END"
        if kind == "integer":
            return f"CAST({column} AS VARCHAR)"
        plain = f"CAST({column} AS VARCHAR)"
        spelled = f"rtrim(rtrim(printf('%.12f', {column}), '0'), '.')"  # 1e-05 and 1e+20 are no numbers to a standard
        return f"CASE WHEN contains({plain}, 'e') THEN {spelled} ELSE regexp_replace({plain}, '[.]0$', '') END"

    def _bad(self, rule: CellRule) -> str:
        text, column = self._text(rule.field), self._column(rule.field)
        asks = []
        if rule.pattern:
            asks.append(f"regexp_matches({text}, {lit(rule.pattern)})")
        if rule.function:
            asks.append(FUNCTIONS[rule.function].replace("{x}", text))
        if rule.values:
            asks.append(f"{text} IN ({', '.join(lit(v) for v in rule.values)})")
        value = column if self._field(rule.field).type in {"integer", "number"} else f"TRY_CAST({text} AS DOUBLE)"
        if rule.low is not None:
            asks.append(f"coalesce({value} >= {float(rule.low)!r}, false)")
        if rule.high is not None:
            asks.append(f"coalesce({value} <= {float(rule.high)!r}, false)")
        return f"{column} IS NOT NULL AND NOT ({' AND '.join(asks) or 'true'})"

    def _excuses(self, rule: CellRule) -> list[str]:
        out = []
        for excuse in rule.excuses:
            condition = f"regexp_matches({self._text(rule.field)}, {lit(excuse.pattern)})"
            if excuse.items:
                listed = ", ".join(lit(i) for i in excuse.items)
                known = excuse.beside in self._physical
                condition += f" AND {self._text(excuse.beside)} IN ({listed})" if known else " AND false"
            out.append(f"coalesce({condition}, false)")
        return out


def _weighted(text: str, weights: tuple[int, ...]) -> str:
    return " + ".join(f"CAST(substr({text}, {i}, 1) AS INTEGER) * {w}" for i, w in enumerate(weights, 1))


def _checksum(kinds: str) -> str:
    letter = f"(strpos('{_ID}', substr({{x}}, 1, 1)) + 9)"
    total = f"{letter} // 10 + {letter} % 10 * 9 + {_weighted('substr({x}, 2)', (8, 7, 6, 5, 4, 3, 2, 1, 1))}"
    return f"CASE WHEN regexp_full_match({{x}}, '[A-Z][{kinds}][0-9]{{8}}') THEN ({total}) % 10 = 0 ELSE false END"


def _uniform() -> str:
    parts = [f"CAST(substr({{x}}, {i}, 1) AS INTEGER) * {w}" for i, w in enumerate((1, 2, 1, 2, 1, 2, 4, 1), 1)]
    total = " + ".join(f"({p}) // 10 + ({p}) % 10" for p in parts)
    late = f"substr({{x}}, 7, 1) = '7' AND ({total} + 1) % 5 = 0"
    return f"CASE WHEN regexp_full_match({{x}}, '[0-9]{{8}}') THEN ({total}) % 5 = 0 OR ({late}) ELSE false END"


def _cas() -> str:
    digits = "reverse(replace({x}, '-', ''))"
    steps = " + ".join(f"coalesce(TRY_CAST(substr({digits}, {i + 1}, 1) AS INTEGER), 0) * {i}" for i in range(1, 10))
    shape = "regexp_full_match({x}, '[1-9][0-9]{1,6}-[0-9]{2}-[0-9]')"
    return f"CASE WHEN {shape} THEN ({steps}) % 10 = CAST(substr({digits}, 1, 1) AS INTEGER) ELSE false END"


def _moment(shape: str, fmt: str) -> str:
    return f"(regexp_full_match({{x}}, '{shape}') AND try_strptime({{x}}, '{fmt}') IS NOT NULL)"


FUNCTIONS: dict[str, str] = {
    "validateDate": _moment("[0-9]{8}", "%Y%m%d"),
    "validateDateTime": _moment("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", "%Y-%m-%d %H:%M:%S"),
    "validateId": _checksum("12"),
    "validateUINo": _checksum("89"),
    "validateUniformNo": _uniform(),
    "validateCAS": _cas(),
}
