"""Parameters of OGC API – Features to questions: every name known or refused, axes put in order, clamps told."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from qingliu.api import cql2, cql2_json
from qingliu.api import crs as systems
from qingliu.api.conditions import equal, interval
from qingliu.api.crs import CRS84, Crs
from qingliu.api.http import Pairs, language, preferred
from qingliu.api.values import count, shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.core.redact import redact
from qingliu.lake.query import And, Or, Order, Query, Where, Within

DEFAULT_LIMIT = 10  # the standard's own example
MAX_LIMIT = 10_000
HEAVY_ROWS = 5_000
COMMON = ("f", "lang")
FEATURE = (*COMMON, "crs")
ITEMS = (
    *COMMON, "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime", "properties", "sortby", "filter",
    "filter-lang", "filter-crs", "as_of",
)  # fmt: skip
_OFFERS = (("json", "application/geo+json"), ("json", "application/json"), ("html", "text/html"))
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """What the headers say about the caller's wishes."""

    accept: str = ""
    accept_language: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """How an answer is shown: ``form`` json or html, ``lang`` zh or en; ``echo`` holds what links repeat."""

    form: str
    lang: str
    echo: tuple[tuple[str, str], ...] = ()

    def address(self, path: str, **more: str) -> str:
        """``path`` with this request's parameters, those of ``more`` in their place."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        pairs = [*((n, v) for n, v in self.echo if n not in named), *((n, v) for n, v in named.items() if v)]
        return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about items with the shape of its answer; ``lowered_from`` is a limit that was more than we give."""

    query: Query
    shown: Shown
    crs: Crs
    lowered_from: int | None = None

    @property
    def heavy(self) -> bool:
        """Whether it may run long."""
        return (self.query.limit or 0) + self.query.offset > HEAVY_ROWS


class Given:
    """The parameters of one request, each known to its address and given once; columns may come several times."""

    def __init__(self, pairs: Pairs, allowed: Iterable[str], record: DatasetRecord | None = None) -> None:
        self._allowed = tuple(allowed)
        self._fields = {f.name: f for f in record.fields} if record else {}
        self.one: dict[str, str] = {}
        self.by_field: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in self._allowed:
                if name in self.one:
                    raise _twice(name)
                self.one[name] = value
            elif name in self._fields:
                self.by_field.setdefault(name, []).append(value)
            else:
                raise self._unknown(name)

    def _unknown(self, name: str) -> BadRequest:
        known = [*self._allowed, *self._fields]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        told = redact(shown(name))
        return BadRequest(
            Text(f"沒有參數「{told}」。", f"There is no parameter '{told}'."),
            Text(
                (f"您是否要用「{near[0]}」？" if near else "") + f"可用的參數：{'、'.join(known[:40])}。",
                (f"Did you mean '{near[0]}'? " if near else "") + f"The parameters are: {', '.join(known[:40])}.",
            ),
            parameter=told,
        )

    def text(self, name: str) -> str:
        """The value of a parameter, "" where it was not given."""
        return self.one.get(name, "")

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        """One of ``options``; BadRequest for anything else."""
        value = self.one.get(name, default)
        if value not in options:
            raise BadRequest(
                Text(f"參數 {name} 不能是「{shown(value)}」。", f"{name} cannot be {shown(value)!r}."),
                Text(f"可用：{'、'.join(options)}。", f"Use one of: {', '.join(options)}."),
                parameter=name,
            )
        return value

    def shown(self, caller: Caller, *without: str) -> Shown:
        """The form and language of the answer; ``without`` are parameters that links do not repeat."""
        form = self.choice("f", ("json", "html"), "json") if "f" in self.one else preferred(caller.accept, _OFFERS)
        asked = self.choice("lang", ("zh", "zh-Hant", "en"), "") if "lang" in self.one else ""
        ones = [(n, self.one[n]) for n in self._allowed if n in self.one and n not in without]
        echo = (*ones, *((n, v) for n in self._fields for v in self.by_field.get(n, ())))
        return Shown(form, language(asked, caller.accept_language), echo)


def _twice(name: str) -> BadRequest:
    return BadRequest(
        Text(f"參數 {name} 出現兩次。", f"{name} is given twice."),
        Text("請只給一次。", "Give it once."),
        parameter=name,
    )


def page(pairs: Pairs, caller: Caller, allowed: tuple[str, ...] = COMMON) -> Shown:
    """The parameters of a page about the API itself."""
    return Given(pairs, allowed).shown(caller)


def items(record: DatasetRecord, pairs: Pairs, caller: Caller) -> Asked:
    """The question of ``/collections/{id}/items``."""
    given = Given(pairs, ITEMS, record)
    limit, lowered_from = _limit(given)
    query = Query(
        dataset=record.code,
        fields=_names(given.text("properties"), record) if "properties" in given.one else None,
        where=_where(given, record),
        order=_order(given.text("sortby"), record) if "sortby" in given.one else (),
        limit=limit,
        offset=count(given.one["offset"], "offset") if "offset" in given.one else 0,
        cursor=given.text("cursor") or None,
        as_of=count(given.one["as_of"], "as_of") if "as_of" in given.one else None,
    )
    return Asked(query, given.shown(caller, "cursor", "offset"), crs_of(given, "crs"), lowered_from)


def feature(pairs: Pairs, caller: Caller) -> tuple[Shown, Crs]:
    """The parameters of one feature."""
    given = Given(pairs, FEATURE)
    return given.shown(caller), crs_of(given, "crs")


