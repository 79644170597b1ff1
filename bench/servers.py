"""The servers that are asked: the portal by its ordinary command, the peer, and the bare engine in this process."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bench.client import BadAnswer, Peer, Wire
from bench.publish import environment
from bench.questions import CODE, Asked
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published

PEER_SETTINGS = {"sql_time_limit_ms": 600_000, "max_returned_rows": 200_000, "max_csv_mb": 0, "num_sql_threads": 3}


def _ended(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def portal(home: Path) -> Iterator[tuple[Peer, int]]:
    """``qingliu up --port 0`` on that home: the address it prints, and its process."""
    command = [str(Path(sys.executable).with_name("qingliu")), "up", "--port", "0"]
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        for line in process.stdout:
            found = re.search(r"http://([\d.]+):(\d+)/", line)
            if found:
                yield Peer(found.group(1), int(found.group(2))), process.pid
                break
        else:
            raise BadAnswer("the portal did not start")
    finally:
        _ended(process)


@contextmanager
def data_alone(home: Path) -> Iterator[Peer]:
    """``qingliu serve-data`` on that home; however long its first look at the catalogue takes, it is waited for."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("qingliu")), "serve-data", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, text=True)
    peer = Peer("127.0.0.1", port)
    try:
        for _ in range(8):  # fresh connections, so that every process of the server has looked
            _wait(peer, "/api/datasets?limit=1", process)
        yield peer
    finally:
        _ended(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def datasette(binary: Path, database: Path) -> Iterator[Peer]:
    """Datasette on the SQLite file, its caps raised so far that it answers every question."""
    port = _free_port()
    command = [str(binary), "serve", "-i", str(database), "--host", "127.0.0.1", "--port", str(port)]
    for name, value in PEER_SETTINGS.items():
        command += ["--setting", name, str(value)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    peer = Peer("127.0.0.1", port)
    try:
        _wait(peer, "/-/versions.json", process)
        yield peer
    finally:
        _ended(process)


def _wait(peer: Peer, path: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        try:
            Wire(peer).get(path)
            return
        except (OSError, BadAnswer):
            time.sleep(0.5)
    raise BadAnswer(f"nothing answers at {peer}")


class BareEngine:
    """DuckDB in this process on the very files that the portal serves; output as bytes in memory."""

    def __init__(self, home: Path, folder: Path, threads: int, code: str = CODE) -> None:
        paths = LakePaths(home)
        version = Published(paths.published_db).get(code).current
        assert version
        files = ", ".join(f"'{paths.resolve(f.path)}'" for f in version.files)
        names = ", ".join(f'"{c.physical}" AS "{c.name}"' for c in version.columns)
        self.files = len(version.files)
        self._out = folder / "engine-out"
        self._con = duckdb.connect(config={"threads": threads, "memory_limit": "1GB"})
        self._con.execute("SET parquet_metadata_cache = true")
        self._con.execute(f"CREATE VIEW t AS SELECT {names} FROM read_parquet([{files}])")

    def ask(self, asked: Asked) -> bytes:
        """The answer's bytes, made by the engine's own COPY."""
        form = "(FORMAT csv, HEADER)" if asked.form == "csv" else "(FORMAT json, ARRAY true)"
        self._con.execute(f"COPY ({asked.sql}) TO '{self._out}' {form}")
        return self._out.read_bytes()

    def timed(self, asked: list[Asked]) -> list[float]:
        """Seconds of each."""
        took = []
        for one in asked:
            begin = time.perf_counter()
            self.ask(one)
            took.append(time.perf_counter() - begin)
        return took


def next_path(wire: Wire, peer: Peer, path: str) -> str:
    """Where the ``next`` link of that page leads, without its host."""
    links = json.loads(wire.get(path))["links"]
    href: str = next(one["href"] for one in links if one["rel"] == "next")
    return href.removeprefix(f"http://{peer.host}:{peer.port}")


def etag(peer: Peer, path: str) -> str:
    """The ETag of an answer."""
    connection = http.client.HTTPConnection(peer.host, peer.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.getheader("ETag") or ""
