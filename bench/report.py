"""Writes what a run saw as a page: figures, ratios, and whether each target was met."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import metadata, postgres
from bench import report_sections as sections
from bench.judge import COMMANDS
from bench.publish import Cost

if TYPE_CHECKING:
    from bench.run import Result

MEMORY_LIMIT_MIB = 1536
JUDGING_LIMIT = 1.5


def write(to: Path, result: Result, *, threads: int, peer_python: Path, script: str) -> None:
    """The page at ``to``."""
    to.parent.mkdir(parents=True, exist_ok=True)
    parts = [
        _head(result, threads, peer_python, script),
        _publishing(result),
        *sections.questions(result.questions),
        sections.again(result.repeated),
        sections.flows(result.flows),
        sections.memory(result.memory),
        sections.live(result.live),
        sections.searched(result.searched),
        metadata.section(result.metadata),
        sections.bounded(result.bounded, result.large_cost),
    ]
    to.write_text("\n\n".join(p for p in parts if p) + "\n", encoding="utf-8")


def _machine() -> str:
    cpu = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}"


def _head(result: Result, threads: int, peer_python: Path, script: str) -> str:
    show = "import datasette, sqlite3, sys; print(datasette.__version__, sqlite3.sqlite_version)"
    peer = subprocess.run([peer_python, "-c", show], capture_output=True, text=True, check=True).stdout.split()
    names = ", ".join(f"{n} {version(n)}" for n in ("duckdb", "pyarrow", "pyiceberg", "granian", "falcon"))
    datastore = ""
    if result.datastore:
        told = subprocess.run([postgres.BINARIES / "postgres", "--version"], capture_output=True, text=True, check=True)
        datastore = f" and CKAN's datastore on PostgreSQL {told.stdout.split()[2]}"
    return f"""# Speeds

Made by `make bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, in one run; only ratios count.
{_machine()}; Python {platform.python_version()}, {names};
peers: Datasette {peer[0]} on SQLite {peer[1]}{datastore}.
Load of the machine before the run: {result.load:.1f} (a quiet one has less than 0.5; with more, times and tails are those of a
busy machine, and ratios are rough).

{result.rows:,} rows of `{Path(script).name}`, published from CSV by `qingliu publish` into {result.files} files,
served by `qingliu up` and asked at its public address over keep-alive connections, with the limits of the plan that the portal
gives to callers on its own machine. -999 is null everywhere. Keys change with every request; before timing, everybody's answers
to one request are compared. At one client: median in ms. At 16 clients: answers a second.

- **Bare engine**: DuckDB in process on the same files with {threads} threads, same columns, its own COPY to bytes.
- **Datasette**: the same rows in SQLite with indexes (siteid, itemid, monitordate) and (itemid, monitordate), its caps raised.
- **CKAN**: the table that its datastore would make (typed columns, `_id`, an empty `_full_text`, the same two indexes), asked in
  process the statements that CKAN issues: a page as JSON text and its count, the dump's pages of 32,000 by `_id`, SQL for the
  means. No web server and no Python of CKAN's lies on top, fsync is off, and its kept total of whole tables and keyset pages
  cost it nothing: all this flatters it.
- **pygeoapi** is not in the run: its providers of tables in SQLite and PostgreSQL need SpatiaLite's module or PostGIS, which
  this machine has not, and those of plain files read a table of this size whole.
- The means are asked with `completeness=0`, as the peers have no rule of completeness."""


def _median(costs: Sequence[Cost]) -> tuple[float, float]:
    return statistics.median(c.seconds for c in costs), max(c.peak_mib for c in costs)


def _publishing(result: Result) -> str:
    if not result.publishing:
        return ""
    mid = {k: _median(v) for k, v in result.publishing.items()}
    if "engine" not in mid:
        return "\n".join(_judging(result, mid["ours"][0])).strip()
    engine = mid["engine"][0]
    lines = [
        "## Publishing the CSV",
        "",
        "| | seconds | of the engine's clean copy | peak memory MiB | target | |",
        "|---|---|---|---|---|---|",
    ]
    names = {"engine": "engine's typed, sorted copy", "ours": "`qingliu publish`"}
    names |= {"engine dirty": "engine's copy, 1 % bad values", "ours dirty": "`qingliu publish`, 1 % bad values"}
    for kind, limit in (("engine", None), ("ours", 2.5), ("engine dirty", None), ("ours dirty", 4.0)):
        seconds, peak = mid[kind]
        ratio = seconds / engine
        target = f"≤ {limit}×, < {MEMORY_LIMIT_MIB} MiB" if limit else ""
        met = sections.met(ratio <= limit and peak < MEMORY_LIMIT_MIB) if limit else ""
        lines.append(f"| {names[kind]} | {seconds:.1f} | {ratio:.2f}× | {peak:.0f} | {target} | {met} |")
    return "\n".join([*lines, *_judging(result, mid["ours"][0])])


def _judging(result: Result, publishing_s: float) -> list[str]:
    """Judging the rows of the version just published, command by command, against publishing it."""
    if not result.judging:
        return []
    runs, all_s = {c: [run[c] for run in result.judging] for c in result.judging[0]}, 0.0
    lines = [
        "",
        "## Judging the rows",
        "",
        "| `qingliu …`, its start included | seconds | of publishing them | peak memory MiB | target | |",
        "|---|---|---|---|---|---|",
    ]
    for command, costs in runs.items():
        seconds, peak = _median(costs)
        all_s += seconds
        lines.append(
            f"| `{command}`: {COMMANDS[command]} | {seconds:.1f} | {seconds / publishing_s:.2f}× | {peak:.0f} | | |"
        )
    most = max(c.peak_mib for costs in runs.values() for c in costs)
    met = sections.met(all_s / publishing_s <= JUDGING_LIMIT and most < MEMORY_LIMIT_MIB)
    target = f"≤ {JUDGING_LIMIT:g}×, < {MEMORY_LIMIT_MIB} MiB"
    return [*lines, f"| all of them | {all_s:.1f} | {all_s / publishing_s:.2f}× | {most:.0f} | {target} | {met} |"]
