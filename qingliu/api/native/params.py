"""Parameters of the native API to questions: every name known or refused, every value typed, nothing lowered in silence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from qingliu.api import cql2
from qingliu.api.conditions import equal, interval, of_status, within
from qingliu.api.given import Caller, Given, names_of, order_of
from qingliu.api.http import Pairs, preferred
from qingliu.api.native.formats import CHANGE_FORMATS, FORMATS, ROW_FORMATS
from qingliu.api.native.parameters import CHANGES, DEFAULT_LIMIT, HEAVY_ROWS, ROWS
from qingliu.api.values import count, moment
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.query import And, Format, Query, Where


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the shape of its answer. ``echo`` holds the parameters of its links, cursor and offset left out."""

    query: Query
    format: Format
    lang: str
    echo: tuple[tuple[str, str], ...]
    translate: bool = False  # cells in the asked language: by ``lang`` alone, never by a header
    titles: bool = False  # columns under their titles
    bom: bool = False  # CSV begins with a byte order mark, by which spreadsheets know UTF-8

    @property
    def heavy(self) -> bool:
        """Whether it may run long: every row, very many, or groups over all."""
        query = self.query
        return query.limit is None or query.limit + query.offset > HEAVY_ROWS or bool(query.aggregates)

    def address(self, path: str, **more: str) -> str:
        """``path`` with this question's parameters and ``more``."""
        pairs = [*self.echo, *more.items()]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def only_json(given: Given) -> None:
    """Refuse any format but JSON, for answers that have no other."""
    given.choice("f", ("json",), "json")


def listing(pairs: Pairs, allowed: tuple[str, ...], *, default_limit: int, maximum: int) -> tuple[Given, int, int]:
    """The parameters of a list of metadata with its offset and limit."""
    given = Given(pairs, allowed)
    only_json(given)
    limit = given.number("limit")
    limit = default_limit if limit is None else limit
    if limit > maximum:
        raise BadRequest(
            Text(f"limit 最大為 {maximum}。", f"limit is at most {maximum} here."),
            Text("請以 offset 或 next 連結分頁。", "Page with offset or next links."),
            parameter="limit",
        )
    return given, given.number("offset") or 0, limit


def rows(record: DatasetRecord, pairs: Pairs, caller: Caller, *, latest: bool = False) -> Asked:
    """The question of ``/rows`` or ``/latest``."""
    given = Given(pairs, ROWS, record)
    form = format_of(given, caller, ROW_FORMATS)
    query = Query(
        dataset=record.code,
        fields=names_of(given.text("properties"), record, "properties") if given.has("properties") else None,
        where=where_of(given, record),
        order=order_of(given.text("sortby"), record) if given.has("sortby") else (),
        limit=_limit(given, form),
        offset=given.number("offset") or 0,
        cursor=given.text("cursor") or None,
        as_of=as_of(given.text("as_of"), record) if given.has("as_of") else None,
        latest=latest,
        flags=given.flag("include_flags"),
    )
    return asked(query, form, given, caller, given.echo("cursor", "f"))


def changes(record: DatasetRecord, pairs: Pairs, caller: Caller, since: int | None = None) -> Asked:
    """The question of ``/changes``; ``since`` is the version that a moment meant (see ``since_moment``)."""
    given = Given(pairs, CHANGES)
    form = format_of(given, caller, CHANGE_FORMATS)
    query = Query(
        dataset=record.code,
        changes_since=count(given.text("since"), "since") if since is None else since,
        limit=_limit(given, form),
        offset=given.number("offset") or 0,
        flags=given.flag("include_flags"),
    )
    return asked(query, form, given, caller, given.echo("offset", "f"))


def since_moment(record: DatasetRecord, pairs: Pairs) -> datetime | None:
    """``since`` as an aware moment, None where it is a number; BadRequest where it is neither or missing."""
    text = next((v for n, v in pairs if n == "since"), "")
    if not text:
        raise BadRequest(
            Text("缺少參數 since。", "since is missing."),
            Text("請給版本編號或時刻，例如 since=1。", "Give a version number or a moment, such as since=1."),
            parameter="since",
        )
    found = as_of(text, record, "since")
    return found if isinstance(found, datetime) else None


def asked(query: Query, form: Format, given: Given, caller: Caller, echo: tuple[tuple[str, str], ...]) -> Asked:
    """The question with the language, titles and byte order mark that were asked for."""
    titled = given.choice("header", ("name", "title"), "name") == "title"
    translate = given.text("lang").startswith("en")
    bom = given.flag("bom")
    if bom and form not in {"csv", "csv.gz"}:
        raise BadRequest(
            Text("bom 只用於 CSV。", "bom is for CSV only."),
            Text("請加上 f=csv，或拿掉 bom。", "Add f=csv, or leave bom out."),
            parameter="bom",
        )
    return Asked(query, form, given.language(caller), echo + _shape(form), translate, titled, bom)


def _shape(form: Format) -> tuple[tuple[str, str], ...]:
    return () if form == "json" else (("f", form),)


def format_of(given: Given, caller: Caller, offered: tuple[str, ...]) -> Format:
    """The format of an answer: by ``f``, else by Accept, among those that an address offers."""
    if given.has("f"):
        return given.choice("f", offered, "json")  # type: ignore[return-value]
    if given.flag("bom"):
        return "csv"
    offers = [(name, media) for name, media in FORMATS if name in offered]
    return preferred(caller.accept, offers)  # type: ignore[return-value]


def _limit(given: Given, form: Format) -> int | None:
    limit = given.number("limit")
    return DEFAULT_LIMIT if limit is None and form in {"json", "geojson"} else limit


def where_of(given: Given, record: DatasetRecord) -> Where | None:
    """The conditions of a question, AND-ed: filter, columns, _status, datetime, bbox; None where there is none."""
    given.choice("filter-lang", ("cql2-text",), "cql2-text")
    items: list[Where] = []
    if given.has("filter"):
        items.append(cql2.parse(given.text("filter"), record))
    for name, texts in given.by_field.items():
        items.append(equal(next(f for f in record.fields if f.name == name), texts, record))
    if given.has("_status"):
        items.append(of_status(given.text("_status")))
    if given.has("datetime"):
        items += interval(given.text("datetime"), record)
    if given.has("bbox"):
        items.append(within(given.text("bbox"), record))
    if not items:
        return None
    return items[0] if len(items) == 1 else And(tuple(items))


def as_of(text: str, record: DatasetRecord, parameter: str = "as_of") -> int | datetime:
    """A version number, or an aware moment (a date means its end)."""
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return int(text)
    found = moment(text, record.timezone, parameter)
    wall = found.after - timedelta(milliseconds=1) if found.whole_day and parameter == "as_of" else found.at
    return wall.replace(tzinfo=ZoneInfo(record.timezone)).astimezone(UTC)
