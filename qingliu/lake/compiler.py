"""A ``Query`` over a version as SQL: names looked up, values bound, files and row ranges chosen before the engine runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args
from zoneinfo import ZoneInfo

from qingliu.core.dataset import DatasetRecord, FieldRecord, RowStatus, Text, VersionRecord
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake import grouping
from qingliu.lake.cursor import Cursor
from qingliu.lake.layout import holds_status
from qingliu.lake.names import ident, path_list
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Order, Query
from qingliu.lake.relation import HIDDEN, Position, candidates, position_of, status_sql
from qingliu.lake.rownumbers import ROW, numbered, starts, wanted_rows
from qingliu.lake.where import Range, Scope, compile_where, ranges

FLAGS = FieldRecord("_flags", "string", Text("旗標", "Flags"))
STATUS = FieldRecord("_status", "string", Text("列狀態", "Row status"), enum=get_args(RowStatus))
SINCE = FieldRecord("_since", "integer", Text("列入版本", "Version that brought the row"))


_OWN = {f.name: f for f in (STATUS, SINCE, ROW)}  # may be asked for, but by the underscore alone


@dataclass(frozen=True, slots=True)
class Compiled:
    """``sql`` yields the answer's columns as c0, c1, …; pages add _fi, _rn and the sort values s0, s1, …"""

    sql: str
    params: tuple[Any, ...]
    files: tuple[int, ...]  # number in the version's list of each file read; _fi counts in this
    order: tuple[Order, ...]


def scope_of(record: DatasetRecord, version: VersionRecord) -> Scope:
    """What names mean in a version of a dataset."""
    fields = {f.name: f for f in record.fields}
    physical = {c.name: c.physical for c in version.columns} | {n: n for n in (*HIDDEN, ROW.name)}

    def find(name: str) -> FieldRecord:
        if name in _OWN:
            return _OWN[name]
        if name not in fields or name not in physical:
            raise UnknownField(name, [n for n in fields if n in physical])
        return fields[name]

    return Scope(find, lambda n: physical[n], ZoneInfo(record.timezone), record.place)


def effective_order(query: Query, version: VersionRecord, scope: Scope) -> tuple[Order, ...]:
    """The order still to be made: empty where the files already lie that way.

    A column that the condition holds to one value orders nothing: rows of one station lie by time.
    """
    for order in query.order:
        scope.find(order.field)
    held = {n for n, values in grouping.pinned(query.where).items() if len(values) == 1}
    left = tuple(o for o in query.order if o.field not in held)
    lies = tuple(n for n in version.sorted_by if n not in held)
    lying = tuple(o.field for o in left) == lies[: len(left)] and not any(o.desc for o in left)
    return () if lying else query.order


def answer_fields(query: Query, record: DatasetRecord, version: VersionRecord, scope: Scope) -> tuple[FieldRecord, ...]:
    """The columns that an answer holds, in order. Raises UnknownField and BadRequest."""
    if query.aggregates or query.group or query.bucket:
        return grouping.fields(query, record, scope)
    known = {c.name for c in version.columns}
    if query.fields is None:
        fields = tuple(f for f in record.fields if f.name in known)
    else:
        fields = tuple(scope.find(n) for n in query.fields)
        if len(set(query.fields)) != len(query.fields):
            raise BadRequest(
                Text("欄位重複。", "A field is named twice."),
                Text("每個欄位只列一次。", "Name each field once."),
                parameter="properties",
            )
    return (*fields, FLAGS, STATUS) if query.flags else fields


def _where(conditions: Sequence[str]) -> str:
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _page(query: Query) -> str:
    limit = f" LIMIT {int(query.limit)}" if query.limit is not None else ""
    return limit + (f" OFFSET {int(query.offset)}" if query.offset else "")


