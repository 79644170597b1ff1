"""The definitions we ship: complete in both languages, and true to the ministry's conventions."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import Definition
from qingliu.standards.definition import load_all

REPOSITORY = Path(__file__).resolve().parents[2]
REAL = load_all([REPOSITORY / "datasets"])
DEMO = load_all([REPOSITORY / "demo"])
BENCH = load_all([REPOSITORY / "bench" / "datasets"])
ALL = [*REAL.values(), *DEMO.values(), *BENCH.values()]
AQX_488 = (
    "sitename,county,aqi,pollutant,status,so2,co,o3,o3_8hr,pm10,pm2.5,no2,nox,no,windspeed,winddirec,datacreationdate,unit,"
    "co_8hr,pm2.5_avg,pm10_avg,so2_avg,longitude,latitude,siteid"
)
AQX_432 = (
    "sitename,county,aqi,pollutant,status,so2,co,o3,o3_8hr,pm10,pm2.5,no2,nox,no,wind_speed,wind_direc,publishtime,"
    "co_8hr,pm2.5_avg,pm10_avg,so2_avg,longitude,latitude,siteid"
)


@pytest.mark.parametrize("definition", ALL, ids=lambda d: Path(d.path).parent.name + "-" + d.dataset.code)
def test_everything_that_people_read_is_there_in_both_languages(definition: Definition) -> None:
    d = definition.dataset
    for text in (
        d.title,
        d.description,
        d.agency_name,
        d.unit,
        *d.keywords,
        *(f.title for f in d.fields),
        *(c.name for c in d.contacts),
    ):
        assert text.zh
        assert text.en
    assert len(d.keywords) >= 2
    assert d.contacts
    for f in d.fields:
        assert bool(f.description.zh) == bool(f.description.en)


@pytest.mark.parametrize("definition", ALL, ids=lambda d: Path(d.path).parent.name + "-" + d.dataset.code)
def test_a_file_is_called_after_its_dataset(definition: Definition) -> None:
    assert Path(definition.path).stem == definition.dataset.code


def test_every_demo_dataset_says_that_it_is_simulated_and_no_real_one_does() -> None:
    assert len(DEMO) >= 30
    for d in DEMO.values():
        assert d.dataset.simulated
        assert "模擬" in d.dataset.notes.zh
        assert "imulated" in d.dataset.notes.en
        assert d.dataset.view or d.source.kind == "simulator"
        assert {c.role for c in d.dataset.contacts} == {"steward", "deputy", "contact"}
    assert not any(d.dataset.simulated for d in REAL.values())


@pytest.mark.parametrize("found", [REAL, DEMO], ids=["real", "demo"])
def test_the_hourly_index_and_its_view_carry_the_columns_that_old_clients_read(found: dict[str, Definition]) -> None:
    assert ",".join(f.name for f in found["AQX_P_488"].dataset.fields) == AQX_488
    assert ",".join(f.name for f in found["AQX_P_432"].dataset.fields) == AQX_432
    publish = found["AQX_P_432"].dataset.field("publishtime")
    assert publish is not None
    assert publish.formats[0] == "%Y/%m/%d %H:%M:%S"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("EMS_P_46", {"transgress_name", "openinfor", "fac_address", "transgress_address"}),
        ("PRTR_PENALTIES", {"transgressname"}),
    ],
)
def test_names_and_addresses_in_penalties_are_declared_sensitive(code: str, names: set[str]) -> None:
    sensitive = {f.name for f in REAL[code].dataset.fields if f.sensitivity != "none"}
    assert names <= sensitive


def test_the_deck_s_named_datasets_are_in_the_demo() -> None:
    assert {"AQX_P_432", "AQX_P_488", "WQX_P_06", "EMS_P_46", "EMS_S_01", "FAC_P_91", "WR_P_17"} <= set(DEMO)
