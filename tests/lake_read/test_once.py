"""What is worked out of a plan once: the same to all who ask, threads at once too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from qingliu.lake.understood import Found


def test_a_lazy_look_up_is_gone_through_by_threads_at_once_and_looked_up_once() -> None:
    """Eight threads go through it from different places at one time; each sees every item, in order, made once."""
    made: list[int] = []

    def slowly() -> Iterator[int]:
        for n in range(40):
            time.sleep(0.001)
            made.append(n)
            yield n

    found = Found(slowly())
    assert next(iter(found)) == 0
    assert made == [0]  # no further than it was asked for
    seen: list[list[int]] = []
    together = threading.Barrier(8)

    def go() -> None:
        together.wait()
        seen.append(list(found))

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [list(range(40))] * 8
    assert made == list(range(40))


def test_a_look_up_that_broke_is_not_taken_for_a_whole_one() -> None:
    """Two items, then a file that cannot be read: the second who asks meets the same error, not two items and an end."""

    def breaking() -> Iterator[int]:
        yield from (1, 2)
        raise OSError("unreadable")

    found = Found(breaking())
    for _ in range(2):
        with pytest.raises(OSError, match="unreadable"):
            list(found)
