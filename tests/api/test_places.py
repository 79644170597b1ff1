"""Heavy answers have places, light ones always find a thread, and nothing is kept by a client that is gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from qingliu.api.cache import ResponseCache
from qingliu.api.places import Gate, Sending
from qingliu.config.data_api import make_data_api
from qingliu.core.errors import Busy
from qingliu.lake.session import too_slow
from tests.api.portal import Portal

ROWS = "/api/datasets/AIR_H/rows"


def test_threat_22_heavy_answers_have_only_so_many_places() -> None:
    gate = Gate(1, wait_s=0.01)
    leave = gate.enter()
    with pytest.raises(Busy):
        gate.enter()
    leave()
    leave()  # giving back twice gives back once
    second = gate.enter()
    with pytest.raises(Busy):
        gate.enter()
    second()


def test_threat_22_a_heavy_answer_queues_for_a_place_and_the_queue_ends() -> None:
    gate = Gate(1, waiting=1, wait_s=5.0)
    leave = gate.enter()
    behind: list[Callable[[], None]] = []
    queued = threading.Thread(target=lambda: behind.append(gate.enter()))
    queued.start()
    while not gate.waiting():
        time.sleep(0.001)
    with pytest.raises(Busy):  # the queue is full: told at once, not after the wait
        gate.enter()
    leave()
    queued.join(5)
    assert len(behind) == 1
    behind[0]()
    gate.enter()()


def raw(app: Any, path: str, query: str) -> tuple[str, Any]:
    """Status and body iterable of a request, left unread."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"PATH_INFO": path, "QUERY_STRING": query}
    seen: list[str] = []
    body = app(environ, lambda status, headers, exc_info=None: seen.append(status))
    return seen[0], body


def test_threat_22_light_questions_go_on_while_heavy_streams_stand(portal: Portal) -> None:
    settings = replace(
        portal.settings, web_threads=4, spool_bytes=0
    )  # two of them may be heavy, for as long as they stand
    app = make_data_api(settings, portal.engine, ResponseCache(max_body=10_000))
    heavy = [raw(app, "/api/datasets/ODD_P_01/rows", "f=csv") for _ in range(2)]
    assert [status for status, _ in heavy] == ["200 OK"] * 2
    started = [next(iter(body)) for _, body in heavy]
    assert all(started)
    refused, told = raw(app, "/api/datasets/ODD_P_01/rows", "f=ndjson")
    assert refused.startswith("503")
    assert json.loads(b"".join(told))["code"] == "busy"
    failures: list[str] = []

    def light(first: int) -> None:
        for n in range(first, first + 25):
            status, body = raw(app, ROWS, f"limit=1&offset={n}")
            if status != "200 OK" or not b"".join(body):
                failures.append(status)

    workers = [threading.Thread(target=light, args=(k * 25,)) for k in range(4)]
    start = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert time.monotonic() - start < 30
    heavy[0][1].close()  # its client is gone
    again, body = raw(app, "/api/datasets/ODD_P_01/rows", "f=ndjson")
    assert again == "200 OK"
    assert sum(chunk.count(b"\n") for chunk in body) == 1500
    heavy[1][1].close()


def test_threat_22_a_cancelled_question_is_422_and_gives_its_place_back(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_data_api(replace(portal.settings, web_threads=1), portal.engine, ResponseCache())

    def cancelled(*_: object) -> None:
        raise too_slow(20)

    with monkeypatch.context() as patch:
        patch.setattr(portal.engine, "stream", cancelled)
        for _ in range(3):
            status, body = raw(app, ROWS, "f=csv")
            told = json.loads(b"".join(body))
            assert (status.split()[0], told["code"], told["parameter"]) == ("422", "too-dear", "filter")
    assert raw(app, ROWS, "f=csv")[0] == "200 OK"


def test_a_count_that_is_too_dear_is_absent_never_guessed(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(*_: object) -> None:
        raise too_slow(20)

    monkeypatch.setattr(portal.engine, "count", cancelled)
    page = portal.get(ROWS, "limit=3&aqi=17").json
    assert page["numberReturned"] == 3
    assert "numberMatched" not in page
    assert portal.get(ROWS, "limit=30&aqi=17").json["numberMatched"] < 30  # a short page needs no counting
    assert portal.get("/api/v2/air_h", "profile=envelope&filters=aqi,EQ,17&limit=3").status_code == 422


def test_threat_22_a_gone_client_frees_the_engine_and_its_place() -> None:
    ended: list[str] = []
    stream = Sending(iter([b"a", b"b"]), lambda: ended.append("end"))
    assert next(stream) == b"a"
    stream.close()
    stream.close()
    assert ended == ["end"]

    def breaks() -> Iterator[bytes]:
        yield b"a"
        raise OSError("disk")

    broken = Sending(breaks(), lambda: ended.append("broken"))
    next(broken)
    with pytest.raises(OSError, match="disk"):
        next(broken)
    assert ended == ["end", "broken"]
