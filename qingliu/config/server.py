"""Starts the processes: the web server (pages and data API), or the data API alone, and the worker beside them."""

from __future__ import annotations

import ctypes
import http.client
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from qingliu.api.limits.tally import shared_memory
from qingliu.core.env import Settings

READY_S = 60.0
STOP_S = 20.0
PR_SET_PDEATHSIG = 1
# Many threads each hold what they once needed: two arenas of the C library for all of them, and for Arrow the one of its
# allocators that gives back what is free. Sixteen mixed clients held 1,060 MiB without, 690 with (CPU of a page: + 2 %).
FRUGAL = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "jemalloc"} if sys.platform == "linux" else {}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a person on this machine."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"


def free_port(host: str) -> int:
    """A port that nobody listens on at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def web_command(settings: Settings, at: Address, target: str, static: Path | None) -> list[str]:
    """The command line of the web server. No access log: addresses may carry the keys of old clients."""
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", at.host, "--port", str(at.port),
        "--workers", str(settings.web_workers), "--blocking-threads", str(settings.web_threads),
        "--http", "1", "--no-ws", "--no-access-log", "--log-level", "error", "--respawn-failed-workers",
        "--workers-kill-timeout", "10", "--http1-header-read-timeout", "10000",
    ]  # fmt: skip
    if static is not None:
        command += ["--static-path-route", "/static", "--static-path-mount", str(static)]
    return [*command, target]


def answers(at: Address, path: str) -> bool:
    """Whether the server answers ``path`` with anything but an error of its own."""
    everywhere = ipaddress.ip_address(at.host).is_unspecified if at.host[:1].isdigit() or ":" in at.host else False
    connection = http.client.HTTPConnection("localhost" if everywhere else at.host, at.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _end_with_parent() -> None:
    """Ask Linux to end this child when its parent dies, however it dies: a killed portal leaves no port taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Group:
    """Child processes that start and end together."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._stopping = False

    def start(self, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a child."""
        child = subprocess.Popen(command, env=env, preexec_fn=_end_with_parent)  # noqa: PLW1509 — no threads here
        self._children.append(child)
        return child

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask every child to end; used as a signal handler too."""
        self._stopping = True
        for child in self._children:
            if child.poll() is None:
                child.terminate()

    def wait(self) -> int:
        """Wait until a child ends or a signal came, then end the others; the exit code of the first that failed."""
        while not self._stopping and all(c.poll() is None for c in self._children):
            time.sleep(0.3)
        asked = self._stopping
        codes = [c.poll() for c in self._children]
        self.stop()
        until = time.monotonic() + STOP_S
        for child in self._children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        return 0 if asked else next((c for c in codes if c), 1)


def up(settings: Settings, *, port: int, worker: bool, own_address: bool = False) -> int:
    """Serve pages and data API, with the worker beside them, until told to stop. The address is printed last.

    ``own_address``: descriptions name the printed address where no public one is set. The worker keeps what is set.
    """
    at = Address(settings.host, port or free_port(settings.host))
    env = {**FRUGAL, **os.environ, "QINGLIU_HOME": str(settings.home), "PYTHONUNBUFFERED": "1", **_counters(settings)}
    group = Group()
    signal.signal(signal.SIGTERM, group.stop)
    signal.signal(signal.SIGINT, group.stop)
    if worker:
        group.start([sys.executable, "-m", "qingliu.config.cli", "work", "--parent", str(os.getpid())], env)
    if own_address and not settings.base_url:
        env = {**env, "QINGLIU_BASE_URL": at.url.rstrip("/")}
    web = group.start(web_command(settings, at, "qingliu.config.wsgi:application", settings.home / "static"), env)
    if _ready(web, at, "/"):
        print(f"清流已啟動（Ctrl+C 結束） Qingliu is up (Ctrl+C ends it): {at.url}", flush=True)
    return group.wait()


def serve_data(settings: Settings, *, port: int) -> int:
    """Serve the data API alone, without Django and its database, until told to stop."""
    at = Address(settings.host, port or free_port(settings.host))
    group = Group()
    signal.signal(signal.SIGTERM, group.stop)
    signal.signal(signal.SIGINT, group.stop)
    env = {**FRUGAL, **os.environ, "QINGLIU_HOME": str(settings.home), **_counters(settings)}
    web = group.start(web_command(settings, at, "qingliu.config.data:application", None), env)
    if _ready(web, at, "/api/datasets"):
        print(f"資料 API 已啟動 The data API is up: {at.url}api/datasets", flush=True)
    return group.wait()


def _counters(settings: Settings) -> dict[str, str]:
    """Memory in which the web processes count callers together; twice as many areas as processes, for those that follow."""
    path, _ = shared_memory(2 * settings.web_workers + 2)
    return {"QINGLIU_LIMITS_MEMORY": path}


def _ready(web: subprocess.Popen[bytes], at: Address, path: str) -> bool:
    until = time.monotonic() + READY_S
    while time.monotonic() < until and web.poll() is None:
        if answers(at, path):
            return True
        time.sleep(0.2)
    print("網站未能啟動，請看上方訊息。 The server did not start; see the messages above.", file=sys.stderr, flush=True)
    return False
