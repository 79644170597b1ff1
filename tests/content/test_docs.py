"""The reference page is a contract: every rule, option, default and edition stands in it."""

from __future__ import annotations

from pathlib import Path

from qingliu.standards import content_rules, indices

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "content-rules.md"


def test_every_rule_and_option_is_documented_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for rule in content_rules.register().values():
        assert f"| `{rule.code}` {rule.title.zh} {rule.title.en} | {rule.measures.zh} | {rule.measures.en} |" in page
        for option in rule.options:
            assert f"| `{rule.code}` | `{option.name}` | {option.default or '–'} | {option.meaning.zh}" in page


def test_every_edition_of_an_index_is_documented_with_its_source() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in (*indices.aqi(), *indices.rpi()):
        assert f"| {table.name} | {table.since} |" in page
        assert table.source.en in page
