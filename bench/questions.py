"""What is asked: each question in the tongue of each that answers, with keys that change from request to request.

``path`` is asked of the portal's own API, ``peer`` of Datasette (SQL with the index that fits), ``sql`` of the bare engine.
``conditions``, ``limit`` and ``offset`` say the same once more, for the other dialects and for CKAN's datastore
(bench/dialects.py); what only SQL can say to the latter stands in ``datastore``.
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
    """One request in every tongue. ``form`` is json or csv; ``counted``: the answer is one number, that of the rows."""

    path: str
    peer: str
    sql: str
    form: str = "json"
    follow: bool = False  # ``path`` is the page before; the question is its next link
    conditions: tuple[tuple[str, str, str], ...] = ()  # column, EQ GE LE or GT, value
    limit: int | None = None
    offset: int = 0
    after: int | None = None  # the number of the row behind which the page begins
    counted: bool = False
    datastore: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request, and what is expected of its answers."""

    name: str
    about: str
    make: Callable[[random.Random], Asked]
    engine_limit: float | None = None  # at most so many times the bare engine, one client, own API
    stretch: float | None = None  # the same, hoped for
    dialect_limit: float | None = None  # at most so many times the bare engine through the other dialects
    peer_gain: float | None = None  # at least so many times Datasette's throughput, 16 clients
    best_gain: float | None = None  # at least so many times the best peer's throughput, 16 clients
    best_times: float | None = None  # at least so many times faster than the best peer, one client
    peer_limit: float | None = None  # at most so many times Datasette's time, one client
    peer_seconds: float = 8.0
    slow: bool = False  # the peers take a second or more for one
    dialects: tuple[str, ...] = ()


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


def _between(low: datetime, high: datetime) -> tuple[tuple[str, str, str], ...]:
    return ("monitordate", "GE", str(low)), ("monitordate", "LE", str(high))


def month_of_one_station(rng: random.Random, hours: int = HOURS) -> Asked:
    """a: 1,000 rows of one station and one item, as JSON."""
    site, item, first = rng.randint(1, STATIONS), rng.choice(ITEM_IDS), rng.randrange(hours - 1000)
    low, high = hour(first), hour(first + 999)
    where = "siteid = :s and itemid = :i and monitordate between :a and :b"
    return Asked(
        f"{ROWS}?" + urlencode({"siteid": site, "itemid": item, "datetime": interval(low, high), "limit": 1000}),
        peer_path(f"select {COLUMNS} from obs where {where} order by monitordate", s=site, i=item, a=low, b=high),
        f"select {COLUMNS} from t where siteid = {site} and itemid = {item} and monitordate between "
        f"timestamp '{low}' and timestamp '{high}' order by monitordate",
        conditions=(("siteid", "EQ", str(site)), ("itemid", "EQ", str(item)), *_between(low, high)),
        limit=1000,
    )


def wide_csv(rng: random.Random, hours: int = HOURS) -> Asked:
    """b: 100,800 rows of one item, 1,200 hours, as CSV."""
    item, first = rng.choice(ITEM_IDS), rng.randrange(hours - 1200)
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
        conditions=(("itemid", "EQ", str(item)), *_between(low, high)),
    )


def monthly_means(rng: random.Random) -> Asked:
    """c: the monthly mean of one item by county; the first hour changes, so that no answer repeats."""
    item, first = rng.choice(ITEM_IDS), rng.randrange(700)
    low, high = hour(first), hour(HOURS)
    asked = {"aggregate": "avg(concentration)", "bucket": "1mo", "groupby": "county", "itemid": item, "completeness": 0}
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
        datastore="select county, date_trunc('month', monitordate) as month, avg(concentration) as mean from obs"
        f" where itemid = {item} and monitordate >= '{low}' group by 1, 2",
    )


