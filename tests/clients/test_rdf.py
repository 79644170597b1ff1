"""rdflib, as it is, reads the four texts of the whole real catalogue, and of single datasets, as the same graph."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Served

pytestmark = pytest.mark.long
# run by the clients' own Python, so that rdflib is theirs; every thing has an IRI, so equal sets are equal graphs
SCRIPT = """
import sys, urllib.request
from rdflib import BNode, Graph
from rdflib.compare import isomorphic
start, *names = sys.argv[1:]
forms = {"nt": "nt", "ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
for name in names:
    graphs = {}
    for ending, form in forms.items():
        address = start + name.replace("*", ending)
        with urllib.request.urlopen(address, timeout=120) as answer:
            # a page of the catalogue leads to its neighbours in the same text: that ending is all that may differ
            text = answer.read().decode().replace(f"/catalog.{ending}?", "/catalog.any?")
        graphs[ending] = Graph().parse(data=text, format=form)
    first = graphs["nt"]
    assert len(first) > 20, (name, len(first))
    for ending, other in graphs.items():
        blank = any(isinstance(term, BNode) for triple in other for term in triple)
        assert not blank, (name, ending, "blank nodes")
        assert set(first) == set(other), (name, ending, len(first), len(other))
        assert len(first) > 5000 or isomorphic(first, other), (name, ending)
    print(name, len(first))
"""


def test_the_four_texts_are_one_graph(clients: Path, served: Served) -> None:
    names = ["/catalog.*?page=all", "/catalog.*?page=2&page_size=50", "/catalog.*?page=all&profile=dcat-ap-hvd"]
    names += [f"/api/dcat/datasets/{c}.*" for c in ("AQX_P_488", "AQX_P_432", "PRTR_PENALTIES", "SOIL_SITES")]
    command = [str(clients / "python"), "-c", SCRIPT, served.url, *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == len(names)


def test_the_feeds_are_read_by_feedparser(clients: Path, served: Served) -> None:
    script = """
import sys, feedparser
for place in ("/feed.atom", "/feed.atom?lang=en", "/api/dcat/datasets/AQX_P_432/feed.atom"):
    found = feedparser.parse(sys.argv[1] + place)
    assert not found.bozo, (place, found.bozo_exception)
    assert found.version == "atom10" and found.entries and found.feed.title, place
    assert {"self", "first", "last"} <= {link.rel for link in found.feed.links}, place
    assert all(e.id and e.title and e.updated_parsed and e.link for e in found.entries), place
"""
    command = [str(clients / "python"), "-c", script, served.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
