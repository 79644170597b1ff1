"""A portal is backed up and brought back by commands, as an office would, on a home of its own."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.cli.test_processes import ended, environment, get, home, run, started  # noqa: F401
from tests.pipeline import town


def test_a_backup_is_restored_with_one_command_and_never_over_a_running_portal(
    home: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    assert run(home, "backup", str(copy)).returncode == 0
    file = town.csv(tmp_path / "b.csv", town.rows(5, value=9))
    assert run(home, "publish", str(file), "--dataset", "TEST_A").returncode == 0
    process, port = started(home, "up", "--no-worker")
    refused = run(home, "restore", str(copy))
    assert refused.returncode == 1
    assert "平臺仍在執行" in refused.stderr
    assert b"9" in get(port, "/api/v2/test_a?limit=1")[1]
    ended(process, signal.SIGTERM)
    done = run(home, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert run(home, "verify").returncode == 0
    process, port = started(home, "up", "--no-worker")
    rows = json.loads(get(port, "/api/v2/test_a")[1])
    ended(process, signal.SIGTERM)
    assert {row["pm25"] for row in rows} == {"1"}
    again = run(home, "publish", str(file), "--dataset", "TEST_A")
    assert "→ v2" in again.stdout
