"""The README's dataset in five minutes, done as written: its files, its commands, its address."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from falcon import testing

from qingliu.config.data_api import make_data_api
from qingliu.core import env
from tests.house.tree import ROOT, read, tracked


def blocks(page: str) -> list[tuple[str, str, str]]:
    """(language, name, text) of each fenced block of a page."""
    return re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```", read(page), re.M | re.S)


def run(line: str, where: Path, home: Path) -> str:
    """A command of the README with this environment's ``qingliu``."""
    words = line.split()
    words[0] = str(Path(sys.executable).with_name(words[0]))
    told = {**os.environ, "QINGLIU_HOME": str(home)}
    done = subprocess.run(words, cwd=where, env=told, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def five_minutes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder and a home after the README's commands."""
    where = tmp_path_factory.mktemp("readme")
    home = where / "home"
    for language, name, text in blocks("README.md"):
        if name:
            (where / name).write_text(text, encoding="utf-8")
        if language == "sh":
            for line in text.strip().splitlines():
                run(line, where, home)
    return where, home


def client(home: Path) -> testing.TestClient:
    """The data API on that home."""
    return testing.TestClient(make_data_api(env.load({"QINGLIU_HOME": str(home)})))


def test_dataset_of_the_readme_is_served_as_the_readme_says(five_minutes: tuple[Path, Path]) -> None:
    _, home = five_minutes
    address = re.search(r"^    (/api/datasets/community_rain/rows\S*)$", read("README.md"), re.M)
    assert address
    answer = client(home).simulate_get(address.group(1).split("?")[0], query_string=address.group(1).split("?")[1])
    assert answer.status_code == 200
    assert answer.json["numberMatched"] == 2
    everything = client(home).simulate_get("/api/datasets/community_rain/rows", query_string="include_flags=true").json
    values = [
        (r["station"], r["rain"], r["temperature"], r["_flags"])
        for r in sorted(everything["rows"], key=lambda r: (r["station"], r["time"]))
    ]
    assert values == [
        ("基隆", None, 16.0, {"rain": "no_data"}),
        ("基隆", 0.5, None, {"temperature": "quarantined"}),
        ("陽明山", 0.0, 14.2, {"rain": "no_rain"}),
        ("陽明山", 2.5, 13.9, {}),
    ]
    assert everything["rows"][0]["time"].startswith("2026-03-01T")


def test_adding_a_dataset_touches_one_file(five_minutes: tuple[Path, Path]) -> None:
    where, home = five_minutes
    written = {name for _, name, _ in blocks("README.md") if name}
    assert written == {"rain.csv", "COMMUNITY_RAIN.yaml"}
    assert {p.name for p in where.iterdir() if p != home} == written
    assert not [p for p in tracked() if "COMMUNITY_RAIN" in read(p) and p.startswith("qingliu/")]


def test_same_file_again_makes_no_version_and_one_changed_row_makes_one_change(five_minutes: tuple[Path, Path]) -> None:
    where, home = five_minutes
    publish = "qingliu publish rain.csv --dataset COMMUNITY_RAIN"
    run(publish, where, home)
    assert client(home).simulate_get("/api/datasets/COMMUNITY_RAIN/versions").json["numberMatched"] == 1
    source = where / "rain.csv"
    source.write_text(source.read_text(encoding="utf-8").replace("1六.1", "16.1"), encoding="utf-8")
    run(publish, where, home)
    changed = client(home).simulate_get("/api/datasets/COMMUNITY_RAIN/changes", query_string="since=1").json
    assert [(r["station"], r["temperature"]) for r in changed["rows"]] == [("基隆", 16.1)]


def test_every_command_of_the_makefile_that_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    named = {
        t
        for p in tracked()
        if p.endswith(".md")
        for t in re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`]+`|^    .*$", read(p), re.M)))
    }
    assert named
    assert named <= targets
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
