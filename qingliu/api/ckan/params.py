"""``datastore_search`` and the dump as questions: CKAN's parameters to a ``Query`` and the shape of its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from qingliu.api.ckan import filters
from qingliu.api.ckan.args import Args, wrong
from qingliu.api.ckan.filters import ID, ROW
from qingliu.api.values import shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import NAIVE, And, Column, Compare, Format, Query, Rendering, Where

DEFAULT_LIMIT = 100
MAX_LIMIT = 32_000
HEAVY_ROWS = 20_000
RECORDS: tuple[Records, ...] = ("objects", "lists", "csv", "tsv")
DUMPS: tuple[Dump, ...] = ("csv", "tsv", "json", "xml")
Records = Literal["objects", "lists", "csv", "tsv"]
Dump = Literal["csv", "tsv", "json", "xml"]
SEARCH = (
    "resource_id", "id", "filters", "q", "plain", "language", "distinct", "limit", "offset", "fields", "sort",
    "include_total", "total_estimation_threshold", "records_format", "include_next_page",
)  # fmt: skip
DUMPED = ("filters", "q", "plain", "language", "distinct", "limit", "offset", "fields", "sort", "format", "bom")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the columns of its answer in order (``_id`` is ``_row``), and what the answer repeats.

    ``skipped`` rows lie before a keyset page that was asked as an offset; they are no part of its total. ``after`` is the
    row behind which such a page begins where there are other conditions too; ``counted`` is then the question of its total.
    """

    query: Query
    columns: tuple[FieldRecord, ...]
    limit: int | None
    offset: int
    skipped: int = 0
    after: int = 0
    counted: Query | None = None
    form: Records = "objects"
    total: bool = True
    next_page: bool = False
    lowered: bool = False
    echo: tuple[tuple[str, Any], ...] = ()

    @property
    def heavy(self) -> bool:
        """Whether it may run long."""
        query = self.query
        return query.limit is None or query.limit + query.offset > HEAVY_ROWS or bool(query.group)


def search(record: DatasetRecord, args: Args) -> Asked:
    """The question of ``datastore_search``; a limit above the maximum is lowered, which the answer tells."""
    wanted = args.whole("limit", DEFAULT_LIMIT)
    limit = min(wanted, MAX_LIMIT)
    form = _choice(args, "records_format", RECORDS, "objects")
    args.whole("total_estimation_threshold", 0)  # totals are exact at any size
    asked = _ask(record, args, limit)
    echo = [(n, args.structure(n)) for n in ("filters", "q") if args.raw(n) not in (None, "", {}, [])]
    return replace(
        asked, form=form, total=args.flag("include_total", True), next_page=args.flag("include_next_page", False),
        lowered=wanted > limit, echo=tuple(echo),
    )  # fmt: skip


def dump(record: DatasetRecord, args: Args) -> tuple[Asked, Dump, bool]:
    """The question of a dump, its format, and whether it begins with a byte order mark."""
    form = _choice(args, "format", DUMPS, "csv")
    limit = args.whole("limit", 0) if args.has("limit") and args.raw("limit") != "" else None
    return _ask(record, args, limit), form, args.flag("bom", False)


def _ask(record: DatasetRecord, args: Args, limit: int | None) -> Asked:
    names = args.names("fields")
    fields = tuple(filters.find(record, n, "fields") for n in names)
    if len(set(names)) != len(names):
        raise BadRequest(
            Text("欄位重複。", "A field is named twice."),
            Text("每個欄位只列一次。", "Name each field once."),
            parameter="fields",
        )
    offset = args.whole("offset", 0)
    conditions, skipped = _after(args.structure("filters"))
    order = filters.order(record, args.structure("sort"))
    plain = args.flag("plain", True)
    parts = (filters.where(record, conditions), filters.words(record, args.structure("q"), plain=plain))
    wheres = [w for w in parts if w is not None]
    distinct = bool(fields) and args.flag("distinct", False) and ROW not in fields
    behind = Compare(ROW.name, "gt", skipped) if skipped and (wheres or order or distinct) else None
    after = skipped if behind and not (order or distinct or offset) else 0
    if behind and not after:  # then the row number is a condition like any other
        wheres.append(behind)
    skipped = 0 if behind else skipped
    where: Where | None = None if not wheres else wheres[0] if len(wheres) == 1 else And(tuple(wheres))
    columns = fields or (ROW, *record.fields)
    chosen = tuple(f.name for f in columns)
    if distinct:
        if tuple(o.field for o in order) != chosen[: len(order)] or any(o.desc for o in order):
            raise BadRequest(
                Text("distinct 的結果依 fields 的順序排列。", "distinct rows stand in the order of fields."),
                Text("請拿掉 sort，或照 fields 的順序。", "Leave sort out, or sort by fields in their order."),
                parameter="sort",
            )
        query = Query(record.code, where=where, group=chosen, limit=limit, offset=offset)
    else:
        query = Query(record.code, chosen, where, order, limit, offset + skipped)
    counted = replace(query, where=And((where, behind))) if where and behind and after else None
    return Asked(query, columns, limit, offset, skipped, after, counted)


def _after(conditions: Any) -> tuple[Any, int]:
    """``filters`` without a lone ``{"_id": {"gt": n}}``, and that n: the next page of CKAN's keyset paging."""
    if isinstance(conditions, dict):
        at = conditions.get(ID)
        n = at.get("gt") if isinstance(at, dict) and len(at) == 1 else None
        if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**62:
            return {k: v for k, v in conditions.items() if k != ID}, n
    return conditions, 0


def _choice(args: Args, name: str, options: tuple[Any, ...], default: str) -> Any:
    value = args.text(name, default) or default
    if value not in options:
        raise wrong(name, shown(value), "、".join(options), f"one of {', '.join(options)}")
    return value


def columns(asked: Asked) -> tuple[Column, ...]:
    """How each column is written: under its own name, moments without an offset."""
    return tuple(Column(f.name, ID if f == ROW else f.name, datetime_format=NAIVE) for f in asked.columns)


def rendering(asked: Asked) -> Rendering:
    """How the records of ``datastore_search`` become bytes."""
    if asked.form in {"csv", "tsv"}:  # a text inside JSON, for programs: cells stay as they are
        delimiter = "\t" if asked.form == "tsv" else ","
        return Rendering("csv", columns(asked), header=False, escape_formulas=False, delimiter=delimiter)
    return Rendering("json", columns(asked), lists=asked.form == "lists")


def dumping(asked: Asked, form: Dump, bom: bool) -> Rendering:
    """How the rows of a dump become bytes."""
    shape: Format = "xml" if form == "xml" else "json" if form == "json" else "csv"
    return Rendering(
        shape,
        columns(asked),
        bom=bom,
        delimiter="\t" if form == "tsv" else ",",
        lists=form == "json",
        numbered=form == "xml" and asked.columns[0] == ROW,
    )
