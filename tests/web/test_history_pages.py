"""What happened to a dataset, in public: earlier marks, redacted versions, decisions about rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qingliu.core import codec
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.quality.models import Judgement
from qingliu.web import lakeside
from qingliu.web.judged import REDACTED
from tests.web import judged_portal
from tests.web.portal import XSS
from tests.web.test_public_pages import HAN, shown

TOLD = "2026-11-22 依規則 natural-persons 遮蔽 12 列"
DECIDED: dict[str, Any] = {
    "version": 2, "decided_at": judged_portal.MOMENT, "by": {"role": "steward"}, "reason": f"儀器校正{XSS}",
    "key": {"siteid": "02", "datacreationdate": "2026-11-20 04:00:00"}, "status_before": "provisional",
    "status": "corrected", "withdraws": False, "cells": [{"column": "aqi", "before": "140", "after": None}],
}  # fmt: skip
BY_RULE = DECIDED | {"by": {"rule": "aqi-recomputed"}, "status": "provisional", "withdraws": True, "cells": []}
PAGE = "/dataset/detail/AQX_P_488/decisions"


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("eventful")
    judged_portal.build(home)
    paths = LakePaths(home)
    engine = Engine(paths, threads=1)
    newest = engine.published.versions("AQX_P_488")[0]
    with PublishedWriter(paths.published_db).transaction() as switch:
        switch.put_version(replace(newest, extra=(*newest.extra, (REDACTED, TOLD))))
        switch.put_decisions("AQX_P_488", [DECIDED, BY_RULE])
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def here(pages: None, eventful: Engine) -> None:
    lakeside.use(lambda: eventful)


def judgement(days_ago: int, mark: str, points: int) -> None:
    """One line of the history."""
    found = judged_portal.result("AQX_P_488", {})
    when = timezone.now() - timedelta(days=days_ago)
    Judgement.objects.update(latest=False)
    Judgement.objects.create(
        code="AQX_P_488", agency="MOENV", kind="table", version=2, edition=found.edition, mark=mark, digest=str(points),
        mqa_points=points, result=codec.to_plain(found), judged_at=when, confirmed_at=when, judged_by="worker",
    )  # fmt: skip


@pytest.mark.django_db
def test_two_judgements_draw_a_line_and_one_draws_none(reader: Client) -> None:
    judgement(3, "silver", 300)
    assert "<polyline" not in reader.get("/quality/datasets/AQX_P_488/").content.decode()
    judgement(1, "gold", 375)
    html = reader.get("/quality/datasets/AQX_P_488/").content.decode()
    drawn = [
        [float(p.split(",")[1]) for p in points.split()] for points in re.findall(r'<polyline points="([^"]+)"', html)
    ]
    assert len(drawn) == 2  # marks and points
    assert all(first > last for first, last in drawn)  # a rise: y runs downwards
    assert html.index("金標章") < html.index("銀標章")  # newest first


def test_redacted_version_stands_with_its_tombstone(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    privacy = html[html.index('id="privacy"') :]
    assert f"版本 2 · {TOLD}" in privacy
    assert "事後遮蔽的版本" in privacy


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_decisions_are_public_without_a_person_or_a_cookie(reader: Client, prefix: str) -> None:
    answer = reader.get(prefix + PAGE)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert not answer.cookies
    assert XSS not in html
    assert "aqi-recomputed" in html
    if prefix:
        assert [t for t in shown(html) if HAN.search(t)] == []
        assert re.search(r"Corrected\s*<small>was Provisional", html)
    else:
        assert re.search(r'<span class="gone">140</span> → <span class="new">null</span>', html)
        assert "撤回決定" in html
        assert "資料管理者" in html


def test_dataset_page_leads_to_its_decisions_and_counts_its_rows_by_status(reader: Client, eventful: Engine) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert f'href="{PAGE}"' in html
    current = eventful.published.get("AQX_P_488").current
    assert current
    assert re.search(rf'_status=provisional">初步</a> {current.rows:,}<', html)
    view = reader.get("/dataset/detail/AQX_P_432").content.decode()
    assert "/dataset/detail/AQX_P_432/decisions" in view
    assert "AQX_P_488" in reader.get("/dataset/detail/AQX_P_432/decisions").content.decode()


def test_dataset_without_a_decision_says_nothing_of_them(reader: Client) -> None:
    assert "/decisions" not in reader.get("/dataset/detail/EVIL_P_01").content.decode()
    assert "還沒有任何決定" in reader.get("/dataset/detail/EVIL_P_01/decisions").content.decode()
