"""A home with one mapped dataset of hourly readings, published from a handful of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from qingliu.accounts import actions as accounts
from qingliu.api import cql2
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from tests.pipeline import town

AIR = "Environment/Air/ObservationData"
COLUMNS = ("sitename", "county", "item", "unit", "day", "concentration")


def definition(code: str = "TEST_STD", *, name: str = "sitename", unit: str = "") -> str:
    """A long table whose columns carry properties of the register; ``name`` is the column of the station."""
    return f"""code: {code}
title: {{zh: 測試, en: Test}}
description: {{zh: 測試用, en: For tests}}
agency: {{code: moenv, zh: 環境部, en: Ministry of Environment}}
unit: {{zh: 監測資訊司, en: Department of Monitoring and Information}}
category: air
mode: snapshot
key: [{name}, item, day]
order: [{name}, item, day]
schema:
  fields:
    - name: {name}
      type: string
      property: {AIR}/SiteName
      role: station_name
      title: {{zh: 測站, en: Site}}
    - name: county
      type: string
      property: {AIR}/County
      role: county
      title: {{zh: 縣市, en: County}}
    - name: item
      type: string
      role: item
      property: {AIR}/ItemEngName
      title: {{zh: 測項, en: Item}}
    - name: unit
      type: string
      role: unit
      property: {AIR}/Unit
      title: {{zh: 單位, en: Unit}}
    - name: day
      type: date
      property: Common/Time/Time/Date
      title: {{zh: 日期, en: Day}}
    - name: concentration
      type: number
      role: value
      property: {AIR}/Concentration
      title: {{zh: 濃度, en: Concentration}}
{unit}"""


ROWS: tuple[tuple[str, ...], ...] = (
    ("松山", "臺北市", "SO2", "ppb", "2026-01-01", "1.5"),
    ("松山", "臺北市", "AMB_TEMP", "℃", "2026-01-01", "-2.5"),
    ("松山", "臺北市", "CO", "ppm", "2026-01-01", "-2.5"),
    ("松山", "台北市", "RAINFALL", "mm", "2026-01-01", "0"),
    ("臺南", "臺南縣", "SO2", "ppt", "2026-01-01", "0.00001"),
    ("臺南", "臺南市", "SO2", "ppb", "2026-01-02", ""),
)


@pytest.fixture
def engine(home: LakePaths, transactional_db: None) -> Iterator[Engine]:
    """The engine of a home with the agencies and nothing else."""
    accounts.seed_agencies(by=town.OPERATOR)
    opened = Engine(home, threads=1, parse_where=cql2.parse)
    yield opened
    opened.close()


@pytest.fixture
def publish(engine: Engine, tmp_path: Path) -> Callable[..., str]:
    """Register a definition and publish rows under it; answers the code."""

    def put(text: str = "", rows: Sequence[Sequence[str]] = ROWS, columns: Sequence[str] = COLUMNS) -> str:
        code = catalog.register_definition(text=text or definition(), by=town.OPERATOR).code
        file = town.csv(tmp_path / "delivery.csv", rows, columns=columns)
        run = actions.run_delivery(code=code, files=[file], by=town.OPERATOR)
        assert run.state == "published", run.error_en
        return code

    return put
