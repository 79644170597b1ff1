"""Who gets where at the desk: every address × every role, another agency's draft by its id, the form's token, hostile names."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from qingliu.catalog import actions as catalog
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Draft, Proposal, Run
from qingliu.web.urls import urlpatterns
from tests.pipeline import town
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
READ = {
    "desk-draft": "",
    "desk-repaired": "repaired.csv",
    "desk-report": "report.csv",
    "desk-definition": "definition.yaml",
}
WRITE = {
    "desk-change": "change", "desk-read": "read", "desk-remedy": "remedy", "desk-remedies": "remedies", "desk-undo": "undo",
    "desk-submit": "submit", "desk-take-back": "take-back", "desk-decide": "decide", "desk-drop": "drop",
}  # fmt: skip
OF_DATASET = {
    "desk-edit": "edit",
    "desk-withdraw": "withdraw",
    "desk-reinstate": "reinstate",
    "desk-run-now": "run-now",
}
OTHERS = {"desk", "desk-upload", "desk-take", "desk-dataset", "desk-decide-run"}
REQUESTS = {  # tests/participation/test_pages.py: a stranger at the desk
    "desk-requests", "desk-request", "desk-answer", "desk-dispatch", "desk-hide",
    "desk-grounds", "desk-ground-put", "desk-ground-retire",
}  # fmt: skip
FORM = {"title-zh": "被改了", "why": "x", "reason": "x", "decision": "approve", "version": "1"}


@pytest.fixture
def draft(home: LakePaths) -> Draft:
    """A draft of moenv with a step to undo, beside a registered dataset of moenv."""
    cast.enrol()
    catalog.register_definition(text=town.definition(mode="snapshot"), by=town.OPERATOR)
    mei = cast.client("mei")
    made = cast.upload(mei, cast.file(cast.defective()))
    mei.post(f"/desk/drafts/{made.pk}/remedies")
    return Draft.objects.get(pk=made.pk)


def state() -> list[object]:
    """Everything that a stranger must not change."""
    drafts = list(Draft.objects.values_list("pk", "state", "definition", "decided_by", "submitted_by"))
    return [drafts, Proposal.objects.count(), Run.objects.count(), [str(d) for d in Draft.objects.all()]]


def test_every_address_of_the_desk_is_in_this_account() -> None:
    named = {p.name for p in urlpatterns if p.name and p.name.startswith("desk")}
    assert named == {*READ, *WRITE, *OF_DATASET, *OTHERS, *REQUESTS}


@pytest.mark.parametrize("name", ["", "nobody", "member", "rival", "judge"])
def test_threat_18_nobody_outside_the_agency_sees_or_changes_a_draft_by_its_id(draft: Draft, name: str) -> None:
    who, before = cast.client(name), state()
    none = uuid.uuid4()
    for where in READ.values():
        answer, absent = (who.get(f"/desk/drafts/{i}/{where}") for i in (draft.pk, none))
        assert answer.status_code == absent.status_code == (404 if name else 302), where
        assert "AIR" not in answer.content.decode()
        assert answer.content.decode().replace(str(draft.pk), "") == absent.content.decode().replace(str(none), "")
    for where in WRITE.values():
        answer = who.post(f"/desk/drafts/{draft.pk}/{where}", FORM)
        assert answer.status_code == (404 if name else 302), where
        assert name or answer.headers["Location"].startswith("/login/")
    for where in ["", *OF_DATASET.values()]:
        ask = who.post if where else who.get
        for code in ("TEST_A", "NOT_THERE"):
            assert ask(f"/desk/datasets/{code}/{where}", FORM).status_code == (404 if name else 302), where
    answer = who.post("/desk/upload/take", {"files": [cast.file("a,b\n1,2\n")], "dataset": "TEST_A"})
    assert answer.status_code in ((302,) if not name else (403, 404))
    answer = who.post("/desk/upload/take", {"files": [cast.file("a,b\n1,2\n")], "agency": "moenv"})
    assert answer.status_code in ((302,) if not name else (403,))
    assert state() == before


def test_the_agencys_people_and_the_office_see_it(draft: Draft) -> None:
    for name in ("mei", "hua", "office"):
        for where in READ.values():
            assert cast.client(name).get(f"/desk/drafts/{draft.pk}/{where}").status_code == 200, (name, where)
        assert cast.client(name).get("/desk/datasets/TEST_A/").status_code == 200
        assert cast.client(name).get("/en/desk/").status_code == 200


def test_an_approver_changes_nothing_and_a_steward_approves_nothing(draft: Draft) -> None:
    hua, mei = cast.client("hua"), cast.client("mei")
    before = draft.definition
    for where in ("change", "remedies", "undo", "submit", "drop", "read"):
        hua.post(f"/desk/drafts/{draft.pk}/{where}", FORM)
    draft.refresh_from_db()
    assert (draft.definition, draft.state) == (before, Draft.State.OPEN)
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "說明"})
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"now": "1"})
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING  # "now" is for an agency of one
    mei.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING
    assert not Run.objects.exists()


def test_a_draft_cannot_be_turned_to_another_agencys_dataset(draft: Draft) -> None:
    mei, rival = cast.client("mei"), cast.client("rival")
    answer = mei.post(f"/desk/drafts/{draft.pk}/change", {"code": "TEST_A"})
    assert answer.status_code == 409
    theirs = cast.upload(rival, cast.file("id,aqi\n1,2\n"), agency="ema")
    assert rival.post(f"/desk/drafts/{theirs.pk}/change", {"code": "TEST_A"}).status_code == 409
    assert "TEST_A" not in Draft.objects.get(pk=theirs.pk).definition


def test_threat_19_every_write_of_the_desk_needs_our_form(draft: Draft) -> None:
    strict, before = cast.client("mei", enforce_csrf_checks=True), state()
    for where in WRITE.values():
        assert strict.post(f"/desk/drafts/{draft.pk}/{where}", FORM).status_code == 403, where
    for where in OF_DATASET.values():
        assert strict.post(f"/desk/datasets/TEST_A/{where}", FORM).status_code == 403, where
    answer = strict.post("/desk/upload/take", {"files": [cast.file("a,b\n1,2\n")], "agency": "moenv"})
    assert answer.status_code == 403
    for where in [*WRITE.values()]:
        assert cast.client("mei").get(f"/desk/drafts/{draft.pk}/{where}").status_code == 405, where
    assert state() == before


def test_threat_19_an_upload_with_the_token_of_our_page_is_taken(draft: Draft) -> None:
    strict = cast.client("mei", enforce_csrf_checks=True)
    page = strict.get("/desk/upload/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"csrfmiddlewaretoken": token, "files": [cast.file("a,b\n1,2\n")], "agency": "moenv"}
    assert strict.post("/desk/upload/take", form).status_code == 302


def test_files_are_taken_nowhere_else(home: LakePaths) -> None:
    reader = Client(headers={"host": "localhost"})
    reader.post("/login/", {"login": "x", "password": "y", "file": cast.file(b"x" * 3_000_000)})
    assert not list(home.drafts.rglob("*.upload"))


def test_threat_15_hostile_names_headers_and_cells_are_shown_as_text(home: LakePaths) -> None:
    cast.enrol("mei", "hua")
    mei = cast.client("mei")
    header = f'"id{cast.XSS}","aqi","</textarea>{cast.XSS}"'
    cells = "".join(f'"{cast.XSS}{n}",{n if n != 3 else cast.XSS},"<img src=x onerror=alert(1)>"\n' for n in range(9))
    made = cast.upload(mei, cast.file(f"{header}\n{cells}", f"../..\\{cast.XSS}.csv"))
    assert "/" not in made.files[0]["name"]
    assert ".." not in made.files[0]["stored"]
    pages = [
        mei.get(f"{p}/desk/{w}").content.decode() for p in ("", "/en") for w in (f"drafts/{made.pk}/", "", "upload/")
    ]
    mei.post(f"/desk/drafts/{made.pk}/change", {"title-zh": cast.XSS, "description-zh": cast.XSS, "c1-unit": cast.XSS})
    mei.post(f"/desk/drafts/{made.pk}/remedies")
    pages.append(mei.get(f"/desk/drafts/{made.pk}/").content.decode())
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[-1]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


@pytest.mark.parametrize(
    ("name", "body"), [("map.svg", SVG), ("data.csv", SVG), ("data.html", PAGE), ("data.csv", PAGE)]
)
def test_threat_15_a_drawing_or_page_sent_as_data_is_never_handed_out_again(
    home: LakePaths, name: str, body: bytes
) -> None:
    cast.enrol("mei")
    mei = cast.client("mei")
    answer = mei.post("/desk/upload/take", {"files": [cast.file(body, name)], "agency": "moenv"})
    for made in Draft.objects.all():
        for where in ("", *READ.values()):
            answer = mei.get(f"/desk/drafts/{made.pk}/{where}")
            text = answer.content.decode()
            assert "<script>alert" not in text
            assert "onload=" not in text.replace("onload=&quot;", "")
            if where:
                assert answer.headers["Content-Type"].split(";")[0] in {"text/csv", "application/yaml", "text/html"}
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not Run.objects.exists()


def test_nothing_leads_to_another_host(draft: Draft) -> None:
    mei = cast.client("mei")
    for where in WRITE.values():
        there = mei.post(
            f"/desk/drafts/{draft.pk}/{where}", {"next": "//evil.example"}, headers={"referer": "https://evil.example/"}
        )
        assert there.headers.get("Location", "/desk/").startswith("/desk/"), where
        if where == "drop":
            break
    assert actions.expire_drafts() in (0, 1)
    assert queries.drafts(state="dropped").count() == 1


def test_private_pages_are_kept_by_no_cache(draft: Draft) -> None:
    for where in (f"drafts/{draft.pk}/", "", "upload/", "datasets/TEST_A/"):
        assert "no-store" in cast.client("mei").get(f"/desk/{where}").headers["Cache-Control"]
