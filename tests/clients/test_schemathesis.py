"""Schemathesis, unmodified, against every OpenAPI document of a served portal: no crash, nothing undocumented.

st run openapi.json --url URL --phases examples,coverage,fuzzing,stateful

``QINGLIU_SCHEMATHESIS_S`` says how many seconds all documents get together (default 600), ``QINGLIU_SCHEMATHESIS_SEED``
repeats a run. It asks from this machine, whose plan is ``local``: no quota ends it, and answers are kept as for anybody.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
SECONDS = int(os.environ.get("QINGLIU_SCHEMATHESIS_S", "600"))
# address of the document, where its paths begin, its share of the time: the whole, OGC's own, tables and a view with odd columns
DOCUMENTS = {
    "whole": ("/api/openapi.json", "", 0.40),
    "ogc": ("/api/ogc/api", "/api/ogc", 0.20),
    "table": ("/api/datasets/AQX_P_488/openapi.json", "", 0.16),
    "view": ("/api/datasets/AQX_P_432/openapi.json", "", 0.08),
    "places": ("/api/datasets/SOIL_SITES/openapi.json", "", 0.08),
    "penalties": ("/api/datasets/PRTR_PENALTIES/openapi.json", "", 0.08),
}


def run(clients: Path, served: Served, name: str, folder: Path) -> dict[str, Any]:
    """What schemathesis tells of a document. It reads a file: what it reads from an address it would not ask again."""
    path, begin, share = DOCUMENTS[name]
    document, report = folder / "openapi.json", folder / f"{name}.json"
    with urlopen(served.url + path) as answer:
        document.write_bytes(answer.read())
    seed = os.environ.get("QINGLIU_SCHEMATHESIS_SEED")
    words = [
        str(clients / "schemathesis"), "run", str(document), "--url", served.url + begin, "--no-color", "--workers", "1",
        "--phases", "examples,coverage,fuzzing,stateful", "--checks", ",".join(CHECKS), "--continue-on-failure",
        "--max-time", str(max(5, round(SECONDS * share))), "--generation-database", "none", "--request-timeout", "60",
        "--suppress-health-check", "all", "--report", "json", "--report-json-path", str(report),
        *(("--seed", seed) if seed else ()),
    ]  # fmt: skip
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS + 300, check=False)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    found["said"] = done.stdout
    return found


def reached(found: dict[str, Any]) -> set[str]:
    """The operations that answered a question of its phases well at least once."""
    rates = found["valid_rates"]
    return {name for name, phases in rates.items() if any(p.get("accepted") for p in phases.values())}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_crashes_and_nothing_is_undocumented(clients: Path, served: Served, tmp_path: Path, name: str) -> None:
    found = run(clients, served, name, tmp_path)
    described = json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))
    cases, operations = found["test_cases"], found["operations"]
    print({told: found[told] for told in ("operations", "test_cases", "running_time", "warnings")})
    print(f"{name}: {operations['tested']} operations, {cases['generated']} requests, seed {found['seed']}")
    assert operations["total"] == sum(len(item) for item in described["paths"].values())
    assert operations["tested"] == operations["total"]
    assert cases["generated"] > 20 * operations["total"]
    assert not found["failures"], found["said"][-8000:]
    assert cases["unique_failures"] == 0
    assert not found["errors"], found["said"][-8000:]
    assert len(reached(found)) > operations["total"] * 0.8, sorted(set(found["valid_rates"]) - reached(found))
    assert {p["status"] for p in found["phases"].values()} <= {"success", "skip"}
    with urlopen(served.url + "/api/health") as answer:  # and it still stands
        assert json.load(answer) == {"status": "pass"}
