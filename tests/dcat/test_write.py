"""The four texts say the same graph, whatever stands in titles, and are written while they are made."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from qingliu.core.dataset import Text
from qingliu.standards.dcat import write
from qingliu.standards.dcat.catalogue import Site, catalogue
from qingliu.standards.dcat.dataset import describe
from qingliu.standards.dcat.terms import DCT, Literal, Resource
from tests.dcat.scene import HOUR, as_rdflib, described, table

SITE = Site("https://data.example.tw", Text("目", "C"), Text("資", "D"), Text("部", "M"))
READERS = {"turtle": "turtle", "ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}


@pytest.mark.parametrize("form", sorted(write.WRITERS))
def test_each_text_reads_back_as_the_same_graph(form: str) -> None:
    resources = described("AQX_P_488", HOUR).resources
    text = "".join(write.WRITERS[form](resources))
    assert isomorphic(rdflib.Graph().parse(data=text, format=READERS[form]), as_rdflib(resources))


@pytest.mark.parametrize("form", sorted(write.WRITERS))
def test_hostile_titles_stay_titles(form: str) -> None:
    title = 'quote " backslash \\ <b>&amp;]]> {@x} \n newline \t 𠮷 " .\n<urn:a> <urn:b> "c'
    known, versions, served = table("AQX_P_488", HOUR)
    found = describe(replace(known, title=Text(title, title)), versions, served)
    text = "".join(write.WRITERS[form](found.resources))
    graph = rdflib.Graph().parse(data=text, format=READERS[form])
    assert {str(o) for o in graph.objects(rdflib.URIRef(found.iri), rdflib.URIRef(DCT + "title"))} == {title}
    assert rdflib.URIRef("urn:a") not in set(graph.subjects())


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_survives_every_form(text: str) -> None:
    said = [Resource("urn:s", (("http://purl.org/dc/terms/title", Literal(text, "zh-Hant")),))]
    for form, reader in READERS.items():
        graph = rdflib.Graph().parse(data="".join(write.WRITERS[form](said)).encode(), format=reader)
        (value,) = graph.objects()
        # what XML cannot hold is shown as a replacement character there
        told = "".join(write._BAD_IN_XML.sub("�", text)) if form == "rdfxml" else text
        assert str(value) == told, form


@pytest.mark.parametrize("form", sorted(write.WRITERS))
def test_an_address_with_forbidden_characters_breaks_no_text(form: str) -> None:
    said = [Resource("urn:s", ((DCT + "source", 'https://x.example/a b<c>"d{e}|\\^`\n.png'),))]
    graph = rdflib.Graph().parse(data="".join(write.WRITERS[form](said)), format=READERS[form])
    assert len(graph) == 1


@pytest.mark.parametrize("form", sorted(write.WRITERS))
def test_a_text_is_written_while_its_resources_are_made(form: str) -> None:
    asked: list[int] = []

    def endless() -> Iterator[Resource]:
        n = 0
        while True:
            asked.append(n)
            yield Resource(f"urn:{n}", ((DCT + "title", Literal("x")),))
            n += 1

    parts = write.WRITERS[form](endless())
    for _ in range(20):
        next(parts)
    assert len(asked) <= 21


@pytest.mark.parametrize("form", sorted(write.WRITERS))
def test_ten_times_the_datasets_need_no_more_memory(form: str) -> None:
    known, versions, served = table("AQX_P_488", HOUR)

    def peak(count: int) -> int:
        many = (describe(replace(known, code=f"D_{i}"), versions, served) for i in range(count))
        tracemalloc.start()
        try:
            for _ in write.WRITERS[form](catalogue(SITE, many)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(20)  # what is read once and kept
    assert peak(200) < peak(20) + 1_500_000  # the text grows by 3 to 6 MB; a cache of short names is bounded
