"""How a dataset's rows lie in files: columns, identity, sort order, partition, statistics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from qingliu.core.dataset import ColumnRecord, DatasetRecord, FieldType, RowStatus, VersionRecord
from qingliu.lake.names import ident

SQL_TYPES: dict[FieldType, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
NO_MONTH = "none"
STATUS = "status"  # VersionRecord.extra: "1" where its files hold `_status`; files before that hold none


@dataclass(frozen=True, slots=True)
class Layout:
    """The physical shape of one dataset. ``identity`` tells rows apart: the key, or the whole row where there is none."""

    columns: tuple[ColumnRecord, ...]
    key: tuple[str, ...]
    order: tuple[str, ...]
    time: str
    monthly: bool
    status: RowStatus = "provisional"  # of a row that nobody has decided about

    @property
    def names(self) -> tuple[str, ...]:
        """What a row says: its columns and the flags of its cells."""
        return (*(c.physical for c in self.columns), "_flags")

    @property
    def stored(self) -> tuple[str, ...]:
        """Columns of a file: what the row says, then what is known of it (its status, the version that brought it)."""
        return (*self.names, "_status", "_since")

    @property
    def content(self) -> tuple[str, ...]:
        """Columns outside the key; a difference in one of them is a change."""
        return tuple(n for n in self.names if n not in self.key)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns by which a row is recognised."""
        return self.key or self.names

    @property
    def sort(self) -> tuple[str, ...]:
        """The declared order, then what makes it unique."""
        return (*self.order, *(c for c in self.identity if c not in self.order))

    @property
    def neighbours(self) -> bool:
        """Whether sorting brings rows of equal identity together."""
        return set(self.order) <= set(self.identity)

    @property
    def stats(self) -> tuple[str, ...]:
        """Columns whose least and greatest value each file records."""
        wanted = (*self.order, *self.key, *((self.time,) if self.time else ()))
        kinds = {c.physical: c.type for c in self.columns}
        return tuple(c for c in dict.fromkeys(wanted) if kinds[c] != "boolean")

    def sql_type(self, name: str) -> str:
        """The engine's type of a column of the files."""
        return SQL_TYPES[next(c.type for c in self.columns if c.physical == name)]

    @property
    def month_sql(self) -> str:
        """The month of a row as text, ``none`` where its time is unknown."""
        return f"coalesce(strftime({ident(self.time)}, '%Y-%m'), '{NO_MONTH}')"

    @property
    def order_by(self) -> str:
        """The ORDER BY list of a file."""
        return ", ".join(f"{ident(c)} ASC NULLS LAST" for c in self.sort)

    @property
    def signature(self) -> str:
        """What must stay equal for old files to be kept beside new ones."""
        columns = [[c.physical, c.type] for c in self.columns]
        return json.dumps(
            [columns, self.key, self.order, self.time if self.monthly else "", "_status"], ensure_ascii=False
        )


def layout_of(record: DatasetRecord) -> Layout:
    """The layout that a definition declares."""
    columns = tuple(ColumnRecord(f.name, f.name, f.type) for f in record.fields)
    kinds = {c.name: c.type for c in columns}
    monthly = record.partition == "month" and kinds.get(record.time_field) in {"date", "datetime"}
    time = record.time_field if record.time_field in kinds else ""
    return Layout(columns, record.key, record.order, time, monthly, record.row_status)


def holds_status(version: VersionRecord) -> bool:
    """Whether a version's files (rows, newest rows, changes) hold ``_status``; older ones mean their dataset's default."""
    return dict(version.extra).get(STATUS) == "1"


def listed(names: Sequence[str], prefix: str = "") -> str:
    """Names as a select list, each behind ``prefix``."""
    return ", ".join(f"{prefix}{ident(n)}" for n in names)


def same(left: str, right: str, names: Sequence[str]) -> str:
    """The condition that two rows agree in ``names``; null agrees with null."""
    return " AND ".join(f"{left}.{ident(n)} IS NOT DISTINCT FROM {right}.{ident(n)}" for n in names) or "true"


def matches(left: str, right: str, layout: Layout) -> str:
    """The join condition of one identity; plain equality for keys, which are never null."""
    if layout.key:
        return " AND ".join(f"{left}.{ident(n)} = {right}.{ident(n)}" for n in layout.key)
    return same(left, right, layout.names)


def before(names: Sequence[str], bound: Sequence[object]) -> tuple[str, list[object]]:
    """The condition that a row sorts before ``bound`` (values of ``names``, none null), with its parameters."""
    sql, params = f"{ident(names[-1])} < ?", [bound[-1]]
    for name, value in zip(reversed(names[:-1]), reversed(bound[:-1]), strict=True):
        sql = f"({ident(name)} < ? OR ({ident(name)} = ? AND {sql}))"
        params = [value, value, *params]
    return f"coalesce({sql}, false)", params


def between(
    names: Sequence[str], low: Sequence[object] | None, high: Sequence[object] | None
) -> tuple[str, list[object]]:
    """The condition that a row lies in [low, high) of the sort order; None is open."""
    parts: list[str] = []
    params: list[object] = []
    if high is not None:
        sql, values = before(names, high)
        parts += [f"{ident(names[0])} <= ?", sql]
        params += [high[0], *values]
    if low is not None:
        sql, values = before(names, low)
        parts += [f"NOT {sql}"]
        params += values
        if high is not None:
            parts.append(f"{ident(names[0])} >= ?")
            params.append(low[0])
    return " AND ".join(parts) or "true", params
