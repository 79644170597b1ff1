"""The question in an explore page's address: checked against the table's columns, and said again as an address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from qingliu.api.native.series_parameters import BELOW_DETECTION
from qingliu.api.values import moment, shown
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.grouping import BUCKETS
from qingliu.web import preview

KINDS = ("line", "bar", "box", "histogram", "calendar", "rose", "map", "pivot", "table")
STATS = ("avg", "median", "max", "min", "sum", "p98", "valid", "count")
MOST_LINES = 6
MOST_COLUMNS = 60
_OWN = ("chart", "of", "item", "stat", "bucket", "by", "across", "from", "to", "completeness", "below", "sortby", "page",
        "as_of")  # fmt: skip
_MANY = ("only", "cols", "field", "op", "value")
_STRANGERS = re.compile(r"utm_[a-z_]+|fbclid|gclid")  # what others hang on a shared address; they ask nothing of us
_SHARE = re.compile(r"0(\.[0-9]{1,4})?|1(\.0{1,4})?", re.ASCII)


class Parameters(Protocol):
    """What Django's QueryDict offers of an address' parameters."""

    def get(self, key: str, default: str = "") -> str: ...

    def getlist(self, key: str) -> list[str]: ...

    def keys(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """What to show. "" and () mean: choose for me. ``start`` and ``end`` are moments as ``datetime=`` reads them."""

    chart: str = ""
    of: str = ""  # the measured column
    item: str = ""  # the item of a long table
    stat: str = ""
    bucket: str = ""
    by: str = ""  # the column that tells series or bars apart; "-" for none
    across: str = ""  # a pivot's second column
    start: str = ""
    end: str = ""
    only: tuple[str, ...] = ()  # values of ``by``
    conditions: tuple[preview.Condition, ...] = ()
    cols: tuple[str, ...] = ()
    sortby: str = ""
    page: int = 1
    completeness: str = ""
    below: str = ""
    as_of: int | None = None

    @property
    def split(self) -> str:
        """The column that tells series apart, "" where there is none."""
        return "" if self.by == "-" else self.by


def parse(parameters: Parameters, record: DatasetRecord) -> Ask:
    """The question in an address. Raises BadRequest or UnknownField that name the parameter; nothing is ignored."""
    _known(parameters)
    one = {n: parameters.get(n, "") for n in _OWN}
    rows = preview.parse(parameters, record)
    for name in ("of", "across"):
        if one[name]:
            column(record, one[name], name)
    if one["by"] not in {"", "-"}:
        column(record, one["by"], "by")
    cols = tuple(dict.fromkeys(c for c in parameters.getlist("cols") if c))[:MOST_COLUMNS]
    for name in cols:
        column(record, name, "cols")
    only = tuple(dict.fromkeys(v[:200] for v in parameters.getlist("only") if v))
    if len(only) > MOST_LINES:
        raise BadRequest(
            Text(f"一張圖最多 {MOST_LINES} 個序列。", f"At most {MOST_LINES} series in one chart."),
            Text("請少選幾個。", "Choose fewer."),
            parameter="only",
        )
    if only and one["by"] == "-":
        raise BadRequest(
            Text("沒有分組欄位，不能指定序列。", "Without a column to split by, series cannot be chosen."),
            Text("請選分組欄位，或拿掉 only。", "Choose the column to split by, or leave only out."),
            parameter="only",
        )
    for name in ("from", "to"):
        if one[name]:
            moment(one[name], record.timezone, name)
    share = one["completeness"]
    if share and not _SHARE.fullmatch(share):
        raise _not("completeness", share, ("0", "0.5", "0.75", "1"))
    return Ask(
        chart=_choice("chart", one["chart"], KINDS),
        of=one["of"],
        item=one["item"][:200],
        stat=_choice("stat", one["stat"], STATS),
        bucket=_choice("bucket", one["bucket"], BUCKETS),
        by=one["by"],
        across=one["across"],
        start=one["from"],
        end=one["to"],
        only=only,
        conditions=rows.conditions,
        cols=cols,
        sortby=rows.sortby,
        page=rows.page,
        completeness=share,
        below=_choice("below", one["below"], BELOW_DETECTION),
        as_of=rows.as_of,
    )


def _known(parameters: Parameters) -> None:
    known = (*_OWN, *_MANY)
    for name in parameters.keys():  # noqa: SIM118  a QueryDict, not a dict
        if name not in known and not _STRANGERS.fullmatch(name):
            raise BadRequest(
                Text(f"沒有參數「{shown(name)}」。", f"There is no parameter {shown(name)!r}."),
                Text(f"可用的參數：{'、'.join(known)}。", f"The parameters are: {', '.join(known)}."),
                parameter=shown(name),
            )
        if name in _OWN and len(parameters.getlist(name)) > 1:
            raise BadRequest(
                Text(f"參數 {name} 出現兩次。", f"{name} is given twice."),
                Text("請只給一次。", "Give it once."),
                parameter=name,
            )


def column(record: DatasetRecord, name: str, parameter: str) -> FieldRecord:
    """The column called ``name``; UnknownField where there is none."""
    field = record.field(name)
    if field is None:
        raise UnknownField(name, (f.name for f in record.fields), parameter=parameter)
    return field


def _choice(name: str, value: str, options: tuple[str, ...]) -> str:
    if value and value not in options:
        raise _not(name, value, options)
    return value


def _not(name: str, value: str, options: tuple[str, ...]) -> BadRequest:
    return BadRequest(
        Text(f"{name} 不能是「{shown(value)}」。", f"{name} cannot be {shown(value)!r}."),
        Text(f"可用：{'、'.join(options)}。", f"Use one of: {', '.join(options)}."),
        parameter=name,
    )


def pairs(ask: Ask) -> list[tuple[str, str]]:
    """The question as parameters; parsed again they are the same question."""
    plain = [("chart", ask.chart), ("of", ask.of), ("item", ask.item), ("stat", ask.stat), ("bucket", ask.bucket),
             ("by", ask.by), ("across", ask.across), ("from", ask.start), ("to", ask.end), ("sortby", ask.sortby),
             ("completeness", ask.completeness), ("below", ask.below),
             ("page", str(ask.page) if ask.page > 1 else ""), ("as_of", str(ask.as_of or ""))]  # fmt: skip
    found = [(k, v) for k, v in plain if v]
    found += [("only", v) for v in ask.only] + [("cols", c) for c in ask.cols]
    for c in ask.conditions:
        found += [("field", c.field), ("op", c.op), ("value", c.raw)]
    return found


def address(ask: Ask) -> str:
    """The part of an address after its path."""
    return "?" + urlencode(pairs(ask))
