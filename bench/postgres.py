"""CKAN's datastore as its database sees it: PostgreSQL with the table that CKAN would make, asked what CKAN asks.

The cluster lies in the bench home, listens on loopback alone and is ended with the run. The statements are those that
``datastore_search`` (a page as JSON text, then its count), the dump (pages of 32,000 by ``_id``) and ``datastore_search_sql``
issue. No web server, no Python of CKAN's lies on top: this flatters the peer.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bench.client import BadAnswer, Crowd
from bench.questions import COLUMNS
from bench.table import TYPES

BINARIES = Path("/usr/lib/postgresql/15/bin")
CLIENT = Path(__file__).with_name("postgres_client.py")
USER, DATABASE = "postgres", "postgres"
KINDS = {"TIMESTAMP": "timestamp", "BIGINT": "integer", "VARCHAR": "text", "DOUBLE": "double precision"}
# For a machine of two cores and a few GiB; made for loading once and reading afterwards.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "fsync": "off",
    "unix_socket_directories": "",
}


def installed() -> bool:
    """Whether this machine has the server."""
    return (BINARIES / "postgres").exists()


def _as_owner(command: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run as the user postgres: the server refuses to run as root."""
    owner: dict[str, Any] = {}
    if os.getuid() == 0:
        known = pwd.getpwnam(USER)
        owner = {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": [], "cwd": "/"}
    return subprocess.run(command, check=True, capture_output=True, text=True, **owner, **more)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The server on ``folder``, made where it is missing; gives the address to connect to and ends it afterwards."""
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if os.getuid() == 0:
            shutil.chown(folder, USER, USER)
        _as_owner([str(BINARIES / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale", "C"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = " ".join(f"-c {name}={value!r}" for name, value in SETTINGS.items()) + f" -p {port}"
    control = str(BINARIES / "pg_ctl")
    _as_owner([control, "-D", str(data), "-l", str(folder / "log"), "-w", "-o", told, "start"])
    try:
        yield f"host=127.0.0.1 port={port} user={USER} dbname={DATABASE}"
    finally:
        _as_owner([control, "-D", str(data), "-m", "fast", "-w", "stop"])


class Asker:
    """A process of the peer's environment that holds the connections and takes the time."""

    def __init__(self, python: Path, address: str) -> None:
        command = [str(python), str(CLIENT), address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _call(self, **what: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BadAnswer("the client of PostgreSQL ended")
        told = json.loads(line)
        if "error" in told:
            raise BadAnswer(told["error"])
        return told["answer"]

    def run(self, *statements: str) -> None:
        """Run them, each on its own."""
        self._call(do="run", statements=statements)

    def load(self, path: Path, statement: str) -> None:
        """COPY … FROM STDIN out of a file."""
        self._call(do="load", path=str(path), statement=statement)

    def body(self, asked: dict[str, Any]) -> bytes:
        """The answer to one request."""
        text: str = self._call(do="body", asked=asked)
        return text.encode()

    def one_by_one(self, asked: list[dict[str, Any]]) -> list[float]:
        """Seconds of each."""
        took: list[float] = self._call(do="each", asked=asked)
        return took

    def crowd(self, asked: list[dict[str, Any]], *, clients: int, seconds: float) -> Crowd:
        """``clients`` connections at once, each with its own requests."""
        return Crowd(float(self._call(do="crowd", asked=asked, clients=clients, seconds=seconds)))

    def dump(self, where: str, *, seconds: float) -> float:
        """Rows a second of the dump of what ``where`` chooses, cut after so many seconds."""
        return float(self._call(do="dump", where=where, seconds=seconds))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def fill(asker: Asker, parquet: Path, folder: Path, say: Callable[[str], None]) -> None:
    """The table as the datastore would hold it, once: typed columns, ``_id``, an empty ``_full_text``, two fitting indexes."""
    done = folder / "filled"
    if done.exists():
        return
    say("filling PostgreSQL")
    columns = ", ".join(f'"{name}" {KINDS[kind]}' for name, kind in TYPES.items())
    asker.run("DROP TABLE IF EXISTS obs", f"CREATE TABLE obs (_id serial PRIMARY KEY, _full_text tsvector, {columns})")
    plain = folder / "load.csv"
    try:
        with duckdb.connect() as con:
            names = COLUMNS.replace("concentration", "nullif(concentration, -999)")
            con.execute(
                f"COPY (SELECT {names} FROM read_parquet(?)) TO '{plain}' (FORMAT csv, HEADER false)", [str(parquet)]
            )
        asker.load(plain, f"COPY obs ({COLUMNS}) FROM STDIN (FORMAT csv)")
    finally:
        plain.unlink(missing_ok=True)
    asker.run(
        "CREATE INDEX by_site ON obs (siteid, itemid, monitordate)",
        "CREATE INDEX by_item ON obs (itemid, monitordate)",
        "VACUUM (FREEZE, ANALYZE) obs",
    )
    done.touch()


@contextmanager
def ckan(folder: Path, parquet: Path, python: Path, say: Callable[[str], None]) -> Iterator[Asker | None]:
    """The filled datastore, ready to be asked; None where this machine has no server."""
    if not installed():
        say("PostgreSQL 15 is not installed: CKAN's datastore is left out")
        yield None
        return
    with cluster(folder) as address:
        asker = Asker(python, address)
        try:
            fill(asker, parquet, folder, say)
            yield asker
        finally:
            asker.close()
