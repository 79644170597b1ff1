"""Comparing a delivery with the version before it: what is new, changed, gone, the same, twice, or in conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from qingliu.core.dataset import Mode, Text
from qingliu.lake import heeding
from qingliu.lake.decided import Decided
from qingliu.lake.files import scalar
from qingliu.lake.layout import Layout, listed, matches, same
from qingliu.lake.names import ident, literal

_TWICE = (
    Text(
        "同一主鍵在同一批資料中出現多次且內容不同，以最後一筆為準。",
        "The key occurs more than once in this delivery with different content; the last row counts.",
    ),
    Text("請在來源保留正確的一筆後重新提供。", "Keep the right row at the source and deliver again."),
)
_CONTESTED = (
    Text(
        "這一列已經更正或判定過，來源這次提供的內容與當時不同；已發布的內容不變。",
        "A decision stands about this row, and the source now delivers something else; the published row stays.",
    ),
    Text(
        "請再決定一次：以 qingliu correct 更正，或以狀態 delivered 撤銷決定、採用來源。",
        "Decide anew with qingliu correct: another value, or the status delivered to take the source's row.",
    ),
)
_TAKEN = (
    Text(
        "這個主鍵已經發布過，內容不同；只增資料集不改寫既有資料。",
        "A row of this key is already published with other content; an append-only dataset does not rewrite rows.",
    ),
    Text("若這是更正，請以更正方式（upsert）發布。", "If this is a correction, publish it as one (upsert)."),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a delivery by what became of them; ``deleted`` counts rows of the version before."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    deleted: int = 0
    set_aside: int = 0
    contested: int = 0  # rows that speak against a decision; set aside where the decided row is still there

    @property
    def changed(self) -> bool:
        """Whether the dataset is another one afterwards."""
        return bool(self.inserted or self.updated or self.deleted)


class Delivery:
    """The staged rows of one run inside one engine, and which of them lost against a row of the same delivery."""

    def __init__(self, con: duckdb.DuckDBPyConnection, staged: Path, layout: Layout, number: int) -> None:
        self._con = con
        self._layout = layout
        self._number = number
        plain = f"read_parquet({literal(str(staged))})"
        numbered = f"read_parquet({literal(str(staged))}, file_row_number=true)"
        self.rows = scalar(con, f"SELECT count(*) FROM {plain}")
        have = {name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM {plain}").fetchall()}
        self._status = "_status" if "_status" in have else literal(layout.status)  # corrections bring their own
        if "_order" not in have:
            # the shaper leaves rows in the order of the delivery: their place in the file is that order
            plain = numbered = f"(SELECT *, file_row_number AS _order FROM {numbered})"
        self._file, self._plain = numbered, plain
        con.execute("CREATE TEMP TABLE losers (_row BIGINT PRIMARY KEY, conflict BOOLEAN)")
        self._any_losers = False
        self._about: tuple[str, ...] | None = None

    @property
    def relation(self) -> str:
        """The rows that count, as ``Layout.stored``, with ``_contested`` and ``_order``."""
        if self._about is not None:
            return heeding.heeded(self._counting, self._layout, self._about)
        return self._counting

    @property
    def _counting(self) -> str:
        known = f"{self._status} AS _status, {self._number}::INTEGER AS _since, false AS _contested"
        columns = f"{listed(self._layout.names)}, {known}, _order"
        if not self._any_losers:
            return f"(SELECT {columns} FROM {self._plain})"
        return (
            f"(SELECT {columns} FROM {self._file} s WHERE NOT EXISTS "
            "(SELECT 1 FROM losers l WHERE l._row = s.file_row_number))"
        )

    def heed(self, rows: Sequence[Decided]) -> None:
        """Let what was decided about rows stand, from here on."""
        if rows:
            self._about = heeding.load(self._con, self._layout, rows)

    def null_keys(self) -> int:
        """Rows whose key is incomplete; they should have been set aside before."""
        condition = " OR ".join(f"{ident(k)} IS NULL" for k in self._layout.key)
        return scalar(self._con, f"SELECT count(*) FROM {self._plain} WHERE {condition}") if condition else 0

    def settle(self, where: str = "true", params: tuple[object, ...] = ()) -> int:
        """Let the last row of each identity win among the rows in ``where``; answers how many lost."""
        identity = listed(self._layout.identity)
        found = scalar(self._con, "SELECT count(*) FROM losers")
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE twins AS SELECT {identity}, arg_max(file_row_number, (_order, file_row_number)) "
            f"AS _winner FROM {self._file} WHERE {where} GROUP BY ALL HAVING count(*) > 1",
            list(params),
        )
        if scalar(self._con, "SELECT count(*) FROM twins"):
            differs = f"NOT ({same('s', 'w', self._layout.content)})" if self._layout.key else "false"
            self._con.execute(
                f"INSERT INTO losers SELECT s.file_row_number, {differs} FROM {self._file} s "
                f"JOIN twins t ON {matches('s', 't', self._layout)} AND s.file_row_number <> t._winner "
                f"JOIN {self._file} w ON w.file_row_number = t._winner"
            )
        lost = scalar(self._con, "SELECT count(*) FROM losers") - found
        self._any_losers = self._any_losers or lost > 0
        return lost

    def lost(self) -> tuple[int, int]:
        """(duplicates, rows to set aside) found so far."""
        aside = scalar(self._con, "SELECT count(*) FROM losers WHERE conflict")
        return scalar(self._con, "SELECT count(*) FROM losers") - aside, aside

    def conflicts(self, delta: Path | None, target: Path) -> Path | None:
        """Write the rows set aside, whole and with the reason, to ``target``; None where there are none."""
        twice = f"(SELECT s.* FROM {self._file} s JOIN losers l ON l._row = s.file_row_number AND l.conflict)"
        parts = [_told(twice, self._layout, _TWICE)]
        if delta is not None:
            taken = f"SELECT * FROM read_parquet({literal(str(delta))}) WHERE _change = 'conflict'"
            parts.append(_told(f"({taken} AND NOT _contested)", self._layout, _TAKEN))
            parts.append(_told(f"({taken} AND _contested)", self._layout, _CONTESTED))
        union = " UNION ALL ".join(parts)
        if not scalar(self._con, f"SELECT count(*) FROM ({union})"):
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        self._con.execute(
            f"COPY ({union} ORDER BY record) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return target


def _told(relation: str, layout: Layout, why: tuple[Text, Text]) -> str:
    """Rows as quarantine rows: the shape that the readers' quarantine has."""
    row = ", ".join(f"{literal(c.name)}, {ident(c.physical)}::VARCHAR" for c in layout.columns)
    reason, remedy = why
    return (
        f"SELECT ''::VARCHAR AS file, NULL::BIGINT AS line, _order::BIGINT + 1 AS record, NULL::VARCHAR AS \"column\", "
        f"NULL::VARCHAR AS header, 'row'::VARCHAR AS kind, json_object({row})::VARCHAR AS raw, "
        f"{literal(reason.zh)} AS reason_zh, "
        f"{literal(reason.en)} AS reason_en, {literal(remedy.zh)} AS remedy_zh, {literal(remedy.en)} AS remedy_en "
        f"FROM {relation}"
    )


