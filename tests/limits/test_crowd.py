"""Nobody is starved: light questions beside heavy ones, sixteen mixed clients, and the memory that it takes.

Times are held against those of the same questions with nothing else going on, measured in the same run.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from bench.client import BadAnswer, TurnedAway, Wire
from tests.limits.served import BIG, Server, ask, build_home, serve, stop

pytestmark = pytest.mark.long
MOST_MIB = 800
SECONDS = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two processes with the threads that are given."""
    folder = tmp_path_factory.mktemp("crowd")
    made = serve(build_home(folder / "home"), folder / "log", QINGLIU_WEB_WORKERS="2")
    for n in range(200):
        ask(made, light(n))
    yield made
    stop(made)


def light(n: int) -> str:
    """A small question that was not asked before: never from a kept answer."""
    return f"/api/datasets/WIDE_H/rows?siteid={n % 20}&limit=10&offset={n}"


def p95(took: list[float]) -> float:
    """The 95th of a hundred, in seconds."""
    return statistics.quantiles(took, n=20)[-1]


class Crowd:
    """Threads that ask until told to stop; what each light one took, and how often somebody was turned away."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._asked = 1_000
        self.took: list[float] = []
        self.heavy = 0
        self.turned_away = 0
        self.wrong: list[str] = []
        self.most_mib = 0.0

    def _run(self, step: Callable[[Wire], None]) -> None:
        wire = Wire(self._server.peer)
        try:
            while not self._end.is_set():
                try:
                    step(wire)
                except TurnedAway as busy:
                    with self._lock:
                        self.turned_away += 1
                    self._end.wait(busy.wait_s)
        except (BadAnswer, OSError) as error:
            self.wrong.append(str(error))
        finally:
            wire.close()

    def _light(self, wire: Wire) -> None:
        with self._lock:
            self._asked += 1
            mine = self._asked
        began = time.perf_counter()
        wire.get(light(mine))
        with self._lock:
            self.took.append(time.perf_counter() - began)

    def _heavy(self, wire: Wire) -> None:
        with self._lock:
            self._asked += 1
            mine = self._asked
        body = wire.get(f"{BIG}&properties=siteid,aqi,datacreationdate,note&limit={10_000_000 + mine}")
        lines = body.count(b"\n")
        if lines != 400_001:
            raise BadAnswer(f"{lines} lines")
        with self._lock:
            self.heavy += 1

    def add(self, *, light: int = 0, heavy: int = 0) -> None:
        """More clients."""
        for step, count in ((self._light, light), (self._heavy, heavy)):
            for _ in range(count):
                self._threads.append(threading.Thread(target=self._run, args=(step,)))
                self._threads[-1].start()

    def go(self, seconds: float) -> None:
        """Let them ask; look at the memory meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.most_mib = max(self.most_mib, self._server.memory_mib())
            time.sleep(0.2)
        self._end.set()
        for thread in self._threads:
            thread.join(120)
        assert not self.wrong, self.wrong[:3]


def test_a_hundred_light_questions_go_on_beside_a_heavy_one(server: Server) -> None:
    alone = Crowd(server)
    alone.add(light=1)
    alone.go(5)
    beside = Crowd(server)
    beside.add(light=1, heavy=1)
    beside.go(SECONDS)
    assert len(beside.took) >= 100
    assert beside.heavy >= 1
    assert p95(beside.took) < 12 * p95(alone.took), (p95(beside.took), p95(alone.took))


def test_sixteen_mixed_clients_of_which_four_take_everything(server: Server) -> None:
    alone = Crowd(server)
    alone.add(light=12)
    alone.go(8)
    mixed = Crowd(server)
    mixed.add(light=12, heavy=4)
    mixed.go(SECONDS)
    print(
        f"light p95: {p95(alone.took) * 1e3:.1f} ms without, {p95(mixed.took) * 1e3:.1f} ms beside four that take everything; "
        f"{len(mixed.took)} light, {mixed.heavy} whole tables, {mixed.turned_away} turned away; {mixed.most_mib:.0f} MiB"
    )
    assert mixed.heavy >= 4
    assert p95(mixed.took) < 8 * p95(alone.took), (p95(mixed.took), p95(alone.took))
    assert mixed.most_mib < MOST_MIB
    assert json.loads(ask(server, "/api/limits")[2])["streams"]["running"] == 0
    after = Crowd(server)
    after.add(light=12)
    after.go(5)
    assert p95(after.took) < 3 * p95(alone.took)