class Compiler:
    """Builds the SQL of one question over one version."""

    def __init__(self, paths: LakePaths, record: DatasetRecord, version: VersionRecord) -> None:
        self._paths = paths
        self._record = record
        self._version = version
        self._scope = scope_of(record, version)

    def _source(self, indexes: Sequence[int], condition: str = "") -> str:
        files = path_list(self._paths.resolve(self._version.files[i].path) for i in indexes)
        mixed = ", union_by_name=true" if dict(self._version.extra).get("mixed_schema") == "1" else ""
        where = f" WHERE {condition}" if condition else ""
        status = "" if holds_status(self._version) else f", {status_sql(self._record, self._version)} AS _status"
        return f"SELECT *{status}, file_index AS _fi, file_row_number AS _rn FROM read_parquet({files}{mixed}){where}"

    def _empty(self) -> str:
        types = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
        columns = [f"NULL::{types.get(c.type, 'TIMESTAMP')} AS {ident(c.physical)}" for c in self._version.columns]
        columns += ["NULL::VARCHAR AS _flags", "NULL::VARCHAR AS _status", "NULL::BIGINT AS _since"]
        columns += ["0::BIGINT AS _fi", "0::BIGINT AS _rn"]
        return f"SELECT {', '.join(columns)} LIMIT 0"

    def _chosen(self, wanted: dict[str, Range], start: Position | None, rows: int | None) -> list[int]:
        first = start.file if start else 0
        chosen = []
        left = rows
        last = wanted_rows(wanted)[1] if ROW.name in wanted else None
        before = starts(self._version.files, range(len(self._version.files))) if last is not None else []
        for i in candidates(self._version, wanted, first):
            file = self._version.files[i]
            if last is not None and before[i] >= last:
                break
            chosen.append(i)
            if left is not None:
                left -= file.rows - (start.row if start and i == start.file else 0)
                if left <= 0:
                    break
        return chosen

    def _from(self, chosen: list[int], start: Position | None, query: Query) -> str:
        return numbered(self._files(chosen, start), starts(self._version.files, chosen), query)

    def _files(self, chosen: list[int], start: Position | None) -> str:
        if not chosen:
            return self._empty()
        if start is None or chosen[0] != start.file or start.row == 0:
            return self._source(chosen)
        head = self._source(chosen[:1], f"file_row_number >= {int(start.row)}")
        if len(chosen) == 1:
            return head
        rest = self._source(chosen[1:]).replace("file_index AS _fi", "file_index + 1 AS _fi", 1)
        return f"{head} UNION ALL {rest}"

    def rows(self, query: Query, fields: Sequence[FieldRecord], cursor: Cursor | None) -> Compiled:
        """SQL for the rows of a question, from a cursor's place on."""
        scope = self._scope
        order = effective_order(query, self._version, scope)
        wanted = ranges(query.where, scope)
        start: Position | None = None
        offset = query.offset if cursor is None else 0  # a cursor already stands behind what the offset skipped
        if cursor is not None and not order:
            start = Position(cursor.file, cursor.row + 1)
        elif not order and query.where is None and offset:
            start, offset = position_of(self._version.files, offset), 0
        elif not order and ROW.name in wanted:
            start = position_of(self._version.files, wanted_rows(wanted)[0])
        reach = query.limit + offset if query.limit is not None and query.where is None and not order else None
        chosen = self._chosen(wanted, start, reach)
        conditions, params = [], []
        if query.where is not None:
            text, bound = compile_where(query.where, scope)
            conditions.append(text)
            params += bound
        names = [ident(scope.physical(f.name)) for f in fields]
        picked = [f"{n} AS c{i}" for i, n in enumerate(names)]
        picked += [f"{ident(scope.physical(o.field))} AS s{i}" for i, o in enumerate(order)]
        select = f"SELECT {', '.join([*picked, '_fi', '_rn', *self._always(fields)])} FROM ({self._from(chosen, start, query)})"
        tail = ""
        if order:
            keys = [f"s{i} {'DESC' if o.desc else 'ASC'} NULLS LAST" for i, o in enumerate(order)]
            tail += f" ORDER BY {', '.join([*keys, '_fi', '_rn'])}"
        if query.limit is not None and query.limit < sum(self._version.files[i].rows for i in chosen):
            tail += f" LIMIT {int(query.limit)}"  # one that cannot be reached would only cost
        if offset:
            tail += f" OFFSET {int(offset)}"
        if cursor is not None and order:
            branches = self._after(order, cursor, chosen)
            sqls = [f"(SELECT * FROM ({select}{_where([*conditions, text])}{tail}))" for text, _ in branches]
            params = [p for _, bound in branches for p in (*params, *bound)]
            sql = " UNION ALL ".join(sqls) + (f" LIMIT {int(query.limit)}" if query.limit is not None else "")
        else:
            sql = select + _where(conditions) + tail
        return Compiled(sql, tuple(params), tuple(chosen), order)

    def _always(self, fields: Sequence[FieldRecord]) -> list[str]:
        """The hidden columns that rendering may need."""
        place = self._record.place
        known = {c.name: c.physical for c in self._version.columns}
        extra = ["_flags AS _flags"]
        if place and place.lon in known and place.lat in known:
            extra += [f"{ident(known[place.lon])} AS _lon", f"{ident(known[place.lat])} AS _lat"]
            extra += [f"{ident(known[k])} AS _k{i}" for i, k in enumerate(self._record.key) if k in known]
        return extra

    def _after(self, order: tuple[Order, ...], cursor: Cursor, chosen: list[int]) -> list[tuple[str, list[Any]]]:
        """Conditions for the rows behind the cursor's row: those with a leading value, then those without one.

        Two branches, each scanning once: a plain range on the leading column lets the engine leave row groups out, and
        nulls, which stand last in both directions, are found by the row groups' statistics.
        """
        marks = {"datetime": "CAST(? AS TIMESTAMP)", "date": "CAST(? AS DATE)"}
        index = next((n for n, i in enumerate(chosen) if i >= cursor.file), len(chosen))
        rest = f"_fi >= {index}"
        bound: list[Any] = []
        if index < len(chosen) and chosen[index] == cursor.file:
            rest = f"(_fi > {index} OR (_fi = {index} AND _rn > {int(cursor.row)}))"
        keys = list(zip(order, cursor.values, strict=True))
        for o, value in reversed(keys[1:]):
            name, mark = ident(self._scope.physical(o.field)), marks.get(self._scope.find(o.field).type, "?")
            if value is None:
                rest = f"({name} IS NULL AND {rest})"
            else:
                sign = "<" if o.desc else ">"
                rest = f"({name} {sign} {mark} OR {name} IS NULL OR ({name} = {mark} AND {rest}))"
                bound = [value, value, *bound]
        first, value = keys[0]
        name, mark = ident(self._scope.physical(first.field)), marks.get(self._scope.find(first.field).type, "?")
        if value is None:
            return [(f"{name} IS NULL AND {rest}", bound)]
        sign = "<" if first.desc else ">"
        leading = f"{name} {sign}= {mark} AND ({name} {sign} {mark} OR {rest})"
        return [(leading, [value, value, *bound]), (f"{name} IS NULL", [])]

    def count(self, query: Query) -> Compiled | None:
        """SQL for the exact number of matching rows; None where the version's manifest already knows it."""
        if query.where is None:
            return None
        scope = self._scope
        chosen = self._chosen(ranges(query.where, scope), None, None)
        text, params = compile_where(query.where, scope)
        return Compiled(
            f"SELECT count(*) FROM ({self._from(chosen, None, query)}) WHERE {text}", tuple(params), tuple(chosen), ()
        )

    def grouped(self, query: Query) -> Compiled:
        """SQL for groups and aggregates over time and columns; see ``lake.grouping``."""
        chosen = self._chosen(ranges(query.where, self._scope), None, None)
        sql, params = grouping.sql(query, self._record, self._scope, self._from(chosen, None, query))
        return Compiled(sql + _page(query), tuple(params), tuple(chosen), ())

    def changes(self, query: Query, versions: Sequence[VersionRecord]) -> Compiled:
        """SQL for the rows that changed in ``versions`` (oldest first): ``_version``, ``_change``, then the columns."""
        parts = []
        for version in versions:
            physical = {c.name: c.physical for c in version.columns}
            names = ", ".join(f"{ident(p)} AS {ident(n)}" for n, p in physical.items())
            if version.changes is not None:
                files, kind = [version.changes], "_change"
            else:
                files, kind = list(version.files), "'insert' AS _change"
            paths = path_list(self._paths.resolve(f.path) for f in files)
            status = status_sql(self._record, version)
            parts.append(
                f"SELECT {version.number} AS _version, {kind}, {names}, _flags, {status} AS _status FROM read_parquet({paths})"
            )
        if not parts:
            parts.append(f"SELECT 0 AS _version, '' AS _change, * FROM ({self._empty()})")
        fields = [
            "_version",
            "_change",
            *(f.name for f in self._record.fields),
            *(("_flags", "_status") if query.flags else ()),
        ]
        picked = ", ".join(f"{ident(n)} AS c{i}" for i, n in enumerate(fields))
        sql = f"SELECT {picked}, _flags FROM ({' UNION ALL BY NAME '.join(parts)})"
        return Compiled(sql + _page(query), (), (), ())
