"""The catalogue as served: four texts of one graph, by pages and as a whole, under two profiles, never by the Host."""

from __future__ import annotations

import json
import re
import sqlite3
import tracemalloc
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import rdflib
from rdflib.compare import isomorphic

from qingliu.api.dcat.routes import FORMS
from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.standards.dcat.check import check
from qingliu.standards.dcat.read import read
from qingliu.standards.dcat.shapes import load_shapes
from tests.api.portal import LISTED
from tests.dcat_api.conftest import AT, BASE, Served, serve

READERS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml", "nt": "nt"}
DCAT = "http://www.w3.org/ns/dcat#"
HYDRA = "http://www.w3.org/ns/hydra/core#"
CODES = ("AIR_H", "AIR_NOW", "EVIL_P_09", "HELD_P_03", "LIST_P_02", "ODD_P_01", "STATIONS")


def graph(text: str, form: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format=READERS[form])


def datasets(found: rdflib.Graph) -> set[str]:
    """The datasets that the catalogue says it holds."""
    held = found.objects(rdflib.URIRef(f"{BASE}/#catalogue"), rdflib.URIRef(DCAT + "dataset"))
    return {str(o).rsplit("/", 1)[1].removesuffix("#dataset") for o in held}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_text_of_the_whole_catalogue_is_the_same_graph(served: Served, form: str) -> None:
    found = graph(served.text(f"/catalog.{form}", "page=all"), form)
    assert datasets(found) == set(CODES)
    assert isomorphic(found, graph(served.text("/catalog.nt", "page=all"), "nt"))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_text_of_a_dataset_is_the_same_graph(served: Served, form: str, code: str) -> None:
    found = graph(served.text(f"/api/dcat/datasets/{code}.{form}"), form)
    assert (rdflib.URIRef(f"{BASE}/dataset/detail/{code}#dataset"), None, None) in found
    assert isomorphic(found, graph(served.text(f"/api/dcat/datasets/{code.lower()}.nt"), "nt"))


def test_pages_together_hold_every_dataset_once_and_name_their_neighbours(served: Served) -> None:
    seen: list[str] = []
    address, pages = "/catalog.ttl?page=1&page_size=3", 0
    while address:
        path, _, query = address.partition("?")
        answer = served.get(path, query)
        found = graph(answer.text, "ttl")
        seen += sorted(datasets(found))
        (page,) = found.subjects(rdflib.RDF.type, rdflib.URIRef(HYDRA + "PagedCollection"))
        assert str(found.value(page, rdflib.URIRef(HYDRA + "totalItems"))) == "7"
        assert str(found.value(page, rdflib.URIRef(HYDRA + "itemsPerPage"))) == "3"
        said = {m[1]: m[0] for m in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])}
        for rel, name in (("first", "first"), ("last", "last"), ("next", "next"), ("prev", "previous")):
            told = found.value(page, rdflib.URIRef(HYDRA + name))
            assert (str(told) if told else None) == said.get(rel)
        following = said.get("next", "")
        assert following == "" or following.startswith(f"{BASE}/catalog.ttl?")
        address, pages = following.removeprefix(BASE), pages + 1
    assert pages == 3
    assert tuple(seen) == CODES


def test_a_page_explains_datasets_that_it_points_to_and_does_not_hold(served: Served) -> None:
    found = graph(served.text("/catalog.ttl", "page=2&page_size=1"), "ttl")
    assert datasets(found) == {"AIR_NOW"}
    base = rdflib.URIRef(f"{BASE}/dataset/detail/AIR_H#dataset")
    assert (base, rdflib.RDF.type, rdflib.URIRef(DCAT + "Dataset")) in found


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("page=4&page_size=3", 404, "page"), ("page=0", 400, "page"), ("page=-1", 400, "page"), ("page=１", 400, "page"),
        ("page_size=0", 400, "page_size"), ("page_size=501", 400, "page_size"), ("profile=dcat", 400, "profile"),
        ("pgae=2", 400, "pgae"), ("page=1&page=2", 400, "page"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_there_or_not_understood_is_told(
    served: Served, query: str, status: int, parameter: str
) -> None:
    answer = served.get("/catalog.ttl", query)
    assert (answer.status_code, answer.json["parameter"]) == (status, parameter)
    assert answer.json["detail_zh"]
    assert answer.json["detail_en"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/turtle", "ttl"), ("application/ld+json", "jsonld"), ("application/rdf+xml;q=0.9, text/html;q=0.2", "rdf"),
        ("application/n-triples", "nt"), ("text/html", "ttl"), ("", "ttl"),
    ],
)  # fmt: skip
def test_the_text_is_negotiated_by_accept(served: Served, accept: str, form: str) -> None:
    answer = served.get("/api/dcat/catalog", "page_size=2", Accept=accept)
    assert answer.headers["Content-Location"] == f"/catalog.{form}?page_size=2"
    assert answer.text == served.text(f"/catalog.{form}", "page_size=2")
    assert "Accept" in answer.headers["Vary"]
    one = served.get("/api/dcat/datasets/air_h", Accept=accept)
    assert one.headers["Content-Location"] == f"/api/dcat/datasets/AIR_H.{form}"
    assert one.text == served.text(f"/api/dcat/datasets/AIR_H.{form}")


