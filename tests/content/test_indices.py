"""AQI and RPI by their editions: the tables' edges, the day on which a table takes over, and both computed over rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qingliu.core.dataset import Frequency
from qingliu.standards import aqi, indices
from tests.content.desk import air, field, judge


@pytest.mark.parametrize(
    ("pollutant", "value", "index"),
    [
        ("pm2.5_avg", 12.4, 50), ("pm2.5_avg", 12.49, 50), ("pm2.5_avg", 12.5, 51), ("pm2.5_avg", 30.4, 100),
        ("pm10_avg", 30, 50), ("pm10_avg", 76, 101), ("o3_8hr", 0.054, 50), ("o3_8hr", 0.072, 104), ("so2", 8, 50),
        ("no2", 22, 51), ("co_8hr", 9.5, 101), ("pm2.5_avg", 900, 500),
    ],
)  # fmt: skip
def test_the_newest_table_at_its_edges(pollutant: str, value: float, index: int) -> None:
    assert aqi.sub_index(pollutant, value) == index


@pytest.mark.parametrize(
    ("day", "name"),
    [(date(2016, 11, 30), None), (date(2018, 1, 1), "2016-12-01"), (date(2024, 12, 31), "109"), (date(2025, 1, 1), "2025-01-01")],
)  # fmt: skip
def test_a_table_takes_over_on_its_day(day: date, name: str | None) -> None:
    table = aqi.table_on(day)
    assert (table.name if table else None) == name


def test_what_was_reconstructed_says_so_and_every_edition_names_its_source() -> None:
    assert [t.reconstruction for t in indices.aqi()] == [True, True, False]
    for table in (*indices.aqi(), *indices.rpi()):
        assert table.source.zh
        assert table.source.en


def hourly(**inputs: Any) -> dict[str, Any]:
    row = {"o3_8hr": 20, "o3": 25, "pm2.5_avg": 10.0, "pm10_avg": 20, "co_8hr": 0.3, "so2": 1, "so2_avg": 1, "no2": 8}
    return row | inputs


AIR = replace(
    air(),
    fields=(
        field("siteid", "string", role="station"), field("at", "datetime"), field("aqi", "integer"),
        field("pollutant", "string"), field("status", "string"), *(field(n) for n in hourly()),
    ),
    place=None, frequency=Frequency(0, "irregular"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "year", "told"),
    [
        ({"aqi": 40, "status": "良好"}, 2025, None),
        ({"aqi": 32, "status": "良好"}, 2024, None),  # the same air by the edition before
        ({"aqi": 40, "status": "良好"}, 2024, "higher"),
        ({"aqi": 39, "status": "良好"}, 2025, "differ slightly"),  # 10.0 may have been 9.8 before it was rounded
        ({"aqi": 25, "status": "良好"}, 2025, "lower"),
        ({"aqi": 40, "status": "普通"}, 2025, "class"),
        ({"aqi": None, "status": "良好"}, 2025, "have a class and no index"),
        ({"aqi": 120, "status": "對敏感族群不健康", "o3": 117, "pollutant": "臭氧"}, 2025, "not the one"),
        ({"aqi": 126, "status": "對敏感族群不健康", "o3": 118, "pollutant": "臭氧"}, 2025, None),
        ({"aqi": 51, "status": "普通", "no2": 22, "pollutant": "細懸浮微粒"}, 2025, "not the one"),
    ],
)
def test_a_published_index_is_held_against_its_inputs(
    row: dict[str, Any], year: int, told: str | None, tmp_path: Path
) -> None:
    rows = [{"siteid": "1", "at": datetime(year, 3, 1), **hourly(**row)}]
    judged = judge(AIR, rows, tmp_path)
    found = [f for f in judged.of("aqi") if f.rows]
    if told is None:
        assert found == []
    elif told == "not the one" and row["aqi"] == 120:
        assert "lower" in found[0].reason.en or "higher" in found[0].reason.en
    else:
        assert any(told in f.reason.en for f in found), found
        assert all(judged.selected(f) == f.count == 1 for f in found)


RIVER = replace(
    air(),
    fields=(
        field("siteid", "string", role="station"), field("river", "string"), field("taken", "date"),
        field("item", "string", role="item"), field("value", role="value"),
    ),
    key=("siteid", "taken", "item"), time_field="taken", order=("siteid", "taken"), place=None,
    frequency=Frequency(1, "month"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("values", "rpi", "equal"),
    [
        ((7.0, 2.0, 10.0, 0.3), 1.0, True),
        ((6.45, 3.04, 20.04, 0.504), 1.0, True),  # rounded first: 6.5, 3.0, 20.0, 0.50
        ((6.44, 2.0, 10.0, 0.3), 1.5, True),
        ((1.9, 15.1, 101.0, 3.01), 10.0, True),
        ((7.0, 2.0, 10.0, 0.3), 1.5, False),
    ],
)
def test_the_river_index_is_computed_from_values_that_are_rounded_first(
    values: tuple[float, ...], rpi: float, equal: bool, tmp_path: Path
) -> None:
    items = zip(("DO", "BOD", "SS", "NH3-N", "RPI"), (*values, rpi), strict=True)
    taken = date(2025, 1, 5) + timedelta(days=1)
    rows = [{"siteid": "1", "river": "淡水河", "taken": taken, "item": i, "value": v} for i, v in items]
    judged = judge(RIVER, rows, tmp_path)
    found = [f for f in judged.of("rpi") if f.rows]
    assert (not found) is equal
    assert all(judged.selected(f) == f.count == 1 for f in found)
