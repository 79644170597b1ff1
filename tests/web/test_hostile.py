"""Hostile data, addresses and headers: threats 15 (stored XSS), 16 (open redirect), 17 (Host), and reflected XSS."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qingliu.web import links
from tests.web.portal import XSS

DATA_BLOCK = "application/ld+json"  # a script of this type is data: browsers neither run it nor ask the policy


class Markup(HTMLParser):
    """The tags and attributes of a page, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    @classmethod
    def of(cls, html: str) -> Markup:
        page = cls()
        page.feed(html)
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {k: v or "" for k, v in attrs}))

    def dangers(self) -> list[tuple[str, dict[str, str]]]:
        return [
            (tag, attrs)
            for tag, attrs in self.tags
            if tag in ("svg", "iframe", "object", "style")
            or (tag == "script" and not attrs.get("src", "").startswith("/static/") and attrs != {"type": DATA_BLOCK})
            or any(name.startswith("on") or name in ("style", "autofocus") for name in attrs)
            or re.match(r"\s*(javascript|data|vbscript):", attrs.get("href", "") + attrs.get("action", ""), re.I)
        ]


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", ["/", "/dataset/", "/dataset/?agency=EMA", "/dataset/detail/EVIL_P_01"])
def test_hostile_titles_headers_units_cells_and_flags_are_shown_as_text(reader: Client, prefix: str, path: str) -> None:
    html = reader.get(prefix + path).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize(
    "path",
    [
        "/dataset/?q={}",
        "/dataset/?agency={}",
        "/dataset/?sort={}",
        "/dataset/?page={}",
        "/dataset/detail/{}",
        "/dataset/detail/AQX_P_488?field={}&op=eq&value=1",
        "/dataset/detail/AQX_P_488?field=sitename&op=eq&value={}",
        "/dataset/detail/AQX_P_488?field=aqi&op={}&value=1",
        "/dataset/detail/AQX_P_488?sortby={}",
        "/dataset/detail/AQX_P_488?as_of={}",
        "/nowhere/{}",
        "/?{}",
    ],
)
@pytest.mark.parametrize(
    "evil", [XSS, '"><svg onload=alert(1)>', "' autofocus onfocus=alert(1) x='", "javascript:alert(1)"]
)
def test_nothing_from_the_address_becomes_markup(reader: Client, path: str, evil: str) -> None:
    html = reader.get(path.format(quote(evil))).content.decode()
    assert Markup.of(html).dangers() == []


def test_markup_check_sees_danger() -> None:
    assert Markup.of("<p onclick='x'><svg></svg><a href=' javascript:x'></a><script>x</script>").dangers() != []


def test_only_web_addresses_become_links(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert 'href="https://example.org/pm25"' in html
    assert 'href="javascript:' not in html
    assert "<code>javascript:alert(1)</code>" in html


@pytest.mark.parametrize(
    "url",
    [
        r"javascript:alert(1)",
        r"javascript://example.org/%0Aalert(1)",
        r"data://example.org/text/html,x",
        r"JaVaScRiPt:alert(1)",
        r" javascript:x",
        r"data:text/html,x",
        r"//evil.example",
        r"/\evil.example",
        r"http:///x",
        r"http://[::1",
        r"https:\\evil",
        r"ftp://x",
        r"vbscript:x",
        r"",
        "java\nscript:x",
    ],
)
def test_unsafe_addresses_are_no_links(url: str) -> None:
    assert links.safe_url(url) == ""


@given(st.text(alphabet="/\\en.:?#evil%09", max_size=20))
def test_language_switch_never_leaves_the_host(tail: str) -> None:
    target = links.other_language("/" + tail)
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/en//evil.example/", "/%5Cevil.example", "/en/%5C%5Cevil.example"]
)
def test_double_slash_paths_lead_nowhere_else(reader: Client, path: str) -> None:
    answer = reader.get("/x", PATH_INFO=path.replace("%5C", "\\"))
    assert not re.match(r"(https?:)?[/\\]{2}", answer.headers.get("Location", ""))
    for href in re.findall(r'href="([^"]*)"', answer.content.decode()):
        assert not re.match(r"[/\\]{2}", href)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "evil.example#localhost"]
)
def test_forged_host_is_refused_and_never_echoed(host: str) -> None:
    answer = Client(raise_request_exception=False).get("/dataset/detail/AQX_P_488", headers={"host": host})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_forwarded_host_is_not_believed(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488", headers={"x-forwarded-host": "evil.example"}).content.decode()
    assert "evil.example" not in html
    assert "http://localhost/api/" in html


def test_configured_address_wins_over_the_host(reader: Client, settings: Any) -> None:
    settings.QINGLIU = replace(settings.QINGLIU, base_url="https://data.example.tw")
    html = reader.get("/dataset/detail/AQX_P_488").content.decode()
    assert "curl -s &#x27;https://data.example.tw/api/datasets/AQX_P_488/rows?limit=5&#x27;" in html


def test_pages_forbid_inline_code_framing_and_foreign_loads(reader: Client) -> None:
    policy = reader.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_public_pages_only_read(reader: Client) -> None:
    for path in ("/", "/dataset/", "/dataset/detail/AQX_P_488"):
        assert reader.post(path).status_code == 405


def test_language_stands_in_the_address_alone(reader: Client) -> None:
    chinese = reader.get("/", headers={"accept-language": "en", "cookie": "django_language=en"})
    assert '<html lang="zh-Hant-TW">' in chinese.content.decode()
    assert '<html lang="en">' in reader.get("/en/", headers={"accept-language": "zh-TW"}).content.decode()


TEXTS = st.text(max_size=20) | st.sampled_from(
    ["\x00", "aqi", "pm2.5", "eq", "has", "gt", "-aqi", "9" * 30, "1e400", "＝", "%", "'", '"', "2026-02-30"]
)
NAMES = st.sampled_from(
    ["q", "field", "op", "value", "sortby", "limit", "page", "as_of", "category", "agency", "kind", "sort", "next"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/dataset/", "/en/dataset/detail/AQX_P_488", "/dataset/detail/AQX_P_432", "/"]),
    st.lists(st.tuples(NAMES, TEXTS), max_size=9),
)
def test_no_address_breaks_a_page(reader: Client, path: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={quote(text, errors='replace')}" for name, text in pairs)
    answer = reader.get(f"{path}?{query}")
    assert answer.status_code in (200, 400, 404), query
    assert "<main" in answer.content.decode()