def test_etag_answers_304_and_changes_only_for_the_dataset_that_changed(tmp_path: Path) -> None:
    paths = LakePaths(tmp_path / "home")
    paths.make()
    other = replace(LISTED, code="LIST_P_03")
    with PublishedWriter(paths.published_db).transaction() as t:
        for record in (LISTED, other):
            t.put_entry(record, kind="listed", current=None, status="listed", updated_at=AT)
    served = serve(paths)
    addresses = [f"/api/dcat/datasets/{c}.ttl" for c in ("LIST_P_02", "LIST_P_03")] + ["/catalog.ttl"]
    before = {a: served.get(a).headers["ETag"] for a in addresses}
    assert all(served.get(a, If_None_Match=tag).status_code == 304 for a, tag in before.items())
    with PublishedWriter(paths.published_db).transaction() as t:
        changed = replace(other, title=Text("新名稱", "New title"))
        t.put_entry(changed, kind="listed", current=None, status="listed", updated_at=AT)
    after = {a: served.get(a).headers["ETag"] for a in addresses}
    assert [before[a] == after[a] for a in addresses] == [True, False, False]
    served.engine.close()


def test_threat_17_no_description_ever_holds_the_host_that_was_asked(served: Served, tmp_path: Path) -> None:
    addresses = ["/catalog.ttl", "/api/dcat/datasets/AIR_H.jsonld", "/api/dcat/datasets/AIR_H/datapackage.json"]
    addresses += ["/sitemap-1.xml", "/feed.atom", "/robots.txt", "/api/dcat/datagovtw.csv"]
    paths = LakePaths(tmp_path / "home")
    paths.make()
    bare = serve(paths, "")
    for address in addresses:
        forged = {"Host": "evil.example", "X_Forwarded_Host": "evil.example"}
        answer = served.get(address, **forged)
        assert "evil.example" not in answer.text + str(answer.headers)
        assert BASE in answer.text
    for address in ("/catalog.ttl", "/sitemap.xml", "/robots.txt"):
        assert "http://localhost" in bare.text(address, Host="evil.example")
    bare.engine.close()


def test_hvd_holds_what_the_office_marks_and_conforms(served: Served) -> None:
    text = served.text("/catalog.ttl", "page=all&profile=dcat-ap-hvd")
    assert datasets(graph(text, "ttl")) == {"STATIONS"}
    found = check(load_shapes(hvd=True), read(text.encode(), "text/turtle", "hvd").resources())
    assert [f for f in found if f.severity == "violation"] == []
    assert "applicableLegislation" not in served.text("/api/dcat/datasets/AIR_H.ttl")
    assert "c_dd313021" in served.text("/api/dcat/datasets/STATIONS.ttl")


def test_threat_11_the_json_ld_carries_its_context_inside(served: Served) -> None:
    for address in ("/catalog.jsonld", "/api/dcat/datasets/AIR_H.jsonld", "/api/dcat/datasets/AIR_H/schema.jsonld"):
        document = json.loads(served.text(address))
        assert isinstance(document["@context"], dict)
        assert read(served.text(address).encode(), "application/ld+json", address).nodes


def listed_home(home: Path, count: int) -> LakePaths:
    """A home with so many listed entries; put in without the search index, which nobody asks here."""
    paths = LakePaths(home)
    paths.make()
    with PublishedWriter(paths.published_db).transaction():
        pass
    rows = []
    for n in range(count):
        known = replace(LISTED, code=f"L_{n:05}", title=Text(f"目錄 {n}", f"Listed {n}"))
        extra = json.dumps({"datagovtw_id": str(n), "formats": ["CSV", "JSON"]})
        rows.append((known.code, "listed", "listed", None, AT, codec.to_json(known), extra))
    with closing(sqlite3.connect(paths.published_db)) as con, con:
        con.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?)", rows)
    return paths


@pytest.mark.parametrize("few", [300, pytest.param(2_000, marks=pytest.mark.long)])
def test_the_whole_catalogue_streams_at_constant_memory(tmp_path: Path, few: int) -> None:
    """20,000 entries need hardly more than 2,000, though the text is ten times as long."""

    def peak(count: int) -> tuple[int, int]:
        served = serve(listed_home(tmp_path / str(count), count))
        served.engine.published.all()  # the catalogue itself is held by every process, whatever is asked
        served.text("/catalog.nt", "page=1&page_size=1")
        tracemalloc.start()
        try:
            length = sum(len(chunk) for chunk in stream(served, "/catalog.nt", "page=all"))
            return tracemalloc.get_traced_memory()[1], length
        finally:
            tracemalloc.stop()
            served.engine.close()

    small, short = peak(few)
    large, long = peak(10 * few)
    assert long > 9 * short
    assert large < small + 1_500_000, (small, large)


def stream(served: Served, path: str, query: str):  # type: ignore[no-untyped-def]
    """The chunks of an answer as they leave, none kept."""
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": None, "SERVER_PROTOCOL": "HTTP/1.1",
    }  # fmt: skip
    status: list[str] = []
    body = served.app(environ, lambda s, h, e=None: status.append(s))
    assert status[0].startswith("200")
    yield from body
    if hasattr(body, "close"):
        body.close()
