"""Parameters of OGC API – Features to questions: every name known or refused, axes put in order, clamps told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from qingliu.api import cql2, cql2_json
from qingliu.api import crs as systems
from qingliu.api.conditions import equal, interval
from qingliu.api.crs import CRS84, Crs
from qingliu.api.given import Caller, Given, names_of, order_of
from qingliu.api.http import Pairs, preferred
from qingliu.api.values import shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import And, Or, Query, Where, Within

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


def shown_of(given: Given, caller: Caller, *without: str) -> Shown:
    """The form and language of the answer; ``without`` are parameters that links do not repeat."""
    form = given.choice("f", ("json", "html"), "json") if given.has("f") else preferred(caller.accept, _OFFERS)
    return Shown(form, given.language(caller), given.echo(*without))


def page(pairs: Pairs, caller: Caller, allowed: tuple[str, ...] = COMMON) -> Shown:
    """The parameters of a page about the API itself."""
    return shown_of(Given(pairs, allowed), caller)


def items(record: DatasetRecord, pairs: Pairs, caller: Caller) -> Asked:
    """The question of ``/collections/{id}/items``."""
    given = Given(pairs, ITEMS, record)
    limit, lowered_from = _limit(given)
    query = Query(
        dataset=record.code,
        fields=names_of(given.text("properties"), record, "properties") if given.has("properties") else None,
        where=_where(given, record),
        order=order_of(given.text("sortby"), record) if given.has("sortby") else (),
        limit=limit,
        offset=given.number("offset") or 0,
        cursor=given.text("cursor") or None,
        as_of=given.number("as_of"),
    )
    return Asked(query, shown_of(given, caller, "cursor", "offset"), crs_of(given, "crs"), lowered_from)


def feature(pairs: Pairs, caller: Caller) -> tuple[Shown, Crs]:
    """The parameters of one feature."""
    given = Given(pairs, FEATURE)
    return shown_of(given, caller), crs_of(given, "crs")


def _limit(given: Given) -> tuple[int, int | None]:
    limit = given.number("limit")
    if limit is None:
        return DEFAULT_LIMIT, None
    if limit < 1:
        raise BadRequest(
            Text("limit 至少為 1。", "limit is at least 1."),
            Text(f"請寫 1 到 {MAX_LIMIT}。", f"Write 1 to {MAX_LIMIT}."),
            parameter="limit",
        )
    return (limit, None) if limit <= MAX_LIMIT else (MAX_LIMIT, limit)


def crs_of(given: Given, name: str) -> Crs:
    """The CRS that a parameter names, CRS84 where it is not given; BadRequest for one that is not ours."""
    if not given.has(name):
        return CRS84
    found = systems.find(given.text(name))
    if found is None:
        uris = [c.uri for c in systems.ALL]
        raise BadRequest(
            Text(
                f"參數 {name} 的坐標系統「{shown(given.text(name))}」不在支援之列。",
                f"{name}: {shown(given.text(name))!r} is no CRS of this API.",
            ),
            Text(f"可用：{'、'.join(uris)}。", f"Use one of: {', '.join(uris)}."),
            parameter=name,
        )
    return found


def _where(given: Given, record: DatasetRecord) -> Where | None:
    found: list[Where] = []
    if given.has("filter"):
        found.append(_filter(given, record))
    elif given.has("filter-crs") or given.has("filter-lang"):
        raise BadRequest(
            Text("filter-lang 和 filter-crs 要和 filter 一起用。", "filter-lang and filter-crs go with filter."),
            Text("請加上 filter，或拿掉它們。", "Add filter, or leave them out."),
            parameter="filter",
        )
    for name, texts in given.by_field.items():
        found.append(equal(next(f for f in record.fields if f.name == name), texts, record))
    if given.has("datetime"):
        found += interval(given.text("datetime"), record)
    if given.has("bbox"):
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
