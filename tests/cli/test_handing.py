"""Commands that the running worker carries out: what goes over, what comes back, and when a command runs by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALONE = 77
WORKER = """
import os, sys, time
from qingliu.config import handing
from qingliu.core import env

def perform(argv):
    if argv[0] == "run":
        print(os.getpid(), flush=True)
        time.sleep(60)
    if argv[0] == "correct":
        raise RuntimeError("broke")
    print(argv[1:], os.getcwd(), os.environ.get("MARK"), "清流", os.getppid())
    print("said aside", file=sys.stderr)
    return 3

door = handing.Door(env.load(), perform, lambda: None)
print("open", flush=True)
while os.getppid() == int(sys.argv[1]):
    door.wait(0.1)
door.close()
"""
COMMAND = f"""
import sys
from qingliu.config import handing
from qingliu.core import env
code = handing.hand_over(env.load(), sys.argv[1:])
sys.exit({ALONE} if code is None else code)
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "QINGLIU_HOME": str(home), "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose path is longer than the address of a socket may be."""
    made = tmp_path / ("long" * 25) / "home"
    (made / "private").mkdir(parents=True)
    return made


@pytest.fixture(params=["a file", "nowhere"])
def worker(home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A worker whose own log goes to a file, or nowhere."""
    command = [sys.executable, "-c", WORKER, str(os.getpid())]
    with (tmp_path / "log").open("w") as log:
        aside = log if request.param == "a file" else subprocess.DEVNULL
        process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=aside, text=True)
    assert process.stdout
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def handed(home: Path, *argv: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *argv], env=environment(home, **more), cwd=cwd, capture_output=True, text=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def test_the_worker_is_the_command_with_its_folder_environment_output_and_exit_code(
    home: Path, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    done = handed(home, "publish", "a.csv", cwd=tmp_path, MARK="mine")
    assert (done.returncode, done.stderr) == (3, "said aside\n")
    assert done.stdout == f"['a.csv'] {tmp_path} mine 清流 {worker.pid}\n"


@pytest.mark.parametrize(
    ("argv", "more"), [(("publish",), {"QINGLIU_DEADLINE_S": "7"}), (("setup",), {}), (("verify", "A"), {})]
)
def test_a_command_of_other_settings_or_that_does_not_work_on_runs_is_not_taken(
    home: Path, worker: subprocess.Popen[str], argv: tuple[str, ...], more: dict[str, str]
) -> None:
    assert handed(home, *argv, cwd=ROOT, **more).returncode == ALONE


def test_a_command_runs_by_itself_where_no_worker_listens(home: Path, worker: subprocess.Popen[str]) -> None:
    assert handed(home, "publish").returncode == 3
    worker.kill()  # its socket stays behind
    worker.wait()
    assert (home / "private" / "worker.sock").exists()
    assert handed(home, "publish").returncode == ALONE
    assert handed(home.parent / "none", "publish").returncode == ALONE


def test_the_socket_is_the_owners_alone(home: Path, worker: subprocess.Popen[str]) -> None:
    assert (home / "private" / "worker.sock").stat().st_mode & 0o777 == 0o600


def test_whatever_a_command_raises_is_shown_and_fails_it(home: Path, worker: subprocess.Popen[str]) -> None:
    done = handed(home, "correct")
    assert done.returncode == 1
    assert "RuntimeError: broke" in done.stderr
    assert handed(home, "publish").returncode == 3  # the worker goes on


def _begun(home: Path) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-c", COMMAND, "run", "A"]
    process = subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def _gone(process: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_who_ends_the_command_ends_what_was_handed_over(
    home: Path, worker: subprocess.Popen[str], number: signal.Signals, code: int
) -> None:
    process, child = _begun(home)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode in {code, -number}  # an interrupted Python ends as if by the signal
    assert _gone(child)


def test_a_child_that_is_killed_fails_its_command_and_is_not_done_twice(
    home: Path, worker: subprocess.Popen[str]
) -> None:
    process, child = _begun(home)
    os.kill(child, signal.SIGKILL)
    said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "qingliu runs" in said[1]
    assert said[0] == ""
    assert worker.poll() is None