def compare(
    con: duckdb.DuckDBPyConnection, incoming: str, base: str, layout: Layout, *, mode: Mode, target: Path
) -> None:
    """Write every row that differs from ``base`` to ``target``, with ``_change``, ``_contested``, ``_was`` (month before).

    ``_change`` is insert, update, delete (the old row) or conflict (append mode: the key is taken; contested: a decision
    stands about the row). Rows that agree are left out, so their number is what remains of the delivery.
    """
    columns = layout.stored
    old_month = f"CASE WHEN b._since IS NOT NULL THEN {_month('b', layout)} END"
    differs = f"NOT ({same('s', 'b', layout.content)})" if layout.key else "false"
    if mode != "append":  # an append-only dataset takes no row twice, whatever its status would be now
        differs = f"({differs} OR s._status <> b._status)"
    change = "conflict" if mode == "append" else "update"
    chosen = ", ".join(
        f"CASE WHEN s._order IS NULL THEN b.{ident(n)} ELSE s.{ident(n)} END AS {ident(n)}" for n in columns
    )
    join = "FULL OUTER" if mode == "snapshot" else "LEFT"
    con.execute(
        f"COPY (SELECT {chosen}, s._order AS _order, {old_month} AS _was, "
        f"CASE WHEN s._order IS NULL THEN 'delete' WHEN b._since IS NULL THEN 'insert' "
        f"WHEN s._contested THEN 'conflict' ELSE '{change}' END AS _change, coalesce(s._contested, false) AS _contested "
        f"FROM {incoming} s {join} JOIN {base} b ON {matches('s', 'b', layout)} "
        f"WHERE s._order IS NULL OR b._since IS NULL OR s._contested OR {differs}) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _month(alias: str, layout: Layout) -> str:
    return f"coalesce(strftime({alias}.{ident(layout.time)}, '%Y-%m'), 'none')" if layout.monthly else "'none'"


def tally(con: duckdb.DuckDBPyConnection, delivery: Delivery, delta: Path, mode: Mode) -> Counts:
    """The balance of a compared delivery."""
    kinds = dict(
        con.execute(f"SELECT _change, count(*) FROM read_parquet({literal(str(delta))}) GROUP BY 1").fetchall()
    )
    against = scalar(con, f"SELECT count(*) FROM read_parquet({literal(str(delta))}) WHERE _contested")
    duplicate, aside = delivery.lost()
    inserted, updated = int(kinds.get("insert", 0)), int(kinds.get("update", 0))
    aside += int(kinds.get("conflict", 0))
    agree = delivery.rows - inserted - updated - duplicate - aside
    if mode == "append":  # what is already there came twice
        duplicate, agree = duplicate + agree, 0
    return Counts(inserted, updated, agree, duplicate, int(kinds.get("delete", 0)), aside, against)
