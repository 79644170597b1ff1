"""The preview's question: what a reader's address asks of a table, checked, and said again as a Query, CQL2 or address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, Protocol, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, CompareOp, IsNull, Like, Not, Order, Query, Scalar, Where
from qingliu.lake.values import coerce

Op = Literal["eq", "ne", "gt", "ge", "lt", "le", "has", "null", "some"]
OPS: tuple[Op, ...] = get_args(Op)
SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
LIMITS = (10, 25, 50, 100)
MAX_CONDITIONS = 6
MAX_OFFSET_ROWS = 100_000


class Parameters(Protocol):
    """What Django's QueryDict offers of an address' parameters."""

    def get(self, key: str, default: str = "") -> str: ...

    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of the filter form: ``raw`` is what the reader wrote, ``value`` what it means for the column's type."""

    field: str
    op: Op
    raw: str = ""
    value: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A checked preview: conditions (all must hold), one order, a page of ``limit`` rows, of version ``as_of`` or the newest."""

    conditions: tuple[Condition, ...] = ()
    sortby: str = ""  # column, with a leading "-" for descending
    limit: int = 25
    page: int = 1
    as_of: int | None = None

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.limit


def parse(parameters: Parameters, record: DatasetRecord) -> Ask:
    """The question in an address. Raises BadRequest or UnknownField naming the parameter and its remedy."""
    names, ops, values = (parameters.getlist(k) for k in ("field", "op", "value"))
    if len(names) != len(ops) or len(names) != len(values):
        raise BadRequest(
            Text("篩選條件不完整。", "The filter is incomplete."),
            Text("每個條件都要有 field、op 與 value。", "Give field, op and value for every condition."),
            parameter="field",
        )
    asked = [(n, o, v) for n, o, v in zip(names, ops, values, strict=True) if n]
    if len(asked) > MAX_CONDITIONS:
        raise BadRequest(
            Text(f"最多 {MAX_CONDITIONS} 個篩選條件。", f"At most {MAX_CONDITIONS} conditions."),
            Text("更複雜的條件請用 API 的 filter。", "Use the API's filter for more."),
            parameter="field",
        )
    conditions = tuple(_condition(record, n, o, v) for n, o, v in asked)
    sortby = parameters.get("sortby", "")
    if sortby:
        _field(record, sortby.removeprefix("-"), "sortby")
    limit = _whole(parameters, "limit", 25, 1, LIMITS[-1])
    page = _whole(parameters, "page", 1, 1, 1 + MAX_OFFSET_ROWS // limit)
    as_of = _whole(parameters, "as_of", 0, 1, 10**9) or None
    return Ask(conditions, sortby, limit, page, as_of)


def _field(record: DatasetRecord, name: str, parameter: str) -> FieldRecord:
    field = record.field(name)
    if field is None:
        raise UnknownField(name, (f.name for f in record.fields), parameter=parameter)
    return field


def _whole(parameters: Parameters, name: str, default: int, low: int, high: int) -> int:
    text = parameters.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high:
        return int(text)
    raise BadRequest(
        Text(f"{name} 不是可用的數。", f"{name} is not a usable number."),
        Text(
            f"請給 {low} 到 {high} 的整數；更多資料請下載。",
            f"Give a whole number from {low} to {high}; download for more.",
        ),
        parameter=name,
    )


def _condition(record: DatasetRecord, name: str, op: str, raw: str) -> Condition:
    field = _field(record, name, "field")
    known = next((o for o in OPS if o == op), None)
    if known is None:
        raise BadRequest(
            Text("沒有這種比較方式。", "No such comparison."),
            Text(f"可用的比較：{'、'.join(OPS)}。", f"The comparisons are: {', '.join(OPS)}."),
            parameter="op",
        )
    if known in ("null", "some"):
        return Condition(name, known)
    if known == "has":
        if field.type != "string":
            raise BadRequest(
                Text(f"「{name}」不是文字欄位，不能用「包含」。", f"'{name}' is no text column; 'contains' needs one."),
                Text("請改用等於、大於或小於。", "Compare with equals, more or less instead."),
                parameter="op",
            )
        return Condition(name, known, raw[:200], raw[:200])
    return Condition(name, known, raw[:200], coerce(field, _trimmed(field, raw), ZoneInfo(record.timezone)))


def _trimmed(field: FieldRecord, raw: str) -> str:
    return raw[:200] if field.type == "string" else raw[:200].strip()


def query(ask: Ask, record: DatasetRecord) -> Query:
    """The Query of one page, with flags, so that a null says why it is null."""
    items = tuple(_where(c) for c in ask.conditions)
    where: Where | None = None if not items else items[0] if len(items) == 1 else And(items)
    order = (Order(ask.sortby.removeprefix("-"), ask.sortby.startswith("-")),) if ask.sortby else ()
    return Query(record.code, where=where, order=order, limit=ask.limit, offset=ask.offset, as_of=ask.as_of, flags=True)


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _where(condition: Condition) -> Where:
    if condition.op == "null":
        return IsNull(condition.field)
    if condition.op == "some":
        return Not(IsNull(condition.field))
    if condition.op == "has":
        return Like(condition.field, _like(condition.raw), casei=True)
    op: CompareOp = condition.op
    assert condition.value is not None
    return Compare(condition.field, op, condition.value)


def cql(ask: Ask, record: DatasetRecord) -> str:
    """The same conditions as CQL2 text, for the API's ``filter``; empty where there are none."""
    return " AND ".join(_clause(c, ZoneInfo(record.timezone)) for c in ask.conditions)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _clause(condition: Condition, zone: ZoneInfo) -> str:
    name = '"' + condition.field.replace('"', '""') + '"'
    if condition.op in ("null", "some"):
        return f"{name} IS {'NOT ' if condition.op == 'some' else ''}NULL"
    if condition.op == "has":
        return f"CASEI({name}) LIKE CASEI({_quoted(_like(condition.raw))})"
    value = condition.value
    if isinstance(value, bool):
        literal = "TRUE" if value else "FALSE"
    elif isinstance(value, datetime):
        moment = value.replace(tzinfo=zone).astimezone(UTC)
        literal = f"TIMESTAMP('{moment.isoformat().replace('+00:00', 'Z')}')"
    elif isinstance(value, date):
        literal = f"DATE('{value.isoformat()}')"
    elif isinstance(value, str):
        literal = _quoted(value)
    else:
        literal = repr(value)
    return f"{name} {SIGNS[condition.op]} {literal}"


