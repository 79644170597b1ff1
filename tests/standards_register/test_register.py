"""The register says what was read, marks what is ours, and holds nothing that cannot be run or found."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core import codec
from qingliu.core.errors import NotFound
from qingliu.standards import definition, register
from qingliu.standards.register import domains, mapping, patterns
from qingliu.standards.register.records import CodeList, Standard

ROOT = Path(__file__).parents[2]


def test_the_two_readable_air_properties_stand_exactly_as_published() -> None:
    unit = register.property_of("https://schema.gov.tw/api/Environment/Air/ObservationData/Unit")
    concentration = register.property_of("Environment/Air/ObservationData/Concentration")
    assert (unit.title.zh, unit.title.en, unit.kind, unit.draft) == ("單位", "Unit", "字串", False)
    assert unit.regexp == r"/^(ppm|ppb|μg\/m3|%|℃|m\/sec|degrees)$/"
    assert (concentration.kind, concentration.domain, concentration.draft) == ("數字", "浮點數", False)
    assert concentration.regexp == r"/^([1-9][0-9]*|0)(\.[0-9]+)?$/"


def test_a_reconstruction_never_carries_an_address_of_the_platform() -> None:
    every = [p for s in register.subjects().values() for p in s.properties]
    assert len(every) > 100
    assert {p.code for p in every if p.draft and "schema.gov.tw" in p.uri} == set()
    assert {p.code for p in every if p.uri.startswith("https://schema.gov.tw")} == {
        "Environment/Air/ObservationData/Unit", "Environment/Air/ObservationData/Concentration",
    }  # fmt: skip
    assert all(s.origin.source.zh and s.origin.edition and s.origin.date for s in register.standards())


def test_every_property_can_be_checked_and_every_name_in_the_register_leads_somewhere() -> None:
    for subject in register.subjects().values():
        names = {p.name for p in subject.properties}
        assert set(subject.required + subject.recommended) <= names, subject.code
        for listed in subject.properties:
            asked = register.property_of(listed.code)
            assert patterns.read(asked.regexp).runs or not asked.regexp, asked.code
            domain = domains.read(asked.domain, asked.kind)
            assert domain.told is None, asked.code
            assert domains.pattern_holds(domain), asked.code
            assert not asked.lists or register.code_list(asked.lists).codes
            assert mapping.cell_check(asked).told is None


def test_both_ways_of_writing_a_neighbourhood_stand_as_profiles() -> None:
    plain = mapping.cell_check(register.property_of("Common/Place/Place/Neighbor"))
    worded = mapping.cell_check(register.property_of("Common/Address/Address/NEIGHBOR"))
    for check, good, bad in ((plain, "003", "003鄰"), (worded, "003鄰", "003")):
        assert patterns.compiled(check.pattern).search(good)
        assert not patterns.compiled(check.pattern).search(bad)


def test_the_eight_categories_of_the_announcement_are_entries_and_spatial_datasets_map_to_them() -> None:
    (announced,) = register.announcements()
    assert announced.number == "環部資字第1121320198號"
    assert [c.title.zh for c in announced.categories] == [
        "空氣品質類", "水質類", "土壤污染類", "廢棄物類", "污染防治類", "環境衛生類", "噪音振動類", "非屬原子能游離輻射類",
    ]  # fmt: skip
    assert announced.layers_draft
    records = [definition.loads(p.read_text(encoding="utf-8")).dataset for p in (ROOT / "datasets").glob("*.yaml")]
    found = {r.code: getattr(register.spatial_category(r), "code", None) for r in records}
    assert (found["AQX_P_07"], found["SOIL_SITES"], found["PRTR_FACILITIES"]) == ("air", "soil", "prevention")
    assert found["AQX_RENWU_H"] is None  # no place, no map


def test_every_dataset_maps_to_properties_that_exist() -> None:
    for path in [*(ROOT / "datasets").glob("*.yaml"), *(ROOT / "demo").glob("*.yaml")]:
        record = definition.loads(path.read_text(encoding="utf-8"), str(path)).dataset
        assert [m.named for m in mapping.mapped(record) if m.asked is None] == [], path.name


def test_the_register_can_be_written_out_and_read_back() -> None:
    for standard in register.standards():
        assert codec.from_json(Standard, codec.to_json(standard)) == standard
    for listed in register.code_lists().values():
        assert codec.from_json(CodeList, codec.to_json(listed)) == listed


def test_an_unknown_name_is_answered_with_near_ones() -> None:
    with pytest.raises(NotFound) as told:
        register.property_of("Environment/Air/ObservationData/Concentratoin")
    assert "Concentration" in told.value.remedy.en
