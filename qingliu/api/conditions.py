"""Conditions that have parameters of their own in the native API: a column's value, a time interval, a box."""

from __future__ import annotations

import re
from typing import get_args

from qingliu.api.cql2 import box
from qingliu.api.values import Moment, mistyped, moment, read, shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, RowStatus, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import And, Compare, In, Where


def equal(field: FieldRecord, texts: list[str], record: DatasetRecord) -> Where:
    """The column equals one of the texts, each read in its type; a date alone on a time column is its whole day."""
    if "" in texts:
        raise BadRequest(
            Text(f"參數 {field.name} 是空的。", f"{field.name} is empty."),
            Text(f'找空值請用 filter="{field.name}" IS NULL。', f'To find nulls use filter="{field.name}" IS NULL.'),
            parameter=field.name,
        )
    if field.type == "datetime":
        moments = [moment(t, record.timezone, field.name) for t in texts]
        if len(moments) == 1 and moments[0].whole_day:
            return And(tuple(_during(field.name, moments[0], moments[0])))
        return In(field.name, tuple(m.at for m in moments))
    values = tuple(read(field, t, record.timezone, field.name) for t in texts)
    return Compare(field.name, "eq", values[0]) if len(values) == 1 else In(field.name, values)


def of_status(text: str) -> Where:
    """``_status``: the row's status is one of those named; never the dataset's own ``status`` column."""
    wanted = tuple(part.strip() for part in text.split(","))
    known = get_args(RowStatus)
    for name in wanted:
        if name not in known:
            raise BadRequest(
                Text(f"沒有列狀態「{shown(name)}」。", f"There is no row status {shown(name)!r}."),
                Text(f"可用：{'、'.join(known)}，以逗號分隔。", f"Use {', '.join(known)}, several by commas."),
                parameter="_status",
            )
    return In("_status", wanted)


def interval(text: str, record: DatasetRecord) -> list[Where]:
    """``datetime``: a moment or an interval over the dataset's time, both ends included, ``..`` open."""
    field = record.field(record.time_field)
    if field is None:
        raise BadRequest(
            Text(
                "這個資料集沒有時間欄位，不能用 datetime。",
                "This dataset has no time field, so datetime cannot be used.",
            ),
            Text("請改用 filter 或欄位參數。", "Use filter or a field's own parameter."),
            parameter="datetime",
        )
    first, slash, last = text.partition("/")
    ends = [
        None if slash and end in {"", ".."} else moment(end, record.timezone, "datetime")
        for end in (first, last if slash else first)
    ]
    low, high = ends
    if low and high and low.at > high.after:
        raise BadRequest(
            Text("datetime 的起點晚於終點。", "The datetime interval ends before it begins."),
            Text("請寫成 起點/終點。", "Write start/end."),
            parameter="datetime",
        )
    if field.type == "date":
        bounds = [("ge", low), ("le", high)]
        return [Compare(field.name, op, end.at.date()) for op, end in bounds if end]  # type: ignore[arg-type]
    if field.type != "datetime":
        raise mistyped(field, text, "datetime")
    return _during(field.name, low, high)


def _during(name: str, low: Moment | None, high: Moment | None) -> list[Where]:
    items: list[Where] = []
    if low and high and low == high and not low.whole_day:
        return [Compare(name, "eq", low.at)]
    if low:
        items.append(Compare(name, "ge", low.at))
    if high:
        items.append(Compare(name, "lt" if high.whole_day else "le", high.after))
    return items


def within(text: str, record: DatasetRecord) -> Where:
    """``bbox``: the dataset's place lies in west, south, east, north."""
    if record.place is None:
        raise BadRequest(
            Text("這個資料集沒有座標欄位，不能用 bbox。", "This dataset has no place, so bbox cannot be used."),
            Text("請拿掉 bbox。", "Leave bbox out."),
            parameter="bbox",
        )
    parts = text.split(",")
    if len(parts) != 4 or not all(re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?", p, re.ASCII) for p in parts):
        raise BadRequest(
            Text(f"bbox=「{shown(text)}」不是四個數。", f"bbox={shown(text)!r} is no four numbers."),
            Text(
                "例如 119.5,21.8,122.1,25.4（西,南,東,北）。",
                "For example 119.5,21.8,122.1,25.4 (west,south,east,north).",
            ),
            parameter="bbox",
        )
    return box([float(p) for p in parts], "bbox")
