"""The privacy room's pages: who may enter, that a maker may not approve, and who is shown the restricted list."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.accounts.models import Agency
from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.audit.models import Event
from qingliu.core.clock import now
from qingliu.lake.paths import LakePaths
from qingliu.privacy import actions
from qingliu.privacy.actions.policy import shipped
from qingliu.privacy.models import ListEdition, RuleEdition
from tests.web.test_public_pages import HAN, shown
from tests.web.test_runs import person

pytestmark = pytest.mark.django_db
SITE = "control,name,address\nZ9990001,某營區彈藥庫,臺北市中正區測試路一段 9 號\n"
ADA = Actor("user:ada", (RoleGrant("privacy"),))


@pytest.fixture
def ada() -> Client:
    return person("ada", "privacy")


@pytest.fixture
def ben() -> Client:
    return person("ben", "privacy")


@pytest.fixture
def rule(home: LakePaths) -> RuleEdition:
    return actions.propose(rule=shipped()[0], why="試", by=ADA)


def test_only_named_roles_enter(reader: Client, home: LakePaths) -> None:
    moenv, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    assert reader.get("/privacy/").status_code == 302
    assert person("steward", "steward", moenv).get("/privacy/").status_code == 403
    assert person("member", "member").get("/privacy/restricted/").status_code == 403
    assert person("office", "office").get("/privacy/").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", ["/privacy/", "/privacy/linkage/", "/privacy/restricted/"])
def test_pages_answer_in_both_languages_and_are_kept_by_no_cache(
    ada: Client, rule: RuleEdition, prefix: str, path: str
) -> None:
    answer = ada.get(prefix + path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    if prefix:
        assert [t for t in shown(html) if HAN.search(t)] == []


def test_maker_sees_that_another_person_has_to_approve(ada: Client, ben: Client, rule: RuleEdition) -> None:
    assert 'value="approve"' not in ada.get("/privacy/").content.decode()
    assert "須由另一人核可" in ada.get("/privacy/").content.decode()
    ada.post("/privacy/rules/decide", {"name": rule.name, "verdict": "approve", "reason": "自己"})
    rule.refresh_from_db()
    assert rule.state == "draft"
    assert 'value="approve"' in ben.get("/privacy/").content.decode()
    ben.post("/privacy/rules/decide", {"name": rule.name, "verdict": "approve", "reason": "可"})
    rule.refresh_from_db()
    assert (rule.state, rule.decided_by) == ("approved", "user:ben")


def test_rule_that_is_no_rule_is_told_at_the_form(ada: Client, home: LakePaths) -> None:
    ada.post("/privacy/rules/propose", {"rule": "[", "why": "x"})
    assert "YAML" in ada.get("/privacy/").content.decode()
    assert not RuleEdition.objects.exists()


@pytest.fixture
def sealed(home: LakePaths) -> ListEdition:
    day = now().date().replace(year=now().year + 1)
    return actions.import_list(text=SITE, basis="國家機密保護法", review_on=day, by=ADA)


def test_restricted_list_is_read_by_its_role_only_and_on_the_record(ada: Client, sealed: ListEdition) -> None:
    office = person("office", "office")
    assert office.get("/privacy/restricted/").status_code == 403
    assert office.post(f"/privacy/restricted/{sealed.number}/read").status_code == 403
    assert ada.get(f"/privacy/restricted/{sealed.number}/read").status_code == 405  # never by a mere link
    for path in ("/privacy/", "/privacy/linkage/", "/privacy/restricted/"):
        assert "某營區" not in ada.get(path).content.decode()
    answer = ada.post(f"/privacy/restricted/{sealed.number}/read")
    assert "某營區彈藥庫" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert Event.objects.filter(verb="restricted.read", actor="user:ada").count() == 1
    assert "某營區" not in str([e.detail for e in Event.objects.all()])


def test_office_without_the_list_role_does_not_learn_that_there_is_one(sealed: ListEdition) -> None:
    ListEdition.objects.update(state="approved", decided_by="user:ben")
    html = person("office", "office").get("/privacy/").content.decode()
    assert "限制名單</td>" not in html
