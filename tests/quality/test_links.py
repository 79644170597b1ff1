"""Addresses outside: a little is read by GET, errors sent as 200 are noticed, and one failure is no verdict."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.catalog import actions as catalog
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import Forbidden
from qingliu.core.http import Door
from qingliu.lake.paths import LakePaths
from qingliu.quality import actions, queries, served
from qingliu.quality.models import LinkCheck
from qingliu.quality.rules import links
from qingliu.standards.listing import ListedEntry
from tests.quality.cast import EDITION, OFFICE, OPERATOR, STEWARD

CSV = "﻿sitename,aqi\n基隆,31\n".encode() * 10_000


class Server(ThreadingHTTPServer):
    """Answers by path with what ``answers`` says: (status, headers, body)."""

    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str | None]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range")))
        status, headers, body = self.server.answers[self.path]
        wish = self.headers.get("Range")
        if wish and headers.get("Accept-Ranges") == "bytes":
            last = int(wish.rpartition("-")[2])
            headers = headers | {"Content-Range": f"bytes 0-{min(last, len(body) - 1)}/{len(body)}"}
            status, body = 206, body[: last + 1]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the reader had enough
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.send_error(405)

    def log_message(self, *said: Any) -> None:
        """Quiet."""


@pytest.fixture
def host() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def listed(portal: LakePaths, host: Server, settings: Any) -> Callable[..., None]:
    """List an entry whose official address is a path of ``host``."""
    settings.QINGLIU = type(settings.QINGLIU)(
        **{f: getattr(settings.QINGLIU, f) for f in settings.QINGLIU.__dataclass_fields__}
        | {"allow_private_sources": True}
    )

    def put(path: str = "/a.csv", code: str = "OUT_P_01", url: str = "") -> None:
        address = url or f"http://127.0.0.1:{host.server_port}{path}"
        entry = ListedEntry(
            code,
            code[-2:],
            Text("外部", ""),
            "環境部",
            ("CSV",),
            "",
            "other",
            address,
            Text("清單", "list"),
            has_api=False,
        )
        catalog.list_entries(entries=[entry], by=OPERATOR)

    return put


def check(pauses: list[float] | None = None) -> list[LinkCheck]:
    return actions.check_links(by=OFFICE, pause=(pauses if pauses is not None else []).append)


def states(code: str = "OUT_P_01") -> dict[str, tuple[str, str]]:
    row = actions.judge(code=code, by=OPERATOR)
    return {r.indicator: (r.state, r.reason.zh) for r in queries.result(row).indicators}


def turn_back(hours: float) -> None:
    """Let the checks so far have happened earlier."""
    for row in LinkCheck.objects.all():
        row.checked_at -= timedelta(hours=hours)
        row.failing_since = row.failing_since and row.failing_since - timedelta(hours=hours)
        row.due_at = now() - timedelta(minutes=1)
        row.save()


def test_a_little_is_read_by_range_and_a_server_that_refuses_head_is_no_dead_link(
    listed: Callable, host: Server
) -> None:
    host.answers["/a.csv"] = (200, {"Content-Type": "text/csv", "Accept-Ranges": "bytes"}, CSV)
    listed()
    assert states()["link"][0] == "not_measured"
    check()
    assert host.asked == [("/a.csv", f"bytes=0-{served.FIRST_BYTES - 1}")]
    found = states()
    assert {k: v[0] for k, v in found.items()} == {
        "link": "pass", "download": "pass", "structure": "pass", "encoding": "pass", "fields": "not_applicable",
        "timeliness": "not_measured", "feedback": "not_measured",
    }  # fmt: skip
    assert "65,536" in found["download"][1]
    assert queries.last("OUT_P_01").mark == "gold"  # type: ignore[union-attr]


def test_a_server_that_ignores_the_range_is_cut_off_after_the_beginning(host: Server, tmp_path: Path) -> None:
    host.answers["/big"] = (200, {"Content-Type": "text/csv"}, CSV * 50)
    reply = served.fetch(Door(), f"http://127.0.0.1:{host.server_port}/big", allow_private=True)
    assert (reply.status, reply.bytes_read, reply.whole, reply.error) == (200, served.FIRST_BYTES, False, None)


@pytest.mark.parametrize(
    ("media", "body", "told"),
    [
        (
            "text/html",
            b"<!DOCTYPE html><html><head><title>\xe6\x89\xbe\xe4\xb8\x8d\xe5\x88\xb0</title></head></html>",
            "找不到",
        ),
        ("text/plain", "API Key 錯誤，請重新申請".encode(), "API Key"),
        ("application/json", b'{"message": "api_key error"}', "api_key"),
        ("text/csv", b"", "空"),
    ],
)
def test_an_error_sent_as_200_is_noticed_and_fails_only_after_failing_again_at_other_times(
    listed: Callable, host: Server, media: str, body: bytes, told: str
) -> None:
    host.answers["/a.csv"] = (200, {"Content-Type": media}, body)
    listed()
    for round_ in range(3):
        check()
        state, why = states()["link"]
        if round_ < 2:
            assert state == "not_measured"
            assert f"{round_ + 1} 次" in why
            turn_back(13)
    assert state == "fail"
    assert told in why
    assert queries.last("OUT_P_01").mark == "none"  # type: ignore[union-attr]
    host.answers["/a.csv"] = (200, {"Content-Type": "text/csv"}, CSV)
    turn_back(7)
    check()
    assert states()["link"][0] == "pass"


def test_three_failures_within_an_hour_are_one(listed: Callable, host: Server) -> None:
    host.answers["/a.csv"] = (500, {}, b"oops")
    listed()
    for _ in range(4):
        check()
        LinkCheck.objects.update(due_at=now() - timedelta(minutes=1))
    assert LinkCheck.objects.get().failures == 1
    assert states()["link"][0] == "not_measured"


def test_a_good_look_before_outlives_nothing_but_itself(listed: Callable, host: Server) -> None:
    host.answers["/a.csv"] = (200, {"Content-Type": "text/csv"}, CSV)
    listed()
    check()
    host.answers["/a.csv"] = (404, {}, b"gone")
    turn_back(170)
    check()
    assert states()["link"][0] == "not_measured"  # it answered last week, and does not today: nothing is said yet
    assert LinkCheck.objects.get().good_at is not None


def test_a_host_that_asks_for_rest_is_left_alone_and_hosts_are_asked_slowly(listed: Callable, host: Server) -> None:
    for n in range(3):
        host.answers[f"/{n}.csv"] = (200, {"Content-Type": "text/csv"}, CSV)
        listed(f"/{n}.csv", f"OUT_P_0{n}")
    pauses: list[float] = []
    check(pauses)
    assert len(host.asked) == 3
    assert len(pauses) == 2
    LinkCheck.objects.update(due_at=now() - timedelta(minutes=1))
    host.asked.clear()
    host.answers["/0.csv"] = (429, {"Retry-After": "600"}, b"slow down")
    check()
    assert len(host.asked) == 1
    assert LinkCheck.objects.filter(failures__gt=0).count() == 0


def test_an_address_whose_key_was_struck_out_is_never_asked(listed: Callable, host: Server) -> None:
    listed(url=f"http://127.0.0.1:{host.server_port}/a?api_key=REDACTED-KEY")
    check()
    assert host.asked == []
    state, why = states()["link"]
    assert (state, "金鑰" in why) == ("not_measured", True)


def test_only_the_office_sends_anybody_out(portal: LakePaths) -> None:
    with pytest.raises(Forbidden):
        actions.check_links(by=STEWARD)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 200)), max_size=30))
def test_certainty_takes_the_editions_failures_over_its_hours(checks: list[tuple[bool, float]]) -> None:
    record, moment, bad = links.Record(), now(), []
    for ok, hours in checks:
        moment += timedelta(hours=hours)
        settled = links.settle(record, ok, EDITION, moment)
        bad = [] if ok else [*bad, moment]
        record = settled.record
        assert settled.due_at > moment
        if settled.failed:
            assert len(bad) >= EDITION.link_failures
            assert bad[-1] - bad[0] >= timedelta(hours=EDITION.link_failing_hours)


def test_what_is_kept_of_a_look_holds_no_key(listed: Callable, host: Server) -> None:
    host.answers["/a.csv?api_key=abcd-secret-1234"] = (200, {"Content-Type": "text/csv"}, CSV)
    listed("/a.csv?api_key=abcd-secret-1234")
    check()
    for row in LinkCheck.objects.all():
        assert "abcd-secret-1234" not in json.dumps([row.address, row.detail_en, row.seen])
