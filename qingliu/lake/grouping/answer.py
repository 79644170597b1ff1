"""The columns of a grouped answer, in order, and everything that a question may not ask of them."""

from __future__ import annotations

from dataclasses import replace

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text, Wind
from qingliu.core.errors import BadRequest
from qingliu.lake.grouping.aggregates import NUMBERS_ONLY, ON_A_CIRCLE
from qingliu.lake.grouping.clock import BUCKETS, ROLLING, clock
from qingliu.lake.grouping.measured import NUMERIC, is_long, is_measured, pinned, step, wind_of, with_role
from qingliu.lake.grouping.usable import limit_declared
from qingliu.lake.query import Aggregate, Query
from qingliu.lake.where import Scope

COUNTS = frozenset({"count", "valid", "over"})


def fields(query: Query, record: DatasetRecord, scope: Scope) -> tuple[FieldRecord, ...]:
    """``time``, the groups, the aggregates, then completeness and flag of what is measured. Raises UnknownField, BadRequest."""
    found: list[FieldRecord] = []
    if query.bucket:
        found.append(_time(query, record, scope))
    found += [scope.find(n) for n in query.group]
    found += [_column(a, query, record, scope) for a in query.aggregates]
    _alone(query, record)
    judged_columns = judged(query, record)
    for name in judged_columns:
        tail = "" if len(judged_columns) == 1 else f"_{name}"
        field = scope.find(name)
        title = Text(f"{field.title.zh}完整率", f"Completeness of {field.title.en or name}")
        found.append(FieldRecord(f"completeness{tail}", "number", title))
        found.append(
            FieldRecord(f"flag{tail}", "string", Text(f"{field.title.zh}註記", f"Flag of {field.title.en or name}"))
        )
    names = [f.name for f in found]
    twice = next((n for n in names if names.count(n) > 1), "")
    if twice:
        raise BadRequest(
            Text(f"回答會有兩欄都叫「{twice[:60]}」。", f"Two columns of the answer would be called '{twice[:60]}'."),
            Text("請拿掉其中一個。", "Leave one of them out."),
            parameter="groupby" if twice in query.group else "aggregate",
        )
    return tuple(found)


def judged(query: Query, record: DatasetRecord) -> tuple[str, ...]:
    """The measured columns whose completeness an answer tells: where the bucket and a promised step are known."""
    if not query.bucket or query.rules is None or step(record) is None:
        return ()
    names = dict.fromkeys(a.field for a in query.aggregates if a.field != "*")
    return tuple(n for n in names if (f := record.field(n)) is not None and is_measured(record, f))


def _time(query: Query, record: DatasetRecord, scope: Scope) -> FieldRecord:
    if query.bucket not in BUCKETS:
        raise BadRequest(
            Text(f"不支援的時段「{query.bucket[:20]}」。", f"No bucket '{query.bucket[:20]}'."),
            Text(f"可用：{'、'.join(BUCKETS)}。", f"Use one of: {', '.join(BUCKETS)}."),
            parameter="bucket",
        )
    if not record.time_field:
        raise BadRequest(
            Text("這個資料集沒有時間欄位。", "This dataset has no time field."),
            Text("請拿掉 bucket。", "Leave bucket out."),
            parameter="bucket",
        )
    field = scope.find(record.time_field)
    if field.type == "date" and (query.bucket in ROLLING or query.bucket == "1h"):
        raise BadRequest(
            Text("這個資料集的時間只到日。", "The times of this dataset are days."),
            Text("請用 1d、1w、1mo 或 1y。", "Use 1d, 1w, 1mo or 1y."),
            parameter="bucket",
        )
    plain = clock(record, query.bucket, query.rules.timezone if query.rules else "").plain
    return replace(field, name="time", type="datetime" if plain else "string", sentinels=(), suffix_flags=())


def _column(aggregate: Aggregate, query: Query, record: DatasetRecord, scope: Scope) -> FieldRecord:
    fn = aggregate.fn
    if aggregate.field == "*":
        if fn != "count":
            raise BadRequest(
                Text(f"{fn}(*) 沒有意義。", f"{fn}(*) means nothing."),
                Text("只有 count(*) 可用 *。", "Only count takes *."),
                parameter="aggregate",
            )
        return FieldRecord("count", "integer", Text("列數", "Rows"))
    field = scope.find(aggregate.field)
    if fn in NUMBERS_ONLY and field.type not in NUMERIC:
        raise BadRequest(
            Text(f"「{field.name}」不是數值，不能計算 {fn}。", f"{fn} needs a number; '{field.name}' is none."),
            Text("請改用 count、min 或 max。", "Use count, min or max."),
            parameter="aggregate",
        )
    if (fn in {"percentile", "over"}) != (aggregate.number is not None):
        raise BadRequest(
            Text(f"{fn} 少了或多了一個數。", f"{fn} lacks a number or has one too many."),
            Text("例如 p98(pm2.5)、over(o3,60)。", "For example p98(pm2.5), over(o3,60)."),
            parameter="aggregate",
        )
    unit = field.unit
    if query.rules is not None:
        _below(field, query, aggregate)
        unit = _winds(field, aggregate, query, record, scope) or unit
    kind = "integer" if fn in COUNTS else field.type if fn in {"min", "max", "first", "last"} else "number"
    return FieldRecord(aggregate.name, kind, field.title, unit="" if fn in COUNTS else unit)  # type: ignore[arg-type]


