"""Pages of requests in both languages: list, file, one request, form, dataset, desk; robots, script, strangers, typed words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qingliu.accounts.models import Agency
from qingliu.catalog.models import Dataset
from qingliu.core.clock import now
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.participation import actions, queries
from qingliu.participation.models import Request, Sender
from qingliu.participation.rules.replying import Reply
from qingliu.web import lakeside
from qingliu.web.views import requests as views
from tests.participation.cast import OFFICE, STEWARD, asked, origin
from tests.web import portal as small
from tests.web.portal import XSS
from tests.web.test_public_pages import HAN, shown
from tests.web.test_runs import person

CODE = "AQX_P_488"
FORM = "/requests/new/"
WORDS = {
    "kind": "question", "dataset": CODE, "title": "單位是什麼？", "text": "請問這個欄位的單位是什麼，說明裡找不到。",
    "author": "王大同", "email": "asker@example.org", "website": "",
}  # fmt: skip


@pytest.fixture
def engine(home: LakePaths, agencies: tuple[Agency, Agency]) -> Iterator[Engine]:
    """The small portal in this test's home, so that notes are seen at once; its datasets are known to the catalogue."""
    moment = timezone.now()
    for code in (CODE, "EMS_P_46"):
        Dataset.objects.create(
            code=code, kind="table", agency=agencies[0], status="published", definition="", definition_hash="",
            created_at=moment, updated_at=moment,
        )  # fmt: skip
    engine = Engine(small.build(home.home), threads=1)
    before = list(lakeside._given)
    lakeside.use(lambda: engine)
    yield engine
    lakeside._given[:] = before
    engine.close()


@pytest.fixture
def reader(engine: Engine) -> Client:
    return Client(raise_request_exception=False, headers={"host": "localhost"})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the form's clock stand so many seconds later."""

    def stand(seconds: float) -> None:
        monkeypatch.setattr(views, "now", lambda: now() + timedelta(seconds=seconds))

    return stand


def stamp(reader: Client, query: str = f"?dataset={CODE}", prefix: str = "") -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', reader.get(prefix + FORM + query).content.decode())
    assert found
    return found[1]


def sent(reader: Client, later: Any, **said: str) -> Any:
    """What the form answers, half a minute after it was shown."""
    later(0)
    first = stamp(reader)
    later(30)
    return reader.post(FORM, {**WORDS, "stamp": first, **said})


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_question_is_written_without_an_account_and_shown_masked(reader: Client, later: Any, prefix: str) -> None:
    first = stamp(reader, prefix=prefix)
    later(30)
    answer = reader.post(prefix + FORM, {**WORDS, "stamp": first})
    row = Request.objects.get()
    assert answer.headers["Location"] == f"{prefix}/requests/{row.number}/?sent=1"
    page = reader.get(answer.headers["Location"]).content.decode()
    assert ("已收到您的意見" if not prefix else "Your request has come in") in page
    assert "王○同" in page
    for private in ("王大同", "asker@example.org"):
        for path in ("/requests/", f"/requests/{row.number}/", "/requests/table.csv", f"/dataset/detail/{CODE}"):
            assert private not in reader.get(prefix + path).content.decode()


def test_the_dataset_page_leads_to_the_form_and_shows_the_questions(reader: Client, later: Any) -> None:
    before = reader.get(f"/dataset/detail/{CODE}")
    assert f"/requests/new/?dataset={CODE}" in before.content.decode()
    sent(reader, later)
    after = reader.get(f"/dataset/detail/{CODE}", headers={"if-none-match": before.headers["ETag"]})
    assert after.status_code == 200
    page = after.content.decode()
    assert "單位是什麼？" in page
    assert "還有 14 日" in page
    assert "14 days left" in reader.get(f"/en/dataset/detail/{CODE}").content.decode()
    assert not before.cookies


