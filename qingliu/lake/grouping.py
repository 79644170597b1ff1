"""Groups, time buckets and aggregates of a question as SQL, ordered by their keys; averages rounded so that bytes repeat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.names import ident
from qingliu.lake.query import Aggregate, Query
from qingliu.lake.where import Scope, compile_where

BUCKETS = {"1h": "hour", "1d": "day", "1mo": "month", "1y": "year"}


def fields(query: Query, record: DatasetRecord, scope: Scope) -> tuple[FieldRecord, ...]:
    """The columns of the answer: the bucket's begin as ``time``, the groups, the aggregates. Raises UnknownField, BadRequest."""
    found: list[FieldRecord] = []
    if query.bucket:
        if query.bucket not in BUCKETS:
            raise BadRequest(
                Text(f"不支援的時段「{query.bucket[:20]}」。", f"No bucket '{query.bucket[:20]}'."),
                Text("可用：1h、1d、1mo、1y。", "Use 1h, 1d, 1mo or 1y."),
                parameter="bucket",
            )
        if not record.time_field:
            raise BadRequest(
                Text("這個資料集沒有時間欄位。", "This dataset has no time field."),
                Text("請拿掉 bucket。", "Leave bucket out."),
                parameter="bucket",
            )
        found.append(
            replace(scope.find(record.time_field), name="time", type="datetime", sentinels=(), suffix_flags=())
        )
    found += [scope.find(n) for n in query.group]
    found += [_aggregate_field(aggregate, scope) for aggregate in query.aggregates]
    return tuple(found)


def _aggregate_field(aggregate: Aggregate, scope: Scope) -> FieldRecord:
    if aggregate.field == "*":
        if aggregate.fn != "count":
            raise BadRequest(
                Text(f"{aggregate.fn}(*) 沒有意義。", f"{aggregate.fn}(*) means nothing."),
                Text("只有 count(*) 可用 *。", "Only count takes *."),
                parameter="aggregate",
            )
        return FieldRecord("count", "integer", Text("列數", "Rows"))
    field = scope.find(aggregate.field)
    if aggregate.fn in {"avg", "sum"} and field.type not in {"integer", "number"}:
        raise BadRequest(
            Text(
                f"「{field.name}」不是數值，不能計算 {aggregate.fn}。",
                f"{aggregate.fn} needs a number; '{field.name}' is none.",
            ),
            Text("請改用 count、min 或 max。", "Use count, min or max."),
            parameter="aggregate",
        )
    kind = "integer" if aggregate.fn == "count" else "number" if aggregate.fn in {"avg", "sum"} else field.type
    return FieldRecord(aggregate.name, kind, field.title, unit=field.unit)  # type: ignore[arg-type]


def sql(query: Query, record: DatasetRecord, scope: Scope, source: str) -> tuple[str, list[Any]]:
    """SQL over ``source`` (rows of the version's files) that answers c0, c1, … and _flags, with its bound values."""
    where = ""
    params: list[Any] = []
    if query.where is not None:
        text, params = compile_where(query.where, scope)
        where = f" WHERE {text}"
    if query.bucket in {"1mo", "1y"}:
        return _by_calendar(query, record, scope, source, where), params
    keys = []
    if query.bucket:
        moment = ident(scope.physical(record.time_field))
        keys.append(f"CAST(date_trunc('{BUCKETS[query.bucket]}', {moment}) AS TIMESTAMP)")
    keys += [ident(scope.physical(n)) for n in query.group]
    values = [_aggregate(a, scope) for a in query.aggregates]
    picked = [f"{e} AS c{i}" for i, e in enumerate([*keys, *values])]
    text = f"SELECT {', '.join(picked)}, NULL::VARCHAR AS _flags FROM ({source}){where}"
    if keys:
        positions = ", ".join(str(i + 1) for i in range(len(keys)))
        text += f" GROUP BY {positions} ORDER BY " + ", ".join(f"c{i} NULLS LAST" for i in range(len(keys)))
    return text, params


def _by_calendar(query: Query, record: DatasetRecord, scope: Scope, source: str, where: str) -> str:
    """Months and years in two steps: days first, since the calendar of a moment costs more than the rest together."""
    moment = ident(scope.physical(record.time_field))
    groups = [ident(scope.physical(n)) for n in query.group]
    parts, values = [], []
    for i, a in enumerate(query.aggregates):
        name = "*" if a.field == "*" else ident(scope.physical(a.field))
        if a.fn in {"avg", "sum"}:
            parts += [f"sum({name}) AS a{i}", f"count({name}) AS n{i}"]
            total = f"sum(a{i}) / sum(n{i})" if a.fn == "avg" else f"sum(a{i})"
            values.append(f"round(CAST({total} AS DOUBLE), 9)")
        else:
            parts.append(f"{a.fn}({name}) AS a{i}")
            values.append(f"CAST(sum(a{i}) AS BIGINT)" if a.fn == "count" else f"{a.fn}(a{i})")
    days = ", ".join([f"CAST({moment} AS DATE) AS d", *(f"{g} AS g{i}" for i, g in enumerate(groups)), *parts])
    positions = ", ".join(str(i + 1) for i in range(len(groups) + 1))
    inner = f"SELECT {days} FROM ({source}){where} GROUP BY {positions}"
    keys = [f"CAST(date_trunc('{BUCKETS[query.bucket]}', d) AS TIMESTAMP)", *(f"g{i}" for i in range(len(groups)))]
    picked = ", ".join(f"{e} AS c{i}" for i, e in enumerate([*keys, *values]))
    order = ", ".join(f"c{i} NULLS LAST" for i in range(len(keys)))
    return f"SELECT {picked}, NULL::VARCHAR AS _flags FROM ({inner}) GROUP BY {positions} ORDER BY {order}"


def _aggregate(aggregate: Aggregate, scope: Scope) -> str:
    if aggregate.field == "*":
        return "count(*)"
    name = ident(scope.physical(aggregate.field))
    if aggregate.fn in {"avg", "sum"}:
        return f"round(CAST({aggregate.fn}({name}) AS DOUBLE), 9)"
    return f"{aggregate.fn}({name})"
