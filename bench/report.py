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

from bench.publish import Cost

if TYPE_CHECKING:
    from bench.run import Measured, Result

MEMORY_LIMIT_MIB = 1536
JUDGING_LIMIT = 1.5


def write(to: Path, result: Result, *, threads: int, peer_python: Path, script: str) -> None:
    """The page at ``to``."""
    to.parent.mkdir(parents=True, exist_ok=True)
    parts = [
        _head(result, threads, peer_python, script),
        _publishing(result),
        _questions(result.questions),
        _again(result),
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
    return f"""# Speeds

Made by `make bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, in one run; only ratios count.
{_machine()}; Python {platform.python_version()}, {names};
peer: Datasette {peer[0]} on SQLite {peer[1]}.

{result.rows:,} rows of `{Path(script).name}`, published from CSV by `qingliu publish` into {result.files} files,
served by `qingliu up` and asked at its public address over keep-alive connections. The bare engine is DuckDB in process on
the same files with {threads} threads, same columns, its own COPY to bytes. The peer has the same rows in SQLite with indexes
(siteid, itemid, monitordate) and (itemid, monitordate), its caps raised. -999 is null everywhere. Keys change with every
request; before timing, the answers of the three are compared. At one client: median in ms. At 16 clients: requests a second."""


def _median(costs: Sequence[Cost]) -> tuple[float, float]:
    return statistics.median(c.seconds for c in costs), max(c.peak_mib for c in costs)


def _met(good: bool) -> str:
    return "met" if good else "**missed**"


def _publishing(result: Result) -> str:
    if not result.publishing:
        return ""
    mid = {k: _median(v) for k, v in result.publishing.items()}
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
        met = _met(ratio <= limit and peak < MEMORY_LIMIT_MIB) if limit else ""
        lines.append(f"| {names[kind]} | {seconds:.1f} | {ratio:.2f}× | {peak:.0f} | {target} | {met} |")
    return "\n".join([*lines, *_judging(result, mid["ours"][0])])


def _judging(result: Result, publishing_s: float) -> list[str]:
    """Judging the rows of the version just published, by every content rule that applies, against publishing it."""
    if not result.judging:
        return []
    seconds, peak = _median(result.judging)
    ratio = seconds / publishing_s
    met = _met(ratio <= JUDGING_LIMIT and peak < MEMORY_LIMIT_MIB)
    return [
        "",
        "## Judging the rows",
        "",
        "| | seconds | of publishing them | peak memory MiB | target | |",
        "|---|---|---|---|---|---|",
        f"| every content rule that applies | {seconds:.1f} | {ratio:.2f}× | {peak:.0f} | ≤ {JUDGING_LIMIT:g}×, "
        f"< {MEMORY_LIMIT_MIB} MiB | {met} |",
    ]


def _questions(measured: list[Measured]) -> str:
    lines = [
        "## One client",
        "",
        "| question | Qingliu ms | engine ms | ratio | target | | Datasette ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in measured:
        ratio = m.ours_ms / m.engine_ms
        limit = m.question.engine_limit
        target, met = (f"≤ {limit:g}×", _met(ratio <= limit)) if limit else ("", "")
        name = f"{m.question.name}: {m.question.about}"
        lines.append(
            f"| {name} | {m.ours_ms:.1f} | {m.engine_ms:.1f} | {ratio:.2f}× | {target} | {met} | {m.peer_ms:.1f} |"
        )
    if any(m.ours_crowd.rate for m in measured):
        lines += [
            "",
            "## Sixteen clients",
            "",
            "| question | Qingliu /s | turned away (503) | Datasette /s | ratio | target | |",
            "|---|---|---|---|---|---|---|",
        ]
        for m in (m for m in measured if m.peer_crowd.rate):
            gain = m.ours_crowd.rate / m.peer_crowd.rate
            least = m.question.peer_gain
            target, met = (f"≥ {least:g}×", _met(gain >= least)) if least else ("", "")
            asked = f"{m.ours_crowd.rate:.1f} | {m.ours_crowd.turned_away} | {m.peer_crowd.rate:.2f}"
            lines.append(f"| {m.question.name} | {asked} | {gain:.1f}× | {target} | {met} |")
    return "\n".join(lines)


def _again(result: Result) -> str:
    times = result.repeated
    if not times:
        return ""
    ratio = times["repeated (a)"] / times["empty"]
    rows = "\n".join(f"| {name} | {ms:.3f} | {ms / times['empty']:.2f}× |" for name, ms in times.items())
    about = f"The repeated request against an empty answer: {ratio:.2f}×, target ≤ 3×, {_met(ratio <= 3)}."
    note = "The count of all rows (d) has no key to change: its repetitions come from memory, as a client meets it."
    return f"## Asked again\n\n| request | ms | of an empty answer |\n|---|---|---|\n{rows}\n\n{about}\n{note}"
