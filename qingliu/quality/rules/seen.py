"""What was really seen at an address of a dataset, and what is promised of the dataset: the facts that indicators judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from qingliu.core.dataset import Frequency, Text

How = Literal["", "in_process", "http"]  # "" = nobody looked; in_process = our own data API, called without a network


@dataclass(frozen=True, slots=True)
class Resource:
    """One address at which a dataset is offered. ``format`` is what it says it is (CSV, JSON, …), "" where it says nothing."""

    name: str  # native-csv, moenv-xml, official-1 …
    address: str  # as a reader may ask it, without keys
    format: str
    dialect: Literal["native", "moenv", "official"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a resource. None everywhere means: not looked at, or could not be told.

    ``reached``: the address answered with something that is no error; ``problem`` says what it was instead.
    ``whole``: the body was read to its end, else only its first ``bytes_read`` bytes.
    """

    resource: Resource
    how: How = ""
    at: str = ""
    status: int | None = None
    reached: bool | None = None
    bytes_read: int = 0
    whole: bool = False
    declared_encoding: str = ""
    found_format: str = ""  # by content: CSV JSON NDJSON GEOJSON XML HTML TEXT PARQUET ZIP PDF … "" = cannot tell
    encoding: str = ""  # by content: ASCII UTF-8 BIG5 UTF-16 "" = decodes in none
    names: tuple[str, ...] | None = None  # columns, keys or elements of the first record
    rows: int | None = None  # how many rows the answer says it gives
    rows_all: int | None = None  # how many the dataset has
    problem: Text | None = None
    unmeasured: Text | None = None  # why nobody looked, or why the look settles nothing yet


MEASURED = frozenset({"station", "station_name", "item", "item_name", "value"})  # roles of rows that are measurements


@dataclass(frozen=True, slots=True)
class Feedback:
    """Requests from the public about a dataset: how many were answered or are due, and how many of them late.

    ``changed`` is the moment at which these numbers came to be what they are: a judgement before it is to be made anew.
    """

    settled: int
    late: int
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is promised of a dataset, and its moments."""

    code: str
    declared: tuple[str, ...]  # 主要欄位說明
    frequency: Frequency
    updated_at: datetime | None  # its newest version, or its newest rows where it is a view
    newest: datetime | None  # the newest time in its rows; None where it has no time column
    time_field: str = ""
    measured: bool = True  # its rows are measurements that go on; False: events, which may well not happen for long
    overdue: Text | None = None  # events that stay away for longer than they have before
    promised: bool = True  # False: the list we have does not carry the promised frequency
    feedback: Feedback | None = None  # None: no channel for requests exists yet
    white_listed: Text | None = None
    excused: tuple[tuple[str, Text], ...] = field(default=())  # indicator → why its failing does not count
