"""The run history: what a steward sees, and what an outsider and another agency's steward do not (threats 16, 18, 19)."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.test import Client
from django.utils import timezone

from qingliu.accounts.models import Agency, RoleAssignment, User
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.core.records import Balance, CellBalance, Finding, Verdict
from qingliu.lake.paths import LakePaths
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import Seen
from tests.web.portal import XSS
from tests.web.test_public_pages import HAN, shown

pytestmark = pytest.mark.django_db
PASSWORD = "long and winding 17"
BALANCE = Balance(
    read=10,
    inserted=6,
    unchanged=2,
    duplicate=1,
    set_aside=1,
    cells=(CellBalance("aqi", 10, 6, 1, 1, 2), CellBalance("a b&c", 10, 10, 0, 0, 0)),
)
WHY, REMEDY = Text("第 3 欄由「aqi」改名。", "Column 3 was renamed."), Text("確認來源。", "Check the source.")
VERDICT = Verdict("drift", (Finding("column-renamed", "aqi", WHY, REMEDY, "hold"),))


def person(name: str, role: str = "", agency: Agency | None = None) -> Client:
    user = User.objects.create_user(name, password=PASSWORD)
    if role:
        RoleAssignment.objects.create(user=user, role=role, agency=agency, granted_at=timezone.now())
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    client.force_login(user, backend="qingliu.accounts.backends.ThrottledBackend")
    return client


@pytest.fixture
def agencies() -> tuple[Agency, Agency]:
    ours, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    theirs, _ = Agency.objects.get_or_create(code="CHA", defaults={"name_zh": "化學物質管理署"})
    return ours, theirs


@pytest.fixture
def steward(agencies: tuple[Agency, Agency]) -> Client:
    return person("steward", "steward", agencies[0])


@pytest.fixture
def stranger(agencies: tuple[Agency, Agency]) -> Client:
    return person("stranger", "steward", agencies[1])


def _quarantine(path: Path, spots: int) -> None:
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 'file.csv' AS file, i + 2 AS line, i + 1 AS record, 'AQI' AS header, ? || i AS raw, "
            "CASE WHEN i % 4 < 3 THEN 'aqi' END AS \"column\", CASE WHEN i % 4 < 3 THEN 'cell' ELSE 'row' END AS kind, "
            "'不是整數。' AS reason_zh, 'Not a whole number.' AS reason_en, '請更正來源。' AS remedy_zh, "
            f"'Correct the source.' AS remedy_en FROM range({spots}) t(i)) TO '{path}' (FORMAT parquet)",
            [XSS],
        )


@pytest.fixture
def run(agencies: tuple[Agency, Agency], home: LakePaths) -> Run:
    now = timezone.now()
    dataset = Dataset.objects.create(
        code="AQX_P_488",
        kind="table",
        agency=agencies[0],
        definition="",
        definition_hash="",
        created_at=now,
        updated_at=now,
    )
    common: dict[str, Any] = {
        "dataset": dataset,
        "by": "user:steward",
        "definition_hash": "",
        "source": f"file{XSS}.csv",
    }
    Run.objects.create(
        **common,
        state="published",
        started_at=now - timezone.timedelta(hours=1),
        seen=codec.to_plain(Seen(("siteid", "aqi"), 10, ())),
    )
    made = Run.objects.create(
        **common,
        state="held",
        started_at=now,
        balance=codec.to_plain(BALANCE),
        verdicts=[codec.to_plain(VERDICT)],
        seen=codec.to_plain(Seen(("siteid", "AQI value"), 300, ())),
        quarantined_cells=2,
        version=None,
    )
    made.quarantine = f"{made.pk}.parquet"
    made.save()
    _quarantine(home.quarantine / made.quarantine, 120)
    return made


def test_steward_sees_the_balance_by_rows_and_cells(steward: Client, run: Run) -> None:
    html = steward.get("/runs/").content.decode()
    assert f"/runs/{run.pk}/" in html
    page = steward.get(f"/en/runs/{run.pk}/").content.decode()
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert [figures[n] for n in ("Read", "Inserted", "Unchanged", "Duplicate", "Set aside")] == [
        "10",
        "6",
        "2",
        "1",
        "1",
    ]
    row = re.search(
        r'<code>aqi</code></th><td class="n">10</td><td class="n">6</td><td class="n">1</td><td class="n">1</td>', page
    )
    assert row
    assert "?column=aqi" in page
    assert "Holds" in page


def test_held_run_tells_reason_remedy_and_difference(steward: Client, run: Run) -> None:
    page = steward.get(f"/en/runs/{run.pk}/").content.decode()
    assert "Column 3 was renamed." in page
    assert "Check the source." in page
    assert "− aqi" in page
    assert "+ AQI value" in page
    assert "10 → 300" in page


def test_quarantine_tells_place_raw_reason_and_remedy_in_pages(steward: Client, run: Run) -> None:
    first = steward.get(f"/en/runs/{run.pk}/quarantine/").content.decode()
    assert "120 places" in first
    assert first.count("<tbody><tr>") + first.count("</tr><tr>") >= 50
    for told in ("file.csv", "Not a whole number.", "Correct the source.", "&lt;script&gt;alert(1)&lt;/script&gt;0"):
        assert told in first
    assert "<script>alert" not in first
    assert steward.get(f"/runs/{run.pk}/quarantine/?page=3").content.decode().count("file.csv") == 20
    assert "共 90 處" in steward.get(f"/runs/{run.pk}/quarantine/?column=aqi").content.decode()
    assert "共 30 處" in steward.get(f"/runs/{run.pk}/quarantine/?column=").content.decode()
    assert "共 0 處" in steward.get(f"/runs/{run.pk}/quarantine/", {"column": "' OR 1=1 --"}).content.decode()


def test_english_run_pages_show_chinese_only_as_marked_data(steward: Client, run: Run) -> None:
    for path in ("/en/runs/", f"/en/runs/{run.pk}/", f"/en/runs/{run.pk}/quarantine/", "/en/login/"):
        assert [t for t in shown(steward.get(path).content.decode()) if HAN.search(t)] == []


def test_outsider_is_sent_to_log_in_and_back_to_the_same_page(run: Run) -> None:
    outsider = Client(headers={"host": "localhost"})
    for path in ("/runs/", f"/runs/{run.pk}/", f"/en/runs/{run.pk}/quarantine/?column=aqi"):
        answer = outsider.get(path)
        assert answer.status_code == 302
        prefix = "/en" if path.startswith("/en") else ""
        assert answer.headers["Location"].startswith(f"{prefix}/login/?next=/")
        assert "no-store" in answer.headers["Cache-Control"]
    there = answer.headers["Location"]
    User.objects.create_user("someone", password=PASSWORD)
    back = outsider.post(
        there, {"login": "someone", "password": PASSWORD, "next": f"/en/runs/{run.pk}/quarantine/?column=aqi"}
    )
    assert back.headers["Location"] == f"/en/runs/{run.pk}/quarantine/?column=aqi"


def test_steward_of_another_agency_cannot_tell_a_foreign_run_from_none(stranger: Client, run: Run) -> None:
    assert str(run.pk) not in stranger.get("/runs/").content.decode()
    assert str(run.pk) not in stranger.get("/runs/?code=AQX_P_488&state=held").content.decode()
    for tail in ("", "quarantine/", "quarantine/?column=aqi"):
        foreign, none = stranger.get(f"/runs/{run.pk}/{tail}"), stranger.get(f"/runs/{uuid.uuid4()}/{tail}")
        assert (foreign.status_code, none.status_code) == (404, 404)
        assert foreign.content.decode().split("<main")[1] == none.content.decode().split("<main")[1].replace("x", "x")
        assert "AQI" not in foreign.content.decode()


def test_person_without_role_is_refused_and_office_sees_all(run: Run) -> None:
    assert person("member", "member").get("/runs/").status_code == 403
    assert person("nobody").get(f"/runs/{run.pk}/").status_code == 404
    assert person("office", "office").get(f"/runs/{run.pk}/").status_code == 200


def test_private_pages_are_kept_by_no_cache(steward: Client, run: Run) -> None:
    for path in ("/runs/", f"/runs/{run.pk}/", f"/runs/{run.pk}/quarantine/"):
        assert "no-store" in steward.get(path).headers["Cache-Control"]


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "///evil.example",
        "javascript:x",
        "http:///evil.example",
    ],
)
def test_log_in_leads_to_no_other_host(target: str) -> None:
    User.objects.create_user("someone", password=PASSWORD)
    client = Client(headers={"host": "localhost"})
    page = client.get("/login/", {"next": target}).content.decode()
    assert 'name="next" value=""' in page
    answer = client.post("/login/", {"login": "someone", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/desk/"


def test_log_in_needs_our_form_and_turns_the_session() -> None:
    User.objects.create_user("someone", password=PASSWORD)
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"host": "localhost"})
    refused = strict.post("/en/login/", {"login": "someone", "password": PASSWORD})
    assert refused.status_code == 403
    assert "This form has expired" in refused.content.decode()
    client = Client(headers={"host": "localhost"})
    client.get("/login/")
    before = client.session.session_key
    client.post("/login/", {"login": "someone", "password": PASSWORD})
    assert client.session.session_key != before


def test_wrong_password_says_so_without_saying_which_was_wrong() -> None:
    User.objects.create_user("someone", password=PASSWORD)
    client = Client(headers={"host": "localhost"})
    known = client.post("/login/", {"login": "someone", "password": "wrong"})
    unknown = client.post("/login/", {"login": "nobody!", "password": "wrong"})
    assert known.status_code == unknown.status_code == 200
    assert "帳號或密碼不正確" in known.content.decode()
    assert "帳號或密碼不正確" in unknown.content.decode()


def test_log_out_takes_a_post_of_our_form(steward: Client) -> None:
    assert steward.get("/logout/").status_code == 405
    assert steward.post("/en/logout/").headers["Location"] == "/en/"
    assert steward.get("/runs/").status_code == 302
