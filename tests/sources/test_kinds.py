"""Each kind that a definition may declare has its source, and each option its line in the reference."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

from qingliu.pipeline import sources

ROOT = Path(__file__).parents[2]


def test_every_kind_of_the_definition_schema_can_be_fetched() -> None:
    schema = json.loads(resources.files("qingliu.standards").joinpath("definition.schema.json").read_text("utf-8"))
    assert set(schema["properties"]["source"]["properties"]["kind"]["enum"]) == set(sources.KINDS)
    assert set(sources.OPTIONS) == set(sources.KINDS)


def test_every_option_that_the_code_asks_for_is_declared() -> None:
    asked: set[str] = set()
    for path in (ROOT / "qingliu" / "pipeline" / "sources").glob("*.py"):
        text = path.read_text("utf-8")
        for pair in re.findall(r"""\.option\(\s*["'](\w+)["']|(?:wanted|number)\([\w.]+,\s*["'](\w+)["']""", text):
            asked |= set(pair) - {""}
    declared = {name for names in sources.OPTIONS.values() for name in names}
    assert len(asked) > 12
    assert asked <= declared


def test_every_kind_and_option_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference" / "sources.md").read_text("utf-8")
    for kind, names in sources.OPTIONS.items():
        section = text.partition(f"## `{kind}`")[2].partition("\n## ")[0]
        assert section, f"{kind} has no section"
        absent = [name for name in names if f"`{name}`" not in section]
        assert not absent, f"{kind}: {absent}"
