"""After approval and on the way there: what the desk says is so."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.accounts.rules import WORKER
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Alarm, Draft
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def held(mei: Client) -> Draft:
    people = "".join(f"{n},王小明{n},0912-345-67{n}\n" for n in range(9))
    draft = cast.upload(mei, cast.file(f"id,聯絡人,電話\n{people}"))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"title-zh": "名冊", "description-zh": "說明。", "code": "DESK_H"})
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"why": "第一版"})
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    return Draft.objects.get(pk=draft.pk)


def test_held_by_the_gate_is_not_public_on_any_step(mei: Client) -> None:
    draft = held(mei)
    assert draft.run is not None
    assert draft.run.state == "held"
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert '<li class="here">暫緩：尚未公開</li>' in page
    assert '<li class="done">公開</li>' not in page
    actions.watch_alarms(by=WORKER)
    assert Alarm.objects.filter(kind="held", closed_at=None).count() == 1
    cast.client("hua").post(f"/runs/{draft.run.pk}/decide", {"decision": "reject", "reason": "請移除電話"})
    assert not Alarm.objects.filter(kind="held", closed_at=None).exists()
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "已退回：沒有公開" in page
    assert "請移除電話" in page
    page = cast.client("hua").get(f"/runs/{draft.run.pk}/").content.decode()
    assert "<dt>退回理由</dt>" in page
    assert "<dt>放行理由</dt>" not in page


def test_drafts_are_listed_by_title_and_steps_in_the_order_of_their_making(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    at = f"/desk/drafts/{draft.pk}"
    mei.post(f"{at}/change", {"title-zh": "水庫水質", "description-zh": "說明。", "code": "RES_A"})
    desk = mei.get("/desk/").content.decode()
    assert ">水庫水質</a> <code>RES_A</code>" in desk
    page = mei.get(f"{at}/").content.decode()
    assert '<ol class="steps">' in page
    made = queries.proposals(draft).count()
    assert f"收回第 {made} 項：修改定義表單" in page
    mei.post(f"{at}/undo")
    assert "已收回：修改定義表單。" in mei.get(f"{at}/").content.decode()


def test_the_way_from_approval_to_the_public_page_is_told(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\nA2,30\n"))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "說明。", "code": "DESK_P"})
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    assert '<li class="done">公開</li>' in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()


def test_a_corrected_file_takes_the_place_of_the_first_and_the_definition_stays(mei: Client, home: LakePaths) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\nA2,x\n"))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"title-zh": "水質", "description-zh": "說明。"})
    before = Draft.objects.get(pk=draft.pk).definition
    answer = mei.post(
        "/desk/upload/take", {"files": [cast.file("id,aqi\nA1,20\nA2,30\nA3,40\n", "new.csv")], "draft": str(draft.pk)}
    )
    assert answer.headers["Location"].endswith(f"/desk/drafts/{draft.pk}/#read")
    row = Draft.objects.get(pk=draft.pk)
    seen = queries.preview(row)
    assert seen is not None
    assert (row.definition, seen.rows_read, row.files[0]["name"]) == (before, 3, "new.csv")
    assert len(list((home.drafts / str(draft.pk)).rglob("*.csv"))) == 1
    rival = cast.client("rival")
    answer = rival.post("/desk/upload/take", {"files": [cast.file("a\n1\n")], "draft": str(draft.pk)})
    assert answer.status_code == 404


def test_a_draft_tells_what_the_mark_needs_before_it_is_public(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    part = page.split('id="gold"')[1].split("</section>")[0]
    assert part.split('class="remedies"')[1].count("<li>") == 7
    assert part.count("公開後實測") == 4
    assert "宣告的欄位都在檔案中" in part
    assert "#gold" in mei.get("/desk/").content.decode()
