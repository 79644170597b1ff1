"""Memory under sixteen mixed clients: four stream the whole table, twelve ask everything else, at once."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.client import BadAnswer, Peer, TurnedAway, Wire
from bench.dialects import PATHS
from bench.questions import CODE, QUESTIONS, ROWS, stream

STREAMERS = (f"{ROWS}?f=csv", f"/datastore/dump/{CODE}", f"{ROWS}?f=ndjson", f"{ROWS}?f=csv.gz")
OTHERS = 12
STEP_S = 0.25


@dataclass(slots=True)
class Memory:
    """Peaks in MiB over all processes of the server: shared pages counted once (PSS), and as often as they are held (RSS)."""

    idle_pss: float = 0.0
    peak_pss: float = 0.0
    peak_rss: float = 0.0
    processes: int = 0
    answers: int = 0
    streamed: int = 0  # bytes
    turned_away: int = 0


def tree(root: int) -> list[int]:
    """A process and all below it."""
    found, open_ones = [root], [root]
    while open_ones:
        parent = open_ones.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                children = [int(one) for one in task.read_text().split()]
            except OSError:
                continue
            found += children
            open_ones += children
    return found


def held(processes: list[int]) -> tuple[float, float]:
    """PSS and RSS in MiB."""
    pss = rss = 0
    for process in processes:
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith("Pss:"):
                pss += int(line.split()[1])
            elif line.startswith("Rss:"):
                rss += int(line.split()[1])
    return pss / 1024, rss / 1024


def measure(ours: Peer, root: int, *, seconds: float) -> Memory:
    """Sixteen clients for so long; the memory looked at four times a second."""
    memory = Memory(processes=len(tree(root)), idle_pss=held(tree(root))[0])
    until = time.monotonic() + seconds
    wrong: list[str] = []

    def streaming(path: str) -> None:
        while time.monotonic() < until:
            wire = Wire(ours)
            try:
                memory.streamed += wire.drain(path, max(0.1, until - time.monotonic()))[1]
            except TurnedAway as busy:
                memory.turned_away += 1
                time.sleep(busy.wait_s)
            except (BadAnswer, OSError) as error:
                wrong.append(str(error))
                return
            finally:
                wire.close()

    def asking(number: int) -> None:
        wire = Wire(ours)
        lanes = [stream(q, 100 + number) for q in QUESTIONS]
        turn = itertools.cycle(zip(QUESTIONS, lanes, strict=True))
        for question, lane in itertools.islice(turn, number, None):  # not all of them ask the same at once
            if time.monotonic() > until:
                break
            asked = next(lane)
            tongues = ["native", *question.dialects]
            tongue = tongues[(number + memory.answers) % len(tongues)]
            try:
                wire.get(asked.path if tongue == "native" else PATHS[tongue](asked))
                memory.answers += 1
            except TurnedAway as busy:
                memory.turned_away += 1
                time.sleep(busy.wait_s)
            except (BadAnswer, OSError) as error:
                wrong.append(str(error))
                break
        wire.close()

    threads = [threading.Thread(target=streaming, args=(path,)) for path in STREAMERS]
    threads += [threading.Thread(target=asking, args=(n,)) for n in range(OTHERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        pss, rss = held(tree(root))
        memory.peak_pss, memory.peak_rss = max(memory.peak_pss, pss), max(memory.peak_rss, rss)
        time.sleep(STEP_S)
    if wrong:
        raise BadAnswer(wrong[0])
    return memory
