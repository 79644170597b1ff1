"""The benchmark: publish ten million rows by the ordinary way, serve them, ask all three, write down the ratios.

make bench                                  everything
make bench BENCH_ARGS="--skip-publishing"   the questions alone, on the home of the last run
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import math
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench import judge, publish, report, servers, table
from bench.client import Crowd, Peer, Wire, crowd, one_by_one
from bench.questions import HOURS, ITEM_IDS, QUESTIONS, ROWS, STATIONS, Asked, Question, stream
from qingliu.core import env

CLIENTS = 16
WARM = 3
KEYS = 4000
NOBODY = Crowd()


@dataclass(slots=True)
class Measured:
    """One question's figures: medians in ms at one client, requests a second at sixteen."""

    question: Question
    ours_ms: float
    engine_ms: float
    peer_ms: float
    ours_crowd: Crowd = NOBODY
    peer_crowd: Crowd = NOBODY


@dataclass(slots=True)
class Result:
    """Everything one run saw."""

    publishing: dict[str, list[publish.Cost]] = field(default_factory=dict)
    judging: list[publish.Cost] = field(default_factory=list)
    questions: list[Measured] = field(default_factory=list)
    repeated: dict[str, float] = field(default_factory=dict)  # what → median ms
    rows: int = 0
    files: int = 0


def say(text: str) -> None:
    """Tell how far the run is."""
    print(text, file=sys.stderr, flush=True)


def rows_of(body: bytes, form: str) -> list[dict[str, object]]:
    """The rows of an answer of any of the three."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    found = json.loads(body)
    rows: list[dict[str, object]] = found["rows"] if isinstance(found, dict) else found
    return rows


def number(row: dict[str, object]) -> float | None:
    """The only float of a row: a value, a mean or a count."""
    text = next(row[k] for k in ("concentration", "mean", "avg_concentration", "n", "count") if k in row)
    return None if text in {None, ""} else float(str(text))


def same(question: Question, ours: bytes, peers: bytes, engines: bytes, asked: Asked) -> None:
    """The three agree on rows and values; where each has its own order (e, e2), the peer is compared by length alone."""
    mine, its, other = (rows_of(body, asked.form) for body in (ours, engines, peers))
    if not len(mine) == len(its) == len(other) > 0:
        raise SystemExit(f"{question.name}: rows differ: {len(mine)} ours, {len(its)} engine, {len(other)} peer")
    pairs = [its] if question.name in {"e", "e2"} else [its, other]
    for theirs in pairs:
        for a, b in zip(sorted(map(_sortable, mine)), sorted(map(_sortable, theirs)), strict=True):
            if not math.isclose(a, b, rel_tol=1e-9):
                raise SystemExit(f"{question.name}: values differ: {a} and {b}")


def _sortable(row: dict[str, object]) -> float:
    value = number(row)
    return -1.0 if value is None else value


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


def ask_one_by_one(question: Question, ours: Peer, peer: Peer, engine: servers.BareEngine, times: int) -> Measured:
    """All three asked in turn, one client, each key once; the first few warm up and are not counted."""
    asked = list(itertools.islice(stream(question, 1), times + WARM))
    paths = followed(asked, ours)
    check = Wire(ours).get(paths[0])
    same(question, check, Wire(peer).get(asked[0].peer), engine.ask(asked[0]), asked[0])
    slow = times if question.name not in {"b", "c", "d2"} else max(5, times // 5)
    mine = one_by_one(ours, paths)[WARM:]
    its = engine.timed(asked)[WARM:]
    other = one_by_one(peer, [a.peer for a in asked[: slow + 1]])[1:]
    return Measured(question, median_ms(mine), median_ms(its), median_ms(other))


def ask_as_crowd(one: Measured, ours: Peer, peer: Peer, seconds: float) -> None:
    """Sixteen clients at once on the portal, then on the peer."""
    asked = list(itertools.islice(stream(one.question, 2), KEYS))
    one.ours_crowd = crowd(ours, followed(asked, ours), clients=CLIENTS, seconds=seconds)
    one.peer_crowd = crowd(
        peer, [a.peer for a in asked], clients=CLIENTS, seconds=max(seconds, one.question.peer_seconds)
    )


def ask_again(ours: Peer, times: int) -> dict[str, float]:
    """A repeated request, an unchanged one by its ETag, and an answer with nothing in it."""
    path = next(stream(QUESTIONS[0], 3)).path
    wire = Wire(ours)
    wire.get(path)
    etag = servers.etag(ours, path)
    nothing = f"{ROWS}?limit=0"
    asked = {
        "repeated (a)": (path, ""),
        "304": (path, f"If-None-Match: {etag}\r\n"),
        "empty": ("/api/health", ""),
        "no rows": (nothing, ""),
    }
    return {name: median_ms(one_by_one(ours, [p] * (times * 20), h)[WARM:]) for name, (p, h) in asked.items()}


def measure_publishing(
    files: table.Files, home: Path, folder: Path, times: int, threads: int
) -> dict[str, list[publish.Cost]]:
    """Clean and dirty, ours and the engine's, in turn; the last one leaves the clean table published in ``home``."""
    kinds = ("engine", "ours dirty", "engine dirty", "ours")
    costs: dict[str, list[publish.Cost]] = {k: [] for k in kinds}
    for _ in range(times):
        for kind in kinds:
            source = files.dirty_csv if "dirty" in kind else files.csv
            if kind.startswith("ours"):
                cost = publish.publish(home, source)
            else:
                cost = publish.engine_copy(source, folder, threads=threads)
            say(f"  {kind}: {cost.seconds:.1f} s, {cost.peak_mib:.0f} MiB")
            costs[kind].append(cost)
    return costs


