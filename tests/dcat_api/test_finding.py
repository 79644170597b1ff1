"""Where crawlers and readers find things: sitemap, robots.txt and feeds."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from qingliu.api.dcat import params, sitemap
from tests.dcat_api.conftest import BASE, Served, serve
from tests.dcat_api.test_catalogue import listed_home

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
ATOM = "{http://www.w3.org/2005/Atom}"


def xml(served: Served, path: str, query: str = "") -> ElementTree.Element:
    return ElementTree.fromstring(served.get(path, query).content)


def test_the_sitemap_holds_every_page_in_both_languages_each_naming_both(served: Served) -> None:
    (index,) = xml(served, "/sitemap.xml")
    part = urlsplit(index.findtext(f"{SITEMAP}loc") or "")
    assert part.netloc == "data.example.tw"
    urls = {u.findtext(f"{SITEMAP}loc"): u for u in xml(served, part.path)}
    assert len(urls) == 2 * (7 + len(sitemap.PAGES))
    for place in ("", "/en"):
        url = urls[f"{BASE}{place}/dataset/detail/AIR_H"]
        alternates = {e.get("hreflang"): e.get("href") for e in url.findall(f"{XHTML}link")}
        assert alternates["zh-Hant"] == alternates["x-default"] == f"{BASE}/dataset/detail/AIR_H"
        assert alternates["en"] == f"{BASE}/en/dataset/detail/AIR_H"
        assert url.findtext(f"{SITEMAP}lastmod") == "2026-11-22T00:00:00.000Z"


def test_a_sitemap_of_many_entries_comes_in_parts_of_ten_thousand(tmp_path: Path) -> None:
    served = serve(listed_home(tmp_path / "home", 5_001))
    places = [urlsplit(e.findtext(f"{SITEMAP}loc") or "").path for e in xml(served, "/sitemap.xml")]
    assert places == ["/sitemap-1.xml", "/sitemap-2.xml"]
    parts = [[u.findtext(f"{SITEMAP}loc") for u in xml(served, p)] for p in places]
    assert [len(p) for p in parts] == [10_000, 2 * (5_001 + len(sitemap.PAGES)) - 10_000]
    assert len({u for p in parts for u in p}) == 2 * (5_001 + len(sitemap.PAGES))
    assert served.get("/sitemap-3.xml").status_code == 404
    assert served.get("/sitemap-0.xml").status_code == 404
    served.engine.close()


def test_robots_name_the_sitemap_and_the_desk_is_not_for_them(served: Served) -> None:
    lines = served.text("/robots.txt").splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == f"Sitemap: {BASE}/sitemap.xml"
    assert {"Disallow: /desk/", "Disallow: /en/desk/"} <= set(lines)
    assert not [line for line in lines if line.startswith("Disallow: /api")]


def test_the_feed_tells_new_datasets_versions_and_withdrawals_newest_first(served: Served) -> None:
    feed = xml(served, "/feed.atom", "lang=en")
    entries = feed.findall(f"{ATOM}entry")
    told = [((e.find(f"{ATOM}category") or e[3]).get("term"), e.findtext(f"{ATOM}title")) for e in entries]
    assert len(told) == 5
    assert told[0] == ("withdrawn", "Old data GONE_P_01: withdrawn")
    assert {t for t, _ in told} == {"withdrawn", "version", "new"}
    moments = [e.findtext(f"{ATOM}updated") or "" for e in entries]
    assert moments == sorted(moments, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == moments[0]
    assert len({e.findtext(f"{ATOM}id") for e in entries}) == 5
    for link in feed.iter(f"{ATOM}link"):
        assert (link.get("href") or "").startswith(BASE)


def test_a_dataset_has_a_feed_of_its_own_and_a_view_that_of_what_it_shows(served: Served) -> None:
    own = xml(served, "/api/dcat/datasets/AIR_H/feed.atom").findall(f"{ATOM}entry")
    assert [e.find(f"{ATOM}category").get("term") for e in own] == ["version", "new"]  # type: ignore[union-attr]
    whole = xml(served, "/feed.atom").findall(f"{ATOM}entry")
    assert {e.findtext(f"{ATOM}id") for e in own} <= {e.findtext(f"{ATOM}id") for e in whole}
    assert len(xml(served, "/api/dcat/datasets/AIR_NOW/feed.atom").findall(f"{ATOM}entry")) == 2
    assert xml(served, "/api/dcat/datasets/LIST_P_02/feed.atom").findall(f"{ATOM}entry") == []
    assert served.get("/api/dcat/datasets/GONE_P_01/feed.atom").status_code == 404


def test_pages_of_a_feed_name_their_neighbours_and_hold_each_change_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(params, "FEED_SIZE", 2)
    fresh = serve(served.paths)  # one that kept no answer yet
    place, seen, pages = "/feed.atom", [], 0
    while place:
        path, _, query = place.partition("?")
        feed = xml(fresh, path, query)
        links = {e.get("rel"): (e.get("href") or "").removeprefix(BASE) for e in feed.findall(f"{ATOM}link")}
        assert links["self"] == place
        assert (links["first"], links["last"]) == ("/feed.atom", "/feed.atom?page=3")
        assert ("previous" in links) == (pages > 0)
        seen += [e.findtext(f"{ATOM}id") for e in feed.findall(f"{ATOM}entry")]
        place, pages = links.get("next", ""), pages + 1
    assert (pages, len(seen), len(set(seen))) == (3, 5, 5)
    assert fresh.get("/feed.atom", "page=4").status_code == 404
    fresh.engine.close()
