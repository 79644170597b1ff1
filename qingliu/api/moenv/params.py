"""Parameters of the MOENV dialect to questions: limit, offset, sort, filters, year_month, as clients really send them."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from qingliu.api.http import Pairs, language
from qingliu.api.values import count, moment, read, shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.query import And, Compare, CompareOp, In, IsNull, Not, Order, Query, Scalar, Where

Profile = Literal["bare", "envelope"]
Shape = Literal["json", "csv", "xml"]
DEFAULT_LIMIT = 1000
HEAVY_ROWS = 20_000
KNOWN = ("format", "limit", "offset", "sort", "filters", "year_month", "language", "profile")
PUBLICATION = ("importdate", "datacreationdate")  # sort by publication time where they are no column
_OPS: dict[str, CompareOp] = {"EQ": "eq", "NE": "ne", "GR": "gt", "GT": "gt", "GE": "ge", "LT": "lt", "LE": "le"}
_MAX_FILTERS = 100
_MAX_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the shape of its answer. ``echo`` are the parameters that its links repeat; never a key."""

    query: Query
    format: Shape
    profile: Profile
    lang: str
    echo: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    translate: bool = False  # cells in English: by ``language`` alone, never by a header

    @property
    def heavy(self) -> bool:
        """Whether it may run long."""
        return (self.query.limit or 0) + self.query.offset > HEAVY_ROWS


def ask(record: DatasetRecord, pairs: Pairs, *, wished_profile: str = "", accept_language: str = "") -> Asked:
    """The question in ``pairs``; ``wished_profile`` is the header's or the key's. Unknown bare parameters are only named."""
    given: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in pairs:
        known = name.lower()
        if known not in KNOWN:
            ignored.append(name)
        elif known in given and given[known] != value:
            raise _bad(known, f"參數 {known} 出現兩次。", f"{known} is given twice.", "請只給一次。", "Give it once.")
        else:
            given[known] = value
    form = _choice(given, "format", ("json", "csv", "xml"))
    query = Query(
        dataset=record.code,
        where=_where(given, record),
        order=_order(given["sort"], record) if given.get("sort") else _newest_first(record),
        limit=count(given["limit"], "limit") if given.get("limit") else DEFAULT_LIMIT,
        offset=count(given["offset"], "offset") if given.get("offset") else 0,
    )
    asked = given.get("language") or ""
    if asked and asked.lower()[:2] not in {"zh", "en"}:
        remedy = ("可用：zh、en。", "Use zh or en.")
        raise _bad("language", f"language 不能是「{shown(asked)}」。", f"language cannot be {shown(asked)!r}.", *remedy)
    profile = given.get("profile") or wished_profile or "bare"
    return Asked(
        query=query,
        format=form,  # type: ignore[arg-type]
        profile=_choice({"profile": profile}, "profile", ("bare", "envelope")),  # type: ignore[arg-type]
        lang=language(asked, accept_language),
        echo=tuple((n, given[n]) for n in KNOWN if given.get(n) and n != "offset"),
        ignored=tuple(ignored),
        translate=asked.lower().startswith("en"),
    )


def _bad(parameter: str, zh: str, en: str, remedy_zh: str, remedy_en: str) -> BadRequest:
    return BadRequest(Text(zh, en), Text(remedy_zh, remedy_en), parameter=parameter)


def _choice(given: dict[str, str], name: str, options: tuple[str, ...]) -> str:
    value = (given.get(name) or options[0]).lower()
    if value not in options:
        raise _bad(
            name,
            f"{name} 不能是「{shown(value)}」。",
            f"{name} cannot be {shown(value)!r}.",
            f"可用：{'、'.join(options)}。",
            f"Use one of: {', '.join(options)}.",
        )
    return value


def column(record: DatasetRecord, name: str, parameter: str) -> FieldRecord:
    """The column called ``name`` in any case (exact case first). Raises UnknownField naming the nearest."""
    wanted = name.strip()
    exact = record.field(wanted)
    if exact is not None:
        return exact
    found = next((f for f in record.fields if f.name.lower() == wanted.lower()), None)
    if found is None:
        known = [f.name.lower() if record.moenv_case == "lower" else f.name for f in record.fields]
        raise UnknownField(wanted, known, parameter=parameter)
    return found


def _newest_first(record: DatasetRecord) -> tuple[Order, ...]:
    """The platform's default order: newest first where there is a time, else as stored."""
    return (Order(record.time_field, True),) if record.field(record.time_field) else ()


def _order(text: str, record: DatasetRecord) -> tuple[Order, ...]:
    orders: list[Order] = []
    for part in text[:_MAX_CHARS].split(","):
        name, _, direction = part.strip().partition(" ")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            name, _, direction = part.strip().rpartition(" ")  # a column with a space in its name
        if direction.strip().lower() not in {"", "asc", "desc"} or not name:
            raise _bad(
                "sort",
                f"sort 的「{shown(part)}」無法解讀。",
                f"{shown(part)!r} in sort cannot be read.",
                "請寫成「欄位 asc」或「欄位 desc」，多個以逗號分隔。",
                "Write 'column asc' or 'column desc', several by commas.",
            )
        desc = direction.strip().lower() != "asc"  # the platform's manual: descending unless told otherwise
        known = {f.name.lower() for f in record.fields}
        if name.lower() in PUBLICATION and name.lower() not in known:
            orders.append(Order("_since", desc))
        else:
            orders.append(Order(column(record, name, "sort").name, desc))
    return tuple(dict.fromkeys(orders))


