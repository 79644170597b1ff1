"""The questions measured: ours, the bare engine and the peers in turn, at one client and at sixteen."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import dialects, servers
from bench.client import Crowd, Peer, Wire, crowd, one_by_one
from bench.postgres import Asker
from bench.questions import CODE, QUESTIONS, Asked, Question, stream

CLIENTS = 16
WARM = 3
KEYS = 4000
WARM_KEYS = 64
NOBODY = Crowd()


@dataclass(slots=True)
class Measured:
    """One question's figures: medians in ms at one client, answers a second at sixteen; 0 where it was not asked."""

    question: Question
    ours_ms: float = 0.0
    engine_ms: float = 0.0
    peer_ms: float = 0.0
    ckan_ms: float = 0.0
    ours_crowd: Crowd = NOBODY
    peer_crowd: Crowd = NOBODY
    ckan_crowd: Crowd = NOBODY
    warm_crowd: Crowd = NOBODY
    through_ms: dict[str, float] = field(default_factory=dict)  # dialect → ms
    through_crowd: dict[str, Crowd] = field(default_factory=dict)

    @property
    def best_peer_ms(self) -> float:
        """The faster peer's time."""
        return min(ms for ms in (self.peer_ms, self.ckan_ms) if ms)

    @property
    def best_peer_rate(self) -> float:
        """The faster peer's answers a second."""
        return max(self.peer_crowd.rate, self.ckan_crowd.rate)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask and how much."""

    ours: Peer
    peer: Peer
    engine: servers.BareEngine
    datastore: Asker | None
    times: int
    seconds: float
    crowds: bool
    say: Callable[[str], None]


def number(row: dict[str, Any]) -> float:
    """The only float of a row: a value, a mean or a count; -1 for none, which one dialect writes as it was delivered: -999."""
    found = next(row[k] for k in ("concentration", "mean", "avg_concentration", "n", "count") if k in row)
    return -1.0 if found in {None, "", "-999", "-999.0"} else float(found)


def agree(name: str, form: str, mine: bytes, theirs: bytes, *, length_alone: bool = False) -> None:
    """Two answers have the same rows by number and value, in whatever order; ends the benchmark where they have not."""
    ours, other = dialects.rows_of(mine, form), dialects.rows_of(theirs, form)
    if not len(ours) == len(other) > 0:
        raise SystemExit(f"{name}: rows differ: {len(ours)} and {len(other)}")
    if length_alone:
        return
    for a, b in zip(sorted(map(number, ours)), sorted(map(number, other)), strict=True):
        if not math.isclose(a, b, rel_tol=1e-9):
            raise SystemExit(f"{name}: values differ: {a} and {b}")


def followed(asked: list[Asked], peer: Peer) -> list[str]:
    """The portal's paths; where the question is the page after, its link is fetched beforehand."""
    if not asked[0].follow:
        return [a.path for a in asked]
    wire = Wire(peer)
    paths = [servers.next_path(wire, peer, a.path) for a in asked]
    wire.close()
    return paths


def median_ms(took: list[float]) -> float:
    """The median, in milliseconds."""
    return statistics.median(took) * 1000


def compare(question: Question, asked: Asked, path: str, to: Asking) -> None:
    """Everybody's answer to one request against ours. Where each has its own order (e, e2), peers by length alone."""
    own_order = question.name in {"e", "e2"}
    mine = Wire(to.ours).get(path)
    agree(f"{question.name}, engine", asked.form, mine, to.engine.ask(asked))
    agree(f"{question.name}, Datasette", asked.form, mine, Wire(to.peer).get(asked.peer), length_alone=own_order)
    for name in question.dialects:
        theirs = Wire(to.ours).get(dialects.PATHS[name](asked))
        agree(f"{question.name}, {name}", asked.form, mine, theirs)
    if to.datastore:
        theirs = to.datastore.body(dialects.datastore(asked))
        agree(f"{question.name}, CKAN", asked.form, mine, theirs, length_alone=own_order)


