"""Rows of a delivery that is not published yet, typed, beside the place in their file: for saying where something stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import DatasetRecord, ReadSpec
from qingliu.lake import leaving
from qingliu.lake.checks.conditions import sql_of
from qingliu.lake.csvlines import to_rows
from qingliu.lake.ingest import engine
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.query import Where
from qingliu.lake.shape_plan import plan_of

_PLACE = ("_input", "_line", "_record")


@dataclass(frozen=True, slots=True)
class Spot:
    """A row's place in its file, its number in the delivery, and its values as text, "" for none."""

    file: str
    line: int
    record: int
    texts: tuple[str, ...]


def write(record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput], workdir: Path) -> Path:
    """The rows of ``inputs`` as Parquet with their places, those without key among them."""
    workdir.mkdir(parents=True, exist_ok=True)
    exact = [to_rows(s, workdir / f"in-{n}.parquet")[0] if isinstance(s, CsvInput) else s for n, s in enumerate(inputs)]
    if read.leave_out:
        exact = [leaving.split(s, read.leave_out, workdir / f"kept-{n}.parquet")[0] for n, s in enumerate(exact)]
    path = workdir / "located.parquet"
    con = engine(workdir, memory_limit="600MB", threads=1, timezone=record.timezone)
    try:
        plan = plan_of(record, read, exact)
        values = ", ".join(f"{c.value()} AS {ident(c.field.name)}" for c in plan.cells)
        rows = f"SELECT {', '.join(_PLACE)}, {values} FROM ({plan.status_sql(with_place=True)})"
        con.execute(f"COPY ({rows}) TO {lit(str(path))} (FORMAT parquet)")
    finally:
        con.close()
    return path


