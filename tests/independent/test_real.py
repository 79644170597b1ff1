"""The whole way on the real files: `qingliu demo --real`, a running portal, and readers that share none of its code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATA = Path(os.environ.get("QINGLIU_REAL_DATA", ROOT.parent / "shared" / "data"))

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are absent (set QINGLIU_REAL_DATA)"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home filled with the real files."""
    folder = tmp_path_factory.mktemp("real")
    env = os.environ | {"QINGLIU_HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "qingliu.config.cli", "demo", "--real", str(DATA)],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def base(home: Path) -> Iterator[str]:
    """The address of a portal that serves it."""
    env = os.environ | {"QINGLIU_HOME": str(home)}
    log = (home / "up.log").open("w+")
    portal = subprocess.Popen(
        [sys.executable, "-m", "qingliu.config.cli", "up", "--port", "0"], env=env, cwd=ROOT, stdout=log, stderr=log
    )
    try:
        yield _address(portal, Path(log.name))
    finally:
        portal.terminate()
        portal.wait(30)
        log.close()


def _address(portal: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(240):
        found = re.search(r"http://[\w.:\[\]]+/", log.read_text("utf-8"))
        if found:
            try:
                with urllib.request.urlopen(found.group() + "api/health", timeout=5):
                    return found.group().rstrip("/")
            except urllib.error.URLError:
                pass
        assert portal.poll() is None, log.read_text("utf-8")
        time.sleep(0.5)
    raise AssertionError("the portal does not answer: " + log.read_text("utf-8"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / script), *arguments], capture_output=True, text=True, timeout=1800
    )


def test_every_real_file_is_served_to_the_last_cell_in_every_format(base: str) -> None:
    done = run("confirm.py", "--base", base, "--data", str(DATA))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AQX_P_488: 191,031 rows in the files" in done.stdout
    assert "AQX_RENWU_H: 1,620,216 rows in the files" in done.stdout
    assert done.stdout.rstrip().endswith("all equal")


def test_old_clients_go_on_working(base: str) -> None:
    done = run("old_clients.py", "--base", base, "--data", str(DATA))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_foreign_reader_reads_the_tables(home: Path) -> None:
    python = os.environ.get("QINGLIU_FOREIGN_PYTHON", sys.executable)
    done = subprocess.run(
        [python, str(HERE / "iceberg.py"), "--lake", str(home / "lake"), "--data", str(DATA)],
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    if done.returncode == 2:
        pytest.skip(
            "no foreign reader of Iceberg is installed (see iceberg.py; QINGLIU_FOREIGN_PYTHON names its Python)"
        )
    assert done.returncode == 0, done.stdout + done.stderr