def main() -> int:
    """Run it all; answers 0, whatever the speeds are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="working directory of the benchmark")
    parser.add_argument("--peer", type=Path, required=True, help="bin directory of the peer's environment")
    parser.add_argument("--table", required=True, help="the script that makes the table")
    parser.add_argument("--times", type=int, default=15, help="requests a median is taken of")
    parser.add_argument("--publishes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long sixteen clients ask one question")
    parser.add_argument("--only", default="", help="names of questions, by commas")
    parser.add_argument("--skip-publishing", action="store_true")
    parser.add_argument("--skip-crowd", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/bench/results.md"))
    args = parser.parse_args()
    folder = args.home.absolute()
    home = folder / "home"
    threads = env.load().engine_threads
    files = table.prepare(folder / "tables", script=args.table, python=args.peer / "python", say=say)
    result = Result()
    if not args.skip_publishing:
        say("publishing")
        result.publishing = measure_publishing(files, home, folder, args.publishes, threads)
        say("judging")
        result.judging = [judge.judge(home) for _ in range(args.publishes)]
    engine = servers.BareEngine(home, folder, threads)
    result.rows = HOURS * STATIONS * len(ITEM_IDS)
    result.files = engine.files
    wanted = [q for q in QUESTIONS if not args.only or q.name in args.only.split(",")]
    with servers.portal(home) as ours, servers.datasette(args.peer / "datasette", files.sqlite) as peer:
        for question in wanted:
            one = ask_one_by_one(question, ours, peer, engine, args.times)
            if question.peer_gain and not args.skip_crowd:
                ask_as_crowd(one, ours, peer, args.seconds)
            say(
                f"  {question.name}: {one.ours_ms:.1f} ms, engine {one.engine_ms:.1f}, peer {one.peer_ms:.1f}; "
                f"{one.ours_crowd.rate:.1f}/s ({one.ours_crowd.turned_away} turned away), peer {one.peer_crowd.rate:.1f}/s"
            )
            result.questions.append(one)
        result.repeated = ask_again(ours, args.times)
    report.write(args.out, result, threads=threads, peer_python=args.peer / "python", script=args.table)
    say(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