class Located:
    """Questions to a file that ``write`` made. Use as a context manager."""

    def __init__(self, path: Path, names: Sequence[str], key: Sequence[str] = ()) -> None:
        self._names = tuple(names)
        self._con = duckdb.connect(config={"threads": 1, "memory_limit": "300MB"})
        keyed = " AND ".join(f"{ident(k)} IS NOT NULL" for k in key) or "true"
        self._con.execute(f"CREATE VIEW whole AS SELECT * FROM read_parquet({lit(str(path))})")
        self._con.execute(f"CREATE VIEW src AS SELECT * FROM whole WHERE {keyed}")

    def __enter__(self) -> Located:
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def where(self, where: Where, columns: Sequence[str], limit: int) -> list[Spot]:
        """The first rows that a condition selects, with these columns."""
        sql, params = sql_of(where)
        return self._spots(sql, params, columns, limit)

    def having(self, column: str, value: str, columns: Sequence[str], limit: int) -> list[Spot]:
        """The first rows in which a column holds a text."""
        return self._spots(f"CAST({ident(column)} AS VARCHAR) = ?", [value], columns, limit)

    def both(self, pairs: Sequence[tuple[str, str]], columns: Sequence[str], limit: int) -> list[Spot]:
        """The first rows in which each of these columns holds its text."""
        tests = " AND ".join(f"CAST({ident(c)} AS VARCHAR) = ?" for c, _ in pairs)
        return self._spots(tests, [v for _, v in pairs], columns, limit)

    def _spots(self, sql: str, params: Sequence[object], columns: Sequence[str], limit: int) -> list[Spot]:
        texts = "".join(f", left(CAST({ident(c)} AS VARCHAR), 200)" for c in columns)
        found = self._con.execute(
            f"SELECT {', '.join(_PLACE)}{texts} FROM src WHERE {sql} ORDER BY _input, _record LIMIT {int(limit)}",
            list(params),
        ).fetchall()
        return [Spot(self._names[n], int(line), int(r), tuple(t or "" for t in row)) for n, line, r, *row in found]

    def doubles(self, columns: Sequence[str], limit: int) -> tuple[int, list[list[tuple[int, int]]]]:
        """(rows that repeat another whole, the first groups of equal rows as places: (line, record))."""
        names = ", ".join(ident(c) for c in columns)
        grouped = (
            f"SELECT list((_line, _record) ORDER BY _input, _record) AS places FROM src GROUP BY {names} "
            "HAVING count(*) > 1"
        )
        total = self._con.execute(f"SELECT coalesce(sum(len(places) - 1), 0) FROM ({grouped})").fetchall()[0][0]
        found = self._con.execute(
            f"SELECT places[:20] FROM ({grouped}) ORDER BY places[1] LIMIT {int(limit)}"
        ).fetchall()
        return int(total), [[(int(a), int(b)) for a, b in row[0]] for row in found]

    def lonely(self, first: str, others: Sequence[str], limit: int) -> list[tuple[str, int, int]]:
        """(text, rows, first line) of rows in which nothing but the column ``first`` is filled."""
        empty = " AND ".join(f"{ident(c)} IS NULL" for c in others)
        found = self._con.execute(
            f"SELECT trim(CAST({ident(first)} AS VARCHAR)) AS t, count(*), min(_line) FROM whole "
            f"WHERE {ident(first)} IS NOT NULL AND {empty} GROUP BY 1 ORDER BY 3 LIMIT {int(limit)}"
        ).fetchall()
        return [(str(t)[:200], int(n), int(line)) for t, n, line in found]

    def heads(self, first: str, limit: int) -> list[tuple[str, int, int]]:
        """(text, rows, first line) of what stands in the column ``first``, in any row."""
        found = self._con.execute(
            f"SELECT trim(CAST({ident(first)} AS VARCHAR)) AS t, count(*), min(_line) FROM whole "
            f"WHERE {ident(first)} IS NOT NULL GROUP BY 1 ORDER BY 2, 3 LIMIT {int(limit)}"
        ).fetchall()
        return [(str(t)[:200], int(n), int(line)) for t, n, line in found]

    def counts(self, *columns: str) -> list[tuple[int, tuple[str, ...]]]:
        """(rows, texts) of each combination of these columns in which none is empty, most frequent first."""
        names = [f"CAST({ident(c)} AS VARCHAR)" for c in columns]
        filled = " AND ".join(f"{ident(c)} IS NOT NULL" for c in columns)
        found = self._con.execute(
            f"SELECT count(*) AS n, {', '.join(names)} FROM src WHERE {filled} GROUP BY ALL ORDER BY n DESC, 2 LIMIT 20000"
        ).fetchall()
        return [(int(row[0]), tuple(row[1:])) for row in found]

    def summed(self, columns: Sequence[str], first: str, text: str) -> list[tuple[str, float, float]]:
        """(column, its number in the row whose column ``first`` holds ``text``, the sum of all other rows that ``first``
        names) of each column in which that row holds a number."""
        head = f"trim(CAST({ident(first)} AS VARCHAR))"
        out = []
        for name in columns:
            found = self._con.execute(
                f"SELECT max({ident(name)}) FILTER ({head} = ?), sum({ident(name)}) FILTER ({head} IS DISTINCT FROM ?) "
                "FROM whole",
                [text, text],
            ).fetchall()[0]
            if found[0] is not None and found[1] is not None:
                out.append((name, float(found[0]), float(found[1])))
        return out

    def adding(self, parts: Sequence[str], total: str, room: float, limit: int) -> tuple[int, int, list[Spot]]:
        """(rows with all these numbers, rows in which ``parts`` do not come to ``total`` within ``room``, the first of them)."""
        whole = " + ".join(ident(p) for p in parts)
        off = f"abs({whole} - {ident(total)}) > {room!r}"
        looked, bad = self._con.execute(
            f"SELECT count({whole} - {ident(total)}), count(*) FILTER ({off}) FROM src"
        ).fetchall()[0]
        return int(looked), int(bad), self._spots(off, [], [total], limit) if bad else []

    def containing(self, column: str, texts: Sequence[str]) -> list[tuple[str, tuple[int, int]]]:
        """(text, (cells of a column that hold it somewhere, the first of their lines)) of each of ``texts``."""
        if not texts:
            return []
        cell = f"CAST({ident(column)} AS VARCHAR)"
        parts = ", ".join(
            f"count(*) FILTER (contains({cell}, {lit(t)})), min(_line) FILTER (contains({cell}, {lit(t)}))"
            for t in texts
        )
        found = self._con.execute(f"SELECT {parts} FROM whole").fetchall()[0]
        return [(t, (int(found[2 * n]), int(found[2 * n + 1] or 0))) for n, t in enumerate(texts)]
