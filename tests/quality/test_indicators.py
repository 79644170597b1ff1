"""The indicators over looks and promises: what each says, with a reason and a remedy in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qingliu.core.dataset import Frequency, Text
from qingliu.quality.rules import heads, indicators
from qingliu.quality.rules.seen import Feedback
from tests.quality.cast import EDITION, seen, subject

CUT = (b'{"a"', b'"rec', b'{"a":3', b"<a>")
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def test_whatever_nobody_looked_at_is_not_measured_in_every_indicator() -> None:
    blind = seen(reached=None, unmeasured=Text("需要金鑰", "needs a key"))
    readings = [rule(blind, EDITION) for rule in indicators.PER_RESOURCE.values()]
    readings.append(indicators.fields(blind, subject(), EDITION))
    assert {r.state for r in readings} == {"not_measured"}
    assert {r.reason.zh for r in readings} == {"需要金鑰"}


@pytest.mark.parametrize(
    ("encoding", "declared", "state"),
    [
        ("UTF-8", "", "pass"),
        ("UTF-8", "utf8", "pass"),
        ("ASCII", "BIG5", "pass"),
        ("BIG5", "", "fail"),
        ("BIG5", "big5", "pass"),
        ("BIG5", "cp950", "pass"),
        ("UTF-8", "BIG5", "fail"),
        ("", "", "fail"),
    ],
)
def test_encoding_is_compared_with_what_is_declared_and_with_utf8_where_nothing_is(
    encoding: str, declared: str, state: str
) -> None:
    reading = indicators.encoding(seen(encoding=encoding, declared_encoding=declared), EDITION)
    assert reading.state == state
    assert bool(reading.remedy.zh) == (state == "fail")


@pytest.mark.parametrize(
    ("form", "structure", "encoding"),
    [
        ("CSV", "pass", "pass"),
        ("PARQUET", "pass", "not_applicable"),
        ("XLSX", "pass", "not_applicable"),
        ("PDF", "fail", "not_applicable"),
        ("ZIP", "fail", "not_applicable"),
        ("HTML", "fail", "fail"),
        ("", "not_measured", "not_measured"),
    ],
)
def test_structure_goes_by_content(form: str, structure: str, encoding: str) -> None:
    look = seen(found_format=form)
    assert indicators.structure(look, EDITION).state == structure
    assert indicators.encoding(look, EDITION).state == encoding


@pytest.mark.parametrize(
    ("names", "declared", "state"),
    [
        (("A", "b", "c"), ("a", "b"), "pass"),
        (("a",), ("a", "b"), "fail"),
        (("a",), (), "not_applicable"),
        (None, ("a",), "not_measured"),
    ],
)
def test_every_described_field_must_stand_in_the_data(names: tuple | None, declared: tuple, state: str) -> None:
    reading = indicators.fields(seen(names=names), subject(declared=declared), EDITION)
    assert reading.state == state
    assert state != "fail" or ("b" in reading.reason.zh and reading.remedy.en)


@pytest.mark.parametrize(
    ("every", "unit", "updated_h", "newest_h", "state"),
    [
        (0, "irregular", 90_000, None, "unknown"),
        (1, "hour", 1, 1, "pass"),
        (1, "hour", 1.4, None, "pass"),
        (1, "hour", 1.6, None, "fail"),
        (1, "hour", 0.1, 2.9, "pass"),
        (1, "hour", 0.1, 3.1, "fail"),  # published just now, but what it says is old
        (1, "day", 35, 70, "pass"),
        (1, "day", 37, 30, "fail"),
        (1, "year", 24 * 540, None, "pass"),
    ],
)
def test_timeliness_asks_for_the_update_and_for_the_newest_row(
    every: int, unit: str, updated_h: float, newest_h: float | None, state: str
) -> None:
    told = subject(
        frequency=Frequency(every, unit),  # type: ignore[arg-type]
        updated_at=NOW - timedelta(hours=updated_h),
        newest=None if newest_h is None else NOW - timedelta(hours=newest_h),
    )
    assert indicators.timeliness(told, EDITION, NOW).state == state


def test_events_may_fail_to_happen_but_a_station_may_not_fall_silent() -> None:
    told = subject(
        frequency=Frequency(1, "day"), updated_at=NOW, newest=NOW - timedelta(days=36), time_field="penalty_date"
    )
    assert indicators.timeliness(told, EDITION, NOW).state == "fail"
    reading = indicators.timeliness(replace(told, measured=False), EDITION, NOW)
    assert (reading.state, "事件" in reading.reason.zh) == ("pass", True)
    silent = Text("比過去都久。", "Longer than ever before.")
    reading = indicators.timeliness(replace(told, measured=False, overdue=silent), EDITION, NOW)
    assert (reading.state, reading.reason) == ("fail", silent)
    assert reading.remedy.zh


def test_timeliness_of_what_is_only_listed_is_not_measured() -> None:
    assert indicators.timeliness(subject(promised=False), EDITION, NOW).state == "not_measured"


@pytest.mark.parametrize(
    ("told", "state"),
    [(None, "not_measured"), (Feedback(0, 0), "unknown"), (Feedback(5, 0), "pass"), (Feedback(5, 1), "fail")],
)
def test_replies_are_not_measured_before_there_is_a_channel(told: Feedback | None, state: str) -> None:
    assert indicators.feedback(subject(feedback=told), EDITION).state == state


def test_an_address_that_gives_a_part_says_how_much() -> None:
    reading = indicators.download(seen(rows=1000, rows_all=191_031), EDITION)
    assert reading.state == "pass"
    assert all(n in reading.reason.zh for n in ("1,000", "191,031"))


@pytest.mark.parametrize(
    ("data", "form", "names"),
    [
        (b'{"message":"api_key error"}', "TEXT", None),
        ("請求過多，請稍後再試".encode(), "TEXT", None),
        (b"Sorry, too many requests, please, try later", "TEXT", None),
        (b"<!DOCTYPE html><html><head><title>404</title>", "HTML", None),
        (b"", "EMPTY", None),
        (b"\xef\xbb\xbf", "EMPTY", None),
        (b"a,b\n1,2\n", "CSV", ("a", "b")),
        (b"a,b\n", "CSV", ("a", "b")),
        (b'"a";"b"\n1;2\n', "CSV", ("a", "b")),
        (b'[{"a":1,"b":2}]', "JSON", ("a", "b")),
        (b'{"fields":[{"id":"a"}],"records":[{"a":1,"b":2},{"a"', "JSON", ("a", "b")),
        (b'{"fields":[{"id":"a"}],"rec', "JSON", None),
        (b'{"a":1,"b":2}\n{"a":3', "NDJSON", ("a", "b")),
        (
            b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1,"b":2}}]}',
            "GEOJSON",
            ("a", "b"),
        ),
        (b"<?xml version='1.0'?><R><X><a>1</a><b/></X><X><a>", "XML", ("a", "b")),
        (b'<!DOCTYPE x [<!ENTITY e "x">]><R>&e;</R>', "XML", None),
        (b"%PDF-1.4", "PDF", None),
        (b"PAR1....", "PARQUET", None),
        (b"[]", "JSON", None),
        (b'{"a":1,"b"', "TEXT", None),
    ],
)
def test_heads_are_read_by_content_and_errors_sent_as_200_are_noticed(
    data: bytes, form: str, names: tuple | None
) -> None:
    head = heads.read(data, whole=not data.endswith(CUT), expected="CSV")
    assert (head.format, head.names) == (form, names)
    assert (head.problem is not None) == (form in {"TEXT", "HTML", "EMPTY"})


def test_a_character_cut_in_two_at_the_end_of_the_head_is_no_fault() -> None:
    data = "欄,位\n甲,乙\n".encode()
    assert heads.decode(data[:-2], whole=False)[0] == "UTF-8"
    assert heads.decode(data[:-2], whole=True)[0] == ""
