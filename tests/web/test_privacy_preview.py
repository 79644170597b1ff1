"""A held delivery on the privacy pages: before and after for those who may, never a restricted row to those who may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from qingliu.accounts import actions as accounts
from qingliu.accounts.models import Agency
from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from qingliu.pipeline.models import Run
from qingliu.privacy.models import Assessment
from tests.privacy import town
from tests.web.test_runs import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(home: LakePaths, tmp_path: Path) -> Run:
    """A delivery that waits: a firm, a person, a restricted site; the rules came after it."""
    accounts.seed_agencies(by=town.OPERATOR)
    catalog.register_definition(text=town.definition(), by=town.OPERATOR)
    file = town.csv(tmp_path / "in.csv", [town.FIRM, town.PERSON, town.SITE])
    run = actions.run_delivery(code="PEN_A", files=[file], by=town.OPERATOR)
    town.approve_defaults()
    town.restrict()
    return run


def seen(client: Client, run: Run) -> str:
    answer = client.get(f"/privacy/runs/{run.pk}/")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()


def test_only_permitted_roles_see_before_and_after(held: Run, reader: Client) -> None:
    moenv, ema = (Agency.objects.get(code=c) for c in ("moenv", "ema"))
    address = f"/privacy/runs/{held.pk}/"
    assert reader.get(address).status_code == 302
    for stranger in (person("rival", "steward", ema), person("member", "member")):
        answer = stranger.get(address)
        assert answer.status_code in (403, 404)
        assert "蔡旭昇" not in answer.content.decode()
    mine = seen(person("mei", "steward", moenv), held)
    assert '<span class="gone">蔡旭昇</span>' in mine
    assert '<span class="new">蔡○昇</span>' in mine


def test_restricted_row_is_in_the_preview_of_its_own_role_only(held: Run) -> None:
    office, officer = seen(person("office", "office"), held), seen(person("ada", "privacy"), held)
    assert "限制名單上的列不在此顯示" in office
    assert "中央路" not in office
    assert "中央路" in officer
    assert "限制名單上的列不在此顯示" not in officer


def test_run_page_leads_to_the_preview_and_quotes_no_cell(held: Run) -> None:
    html = person("office", "office").get(f"/runs/{held.pk}/").content.decode()
    assert f'href="/privacy/runs/{held.pk}/"' in html
    assert "蔡旭昇" not in html


def test_assessment_is_kept_with_who_why_and_its_review_date(home: LakePaths, tmp_path: Path) -> None:
    accounts.seed_agencies(by=town.OPERATOR)
    for code in ("PEN_A", "PEN_B"):
        catalog.register_definition(text=town.definition(code), by=town.OPERATOR)
    ada = person("ada", "privacy")
    asked = {
        "dataset": "PEN_A",
        "other": "PEN_B",
        "answer": "no-linkage",
        "reason": "兩者同樣遮罩",
        "basis": "第 18 條",
    }
    ada.post("/privacy/linkage/assess", {**asked, "review_on": ""})
    assert not Assessment.objects.exists()  # no review date, no assessment
    ada.post("/privacy/linkage/assess", {**asked, "review_on": town.LATER.isoformat()})
    kept = Assessment.objects.get()
    assert (kept.dataset, kept.other, kept.answer, kept.review_on) == ("PEN_A", "PEN_B", "no-linkage", town.LATER)
    assert Event.objects.filter(actor="user:ada", object_id__contains="PEN_A").exists()
    html = ada.get("/privacy/linkage/").content.decode()
    assert "兩者同樣遮罩" in html
    assert town.LATER.isoformat() in html
