"""A definition file is read strictly: what it says is kept, what it gets wrong is told at once, with place and remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qingliu.core.dataset import Contact, Frequency, Sentinel, Text, Unpivot, ViewSpec
from qingliu.core.errors import BadDefinition
from qingliu.standards.definition import BadDefinitionFile, dumps, load, load_all, loads

REPOSITORY = Path(__file__).resolve().parents[2]
GOOD = """
code: AIR_1
title: {zh: 空氣, en: Air}
description: {zh: 說明。, en: What it is.}
agency: {code: moenv, zh: 環境部, en: Ministry of Environment}
category: air
mode: upsert
key: [site, at]
time: at
contacts:
  - {role: steward, name: {zh: 管理員, en: Steward}, email: a@b.example, from: 2024-01-01, to: 2024-12-31}
frequency: {every: 1, unit: hour}
source: {kind: http, every: PT30M, options: {url: "https://x.example", pages: 3, strict: true}}
read:
  unpivot: {columns: "^[0-9]+$", date: 日期, date_formats: ["%Y/%m/%d"], time_to: at, value_to: no}
schema:
  missingValues: [""]
  fields:
    - {name: site, type: string, title: {zh: 站}}
    - {name: at, type: datetime, title: {zh: 時間}, formats: ["roc:%Y/%m/%d %H:%M"]}
    - name: no
      type: number
      title: {zh: 一氧化氮, en: Nitric oxide}
      sentinels: [{text: "-", flag: no_data, question: true}, {text: NR, value: 0, flag: no_rain}]
      suffix_flags: {"#": instrument_check_invalid}
      flag_field: mark
      constraints: {minimum: 0, maximum: 10.5}
    - {name: mark, type: string, title: {zh: 旗標}, constraints: {enum: [a, "1"]}, sensitivity: personal}
