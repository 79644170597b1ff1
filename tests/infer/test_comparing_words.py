"""What the comparison of two definitions says of a dataset is said in words, in both languages."""

from __future__ import annotations

from dataclasses import replace

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.pipeline import comparing

RECORD = DatasetRecord(
    code="NOISE_A", title=Text("噪音", "Noise"), description=Text("測量", "Measured"), agency="epa",
    agency_name=Text("環保局", "Bureau"), unit=Text("", ""), category="land",
    fields=(FieldRecord("a", "string", Text("甲", "A")),),
)  # fmt: skip


def test_category_and_licence_are_told_by_name() -> None:
    said = {what.en: text for what, text in comparing.facts(RECORD)}
    assert said["topic"] == Text("土壤及地下水", "Soil and groundwater")
    assert said["licence"] == Text("政府資料開放授權條款－第1版", "Open Government Data License, version 1.0")


def test_a_changed_category_is_told_by_both_names_and_an_unknown_one_by_its_code() -> None:
    after = Definition(replace(RECORD, category="not-listed"))
    (change,) = comparing.about(Definition(RECORD), after)
    assert (change.before.zh, change.after.zh) == ("土壤及地下水", "not-listed")