def _limit(given: Given) -> tuple[int, int | None]:
    if "limit" not in given.one:
        return DEFAULT_LIMIT, None
    limit = count(given.one["limit"], "limit")
    if limit < 1:
        raise BadRequest(
            Text("limit 至少為 1。", "limit is at least 1."),
            Text(f"請寫 1 到 {MAX_LIMIT}。", f"Write 1 to {MAX_LIMIT}."),
            parameter="limit",
        )
    return (limit, None) if limit <= MAX_LIMIT else (MAX_LIMIT, limit)


def crs_of(given: Given, name: str) -> Crs:
    """The CRS that a parameter names, CRS84 where it is not given; BadRequest for one that is not ours."""
    if name not in given.one:
        return CRS84
    found = systems.find(given.one[name])
    if found is None:
        uris = [c.uri for c in systems.ALL]
        raise BadRequest(
            Text(
                f"參數 {name} 的坐標系統「{shown(given.one[name])}」不在支援之列。",
                f"{name}: {shown(given.one[name])!r} is no CRS of this API.",
            ),
            Text(f"可用：{'、'.join(uris)}。", f"Use one of: {', '.join(uris)}."),
            parameter=name,
        )
    return found


def _where(given: Given, record: DatasetRecord) -> Where | None:
    found: list[Where] = []
    if "filter" in given.one:
        found.append(_filter(given, record))
    elif "filter-crs" in given.one or "filter-lang" in given.one:
        raise BadRequest(
            Text("filter-lang 和 filter-crs 要和 filter 一起用。", "filter-lang and filter-crs go with filter."),
            Text("請加上 filter，或拿掉它們。", "Add filter, or leave them out."),
            parameter="filter",
        )
    for name, texts in given.by_field.items():
        found.append(equal(next(f for f in record.fields if f.name == name), texts, record))
    if "datetime" in given.one:
        found += interval(given.text("datetime"), record)
    if "bbox" in given.one:
        found.append(box(given.text("bbox"), crs_of(given, "bbox-crs")))
    if not found:
        return None
    return found[0] if len(found) == 1 else And(tuple(found))


def _filter(given: Given, record: DatasetRecord) -> Where:
    text = given.text("filter")
    guess = "cql2-json" if text.lstrip().startswith("{") else "cql2-text"
    said = given.choice("filter-lang", ("cql2-text", "cql2-json"), guess)
    reader = cql2_json.parse if said == "cql2-json" else cql2.parse
    return reader(text, record, "filter", crs_of(given, "filter-crs"))


def box(text: str, crs: Crs) -> Where:
    """``bbox``: four numbers in the order of the CRS's axes, or six, whose heights no place here has."""
    parts = text.split(",")
    numbers = [float(p) for p in parts if _NUMBER.fullmatch(p)]
    if len(numbers) != len(parts) or len(numbers) not in {4, 6} or (len(numbers) == 6 and crs is not CRS84):
        raise _no_box(text, crs)
    half = len(numbers) // 2
    west, south, east, north = *numbers[:2], *numbers[half : half + 2]
    if crs.lat_first:
        west, south, east, north = south, west, north, east
    if not all(systems.fits(crs, x, y) for x, y in ((west, south), (east, north))) or south > north:
        raise _no_box(text, crs)
    if west <= east:
        return Within(west, south, east, north, crs.srid)
    if crs.srid != CRS84.srid:
        raise _no_box(text, crs)
    return Or((Within(west, south, 180.0, north), Within(-180.0, south, east, north)))


def _no_box(text: str, crs: Crs) -> BadRequest:
    axes = {4326: ("119.5,21.8,122.1,25.4", "21.8,119.5,25.4,122.1"), 3826: ("295000,2765000,310000,2780000",) * 2}
    example = axes.get(crs.srid, ("13300000,2500000,13600000,2900000",) * 2)[int(crs.lat_first)]
    return BadRequest(
        Text(f"bbox=「{shown(text)}」不是這個坐標系統的範圍。", f"bbox={shown(text)!r} is no box in this CRS."),
        Text(
            f"請寫四個數，依 {crs.uri} 的軸序，例如 {example}。",
            f"Write four numbers in the axis order of {crs.uri}, such as {example}.",
        ),
        parameter="bbox",
    )


def _split(text: str, parameter: str) -> list[str]:
    """Names between commas; a name in double quotes may hold commas."""
    try:
        names = [n.strip() for n in next(csv.reader([text], skipinitialspace=True, strict=True), [])]
    except csv.Error:
        names = []
    if not names or "" in names:
        raise BadRequest(
            Text(
                f"{parameter}=「{shown(text)}」不是以逗號分隔的名稱。",
                f"{parameter}={shown(text)!r} is no list of names.",
            ),
            Text(
                "例如 sitename,aqi；含逗號的名稱加雙引號。", "Write sitename,aqi; names with a comma in double quotes."
            ),
            parameter=parameter,
        )
    return names


def _names(text: str, record: DatasetRecord) -> tuple[str, ...]:
    known = [f.name for f in record.fields]
    names = _split(text, "properties")
    for name in names:
        if name not in known:
            raise UnknownField(name, known, parameter="properties")
        if names.count(name) > 1:
            raise _twice(f"properties={shown(name)}")
    return tuple(names)


def _order(text: str, record: DatasetRecord) -> tuple[Order, ...]:
    known = [f.name for f in record.fields]
    orders = []
    for part in _split(text, "sortby"):
        name, desc = (part[1:].strip(), True) if part.startswith("-") else (part.lstrip("+ "), False)
        name = name[1:-1] if len(name) > 2 and name[0] == name[-1] == '"' else name
        if name not in known:
            raise UnknownField(name, known, parameter="sortby")
        orders.append(Order(name, desc))
    return tuple(orders)
