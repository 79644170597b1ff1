"""A portal really served on the real files, and the Python of clients that others wrote.

``QINGLIU_CLIENTS_VENV`` names their venv (default ``.venv-clients``, made from requirements.lock beside this file);
``QINGLIU_CLIENTS_HOME`` a home filled before, which saves filling one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QINGLIU = [sys.executable, "-W", "ignore", "-m", "qingliu.config.cli"]


@dataclass(frozen=True)
class Served:
    """A running portal: its address and its home."""

    url: str
    home: Path


def environment(home: Path) -> dict[str, str]:
    """The environment of a portal's commands."""
    return {
        **os.environ,
        "QINGLIU_HOME": str(home),
        "QINGLIU_WEB_WORKERS": "1",
        "QINGLIU_SECOND_FACTOR": "optional",
        "DJANGO_SETTINGS_MODULE": "qingliu.config.settings",
    }


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder of the clients' programs; skips where their venv is not made."""
    venv = ROOT / os.environ.get("QINGLIU_CLIENTS_VENV", ".venv-clients")
    if not (venv / "bin" / "python").exists():
        pytest.skip(f"the clients' venv is absent: make one from tests/clients/requirements.lock (looked at {venv})")
    return venv / "bin"


@pytest.fixture(scope="session")
def filled(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the real files published."""
    given = os.environ.get("QINGLIU_CLIENTS_HOME")
    if given:
        return Path(given)
    home = tmp_path_factory.mktemp("clients") / "home"
    for words in (["setup"], ["demo", "--real", str(real_data)]):
        done = subprocess.run(
            [*QINGLIU, *words],
            cwd=ROOT,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return home


@pytest.fixture(scope="session")
def served(filled: Path) -> Iterator[Served]:
    """The portal, served until the tests are over."""
    command = [*QINGLIU, "up", "--no-worker", "--own-address", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(filled), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = next((m for line in process.stdout if (m := re.search(r"http://127\.0\.0\.1:\d+", line))), None)
        assert found, "the portal said no address"
        yield Served(found.group(0), filled)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
