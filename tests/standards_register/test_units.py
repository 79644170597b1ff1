"""Units change by a declared rule or not at all."""

from __future__ import annotations

import pytest

from qingliu.core.errors import BadRequest
from qingliu.standards import units


def test_scale_follows_from_the_units() -> None:
    assert units.conversion("ppb", "ppm").apply(1500) == pytest.approx(1.5)
    assert units.conversion("℃", "K").apply(0) == pytest.approx(273.15)
    assert units.conversion("km/h", "m/s").apply(36) == pytest.approx(10)
    assert units.conversion("µg/m³", "mg/m3").apply(12) == pytest.approx(0.012)


def test_a_gas_needs_its_declared_facts_and_they_stand_in_the_rule() -> None:
    with pytest.raises(BadRequest) as told:
        units.conversion("ppb", "μg/m3")
    assert "molar mass" in told.value.reason.en
    ozone = units.conversion("ppb", "μg/m3", units.Gas(47.998, 25))
    assert ozone.apply(100) == pytest.approx(196.2, abs=0.2)
    assert "25 ℃" in ozone.rule.en
    back = units.conversion("μg/m3", "ppb", units.Gas(47.998, 25))
    assert back.apply(ozone.apply(100)) == pytest.approx(100)
    assert units.conversion("ppb", "μg/m3", units.Gas(47.998, 0)).factor > ozone.factor


@pytest.mark.parametrize(("source", "target"), [("ppb", "mm"), ("件", "時段"), ("dB(A)", "ppm"), ("什麼", "ppm")])
def test_what_nobody_declared_is_refused_with_the_reason(source: str, target: str) -> None:
    with pytest.raises(BadRequest) as told:
        units.conversion(source, target)
    assert told.value.remedy.zh


def test_labels_are_words_only_where_there_is_no_symbol() -> None:
    assert [units.label(u, "en") for u in ("公噸", "ppb", "μg/m3", "奇怪")] == ["tonnes", "ppb", "μg/m3", "奇怪"]
    assert units.label("公噸", "zh") == "公噸"
