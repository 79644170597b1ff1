"""Decided rows inside an engine: the delivered rows as they are published, and which of them are contested."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from qingliu.lake.decided import Decided, marks, strip_pattern
from qingliu.lake.layout import Layout, listed
from qingliu.lake.names import ident


def reflagged(flags: str, pattern: str, added: str) -> str:
    """SQL for ``_flags`` after a correction: what was said of the corrected cells goes, that they are corrected comes."""
    return (
        f"CASE WHEN {added} <> '' THEN regexp_replace(coalesce({flags}, ';'), {pattern}, '', 'g') || {added} "
        f"ELSE {flags} END"
    )


def load(con: duckdb.DuckDBPyConnection, layout: Layout, rows: Sequence[Decided]) -> tuple[str, ...]:
    """Put decided rows into the temporary table ``decided``; answers the columns that they speak of."""
    about = {name for row in rows for name, _ in (*row.source, *row.ours)}
    columns = tuple(c.physical for c in layout.columns if c.physical in about)
    text: dict[str, list[str | bool | None]] = {f"__k{i}": [r.key[i] for r in rows] for i in range(len(layout.key))}
    for i, column in enumerate(columns):
        text[f"__w{i}"] = [column in dict(r.source) for r in rows]
        text[f"__b{i}"] = [dict(r.source).get(column) for r in rows]
        text[f"__x{i}"] = [column in dict(r.ours) for r in rows]
        text[f"__a{i}"] = [dict(r.ours).get(column) for r in rows]
    text["__status"] = [r.status for r in rows]
    text["__strip"] = [strip_pattern([c for c, _ in r.ours]) for r in rows]
    text["__marks"] = [marks([c for c, _ in r.ours]) for r in rows]
    kinds = {n: pa.bool_() if n[:3] in {"__w", "__x"} else pa.string() for n in text}
    given = pa.table({n: pa.array(v, kinds[n]) for n, v in text.items()})
    typed = {f"__k{i}": layout.sql_type(k) for i, k in enumerate(layout.key)}
    typed |= {f"__{side}{i}": layout.sql_type(c) for i, c in enumerate(columns) for side in "ab"}
    chosen = ", ".join(f"CAST({n} AS {typed[n]}) AS {n}" if n in typed else n for n in text)
    con.register("decided_given", given)
    con.execute(f"CREATE OR REPLACE TEMP TABLE decided AS SELECT {chosen} FROM decided_given")
    con.unregister("decided_given")
    return columns


def heeded(relation: str, layout: Layout, columns: Sequence[str]) -> str:
    """The delivered rows of ``relation`` as they are published: decided ones as decided, ``_contested`` where that fails."""
    agree = [
        f"(NOT h.__w{i} OR s.{ident(c)} IS NOT DISTINCT FROM h.__b{i} "
        f"OR s.{ident(c)} IS NOT DISTINCT FROM CASE WHEN h.__x{i} THEN h.__a{i} ELSE h.__b{i} END)"
        for i, c in enumerate(columns)
    ]
    on = " AND ".join(f"s.{ident(k)} = h.__k{i}" for i, k in enumerate(layout.key))
    inner = (
        f"SELECT s.*, h.*, h.__status IS NOT NULL AND NOT ({' AND '.join(agree) or 'true'}) AS __against "
        f"FROM {relation} s LEFT JOIN decided h ON {on}"
    )
    decided = "__status IS NOT NULL AND NOT __against"
    at = {c: i for i, c in enumerate(columns)}
    picked = [
        f"CASE WHEN {decided} AND __x{at[c.physical]} THEN __a{at[c.physical]} ELSE {ident(c.physical)} END "
        f"AS {ident(c.physical)}"
        if c.physical in at
        else ident(c.physical)
        for c in layout.columns
    ]
    flags = f"CASE WHEN {decided} THEN {reflagged('_flags', '__strip', '__marks')} ELSE _flags END AS _flags"
    status = f"CASE WHEN {decided} THEN __status ELSE _status END AS _status"
    return f"(SELECT {', '.join(picked)}, {flags}, {status}, _since, __against AS _contested, _order FROM ({inner}))"


def columns_of(layout: Layout) -> str:
    """Every stored column, each as the text by which decisions name its value."""
    texts = ", ".join(f"CAST({ident(c.physical)} AS VARCHAR) AS {ident(c.physical)}" for c in layout.columns)
    return f"{texts}, {listed(('_flags', '_status'))}"
