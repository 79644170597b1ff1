"""What an answer's statistics rest on, as plain values: an answer that carries its rules needs no second document."""

from __future__ import annotations

from typing import Any

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.grouping.answer import is_direction, judged
from qingliu.lake.grouping.clock import ROLLING
from qingliu.lake.grouping.measured import step
from qingliu.lake.grouping.usable import limit_declared
from qingliu.lake.query import Aggregate, Query

_METHODS = {
    "avg": "arithmetic mean",
    "median": "exact, continuous interpolation",
    "percentile": "exact, continuous interpolation",
    "sd": "sample standard deviation",
    "over": "values above the limit",
    "valid": "usable values",
    "vdir": "direction of the mean wind vector, weighted by speed",
    "vspeed": "length of the mean wind vector",
}


def told(query: Query, record: DatasetRecord, fields: tuple[FieldRecord, ...]) -> dict[str, Any]:
    """Bucket, time zone, rules, and unit and method of each aggregate; None where a rule does not apply."""
    rules = query.rules
    plain: dict[str, Any] = {"bucket": query.bucket or None}
    if rules is None:
        return plain
    if query.bucket:
        plain["timezone"] = rules.timezone or record.timezone
        plain["time"] = "hour in which the window ends" if query.bucket in ROLLING else "start of the bucket"
    measured = judged(query, record)
    promised = step(record) if measured else None
    plain["completeness"] = None
    if promised is not None:
        every = {"seconds": promised.seconds} if promised.seconds else {"months": promised.months}
        plain["completeness"] = {"at_least": rules.completeness, "value_every": every, "of": list(measured)}
    declared = [
        n
        for a in query.aggregates
        if (f := record.field(a.field)) and limit_declared(f) is not None
        for n in (a.field,)
    ]
    if declared:
        plain["below_detection"] = {"as": rules.below_detection, "of": list(dict.fromkeys(declared))}
        if any(limit_declared(f) is False for n in declared if (f := record.field(n))):
            plain["below_detection"]["without_limit"] = "0" if rules.below_detection == "zero" else "left out"
    plain["invalid"] = "taken" if rules.invalid else "left out"
    plain["empty_buckets"] = "answered" if rules.gaps else "left out"
    units = {f.name: f.unit for f in fields}
    plain["columns"] = [_column(a, query, record, units.get(a.name, "")) for a in query.aggregates]
    return plain


def _column(aggregate: Aggregate, query: Query, record: DatasetRecord, unit: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": aggregate.name, "function": aggregate.fn}
    if aggregate.field != "*":
        plain["of"] = aggregate.field
    if aggregate.number is not None:
        plain["number"] = aggregate.number
    if unit:
        plain["unit"] = unit
    method = _METHODS.get(aggregate.fn, "")
    circular = is_direction(aggregate.field, query, record) if aggregate.fn == "avg" else "no"
    if circular != "no":
        vector = "direction of the mean unit vector"
        method = vector if circular == "yes" else f"{method}; of wind directions the {vector}"
    if method:
        plain["method"] = method
    return plain
