"""What is asked: each question in three tongues, with keys that change from request to request.

``path`` is asked of the portal, ``peer`` of Datasette (SQL with the index that fits), ``sql`` of the bare engine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

CODE = "OBS_BENCH"
ROWS = f"/api/datasets/{CODE}/rows"
SERIES = f"/api/datasets/{CODE}/series"
START = datetime(2024, 1, 1)
HOURS = 8000
STATIONS = 84
ITEM_IDS = (33, 1, 3, 4, 7, 2, 5, 6, 10, 11, 14, 38, 23, 31, 36)
COLUMNS = "monitordate, siteid, sitename, county, itemid, itemname, itemengname, itemunit, concentration"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in three tongues. ``form`` is the bare engine's output: json, csv, or rows that Python fetches."""

    path: str
    peer: str
    sql: str
    form: str = "json"
    follow: bool = False  # ``path`` is the page before; the question is its next link


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request and how often it is measured."""

    name: str
    about: str
    make: Callable[[random.Random], Asked]
    engine_limit: float | None = None  # at most so many times the bare engine, one client
    peer_gain: float | None = None  # at least so many times the peer's throughput, 16 clients
    peer_seconds: float = 10.0


def peer_path(sql: str, kind: str = "json", **values: object) -> str:
    """A Datasette address for SQL with bound values."""
    shape = {"_shape": "array"} if kind == "json" else {}
    return f"/peer.{kind}?" + urlencode({"sql": sql, **shape, **{k: str(v) for k, v in values.items()}})


def hour(number: int) -> datetime:
    """The hour of that number, counted from the first."""
    return START + timedelta(hours=number)


def interval(first: datetime, last: datetime) -> str:
    """Both ends included, as the API writes it."""
    return f"{first.isoformat()}/{last.isoformat()}"


def month_of_one_station(rng: random.Random) -> Asked:
    """a: 1,000 rows of one station and one item, as JSON."""
    site, item, first = rng.randint(1, STATIONS), rng.choice(ITEM_IDS), rng.randrange(HOURS - 1000)
    low, high = hour(first), hour(first + 999)
    where = "siteid = :s and itemid = :i and monitordate between :a and :b"
    return Asked(
        f"{ROWS}?" + urlencode({"siteid": site, "itemid": item, "datetime": interval(low, high), "limit": 1000}),
        peer_path(f"select {COLUMNS} from obs where {where} order by monitordate", s=site, i=item, a=low, b=high),
        f"select {COLUMNS} from t where siteid = {site} and itemid = {item} and monitordate between "
        f"timestamp '{low}' and timestamp '{high}' order by monitordate",
    )


def wide_csv(rng: random.Random) -> Asked:
    """b: 100,800 rows of one item, 1,200 hours, as CSV."""
    item, first = rng.choice(ITEM_IDS), rng.randrange(HOURS - 1200)
    low, high = hour(first), hour(first + 1199)
    return Asked(
        f"{ROWS}?" + urlencode({"itemid": item, "datetime": interval(low, high), "f": "csv"}),
        peer_path(
            f"select {COLUMNS} from obs where itemid = :i and monitordate between :a and :b",
            "csv",
            i=item,
            a=low,
            b=high,
        ),
        f"select {COLUMNS} from t where itemid = {item} and monitordate between timestamp '{low}' and timestamp '{high}'",
        "csv",
    )


def monthly_means(rng: random.Random) -> Asked:
    """c: the monthly mean of one item by county; the first hour changes, so that no answer repeats."""
    item, first = rng.choice(ITEM_IDS), rng.randrange(700)
    low, high = hour(first), hour(HOURS)
    asked = {"aggregate": "avg(concentration)", "bucket": "1mo", "groupby": "county", "itemid": item}
    month = "substr(monitordate, 1, 7)"
    return Asked(
        f"{SERIES}?" + urlencode(asked | {"datetime": interval(low, high)}),
        peer_path(
            f"select county, {month} as month, avg(concentration) as mean from obs"
            f" where itemid = :i and monitordate >= :a group by county, {month}",
            i=item,
            a=low,
        ),
        "select county, date_trunc('month', monitordate) as month, avg(concentration) as mean from t"
        f" where itemid = {item} and monitordate >= timestamp '{low}' group by all",
    )


def count_all(rng: random.Random) -> Asked:
    """d: how many rows there are."""
    return Asked(
        f"{SERIES}?" + urlencode({"aggregate": "count(*)"}),
        peer_path("select count(*) as n from obs"),
        "select count(*) as n from t",
    )


def count_unindexed(rng: random.Random) -> Asked:
    """d2: how many rows lie above a value that no index knows."""
    over = round(rng.uniform(20, 90), 4)
    return Asked(
        f"{SERIES}?" + urlencode({"aggregate": "count(*)", "filter": f"concentration > {over}"}),
        peer_path("select count(*) as n from obs where concentration > :c", c=over),
        f"select count(*) as n from t where concentration > {over}",
    )


def deep_page(rng: random.Random) -> Asked:
    """e: 100 rows after skipping a million, in stored order."""
    skip = 1_000_000 + rng.randrange(8_000_000)
    return Asked(
        f"{ROWS}?" + urlencode({"limit": 100, "offset": skip}),
        peer_path(f"select {COLUMNS} from obs limit 100 offset :n", n=skip),
        f"select {COLUMNS} from t limit 100 offset {skip}",
    )


def after_key(rng: random.Random) -> Asked:
    """e2: the next 100 rows after a key in sorted order. ``path`` is the page before; its ``next`` link is what is timed."""
    place = rng.randrange(100, len(ITEM_IDS) * STATIONS * HOURS - 200)
    rest, hours = divmod(place, HOURS)
    item, site, when = sorted(ITEM_IDS)[rest // STATIONS], rest % STATIONS + 1, hour(hours)
    before = {"sortby": "itemid,siteid,monitordate", "limit": 100, "offset": place - 99}
    return Asked(
        f"{ROWS}?" + urlencode(before),
        peer_path(
            f"select {COLUMNS} from obs where (siteid, itemid, monitordate) > (:s, :i, :t)"
            " order by siteid, itemid, monitordate limit 100",
            s=site,
            i=item,
            t=when,
        ),
        f"select {COLUMNS} from t where itemid >= {item} and (itemid > {item} or siteid > {site}"
        f" or (siteid = {site} and monitordate > timestamp '{when}')) order by itemid, siteid, monitordate limit 100",
        follow=True,
    )


QUESTIONS = (
    Question("a", "one station, one item, 1,000 rows as JSON", month_of_one_station, 2, 4),
    Question("b", "one item, 1,200 hours, 100,800 rows as CSV", wide_csv, 2, 100, 20),
    Question("c", "monthly mean of one item by county", monthly_means, 3, 20, 20),
    Question("d", "count of all rows", count_all),
    Question("d2", "exact count under an unindexed filter", count_unindexed, None, 20, 30),
    Question("e", "100 rows after skipping a million or more", deep_page, 2, 5, 15),
    Question("e2", "next 100 rows after a key in sorted order", after_key, 2),
)


def stream(question: Question, seed: int) -> Iterator[Asked]:
    """Requests without end, the same for the same seed."""
    rng = random.Random(f"{question.name}/{seed}")
    while True:
        yield question.make(rng)