def test_an_empty_search_leads_to_the_form_with_its_keyword(reader: Client) -> None:
    page = reader.get("/dataset/", {"q": "鋼琴演奏 <xylophone>"}).content.decode()
    found = re.search(r'href="(/requests/new/\?kind=data&amp;q=[^"]+)"', page)
    assert found
    form = reader.get(found[1].replace("&amp;", "&")).content.decode()
    assert 'name="keyword" value="鋼琴演奏 &lt;xylophone&gt;"' in form
    assert 'value="data" checked' in form
    assert 'value="question"' not in form


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"title": "短"}, "至少要 4 字"),
        ({"text": "夾了\x07響鈴字元的一段文字"}, "U+0007"),
        ({"email": "nowhere"}, "電子郵件"),
        ({"website": "http://spam.example"}, "不是由人填寫"),
        ({"stamp": "forged:stamp:here"}, "已經過期"),
        ({"dataset": "NO_SUCH"}, "不存在"),
    ],
)
def test_an_error_is_told_and_keeps_what_was_typed(reader: Client, later: Any, said: dict, told: str) -> None:
    answer = sent(reader, later, **said)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert told in page
    assert 'role="alert"' in page
    kept = {**WORDS, **said}
    assert f'name="author" value="{kept["author"]}"' in page
    assert kept["text"].replace("\x07", "\x07") in page
    assert not Request.objects.exists()


def test_a_robot_that_is_too_fast_is_refused_and_a_person_may_send_again(reader: Client, later: Any) -> None:
    first = stamp(reader)
    early = reader.post(FORM, {**WORDS, "stamp": first})
    assert early.status_code == 400
    again = re.search(r'name="stamp" value="([^"]+)"', early.content.decode())
    assert again
    assert again[1] == first  # its time runs on
    later(5)
    assert reader.post(FORM, {**WORDS, "stamp": first}).status_code == 302


def test_a_form_sent_twice_makes_one_request_and_too_many_are_stopped(
    reader: Client, later: Any, settings: Any
) -> None:
    first = stamp(reader)
    later(30)
    for _ in range(2):
        assert reader.post(FORM, {**WORDS, "stamp": first}).status_code == 302
    assert Request.objects.count() == 1
    Sender.objects.update(count=5)
    full = sent(reader, later)
    assert full.status_code == 429
    assert WORDS["text"] in full.content.decode()
    assert Request.objects.count() == 1


def test_the_form_needs_its_token(engine: Engine, later: Any) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    first = stamp(strict)
    later(30)
    assert strict.post(FORM, {**WORDS, "stamp": first}).status_code == 403
    assert "no-store" in strict.get(FORM).headers["Cache-Control"]
    assert not Request.objects.exists()


def test_script_in_every_field_is_shown_as_text(reader: Client, later: Any) -> None:
    link = "javascript:alert(1) https://evil.example/"
    answer = sent(reader, later, title=f"標題{XSS}"[:80], text=f"內容 {XSS} {link}", author=f"某{XSS}")
    row = Request.objects.get()
    for path in (answer.headers["Location"], "/requests/", f"/dataset/detail/{CODE}", f"/en/requests/{row.number}/"):
        page = reader.get(path).content.decode()
        assert "<script>alert" not in page
        assert 'href="https://evil' not in page
        assert 'href="javascript' not in page
    desk = person("office", "office").get(f"/desk/requests/{row.number}/").content.decode()
    assert "&lt;script&gt;alert(1)" in desk
    assert "<script>alert" not in desk
    assert 'href="https://evil' not in desk


def test_formulas_are_guarded_in_the_file_and_it_holds_what_the_list_shows(reader: Client) -> None:
    actions.submit(asked=asked(dataset=CODE, title="=HYPERLINK(1)"), origin=origin("f1"))
    actions.submit(asked=asked(dataset=CODE, kind="error"), origin=origin("f2"))
    lines = list(csv.DictReader(io.StringIO(reader.get("/requests/table.csv").content.decode("utf-8-sig"))))
    assert [x["title"] for x in lines] == ["單位是什麼？", "'=HYPERLINK(1)"]
    only = reader.get("/requests/table.csv?kind=error").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(only)))) == 1