def _below(field: FieldRecord, query: Query, aggregate: Aggregate) -> None:
    rules = query.rules
    if (
        rules is None
        or rules.below_detection != "limit"
        or aggregate.fn == "count"
        or limit_declared(field) is not False
    ):
        return
    raise BadRequest(
        Text(f"「{field.name}」沒有宣告偵測極限。", f"No detection limit is declared for '{field.name}'."),
        Text("請改用 below_detection=zero 或 drop。", "Use below_detection=zero or drop."),
        parameter="below_detection",
    )


def mixed_by(query: Query, record: DatasetRecord) -> FieldRecord | None:
    """The item column of a long table whose values a question would join, unless only one item is there; else None."""
    item, name, cell = (with_role(record, role) for role in ("item", "item_name", "value"))
    if item is None or cell is None:
        return None
    one = {n for n, values in pinned(query.where).items() if len(values) == 1} | set(query.group)
    if item.name in one or (name is not None and name.name in one):
        return None
    joins = {a.fn for a in query.aggregates if a.field == cell.name} - {"count", "valid", "vdir", "vspeed"}
    return item if joins else None


def is_direction(name: str, query: Query, record: DatasetRecord) -> str:
    """Whether values of a column are directions: "yes", "no", or "item" where the row's item tells."""
    if query.rules is None or not record.wind:
        return "no"
    if not is_long(record):
        return "yes" if any(w.direction == name for w in record.wind) else "no"
    value, item = with_role(record, "value"), with_role(record, "item")
    if value is None or item is None or value.name != name:
        return "no"
    items = {str(v) for v in pinned(query.where).get(item.name, ())}
    directions = {w.direction for w in record.wind}
    if items:
        return "yes" if items <= directions else "item" if items & directions else "no"
    return "item"


def _winds(field: FieldRecord, aggregate: Aggregate, query: Query, record: DatasetRecord, scope: Scope) -> str:
    """The unit of a wind's statistic, "" where it is the column's; BadRequest where directions are no numbers to it."""
    fn = aggregate.fn
    if fn in {"vdir", "vspeed"}:
        wind = paired(query, record) if is_long(record) else wind_of(record, field.name)
        if wind is None or (not is_long(record) and fn == "vdir" and wind.direction != field.name):
            raise _no_wind(record, field, fn)
        if is_long(record):
            return "degrees" if fn == "vdir" else ""
        return scope.find(wind.direction if fn == "vdir" else wind.speed).unit
    if fn not in ON_A_CIRCLE and is_direction(field.name, query, record) == "yes":
        raise BadRequest(
            Text(f"風向沒有 {fn}：359 度與 1 度相鄰。", f"Directions have no {fn}: 359 and 1 degrees are neighbours."),
            Text("請用 avg、vdir、first、last 或 count。", "Use avg, vdir, first, last or count."),
            parameter="aggregate",
        )
    return ""


def paired(query: Query, record: DatasetRecord) -> Wind | None:
    """The wind of a long table that a question is about: its items are exactly a declared pair."""
    item = with_role(record, "item")
    items = {str(v) for v in pinned(query.where).get(item.name, ())} if item else set()
    return next((w for w in record.wind if items == {w.direction, w.speed}), None)


def _alone(query: Query, record: DatasetRecord) -> None:
    """In a long table direction and speed of a moment are joined first: nothing else can be asked of the rows then."""
    winds = [a for a in query.aggregates if a.fn in {"vdir", "vspeed"}]
    item = with_role(record, "item")
    if not winds or not is_long(record) or item is None:
        return
    if len(winds) == len(query.aggregates) and item.name not in query.group:
        return
    raise BadRequest(
        Text(
            f"長表的 vdir、vspeed 不能與其他彙總或 groupby={item.name} 並用。",
            f"In a long table vdir and vspeed stand alone, without other aggregates and groupby={item.name}.",
        ),
        Text("請分成兩次查詢。", "Ask twice."),
        parameter="aggregate",
    )


def _no_wind(record: DatasetRecord, field: FieldRecord, fn: str) -> BadRequest:
    item = with_role(record, "item")
    if record.wind and is_long(record) and item is not None:
        wind = record.wind[0]
        return BadRequest(
            Text(
                f"{fn} 需要剛好一對風向與風速測項。", f"{fn} needs the items of one wind: its direction and its speed."
            ),
            Text(
                f"例如 {item.name}={wind.direction}&{item.name}={wind.speed}。",
                f"For example {item.name}={wind.direction}&{item.name}={wind.speed}.",
            ),
            parameter="aggregate",
        )
    known = "、".join(w.direction for w in record.wind)
    return BadRequest(
        Text(f"「{field.name}」不是已宣告的風向。", f"'{field.name}' is no declared wind direction."),
        Text(f"已宣告：{known}。" if known else "這個資料集沒有宣告風。", f"Declared: {known or 'none'}."),
        parameter="aggregate",
    )
