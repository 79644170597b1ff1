"""Writing the English beside the Chinese on the desk: what is kept, what is refused, and what readers then see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from qingliu.accounts import actions as accounts
from qingliu.accounts.models import Agency
from qingliu.api import cql2
from qingliu.audit.models import Event
from qingliu.bilingual import actions as bilingual
from qingliu.bilingual.models import PageText, Wording
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from qingliu.web import lakeside
from tests.bilingual.conftest import ROWS, readings
from tests.pipeline import town
from tests.web.test_runs import person

pytestmark = pytest.mark.django_db(transaction=True)
DESK = "/bilingual/datasets/TEST_R/write"
WORDS, TEXTS = "/bilingual/datasets/TEST_R/words", "/bilingual/datasets/TEST_R/texts"


@pytest.fixture
def judged(home: LakePaths, pages: None, tmp_path: Path) -> Iterator[Engine]:
    """A dataset with three kinds of things in Chinese, published and judged."""
    accounts.seed_agencies(by=town.OPERATOR)
    catalog.register_definition(text=readings(), by=town.OPERATOR)
    file = town.csv(tmp_path / "in.csv", ROWS, columns=("sitename", "county", "kind"))
    actions.run_delivery(code="TEST_R", files=[file], by=town.OPERATOR)
    engine = Engine(home, threads=1, parse_where=cql2.parse)
    bilingual.judge(codes=["TEST_R"], engine=engine, by=town.OPERATOR)
    lakeside.use(lambda: engine)
    yield engine
    engine.close()


@pytest.fixture
def mei(judged: Engine) -> Client:
    return person("mei", "steward", Agency.objects.get(code="moenv"))


def test_words_are_kept_approved_or_refused_and_the_page_says_so(mei: Client, judged: Engine) -> None:
    html = mei.get(DESK, {"field": "kind"}).content.decode()
    assert '<input type="hidden" name="zh:0" value="前所未見">' in html  # what has no English comes first
    asked = {
        "zh:0": "前所未見", "en:0": "Never seen", "do:0": "say", "zh:1": "空氣污染", "en:1": "", "do:1": "refuse",
        "zh:2": "不動的", "en:2": "Untouched", "do:2": "",
    }  # fmt: skip
    answer = mei.post(WORDS, {"field": "kind", **asked})
    assert answer.headers["Location"] == f"{DESK}?field=kind#words"
    kept = {w.zh: (w.en, w.state) for w in Wording.objects.filter(dataset="TEST_R", field="kind", origin="person")}
    assert kept == {"前所未見": ("Never seen", "approved"), "空氣污染": ("", "rejected")}
    assert Event.objects.filter(verb__startswith="wording.", actor="user:mei").count() == 2
    html = mei.get(DESK, {"field": "kind"}).content.decode()
    assert "已記下 2 處" in html
    assert re.search(r'value="Never seen"[^>]*></td><td><span class="sign s-pass">✓ 人工核可', html)
    bilingual.judge(codes=["TEST_R"], engine=judged, by=town.OPERATOR)
    assert judged.published.get("TEST_R").notes["bilingual"]["contents"]["kind"]["前所未見"] == "Never seen"


def test_english_with_chinese_in_it_is_refused_and_the_others_are_kept(mei: Client) -> None:
    asked = {"zh:0": "前所未見", "en:0": "未見", "do:0": "say", "zh:1": "空氣污染", "en:1": "Air", "do:1": "say"}
    html = mei.post(WORDS, {"field": "kind", **asked}, follow=True).content.decode()
    assert "英文不可含中文字" in html
    assert [w.zh for w in Wording.objects.filter(origin="person")] == ["空氣污染"]


def test_text_of_the_page_is_a_proposal_until_the_definition_carries_it(mei: Client, judged: Engine) -> None:
    mei.post(TEXTS, {"en:title": "Values by site", "en:description": ""})
    row = PageText.objects.get(dataset="TEST_R", place="title")
    assert (row.proposed, row.proposed_by) == ("Values by site", "user:mei")
    html = mei.get(DESK).content.decode()
    assert 'value="Values by site"' in html
    assert "已擬稿" in html
    assert judged.published.get("TEST_R").record.title.en == "Readings"


def test_agency_next_door_writes_nothing(judged: Engine) -> None:
    rival = person("rival", "steward", Agency.objects.get(code="ema"))
    assert rival.post(WORDS, {"field": "kind", "zh:0": "某", "en:0": "Some", "do:0": "say"}).status_code == 403
    assert rival.post(TEXTS, {"en:title": "Mine"}).status_code == 403
    assert not Wording.objects.filter(origin="person").exists()
