"""Room for large answers: nobody takes it all, slow readers free the engine, what was begun is told and ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qingliu.api.cache import ResponseCache
from qingliu.api.http import Sender
from qingliu.api.limits.quota import Limits
from qingliu.api.limits.tally import Tally
from qingliu.api.places import BROKEN_OFF, Gate, Place, Sending, Spools
from qingliu.config.data_api import make_data_api
from qingliu.core.access import AccessFile
from qingliu.core.errors import Busy
from tests.api.portal import Portal
from tests.api.test_places import raw
from tests.limits.asking import Asked
from tests.limits.conftest import plan


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until it holds; whether it did."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_nobody_but_this_machine_holds_every_place() -> None:
    gate = Gate(2, waiting=4, wait_s=0.05)
    first = gate.enter(7, alone=False)
    with pytest.raises(Busy):
        gate.enter(7, alone=False)
    other = gate.enter(8, alone=False)
    first.leave()
    other.leave()
    both = [gate.enter(9), gate.enter(9)]
    assert gate.running() == 2
    for place in both:
        place.leave()
    assert (gate.running(), gate.threads()) == (0, 0)


def waits_for(gate: Gate, count: int) -> bool:
    """Whether so many queue."""
    return gate.waiting() == count


def test_who_holds_least_comes_next_whoever_came_first() -> None:
    gate = Gate(3, waiting=9, wait_s=10)
    held = [gate.enter(1, alone=False), gate.enter(1, alone=False), gate.enter(2, alone=False)]
    came: list[int] = []

    def wait(who: int) -> None:
        place = gate.enter(who, alone=False)
        came.append(who)
        place.leave()

    threads = []
    for n, who in enumerate((1, 1, 3)):
        threads.append(threading.Thread(target=wait, args=(who,)))
        threads[-1].start()
        assert until(partial(waits_for, gate, n + 1))
    held[2].leave()  # its place is for the third caller: the first one holds two already
    assert until(lambda: 3 in came)
    assert came[0] == 3
    held[0].leave()
    held[1].leave()
    for thread in threads:
        thread.join(10)
    assert sorted(came) == [1, 1, 3]
    assert (gate.running(), gate.waiting(), gate.threads()) == (0, 0, 0)


def test_longer_answers_that_are_not_heavy_have_threads_of_their_own() -> None:
    gate = Gate(1, waiting=0, spare=1)
    heavy = gate.enter()
    light = gate.thread()
    with pytest.raises(Busy):
        gate.thread()
    heavy.leave()
    light.leave()
    light.leave()  # twice gives back once
    gate.thread().leave()
    assert gate.threads() == 0


class Source:
    """Chunks that know whether they were closed."""

    def __init__(self, count: int, size: int = 100_000) -> None:
        self.count, self.size, self.made, self.closed = count, size, 0, 0

    def __iter__(self) -> Iterator[bytes]:
        for n in range(self.count):
            self.made += 1
            yield bytes([n % 251]) * self.size

    def whole(self) -> bytes:
        """Every byte."""
        return b"".join(bytes([n % 251]) * self.size for n in range(self.count))


def sending(source: Source, spools: Spools, place: Place, *, life_s: float = 0.0) -> Sending:
    """A stream as the sender makes it."""

    def end_source() -> None:
        source.closed += 1
        place.free()

    return Sending(
        iter(source), place.leave, source_end=end_source, spools=spools, life_s=life_s, tail=BROKEN_OFF.encode()
    )


def test_threat_23_a_slow_reader_frees_the_engine_and_gets_every_byte(tmp_path: Path) -> None:
    gate, source = Gate(1, waiting=1), Source(60)
    stream = sending(source, Spools(tmp_path, patience_s=0.1), gate.enter())
    got = [next(stream), next(stream)]  # then it stands, like a reader of one byte a second
    assert until(lambda: source.closed == 1)
    assert source.made == 60
    assert (gate.running(), gate.threads()) == (0, 1)
    gate.enter().leave()  # another large answer finds its place
    got += list(stream)
    assert b"".join(got) == source.whole()
    assert gate.threads() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_quick_reader_is_never_spooled(tmp_path: Path) -> None:
    gate, source = Gate(1), Source(300, 1000)
    spools = Spools(tmp_path, most_bytes=1, patience_s=0.2)
    stream = sending(source, spools, gate.enter())
    assert b"".join(stream) == source.whole()
    assert stream._file == -1


def test_a_spool_that_is_full_stops_and_the_reader_gets_every_byte_all_the_same(tmp_path: Path) -> None:
    gate, source = Gate(1), Source(40)
    spools = Spools(tmp_path, most_bytes=1_000_000, patience_s=0.1)
    stream = sending(source, spools, gate.enter())
    got = [next(stream)]
    assert until(lambda: stream._written >= 1_000_000)
    time.sleep(0.3)
    assert source.made < 20
    assert gate.running() == 1
    got += list(stream)
    assert b"".join(got) == source.whole()
    assert (gate.running(), spools._left) == (0, 1_000_000)


def test_a_reader_that_leaves_while_its_rest_is_spooled_leaves_nothing(tmp_path: Path) -> None:
    gate, source = Gate(1), Source(400)
    spools = Spools(tmp_path, patience_s=0.05)
    stream = sending(source, spools, gate.enter())
    next(stream)
    assert until(lambda: stream._written > 0)
    stream.close()
    assert source.closed == 1
    assert (gate.running(), gate.threads(), spools._left) == (0, 0, 2 << 30)
    assert list(stream) == []


def test_threat_23_no_answer_outlives_its_time_and_what_was_cut_says_so(tmp_path: Path) -> None:
    gate, source = Gate(1), Source(50)
    stream = sending(source, Spools(None), gate.enter(), life_s=0.3)
    got = [next(stream)]
    time.sleep(0.4)
    got += list(stream)
    assert got[-1].decode() == BROKEN_OFF
    assert len(got) == 2
    assert (source.closed, gate.running(), gate.threads()) == (1, 0, 0)


def test_streams_of_one_caller_are_counted_while_they_stand(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", streams=1),), {"web_threads": 12, "spool_bytes": 0})
    asked.app = _small(asked)
    status, body = _raw(asked, "203.0.113.9")
    assert status == "200 OK"
    next(iter(body))
    refused, told = _raw(asked, "203.0.113.9")
    assert refused.startswith("429")
    assert json.loads(b"".join(told))["code"] == "too-many"
    other, second = _raw(asked, "198.51.100.7")
    assert other == "200 OK"
    body.close()
    again, third = _raw(asked, "203.0.113.9")
    assert again == "200 OK"
    assert sum(chunk.count(b"\n") for chunk in third) == 1501
    for stands in (second, third):
        stands.close()
    assert asked.get("/api/limits").json["streams"]["running"] == 0


def _small(asked: Asked) -> Any:
    settings = replace(asked.portal.settings, home=asked.home, web_threads=12, spool_bytes=0)
    return make_data_api(settings, asked.portal.engine, ResponseCache(max_body=10_000))


def _raw(asked: Asked, address: str) -> tuple[str, Any]:
    def from_there(environ: dict[str, object], start: Callable[..., object]) -> object:
        environ["REMOTE_ADDR"] = address
        return asked.app(environ, start)

    return raw(from_there, "/api/datasets/ODD_P_01/rows", "f=csv")


def test_bytes_that_leave_are_charged_by_the_mebibyte(tmp_path: Path) -> None:
    limits = Limits(AccessFile(tmp_path / "none"), Tally())
    visit = limits.visit({"REMOTE_ADDR": "203.0.113.9"}, "")
    sender = Sender(ResponseCache(), Gate(1), limits=limits)
    size = sum(len(chunk) for chunk in sender._counted(iter([b"x" * 400_000] * 10), visit))
    assert visit.spent[2] == size >> 20 == 3
    assert limits.visit({"REMOTE_ADDR": "203.0.113.9"}, "").spent[2] == 3
