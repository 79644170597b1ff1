"""From a source to what a reader gets: harvested, published, unchanged, grown, failing; and no key on the way."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qingliu.accounts import actions as accounts
from qingliu.catalog import actions as catalog
from qingliu.core.errors import BadSource
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.models import Source
from tests.http.replay import Replay, pages
from tests.pipeline import town
from tests.sources.conftest import KEY

HOUR = "2026-01-01 {:02d}:00"


def feed(hours: int) -> list[dict[str, str]]:
    """60 stations an hour, newest hour last, as the platform writes them."""
    return [
        {"siteid": str(site), "time": HOUR.format(hour), "county": "臺北市", "pm2.5": f"{site}.{hour}"}
        for hour in range(hours)
        for site in range(1, 61)
    ]


def register(replay: Replay, kind: str, options: str) -> None:
    accounts.seed_agencies(by=town.OPERATOR)
    source = f"source:\n  kind: {kind}\n  every: PT1H\n  options: {{url: '{replay.url('/api/v2')}{options}}}\n"
    catalog.register_definition(text=town.definition("TEST_S", mode="upsert", source=source), by=town.OPERATOR)


def rows_served(home: LakePaths) -> int:
    engine = Engine(home, threads=1)
    return engine.count(engine.open(Query("TEST_S"))) or 0


@pytest.fixture
def open_inside(home: LakePaths, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The administrator allows sources inside."""
    settings.QINGLIU = replace(settings.QINGLIU, allow_private_sources=True)
    monkeypatch.setenv("MOENV_KEY", KEY)


def files_with(home: Path, word: str) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def test_a_harvest_is_published_kept_grown_and_survives_a_failing_platform(
    home: LakePaths, transactional_db: None, replay: Replay, open_inside: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    register(replay, "harvest", "', code: test_s, key_env: MOENV_KEY, page_size: 50, pause_s: 0.001")
    where = "/api/v2/test_s"
    replay.routes[where] = pages(feed(2), envelope=True)
    first = actions.run_source(code="TEST_S", by=town.OPERATOR)
    assert first is not None
    assert (first.state, first.version) == ("published", 1)
    assert "120 records in 3 pages" in first.source
    assert rows_served(home) == 120

    replay.routes[where] = pages(feed(2), envelope=False)  # the shape changes overnight, the data do not
    assert actions.run_source(code="TEST_S", by=town.OPERATOR) is None

    replay.routes[where] = pages(feed(3), envelope=False)
    third = actions.run_source(code="TEST_S", by=town.OPERATOR)
    assert third is not None
    assert third.version == 2
    assert rows_served(home) == 180

    replay.body(where, f"api_key {KEY} 過期".encode())
    with pytest.raises(BadSource, match="a message instead of data"):
        actions.run_source(code="TEST_S", by=town.OPERATOR)
    memory = Source.objects.get(dataset__code="TEST_S")
    assert memory.failures == 1
    assert "key_env" in memory.error_zh
    assert rows_served(home) == 180, "the old version stays served"

    assert KEY not in caplog.text
    assert KEY not in str(memory.state) + memory.error_zh + memory.error_en
    assert files_with(home.home, KEY) == []


def test_a_feed_is_asked_conditionally_and_half_a_file_changes_nothing(
    home: LakePaths, transactional_db: None, replay: Replay, open_inside: None
) -> None:
    register(replay, "http", "/feed.csv'")
    where = "/api/v2/feed.csv"
    lines = [",".join(row.values()) for row in feed(2)]
    body = ("siteid,time,county,pm2.5\n" + "\n".join(lines) + "\n").encode()
    replay.routes[where] = lambda asked: (
        asked.say(304) if asked.headers["If-None-Match"] == '"v1"' else asked.say(200, body, ETag='"v1"')
    )
    first = actions.run_source(code="TEST_S", by=town.OPERATOR)
    assert first is not None
    assert first.state == "published"
    assert actions.run_source(code="TEST_S", by=town.OPERATOR) is None
    assert replay.asked[-1][1]["If-None-Match"] == '"v1"'

    half = body[: len(body) // 2 - 4]
    replay.body(where, half[: half.rindex(b",")])
    with pytest.raises(BadSource, match="breaks off in the middle"):
        actions.run_source(code="TEST_S", by=town.OPERATOR)
    assert rows_served(home) == 120