def test_filters_narrow_the_list_and_an_unknown_choice_is_told(reader: Client) -> None:
    actions.submit(asked=asked(dataset=CODE), origin=origin("f1"))
    wished = actions.submit(asked=asked(kind="data", dataset="", title="想要噪音資料"), origin=origin("f2"))
    Request.objects.filter(pk=wished.pk).update(received_on=queries.today() - timedelta(days=20))
    for query, there in (
        ("kind=data", "想要噪音資料"), ("agency=-", "想要噪音資料"), ("clock=overdue", "想要噪音資料"),
        ("state=waiting", "想要噪音資料"),
        ("agency=MOENV", "單位是什麼？"), (f"dataset={CODE}", "單位是什麼？"), ("clock=running", "單位是什麼？"),
    ):  # fmt: skip
        page = reader.get(f"/requests/?{query}").content.decode()
        assert there in page
        assert "1 件意見" in page
    assert reader.get("/requests/?state=nonsense").status_code == 400
    assert "逾期 6 日" in reader.get("/requests/?kind=data").content.decode()
    assert "Overdue by 6 days" in reader.get("/en/requests/?kind=data").content.decode()


def test_long_lists_have_pages(reader: Client) -> None:
    for i in range(23):
        actions.submit(asked=asked(dataset=CODE, title=f"第 {i:02} 個問題"), origin=origin(f"f{i}", simulated=True))
    page = reader.get("/requests/?kind=question&page=2").content.decode()
    assert page.count("個問題</a>") == 3
    assert "第 2 頁，共 2 頁" in page
    assert reader.get("/requests/?page=x").status_code == 400


def test_figures_and_list_tell_the_same_numbers(reader: Client) -> None:
    for i, age in enumerate((1, 3, 20)):
        row = actions.submit(asked=asked(dataset=CODE), origin=origin(f"f{i}"))
        Request.objects.filter(pk=row.pk).update(received_on=queries.today() - timedelta(days=age))
    page = reader.get("/requests/figures/").content.decode()
    for address, said in re.findall(r'<a href="(/requests/[^"]*)">(\d+)</a>', page):
        assert f"{said} 件意見" in reader.get(address.replace("&amp;", "&")).content.decode(), address


def test_english_pages_show_chinese_only_as_marked_data(reader: Client, agencies: tuple[Agency, Agency]) -> None:
    row = actions.submit(asked=asked(dataset=CODE), origin=origin("f1"))
    actions.dispatch(number=row.number, agency="CHA", reason="業務相關", by=OFFICE)
    reply = Reply("refused", "涉及個人隱私，無法提供。", ground="foia-18-1-6")
    actions.answer(number=row.number, reply=reply, by=OFFICE)
    office = person("office", "office")
    for path in ("/requests/", f"/requests/{row.number}/", "/requests/figures/", f"{FORM}?dataset={CODE}", FORM):
        assert [t for t in shown(reader.get("/en" + path).content.decode()) if HAN.search(t) and t != "中文"] == [], (
            path
        )
    for path in ("/desk/requests/", f"/desk/requests/{row.number}/", "/desk/requests/grounds/"):
        assert [t for t in shown(office.get("/en" + path).content.decode()) if HAN.search(t) and t != "中文"] == [], (
            path
        )


