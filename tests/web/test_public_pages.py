"""Public pages: what they say, in which language, and that they ask nothing of the database or a cookie."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils.translation import override

from qingliu.lake.engine import Engine
from tests.web import portal as small

DATASETS = ["AQX_P_488", "AQX_P_432", "EMS_P_46", "WQX_P_01"]
PAGES = ["/", "/dataset/", "/about/", *(f"/dataset/detail/{code}" for code in DATASETS)]
HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
VOID = {"meta", "link", "img", "input", "br", "i"}


class Shown(HTMLParser):
    """Text and spoken attributes of a page, without what is marked as Chinese data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        chinese = (given.get("lang") or "").startswith("zh") or any(c for _, c in self.open)
        if not chinese:
            self.texts += [
                given.get(a) or "" for a in ("title", "placeholder", "aria-label", "alt", "content", "data-copy")
            ]
        if tag not in VOID or tag == "i":
            self.open.append((tag, chinese))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(c for _, c in self.open):
            self.texts.append(data)


def shown(html: str) -> list[str]:
    page = Shown()
    page.feed(re.sub(r"(<script[^>]*>)[^<]*", r"\1", html))  # nobody sees a data block; no "<" may stand in one
    return page.texts


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_answers_in_both_languages_without_cookie_or_database(reader: Client, prefix: str, path: str) -> None:
    answer = reader.get(prefix + path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{"en" if prefix else "zh-Hant-TW"}">' in html
    assert len(answer.content) < 100_000
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert 'class="skip" href="#main"' in html
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src| type=.application/ld\+json.>)", html)
    assert not re.search(r'(?:src|<link[^>]*href)="(?:https?:)?//', html)


@pytest.mark.parametrize("path", PAGES)
def test_english_page_shows_chinese_only_as_marked_data(reader: Client, path: str) -> None:
    leaks = [t.strip() for t in shown(reader.get("/en" + path).content.decode()) if HAN.search(t)]
    assert leaks == []


def test_leak_check_sees_a_leak() -> None:
    assert any(HAN.search(t) for t in shown('<p lang="zh-Hant">好</p><i></i><p title="壞">x</p>'))


@pytest.mark.parametrize(
    "path", ["/", "/dataset/?q=%E7%A9%BA%E6%B0%A3&sort=code", "/dataset/detail/AQX_P_488?sortby=-aqi"]
)
def test_language_switch_keeps_the_address(reader: Client, path: str) -> None:
    there = re.search(r'class="tongue" href="([^"]+)"', reader.get(path).content.decode())
    assert there
    english = there[1].replace("&amp;", "&")
    assert english.startswith("/en/")
    back = re.search(r'class="tongue" href="([^"]+)"', reader.get(english).content.decode())
    assert back
    assert reader.get(back[1].replace("&amp;", "&")).request["QUERY_STRING"] == reader.get(path).request["QUERY_STRING"]


def test_every_page_says_that_the_portal_holds_simulated_data(reader: Client) -> None:
    for path in [*PAGES, "/nowhere"]:
        assert "本站有 1 個資料集由程式模擬產生" in reader.get(path).content.decode()
        assert "1 dataset here was made by a simulator" in reader.get("/en" + path).content.decode()


def test_home_figures_come_from_the_published_catalogue(reader: Client, engine: Engine) -> None:
    html = reader.get("/en/").content.decode()
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", html))
    rows = sum(e.current.rows for e in engine.published.all() if e.kind == "table" and e.current)
    assert figures["Rows"] == f"{rows:,}"
    assert figures["Datasets to query"] == "3"
    assert figures["Listed only"] == "1"
    assert figures["Agencies"] == "2"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("空氣", "AQX_P_488"),
        ("空氣品質", "AQX_P_488"),
        ("河川水質", "WQX_P_01"),
        ("air quality", "AQX_P_488"),
        ("aqx_p_488", "AQX_P_488"),
        ("裁處", "EMS_P_46"),
    ],
)
def test_search_finds_short_chinese_words_english_and_codes(reader: Client, words: str, code: str) -> None:
    html = reader.get("/dataset/", {"q": words}).content.decode()
    assert f"/dataset/detail/{code}" in html


def test_search_for_nothing_known_says_so(reader: Client) -> None:
    assert "沒有符合的資料集" in reader.get("/dataset/", {"q": "絕無此詞"}).content.decode()


def test_facets_narrow_and_chosen_ones_can_be_undone(reader: Client) -> None:
    html = reader.get("/dataset/", {"kind": "listed"}).content.decode()
    assert "/dataset/detail/WQX_P_01" in html
    assert "/dataset/detail/AQX_P_488" not in html
    assert re.search(r'<a href="\?" aria-current="true"><span>僅列目錄', html)


@pytest.mark.parametrize("query", ["sort=evil", "page=0", "page=-1", "page=１", "page=1e9", "page=99999999999"])
def test_unusable_catalogue_parameters_are_refused_with_their_name(reader: Client, query: str) -> None:
    answer = reader.get(f"/dataset/?{query}")
    assert answer.status_code == 400
    assert f"<code>{query.split('=')[0]}</code>" in answer.content.decode()


def test_any_spelling_of_a_code_leads_to_the_one_address(reader: Client) -> None:
    for path in ("/dataset/detail/aqx_p_488?sortby=aqi", "/dataset/detail/AQX_P_488/?sortby=aqi"):
        answer = reader.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/dataset/detail/AQX_P_488?sortby=aqi")
    assert reader.get("/en/dataset/detail/aqx_p_488").headers["Location"] == "/en/dataset/detail/AQX_P_488"


