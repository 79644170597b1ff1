"""The benchmark: publish ten million rows by the ordinary way, serve them, ask everybody, write down the ratios.

make bench                                             everything but the table of 100 million rows
make bench BENCH_ARGS="--large"                        with it (minutes more the first time, and 1 GiB of disk)
make bench BENCH_ARGS="--skip questions,publishing"    without some sections, on the home of the last run
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench import (
    asking,
    judge,
    large,
    live,
    metadata,
    mixed,
    postgres,
    publish,
    report,
    searching,
    servers,
    table,
    whole,
)
from bench.questions import HOURS, ITEM_IDS, QUESTIONS, STATIONS
from qingliu.core import env

SECTIONS = ("publishing", "judging", "questions", "again", "whole", "memory", "live", "catalogue", "metadata")


@dataclass(slots=True)
class Result:
    """Everything one run saw."""

    publishing: dict[str, list[publish.Cost]] = field(default_factory=dict)
    judging: list[dict[str, publish.Cost]] = field(default_factory=list)  # command → what it took
    questions: list[asking.Measured] = field(default_factory=list)
    repeated: dict[str, float] = field(default_factory=dict)  # what → median ms
    flows: list[whole.Flow] = field(default_factory=list)
    memory: mixed.Memory | None = None
    live: live.Seen | None = None
    searched: searching.Searched | None = None
    metadata: metadata.Seen | None = None
    bounded: list[large.Bounded] = field(default_factory=list)
    large_cost: publish.Cost | None = None
    datastore: bool = False
    rows: int = 0
    files: int = 0
    load: float = 0.0  # processes that wanted to run in the minute before the first question


def say(text: str) -> None:
    """Tell how far the run is."""
    print(text, file=sys.stderr, flush=True)


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


def save(result: Result, args: argparse.Namespace) -> None:
    """Write the page with what was seen so far: a run that is broken off leaves its figures."""
    threads = env.load().engine_threads
    report.write(args.out, result, threads=threads, peer_python=args.peer / "python", script=args.table)


def serve_and_ask(result: Result, args: argparse.Namespace, files: table.Files, home: Path, folder: Path) -> None:
    """Everything that needs the portal on the ten million rows."""
    threads = env.load().engine_threads
    engine = servers.BareEngine(home, folder, threads)
    result.rows, result.files = HOURS * STATIONS * len(ITEM_IDS), engine.files
    wanted = [q for q in QUESTIONS if not args.only or q.name in args.only.split(",")]
    with (
        postgres.ckan(folder / "postgres", files.parquet, args.peer / "python", say) as datastore,
        servers.datasette(args.peer / "datasette", files.sqlite) as peer,
        servers.portal(home) as (ours, process),
    ):
        result.datastore = datastore is not None
        to = asking.Asking(ours, peer, engine, datastore, args.times, args.seconds, not args.skip_crowd, say)
        if "questions" not in args.skip:
            for question in wanted:
                result.questions.append(asking.ask(question, to))
                save(result, args)
        if "again" not in args.skip:
            result.repeated = asking.ask_again(ours, args.times)
            say(f"  {result.repeated}")
            save(result, args)
        if "whole" not in args.skip:
            result.flows = whole.measure(ours, peer, datastore, rows=result.rows, seconds=args.seconds * 2)
            say(f"  {result.flows}")
            save(result, args)
        if "live" not in args.skip:
            result.live = live.measure(home, files.parquet, ours, args.seconds * 1.5, times=3)
            say(f"  {result.live}")
            save(result, args)
    if "memory" not in args.skip:
        with servers.portal(home) as (ours, process):
            result.memory = mixed.measure(ours, process, seconds=args.seconds * 4)
            say(f"  {result.memory}")
            save(result, args)


def arguments() -> argparse.Namespace:
    """What the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="working directory of the benchmark")
    parser.add_argument("--peer", type=Path, required=True, help="bin directory of the peers' environment")
    parser.add_argument("--table", required=True, help="the script that makes the table")
    parser.add_argument("--times", type=int, default=15, help="requests a median is taken of")
    parser.add_argument("--publishes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long sixteen clients ask one question")
    parser.add_argument("--only", default="", help="names of questions, by commas")
    parser.add_argument("--skip", default="", help=f"sections to leave out, by commas: {', '.join(SECTIONS)}")
    parser.add_argument("--skip-crowd", action="store_true")
    parser.add_argument("--large", action="store_true", help="also ask a table of 100 million rows")
    parser.add_argument("--out", type=Path, default=Path("docs/bench/results.md"))
    args = parser.parse_args()
    args.skip = {name for name in args.skip.split(",") if name}
    if args.skip - set(SECTIONS):
        parser.error(f"no such section: {', '.join(args.skip - set(SECTIONS))}")
    return args


def main() -> int:
    """Run it all; answers 0, whatever the speeds are."""
    args = arguments()
    folder = args.home.absolute()
    home = folder / "home"
    threads = env.load().engine_threads
    files = table.prepare(folder / "tables", script=args.table, python=args.peer / "python", say=say)
    result = Result(load=os.getloadavg()[0])
    if "publishing" not in args.skip:
        say("publishing")
        result.publishing = measure_publishing(files, home, folder, args.publishes, threads)
    if "judging" not in args.skip:
        say("judging")
        result.judging = [judge.judge(home) for _ in range(args.publishes)]
        if "publishing" in args.skip:
            say("publishing once more, to compare with")
            result.publishing = {"ours": [publish.publish(folder / "again", files.csv) for _ in range(args.publishes)]}
    live.define_and_publish(home, files.parquet, say)
    serve_and_ask(result, args, files, home, folder)
    if "catalogue" not in args.skip:
        result.searched = searching.measure(
            folder,
            args.peer / "datasette",
            times=args.times * 2,
            seconds=args.seconds / 2,
            clients=asking.CLIENTS,
            say=say,
        )
        save(result, args)
    if "metadata" not in args.skip:
        result.metadata = metadata.measure()
        save(result, args)
    if args.large:
        big, result.large_cost = large.prepare(folder, args.table, args.peer / "python", say)
        result.bounded = large.measure(home, big, times=args.times, say=say)
    save(result, args)
    say(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
