"""Faceted search over a large catalogue, served, against Datasette's full text over a thousand entries."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from bench import servers
from bench.catalogue import WORDS, fill
from bench.client import Crowd, Peer, Wire, crowd, one_by_one
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published

ENTRIES, PEER_ENTRIES = 50_000, 1_000
FACETS = '["organization","groups","tags","res_format","license_id"]'
WARM = 5


@dataclass(slots=True)
class Searched:
    """Medians in ms at one client and answers at sixteen, by kind of search."""

    entries: int = 0
    peer_entries: int = 0
    start_s: float = 0.0  # until both servers had answered their first request
    ms: dict[str, float] = field(default_factory=dict)
    crowds: dict[str, Crowd] = field(default_factory=dict)


def prepare(folder: Path, say: Callable[[str], None], entries: int = ENTRIES) -> Path:
    """A home with nothing but the published catalogue, made once."""
    home = folder / f"catalogue-{entries}"
    paths = LakePaths(home)
    if not (home / "made").exists():
        say(f"publishing a catalogue of {entries:,} entries")
        paths.make()
        fill(paths.published_db, entries)
        (home / "made").touch()
    return home


def full_text(to: Path, home: Path, entries: int) -> None:
    """Datasette's table: titles, descriptions, keywords of the first entries with the full-text index it asks for."""
    to.unlink(missing_ok=True)
    store = sqlite3.connect(to)
    store.execute("create table dataset (code text primary key, title text, description text, keywords text)")
    for entry in itertools.islice(Published(LakePaths(home).published_db).all(), entries):
        record = entry.record
        words = " ".join(k.zh for k in record.keywords)
        # SQLite's own tokenizer knows no Chinese words: signs stand apart, as whoever makes such an index would do
        texts = [" ".join(text) for text in (record.title.zh, record.description.zh, words)]
        store.execute("insert into dataset values (?, ?, ?, ?)", (record.code, *texts))
    store.execute('create virtual table dataset_fts using fts5 (title, description, keywords, content="dataset")')
    store.execute("insert into dataset_fts (rowid, title, description, keywords) "
                  "select rowid, title, description, keywords from dataset")  # fmt: skip
    store.commit()
    store.close()


def _pairs() -> list[str]:
    return [f"{a} {b}" for a, b in itertools.permutations(WORDS, 2)]


def paths_of() -> dict[str, list[str]]:
    """Distinct searches of each kind; the peer's are a phrase search as its page makes it."""
    pairs = _pairs()
    search = "/api/3/action/package_search?"
    one = [(WORDS[n % len(WORDS)], n // len(WORDS) * 10) for n in range(600)]
    return {
        "CKAN package_search, one word, 5 facets": [
            search + urlencode({"q": w, "start": s, "rows": 10, "facet.field": FACETS}) for w, s in one
        ],
        "CKAN package_search, two words, 5 facets": [
            search + urlencode({"q": p, "rows": 10, "facet.field": FACETS}) for p in pairs
        ],
        "own API, one word, facets": ["/api/datasets?" + urlencode({"q": w, "offset": s, "limit": 10}) for w, s in one],
        "own API, two words, facets": ["/api/datasets?" + urlencode({"q": p, "limit": 10}) for p in pairs],
        "Datasette": [
            "/text/dataset.json?" + urlencode({"_search": " ".join(w), "_size": 10, "_shape": "array", "_v": s})
            for w, s in one
        ],
    }


def measure(
    folder: Path, datasette: Path, *, times: int, seconds: float, clients: int, say: Callable[[str], None]
) -> Searched:
    """All kinds at one client and at sixteen; ours by ``serve-data`` on a home of its own."""
    home = prepare(folder, say)
    text = folder / "text.db"
    full_text(text, home, PEER_ENTRIES)
    found = Searched(ENTRIES, PEER_ENTRIES)
    asked = paths_of()
    begin = time.monotonic()
    with servers.data_alone(home) as ours, servers.datasette(datasette, text) as peer:
        found.start_s = time.monotonic() - begin
        _check(ours, peer)
        for name, paths in asked.items():
            whom = peer if name == "Datasette" else ours
            found.ms[name] = median(one_by_one(whom, paths[: times + WARM])[WARM:]) * 1000
            rest = paths[times + WARM :]
            found.crowds[name] = crowd(whom, rest, clients=clients, seconds=seconds)
            say(f"  {name}: {found.ms[name]:.1f} ms, {found.crowds[name].rate:.0f}/s")
    return found


def _check(ours: Peer, peer: Peer) -> None:
    """Both find something, and ours counts facets."""
    found = json.loads(Wire(ours).get(paths_of()["CKAN package_search, one word, 5 facets"][0]))["result"]
    rows = json.loads(Wire(peer).get(paths_of()["Datasette"][0]))
    if not (found["count"] and len(found["search_facets"]) == 5 and rows):
        raise SystemExit("the searches find nothing")
