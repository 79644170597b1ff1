"""Nothing of the machine that made a commit stays in it: no home, no checkout path, no package registry."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT, read, tracked

# Written in pieces, so that this file may be looked through too.
REGISTRIES = re.compile("|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs")))
TEXT_ENDINGS = (
    ".py",
    ".md",
    ".toml",
    ".lock",
    ".in",
    ".txt",
    ".json",
    ".yaml",
    ".html",
    ".css",
    ".js",
    ".svg",
    ".po",
    "run",
)


def machine_words() -> set[str]:
    """Places that only this machine knows: checkout, home, and whatever pip is told here."""
    words = {ROOT.as_posix() + "/", Path.home().as_posix() + "/", sys.base_prefix + "/"}
    told = [
        v for k, v in os.environ.items() if re.match(r"(PIP|UV|NPM_CONFIG)_.*(URL|INDEX|LINKS|REGISTRY|HOST)", k, re.I)
    ]
    config = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    told += re.findall(r"='([^']*)'", "\n".join(x for x in config.splitlines() if re.search("index|links|host", x)))
    for value in told:
        words |= {w for w in re.split(r"[\s,]+|\\n", value) if len(w) > 6}
        words |= set(re.findall(r"://(?:[^@/]*@)?([^/:\s]+\.[^/:\s]+)", value))
    return {w for w in words if w not in {"/", "//"} and len(w) > 5}


def texts() -> list[tuple[str, str]]:
    """Every tracked text file and what it says."""
    return [(p, read(p)) for p in tracked() if p.endswith(TEXT_ENDINGS) or p == "Makefile"]


def test_no_tracked_file_names_this_machine() -> None:
    words = machine_words()
    assert words
    found = [f"{path}: {word}" for path, text in texts() for word in words if word in text]
    assert not found, found


def test_no_tracked_file_names_a_package_registry() -> None:
    found = [f"{path}: {m.group()}" for path, text in texts() for m in REGISTRIES.finditer(text)]
    assert not found, found
