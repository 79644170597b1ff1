"""A served data API in processes of its own, over a made table that is larger than any buffer between it and a reader."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bench.client import Peer
from qingliu.config.server import free_port
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.api.portal import HOURLY, build, publish

BIG = "/api/datasets/WIDE_H/rows?f=csv"
STATIONS, HOURS = 20, 20_000


def build_home(home: Path) -> LakePaths:
    """The small portal of the API's tests, and WIDE_H with 400,000 rows (about 27 MB as CSV)."""
    from dataclasses import replace

    build(home).engine.close()
    paths = LakePaths(home)
    record = replace(HOURLY, code="WIDE_H")
    start = datetime(2020, 1, 1)

    def rows() -> Iterator[list[str]]:
        for s in range(STATIONS):
            for h in range(HOURS):
                at = (start + timedelta(hours=h)).strftime("%Y-%m-%d %H:%M")
                yield [str(s), f"測站{s}", "臺北市", str(h % 180), str(h % 50), "NR", "平常", at, "121", "24"]

    version = publish(paths, record, rows(), None)
    with PublishedWriter(paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(record, kind="table", current=1, status="published", updated_at="2026-11-22T00:00:00.000Z")
    return paths


@dataclass
class Server:
    """A served portal: where it listens, the process that leads it, and what it logged."""

    peer: Peer
    process: subprocess.Popen[bytes]
    log: Path
    paths: LakePaths

    def logged(self) -> str:
        """Everything it has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def processes(self) -> list[int]:
        """It and all its children."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def memory_mib(self) -> float:
        """Memory that all its processes hold together (PSS: a page that several of them share is counted once)."""
        held = 0
        for pid in self.processes():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            held += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return held / 1024


def serve(paths: LakePaths, log: Path, **settings: str) -> Server:
    """Start ``qingliu serve-data`` over a home and wait until it answers."""
    port = free_port("127.0.0.1")
    env = {k: v for k, v in os.environ.items() if not k.startswith("QINGLIU_")} | settings
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "qingliu.config.cli", "serve-data", "--port", str(port)],
            env={**env, "QINGLIU_HOME": str(paths.home), "PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    server = Server(Peer("127.0.0.1", port), process, log, paths)
    until = time.monotonic() + 90
    while "data API is up" not in server.logged():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(server.logged())
        time.sleep(0.2)
    return server


def stop(server: Server) -> None:
    """End it and everything it started."""
    server.process.terminate()
    server.process.wait(30)


def open_socket(server: Server, *, receive_bytes: int = 0) -> socket.socket:
    """A connection; with ``receive_bytes`` its kernel takes no more than that ahead of the reader."""
    made = socket.socket()
    if receive_bytes:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    made.settimeout(60)
    made.connect((server.peer.host, server.peer.port))
    return made


def ask(
    server: Server, path: str, *, headers: str = "", method: str = "GET", body: bytes = b""
) -> tuple[int, str, bytes]:
    """Status, head and body of one request on a connection of its own."""
    with open_socket(server) as wire:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{length}{headers}\r\n"
        wire.sendall(head.encode() + body)
        data = b""
        while piece := wire.recv(1 << 20):
            data += piece
    top, _, rest = data.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), top.decode("latin-1"), rest