def _where(given: dict[str, str], record: DatasetRecord) -> Where | None:
    items: list[Where] = []
    if given.get("filters"):
        items += _filters(given["filters"], record)
    if given.get("year_month"):
        items += _month(given["year_month"], record)
    if not items:
        return None
    return items[0] if len(items) == 1 else And(tuple(items))


def _month(text: str, record: DatasetRecord) -> list[Where]:
    field = record.field(record.time_field)
    match = re.fullmatch(r"([0-9]{4})[_-]?([0-9]{2})", text, re.ASCII)
    if field is None or field.type not in {"date", "datetime"} or not match or not 1 <= int(match[2]) <= 12:
        raise _bad(
            "year_month",
            f"year_month=「{shown(text)}」無法使用。",
            f"year_month={shown(text)!r} cannot be used.",
            "請寫成 2020_01；資料集須有時間欄位。",
            "Write 2020_01; the dataset must have a time column.",
        )
    year, month = int(match[1]), int(match[2])
    if not 1 <= year < 9999:
        raise _bad("year_month", "年份超出範圍。", "The year is out of range.", "請寫成 2020_01。", "Write 2020_01.")
    first = datetime(year, month, 1)  # noqa: DTZ001  wall time of the dataset's zone
    after = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001
    days = field.type == "date"
    return [
        Compare(field.name, "ge", first.date() if days else first),
        Compare(field.name, "lt", after.date() if days else after),
    ]


def _filters(text: str, record: DatasetRecord) -> list[Where]:
    parts = [p for p in text.split("|") if p.strip()]
    if len(text) > _MAX_CHARS or len(parts) > _MAX_FILTERS:
        raise _bad(
            "filters",
            f"filters 過長（{len(text)} 字元、{len(parts)} 個條件）。",
            f"filters is too long ({len(text)} characters, {len(parts)} conditions).",
            f"上限 {_MAX_CHARS} 字元、{_MAX_FILTERS} 個條件。",
            f"At most {_MAX_CHARS} characters and {_MAX_FILTERS} conditions.",
        )
    if not parts:
        raise _malformed(text)
    return [_filter(p, record) for p in parts]


def _malformed(text: str) -> BadRequest:
    return _bad(
        "filters",
        f"filters 的「{shown(text)}」無法解讀。",
        f"{shown(text)!r} in filters cannot be read.",
        "請寫成 欄位,運算子,值，多個條件以 | 分隔，例如 county,EQ,臺北市|aqi,GR,100。",
        "Write column,OPERATOR,value, conditions joined by |, such as county,EQ,臺北市|aqi,GR,100.",
    )


def _filter(text: str, record: DatasetRecord) -> Where:
    pieces = text.strip().split(",", 2)
    if len(pieces) < 3 or not pieces[0].strip():
        raise _malformed(text)
    name, operator, rest = pieces[0], pieces[1].strip().upper(), pieces[2]
    field = column(record, name, "filters")
    if operator not in _OPS:
        near = difflib.get_close_matches(operator, _OPS, n=1, cutoff=0.3)
        raise _bad(
            "filters",
            f"沒有運算子「{shown(pieces[1])}」。",
            f"There is no operator {shown(pieces[1])!r}.",
            f"可用：EQ、NE、GR、GE、LT、LE。{f'您是否要用 {near[0]}？' if near else ''}",
            f"Use EQ, NE, GR, GE, LT or LE.{f' Did you mean {near[0]}?' if near else ''}",
        )
    op = _OPS[operator]
    if op not in {"eq", "ne"}:
        return Compare(field.name, op, _value(field, rest, record))
    same = _equal(field, _values(rest), record)
    return same if op == "eq" else Not(same)


def _values(text: str) -> list[str]:
    """Values between commas; one in double quotes may hold commas."""
    try:
        return next(csv.reader([text], strict=True), [""]) if text.startswith('"') else text.split(",")
    except csv.Error:
        return text.split(",")


def _equal(field: FieldRecord, texts: list[str], record: DatasetRecord) -> Where:
    if texts == [""]:
        return IsNull(field.name)
    values = tuple(_value(field, t, record) for t in texts)
    return Compare(field.name, "eq", values[0]) if len(values) == 1 else In(field.name, values)


def _value(field: FieldRecord, text: str, record: DatasetRecord) -> Scalar:
    text = text if field.type == "string" else text.strip()
    if field.type == "datetime":
        return moment(text, record.timezone, "filters").at
    return read(field, text, record.timezone, "filters")
