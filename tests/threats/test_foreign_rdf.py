"""Threats 9, 10 and 11 for RDF that others wrote: entities, files and addresses that a document asks us to open."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import rdflib

from qingliu.core.errors import BadSource, QingliuError, Refused
from qingliu.standards.dcat.read import BUNDLED, LIMIT_BYTES, read
from qingliu.standards.dcat.terms import DCAT, DCT, TYPE, Literal

RDF = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dct='http://purl.org/dc/terms/'"
LAUGHS = "<!DOCTYPE r [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(12)
)


class Bait:
    """A server on this machine that notes who comes for a context."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        bait = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bait.asked.append(self.path)
                body = b'{"@context":{"title":"http://purl.org/dc/terms/title"}}'
                self.send_response(200)
                self.send_header("Content-Type", "application/ld+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/context.jsonld"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bait() -> Iterator[Bait]:
    made = Bait()
    yield made
    made.close()


def places(address: str) -> dict[str, object]:
    """Every place in which a document may name a context elsewhere."""
    inside = {"@context": address, "title": "t"}
    return {
        "top": {"@context": address, "@id": "urn:x", "title": "t"},
        "in a list": {"@context": [{"a": "urn:a"}, address], "@id": "urn:x"},
        "in a list in a list": {"@context": [[address]], "@id": "urn:x"},
        "deep": {"@id": "urn:x", "urn:p": [{"urn:q": inside}]},
        "in a graph": {"@graph": [{"@id": "urn:y"}, inside]},
        "scoped to a property": {"@context": {"p": {"@id": "urn:p", "@context": address}}, "p": {"title": "t"}},
        "scoped to a type": {"@context": {"T": {"@id": "urn:T", "@context": [address]}}, "@type": "T", "title": "t"},
        "imported": {"@context": {"@version": 1.1, "@import": address}, "@id": "urn:x"},
        "a file": {"@context": "file:///etc/passwd", "@id": "urn:x"},
        "beside us": {"@context": "context.jsonld", "@id": "urn:x"},
        "a document in a list": [{"@id": "urn:y"}, inside],
    }


@pytest.mark.parametrize("place", sorted(places("")))
def test_threat_11_a_context_elsewhere_is_refused_and_never_fetched(place: str, bait: Bait) -> None:
    with pytest.raises(Refused) as told:
        read(json.dumps(places(bait.address)[place]).encode(), "application/ld+json", "harvest")
    assert bait.asked == []
    assert told.value.parameter == "@context"
    assert told.value.remedy.zh
    assert "bundled" in told.value.remedy.en


def test_threat_11_a_context_written_in_escapes_is_refused_too(bait: Bait) -> None:
    body = f'{{"\\u0040context": "{bait.address}", "title": "t"}}'.encode()
    with pytest.raises(Refused):
        read(body, "application/ld+json; profile=x", "harvest")
    assert bait.asked == []


@pytest.mark.verification
def test_threat_11_rdflib_by_itself_would_have_fetched_it(bait: Bait) -> None:
    rdflib.Graph().parse(data=json.dumps(places(bait.address)["top"]), format="json-ld")
    assert bait.asked == ["/context.jsonld"]


def test_a_context_in_the_document_and_a_bundled_one_are_read() -> None:
    (ours,) = BUNDLED
    for context in ({"dct": DCT, "dcat": DCAT}, ours, [ours, {"more": "urn:more"}]):
        body = {
            "@context": context,
            "@id": "urn:x",
            "@type": "dcat:Dataset",
            "dct:title": {"@value": "題", "@language": "zh-Hant"},
        }
        graph = read(json.dumps(body).encode(), "application/ld+json", "harvest")
        assert graph.objects("urn:x", TYPE) == [DCAT + "Dataset"]
        (title,) = graph.objects("urn:x", DCT + "title")
        assert isinstance(title, Literal)
        assert (title.value, title.lang.lower()) == ("題", "zh-hant")


@pytest.mark.parametrize(
    "head",
    [
        LAUGHS + "]>",
        "<!DOCTYPE r [<!ENTITY m SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE r [<!ENTITY m SYSTEM 'BAIT'>]>",
        "<!DOCTYPE r SYSTEM 'BAIT'>",
        "<!DOCTYPE r [<!ENTITY % p SYSTEM 'BAIT'> %p;]>",
        "<!DOCTYPE r [<!ENTITY m 'harmless'>]>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_threats_9_and_10_entities_in_rdf_xml_are_refused_at_once(head: str, encoding: str, bait: Bait) -> None:
    inner = "<rdf:Description rdf:about='urn:x'><dct:title>&m;</dct:title></rdf:Description>"
    body = f"{head.replace('BAIT', bait.address)}<rdf:RDF {RDF}>{inner}</rdf:RDF>"
    begun = time.monotonic()
    with pytest.raises(Refused, match="DTD or entities"):
        read(f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding), "application/rdf+xml", "harvest")
    assert time.monotonic() - begun < 1
    assert bait.asked == []


def test_rdf_xml_without_a_dtd_is_read() -> None:
    body = f"<rdf:RDF {RDF}><rdf:Description rdf:about='urn:x'><dct:title xml:lang='en'>t</dct:title></rdf:Description></rdf:RDF>"
    graph = read(body.encode(), "application/rdf+xml", "harvest")
    assert graph.objects("urn:x", DCT + "title") == [Literal("t", "en")]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"[" * 200_000, "application/ld+json"),
        (b'{"urn:a":' * 90 + b"1" + b"}" * 90, "application/ld+json"),
        (b"<urn:a> <urn:b> " + b"[ <urn:c> " * 5000 + b"1" + b" ]" * 5000 + b" .", "text/turtle"),
        (b"<urn:a> <urn:b> " + b"( " * 20_000, "text/turtle"),
        (b"#" * (LIMIT_BYTES + 1), "application/n-triples"),
    ],
)
def test_documents_that_are_too_deep_or_too_large_are_told(body: bytes, media: str) -> None:
    begun = time.monotonic()
    with pytest.raises((Refused, BadSource)):
        read(body, media, "harvest")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"<html>", "text/html"),
        (b"<urn:a> <urn:b>", "text/turtle"),
        (b"<rdf:RDF>", "application/rdf+xml"),
        (b"{", "application/ld+json"),
        (b"\xff\xfe\xff", "text/turtle"),
        (b"", "application/rdf+xml"),
    ],
)
def test_what_is_no_rdf_is_told_in_both_languages(body: bytes, media: str) -> None:
    with pytest.raises(QingliuError) as told:
        read(body, media, "harvest")
    assert told.value.reason.zh
    assert told.value.reason.en