def ask(question: Question, to: Asking) -> Measured:
    """One question: compared first, then asked by one client, then by sixteen."""
    one = Measured(question)
    asked = list(itertools.islice(stream(question, 1), to.times + WARM))
    paths = followed(asked, to.ours)
    compare(question, asked[0], paths[0], to)
    slow = max(4, to.times // 5) if question.slow else to.times
    one.ours_ms = median_ms(one_by_one(to.ours, paths)[WARM:])
    one.engine_ms = median_ms(to.engine.timed(asked)[WARM:])
    for name in question.dialects:
        one.through_ms[name] = median_ms(one_by_one(to.ours, [dialects.PATHS[name](a) for a in asked])[WARM:])
    one.peer_ms = median_ms(one_by_one(to.peer, [a.peer for a in asked[: slow + 1]])[1:])
    if to.datastore:
        one.ckan_ms = median_ms(to.datastore.one_by_one([dialects.datastore(a) for a in asked[: slow + 1]])[1:])
    if to.crowds and (question.peer_gain or question.best_gain):
        _crowds(one, to)
    to.say(
        f"  {question.name}: {one.ours_ms:.1f} ms, engine {one.engine_ms:.1f}, Datasette {one.peer_ms:.1f}, "
        f"CKAN {one.ckan_ms:.1f}, {one.through_ms}; {one.ours_crowd.rate:.1f}/s ({one.ours_crowd.turned_away} turned "
        f"away), Datasette {one.peer_crowd.rate:.1f}, CKAN {one.ckan_crowd.rate:.1f}, warm {one.warm_crowd.rate:.0f}"
    )
    return one


def _crowds(one: Measured, to: Asking) -> None:
    """Sixteen clients at once on the portal, through each dialect, then on the peers."""
    question, seconds = one.question, to.seconds
    asked = list(itertools.islice(stream(question, 2), KEYS))
    one.ours_crowd = crowd(to.ours, followed(asked, to.ours), clients=CLIENTS, seconds=seconds)
    for name in question.dialects:
        others = list(itertools.islice(stream(question, 5 + len(name)), KEYS))
        paths = [dialects.PATHS[name](a) for a in others]
        one.through_crowd[name] = crowd(to.ours, paths, clients=CLIENTS, seconds=seconds)
    if question.best_gain:
        again = [a.path for a in asked[:WARM_KEYS]]
        one_by_one(to.ours, again * 2)
        one.warm_crowd = crowd(to.ours, again, clients=CLIENTS, seconds=seconds)
    patient = max(seconds, question.peer_seconds)
    one.peer_crowd = crowd(to.peer, [a.peer for a in asked], clients=CLIENTS, seconds=patient)
    if to.datastore:
        wanted = [dialects.datastore(a) for a in asked[:1000]]
        one.ckan_crowd = to.datastore.crowd(wanted, clients=CLIENTS, seconds=patient)


def ask_again(ours: Peer, times: int) -> dict[str, float]:
    """Repeated requests in each dialect, an unchanged one by its ETag, the newest rows, and an answer with nothing in it."""
    asked = next(stream(QUESTIONS[0], 3))
    latest = f"/api/datasets/{CODE}/latest"
    ways: dict[str, tuple[str, str]] = {"empty": ("/api/health", ""), "repeated (a)": (asked.path, "")}
    for name in QUESTIONS[0].dialects:
        ways[f"repeated (a), {dialects.NAMES[name]}"] = (dialects.PATHS[name](asked), "")
    ways["304"] = (asked.path, f"If-None-Match: {servers.etag(ours, asked.path)}\r\n")
    ways["no rows"] = (f"/api/datasets/{CODE}/rows?limit=0", "")
    ways["latest of every station, one item (84 rows)"] = (f"{latest}?itemid=33", "")
    ways["latest of every station and item (1,260 rows)"] = (f"{latest}?limit=2000", "")
    found = {}
    for name, (path, headers) in ways.items():
        one_by_one(ours, [path] * 2 * WARM)
        found[name] = median_ms(one_by_one(ours, [path] * (times * 20), headers)[WARM:])
    return found