def daily_means(rng: random.Random, hours: int = HOURS) -> Asked:
    """s: the daily mean of one item at one station over a year (333 days where the table has no more)."""
    year = min(8760, hours - 24)
    site, item, first = rng.randint(1, STATIONS), rng.choice(ITEM_IDS), rng.randrange(hours - year)
    low, high = hour(first), hour(first + year - 1)
    asked = {"aggregate": "avg(concentration)", "bucket": "1d", "siteid": site, "itemid": item, "completeness": 0}
    where = "siteid = :s and itemid = :i and monitordate between :a and :b"
    day = "substr(monitordate, 1, 10)"
    between = f"monitordate between timestamp '{low}' and timestamp '{high}'"
    grouped = f"select date_trunc('day', monitordate) as day, avg(concentration) as mean from %s where siteid = {site}"
    grouped += f" and itemid = {item} and {between} group by 1 order by 1"
    return Asked(
        f"{SERIES}?" + urlencode(asked | {"datetime": interval(low, high)}),
        peer_path(
            f"select {day} as day, avg(concentration) as mean from obs where {where} group by {day} order by {day}",
            s=site,
            i=item,
            a=low,
            b=high,
        ),
        grouped % "t",
        datastore=grouped % "obs",
    )


def count_all(rng: random.Random) -> Asked:
    """d: how many rows there are."""
    return Asked(
        f"{SERIES}?" + urlencode({"aggregate": "count(*)"}),
        peer_path("select count(*) as n from obs"),
        "select count(*) as n from t",
        counted=True,
    )


def count_unindexed(rng: random.Random) -> Asked:
    """d2: how many rows lie above a value that no index knows."""
    over = round(rng.uniform(20, 90), 4)
    return Asked(
        f"{SERIES}?" + urlencode({"aggregate": "count(*)", "filter": f"concentration > {over}"}),
        peer_path("select count(*) as n from obs where concentration > :c", c=over),
        f"select count(*) as n from t where concentration > {over}",
        conditions=(("concentration", "GT", str(over)),),
        counted=True,
    )


def deep_page(rng: random.Random) -> Asked:
    """e: 100 rows after skipping a million, in stored order."""
    skip = 1_000_000 + rng.randrange(8_000_000)
    return Asked(
        f"{ROWS}?" + urlencode({"limit": 100, "offset": skip}),
        peer_path(f"select {COLUMNS} from obs limit 100 offset :n", n=skip),
        f"select {COLUMNS} from t limit 100 offset {skip}",
        limit=100,
        offset=skip,
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
        limit=100,
        after=place + 1,
    )


BOTH = ("moenv", "ckan")
QUESTIONS = (
    Question(
        "a",
        "one station, one item, 1,000 rows as JSON",
        month_of_one_station,
        engine_limit=1,
        stretch=0.5,
        dialect_limit=2,
        peer_gain=4,
        best_gain=5,
        dialects=(*BOTH, "ogc"),
    ),
    Question(
        "b",
        "one item, 1,200 hours, 100,800 rows as CSV",
        wide_csv,
        engine_limit=2,
        dialect_limit=2,
        peer_gain=100,
        peer_seconds=10,
        slow=True,
        dialects=BOTH,
    ),
    Question(
        "c",
        "monthly mean of one item by county",
        monthly_means,
        engine_limit=3,
        peer_gain=20,
        peer_seconds=10,
        slow=True,
    ),
    Question("s", "daily mean of a year, one station and item", daily_means, best_times=20),
    Question("d", "count of all rows", count_all, dialects=BOTH),
    Question(
        "d2",
        "exact count under an unindexed filter",
        count_unindexed,
        peer_gain=20,
        peer_seconds=10,
        slow=True,
        dialects=BOTH,
    ),
    Question(
        "e",
        "100 rows after skipping a million or more",
        deep_page,
        engine_limit=2,
        dialect_limit=2,
        peer_gain=5,
        peer_seconds=10,
        dialects=BOTH,
    ),
    Question(
        "e2",
        "next 100 rows after a key in sorted order",
        after_key,
        engine_limit=2,
        dialect_limit=2,
        peer_limit=1,
        dialects=("ckan",),
    ),
)


def stream(question: Question, seed: int) -> Iterator[Asked]:
    """Requests without end, the same for the same seed."""
    rng = random.Random(f"{question.name}/{seed}")
    while True:
        yield question.make(rng)
