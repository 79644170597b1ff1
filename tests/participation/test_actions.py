"""Writes of requests: each leaves its row, its audit row and its public note, and asks for the role first."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from qingliu.accounts.models import Agency
from qingliu.accounts.rules import Actor
from qingliu.audit.models import Event
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Forbidden, NotFound, TooMany
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.participation import actions, queries
from qingliu.participation.models import Request, Salt, Sender
from qingliu.participation.rules.replying import Ground, Reply
from tests.participation.cast import MEMBER, OFFICE, STEWARD, STRANGER, asked, origin

pytestmark = pytest.mark.usefixtures("dataset")
REFUSED = Reply("refused", "內容涉及個人隱私，無法去識別化。", ground="foia-18-1-6")


def test_a_question_goes_to_the_datasets_agency_and_leaves_no_word_of_it_in_the_audit() -> None:
    row = actions.submit(asked=asked(dataset="test_a"), origin=origin("f1"))
    assert (row.dataset, row.agency.code, row.state, row.number[-5:]) == ("TEST_A", "MOENV", "open", "-0001")  # type: ignore[union-attr]
    (event,) = Event.objects.filter(verb="request.received")
    assert (event.actor, event.object_id, event.agency) == ("anonymous", row.number, "MOENV")
    told = json.dumps(event.detail, ensure_ascii=False)
    assert not any(w in told for w in (row.author, row.email, row.title, "192.0.2.7"))


def test_a_wish_for_data_waits_for_the_office_who_dispatches_it() -> None:
    row = actions.submit(asked=asked(kind="data", dataset="", keyword="噪音"), origin=origin("f1"))
    assert (row.agency, row.state) == (None, "waiting")
    with pytest.raises(Forbidden):
        actions.dispatch(number=row.number, agency="CHA", reason="業務相關", by=STRANGER)
    sent = actions.dispatch(number=row.number, agency="CHA", reason="業務相關", by=OFFICE)
    assert (sent.agency.code, sent.state) == ("CHA", "open")  # type: ignore[union-attr]
    back = actions.dispatch(number=row.number, agency="", reason="非本署業務", by=STRANGER)
    assert (back.agency, back.state) == (None, "waiting")
    moved = [(t.origin, t.target, t.reason, t.by) for t in row.transfers.all()]
    assert moved == [("", "CHA", "業務相關", "user:office"), ("CHA", "", "非本署業務", "user:stranger")]
    assert Event.objects.filter(verb="request.dispatched", object_id=row.number).count() == 2


@pytest.mark.parametrize(
    ("agency", "reason", "error"), [("MOENV", "同一個", Conflict), ("CHA", " ", BadRequest), ("NOWHERE", "x", NotFound)]
)
def test_a_transfer_needs_another_agency_and_a_reason(agency: str, reason: str, error: type[Exception]) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    with pytest.raises(error):
        actions.dispatch(number=row.number, agency=agency, reason=reason, by=OFFICE)
    assert not row.transfers.exists()


@pytest.mark.parametrize("who", [MEMBER, STRANGER])
def test_only_its_agency_and_the_office_answer_or_hide(who: Actor) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    with pytest.raises(Forbidden):
        actions.answer(number=row.number, reply=REFUSED, by=who)
    for doing in (actions.hide, actions.show):
        with pytest.raises(Forbidden):
            doing(number=row.number, reason="x", by=who)
    with pytest.raises(Forbidden):
        actions.hide(number=row.number, reason="機關不能自己藏", by=STEWARD)
    assert not row.answers.exists()


def test_a_refusal_keeps_the_article_as_it_read_then() -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    made = actions.answer(number=row.number, reply=REFUSED, by=STEWARD)
    actions.put_ground(
        ground=Ground("foia-18-1-6", Text("新條文", "New article"), Text("新內容", "New words")), by=OFFICE
    )
    made.refresh_from_db()
    row.refresh_from_db()
    assert made.article_zh == "政府資訊公開法第 18 條第 1 項第 6 款"
    assert (row.state, row.answered_on) == ("refused", queries.today())
    with pytest.raises(Conflict):
        actions.answer(number=row.number, reply=REFUSED, by=STEWARD)
    (event,) = Event.objects.filter(verb="request.answered")
    assert (event.actor, event.detail["way"], event.detail["ground"]) == ("user:steward", "refused", "foia-18-1-6")


def test_a_promised_date_becomes_overdue_and_may_be_kept() -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    tomorrow = queries.today() + timedelta(days=1)
    actions.answer(number=row.number, reply=Reply("expected", expected_on=tomorrow), by=STEWARD)
    assert not queries.requests(queries.Wish(clock="promise_overdue")).exists()
    Request.objects.update(promised_on=queries.today() - timedelta(days=3))
    assert queries.requests(queries.Wish(clock="promise_overdue")).get() == row
    assert queries.figures(queries.requests()).promises_overdue == 1
    actions.answer(number=row.number, reply=Reply("available", link="test_a"), by=STEWARD)
    row.refresh_from_db()
    assert (row.state, row.promised_on, [a.way for a in row.answers.all()]) == (
        "available", None, ["expected", "available"],
    )  # fmt: skip
    assert row.answers.last().link == "TEST_A"  # type: ignore[union-attr]
    assert queries.figures(queries.requests()).promises_overdue == 0


def test_a_link_to_a_dataset_must_be_published_here(dataset: Dataset) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    with pytest.raises(BadRequest) as caught:
        actions.answer(number=row.number, reply=Reply("available", link="NO_SUCH"), by=STEWARD)
    assert caught.value.parameter == "link"
    Dataset.objects.update(status="held")
    with pytest.raises(BadRequest):
        actions.answer(number=row.number, reply=Reply("available", link="TEST_A"), by=STEWARD)


@pytest.mark.parametrize(("status", "good"), [(200, True), (304, True), (404, False), (500, False), (0, False)])
def test_an_address_outside_is_asked_where_links_are_checked(settings: Any, status: int, good: bool) -> None:
    settings.QINGLIU = replace(settings.QINGLIU, check_links=True)
    row = actions.submit(asked=asked(), origin=origin("f1"))
    seen: list[str] = []
    reply = Reply("available", link="https://data.example.org/x.csv")

    def look(url: str) -> int:
        seen.append(url)
        return status

    if good:
        actions.answer(number=row.number, reply=reply, by=STEWARD, look=look)
    else:
        with pytest.raises(BadRequest):
            actions.answer(number=row.number, reply=reply, by=STEWARD, look=look)
    assert seen == ["https://data.example.org/x.csv"]


def test_no_address_inside_is_asked_for_an_answer(settings: Any) -> None:
    settings.QINGLIU = replace(settings.QINGLIU, check_links=True)
    row = actions.submit(asked=asked(), origin=origin("f1"))
    for link in ("http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/"):
        with pytest.raises(BadRequest):
            actions.answer(number=row.number, reply=Reply("available", link=link), by=STEWARD)


def test_what_is_hidden_stays_kept_and_counts_neither_way(home: LakePaths) -> None:
    row = actions.submit(asked=asked(), origin=origin("f1"))
    assert Published(home.published_db).noted("requests")["TEST_A"]["total"] == 1
    with pytest.raises(BadRequest):
        actions.hide(number=row.number, reason="", by=OFFICE)
    actions.hide(number=row.number, reason="辱罵", by=OFFICE)
    row.refresh_from_db()
    assert (row.hidden_reason, row.text) == ("辱罵", asked().text)
    assert queries.figures(queries.requests()).hidden == 1
    assert Published(home.published_db).noted("requests") == {}
    with pytest.raises(Conflict):
        actions.hide(number=row.number, reason="再一次", by=OFFICE)
    actions.show(number=row.number, reason="誤判", by=OFFICE)
    assert Published(home.published_db).noted("requests")["TEST_A"]["total"] == 1
    verbs = list(Event.objects.filter(object_id=row.number).order_by("id").values_list("verb", flat=True))
    assert verbs == ["request.received", "request.hidden", "request.shown"]


def test_the_public_note_holds_masked_words_only(home: LakePaths) -> None:
    actions.submit(asked=asked(title="王大同問單位"), origin=origin("f1"))
    body = Published(home.published_db).noted("requests")["TEST_A"]
    assert body["items"][0]["title"] == "王○同問單位"
    said = json.dumps(body, ensure_ascii=False)
    assert not any(w in said for w in ("王大同", "asker@", "說明裡"))


def test_one_form_makes_one_request() -> None:
    first = actions.submit(asked=asked(), origin=origin("f1"))
    again = actions.submit(asked=asked(title="改了標題再送"), origin=origin("f1"))
    assert (again.pk, again.title) == (first.pk, first.title)
    assert Request.objects.count() == 1


def test_mass_submission_is_stopped_by_sender_and_by_portal(settings: Any) -> None:
    settings.QINGLIU = replace(settings.QINGLIU, requests_per_sender=2, requests_per_day=3)
    for i in range(2):
        actions.submit(asked=asked(), origin=origin(f"a{i}"))
    with pytest.raises(TooMany):
        actions.submit(asked=asked(), origin=origin("a3"))
    actions.submit(asked=asked(), origin=origin("b1", "192.0.2.8"))
    with pytest.raises(TooMany):
        actions.submit(asked=asked(), origin=origin("c1", "192.0.2.9"))
    assert Request.objects.count() == Event.objects.filter(verb="request.received").count() == 3


def test_no_address_is_kept_and_yesterdays_salt_is_thrown_away() -> None:
    yesterday = now() - timedelta(days=1)
    actions.submit(asked=asked(), origin=origin("f1", at=yesterday))
    before = Salt.objects.get()
    actions.submit(asked=asked(), origin=origin("f2"))
    assert Salt.objects.get().salt != before.salt
    assert set(Sender.objects.values_list("day", flat=True)) == {queries.today()}
    kept = json.dumps(
        list(Sender.objects.values_list("sender", flat=True)) + list(Request.objects.values()), default=str
    )
    assert "192.0.2.7" not in kept


def test_the_filters_of_the_list_count_what_the_figures_say(agencies: tuple[Agency, Agency]) -> None:
    ages = [(0, None), (14, None), (15, None), (40, 30), (40, 20), (20, 14), (20, 15), (300, None)]
    for i, (age, took) in enumerate(ages):
        row = actions.submit(asked=asked(), origin=origin(f"f{i}", simulated=True))
        came = queries.today() - timedelta(days=age)
        done = None if took is None else came + timedelta(days=took)
        Request.objects.filter(pk=row.pk).update(received_on=came, answered_on=done)
    told = queries.figures(queries.requests())
    for hand in ("in_time", "late", "running", "overdue"):
        assert queries.requests(queries.Wish(clock=hand)).count() == getattr(told, hand)
    assert (told.in_time, told.late, told.running, told.overdue) == (1, 3, 2, 2)
    assert told.median_days == 17.5


def test_the_office_keeps_the_grounds(dataset: Dataset) -> None:
    own = Ground("air-1", Text("空污法第 1 條", "Air Act art. 1"), Text("示例", "Example"))
    for who in (STEWARD, MEMBER):
        with pytest.raises(Forbidden):
            actions.put_ground(ground=own, by=who)
    with pytest.raises(BadRequest):
        actions.put_ground(ground=replace(own, says=Text("只有中文", "")), by=OFFICE)
    actions.put_ground(ground=own, by=OFFICE)
    actions.retire_ground(code="foia-18-1-9", by=OFFICE)
    assert "air-1" in queries.grounds()
    assert "foia-18-1-9" not in queries.grounds()
    with pytest.raises(NotFound):
        actions.retire_ground(code="foia-18-1-9", by=OFFICE)
    assert Event.objects.filter(kind="ground").count() == 2
    row = actions.submit(asked=asked(), origin=origin("f1"))
    with pytest.raises(BadRequest):
        actions.answer(number=row.number, reply=replace(REFUSED, ground="foia-18-1-9"), by=STEWARD)