"""


def rules_of(text: str) -> dict[str, str]:
    """rule → place of every finding in a wrong definition."""
    with pytest.raises(BadDefinitionFile) as caught:
        loads(text)
    return {f.rule: f.place for f in caught.value.findings}


def test_every_part_of_a_definition_reaches_its_record() -> None:
    d = loads(GOOD, "x.yaml")
    no = d.dataset.field("no")
    assert no is not None, "a column may be called no: it is not false here"
    assert no.sentinels == (Sentinel("-", None, "no_data", True), Sentinel("NR", 0.0, "no_rain"))
    assert (no.suffix_flags, no.flag_field, no.minimum, no.maximum) == (
        (("#", "instrument_check_invalid"),),
        "mark",
        0.0,
        10.5,
    )
    assert d.dataset.field("mark").sensitivity == "personal"  # type: ignore[union-attr]
    assert d.dataset.contacts == (
        Contact("steward", Text("管理員", "Steward"), "a@b.example", "", date(2024, 1, 1), date(2024, 12, 31)),
    )
    assert d.dataset.frequency == Frequency(1, "hour")
    assert (d.source.kind, d.source.every_s, d.source.option("pages"), d.source.option("strict")) == (
        "http",
        1800,
        "3",
        "true",
    )
    assert d.read.unpivot == Unpivot("^[0-9]+$", "日期", ("%Y/%m/%d",), "at", "no")
    assert d.dataset.licence == "OGDL-Taiwan-1.0"
    assert d.path == "x.yaml"


@pytest.mark.parametrize(
    "path", sorted(REPOSITORY.glob("d[ae]*/*.yaml")) + sorted(REPOSITORY.glob("bench/*/*.yaml")), ids=lambda p: p.stem
)
def test_a_definition_survives_being_written_and_read_again(path: Path) -> None:
    definition = load(path)
    text = dumps(definition)
    assert loads(text, str(path)) == definition
    assert dumps(loads(text)) == text, "the written shape is stable"


def test_what_dumps_writes_means_the_same_to_a_plain_yaml_reader() -> None:
    import yaml

    plain = yaml.safe_load(dumps(loads(GOOD)))
    assert [f["name"] for f in plain["schema"]["fields"]] == ["site", "at", "no", "mark"]
    assert plain["schema"]["fields"][3]["constraints"]["enum"] == ["a", "1"]


BAD = {
    "a wrong type": ("type: number", "type: float", "grammar-enum", "schema.fields[2].type (line 22)"),
    "an unknown key": ("mode: upsert", "mood: upsert", "grammar-additionalProperties", "(file) (line 2)"),
    "a missing title": ("title: {zh: 空氣, en: Air}\n", "", "grammar-required", "(file) (line 2)"),
    "a bad code": ("code: AIR_1", "code: air-1", "grammar-pattern", "code (line 2)"),
    "a key that is no column": ("key: [site, at]", "key: [place, at]", "no-such-column", "key[0] (line 8)"),
    "a time that is no column": ("time: at", "time: when", "no-such-column", "time (line 9)"),
    "a time of a wrong type": ("time: at", "time: site", "wrong-column-type", "time (line 9)"),
    "an upsert without a key": ("key: [site, at]\n", "", "upsert-without-key", "mode (line 7)"),
    "an unknown flag": ("flag: no_rain", "flag: rainy", "unknown-flag", "schema.fields[2].sentinels[1].flag (line 24)"),
    "a flag only the platform gives": (
        "flag: no_rain",
        "flag: quarantined",
        "unknown-flag",
        "schema.fields[2].sentinels[1].flag (line 24)",
    ),
    "a sentinel that means nothing": (
        ", flag: no_data, question: true",
        "",
        "meaningless-sentinel",
        "schema.fields[2].sentinels[0] (line 24)",
    ),
    "a sentinel twice": (
        "{text: NR, value: 0, flag: no_rain}",
        '{text: "-", value: 0}',
        "sentinel-twice",
        "schema.fields[2].sentinels[1] (line 24)",
    ),
    "two names that differ by case": (
        "name: mark, type",
        "name: No, type",
        "name-twice",
        "schema.fields[3].name (line 28)",
    ),
    "an alias that names another column": (
        "{name: site, type: string,",
        "{name: site, type: string, aliases: [NO],",
        "name-twice",
        "schema.fields[2].name (line 21)",
    ),
    "a flag column that is not there": (
        "flag_field: mark",
        "flag_field: marks",
        "no-such-column",
        "schema.fields[2].flag_field (line 26)",
    ),
    "a least value above the greatest": (
        "minimum: 0,",
        "minimum: 11,",
        "empty-range",
        "schema.fields[2].constraints (line 27)",
    ),
    "limits on text": (
        'enum: [a, "1"]',
        "minimum: 1",
        "wrong-type-for-key",
        "schema.fields[3].constraints.minimum (line 28)",
    ),
    "a format without a year": (
        "roc:%Y/%m/%d %H:%M",
        "%m/%d %H:%M",
        "bad-format",
        "schema.fields[1].formats[0] (line 20)",
    ),
    "a ROC format of unknown parts": (
        "roc:%Y/%m/%d %H:%M",
        "roc:%Y/%b/%d",
        "bad-format",
        "schema.fields[1].formats[0] (line 20)",
    ),
    "a pattern that is no pattern": ("^[0-9]+$", "^([0-9]+$", "bad-regex", "read.unpivot.columns (line 15)"),
    "an unknown category": ("category: air", "category: sky", "unknown-word", "category (line 6)"),
    "a licence nobody accepts": ("category: air", "category: air\nlicence: MIT", "unknown-word", "licence (line 7)"),
    "an unknown time zone": ("time: at", "time: at\ntimezone: Asia/Taibei", "bad-timezone", "timezone (line 10)"),
    "an unknown encoding": ("read:", "read:\n  encoding: big6", "bad-encoding", "read.encoding (line 15)"),
    "months without a time": ("time: at\n", "partition: month\n", "partition-without-time", "partition (line 9)"),
    "a day that does not exist": ("from: 2024-01-01", "from: 2024-02-30", "no-such-day", "contacts[0].from (line 11)"),
    "a validity that ends first": ("to: 2024-12-31", "to: 2023-12-31", "empty-validity", "contacts[0].to (line 11)"),
    "more missing values": (
        'missingValues: [""]',
        'missingValues: ["", "-"]',
        "grammar-const",
        "schema.missingValues (line 17)",
    ),
    "another primary key": ('missingValues: [""]', "primaryKey: [site]", "two-keys", "schema.primaryKey (line 17)"),
    "a view with rows": ("category: air", "category: air\nview: {of: [AIR_2]}", "view-with-rows", "read (line 16)"),
    "a key written twice": ("category: air", "category: air\ncategory: water", "duplicate-key", "category (line 6)"),
    "an alias of YAML": ("time: at", "time: &t at\npartition: *t", "alias", "(file)"),
    "no YAML": ("code: AIR_1", "code: [AIR_1", "yaml", "(file)"),
    "a place of text": (
        "time: at",
        "time: at\nplace: {lon: site, lat: no}",
        "wrong-column-type",
        "place.lon (line 10)",
    ),
    "a file column that is not there": (
        "read:",
        "read:\n  file_column: county",
        "no-such-column",
        "read.file_column (line 15)",
    ),
    "a broken duration": ("every: PT30M", "every: 30m", "grammar-pattern", "source.every (line 13)"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_told_with_its_place(name: str) -> None:
    old, new, rule, place = BAD[name]
    assert old in GOOD
    assert rules_of(GOOD.replace(old, new, 1)).get(rule) == place


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_told_in_both_languages_with_a_remedy(name: str) -> None:
    old, new, *_ = BAD[name]
    with pytest.raises(BadDefinition) as caught:
        loads(GOOD.replace(old, new, 1), "defs/AIR_1.yaml")
    error = caught.value
    assert isinstance(error, BadDefinitionFile)
    assert "defs/AIR_1.yaml" in error.reason.zh
    assert "defs/AIR_1.yaml" in error.reason.en
    for f in error.findings:
        assert f.reason.zh
        assert f.reason.en
        assert f.remedy.zh
        assert f.remedy.en
        assert f.place in error.reason.en


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = (
        GOOD.replace("key: [site, at]", "key: [x, at]")
        .replace("flag: no_rain", "flag: rainy")
        .replace("category: air", "category: sky")
    )
    assert set(rules_of(text)) == {"no-such-column", "unknown-flag", "unknown-word"}


def test_a_file_that_is_not_there_or_not_utf8_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadDefinitionFile, match="cannot be read"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "big5.yaml").write_bytes("code: 空".encode("cp950"))
    with pytest.raises(BadDefinitionFile, match="not UTF-8"):
        load(tmp_path / "big5.yaml")


VIEW = """
code: AIR_NOW
title: {zh: 現況}
description: {zh: 最新一列。}
agency: {code: moenv, zh: 環境部}
category: air
view: {of: [AIR_1], newest_by: [site], within: P1D, rename: {no: nitric}}
schema:
  fields:
    - {name: site, type: string, title: {zh: 站}}
    - {name: nitric, type: number, title: {zh: 一氧化氮}}
