"""The shapes that clients build upon, kept as files: a change in one is a decision, not an accident.

To accept a change on purpose, delete the file and run the test: it writes the new shape and fails once.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.portal import Portal

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "landing": ("/api", ""),
    "datasets": ("/api/datasets", "lang=en&limit=2"),
    "dataset": ("/api/datasets/air_now", ""),
    "rows": ("/api/datasets/AIR_H/rows", "limit=2&include_flags=true"),
    "geojson": ("/api/datasets/AIR_NOW/rows", "f=geojson&siteid=3"),
    "latest": ("/api/datasets/AIR_H/latest", "siteid=3"),
    "changes": ("/api/datasets/AIR_H/changes", "since=1&limit=1"),
    "series": ("/api/datasets/AIR_H/series", "aggregate=count(*),avg(aqi),max(pm2.5)&bucket=1d&groupby=county"),
    "versions": ("/api/datasets/AIR_H/versions", ""),
    "manifest": ("/api/datasets/AIR_H/versions/2", ""),
    "problem": ("/api/datasets/AIR_H/rows", "properties=pm25"),
    "moenv_bare": ("/api/v2/air_now", "filters=siteid,EQ,3"),
    "moenv_envelope": ("/api/v2/air_now", "filters=siteid,EQ,3&profile=envelope&language=en"),
    "moenv_error": ("/api/v2/air_now", "filters=nix,EQ,3"),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


def steady(value: Any, key: str = "") -> Any:
    """The answer without what differs between runs: digests, cursors, names and sizes of files."""
    if isinstance(value, dict):
        return {k: steady(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [steady(v) for v in value]
    if isinstance(value, str):
        value = re.sub(r"cursor=[\w-]+", "cursor=…", _DIGEST.sub("…", value))
        return re.sub(r"[\w.-]+\.parquet", "….parquet", value)
    return 0 if key == "bytes" else value


@pytest.mark.parametrize("name", CASES)
def test_answers_keep_their_shape(portal: Portal, name: str) -> None:
    path, query = CASES[name]
    shown = json.dumps(steady(json.loads(portal.get(path, query).content)), ensure_ascii=False, indent=1) + "\n"
    file = GOLDEN / f"{name}.json"
    if not file.exists():
        file.write_text(shown, encoding="utf-8")
        pytest.fail(f"wrote {file.name}: read it, then run again")
    assert shown == file.read_text(encoding="utf-8")
