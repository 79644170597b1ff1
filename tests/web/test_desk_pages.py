"""A draft's rows page by page, what one click applies, and what of personal data would hold the publication."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries
from qingliu.pipeline.models import Draft
from qingliu.privacy import actions as privacy
from tests.privacy import town
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "id,day,aqi\n" + "".join(f"A{n:03d},2026-01-{n % 28 + 1:02d},{'bad' if n == 140 else n}\n" for n in range(150))
PEOPLE = "id,聯絡人,電話\n" + "".join(f"{n},王小明{n},0912-345-67{n}\n" for n in range(9))


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def page(who: Client, draft: Draft, asked: str = "") -> str:
    answer = who.get(f"/desk/drafts/{draft.pk}/{asked}")
    assert answer.status_code == 200
    return answer.content.decode()


def lines(html: str) -> list[str]:
    return [part.split("<")[0] for part in html.split('<th scope="row" class="n soft">')[1:]]


def test_rows_are_paged_fifty_a_page_with_findings_first(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(ROWS))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c2-was": "aqi", "c2-type": "integer"})
    first = page(mei, draft)
    assert lines(first)[:2] == ["142", "2"]
    assert len(lines(first)) == 50
    assert "第 1 頁，共 3 頁" in first
    assert 'href="?page=2#rows"' in first
    assert lines(page(mei, draft, "?page=3"))[-1] == "151"
    only = page(mei, draft, "?rows=found")
    assert lines(only) == ["142"]
    assert lines(page(mei, draft, "?page=9")) == []
    assert mei.get(f"/desk/drafts/{draft.pk}/?page=x").status_code == 400


def test_another_definition_is_shown_in_the_rows_at_once(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(ROWS))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c2-was": "aqi", "c2-type": "integer"})
    seen = queries.preview(draft)
    assert seen is not None
    assert queries.draft_rows(draft, seen, offset=0, limit=9).found == 1
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c2-was": "aqi", "c2-type": "string"})
    assert queries.draft_rows(draft, seen, offset=0, limit=9).found == 0


def test_the_button_says_how_many_and_which_it_applies(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,值\n" + "".join(f"A{n},{n}.5\n" for n in range(30)) + "B1,ND\n"))
    html = page(mei, draft)
    listed = html.split('id="sure-list"')[1].split("</details>")[0]
    count = listed.count("<li>")
    assert count > 0
    assert f"套用全部建議（{count} 項）" in html
    assert "ND" in listed
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    assert 'id="sure-list"' not in page(mei, draft)


def test_what_no_rule_covers_is_warned_of_and_a_rule_is_begun_for_the_reviewer(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(PEOPLE))
    html = page(mei, draft)
    assert "會擋住公開" in html
    assert "規則草案" in html
    assert "聯絡人 遮罩" in html
    assert "/privacy/?dataset=" not in html  # a steward may not propose rules
    assert "/privacy/?dataset=" in page(cast.client("office"), draft)
    asked = cast.client("office").get("/privacy/", {"dataset": "DESK_A", "column": "電話", "kind": "personal"})
    assert "name: desk-a-column" in asked.content.decode()


def test_a_rule_in_force_is_named_with_the_cell_as_it_will_look(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(PEOPLE))
    form = {"c1-was": "聯絡人", "c1-sensitivity": "personal", "c2-was": "電話", "c2-sensitivity": "personal"}
    mei.post(f"/desk/drafts/{draft.pk}/change", form)
    assert "核定後不會公開" in page(mei, draft)
    privacy.seed()
    for name in ("natural-persons", "own-address", "free-text"):
        privacy.decide(name=name, approve=True, reason="可", by=town.OPERATOR)
    html = page(mei, draft)
    assert "核定後不會公開" not in html
    assert "適用規則：自然人姓名遮罩" in html
    looks = html.split('id="privacy"')[1].split("</section>")[0]
    assert "0912-345-670" in looks
    assert "*" in looks