"""


def folder_with(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_view_finds_its_base_in_any_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = load_all([folder_with(tmp_path / "a", v=VIEW), folder_with(tmp_path / "b", base=GOOD)])
    assert list(found) == ["AIR_1", "AIR_NOW"]
    assert found["AIR_NOW"].dataset.view == ViewSpec(("AIR_1",), ("site",), 86400, "", (("no", "nitric"),))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("of: [AIR_1]", "of: [AIR_9]", "no-such-base"),
        ("of: [AIR_1]", "of: [AIR_NOW]", "view-of-view"),
        ("{no: nitric}", "{nox: nitric}", "no-such-column"),
        ("newest_by: [site]", "newest_by: [county]", "no-such-column"),
        ("name: nitric, type: number", "name: nitric, type: integer", "base-type-differs"),
    ],
)
def test_a_view_that_does_not_fit_its_base_is_told(tmp_path: Path, old: str, new: str, rule: str) -> None:
    assert old in VIEW
    with pytest.raises(BadDefinitionFile) as caught:
        load_all([folder_with(tmp_path, base=GOOD, v=VIEW.replace(old, new, 1))])
    assert rule in {f.rule for f in caught.value.findings}
    assert all("v.yaml" in f.place for f in caught.value.findings)


def test_one_code_in_two_files_and_wrong_files_are_told_together(tmp_path: Path) -> None:
    bad = GOOD.replace("category: air", "category: sky").replace("AIR_1", "AIR_3")
    with pytest.raises(BadDefinitionFile) as caught:
        load_all([folder_with(tmp_path, one=GOOD, two=GOOD, three=bad)])
    assert {f.rule for f in caught.value.findings} == {"code-twice", "unknown-word"}
