"""The real files judged: what each rule finds there, the AQI recomputed, and conditions that select just what was counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from qingliu.lake import checks
from qingliu.lake.checks.spec import Subject
from qingliu.lake.ingest import shape
from qingliu.pipeline.readers import read
from qingliu.standards import outlines
from qingliu.standards.definition import load
from tests.content import desk
from tests.content.desk import Judged

DEFINITIONS = Path(__file__).resolve().parents[2] / "datasets"
FILES = {
    "AQX_P_07": ("reference/aqx_p_07_stations.csv",),
    "AQX_P_488": ("aqx_p_432_hourly_2025-10_2025-12.zip",),
    "AQX_RENWU_H": ("renwu_hourly_2002_2012_original.zip",),
    "EMS_P_46": ("ems_p_46_2020.csv",),
    "PRTR_PENALTIES": ("prtr_penalties_2017.zip",),
    "PRTR_FACILITIES": ("prtr_facilities_2017.zip",),
}
NOW = datetime(2026, 1, 1, 0, 30)
Desk = Callable[[str], Judged]


@pytest.fixture(scope="module")
def judged(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    known: dict[str, Judged] = {}

    def staged(code: str, folder: Path) -> Subject:
        definition = load(DEFINITIONS / f"{code}.yaml")
        inputs = read([real_data / f for f in FILES[code]], definition.read, folder / "in")
        found = shape(definition.dataset, definition.read, inputs, folder / "staged")
        return checks.staged(definition.dataset, found.path, found.rows)

    def make(code: str) -> Judged:
        if code not in known:
            folder = tmp_path_factory.mktemp(code)
            subject = staged(code, folder / code)
            masters = {r.dataset: staged(r.dataset, folder / r.dataset) for r in subject.record.references}
            known[code] = desk.judge(
                subject.record, subject.files[0], folder, areas=outlines.counties(), masters=masters, now=NOW
            )
        return known[code]

    return make


@pytest.mark.parametrize("code", [c for c in FILES if c != "AQX_P_07"])
def test_every_condition_selects_exactly_the_rows_that_were_counted(judged: Desk, code: str) -> None:
    found = [f for f in judged(code).findings if f.rows]
    assert found
    wrong = [(f.rule, f.place, f.count, judged(code).selected(f)) for f in found if judged(code).selected(f) != f.count]
    assert wrong == []


def test_the_published_index_is_recomputed_in_all_but_three_of_182_thousand_hours(judged: Desk) -> None:
    findings = judged("AQX_P_488").of("aqi")
    (summary,) = [f for f in findings if f.place == "2025-01-01"]
    assert "Of 182,832 rows with all inputs 182,829 equal" in summary.reason.en
    assert summary.count == 3, "published and computed differ in three rows"
    told = {f.place: f for f in findings if f.severity == "warning"}
    assert {"細懸浮微粒", "懸浮微粒", "臭氧八小時"} <= set(told), "each difference names the pollutant that leads"
    assert sum(f.count for f in findings if "have a class and no index" in f.reason.en) == 55


def test_the_hourly_network_s_known_faults_are_found(judged: Desk) -> None:
    air = judged("AQX_P_488")
    (hole,) = air.of("reference")
    assert "10 values" in hole.reason.en
    assert [(f.count, f.place) for f in air.of("outage")] == [
        (1, "2025-11-26 12:00 – 2025-11-26 12:00"),
        (1, "2025-12-29 08:00 – 2025-12-29 08:00"),
    ]
    names = {f.place: f for f in air.of("names")}
    assert "台中市（和平區）、台中（和平）" in names["310"].reason.zh, "one id with two names"
    assert air.of("stuck") == air.of("unit-shift") == air.of("stale") == air.of("range") == []


def test_a_direction_of_999_degrees_is_found_and_noise_about_zero_is_only_a_note(judged: Desk) -> None:
    found = judged("AQX_RENWU_H").of("range")
    assert [(f.place, f.count) for f in found if f.severity == "warning"] == [("concentration · WIND_DIREC", 1250)]
    assert judged("AQX_RENWU_H").of("outage")[0].count == 96


def test_the_fifteen_repeated_penalties_are_found(judged: Desk) -> None:
    found = judged("EMS_P_46").of("duplicate")
    assert sum(f.count for f in found) == 30
    assert "15 groups" in found[0].reason.en


def test_no_name_address_or_free_text_stands_in_a_finding(judged: Desk) -> None:
    record = judged("EMS_P_46").record
    kept = [f.name for f in record.fields if f.sensitivity != "none" or f.role in {"facility_name", "address"}]
    assert len(kept) > 8
    found = [f for code in ("EMS_P_46", "PRTR_PENALTIES") for f in judged(code).findings if f.rows]
    assert found
    names = {"facilityname", "transgressname", "matched_fac_name", *kept}
    assert [f.rows for f in found if any(name in f.rows for name in names)] == []


def test_a_penalty_of_1925_is_found(judged: Desk) -> None:
    (early,) = judged("PRTR_PENALTIES").of("date")
    assert (early.place, early.count) == ("transgressdate", 1)
    assert "1925-05-13" in early.reason.en


def test_facilities_of_the_islands_lie_on_the_wrong_side_of_taiwan(judged: Desk) -> None:
    if outlines.counties() is None:
        pytest.skip("the outlines of the counties are not installed: make install with npm")
    found = {f.place: f.count for f in judged("PRTR_FACILITIES").of("county")}
    assert found["澎湖縣"] == 114, "the TM2 zone of the main island was used for Penghu"
    assert found["金門縣"] == 73
    assert set(found) == {"澎湖縣", "金門縣", "連江縣", "臺中市", "新北市", "桃園市", "新竹縣", "彰化縣"}
