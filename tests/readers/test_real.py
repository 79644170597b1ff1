"""Every real file is read and shaped under its definition, accounted for to the last value."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.lake.ingest import Staged, shape
from qingliu.pipeline.readers import read
from qingliu.standards.definition import load

DEFINITIONS = Path(__file__).resolve().parents[2] / "datasets"


def shaped(code: str, files: list[Path], work: Path) -> Staged:
    made = load(DEFINITIONS / f"{code}.yaml")
    out = shape(made.dataset, made.read, read(files, made.read, work), work)
    assert out.rows_read == out.rows + out.set_aside
    assert all(c.holds for c in out.cells)
    assert out.unknown == ()
    return out


def cells(staged: Staged, column: str) -> tuple[int, int, int, int]:
    found = next(c for c in staged.cells if c.column == column)
    return found.typed, found.empty, found.sentinel, found.quarantined


@pytest.mark.parametrize(
    ("code", "file", "rows", "quarantined"),
    [
        ("AQX_P_488", "aqx_p_432_hourly_2025-10_2025-12.zip", 190_031, 0),
        ("AQX_P_488", "aqx_p_488.csv", 1000, 0),
        ("AQX_P_488", "aqx_p_432/202206.csv", 85, 0),
        ("AQX_RENWU_H", "renwu_hourly_2002_2012_original.zip", 1_620_216, 0),
        ("AQX_FENGYUAN_H", "fengyuan_2014_train_big5.csv", 103_680, 0),
        ("AQX_P_02", "aqx_p_02.csv", 78, 0),
        ("ACIDR_P_04", "acidr_p_04.csv", 1000, 0),
        ("EMS_P_46", "ems_p_46_2020.csv", 3238, 0),
        ("PRTR_PENALTIES", "prtr_penalties_2017.zip", 42_002, 0),
        ("PRTR_FACILITIES", "prtr_facilities_2017.zip", 75_139, 3),
        ("SOIL_SITES", "contaminated_sites_2024.zip", 4482, 0),
        ("AQX_P_07", "reference/aqx_p_07_stations.csv", 78, 0),
    ],
)
def test_every_row_is_accounted_for(
    real_data: Path, tmp_path: Path, code: str, file: str, rows: int, quarantined: int
) -> None:
    out = shaped(code, [real_data / file], tmp_path)
    assert (out.rows_read, out.rows, out.quarantined_cells) == (rows, rows, quarantined)


def test_renwu_values_to_the_last(real_data: Path, tmp_path: Path) -> None:
    out = shaped("AQX_RENWU_H", [real_data / "renwu_hourly_2002_2012_original.zip"], tmp_path)
    assert cells(out, "concentration") == (1_518_294, 12_434, 89_488, 0)


def test_acid_rain_errors_are_sentinels(real_data: Path, tmp_path: Path) -> None:
    out = shaped("ACIDR_P_04", [real_data / "acidr_p_04.csv"], tmp_path)
    marks = sum(c.sentinel for c in out.cells)
    assert marks == 46  # 40 #DIV/0! and 6 <MDL


def test_all_platform_samples_are_read(real_data: Path, tmp_path: Path) -> None:
    files = sorted(real_data.glob("api_samples/*.json"))
    assert files
    for number, file in enumerate(files):
        (table,) = read([file], ReadSpec(), tmp_path / str(number))
        assert table.columns


def test_catalogues_and_references_are_read(real_data: Path, tmp_path: Path) -> None:
    for number, file in enumerate([*real_data.glob("catalogue/*.csv"), *real_data.glob("reference/*.csv")]):
        (table,) = read([file], ReadSpec(), tmp_path / str(number))
        assert len(table.columns) >= 3
