"""The page's sections: figures, ratios, targets, and whether each was met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.dialects import NAMES

if TYPE_CHECKING:
    from bench.asking import Measured
    from bench.large import Bounded
    from bench.live import Seen
    from bench.mixed import Memory
    from bench.publish import Cost
    from bench.searching import Searched
    from bench.whole import Flow

EMPTY_LIMIT = 3
WARM_GAIN = 20
STRETCH_GAIN = 10
FLOW_GAIN = 40
MEMORY_MIB = 800
VISIBLE_S = 2
READERS_LIMIT = 2
LARGE_LIMIT = 1.5


def met(good: bool) -> str:
    """The word for a target."""
    return "met" if good else "**missed**"


def _at_most(ratio: float, limit: float | None, stretch: float | None = None) -> str:
    """Two cells: the target and whether it was met, the stretch beside it."""
    if limit is None:
        return " | "
    if stretch is None:
        return f"≤ {limit:g}× | {met(ratio <= limit)}"
    hoped = "met" if ratio <= stretch else "missed"
    return f"≤ {limit:g}× (stretch {stretch:g}×) | {met(ratio <= limit)} (stretch {hoped})"


def _at_least(gain: float, limit: float | None, stretch: float | None = None) -> str:
    if limit is None:
        return " | "
    if stretch is None:
        return f"≥ {limit:g}× | {met(gain >= limit)}"
    hoped = "met" if gain >= stretch else "missed"
    return f"≥ {limit:g}× (stretch {stretch:g}×) | {met(gain >= limit)} (stretch {hoped})"


def _table(title: str, head: str, rows: Sequence[str], *after: str) -> str:
    columns = head.count("|") + 1
    return "\n".join([f"## {title}", "", f"| {head} |", "|---" * columns + "|", *rows, *after])


def questions(measured: Sequence[Measured]) -> list[str]:
    """One client, the other dialects, sixteen clients, and what the peers gave."""
    return [_one_client(measured), _dialects(measured), _sixteen(measured)] if measured else []


def _one_client(measured: Sequence[Measured]) -> str:
    rows, notes = [], []
    for m in measured:
        q, ratio = m.question, m.ours_ms / m.engine_ms
        ckan = f"{m.ckan_ms:.1f}" if m.ckan_ms else ""
        rows.append(
            f"| {q.name}: {q.about} | {m.ours_ms:.1f} | {m.engine_ms:.1f} | {ratio:.2f}× | "
            f"{_at_most(ratio, q.engine_limit, q.stretch)} | {m.peer_ms:.1f} | {ckan} |"
        )
        if q.best_times:
            gain = m.best_peer_ms / m.ours_ms
            notes.append(
                f"- {q.name} against the best peer: {gain:.1f}× faster, target ≥ {q.best_times:g}×, "
                f"{met(gain >= q.best_times)}."
            )
        if q.peer_limit:
            share = m.ours_ms / m.peer_ms
            notes.append(
                f"- {q.name} against Datasette: {share:.2f}× its time, target ≤ {q.peer_limit:g}×, "
                f"{met(share <= q.peer_limit)}."
            )
    head = "question | Qingliu ms | engine ms | ratio | target | | Datasette ms | CKAN ms"
    return _table("One client, own API", head, rows, *(["", *notes] if notes else []))


def _dialects(measured: Sequence[Measured]) -> str:
    rows = []
    for m in measured:
        for name, ms in m.through_ms.items():
            ratio = ms / m.engine_ms
            limit = m.question.dialect_limit
            told = f"{m.question.name} | {NAMES[name]} | {ms:.1f} | {ratio:.2f}× | {_at_most(ratio, limit)}"
            crowd = m.through_crowd.get(name)
            if crowd and m.peer_crowd.rate:
                gain = crowd.rate / m.peer_crowd.rate
                least = m.question.peer_gain
                told += f" | {crowd.rate:.1f} | {gain:.1f}× | {_at_least(gain, least)}"
            else:
                told += " | | | | "
            rows.append(f"| {told} |")
    head = "question | dialect | ms | of the engine | target | | at 16 clients /s | of Datasette | target | "
    return _table("The same through the other dialects", head, rows) if rows else ""


def _sixteen(measured: Sequence[Measured]) -> str:
    rows = []
    for m in (m for m in measured if m.ours_crowd.rate):
        q = m.question
        gain, best = m.ours_crowd.rate / m.peer_crowd.rate, m.ours_crowd.rate / m.best_peer_rate
        figures = (
            f"{m.ours_crowd.rate:.1f} | {m.ours_crowd.turned_away} | {m.peer_crowd.rate:.2f} | {m.ckan_crowd.rate:.2f}"
        )
        rows.append(
            f"| {q.name}, distinct keys | {figures} | {gain:.1f}× | {_at_least(gain, q.peer_gain)} | {best:.1f}× | "
            f"{_at_least(best, q.best_gain, STRETCH_GAIN)} |"
        )
        if m.warm_crowd.rate:
            warm, best = m.warm_crowd, m.warm_crowd.rate / m.best_peer_rate
            figures = f"{warm.rate:.0f} | {warm.turned_away} | {m.peer_crowd.rate:.2f} | {m.ckan_crowd.rate:.2f}"
            rows.append(
                f"| {q.name}, keys asked before | {figures} | {warm.rate / m.peer_crowd.rate:.0f}× | | | {best:.0f}× | "
                f"{_at_least(best, WARM_GAIN)} |"
            )
    head = (
        "question | Qingliu /s | 503 | Datasette /s | CKAN /s | of Datasette | target | | of the best peer | target | "
    )
    return _table("Sixteen clients", head, rows) if rows else ""


def again(times: dict[str, float]) -> str:
    """Repeated requests and the newest rows against an empty answer."""
    if not times:
        return ""
    rows = []
    for name, ms in times.items():
        ratio = ms / times["empty"]
        limit = EMPTY_LIMIT if name.startswith(("repeated", "latest")) else None
        rows.append(f"| {name} | {ms:.3f} | {ratio:.2f}× | {_at_most(ratio, limit)} |")
    note = "The count of all rows (d) has no key to change: its repetitions come from memory, as a client meets it."
    return _table("Asked again", "request | ms | of an empty answer | target | ", rows, "", note)


def flows(found: Sequence[Flow]) -> str:
    """The whole table as CSV."""
    if not found:
        return ""
    peer = next((f for f in found if f.name.startswith("Datasette")), None)
    rows = []
    for one in found:
        whole = "whole" if one.whole else f"cut after {one.seconds:.0f} s"
        gain = one.rate / peer.rate if peer and one.whole else None
        told = f"{gain:.0f}× | {_at_least(gain, FLOW_GAIN)}" if gain else " | | "
        rows.append(f"| {one.name} | {one.rows:,} | {one.seconds:.1f} | {whole} | {one.rate:,.0f} | {told} |")
    return _table("The whole table as CSV", "way | rows | seconds | | rows a second | of Datasette | target | ", rows)


def memory(found: Memory | None) -> str:
    """Memory under mixed clients."""
    if found is None:
        return ""
    rows = [
        f"| {found.idle_pss:.0f} | {found.peak_pss:.0f} | {found.peak_rss:.0f} | < {MEMORY_MIB} MiB | "
        f"{met(found.peak_pss < MEMORY_MIB)} |"
    ]
    note = (
        f"All {found.processes} processes of `qingliu up` together, the background worker among them; pages that they share are "
        f"counted once (PSS), beside it as often as they are held (RSS). Four clients streamed the whole table in four ways "
        f"({found.streamed / 2**20:,.0f} MiB), twelve asked {found.answers:,} questions of all kinds through all dialects; "
        f"{found.turned_away} were turned away for a moment."
    )
    head = "before, MiB | peak, MiB | peak of RSS, MiB | target | "
    return _table("Memory under sixteen mixed clients", head, rows, "", note)


def live(seen: Seen | None) -> str:
    """Appending while others read."""
    if seen is None:
        return ""
    worst, usual = max(seen.visible_s), statistics.median(seen.visible_s)
    ratio = seen.busy.p99_ms / seen.idle.p99_ms
    marks = f"{seen.moved} of {seen.of_moved} changed, {seen.kept} of {seen.of_kept} others stayed"
    good = seen.moved == seen.of_moved and seen.kept == seen.of_kept
    rows = [
        f"| seen at every address, s from the start of `qingliu publish` | {usual:.2f} (worst {worst:.2f}) | "
        f"< {VISIBLE_S} s | {met(worst < VISIBLE_S)} |",
        *(
            f"| seen in {name}, s | {statistics.median(took):.2f} (worst {max(took):.2f}) | | |"
            for name, took in seen.dialects.items()
        ),
        f"| the command itself, s | {statistics.median(seen.command_s):.2f} | | |",
        f"| readers' p99, ms | {seen.busy.p99_ms:.1f}, idle {seen.idle.p99_ms:.1f}: {ratio:.2f}× | "
        f"{_at_most(ratio, READERS_LIMIT)} |",
        f"| readers' median, ms | {seen.busy.p50_ms:.1f}, idle {seen.idle.p50_ms:.1f} | | |",
        f"| ETags | {marks} | exactly those of the table | {met(good)} |",
    ]
    note = (
        f"{len(seen.visible_s)} hours of 84 stations × 15 items appended to ten million rows, a file a month, by key."
    )
    note += " Each dialect was asked ten times a second by an asker of its own, seen when eight fresh connections showed it; "
    note += "five tables were left alone."
    problems = [f"- {text}" for text in seen.wrong]
    title = "Appending one hour while sixteen clients read"
    return _table(title, "what | | target | ", rows, "", note, *problems)


def searched(found: Searched | None) -> str:
    """Search of the catalogue."""
    if found is None:
        return ""
    peer = found.ms["Datasette"]
    rows = []
    for name, ms in found.ms.items():
        entries = found.peer_entries if name == "Datasette" else found.entries
        limit = None if name == "Datasette" else 1
        ratio = "" if limit is None else f"{ms / peer:.2f}×"
        rate = f"{found.crowds[name].rate:.0f}"
        rows.append(f"| {name} | {entries:,} | {ms:.2f} | {rate} | {ratio} | {_at_most(ms / peer, limit)} |")
    head = "search | entries | ms | at 16 clients /s | of Datasette's ms | target | "
    note = "Distinct searches; ours by `qingliu serve-data` on a catalogue of its own (every process of it had "
    note += f"read it {found.start_s:.0f} s after the start). Datasette's full text counts no facets."
    return _table("Searching the catalogue", head, rows, "", note)


def bounded(found: Sequence[Bounded], cost: Cost | None) -> str:
    """Time-bounded questions on ten times the rows."""
    if not found:
        return ""
    rows = []
    for one in found:
        ratio = one.large_ms / one.small_ms
        rows.append(
            f"| {one.name} | {one.small_ms:.1f} | {one.large_ms:.1f} | {ratio:.2f}× | {_at_most(ratio, LARGE_LIMIT)} |"
        )
    note = f"Published from Parquet in {cost.seconds:.0f} s with {cost.peak_mib:.0f} MiB." if cost else ""
    head = "question, distinct keys | 10.08 million rows, ms | 100.8 million rows, ms | ratio | target | "
    return _table("Ten times the rows", head, rows, *(["", note] if note else []))
