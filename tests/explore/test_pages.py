"""Explore pages: a good chart at once, in both languages; the same numbers as the API; told errors; framing only where meant."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client

from qingliu.standards import outlines
from tests.series.tables import Series
from tests.web.test_public_pages import HAN
from tests.web.test_public_pages import shown as spoken

CODES = ["SER_W", "SER_L", "SER_B", "SER_I", "SER_N", "SER_D"]
KINDS = ["", "line", "bar", "box", "histogram", "calendar", "rose", "map", "pivot", "table"]


def offered(code: str) -> list[str]:
    """The kinds of a table: one without place and county has no map."""
    return [k for k in KINDS if k != "map" or code != "SER_L"]


def page(reader: Client, code: str, query: str = "", prefix: str = "") -> str:
    answer = reader.get(f"{prefix}/dataset/detail/{code}/explore{query}")
    assert answer.status_code == 200, re.findall(r"alert.*", answer.content.decode())
    return answer.content.decode()


def call_of(text: str) -> str:
    """The API call that a page shows."""
    found = re.search(r"<pre[^>]*>([^<]*/api/datasets/[^<]*)</pre>", text)
    assert found
    return html.unescape(found[1])


def asked(series: Series, address: str, **more: str) -> Any:
    parts = urlsplit(address)
    query = parts.query + "".join(f"&{k}={v}" for k, v in more.items())
    answer = series.portal.get(parts.path, query)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("code", "kind"), [(c, k) for c in CODES for k in KINDS if k in offered(c)])
def test_every_kind_of_every_table_is_a_page_in_both_languages(
    reader: Client, code: str, kind: str, prefix: str
) -> None:
    text = page(reader, code, f"?chart={kind}" if kind else "", prefix)
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        ElementTree.fromstring(svg)
    assert ("<svg" in text) == (kind not in {"pivot", "table"})
    assert "style=" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_shown_call_is_answered_by_the_api_with_the_numbers_of_the_chart(
    reader: Client, series: Series, kind: str
) -> None:
    for code in (c for c in ("SER_W", "SER_L", "SER_D") if kind in offered(c)):
        query = f"?chart={kind}" if kind else ""
        text = page(reader, code, query)
        rows = asked(series, call_of(text)).json["rows"]
        share = re.search(r"<pre[^>]*>([^<]*/explore\?[^<]*)</pre>", text)
        assert share
        link = urlsplit(html.unescape(share[1]))
        told = reader.get(link.path + "/chart.csv", QUERY_STRING=link.query)
        table = list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))
        if kind in {"", "line", "calendar", "map", "table"}:
            assert len(table) == len(rows) > 0
            for cells, row in zip(table, rows, strict=True):
                assert list(cells) == list(row)
                for name, value in row.items():
                    if isinstance(value, float | int) and not isinstance(value, bool):
                        assert float(cells[name]) == value
                    elif value is None:
                        assert cells[name] == ""
                    else:
                        assert cells[name].removeprefix("'") == str(value)
        elif kind == "bar":
            name = next(n for n in rows[0] if n == "count" or n.startswith("avg_"))
            values = [r[name] for r in rows if r[name] is not None]
            assert sorted(float(c[name]) for c in table if c[name]) == sorted(values)
        elif kind == "histogram":
            (name,) = [n for n in rows[0] if n.startswith("valid_")]
            assert sum(int(c[name]) for c in table) == sum(r[name] for r in rows)
        elif kind == "rose":
            (name,) = [n for n in rows[0] if n.startswith("vspeed_")]
            told_cells = [int(v) for c in table for k, v in c.items() if k != "direction" and v]
            assert sum(told_cells) == sum(r[name] is not None for r in rows)


def test_the_csv_of_the_chart_and_of_the_api_are_the_same_numbers(reader: Client, series: Series) -> None:
    query = "?chart=line&of=o3&bucket=1d&by=site&only=a&only=b&from=2024-02-01&to=2024-02-20"
    ours = csv.reader(
        io.StringIO(reader.get("/dataset/detail/SER_W/explore/chart.csv" + query).content.decode("utf-8-sig"))
    )
    theirs = csv.reader(io.StringIO(asked(series, call_of(page(reader, "SER_W", query)), f="csv").text))

    def plain(rows: Any) -> list[list[Any]]:
        return [[c.removesuffix("+08:00") if i == 0 else float(c) if re.fullmatch(r"-?[\d.e-]+", c) else c
                 for i, c in enumerate(row)] for row in rows]  # fmt: skip

    assert plain(ours) == plain(theirs)


def test_a_shared_address_is_the_whole_question(reader: Client) -> None:
    text = page(reader, "SER_W")
    share = re.search(r"<pre[^>]*>([^<]*/explore\?[^<]*)</pre>", text)
    assert share
    link = urlsplit(html.unescape(share[1]))
    again = page(reader, "SER_W", "?" + link.query)
    assert re.findall(r"<svg.*?</svg>", text, re.S) == re.findall(r"<svg.*?</svg>", again, re.S)


def test_a_chart_says_unit_zone_period_completeness_and_status(reader: Client) -> None:
    text = page(reader, "SER_W", "?chart=line&of=pm&bucket=1d")
    for words in ("μg/m3", "Asia/Taipei", "2024-", "應有測值中有", "標示無效的值不計", "以極限之半計", "初步值"):
        assert words in text
    english = page(reader, "SER_W", "?chart=line&of=pm&bucket=1d", "/en")
    for words in ("time zone Asia/Taipei", "of the expected values are there", "half the limit", "provisional"):
        assert words in english


def test_an_incomplete_bucket_is_a_gap_and_the_rule_can_be_changed(reader: Client) -> None:
    def gaps(query: str) -> int:
        told = reader.get("/dataset/detail/SER_W/explore/chart.csv?chart=line&of=pm&bucket=1d&only=a" + query)
        return sum(row["avg_pm"] == "" for row in csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))

    assert gaps("&completeness=1") > gaps("") >= gaps("&completeness=0")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?chart=pie", "chart"), ("?of=nothing", "of"), ("?chart=box&of=site", "of"), ("?stat=mode", "stat"),
        ("?bucket=1s", "bucket"), ("?by=x", "by"), ("?by=-&only=a", "only"), ("?from=yesterday", "from"), ("?cols=x", "cols"),
        ("?" + "&".join(f"only={i}" for i in range(7)), "only"), ("?unknown=1", "unknown"), ("?chart=line&chart=bar", "chart"),
        ("?completeness=2", "completeness"), ("?below=never", "below"), ("?as_of=99", ""), ("?field=pm&op=gt&value=x", ""),
        ("?from=2024-03-01&to=2024-01-01", "datetime"), ("?chart=table&sortby=x", "sortby"), ("?across=x&chart=pivot", "across"),
        ("?chart=line&of=wd&stat=max", "aggregate"),
        ("?chart=line&across=county", "across"), ("?chart=bar&cols=pm", "cols"), ("?chart=histogram&bucket=1d", "bucket"),
        ("?chart=calendar&bucket=1h", "bucket"), ("?chart=box&of=pm&stat=max", "stat"), ("?chart=line&item=O3", "item"),
        ("?chart=line&page=2", "page"), ("?chart=map&by=-", "by"), ("?chart=table&of=pm", "of"),
        ("?chart=box&of=pm&by=site&completeness=0.5", "completeness"),
    ],
)  # fmt: skip
def test_hostile_parameters_are_told_and_the_form_stays(reader: Client, query: str, parameter: str) -> None:
    for prefix in ("", "/en"):
        answer = reader.get(f"{prefix}/dataset/detail/SER_W/explore{query}")
        text = answer.content.decode()
        assert 400 <= answer.status_code < 500
        assert 'role="alert"' in text
        assert "explore-form" in text
        assert f"<code>{parameter}</code>" in text or not parameter
        assert reader.get(f"{prefix}/dataset/detail/SER_W/explore/chart.csv{query}").status_code == answer.status_code


def test_words_in_an_address_never_become_markup(reader: Client) -> None:
    evil = "%3Cscript%3Ealert(1)%3C/script%3E"
    for query in (f"?only={evil}", f"?field=site&op=eq&value={evil}", f"?{evil}=1", f"?of={evil}"):
        text = reader.get(f"/dataset/detail/SER_W/explore{query}").content.decode()
        assert "<script>alert" not in text


def test_only_the_bare_chart_may_be_framed(reader: Client) -> None:
    here = "/dataset/detail/SER_W/explore"
    bare = reader.get(here + "/embed")
    assert "frame-ancestors *" in bare["Content-Security-Policy"]
    assert "X-Frame-Options" not in bare
    assert b"<script" not in bare.content
    assert b"<form" not in bare.content
    assert b"<svg" in bare.content
    whole = reader.get(here)
    assert "frame-ancestors 'none'" in whole["Content-Security-Policy"]
    assert whole["X-Frame-Options"] == "DENY"


def test_the_picture_says_by_itself_what_it_is(reader: Client) -> None:
    answer = reader.get("/en/dataset/detail/SER_W/explore/chart.svg")
    assert answer["Content-Type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.content)
    told = " ".join(t for t in root.itertext())
    for words in ("SER_W", "version 1", "Asia/Taipei", "/dataset/detail/SER_W/explore"):
        assert words in told
    assert reader.get("/dataset/detail/SER_W/explore/chart.svg?chart=table").status_code == 400


def test_the_picture_is_told_in_words_and_numbers_to_those_who_do_not_see_it(reader: Client) -> None:
    text = page(reader, "SER_W", prefix="/en")
    svg = re.search(r"<svg.*?</svg>", text, re.S)
    assert svg
    assert 'role="img"' in svg[0]
    assert "lowest" in svg[0]
    assert "highest" in svg[0]
    assert "<details" in text
    assert "<table" in text


def test_a_withdrawn_spelling_leads_to_the_one_address(reader: Client) -> None:
    answer = reader.get("/dataset/detail/ser_w/explore?chart=bar")
    assert answer.status_code == 301
    assert answer["Location"] == "/dataset/detail/SER_W/explore?chart=bar"


def test_an_unknown_dataset_is_a_told_404(reader: Client) -> None:
    assert reader.get("/dataset/detail/NOTHING/explore").status_code == 404


def test_every_kind_can_be_reached_from_every_kind(reader: Client) -> None:
    for code in ("SER_W", "SER_L"):
        for kind in offered(code)[1:]:
            share = re.search(r"<pre[^>]*>([^<]*/explore\?[^<]*)</pre>", page(reader, code, f"?chart={kind}"))
            assert share
            text = page(reader, code, "?" + urlsplit(html.unescape(share[1])).query)
            tabs = re.search(r'<nav class="kinds".*?</nav>', text, re.S)
            assert tabs
            for address in re.findall(r'href="([^"]*)"', tabs[0]):
                page(reader, code, html.unescape(address))


def test_the_form_sent_back_as_it_stands_is_the_same_chart(reader: Client) -> None:
    for kind in KINDS[1:]:
        text = page(reader, "SER_W", f"?chart={kind}")
        form = re.search(r"<form class=.explore-form.*?</form>", text, re.S)
        assert form
        pairs = [
            (n, v) for n, v in re.findall(r'<input(?: type="(?:hidden|date)")? name="(\w+)" value="([^"]*)"', form[0])
        ]
        pairs += re.findall(r'<input type="checkbox" name="(cols)" value="([^"]*)" checked', form[0])
        for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form[0], re.S):
            chosen = re.search(r'<option(?: value="([^"]*)")?[^>]* selected', options)
            pairs.append((name, html.unescape(chosen[1] or "") if chosen else ("eq" if name == "op" else "")))
        again = page(reader, "SER_W", "?" + urlencode([(n, html.unescape(v)) for n, v in pairs]))
        assert re.findall(r"<svg.*?</svg>", text, re.S) == re.findall(r"<svg.*?</svg>", again, re.S)
        assert call_of(text) == call_of(again)


def test_rows_are_paged(reader: Client) -> None:
    first = page(reader, "SER_W", "?chart=table")
    following = re.search(r'<a href="([^"]*)" rel="next">', first)
    assert following
    second = page(reader, "SER_W", html.unescape(following[1]))
    assert 'rel="prev"' in second
    assert "offset=50" in call_of(second)


@pytest.mark.parametrize(
    "query", ["", "?chart=bar&by=county", "?chart=pivot&by=county", "?chart=rose", "?chart=calendar", "?chart=box"]
)
def test_english_pages_speak_english_but_for_marked_data(reader: Client, query: str) -> None:
    for words in spoken(page(reader, "SER_W", query, "/en")):
        assert not HAN.search(words), words


def test_a_value_that_is_no_county_is_named_beside_the_map(reader: Client) -> None:
    text = page(reader, "SER_W", "?chart=map&of=o3&by=county&from=2024-02-01&to=2024-02-20")
    assert ("不在圖上的值" in text) == (outlines.counties() is not None)
    assert "沒有安裝縣市界線" not in text or outlines.counties() is None


def test_without_outlines_the_map_says_so_and_the_numbers_stay(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "counties", lambda: None)
    text = page(reader, "SER_W", "?chart=map&of=o3&by=county&from=2024-02-01&to=2024-02-20")
    assert "沒有安裝縣市界線" in text
    assert "<table" in text
