"""The whole table as CSV: rows a second of ours, of Datasette's streamed export and of CKAN's dump."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.client import Peer, Wire
from bench.postgres import Asker
from bench.questions import CODE, ROWS


@dataclass(frozen=True, slots=True)
class Flow:
    """Rows a second; whether the answer was read to its end."""

    name: str
    rows: int
    seconds: float
    whole: bool

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def flow(name: str, peer: Peer, path: str, *, seconds: float) -> Flow:
    """Read the answer for so many seconds at most, or to its end. Rows are counted by bytes of the part that was read."""
    wire = Wire(peer)
    begin = time.perf_counter()
    lines, _, ended = wire.drain(path, seconds)
    took = time.perf_counter() - begin
    wire.close()
    return Flow(name, lines, took, ended)


def measure(ours: Peer, datasette: Peer, datastore: Asker | None, *, rows: int, seconds: float) -> list[Flow]:
    """Ours to the end, through two dialects; the peers as far as they come in ``seconds``."""
    flows = []
    for name, path in (("own API", f"{ROWS}?f=csv"), ("/datastore/dump", f"/datastore/dump/{CODE}")):
        found = flow(name, ours, path, seconds=300)
        if not found.whole or found.rows < rows:
            raise SystemExit(f"{name}: {found.rows} lines of {rows} rows, ended: {found.whole}")
        flows.append(Flow(name, rows, found.seconds, True))
    flows.append(flow("Datasette, `_stream=on`", datasette, "/peer/obs.csv?_stream=on&_size=max", seconds=seconds))
    if datastore is not None:
        rate = datastore.dump("true", seconds=seconds)
        flows.append(Flow("CKAN's dump, by key", int(rate * seconds), seconds, False))
    return flows
