"""High-value marks: only the office's, from the definition, in words of the EU's vocabulary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import qingliu
from qingliu.api.dcat.told import categories
from qingliu.core.errors import BadDefinition
from qingliu.standards.definition import load
from qingliu.standards.definition_dump import dumps
from qingliu.standards.vocabularies import vocabulary
from tests.dcat.scene import DEFINITIONS

SCHEMA = Path(qingliu.__file__).parent / "standards" / "definition.schema.json"


def marked(to: Path, words: str) -> Path:
    """A real definition with that mark."""
    path = to / "AQX_P_02.yaml"
    text = (DEFINITIONS / "AQX_P_02.yaml").read_text(encoding="utf-8")
    path.write_text(f"{text}\nhvd: {words}\n", encoding="utf-8")
    return path


def test_the_words_of_a_mark_are_those_of_the_vocabulary() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["properties"]["hvd"]["items"]["enum"]) == set(vocabulary("eu_hvd"))


def test_a_mark_is_read_written_and_becomes_a_category(tmp_path: Path) -> None:
    definition = load(marked(tmp_path, "[environment, meteorological]"))
    assert definition.dataset.hvd == ("environment", "meteorological")
    again = tmp_path / "again.yaml"
    again.write_text(dumps(definition), encoding="utf-8")
    assert load(again).dataset.hvd == definition.dataset.hvd
    assert categories(definition.dataset) == (
        "http://data.europa.eu/bna/c_dd313021",
        "http://data.europa.eu/bna/c_164e0bf5",
    )


@pytest.mark.parametrize("words", ["[weather]", "[]", "environment", "[environment, environment]"])
def test_a_mark_that_the_vocabulary_does_not_know_is_refused(tmp_path: Path, words: str) -> None:
    with pytest.raises(BadDefinition):
        load(marked(tmp_path, words))


def test_no_real_dataset_is_marked_by_us() -> None:
    assert [p.name for p in DEFINITIONS.glob("*.yaml") if load(p).dataset.hvd] == []
