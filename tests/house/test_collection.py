"""Cases are named the same in every process: runs on several cores refuse to start where they are not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COLLECT = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "-q", "--collect-only", "tests"]


@pytest.mark.long
def test_cases_are_named_alike_whatever_the_hash_seed_and_the_hour() -> None:
    """Sets in names, and bytes that hold a clock, differ from process to process."""
    found = []
    for seed in ("1", "2"):
        process = subprocess.run(
            COLLECT, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        found.append([line for line in process.stdout.splitlines() if "::" in line])
        time.sleep(2.1)  # longer than the two seconds in which an archive counts time
    assert len(found[0]) > 3000
    assert found[0] == found[1]
