"""Two people: who prepared never approves, what is returned says why, what fails opens again, what was can come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from qingliu.accounts.models import User
from qingliu.accounts.queries import actor
from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.catalog.models import Dataset, Version
from qingliu.core.errors import Forbidden
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions
from qingliu.pipeline.models import Draft, Run
from tests.pipeline import town
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
READY = {"title-zh": "名稱", "description-zh": "說明。", "code": "DESK_A"}


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def submitted(mei: Client, text: str = "id,aqi\nA1,20\nA2,30\n", **form: str) -> Draft:
    draft = cast.upload(mei, cast.file(text))
    mei.post(f"/desk/drafts/{draft.pk}/change", {**READY, **form})
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"why": "第一版"})
    return Draft.objects.get(pk=draft.pk)


def rows(home: LakePaths, code: str) -> list[Any]:
    engine = Engine(home, threads=1)
    return sorted(r["aqi"] for r in engine.rows(engine.open(Query(code))))


def test_a_draft_is_not_submitted_before_it_says_what_it_is(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\n1,20\n"))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "請填寫「資料說明」。" in page
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.OPEN


def test_returned_with_a_reason_and_never_without(mei: Client) -> None:
    draft, hua = submitted(mei), cast.client("hua")
    hua.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "return", "reason": " "})
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.WAITING
    hua.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "return", "reason": "單位寫錯"})
    draft.refresh_from_db()
    assert (draft.state, draft.decided_by, draft.reason) == (Draft.State.OPEN, "user:hua", "單位寫錯")
    assert "單位寫錯" in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert not Dataset.objects.exists()


def test_whoever_changed_a_draft_cannot_approve_it_even_with_the_role(mei: Client) -> None:
    draft = submitted(mei)
    office = cast.client("office")
    assert actions.may_be_decided_by(draft, actions_actor("office"))
    office.post(f"/desk/drafts/{draft.pk}/take-back")
    office.post(f"/desk/drafts/{draft.pk}/change", {"title-en": "By the office"})
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    draft.refresh_from_db()
    with pytest.raises(Forbidden):
        actions.approve(draft=draft, by=actions_actor("office"))
    assert actions.may_be_decided_by(draft, actions_actor("hua"))


def actions_actor(name: str) -> Any:
    return actor(User.objects.get(username=name))


def test_the_only_person_of_an_agency_may_decide_alone_and_the_record_says_so(home: LakePaths, settings: Any) -> None:
    cast.enrol("mei", "judge")
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    mei.post(f"/desk/drafts/{draft.pk}/change", READY)
    settings.QINGLIU = replace(settings.QINGLIU, self_approval=False)
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"now": "1"})
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.WAITING
    settings.QINGLIU = replace(settings.QINGLIU, self_approval=True)
    mei.post(f"/desk/drafts/{draft.pk}/take-back")
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"now": "1"})
    draft.refresh_from_db()
    assert (draft.state, draft.alone, draft.decided_by) == (Draft.State.DONE, True, "user:mei")
    assert Event.objects.get(verb="draft.approved").detail["alone"] is True


def test_an_approved_draft_names_both_people_and_may_be_carried_out_twice(mei: Client, home: LakePaths) -> None:
    draft = submitted(mei)
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve", "reason": "可"})
    draft.refresh_from_db()
    assert Version.objects.get().author == "user:mei"
    assert Version.objects.get().message == "第一版"
    assert Event.objects.get(verb="definition.registered").actor == "user:hua"
    Draft.objects.update(state=Draft.State.APPROVED)
    actions.carry_out(Draft.objects.get(pk=draft.pk))
    assert Version.objects.count() == 1
    assert rows(home, "DESK_A") == [20, 30]


def test_what_cannot_be_published_opens_again_with_the_reason(mei: Client) -> None:
    draft = submitted(mei)
    catalog.register_definition(text=town.definition("DESK_A"), by=town.OPERATOR)  # somebody was faster
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    draft.refresh_from_db()
    assert (draft.state, draft.run) == (Draft.State.OPEN, None)
    assert "已有人使用" in draft.error_zh
    assert "核定後未能發布" in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()


def test_a_changed_definition_under_a_waiting_draft_is_not_overwritten(mei: Client) -> None:
    catalog.register_definition(text=town.definition(mode="snapshot"), by=town.OPERATOR)
    answer = mei.post("/desk/datasets/TEST_A/edit")
    draft = Draft.objects.get(pk=answer.headers["Location"].strip("/").split("/")[-1])
    mei.post(f"/desk/drafts/{draft.pk}/change", {"title-en": "Another"})
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    catalog.register_definition(text=town.definition(mode="snapshot", title="別的"), by=town.OPERATOR)
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING
    assert "別的" in Dataset.objects.get(code="TEST_A").definition


def test_drift_that_the_approver_saw_is_released_by_the_approval(mei: Client, home: LakePaths) -> None:
    first, hua = submitted(mei), cast.client("hua")
    hua.post(f"/desk/drafts/{first.pk}/decide", {"decision": "approve"})
    draft = cast.upload(mei, cast.file("id,aqi\n" + "".join(f"B{n},{n}\n" for n in range(40))), dataset="DESK_A")
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "列數為 40，上次為 2" in page
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"why": "擴充"})
    hua.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    draft.refresh_from_db()
    assert draft.run is not None
    assert (draft.run.state, draft.run.version, draft.run.release_reason) == ("published", 2, "擴充")
    assert Event.objects.get(verb="run.released").actor == "user:hua"


def held(home: LakePaths, code: str = "DESK_A") -> Run:
    path = home.home / "more.csv"
    path.write_text("id,aqi\n" + "".join(f"C{n},{n}\n" for n in range(60)), encoding="utf-8")
    return actions.run_delivery(code=code, files=[path], by=actions_actor("mei"))


def test_a_held_run_shows_the_difference_and_is_released_by_another_person(mei: Client, home: LakePaths) -> None:
    first, hua = submitted(mei), cast.client("hua")
    hua.post(f"/desk/drafts/{first.pk}/decide", {"decision": "approve"})
    run = held(home)
    assert run.state == "held"
    assert "2 → 60" in mei.get(f"/runs/{run.pk}/").content.decode()
    assert "交付的人不能放行自己的交付" in mei.get(f"/runs/{run.pk}/").content.decode()
    mei.post(f"/runs/{run.pk}/decide", {"decision": "release", "reason": "我說可以"})
    assert Run.objects.get(pk=run.pk).state == "held"
    assert cast.client("rival").post(f"/runs/{run.pk}/decide", {"decision": "reject", "reason": "x"}).status_code == 404
    hua.post(f"/runs/{run.pk}/decide", {"decision": "release", "reason": ""})
    assert Run.objects.get(pk=run.pk).state == "held"
    hua.post(f"/runs/{run.pk}/decide", {"decision": "release", "reason": "已與來源確認"})
    assert Run.objects.get(pk=run.pk).state == "published"
    assert len(rows(home, "DESK_A")) == 60


def test_an_earlier_version_comes_back_as_a_new_one_and_a_dataset_goes_and_returns(
    mei: Client, home: LakePaths
) -> None:
    first, hua = submitted(mei), cast.client("hua")
    hua.post(f"/desk/drafts/{first.pk}/decide", {"decision": "approve"})
    second = cast.upload(mei, cast.file("id,aqi\nA1,99\nA3,98\n"), dataset="DESK_A")
    mei.post(f"/desk/drafts/{second.pk}/submit")
    hua.post(f"/desk/drafts/{second.pk}/decide", {"decision": "approve"})
    assert rows(home, "DESK_A") == [98, 99]
    mei.post("/desk/datasets/DESK_A/reinstate", {"version": "1", "reason": "新檔有誤"})
    assert rows(home, "DESK_A") == [98, 99]  # a steward does not decide that
    hua.post("/desk/datasets/DESK_A/reinstate", {"version": "1", "reason": "新檔有誤"})
    assert rows(home, "DESK_A") == [20, 30]
    assert list(Version.objects.values_list("number", "message").order_by("number")) == [
        (1, "第一版"),
        (2, ""),
        (3, "新檔有誤"),
    ]
    hua.post("/desk/datasets/DESK_A/reinstate", {"version": "77", "reason": "x"})
    assert Version.objects.count() == 3
    mei.post("/desk/datasets/DESK_A/withdraw", {"reason": "x"})
    assert Dataset.objects.get().status == "published"
    hua.post("/desk/datasets/DESK_A/withdraw", {"reason": "法院要求"})
    assert (Dataset.objects.get().status, Dataset.objects.get().reason_zh) == ("withdrawn", "法院要求")
    hua.post("/desk/datasets/DESK_A/withdraw", {"reason": "撤銷"})
    assert rows(home, "DESK_A") == [20, 30]


def test_a_sensitive_column_waits_for_the_privacy_gate_and_says_so(mei: Client) -> None:
    people = "".join(f"{n},王小明{n},0912-345-67{n}\n" for n in range(9))
    draft = cast.upload(mei, cast.file(f"id,聯絡人,電話\n{people}"))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "核定後不會公開：隱私審查還有 2 件事會擋住。" in page
    found = page.split('name="remedy" value="')
    unmark = next(p for p in found[1:] if "取消敏感標示" in p)[:16]
    mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": unmark})
    assert Draft.objects.get(pk=draft.pk).definition == draft.definition  # not without a reason
    mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": unmark, "why": "機關總機，非個人"})
    assert Draft.objects.get(pk=draft.pk).definition.count("sensitivity") == draft.definition.count("sensitivity") - 1
