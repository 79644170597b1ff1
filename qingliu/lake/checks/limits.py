"""Which limit holds for which item of the rows, and the values beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qingliu.lake.checks.conditions import sql_of
from qingliu.lake.checks.source import Source, both, equal, picked
from qingliu.lake.checks.spec import Bounds, Hit, Limit, Result, Shape, Value
from qingliu.lake.names import ident
from qingliu.lake.query import Compare, CompareOp, IsNull


def plain(text: str) -> str:
    """An item's or unit's name as limits spell it: lower case letters, digits, dots and what is no letter of ASCII."""
    low = text.lower().replace("μ", "u").replace("µ", "u").replace("³", "3")
    return "".join(c for c in low if c.isalnum() or c in ".%℃")


def items_of(source: Source, shape: Shape | None, field: str, limits: Sequence[Limit]) -> list[tuple[Any, Limit]]:
    """(item, limit) for the items of a long table that have one; (None, limit) for a column of its own."""
    if shape is None or not shape.item or field not in shape.values:
        return [(None, limits[0])] if limits else []
    labels = [shape.item, *shape.labels, *((shape.unit,) if shape.unit else ())]
    picked_labels = ", ".join(f"any_value({ident(c)})" for c in labels[1:])
    key = f"items:{shape.item}"
    if key not in source.made:
        source.con.execute(
            f"CREATE TEMP TABLE items AS SELECT {ident(shape.item)}{', ' + picked_labels if picked_labels else ''} "
            f"FROM src WHERE {ident(shape.item)} IS NOT NULL GROUP BY {ident(shape.item)}"
        )
        source.made.add(key)
    found = []
    for row in source.all("SELECT * FROM items"):
        unit = plain(str(row[-1])) if shape.unit and row[-1] is not None else ""
        names = {plain(str(v)) for v in (row[:-1] if shape.unit else row) if v is not None}
        limit = next((x for x in limits if names & set(x.names) and (not unit or not x.units or unit in x.units)), None)
        if limit is not None:
            found.append((row[0], limit))
    return found


def bounds(source: Source, check: Bounds) -> Result:
    """Values beyond their limits, below and above apart, item by item."""
    shape = source.shape if source.shape and check.field in source.shape.values else None
    hits: list[Hit] = []
    looked = 0
    extremes = _extremes(source, shape, check.field)
    for item, limit in items_of(source, shape, check.field, check.limits):
        n, low, high = extremes.get(item, (0, None, None))
        looked += n
        if limit.minimum is not None and low is not None and low < limit.minimum:
            hits += _beyond(source, check, item, limit, op="lt", bound=limit.minimum, worst=low)
        if limit.maximum is not None and high is not None and high > limit.maximum:
            hits += _beyond(source, check, item, limit, op="gt", bound=limit.maximum, worst=high)
    return Result(check, tuple(hits), looked)


def _extremes(source: Source, shape: Shape | None, field: str) -> dict[Any, tuple[int, Any, Any]]:
    """Number, least and greatest value of each item."""
    if shape is not None and "blocks" in source.made:
        at = shape.values.index(field)
        item = f"s{shape.series.index(shape.item)}" if shape.item in shape.series else "NULL"
        found = source.all(f"SELECT {item}, sum(n{at}), min(lo{at}), max(hi{at}) FROM blocks GROUP BY 1")
    else:
        item = ident(shape.item) if shape is not None and shape.item else "NULL"
        value = source.good(field)
        found = source.all(f"SELECT {item}, count({value}), min({value}), max({value}) FROM src GROUP BY 1")
    return {row[0]: (int(row[1] or 0), row[2], row[3]) for row in found}


def _beyond(
    source: Source, check: Bounds, item: Any, limit: Limit, *, op: CompareOp, bound: float, worst: Any
) -> list[Hit]:
    field = check.field
    shape = source.shape if source.shape and field in source.shape.values else None
    sign = "<" if op == "lt" else ">"
    facts: tuple[tuple[str, Value], ...] = (
        ("item", item if item is not None else field), ("limit", bound), ("worst", worst), ("noise", limit.noise),
    )  # fmt: skip
    kind = "below" if op == "lt" else "above"
    columns = (field,)
    mine = [equal(shape.item, item)] if shape is not None and item is not None else []
    own, params = sql_of(both(*mine)) if mine else ("true", [])
    predicate = f"{own} AND ({source.good(field)}) {sign} {bound!r}"
    count = int(source.one(f"SELECT count(*) FROM src WHERE {predicate}", params))
    mark = source.record.field(field)
    simple = [both(*mine, Compare(field, op, bound))]
    if mark is not None and mark.flag_field:
        simple.append(both(*mine, Compare(field, op, bound), IsNull(mark.flag_field)))
    for where in simple:
        sql, values = sql_of(where)
        if int(source.one(f"SELECT count(*) FROM src WHERE {sql}", values)) == count:
            return [Hit(kind, count, facts, where, columns)]
    return picked(source, predicate, kind=kind, facts=facts, columns=columns, params=params)
