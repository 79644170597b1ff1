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
from qingliu.lake.shape_sql import QUARANTINED, flag_of


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
    out = []
    for field in plan.record.fields:
        if field.name in plan.flag_fields:
            continue
        missing = empty.get(field.name, 0)
        quarantined = tokens[f"{field.name}={QUARANTINED}"]
        blank, valued = _sentinels(connection, field, staged, tokens)
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


def _sentinels(
    connection: duckdb.DuckDBPyConnection, field: FieldRecord, staged: Path, tokens: Counter[str]
) -> tuple[int, int]:
    """(sentinels that became null, sentinels that became a value). A flag that marks both kinds is told by the null."""
    blank = {flag_of(s) for s in field.sentinels if s.value is None}
    valued = {flag_of(s) for s in field.sentinels if s.value is not None}
    suffixed = {flag for _, flag in field.suffix_flags}
    nulled, kept = 0, 0
    for flag in blank | valued:
        count = tokens[f"{field.name}={flag}"]
        if not count:
            continue
        if flag in blank and flag in valued | suffixed:
            token = lit(f";{field.name}={flag};")
            sql = (
                f"SELECT count(*) FROM read_parquet({lit(str(staged))}) "
                f"WHERE contains(_flags, {token}) AND {ident(field.name)} IS NULL"
            )
            here = int(connection.execute(sql).fetchall()[0][0])
            nulled += here
            kept += count - here if flag in valued else 0
        elif flag in blank:
            nulled += count
        else:
            kept += count
    return nulled, kept
