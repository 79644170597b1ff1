"""Alarms: one mail an event, whatever the tries; late, broken, held and orphaned datasets; my datasets with their marks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import translation

from qingliu.accounts.models import User
from qingliu.accounts.rules import WORKER
from qingliu.catalog import actions as catalog
from qingliu.catalog import publication
from qingliu.catalog.models import Dataset, Version
from qingliu.core.dataset import Contact, Frequency, Text
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, watch
from qingliu.pipeline.models import Alarm, Run, Source
from qingliu.web import desk_rows, lakeside
from tests.pipeline import town
from tests.web import cast

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "unit", "due"),
    [
        (1, "hour", NOON + timedelta(hours=1)),
        (2, "week", NOON + timedelta(days=14)),
        (1, "month", NOON.replace(month=2, day=28)),
        (1, "quarter", NOON.replace(month=4, day=30)),
        (1, "year", NOON.replace(year=2027)),
        (0, "irregular", None),
    ],
)
def test_the_next_version_is_due_when_it_was_promised(every: int, unit: Any, due: datetime | None) -> None:
    assert watch.next_due(NOON, Frequency(every, unit)) == due
    if due is None:
        assert watch.late_since(NOON, Frequency(every, unit), NOON + timedelta(days=9999)) is None
        return
    assert watch.late_since(NOON, Frequency(every, unit), due) is None
    assert watch.late_since(NOON, Frequency(every, unit), due + (due - NOON)) == due


def test_a_dataset_without_living_people_is_told() -> None:
    today = date(2026, 11, 23)
    gone = Contact("steward", Text("前任", ""), valid_to=date(2026, 1, 1))
    here = Contact("deputy", Text("代理", ""), valid_from=date(2026, 1, 1))
    assert watch.without_people((gone,), today, 3)
    assert watch.without_people((gone, here), today, 3) is None
    assert watch.without_people((), today, 0)
    assert watch.without_people((), today, 1) is None


@pytest.fixture
def row(home: LakePaths, settings: Any, transactional_db: None) -> Dataset:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cast.enrol("mei", "hua", "rival")
    text = town.definition(mode="snapshot").replace("category: air", "category: air\nfrequency: {every: 1, unit: day}")
    catalog.register_definition(text=text, by=town.OPERATOR)
    file = town.csv(home.home / "a.csv", town.rows(3))
    actions.run_delivery(code="TEST_A", files=[file], by=town.OPERATOR)
    return Dataset.objects.get(code="TEST_A")


def look() -> list[str]:
    """One look of the worker: the addresses that got a mail."""
    mail.outbox.clear()
    actions.watch_alarms(by=WORKER)
    actions.mail_alarms(by=WORKER)
    return sorted(m.to[0] for m in mail.outbox)


def test_a_mail_is_chinese_first_whatever_page_was_asked_for_last(row: Dataset) -> None:
    Source.objects.create(dataset=row, failures=1, error_zh="連不上", error_en="no route")
    with translation.override("en"):
        assert look()
    assert "來源中斷" in mail.outbox[0].body


def test_a_broken_source_is_mailed_once_not_per_try_and_again_when_it_breaks_again(row: Dataset) -> None:
    source = Source.objects.create(dataset=row, failures=1, error_zh="連不上", error_en="no route api_key=secret123")
    assert look() == ["hua@example.org", "mei@example.org"]
    body = mail.outbox[0].body
    for told in ("TEST_A", "來源中斷", "連不上", "no route", "/desk/datasets/TEST_A/"):
        assert told in body
    assert "secret123" not in body
    for failures in (2, 3, 9):
        Source.objects.filter(pk=source.pk).update(failures=failures)
        assert look() == []
    Source.objects.update(failures=0)
    assert look() == []
    assert Alarm.objects.get().closed_at is not None
    Source.objects.update(failures=1)
    assert look() == ["hua@example.org", "mei@example.org"]


def test_several_troubles_come_in_one_mail(row: Dataset) -> None:
    Source.objects.create(dataset=row, failures=1, error_zh="壞", error_en="broken")
    other = town.definition("TEST_B", mode="snapshot")
    catalog.register_definition(text=other, by=town.OPERATOR)
    Run.objects.create(
        dataset=Dataset.objects.get(code="TEST_B"), state="held", by="worker", started_at=NOON, finished_at=NOON,
        definition_hash="",
    )  # fmt: skip
    assert look() == ["hua@example.org", "mei@example.org"]
    assert "TEST_A" in mail.outbox[0].body
    assert "TEST_B" in mail.outbox[0].body
    assert mail.outbox[0].subject.startswith("[清流] 2 則")


def test_a_late_dataset_alarms_until_it_comes(row: Dataset) -> None:
    assert look() == []
    version = Version.objects.get()
    old = version.manifest.replace(str(version.created_at.year), "2020")
    Version.objects.update(manifest=old)
    assert look() == ["hua@example.org", "mei@example.org"]
    assert Alarm.objects.get().kind == "late"
    Version.objects.update(manifest=version.manifest)
    assert look() == []
    assert Alarm.objects.get().closed_at is not None


def test_an_agency_without_people_alarms_the_office(row: Dataset) -> None:
    User.objects.filter(username__in=("mei", "hua")).update(is_active=False)
    cast_office = User.objects.create_user("chief", "chief@example.org", "long and winding 17")
    cast_office.assignments.create(role="office", granted_at=NOON)
    assert look() == ["chief@example.org"]
    assert "沒有在職的承辦或核定帳號" in mail.outbox[0].body


def test_a_mail_that_cannot_be_sent_is_tried_again(row: Dataset, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    Source.objects.create(dataset=row, failures=1, error_zh="壞", error_en="broken")
    assert look() == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert look() == ["hua@example.org", "mei@example.org"]


def test_my_datasets_shows_state_run_promise_mark_and_what_holds_it(row: Dataset, home: LakePaths) -> None:
    note = {
        "mark": {"id": "silver", "zh": "銀標章", "en": "Silver"},
        "next": {"id": "gold", "zh": "金標章", "en": "Gold", "state": "missed", "by": ["timely"]},
        "indicators": [
            {
                "id": "timely",
                "title": {"zh": "更新及時", "en": "Timely"},
                "reason": {"zh": "晚了", "en": "Late"},
                "remedy": {},
            }
        ],
    }
    publication.note("quality", {"TEST_A": note})
    Source.objects.create(dataset=row, failures=1, error_zh="壞", error_en="broken")
    actions.watch_alarms(by=WORKER)
    own = Engine(home, threads=1)
    lakeside.use(lambda: own)
    page = cast.client("mei").get("/en/desk/").content.decode()
    for told in ("TEST_A", "Silver", "1 thing between it and Gold", "Timely", "Source broken", "Next update due"):
        assert told in page
    assert "TEST_A" not in cast.client("rival").get("/desk/").content.decode()


@pytest.mark.parametrize(
    "note", [None, {}, {"mark": "gold"}, {"mark": {"id": "gold"}, "next": None}, {"mark": {}, "next": {"by": ["x"]}}]
)
def test_a_quality_note_of_another_shape_breaks_nothing(note: Any) -> None:
    found = desk_rows.mark(note)
    assert found is None or isinstance(found.holds, tuple)
