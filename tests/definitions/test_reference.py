"""The reference page is a contract: every key of the grammar and every word of the vocabularies stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qingliu.standards import vocabularies
from qingliu.standards.definition import grammar, loads

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "definition.md"
TEXT_PARTS = {"zh", "en"}


def documented() -> set[str]:
    """The keys in the first column of the page's tables, each as its last name."""
    rows = re.findall(r"^\| `([^`]+)`", PAGE.read_text(encoding="utf-8"), re.M)
    return {row.split(".")[-1] for row in rows}


def keys(schema: Any) -> Iterator[str]:
    """Every property name of the grammar, nested ones too."""
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield name
            yield from keys(inner)
        for part in ("items", "allOf"):
            yield from keys(schema.get(part))
        for inner in schema.get("$defs", {}).values():
            yield from keys(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys(inner)


def test_every_key_of_the_grammar_is_documented() -> None:
    spoken = documented() | {"every", "code", "lon", "lat"}  # told within the row of frequency, agency and place
    assert set(keys(grammar())) - TEXT_PARTS - spoken == set()


def test_nothing_is_documented_that_the_grammar_does_not_know() -> None:
    assert documented() - set(keys(grammar())) - set(vocabularies.flags()) == set()


def test_every_flag_is_documented_with_its_wording() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for flag in vocabularies.flags().values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{flag.code}` |"))
        assert flag.name.zh.split("（")[0] in row


@pytest.mark.parametrize(
    "make", [vocabularies.flags, vocabularies.categories, vocabularies.licences, vocabularies.frequencies]
)
def test_every_word_of_a_vocabulary_has_both_languages(make: Any) -> None:
    for term in make().values():
        assert term.name.zh
        assert term.name.en
        assert term.code not in {"no", "yes", "on", "off"}, "a YAML reader would take it for a boolean"


def test_each_licence_names_its_text_and_each_category_its_theme() -> None:
    assert all(term.get("url").startswith("https://") for term in vocabularies.licences().values())
    assert all(term.get("dcat") for term in vocabularies.categories().values())
    assert vocabularies.frequencies()["day"].get("seconds") == "86400"


def test_the_example_of_the_page_is_a_good_definition() -> None:
    example = re.search(r"~~~yaml\n(.*?)~~~", PAGE.read_text(encoding="utf-8"), re.S)
    assert example
    assert loads(example[1]).dataset.code == "AQX_P_02"
