"""The test's side of the driver: processes that can be killed, without paying for a new interpreter each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Crew:
    """A driver on one home. Use as a context manager."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        env = {**os.environ, "QINGLIU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "qingliu.config.settings"}
        command = [sys.executable, "-W", "ignore", "-m", "tests.pipeline.driver"]
        pipe = subprocess.PIPE
        self._driver = subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.close()
        self._driver.wait(30)
        self._driver.stdout.close()

    def together(self, *steps: list[str]) -> list[dict[str, Any]]:
        """Run the steps at the same moment; each answer has its ``signal`` and ``result``."""
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.write(json.dumps(steps) + "\n")
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        assert line, f"the driver itself ended: {self._driver.wait(10)}"
        told: list[dict[str, Any]] = json.loads(line)
        return told

    def do(self, *words: str) -> Any:
        """Run one step that must end well; its result."""
        (told,) = self.together(list(words))
        assert told["signal"] == 0, told
        if isinstance(told["result"], dict) and "error" in told["result"]:
            raise AssertionError(told["result"]["error"])
        return told["result"]

    def killed(self, *words: str) -> bool:
        """Run one step that should die; whether it died by signal 9."""
        (told,) = self.together(list(words))
        return bool(told["signal"] == 9)

    def keep(self) -> None:
        """Remember the home as it is now."""
        shutil.copytree(self.home, self.home.with_name("kept"))

    def back(self) -> None:
        """Put the home back to what was kept."""
        shutil.rmtree(self.home)
        shutil.copytree(self.home.with_name("kept"), self.home)
