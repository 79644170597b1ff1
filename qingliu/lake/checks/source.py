"""The rows under judgement inside a private engine, and conditions that select exactly those that a check found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.checks.spec import Hit, Shape, Subject, Value
from qingliu.lake.checks.text import fits
from qingliu.lake.names import ident, literal, path_list
from qingliu.lake.query import And, Compare, In, IsNull, Or, Scalar, Where

MAX_PARTS = 8  # conditions that may be needed for one finding
MAX_TUPLES = 3_000  # rows that are listed one by one
PRIVATE = frozenset({"address", "person_name", "facility_name", "free_text", "tax_id"})


@dataclass(slots=True)
class Source:
    """A connection with the view ``src``: public names, ``_flags``; and what checks have made beside it."""

    con: duckdb.DuckDBPyConnection
    record: DatasetRecord
    shape: Shape | None
    rows: int
    masters: dict[str, Subject] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    flagged: frozenset[str] = frozenset()

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a question."""
        return self.con.execute(sql, list(params)).fetchall()

    def one(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The first value of a question."""
        row = self.con.execute(sql, list(params)).fetchone()
        return row[0] if row else None

    def good(self, name: str) -> str:
        """A column as a value to judge: null where a flag beside it already says what is wrong with it."""
        if name not in self.flagged:
            return ident(name)
        return f"CASE WHEN _flags IS NULL OR NOT contains(_flags, {literal(f';{name}=')}) THEN {ident(name)} END"


def view(con: duckdb.DuckDBPyConnection, subject: Subject, name: str) -> None:
    """Make ``name`` a view over the rows of ``subject`` under their public names."""
    files = path_list(subject.files)
    known = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM read_parquet({files})").fetchall()}
    columns = [f"{ident(p)} AS {ident(n)}" for n, p in subject.physical if p in known]
    flags = "_flags" if "_flags" in known else "NULL::VARCHAR AS _flags"
    con.execute(f"CREATE VIEW {ident(name)} AS SELECT {', '.join(columns)}, {flags} FROM read_parquet({files})")


def flagged(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> frozenset[str]:
    """The columns among ``names`` that hold a value beside a flag in at least one row."""
    distinct = con.execute("SELECT DISTINCT _flags FROM src WHERE _flags IS NOT NULL").fetchall()
    texts = [row[0] for row in distinct]
    return frozenset(n for n in names if any(f";{n}=" in t for t in texts))


def equal(name: str, value: Value) -> Where:
    """name = value, or IS NULL."""
    return IsNull(name) if value is None else Compare(name, "eq", value)


def both(*parts: Where) -> Where:
    """All of them; the one itself where there is one."""
    return parts[0] if len(parts) == 1 else And(parts)


def either(*parts: Where) -> Where:
    """One of them; the one itself where there is one."""
    return parts[0] if len(parts) == 1 else Or(parts)


def picked(
    source: Source, predicate: str, *, kind: str, facts: Sequence[tuple[str, Value]] = (), columns: Sequence[str] = (),
    prefer: Sequence[tuple[str, ...]] = (), params: Sequence[Any] = (),
) -> list[Hit]:  # fmt: skip
    """Hits for the rows of ``src`` that fulfil ``predicate``, with conditions that select exactly those rows.

    They are listed by the smallest set of columns that tells them from all others: ``prefer``, the key, the order, all.
    Names of persons and facilities, addresses and free text never stand in a condition: it is kept and shown elsewhere,
    and a later mask rule would not reach it.
    """
    count = int(source.one(f"SELECT count(*) FROM src WHERE {predicate}", params))
    if not count:
        return []
    whole = Hit(kind, count, tuple(facts), None, tuple(columns))
    record = source.record
    kept_back = {f.name for f in record.fields if f.sensitivity != "none" or f.role in PRIVATE}
    every = tuple(f.name for f in record.fields if f.name not in kept_back)
    numbers = tuple(f.name for f in record.fields if f.role == "control_number")[:1]
    tried = [*prefer, record.key, record.order, numbers, every]
    identities = [i for i in tried if not kept_back & set(i)]
    for names in dict.fromkeys(tuple(i) for i in identities if i):
        tuples = _tuples(source, names, predicate, params)
        if tuples is None:
            continue
        parts = _packed(names, tuples)
        if parts is None:
            continue
        sizes = [n for n, _ in parts]
        return [
            Hit(kind, n, tuple(facts), where, tuple(columns), (i + 1, len(sizes))) for i, (n, where) in enumerate(parts)
        ]
    return [whole]


def _tuples(
    source: Source, names: tuple[str, ...], predicate: str, params: Sequence[Any]
) -> list[tuple[int, tuple[Value, ...]]] | None:
    """(rows, values of ``names``) of what was found; None where other rows share them, or there are too many."""
    listed = ", ".join(ident(n) for n in names)
    found = source.all(
        f"SELECT count(*), {listed} FROM src WHERE {predicate} GROUP BY ALL ORDER BY ALL LIMIT {MAX_TUPLES + 1}", params
    )
    if len(found) > MAX_TUPLES:
        return None
    on = " AND ".join(f"s.{ident(n)} IS NOT DISTINCT FROM t.{ident(n)}" for n in names)
    exact = source.one(
        f"SELECT count(*) FROM src s SEMI JOIN (SELECT DISTINCT {listed} FROM src WHERE {predicate}) t ON {on}", params
    )
    if exact != sum(row[0] for row in found):
        return None
    return [(row[0], tuple(row[1:])) for row in found]


def _packed(names: tuple[str, ...], tuples: list[tuple[int, tuple[Value, ...]]]) -> list[tuple[int, Where]] | None:
    """(rows, condition) parts, each small enough for the API; None where too many would be needed."""
    if len(names) == 1:
        groups = _singles(names[0], tuples)
    else:
        groups = _factored(names, tuples)
    parts: list[tuple[int, Where]] = []
    held: list[Where] = []
    rows = 0
    for count, where in groups:
        if held and not fits(either(*held, where)):
            parts.append((rows, either(*held)))
            held, rows = [], 0
            if len(parts) >= MAX_PARTS:
                return None
        if not fits(where):
            return None
        held.append(where)
        rows += count
    if held:
        parts.append((rows, either(*held)))
    return parts if len(parts) <= MAX_PARTS else None


def _singles(name: str, tuples: list[tuple[int, tuple[Value, ...]]]) -> list[tuple[int, Where]]:
    out: list[tuple[int, Where]] = []
    filled = [(n, v[0]) for n, v in tuples if v[0] is not None]
    for start in range(0, len(filled), 150):
        part = filled[start : start + 150]
        out.append((sum(n for n, _ in part), In(name, tuple(v for _, v in part if v is not None))))
    out += [(n, IsNull(name)) for n, v in tuples if v[0] is None]
    return out


def _factored(names: tuple[str, ...], tuples: list[tuple[int, tuple[Value, ...]]]) -> list[tuple[int, Where]]:
    """One condition for all tuples that differ in a single column: a = 1 AND b IN (2, 3)."""
    best = min(range(len(names)), key=lambda i: len({v[:i] + v[i + 1 :] for _, v in tuples}))
    grouped: dict[tuple[Value, ...], list[tuple[int, Value]]] = {}
    for count, values in tuples:
        grouped.setdefault(values[:best] + values[best + 1 :], []).append((count, values[best]))
    others = names[:best] + names[best + 1 :]
    out: list[tuple[int, Where]] = []
    for fixed, members in grouped.items():
        same = [equal(n, v) for n, v in zip(others, fixed, strict=True)]
        filled = [(n, v) for n, v in members if v is not None]
        for start in range(0, len(filled), 100):
            part = filled[start : start + 100]
            listed: tuple[Scalar, ...] = tuple(v for _, v in part if v is not None)
            last: Where = equal(names[best], listed[0]) if len(listed) == 1 else In(names[best], listed)
            out.append((sum(n for n, _ in part), both(*same, last)))
        out += [(n, both(*same, IsNull(names[best]))) for n, v in members if v is None]
    return out
