"""Contests: the agency raises them, the office decides, nobody decides on their own, and a form needs its token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from qingliu.accounts.models import Agency
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.quality.models import Contest, FoundHere, Judgement
from qingliu.web import lakeside
from tests.web import judged_portal
from tests.web.test_runs import person

pytestmark = pytest.mark.django_db
FORM = "/dataset/detail/AQX_P_488/contest"
TARGET = f"finding:{judged_portal.FINGERPRINT}"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("judged")
    judged_portal.build(home)
    engine = Engine(LakePaths(home), threads=1)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def judgement(pages: None, judged: Engine, agencies: tuple[Agency, Agency]) -> Judgement:
    lakeside.use(lambda: judged)
    now = timezone.now()
    Dataset.objects.create(
        code="AQX_P_488",
        kind="table",
        agency=agencies[0],
        definition="",
        definition_hash="",
        created_at=now,
        updated_at=now,
    )
    result = judged_portal.result("AQX_P_488", {"feedback": "not_measured"}, (judged_portal.HIGH,))
    row = Judgement.objects.create(
        code="AQX_P_488", agency="MOENV", kind="table", version=2, edition=result.edition, mark=result.mark, digest="x",
        result=codec.to_plain(result), judged_at=now, confirmed_at=now, judged_by="worker",
    )  # fmt: skip
    FoundHere.objects.create(
        judgement=row, fingerprint=judged_portal.FINGERPRINT, rule=judged_portal.HIGH.rule, severity="warning", count=72,
        reason_zh="高", reason_en="high", columns=["aqi"],
    )  # fmt: skip
    return row


@pytest.fixture
def agencies() -> tuple[Agency, Agency]:
    ours, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    theirs, _ = Agency.objects.get_or_create(code="CHA", defaults={"name_zh": "化學物質管理署"})
    return ours, theirs


@pytest.fixture
def steward(agencies: tuple[Agency, Agency]) -> Client:
    return person("steward", "steward", agencies[0])


def contested(steward: Client) -> Contest:
    answer = steward.post(FORM + "/raise", {"target": TARGET, "reason": "儀器校正中"})
    assert answer.status_code == 302
    return Contest.objects.get()


def test_nobody_contests_without_logging_in(reader: Client) -> None:
    assert reader.get(FORM + f"?target={TARGET}").status_code == 302
    assert "/login/" in reader.get(FORM).headers["Location"]
    assert reader.post(FORM + "/raise", {"target": TARGET, "reason": "x"}).status_code == 302
    assert not Contest.objects.exists()


def test_steward_of_the_agency_contests_a_finding(steward: Client) -> None:
    page = steward.get(FORM, {"target": TARGET})
    assert "兩站的 AQI 過高" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    row = contested(steward)
    assert (row.target, row.reason, row.raised_by, row.state) == (TARGET, "儀器校正中", "user:steward", "open")


def test_steward_of_another_agency_finds_no_form_and_is_refused(agencies: tuple[Agency, Agency]) -> None:
    stranger = person("stranger", "steward", agencies[1])
    assert "<textarea" not in stranger.get(FORM, {"target": TARGET}).content.decode()
    stranger.post(FORM + "/raise", {"target": TARGET, "reason": "x"})
    assert not Contest.objects.exists()


def test_office_decides_with_a_reason(steward: Client) -> None:
    row = contested(steward)
    office = person("office", "office")
    assert "儀器校正中" in office.get(f"/quality/contests/{row.pk}/").content.decode()
    office.post(f"/quality/contests/{row.pk}/decide", {"verdict": "uphold", "reason": ""})
    row.refresh_from_db()
    assert row.state == "open"  # a decision without reason is none
    office.post(f"/quality/contests/{row.pk}/decide", {"verdict": "uphold", "reason": "已核對校正紀錄"})
    row.refresh_from_db()
    assert (row.state, row.decision, row.decided_by) == ("upheld", "已核對校正紀錄", "user:office")


def test_whoever_raised_a_contest_cannot_decide_it(steward: Client) -> None:
    row = contested(steward)
    both = Contest.objects.filter(pk=row.pk)
    both.update(raised_by="user:office")
    office = person("office", "office")
    assert "<textarea" not in office.get(f"/quality/contests/{row.pk}/").content.decode()
    office.post(f"/quality/contests/{row.pk}/decide", {"verdict": "reject", "reason": "x"})
    assert both.get().state == "open"


def test_steward_cannot_decide(steward: Client) -> None:
    row = contested(steward)
    assert "<textarea" not in steward.get(f"/quality/contests/{row.pk}/").content.decode()
    steward.post(f"/quality/contests/{row.pk}/decide", {"verdict": "uphold", "reason": "x"})
    row.refresh_from_db()
    assert row.state == "open"


def test_form_without_its_token_is_refused(steward: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    strict.cookies = steward.cookies
    assert strict.post(FORM + "/raise", {"target": TARGET, "reason": "x"}).status_code == 403
    assert not Contest.objects.exists()


def test_decision_needs_one_of_the_two_buttons(steward: Client) -> None:
    row = contested(steward)
    answer = person("office", "office").post(f"/quality/contests/{row.pk}/decide", {"reason": "x"})
    assert answer.status_code == 400


def test_english_is_written_by_the_agency_only(steward: Client, agencies: tuple[Agency, Agency]) -> None:
    desk = "/bilingual/datasets/AQX_P_488/write"
    assert 'name="en:title"' in steward.get(desk).content.decode()
    assert "汐止" in steward.get(desk, {"field": "sitename"}).content.decode()
    assert person("stranger", "steward", agencies[1]).get(desk).status_code == 403
