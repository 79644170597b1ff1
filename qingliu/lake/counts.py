"""The cell balance of a staged file, from its own statistics and its few flagged rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from qingliu.core.dataset import FieldRecord
from qingliu.core.records import CellBalance
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_plan import Plan
from qingliu.lake.shape_sql import QUARANTINED, SENTINEL, flag_of


def nulls(connection: duckdb.DuckDBPyConnection, staged: Path) -> dict[str, int]:
    """Nulls per column, from the file's statistics; counted where it has none."""
    found = connection.execute(
        "SELECT path_in_schema, sum(stats_null_count), count(*) = count(stats_null_count) "
        f"FROM parquet_metadata({lit(str(staged))}) GROUP BY path_in_schema"
    ).fetchall()
    out: dict[str, int] = {}
    for name, total, complete in found:
        if complete:
            out[name] = int(total)
        else:
            sql = f"SELECT count(*) - count({ident(name)}) FROM read_parquet({lit(str(staged))})"
            out[name] = int(connection.execute(sql).fetchall()[0][0])
    return out


def balance(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Path, rows: int) -> tuple[CellBalance, ...]:
    """read = typed + empty + sentinel + quarantined for every declared column that is not another column's flag."""
    empty = nulls(connection, staged) if rows else {}
    tokens = _tokens(connection, staged) if rows and empty.get("_flags", 0) < rows else Counter[str]()
    exact = _exact(connection, plan) if rows else {}
    out = []
    for cell in plan.cells:
        field = cell.field
        if field.name in plan.flag_fields:
            continue
        missing = empty.get(field.name, 0)
        quarantined = tokens[f"{field.name}={QUARANTINED}"]
        blank, valued = exact.get(field.name) or _sentinels(field, tokens)
        out.append(
            CellBalance(
                column=field.name,
                read=rows,
                typed=rows - missing - valued,
                empty=missing - quarantined - blank,
                sentinel=blank + valued,
                quarantined=quarantined,
            )
        )
    return tuple(out)


def _tokens(connection: duckdb.DuckDBPyConnection, staged: Path) -> Counter[str]:
    found = connection.execute(
        "SELECT token, count(*) FROM (SELECT unnest(string_split(trim(_flags, ';'), ';')) AS token "
        f"FROM read_parquet({lit(str(staged))}) WHERE _flags IS NOT NULL) GROUP BY token"
    ).fetchall()
    return Counter({token: int(n) for token, n in found})


def _flags(field: FieldRecord) -> tuple[set[str], set[str], set[str]]:
    """The flags of sentinels that become null, of those that become a value, and of suffixes."""
    blank = {flag_of(s) for s in field.sentinels if s.value is None}
    valued = {flag_of(s) for s in field.sentinels if s.value is not None}
    return blank, valued, {flag for _, flag in field.suffix_flags}


def _sentinels(field: FieldRecord, tokens: Counter[str]) -> tuple[int, int]:
    """(sentinels that became null, sentinels that became a value) where every flag means one thing."""
    blank, valued, _ = _flags(field)
    return sum(tokens[f"{field.name}={f}"] for f in blank), sum(tokens[f"{field.name}={f}"] for f in valued)


def _exact(connection: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, tuple[int, int]]:
    """The same, counted from the source, for columns whose flags cannot tell (one flag for two things, or none)."""
    asked: list[tuple[str, str]] = []
    for cell in plan.cells:
        blank, valued, suffixed = _flags(cell.field)
        if "" in valued or blank & (valued | suffixed) or valued & suffixed:
            codes: dict[bool, list[str]] = {True: ["-1"], False: ["-1"]}
            for k, sentinel in enumerate(cell.field.sentinels):
                codes[sentinel.value is None].append(str(SENTINEL + k))
            counts = (f"count(*) FILTER ({cell.status_name} IN ({', '.join(codes[n])}))" for n in (True, False))
            asked.append((cell.field.name, ", ".join(counts)))
    if not asked:
        return {}
    found = connection.execute(f"SELECT {', '.join(sql for _, sql in asked)} FROM ({plan.status_sql()})").fetchall()[0]
    return {name: (int(found[2 * i]), int(found[2 * i + 1])) for i, (name, _) in enumerate(asked)}
