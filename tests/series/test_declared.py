"""The wind that a definition declares: read, written back, and refused where it names no number."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import Wind
from qingliu.standards.definition import BadDefinitionFile, load, loads
from qingliu.standards.definition_dump import dumps

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


@pytest.mark.parametrize(
    ("code", "wind"),
    [
        ("AQX_P_488", (Wind("winddirec", "windspeed"),)),
        ("AQX_P_432", (Wind("wind_direc", "wind_speed"),)),
        ("AQX_RENWU_H", (Wind("WIND_DIREC", "WIND_SPEED"), Wind("WD_HR", "WS_HR"))),
    ],
)
def test_a_declared_wind_is_read_and_written_back(code: str, wind: tuple[Wind, ...]) -> None:
    found = load(DATASETS / f"{code}.yaml")
    assert found.dataset.wind == wind
    assert loads(dumps(found)).dataset == found.dataset


@pytest.mark.parametrize("column", ["county", "nowhere"])
def test_a_wind_of_a_wide_table_names_numbers(column: str) -> None:
    text = (DATASETS / "AQX_P_488.yaml").read_text(encoding="utf-8")
    assert "direction: winddirec" in text
    with pytest.raises(BadDefinitionFile) as refused:
        loads(text.replace("direction: winddirec", f"direction: {column}"))
    assert [f.place.split(" ")[0] for f in refused.value.findings] == ["wind[0].direction"]


def test_directions_are_told_to_six_decimals() -> None:
    import duckdb

    from qingliu.lake.grouping.aggregates import form
    from qingliu.lake.query import Aggregate

    made = form(Aggregate("vdir", "wd"), 0, integer=False, circular="yes", order="")
    rows = ", ".join(f"({east}, {north})" for east, north in ((0.93, 0.36), (-1e-12, 1.0), (0.1, -0.7), (-0.4, 0.2)))
    parts = ", ".join(f"{sql} AS a{i}" for i, (sql, _) in enumerate(made.parts))
    for n in range(1, 5):
        source = f"(SELECT * FROM (VALUES {rows}) v(_p0, _q0) LIMIT 1 OFFSET {n - 1})"
        sql = f"SELECT {made.over(lambda i: f'a{i}')} FROM (SELECT {parts} FROM {source})"
        (angle,) = duckdb.sql(sql).fetchone() or (None,)
        assert angle is not None
        assert 0 <= angle < 360
        assert len(repr(angle).partition(".")[2]) <= 6
