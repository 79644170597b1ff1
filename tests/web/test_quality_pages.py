"""What judges say, on public pages: in both languages, without cookie, never a pass where nothing was measured."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import accumulate

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.quality import queries
from qingliu.quality.rules.result import fingerprint
from qingliu.web import lakeside, ledger
from qingliu.web.judged import found as judged_of
from tests.web import judged_portal
from tests.web.portal import XSS
from tests.web.test_public_pages import HAN, shown

FINDING = f"/dataset/detail/AQX_P_488/findings/{judged_portal.FINGERPRINT}"
SUBJECT = "/standards/subjects/Environment/Air/Station/"
PAGES = [
    "/dataset/", "/dataset/detail/AQX_P_488", "/dataset/detail/WQX_P_01", FINDING, "/quality/contests/", "/standards/", SUBJECT,
    "/standards/lists/air-units/", "/standards/datasets/AQX_P_488/", "/bilingual/", "/bilingual/datasets/AQX_P_488/",
]  # fmt: skip
WITH_HISTORY = [
    "/quality/", "/quality/?mark=gold", "/quality/figures/", "/quality/datasets/AQX_P_488/", "/quality/agencies/MOENV/",
]  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("judged")
    judged_portal.build(home)
    engine = Engine(LakePaths(home), threads=1)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def here(pages: None, judged: Engine) -> None:
    lakeside.use(lambda: judged)


def sound(client: Client, path: str, prefix: str) -> str:
    answer = client.get(prefix + path)
    html = answer.content.decode()
    assert answer.status_code == 200, html[-400:]
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert html.count("<h1") == 1
    assert not re.search(r'<style|\sstyle=|\son\w+=|<script(?! src| type="application/ld\+json")', html)
    if prefix:
        assert [t.strip() for t in shown(html) if HAN.search(t)] == []
    return html


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_of_judges_needs_no_cookie_and_no_database(reader: Client, prefix: str, path: str) -> None:
    sound(reader, path, prefix)


@pytest.mark.django_db
@pytest.mark.parametrize("path", WITH_HISTORY)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_with_history_asks_no_cookie(reader: Client, prefix: str, path: str) -> None:
    sound(reader, path, prefix)


def test_dataset_says_the_level_reached_and_what_holds_the_next(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert re.search(r"<b>金標章</b></span>\s*<span>白金標章未檢測：回復效率", html)
    assert "推定重建" in html
    assert "官方為白金標章，本平臺為金標章" in html
    assert "維護未預告" in html  # the decision and its reason are public


def test_unmeasured_indicator_is_never_shown_as_passed(reader: Client) -> None:
    html = reader.get("/en/dataset/detail/AQX_P_488").content.decode()
    states = re.findall(r'<span class="sign s-(\w+)">[^<]*</span>\s*<div><b>([^<]+)</b>', html)
    assert [s for s, _ in states].count("not_measured") == 1
    evil = reader.get("/en/dataset/detail/EVIL_P_01").content.decode()
    assert "<b>Not measured</b>" in evil
    assert "<b>Gold</b></span>" not in evil


def test_card_in_the_catalogue_says_the_mark_in_words(reader: Client) -> None:
    html = reader.get("/en/dataset/?q=AQX_P_488").content.decode()
    assert re.search(r'<span class="seal"><svg class="steps-icon"[^>]*aria-hidden="true">.*?</svg><b>Gold</b>', html)


def test_masking_is_told_by_rule_and_law_without_a_row(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert all(t in html for t in ("自然人姓名", "政府資訊公開法第 18 條", "2027-11-20", "5 列中的 6 格"))


def test_finding_opens_as_many_rows_as_it_counts(reader: Client, judged: Engine) -> None:
    html = reader.get("/en" + FINDING).content.decode()
    said = re.search(r'role="status">([\d,]+) rows(.*?)</p>', html)
    assert said
    assert int(said[1].replace(",", "")) == judged_portal.HIGH.count == 72
    assert "when judged" not in said[2]
    assert html.count("<tr>") - 1 == 50
    assert re.search(r'<th scope="col" class="n? ?meant">', html)
    api = re.search(r'href="(/api/datasets/AQX_P_488/rows\?filter=[^"]+)"', html)
    assert api
    assert "as_of=2" in api[1]


def test_finding_about_no_rows_says_so(reader: Client) -> None:
    address = f"/en/dataset/detail/AQX_P_488/findings/{fingerprint('AQX_P_488', judged_portal.WHOLE)}"
    assert "not about single rows" in reader.get(address).content.decode()


def test_finding_that_is_gone_answers_404_with_where_to_look(reader: Client) -> None:
    answer = reader.get("/dataset/detail/AQX_P_488/findings/0000")
    assert answer.status_code == 404
    assert "品質一節" in answer.content.decode()


@pytest.mark.django_db
def test_platinum_is_inside_gold_and_every_higher_mark_inside_the_lower(reader: Client) -> None:
    html = reader.get("/en/quality/").content.decode()
    found = re.findall(
        r"<b>(Platinum|Gold|Silver|Bronze)</b></span></th><td class=\"n\">(\d+)</td>.*?>(\d+)</a></td>", html
    )
    reached = {name: int(n) for name, n, _ in found}
    assert reached == {"Platinum": 1, "Gold": 2, "Silver": 2, "Bronze": 2}
    assert {name: int(n) for name, _, n in found} == {"Platinum": 1, "Gold": 1, "Silver": 0, "Bronze": 0}
    assert "1 entry is listed only" in html
    assert "is ours, not official" in html


MARKS = ("platinum", "gold", "silver", "bronze", "none", "not_measured", "white_listed")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(MARKS), st.sampled_from(["moenv", "ema"])), min_size=1, max_size=30),
    st.lists(st.lists(st.integers(0, 99), min_size=len(MARKS), max_size=len(MARKS)), max_size=4),
)
@pytest.mark.django_db
def test_platinum_is_inside_gold_in_every_figure_of_every_page_whatever_the_marks(
    reader: Client, judged: Engine, monkeypatch: pytest.MonkeyPatch, held: list[tuple[str, str]], days: list[list[int]]
) -> None:
    (line, *_) = ledger.lines(judged.published.all())

    def of(mark: str, agency: str) -> ledger.Line:
        entry = replace(line.entry, record=replace(line.entry.record, agency=agency))
        return replace(line, entry=entry, seal=replace(line.seal, id=mark))

    lines = tuple(of(mark, agency) for mark, agency in held)
    standings = [queries.Standing(now(), tuple(zip(MARKS, counts, strict=True)), None) for counts in days]
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "lines", lambda entries, *, listed=False: () if listed else lines)
        patch.setattr(queries, "agency_history", lambda agency: standings)
        pages = [reader.get(p).content.decode() for p in ("/en/quality/", f"/en/quality/agencies/{held[0][1]}/")]
    mine = Counter(mark for mark, _ in held)
    reached = dict(re.findall(r"<b>(Platinum|Gold|Silver|Bronze)</b></span></th><td class=\"n\">(\d+)</td>", pages[0]))
    assert [int(reached[n]) for n in ("Platinum", "Gold", "Silver", "Bronze")] == list(
        accumulate(mine[m] for m in MARKS[:4])
    )
    rows = 0
    for table in (t for page in pages for t in re.findall(r"<table.*?</table>", page, re.S)):
        heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", table)
        if "Platinum" not in heads:
            continue
        at = heads.index("Platinum") - 1  # the first column of a row is its heading
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.S):
            cells = [re.sub("<[^>]*>", "", c) for c in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
            nested = [int(c) for c in cells[at : at + 4]]
            assert nested == sorted(nested)
            rows += 1
    assert rows == len({agency for _, agency in held}) + len(days)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_threat_15_what_an_agency_writes_in_a_contest_is_text(reader: Client, judged: Engine, prefix: str) -> None:
    entry = judged.published.get("AQX_P_488")
    evil = {**judged_portal.CONTEST, "reason": XSS, "decision": XSS}
    notes = {**entry.notes, "quality": {**entry.notes["quality"], "contests": [evil]}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(judged.published), "all", lambda self: (replace(entry, notes=notes),))
        html = reader.get(f"{prefix}/quality/contests/").content.decode()
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(judged.published), "get", lambda self, code: replace(entry, notes=notes))
        html = reader.get(f"{prefix}/dataset/detail/AQX_P_488").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.django_db
def test_list_of_datasets_is_narrowed_to_a_mark(reader: Client) -> None:
    html = reader.get("/quality/?mark=platinum").content.decode()
    table = html[html.index('id="datasets"') :]
    assert "AQX_P_432" in table
    assert "AQX_P_488" not in table


def test_table_for_spreadsheets_carries_each_dataset_once(reader: Client) -> None:
    answer = reader.get("/quality/table.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [r["code"] for r in rows] == ["AQX_P_432", "AQX_P_488", "EVIL_P_01"]
    gold = next(r for r in rows if r["code"] == "AQX_P_488")
    assert (gold["mark_ours"], gold["mark_official"], gold["next_by"]) == ("gold", "platinum", "feedback")
    assert gold["indicator_feedback"] == "not_measured"


def test_titles_that_a_spreadsheet_would_run_are_guarded_in_that_table(judged: Engine) -> None:
    for sign in "=+-@\t\r＝＋－＠":
        lines = ledger.lines(judged.published.all())
        armed = Text(f"{sign}cmd|'/C calc'!A0", f"{sign}SUM(A1)")
        armed_lines = [replace(x, entry=replace(x.entry, record=replace(x.entry.record, title=armed))) for x in lines]
        for row in csv.DictReader(io.StringIO(ledger.table(armed_lines).removeprefix("\ufeff"), newline="")):
            assert (row["title_zh"], row["title_en"]) == ("'" + armed.zh, "'" + armed.en)


def test_conformity_links_to_the_cells_and_lists_the_change_task(reader: Client) -> None:
    html = reader.get("/en/standards/datasets/AQX_P_488/").content.decode()
    assert "/api/datasets/AQX_P_488/rows?filter=aqi+%3D+40" in html
    assert "Clean" in html
    assert re.search(r'<td class="n">3</td><td class="n">1</td>', html)  # the standard's own fault counted apart


def test_register_shows_drafts_and_the_eight_spatial_categories(reader: Client) -> None:
    html = reader.get("/standards/").content.decode()
    assert "環部資字第1121320198號" in html
    assert html.count("<li><b>") == 8
    assert "草案" in html
    assert reader.get("/standards/subjects/No/Such/Thing/").status_code == 404


def test_both_languages_tell_machine_filled_from_approved(reader: Client) -> None:
    html = reader.get("/en/bilingual/datasets/AQX_P_488/").content.decode()
    assert re.search(
        r'sitename</code></small></th><td class="n">3</td><td class="n">2</td><td class="n">1</td><td class="n">1</td>',
        html,
    )


def test_finding_about_values_leads_to_the_rows_that_hold_them(reader: Client, judged: Engine) -> None:
    found = judged_of(judged.published.get("AQX_P_488"), ("bilingual",))[0]
    address = f"/dataset/detail/AQX_P_488/findings/{found.id}"
    html = reader.get(address).content.decode()
    values = re.findall(r'<li><a href="([^"]+)">([^<]+)</a> <span class="count">([\d,]+) 列', html)
    assert values
    assert not {"基隆", "汐止"} & {v for _, v, _ in values}  # these have English
    rows = reader.get(unescape(values[0][0])).content.decode()
    assert f'value="{values[0][1]}"' in rows
    assert "不在個別的列" not in html
    sound(reader, address, "/en")
