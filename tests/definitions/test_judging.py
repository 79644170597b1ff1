"""The parts that judges read: roles, foreign keys and declared checks, kept when right and told when wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import CheckSpec, Reference
from qingliu.standards import content_rules
from qingliu.standards.definition import BadDefinitionFile, dumps, load_all, loads

GOOD = """
code: AIR_1
title: {zh: 空氣, en: Air}
description: {zh: 說明。, en: What it is.}
agency: {code: moenv, zh: 環境部, en: Ministry of Environment}
category: air
row_status: validated
checks:
  - {rule: order, earlier: [seen], later: [told]}
  - {rule: stuck, field: value, hours: 24}
  - {rule: timeliness, off: 一次性 one-off}
schema:
  foreignKeys:
    - {fields: [site], reference: {resource: SITES, fields: [id]}}
  fields:
    - {name: site, type: string, role: station, title: {zh: 站}}
    - {name: seen, type: date, title: {zh: 測}}
    - {name: told, type: date, title: {zh: 報}}
    - {name: value, type: number, role: value, title: {zh: 值}}
    - {name: note, type: string, role: free_text, sensitivity: text, title: {zh: 註}}
"""
SITES = """
code: SITES
title: {zh: 站, en: Sites}
description: {zh: 說明。, en: What it is.}
agency: {code: moenv, zh: 環境部, en: Ministry of Environment}
category: air
schema:
  fields:
    - {name: id, type: string, role: station, title: {zh: 站}}
    - {name: since, type: date, title: {zh: 起}}
"""


def rules_of(text: str) -> dict[str, str]:
    """rule → place of every finding in a wrong definition."""
    with pytest.raises(BadDefinitionFile) as caught:
        loads(text)
    return {f.rule: f.place for f in caught.value.findings}


def test_roles_foreign_keys_checks_and_row_status_reach_the_record_and_survive_writing() -> None:
    d = loads(GOOD)
    assert [f.role for f in d.dataset.fields] == ["station", "", "", "value", "free_text"]
    assert d.dataset.fields[-1].sensitivity == "text"
    assert d.dataset.references == (Reference(("site",), "SITES", ("id",)),)
    assert d.dataset.checks[0] == CheckSpec("order", (("earlier", "seen"), ("later", "told")))
    assert d.dataset.checks[1].option("hours") == "24"
    assert d.dataset.row_status == "validated"
    assert loads(dumps(d)) == d


@pytest.mark.parametrize(
    ("old", "new", "rule", "place"),
    [
        ("rule: order", "rule: ordre", "unknown-rule", "checks[0].rule"),
        ("earlier: [seen]", "erlier: [seen]", "unknown-option", "checks[0].erlier"),
        ("later: [told]", "later: [tolled]", "no-such-column", "checks[0].later"),
        ("hours: 24", "hours: long", "option-not-number", "checks[1].hours"),
        ("fields: [site]", "fields: [sight]", "no-such-column", "schema.foreignKeys[0].fields[0]"),
        ("fields: [id]", "fields: [id, since]", "foreign-key-width", "schema.foreignKeys[0]"),
        ("role: free_text", "role: station", "role-twice", "schema.fields[4].role"),
        ("type: number, role: value", "type: string, role: value", "value-not-number", "schema.fields[3].role"),
        ("role: free_text", "role: diary", "grammar-enum", "schema.fields[4].role"),
    ],
)
def test_a_wrong_word_for_the_judges_is_told_at_its_place(old: str, new: str, rule: str, place: str) -> None:
    assert old in GOOD
    assert rules_of(GOOD.replace(old, new, 1))[rule].split(" (line")[0] == place


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("resource: SITES", "resource: PLACES", "no-such-dataset"),
        ("fields: [id]", "fields: [idd]", "no-such-column"),
        ("fields: [id]", "fields: [since]", "foreign-key-type"),
    ],
)
def test_a_foreign_key_must_point_at_something(tmp_path: Path, old: str, new: str, rule: str) -> None:
    (tmp_path / "SITES.yaml").write_text(SITES, encoding="utf-8")
    (tmp_path / "AIR_1.yaml").write_text(GOOD, encoding="utf-8")
    assert set(load_all([tmp_path])) == {"AIR_1", "SITES"}
    (tmp_path / "AIR_1.yaml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadDefinitionFile) as caught:
        load_all([tmp_path])
    assert [f.rule for f in caught.value.findings] == [rule]


def test_every_rule_says_in_both_languages_what_it_measures_and_where_its_limits_come_from() -> None:
    for rule in content_rules.register().values():
        for text in (rule.title, rule.measures, rule.applies):
            assert text.zh
            assert text.en
        for option in rule.options:
            assert option.meaning.zh
            assert option.meaning.en
            if option.default not in {"", "0"}:
                assert option.source.zh, f"{rule.code}.{option.name} has a default without a source"
                assert option.source.en
