"""What a new draft need not be told: its agency, the office that answers for it, and whom to ask."""

from __future__ import annotations

import pytest
from django.utils import timezone

from qingliu.accounts import queries as accounts
from qingliu.accounts.models import RoleAssignment, User
from qingliu.lake.paths import LakePaths
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "站號,濃度\nA1,2\nA2,3\n"


@pytest.fixture(autouse=True)
def people(home: LakePaths) -> None:
    cast.enrol()


def record_of(draft: Draft):  # type: ignore[no-untyped-def]
    return standard.loads(Draft.objects.get(pk=draft.pk).definition).dataset


def test_the_person_who_uploads_is_proposed_as_contact_and_the_line_above_the_header_as_unit() -> None:
    User.objects.filter(username="mei").update(first_name="明", last_name="林")
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(f"某某市政府環境保護局 113年度統計\n{ROWS}", "data.csv"))
    record = record_of(draft)
    assert record.unit.zh == "某某市政府環境保護局"
    (contact,) = record.contacts
    assert (contact.role, contact.email) == ("steward", "mei@example.org")
    assert contact.name.zh.replace(" ", "") in ("明林", "林明")
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert html.split('name="steward"')[1].split("</label>")[0].count("您是這份草稿的承辦") == 1
    assert "建議補上" not in html


def test_without_a_name_the_agencys_desk_is_the_contact_and_the_agency_itself_is_no_unit() -> None:
    draft = cast.upload(cast.client("mei"), cast.file(f"環境部 113年度\n{ROWS}"))
    record = record_of(draft)
    assert (record.contacts[0].name.zh, record.unit.zh) == ("環境部資料承辦", "")


def test_somebody_with_several_agencies_finds_the_one_of_their_last_draft_chosen() -> None:
    user = User.objects.get(username="mei")
    RoleAssignment.objects.create(user=user, role="steward", agency=accounts.agency("ema"), granted_at=timezone.now())
    mei = cast.client("mei")
    assert " selected>" not in mei.get("/desk/upload/").content.decode().split('name="agency"')[1]
    cast.upload(mei, cast.file(ROWS), agency="ema")
    assert '<option value="ema" selected>' in mei.get("/desk/upload/").content.decode()


def test_the_office_with_a_desk_at_home_finds_its_own_agency_chosen() -> None:
    user = User.objects.get(username="office")
    RoleAssignment.objects.create(user=user, role="steward", agency=accounts.agency("ema"), granted_at=timezone.now())
    assert '<option value="ema" selected>' in cast.client("office").get("/desk/upload/").content.decode()


def test_an_agency_left_open_is_the_one_that_the_file_names_and_none_where_it_names_two() -> None:
    office = cast.client("office")
    name = accounts.agency("ema").name_zh
    for file in (cast.file(f"{name} 統計\n{ROWS}", "a.csv", "cp950"), cast.file(ROWS, f"{name}_b.csv")):
        assert cast.upload(office, file, agency="").agency.code == "ema"
    both = cast.file(f"{name}、{accounts.agency('moenv').name_zh}\n{ROWS}")
    assert office.post("/desk/upload/take", {"files": [both], "agency": ""}).status_code >= 400
