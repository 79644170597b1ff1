"""Parameters of ``/series`` to a question with its rules, and what an answer says of them. docs/reference/series.md."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from qingliu.api.given import Caller, Given, names_of
from qingliu.api.http import Pairs
from qingliu.api.native.params import Asked, as_of, asked, format_of, where_of
from qingliu.api.native.series_parameters import BELOW_DETECTION, SERIES, SERIES_FORMATS
from qingliu.api.values import shown
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake import grouping
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.query import Aggregate, Column, Query, Rules

MOST = 50  # aggregates of one question
_FNS = ("count", "valid", "avg", "min", "max", "sum", "median", "sd", "first", "last", "over", "vdir", "vspeed")
_AGGREGATE = re.compile(
    rf"({'|'.join(_FNS)}|p[0-9]{{1,2}}(?:\.[0-9]{{1,3}})?)"
    r"\((\*|\"(?:[^\"]|\"\")+\"|[^()\",]+)(?:,\s*(-?[0-9]{1,12}(?:\.[0-9]{1,9})?))?\)",
    re.ASCII,
)
_SHARE = re.compile(r"(0(\.[0-9]{1,4})?|1(\.0{1,4})?)", re.ASCII)
_LISTED = 8  # items named in a refusal


def ask(record: DatasetRecord, pairs: Pairs, caller: Caller) -> Asked:
    """The question of ``/series``. Raises UnknownField and BadRequest."""
    given = Given(pairs, SERIES, record)
    form = format_of(given, caller, SERIES_FORMATS)
    query = Query(
        dataset=record.code,
        where=where_of(given, record),
        limit=given.number("limit"),
        offset=given.number("offset") or 0,
        group=names_of(given.text("groupby"), record, "groupby") if given.has("groupby") else (),
        aggregates=_aggregates(given.text("aggregate"), record),
        bucket=given.choice("bucket", grouping.BUCKETS, "") if given.has("bucket") else "",
        rules=_rules(given, record),
        as_of=as_of(given.text("as_of"), record) if given.has("as_of") else None,
    )
    return asked(query, form, given, caller, given.echo("offset", "f"))


def _rules(given: Given, record: DatasetRecord) -> Rules:
    gaps = given.choice("fill", ("none", "gaps"), "none") == "gaps"
    for name in ("timezone", "fill"):
        if given.has(name) and not given.has("bucket"):
            raise BadRequest(
                Text(f"{name} 需要 bucket。", f"{name} needs bucket."),
                Text("例如 bucket=1d。", "For example bucket=1d."),
                parameter=name,
            )
    if given.has("completeness") and not (given.has("bucket") and grouping.is_promised(record)):
        raise BadRequest(
            Text(
                "沒有 bucket，或資料集沒有宣告多久一筆，無從計算完整率。",
                "Without a bucket, or a step that the dataset promises, nobody can say what is complete.",
            ),
            Text("請拿掉 completeness。", "Leave completeness out."),
            parameter="completeness",
        )
    share = given.text("completeness") or "0.75"
    if not _SHARE.fullmatch(share):
        raise BadRequest(
            Text(f"completeness 不能是「{shown(share)}」。", f"completeness cannot be {shown(share)!r}."),
            Text("請給 0 到 1，例如 0.75。", "Give 0 to 1, such as 0.75."),
            parameter="completeness",
        )
    below = given.choice("below_detection", BELOW_DETECTION, "half")
    invalid = given.flag("include_invalid") or "invalid" in given.text("_status").replace(" ", "").split(",")
    return Rules(_zone(given.text("timezone"), record), float(share), below, invalid, gaps)  # type: ignore[arg-type]


@cache
def _zones() -> frozenset[str]:
    return frozenset(n for n in available_timezones() if "/" in n or n == "UTC")


def _zone(text: str, record: DatasetRecord) -> str:
    if not text or text == record.timezone:
        return ""
    if text not in _zones():
        raise BadRequest(
            Text(f"沒有時區「{shown(text)}」。", f"There is no time zone {shown(text)!r}."),
            Text("請用 IANA 名稱，例如 Asia/Taipei、UTC。", "Use an IANA name such as Asia/Taipei or UTC."),
            parameter="timezone",
        )
    return text


def _aggregates(text: str, record: DatasetRecord) -> tuple[Aggregate, ...]:
    known = [f.name for f in record.fields]
    found: list[Aggregate] = []
    at = 0
    while at < len(text) and len(found) <= MOST:
        match = _AGGREGATE.match(text, at)
        if not match or (match.end() < len(text) and text[match.end()] != ","):
            break
        fn, name, number = match.groups()
        name = name[1:-1].replace('""', '"') if name.startswith('"') else name.strip()
        if name != "*" and name not in known:
            raise UnknownField(name, known, parameter="aggregate")
        one = _one(fn, name, number)
        if one is None:
            break
        found.append(one)
        at = match.end() + 1
    if not found or at != len(text) + 1 or len(set(found)) != len(found) or len(found) > MOST:
        raise BadRequest(
            Text(f"aggregate=「{shown(text)}」無法解讀。", f"aggregate={shown(text)!r} cannot be read."),
            Text(
                f"例如 avg(aqi),p98(pm2.5),over(o3,60),count(*)；可用 {'、'.join(_FNS)}、p1 至 p99.999，至多 {MOST} 個，各一次。",
                f"For example avg(aqi),p98(pm2.5),over(o3,60),count(*); functions: {', '.join(_FNS)}, p1 to p99.999; "
                f"at most {MOST}, each once.",
            ),
            parameter="aggregate",
        )
    return tuple(found)


def _one(fn: str, name: str, number: str | None) -> Aggregate | None:
    """One function over a column; None where its number is missing, too much or out of range."""
    if fn not in _FNS:
        share = float(fn[1:])
        return Aggregate("percentile", name, share) if number is None and 0 < share < 100 else None
    if (fn == "over") != (number is not None):
        return None
    return Aggregate(fn, name, float(number) if number is not None else None)  # type: ignore[arg-type]


def refuse_mixture(engine: Engine, query: Query, record: DatasetRecord) -> None:
    """Raise BadRequest where values of several items would become one number: ppb and µg/m³ have no mean."""
    item = grouping.mixed_by(query, record)
    if item is None:
        return
    listing = replace(query, bucket="", rules=None, limit=_LISTED + 1, offset=0, group=(item.name,))
    listing = replace(listing, aggregates=(Aggregate("count", "*"),))
    items = [str(r[item.name]) for r in engine.rows(engine.open(listing))]
    if len(items) < 2:
        return
    some = items[:_LISTED]
    more = ("…", " …") if len(items) > _LISTED else ("", "")
    raise BadRequest(
        Text(
            f"這會把不同測項的測值混在一起：{'、'.join(some)}{more[0]}。",
            f"This would mix values of different items: {', '.join(some)}{more[1]}.",
        ),
        Text(
            f"請加 groupby={item.name}，或選定一項，例如 {item.name}={some[0]}。",
            f"Add groupby={item.name}, or choose one, such as {item.name}={some[0]}.",
        ),
        parameter="aggregate",
    )


def head(plan: Plan) -> dict[str, Any]:
    """What a JSON answer says of its rules before its rows."""
    return {"series": grouping.told(plan.query, plan.entry.record, plan.fields)}


def columns(plan: Plan, written: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns with moments that carry their offset in every format that is text."""
    if not plan.query.bucket or plan.fields[0].type != "datetime":
        return written
    return (
        replace(written[0], datetime_format=f"%Y-%m-%dT%H:%M:%S{grouping.offset(plan.query, plan.entry.record)}"),
        *written[1:],
    )
