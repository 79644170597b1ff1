"""Each kind that a definition may declare has its source."""

from __future__ import annotations

import json
from importlib import resources

from qingliu.pipeline import sources


def test_every_kind_of_the_definition_schema_can_be_fetched() -> None:
    schema = json.loads(resources.files("qingliu.standards").joinpath("definition.schema.json").read_text("utf-8"))
    assert set(schema["properties"]["source"]["properties"]["kind"]["enum"]) == set(sources.KINDS)
