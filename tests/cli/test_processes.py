"""The running portal: one command starts it, answers come, a second start is refused, it ends whole, and it can be restored."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline import town

ROOT = Path(__file__).resolve().parents[2]
QINGLIU = [sys.executable, "-W", "ignore", "-m", "qingliu.config.cli"]


def environment(home: Path) -> dict[str, str]:
    """The environment of a portal on ``home`` with one web process."""
    return {
        **os.environ,
        "QINGLIU_HOME": str(home),
        "QINGLIU_WEB_WORKERS": "1",
        "DJANGO_SETTINGS_MODULE": "qingliu.config.settings",
    }


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [*QINGLIU, *words], cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=120, check=False
    )


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of an address of the portal."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def started(home: Path, *words: str) -> tuple[subprocess.Popen[str], int]:
    """A portal that says its address, and its port."""
    process = subprocess.Popen(
        [*QINGLIU, *words, "--port", "0"], cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if found:
            return process, int(found.group(1))
    raise AssertionError("the portal said no address")


def ended(process: subprocess.Popen[str], number: int) -> int:
    """The exit code after a signal."""
    process.send_signal(number)
    code = process.wait(60)
    assert process.stdout
    process.stdout.close()
    return code


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one published dataset."""
    base = tmp_path_factory.mktemp("portal")
    (base / "TEST_A.yaml").write_text(town.definition(mode="snapshot"), encoding="utf-8")
    file = town.csv(base / "a.csv", town.rows(5))
    home = base / "home"
    assert run(home, "setup").returncode == 0
    assert run(home, "define", str(base / "TEST_A.yaml")).returncode == 0
    assert run(home, "publish", str(file), "--dataset", "TEST_A").returncode == 0
    return home


@pytest.fixture
def portal(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The portal running on it."""
    process, port = started(home, "up")
    yield process, port
    if process.poll() is None:
        ended(process, signal.SIGTERM)


def test_up_serves_pages_api_and_static_files_once_and_ends_whole(
    home: Path, portal: tuple[subprocess.Popen[str], int]
) -> None:
    process, port = portal
    for path in ("/", "/en/", "/dataset/detail/TEST_A", "/api/datasets", "/api/v2/test_a", "/static/web/qingliu.css"):
        assert get(port, path)[0] == 200, path
    second = run(home, "up", "--port", "0")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert ended(process, signal.SIGTERM) == 0
    with pytest.raises(OSError, match="refused"):
        get(port, "/")


def test_the_running_worker_publishes_what_a_command_hands_over(
    home: Path, portal: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    file = town.csv(tmp_path / "c.csv", town.rows(5, value=4))
    until = time.monotonic() + 60
    while not (home / "private" / "worker.sock").exists() and time.monotonic() < until:
        time.sleep(0.2)
    code = "import sys; from qingliu.config import cli; code = cli.main(sys.argv[1:]); "
    code += "sys.exit(99 if 'django' in sys.modules else code)"
    command = [sys.executable, "-c", code, "publish", "c.csv", "--dataset", "TEST_A", "--message", "handed"]
    done = subprocess.run(
        command, env=environment(home), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "已發布 published" in done.stdout
    assert done.stderr == ""
    assert {row["pm25"] for row in json.loads(get(portal[1], "/api/v2/test_a")[1])} == {"4"}
    again = subprocess.run([*command[:3], "publish", str(file), "--dataset", "TEST_A"], env=environment(home),
                           capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert (again.returncode, "沒有新版本" in again.stdout) == (0, True)


FORKED = """
import json, os, sys
import django
django.setup()
from qingliu.catalog import queries
from qingliu.config import cli, wiring, worker
from qingliu.config.commands import bilingual, data, demo, people, portal, privacy, quality, standards
wiring.connect()
if sys.argv[1] == "warm":
    worker.warm()
known, parsed = set(sys.modules), queries._parsed.cache_info().misses
code = cli.perform(["publish", sys.argv[2], "--dataset", "TEST_A"])
new = [m for m in sys.modules if m not in known]
print(json.dumps([code, new, queries._parsed.cache_info().misses - parsed]))
"""


def test_what_a_delivery_needs_is_loaded_before_the_worker_forks(home: Path, tmp_path: Path) -> None:
    """After ``warm`` a publication imports next to nothing and parses no definition; without, it does both."""
    found = {}
    for number, how in enumerate(("cold", "warm")):
        file = town.csv(tmp_path / f"{how}.csv", town.rows(5, value=40 + number))
        words = [sys.executable, "-W", "ignore", "-c", FORKED, how, str(file)]
        done = subprocess.run(
            words, cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        found[how] = json.loads(done.stdout.splitlines()[-1])
    assert found["cold"][0] == found["warm"][0] == 0
    assert "rich.table" in found["cold"][1]
    assert found["cold"][2] == 1
    assert set(found["warm"][1]) <= {"encodings.utf_8_sig", "pyiceberg.avro.decoder_fast"}  # a millisecond
    assert found["warm"][2] == 0


def test_a_lake_that_cannot_be_read_beforehand_does_not_keep_the_worker_from_starting(home: Path) -> None:
    code = "import django; django.setup()\nfrom qingliu.config import worker\nfrom unittest import mock\n"
    code += "worker.iceberg.load = mock.Mock(side_effect=ValueError('broken')); worker.warm(); print('goes on')"
    words = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(words, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "goes on\n")
    assert "ValueError: broken" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_processes_of_a_portal_give_memory_back(portal: tuple[subprocess.Popen[str], int], home: Path) -> None:
    """Two arenas and Arrow's frugal allocator in each process below ``up``."""
    wanted = {b"MALLOC_ARENA_MAX=2", b"ARROW_DEFAULT_MEMORY_POOL=jemalloc"}
    below = [
        set((Path("/proc") / child / "environ").read_bytes().split(b"\0"))
        for task in Path(f"/proc/{portal[0].pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    assert len(below) >= 2  # the worker, the web server
    assert all(wanted <= one for one in below)
    code = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    env = environment(home) | {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("jemalloc\n", "")


def alive(home: Path) -> list[str]:
    """The command lines of processes that work on a home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"QINGLIU_HOME={home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if line]


def test_a_killed_portal_leaves_no_process_that_holds_the_port_or_the_home(
    portal: tuple[subprocess.Popen[str], int], home: Path
) -> None:
    process, port = portal
    ended(process, signal.SIGKILL)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            get(port, "/")
        except OSError:
            break
        time.sleep(0.3)
    else:
        raise AssertionError("somebody still answers")
    while left := alive(home):  # the next test takes a database away, which nobody may have open
        assert time.monotonic() < until, left
        time.sleep(0.3)


def test_the_data_api_answers_without_django_and_its_database(home: Path) -> None:
    aside = home / "aside"
    aside.mkdir()
    # with what a killed process left in its log: a database apart from its -wal and -shm is another database
    taken = [file.rename(aside / file.name) for file in sorted(home.glob("django.sqlite3*"))]
    assert taken
    try:
        process, port = started(home, "serve-data")
        status, body = get(port, "/api/v2/test_a")
        ended(process, signal.SIGTERM)
        assert not list(home.glob("django.sqlite3*"))
    finally:
        for file in taken:
            file.rename(home / file.name)
        aside.rmdir()
    assert (status, len(json.loads(body))) == (200, 5)
    code = "import sys, qingliu.config.data; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(home), check=False).returncode == 0
