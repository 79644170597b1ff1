"""The rules of requests by tables of cases: words, robots, masking, the clock, the three ways of an answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.core.errors import BadRequest
from qingliu.participation.rules import clock, replying, showing, words
from tests.participation.cast import asked

DAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ({"kind": "praise"}, "kind"),
        ({"title": "短"}, "title"),
        ({"title": "字" * 81}, "title"),
        ({"title": "兩行\n標題不行"}, "title"),
        ({"text": "太短"}, "text"),
        ({"text": "字" * 2001}, "text"),
        ({"text": "夾了一個響鈴字元\x07在裡面"}, "text"),
        ({"text": "夾了一個空字元\x00在裡面啊"}, "text"),
        ({"text": "轉向字元 \u202e 會騙人的文字"}, "text"),
        ({"text": "看不見的 \u200b 字元在這裡面"}, "text"),
        ({"text": "不成對的代理 \ud800 字元在這裡"}, "text"),
        ({"author": "   "}, "author"),
        ({"email": "not an address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@example.org\nbcc: b@example.org"}, "email"),
        ({"dataset": ""}, "dataset"),
    ],
)
def test_words_that_cannot_be_taken_name_their_field(said: dict[str, str], parameter: str) -> None:
    with pytest.raises(BadRequest) as caught:
        words.checked(asked(**said))
    assert caught.value.parameter == parameter
    assert caught.value.reason.zh
    assert caught.value.remedy.en


def test_words_are_kept_in_nfc_without_blanks_around_and_lines_only_in_the_text() -> None:
    taken = words.checked(asked(title="  Cafe\u0301 的資料  ", text="第一行的文字\r\n第二行的文字\r第三行"))
    assert taken.title == "Café 的資料"
    assert taken.text == "第一行的文字\n第二行的文字\n第三行"


def test_a_wish_for_data_needs_no_dataset_and_a_question_keeps_no_keyword() -> None:
    assert words.checked(asked(kind="data", dataset="", keyword="噪音")).keyword == "噪音"
    assert words.checked(asked(keyword="噪音", field="db")).keyword == ""


@pytest.mark.parametrize(
    ("trap", "age_s", "parameter"),
    [("http://spam.example", 60.0, "website"), ("", None, "stamp"), ("", 0.5, "stamp"), ("", 13 * 3600.0, "stamp")],
)
def test_what_no_person_sends_is_refused(trap: str, age_s: float | None, parameter: str) -> None:
    with pytest.raises(BadRequest) as caught:
        words.require_human(trap, age_s)
    assert caught.value.parameter == parameter


def test_a_person_may_take_from_seconds_to_hours() -> None:
    for age_s in (3.0, 60.0, 11 * 3600.0):
        words.require_human("", age_s)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("承辦人陳志明先生說數值有誤，請更正。", "陳志明"),
        ("請回信到 someone.else@example.org 謝謝。", "someone.else@example.org"),
        ("請打 0912-345-678 找我，謝謝大家。", "345-678"),
        ("我的身分證號是 A123456789 請查。", "A123456789"),
        ("車號 ABC-1234 的清運機具資料有誤。", "1234"),
        ("我叫王大同，想請問單位是什麼。", "王大同"),
        ("寄到 Asker@Example.org 也可以的。", "Asker@"),
    ],
)
def test_persons_in_the_words_are_masked(text: str, gone: str) -> None:
    shown = showing.shown(asked(title=text, text=text, field=text, keyword=text))
    for said in (shown.title, shown.text, shown.field, shown.keyword):
        assert gone not in said
    assert shown.author == "王○同"


def test_what_is_about_places_and_data_stays() -> None:
    text = "測站 58 在 120.2833, 22.5658 的 PM2.5 於 2026-11-02 03:00 是 35.4，AQX_P_432 卻寫 354。"
    assert showing.shown(asked(text=text)).text == text


def test_an_answer_names_the_desk_but_not_the_asker() -> None:
    said = showing.replied("王大同您好，請洽 (02)2311-7722 或 air@moenv.example.", "王大同", "asker@example.org")
    assert said == "王○同您好，請洽 (02)2311-7722 或 air@moenv.example."


@pytest.mark.parametrize(
    ("answered", "today", "hand", "days"),
    [
        (None, 0, "running", 14),
        (None, 14, "running", 0),
        (None, 15, "overdue", 1),
        (None, 40, "overdue", 26),
        (0, 40, "in_time", 0),
        (14, 40, "in_time", 14),
        (15, 40, "late", 15),
    ],
)
def test_the_clock_counts_calendar_days_after_the_day_of_receipt(
    answered: int | None, today: int, hand: str, days: int
) -> None:
    times = clock.Times(DAY, None if answered is None else DAY + timedelta(days=answered))
    at = clock.clock(times, 14, DAY + timedelta(days=today))
    assert (at.hand, at.days, at.due) == (hand, days, DAY + timedelta(days=14))


def test_only_what_is_answered_or_overdue_counts_for_the_indicator_and_only_within_the_window() -> None:
    def after(n: int) -> date:
        return DAY + timedelta(days=n)

    every = [
        clock.Times(DAY, after(3)), clock.Times(DAY, after(20)), clock.Times(DAY), clock.Times(after(25)),
        clock.Times(DAY, hidden=True), clock.Times(DAY - timedelta(days=400)),
    ]  # fmt: skip
    assert clock.replies(every, 14, 365, after(30)) == (3, 2)
    assert clock.replies([clock.Times(DAY)], 14, 365, after(14)) == (0, 0)


_TIMES = st.builds(
    lambda received, took, promised, hidden: clock.Times(
        DAY + timedelta(days=received),
        None if took is None else DAY + timedelta(days=received + took),
        None if promised is None else DAY + timedelta(days=promised),
        hidden,
    ),
    st.integers(0, 60), st.none() | st.integers(0, 40), st.none() | st.integers(0, 90), st.booleans(),
)  # fmt: skip


@given(st.lists(_TIMES, max_size=30), st.integers(1, 30))
def test_every_request_stands_in_one_figure(every: list[clock.Times], days: int) -> None:
    told = clock.tally(every, days, DAY + timedelta(days=70))
    assert told.total == len(every)
    assert told.promises_overdue <= told.promises
    assert (told.median_days is None) == (told.answered == 0)


@pytest.mark.parametrize(
    ("reply", "parameter"),
    [
        (replying.Reply(""), "way"),
        (replying.Reply("later"), "way"),
        (replying.Reply("available"), "link"),
        (replying.Reply("available", link="javascript:alert(1)"), "link"),
        (replying.Reply("available", link="https://user:pw@example.org/"), "link"),
        (replying.Reply("available", link="https://exa mple.org/"), "link"),
        (replying.Reply("available", link="//example.org"), "link"),
        (replying.Reply("expected"), "expected_on"),
        (replying.Reply("expected", expected_on=DAY), "expected_on"),
        (replying.Reply("expected", expected_on=DAY + timedelta(days=5000)), "expected_on"),
        (replying.Reply("refused", "這裡寫了理由但沒有條文"), "ground"),
        (replying.Reply("refused", "沒有這一條的理由", ground="made-up"), "ground"),
        (replying.Reply("refused", "短", ground="foia-18-1-6"), "text"),
    ],
)
def test_an_answer_without_what_its_way_needs_is_refused(reply: replying.Reply, parameter: str) -> None:
    with pytest.raises(BadRequest) as caught:
        replying.checked(reply, {g.code: g for g in replying.shipped()}, DAY)
    assert caught.value.parameter == parameter


def test_an_answer_keeps_only_what_its_way_needs() -> None:
    full = replying.Reply("expected", "說明", "AQX_P_432", DAY + timedelta(days=9), "foia-18-1-6")
    assert replying.checked(full, {}, DAY) == replying.Reply("expected", "說明", expected_on=DAY + timedelta(days=9))


def test_every_shipped_ground_speaks_both_languages() -> None:
    assert len(replying.shipped()) == len({g.code for g in replying.shipped()}) == 9
    assert all(g.article.zh and g.article.en and g.says.zh and g.says.en for g in replying.shipped())
