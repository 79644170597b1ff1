"""A home with a station master in both languages and readings that name the stations in Chinese only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qingliu.accounts import actions as accounts
from qingliu.api import cql2
from qingliu.bilingual import actions as bilingual
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from tests.pipeline import town

HEAD = """code: {code}
title: {{zh: {title}, en: "{title_en}"}}
description: {{zh: 測試用, en: For tests}}
agency: {{code: moenv, zh: 環境部, en: Ministry of Environment}}
unit: {{zh: 監測資訊司, en: Department of Monitoring and Information}}
category: air
mode: snapshot
key: [sitename]
order: [sitename]
schema:
  fields:
    - {{name: sitename, type: string, role: station_name, title: {{zh: 測站, en: Site}}}}
"""
MASTER = "    - {name: siteengname, type: string, title: {zh: 英文站名, en: Site name in English}}\n"
READINGS = """    - {name: county, type: string, role: county, title: {zh: 縣市, en: County}}
    - {name: kind, type: string, title: {zh: 類別, en: Kind}}
"""
SITES = (("松山", "Songshan"), ("富貴角", "Fugueijiao"), ("某站", "Some Site"))
ROWS = (("松山", "臺北市", "空氣污染;廢棄物"), ("富貴角", "新北市", "空氣污染"), ("林森", "高雄市", "前所未見"))


def readings(title: str = "測值", title_en: str = "Readings") -> str:
    """The definition of the readings, under a title in both languages."""
    return HEAD.format(code="TEST_R", title=title, title_en=title_en) + READINGS


@pytest.fixture
def engine(home: LakePaths, transactional_db: None) -> Iterator[Engine]:
    """The engine of a home in which master and readings are published."""
    accounts.seed_agencies(by=town.OPERATOR)
    opened = Engine(home, threads=1, parse_where=cql2.parse)
    yield opened
    opened.close()


@pytest.fixture
def portal(engine: Engine, tmp_path: Path) -> Engine:
    """Both datasets published, nothing judged."""
    master = HEAD.format(code="TEST_M", title="測站", title_en="Sites") + MASTER
    for text, rows, columns in (
        (master, SITES, ("sitename", "siteengname")),
        (readings(), ROWS, ("sitename", "county", "kind")),
    ):
        code = catalog.register_definition(text=text, by=town.OPERATOR).code
        file = town.csv(tmp_path / f"{code}.csv", rows, columns=columns)
        assert actions.run_delivery(code=code, files=[file], by=town.OPERATOR).state == "published"
    return engine


@pytest.fixture
def judge(portal: Engine) -> Callable[[], dict[str, object]]:
    """Learn, judge the readings and answer their published note."""

    def again() -> dict[str, object]:
        bilingual.learn(engine=portal, by=town.OPERATOR)
        bilingual.judge(codes=["TEST_R"], engine=portal, by=town.OPERATOR)
        return dict(portal.published.get("TEST_R").notes["bilingual"])

    return again