def test_unknown_code_is_404_and_names_near_ones(reader: Client) -> None:
    answer = reader.get("/dataset/detail/AQX_P_433")
    assert answer.status_code == 404
    assert "AQX_P_432" in answer.content.decode()


def test_held_dataset_shows_neither_rows_nor_columns_nor_reason(reader: Client) -> None:
    html = reader.get("/dataset/detail/EMS_P_46").content.decode()
    assert "尚未公開" in html
    for secret in ("owner_secret_name", "負責人姓名欄", "內部理由", "/rows", "/api/v2/"):
        assert secret not in html


def test_listed_entry_says_what_is_unknown(reader: Client) -> None:
    html = reader.get("/en/dataset/detail/WQX_P_01").content.decode()
    assert "quality marks and counts of views and downloads are unknown" in html
    assert html.count("<dd>Unknown</dd>") == 4  # mark, counts, frequency, licence
    assert 'href="https://data.gov.tw/dataset/1"' in html
    assert "Irregularly" not in html
    assert "/rows" not in html


def test_view_says_what_it_is_of_and_the_base_names_its_views(reader: Client) -> None:
    view = reader.get("/en/dataset/detail/AQX_P_432").content.decode()
    assert "This is a view" in view
    assert "Rows more than 24 hours older than the newest are left out." in view
    assert 'href="/en/dataset/detail/AQX_P_488"' in view
    assert 'href="/en/dataset/detail/AQX_P_432"' in reader.get("/en/dataset/detail/AQX_P_488").content.decode()


def test_dictionary_tells_sentinels_flags_units_and_aliases(reader: Client) -> None:
    html = reader.get("/en/dataset/detail/AQX_P_488").content.decode()
    for told in (
        "Meaning still to be explained",
        "No rain",
        "Invalid by manual check",
        "μg/m3",
        "pm2_5",
        "Whole number",
    ):
        assert told in html


def test_contacts_are_those_of_today_and_no_author_is_named(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert "王小明" in html
    assert "前任代理" not in html
    assert "secret-person" not in html


def test_versions_tell_counts_and_lead_to_changes_and_old_rows(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert "1,234,567" in html
    assert "/api/datasets/AQX_P_488/changes?since=1" in html
    assert small.build is not None
    old = reader.get("/dataset/detail/AQX_P_488?as_of=1").content.decode()
    assert "共 120 筆" in old
    assert "共 144 筆" in html


def test_unchanged_page_is_not_sent_twice_but_an_error_is(reader: Client) -> None:
    first = reader.get("/dataset/detail/AQX_P_488")
    assert reader.get("/dataset/detail/AQX_P_488", headers={"if-none-match": first.headers["ETag"]}).status_code == 304
    assert (
        reader.get("/en/dataset/detail/AQX_P_488", headers={"if-none-match": first.headers["ETag"]}).status_code == 200
    )
    assert "ETag" not in reader.get("/dataset/detail/AQX_P_488?limit=x").headers


def test_choices_that_hold_chinese_names_are_marked_on_english_pages() -> None:
    page = Template('{% load qingliu %}<option value="{{ n }}"{{ n|lang_mark }}>{{ n }}</option>')
    with override("en"):
        assert page.render(Context({"n": "年度"})) == '<option value="年度" lang="zh-Hant">年度</option>'
        assert page.render(Context({"n": "<b>"})) == '<option value="&lt;b&gt;">&lt;b&gt;</option>'
    with override("zh-hant"):
        assert page.render(Context({"n": "年度"})) == '<option value="年度">年度</option>'


@pytest.mark.parametrize("path", PAGES)
def test_headings_step_down_one_by_one_and_landmarks_have_their_own_names(reader: Client, path: str) -> None:
    html = reader.get(path).content.decode()
    levels = [int(n) for n in re.findall(r"<h([1-6])[ >]", html)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    regions = re.findall(r'role="region" aria-label="([^"]+)"', html) + re.findall(r'<h2 id="[^"]+"[^>]*>([^<]+)', html)
    assert len(regions) == len(set(regions))


@pytest.mark.parametrize(("prefix", "title"), [("", "匯出詮釋資料"), ("/en", "Export metadata")])
@pytest.mark.parametrize("path", [p for p in PAGES if "/detail/" in p])
def test_a_dataset_page_offers_its_metadata_and_describes_itself(
    reader: Client, path: str, prefix: str, title: str
) -> None:
    html = reader.get(prefix + path).content.decode()
    code = path.rsplit("/", 1)[1]
    assert title in html
    links = set(re.findall(rf'href="(/api/dcat/datasets/{code}[^"]*)"', html))
    assert {f"/api/dcat/datasets/{code}{tail}" for tail in (".ttl", "/schema.jsonld", "/datagovtw-104.xml")} <= links
    (block,) = re.findall(r'<script type="application/ld\+json">([^<]*)</script>', html)
    assert not re.search("[<>&]", block)
    described = json.loads(block)
    assert (described["@type"], described["url"]) == ("Dataset", f"http://localhost/dataset/detail/{code}")
    home = reader.get(f"{prefix}/").content.decode()
    assert '"@type":"DataCatalog"' in home
