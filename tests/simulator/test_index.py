"""The air quality index: the table in force since 2025, cut and not rounded, and the same as the ministry publishes."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from qingliu.standards.aqi import index_of, sub_index


@pytest.mark.parametrize(
    ("pollutant", "value", "expected"),
    [
        ("pm2.5_avg", 0.0, 0),
        ("pm2.5_avg", 12.4, 50),
        ("pm2.5_avg", 12.49, 50),
        ("pm2.5_avg", 12.5, 51),
        ("pm2.5_avg", 30.4, 100),
        ("pm2.5_avg", 50.4, 150),
        ("pm2.5_avg", 225.4, 300),
        ("pm2.5_avg", 600.0, 500),
        ("pm10_avg", 30.9, 50),
        ("pm10_avg", 31, 51),
        ("o3_8hr", 0.054, 50),
        ("o3_8hr", 0.055, 51),
        ("o3_8hr", 0.200, 300),
        ("co_8hr", 4.4, 50),
        ("so2", 8.9, 50),
        ("no2", 22, 51),
        ("no2", 100.0, 100),
    ],
)
def test_each_band_begins_and_ends_where_the_table_says(pollutant: str, value: float, expected: int) -> None:
    assert sub_index(pollutant, value) == expected


def test_the_worst_pollutant_is_the_index_and_good_air_names_none() -> None:
    bad = index_of({"pm2.5_avg": 40.0, "no2": 10.0, "so2": None})
    assert bad is not None
    assert (bad.value, bad.pollutant.zh, bad.status.zh) == (124, "細懸浮微粒", "對敏感族群不健康")
    good = index_of({"pm2.5_avg": 5.0})
    assert good is not None
    assert (good.pollutant.zh, good.status.en) == ("", "Good")
    assert index_of({"no2": None}) is None


@pytest.mark.verification
def test_the_published_index_of_real_hours_is_reproduced(real_data: Path) -> None:
    same = told = 0
    with zipfile.ZipFile(real_data / "aqx_p_432_hourly_2025-10_2025-12.zip") as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")):
                    parts = {k: row[c] for k, c in (("pm2.5_avg", "pm2_5_avg"), ("pm10_avg", "pm10_avg"), ("co_8hr", "co_8hr"),
                                                    ("so2", "so2"), ("no2", "no2"), ("o3_8hr", "o3_8hr"))}  # fmt: skip
                    if not row["aqi"] or any(v in {"", "-"} for v in parts.values()):
                        continue
                    numbers = {k: float(v) / (1000 if k == "o3_8hr" else 1) for k, v in parts.items()}
                    found = index_of(numbers)
                    told += 1
                    same += found is not None and str(found.value) == row["aqi"]
    assert told > 180_000
    assert same / told > 0.999