def address(ask: Ask, *, anchor: str = "preview") -> str:
    """The part of the page's address after its path: only what differs from the plain page."""
    pairs: list[tuple[str, str]] = []
    for c in ask.conditions:
        pairs += [("field", c.field), ("op", c.op), ("value", c.raw)]
    if ask.sortby:
        pairs.append(("sortby", ask.sortby))
    if ask.limit != Ask.__dataclass_fields__["limit"].default:
        pairs.append(("limit", str(ask.limit)))
    if ask.page > 1:
        pairs.append(("page", str(ask.page)))
    if ask.as_of:
        pairs.append(("as_of", str(ask.as_of)))
    return ("?" + urlencode(pairs) if pairs else "?") + (f"#{anchor}" if anchor else "")


def sorted_by(ask: Ask, name: str) -> tuple[str, str]:
    """(state, address) of a column's sort link; state is ascending, descending or none, for aria-sort."""
    state = "ascending" if ask.sortby == name else "descending" if ask.sortby == f"-{name}" else "none"
    following = {"none": name, "ascending": f"-{name}", "descending": ""}[state]
    return state, address(replace(ask, sortby=following, page=1))


def api_pairs(ask: Ask, record: DatasetRecord) -> tuple[tuple[str, str], ...]:
    """The same question as parameters of the native API's rows."""
    pairs = [("filter", cql(ask, record)), ("sortby", ask.sortby), ("as_of", str(ask.as_of or ""))]
    return tuple((k, v) for k, v in pairs if v)