def test_the_steward_answers_at_the_desk_and_the_public_sees_it(
    reader: Client, agencies: tuple[Agency, Agency]
) -> None:
    row = actions.submit(asked=asked(dataset=CODE), origin=origin("f1"))
    steward = person("steward", "steward", agencies[0])
    desk = steward.get("/desk/requests/").content.decode()
    assert row.number in desk
    assert (queries.today() + timedelta(days=14)).isoformat() in desk
    one = steward.get(f"/desk/requests/{row.number}/").content.decode()
    assert "王大同" in one
    wrong = steward.post(f"/desk/requests/{row.number}/answer", {"way": "refused", "text": "打了很久的一段說明文字"})
    assert wrong.status_code == 400
    assert "打了很久的一段說明文字" in wrong.content.decode()
    assert "必須引用條文" in wrong.content.decode()
    good = steward.post(
        f"/desk/requests/{row.number}/answer", {"way": "available", "link": CODE, "text": "見欄位說明。"}
    )
    assert good.status_code == 302
    page = reader.get(f"/requests/{row.number}/").content.decode()
    assert "見欄位說明。" in page
    assert f'href="/dataset/detail/{CODE}"' in page
    assert "0 日內回復" in page
    assert "0 日內回復" in reader.get(f"/dataset/detail/{CODE}").content.decode()


def test_a_stranger_at_the_desk_cannot_tell_a_foreign_request_from_none(
    reader: Client, agencies: tuple[Agency, Agency]
) -> None:
    row = actions.submit(asked=asked(dataset=CODE), origin=origin("f1"))
    stranger = person("stranger", "steward", agencies[1])
    assert row.number not in stranger.get("/desk/requests/").content.decode()
    assert stranger.get(f"/desk/requests/{row.number}/").status_code == 404
    for doing, said in (
        ("answer", {"way": "available", "link": CODE}),
        ("dispatch", {"reason": "x"}),
        ("hide", {"reason": "x"}),
    ):
        assert stranger.post(f"/desk/requests/{row.number}/{doing}", said).status_code == 404
        assert reader.post(f"/desk/requests/{row.number}/{doing}", said).status_code == 302
    assert person("member", "member").get("/desk/requests/").status_code == 403
    row.refresh_from_db()
    assert (row.state, row.hidden_at) == ("open", None)


def test_the_office_dispatches_hides_and_keeps_the_grounds(reader: Client, agencies: tuple[Agency, Agency]) -> None:
    row = actions.submit(asked=asked(kind="data", dataset="", title="想要噪音資料"), origin=origin("f1"))
    office = person("office", "office")
    office.post(f"/desk/requests/{row.number}/dispatch", {"agency": "CHA", "reason": "業務相關"})
    assert "化學物質管理署" in reader.get(f"/requests/{row.number}/").content.decode()
    office.post(f"/desk/requests/{row.number}/hide", {"reason": "內容為廣告"})
    page = reader.get(f"/requests/{row.number}/").content.decode()
    assert "內容為廣告" in page
    assert "想要噪音資料" not in page
    assert "想要噪音資料" not in reader.get("/requests/").content.decode()
    assert "想要噪音資料" not in reader.get("/requests/table.csv").content.decode()
    office.post("/desk/requests/grounds/retire", {"code": "foia-18-1-9"})
    assert "foia-18-1-9" not in office.get("/desk/requests/grounds/").content.decode()
    steward = person("steward", "steward", agencies[0])
    steward.post("/desk/requests/grounds/retire", {"code": "foia-18-1-8"})
    assert "foia-18-1-8" in office.get("/desk/requests/grounds/").content.decode()


def test_a_promise_that_passed_shows_as_overdue(reader: Client) -> None:
    row = actions.submit(asked=asked(dataset=CODE), origin=origin("f1"))
    tomorrow = queries.today() + timedelta(days=1)
    actions.answer(number=row.number, reply=Reply("expected", expected_on=tomorrow), by=STEWARD)
    Request.objects.update(promised_on=queries.today() - timedelta(days=2))
    assert "承諾日已過 2 日" in reader.get(f"/requests/{row.number}/").content.decode()
    assert "promised date passed 2 days ago" in reader.get(f"/en/requests/{row.number}/").content.decode()
