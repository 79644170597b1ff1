"""Counters in memory that processes share: nothing is lost, nothing is kept, and a process that dies leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from qingliu.api.limits.tally import SLOTS, Tally, shared_memory

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memory to share on this system")
CHILD = """
import sys
from qingliu.api.limits.tally import Tally
tally = Tally(sys.argv[1])
assert tally.shared
key = tally.key(b"address ", b"203.0.113.9")
for _ in range(int(sys.argv[2])):
    tally.add(key, (5, 7), 1, 3)
tally.stream(key, 1)
print(tally.sums(key, 5, 7), tally.streams(key), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def memory() -> Iterator[str]:
    """Memory for three processes."""
    path, descriptor = shared_memory(3)
    yield path
    os.close(descriptor)


def child(stack: ExitStack, path: str, count: int) -> subprocess.Popen[str]:
    """A process that has counted and stands until the stack is left."""
    made = subprocess.Popen(
        [sys.executable, "-c", CHILD, path, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stack.enter_context(made)
    stack.callback(made.kill)
    assert made.stdout is not None
    assert made.stdout.readline()
    return made


def test_processes_add_up_and_a_dead_one_leaves_its_counts_but_no_streams(memory: str) -> None:
    ours = Tally(memory)
    key = ours.key(b"address ", b"203.0.113.9")
    ours.add(key, (5, 7), 2, 1)
    with ExitStack() as stack:
        one = child(stack, memory, 1000)
        child(stack, memory, 500)
        assert ours.sums(key, 5, 7) == (1502, 1502, 4501)
        assert ours.streams(key) == 2
        one.kill()
        one.wait()
        assert ours.sums(key, 5, 7)[0] == 1502
        child(stack, memory, 1)
        assert ours.streams(key) == 2  # the dead one's stream is over, the new one's is counted
        assert ours.sums(key, 5, 7)[0] == 1503


def test_a_minute_and_a_day_count_for_themselves(memory: str) -> None:
    tally = Tally(memory)
    tally.add(9, (1, 1), 1, 4)
    tally.add(9, (2, 1), 1, 4)
    assert tally.sums(9, 2, 1) == (1, 2, 8)
    assert tally.sums(9, 3, 1) == (0, 2, 8)
    tally.add(9, (0, 2), 1, 4)  # a clock that jumps back begins anew too
    assert tally.sums(9, 0, 2) == (1, 1, 4)


def test_threads_lose_no_count() -> None:
    tally = Tally()

    def count() -> None:
        for _ in range(2000):
            tally.add(7, (1, 1), 1, 2)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.sums(7, 1, 1) == (16_000, 16_000, 32_000)


def test_a_flood_of_addresses_forgets_the_oldest_and_never_a_running_stream() -> None:
    tally = Tally()
    mine = tally.key(b"address ", b"mine")
    tally.stream(mine, 1)
    tally.add(mine, (1, 1), 1, 0)
    for n in range(SLOTS * 3):
        tally.add(tally.key(b"address ", str(n).encode()), (2 + n // SLOTS, 1), 1, 0)
    assert tally.streams(mine) == 1
    last = tally.key(b"address ", str(SLOTS * 3 - 1).encode())
    assert tally.sums(last, 4, 1)[0] == 1


def test_no_address_lies_in_the_memory_and_hashes_differ_between_portals(memory: str) -> None:
    tally = Tally(memory)
    for n in range(200):
        tally.add(tally.key(b"address ", f"203.0.113.{n}".encode()), (1, 1), 1, 1)
    with open(memory, "rb") as held:
        assert b"203.0.113." not in held.read()
    assert tally.key(b"address ", b"x") != Tally().key(b"address ", b"x")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/etc/hostname", "/dev/null"])
def test_without_shared_memory_a_process_counts_by_itself(path: str) -> None:
    tally = Tally(path)
    assert not tally.shared
    tally.add(5, (1, 1), 1, 1)
    assert tally.sums(5, 1, 1) == (1, 1, 1)
