"""Resources as Turtle, N-Triples, JSON-LD and RDF/XML, one after the other, so memory holds one resource at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from qingliu.standards.dcat.terms import PREFIXES, TYPE, Literal, Object, Resource

MEDIA = {
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
}
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_BAD_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_BAD_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def turtle(resources: Iterable[Resource]) -> Iterator[str]:
    """Turtle, prefixes first."""
    yield "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES)
    for said_of in resources:
        lines = [f"{_turtle_verb(p)} {_turtle_object(o)}" for p, o in said_of.pairs]
        if lines:
            yield f"\n{_turtle_object(said_of.iri)} " + " ;\n    ".join(lines) + " .\n"


def ntriples(resources: Iterable[Resource]) -> Iterator[str]:
    """N-Triples, a line for each pair."""
    for said_of in resources:
        subject = _node(said_of.iri)
        yield "".join(f"{subject} {_node(p)} {_plain_object(o)} .\n" for p, o in said_of.pairs)


def jsonld(resources: Iterable[Resource]) -> Iterator[str]:
    """JSON-LD with its own context inside, so nobody has to fetch one; flat, each resource an object of ``@graph``."""
    context = json.dumps(dict(PREFIXES), separators=(",", ":"))
    yield f'{{"@context":{context},"@graph":['
    between = "\n"
    for said_of in resources:
        yield between + json.dumps(_jsonld_node(said_of), ensure_ascii=False, separators=(",", ":"))
        between = ",\n"
    yield "\n]}\n"


def rdfxml(resources: Iterable[Resource]) -> Iterator[str]:
    """RDF/XML, each resource an ``rdf:Description``; without DTD or entities."""
    spaces = "".join(f"\n  xmlns:{name}={quoteattr(iri)}" for name, iri in PREFIXES)
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{spaces}>\n'
    for said_of in resources:
        inner = "".join(_xml_property(p, o) for p, o in said_of.pairs)
        about = (
            f"rdf:nodeID={quoteattr(said_of.iri[2:])}"
            if _blank(said_of.iri)
            else f"rdf:about={_attribute(said_of.iri)}"
        )
        yield f"<rdf:Description {about}>\n{inner}</rdf:Description>\n"
    yield "</rdf:RDF>\n"


WRITERS: dict[str, Callable[[Iterable[Resource]], Iterator[str]]] = {
    "turtle": turtle,
    "ntriples": ntriples,
    "jsonld": jsonld,
    "rdfxml": rdfxml,
}


def _blank(node: str) -> bool:
    return node.startswith("_:")


def safe_iri(iri: str) -> str:
    """The IRI with what no IRI may hold written as percent codes."""
    return _BAD_IN_IRI.sub(lambda m: f"%{ord(m.group()):02X}", iri)


@lru_cache(maxsize=4096)
def _short(iri: str) -> str:
    """``prefix:local`` where the IRI begins with a known prefix and the rest is a plain name, else ""."""
    for name, start in PREFIXES:
        if iri.startswith(start) and _LOCAL.fullmatch(iri, len(start)):
            return f"{name}:{iri[len(start) :]}"
    return ""


def _node(node: str) -> str:
    return node if _blank(node) else f"<{safe_iri(node)}>"


def _quoted(text: str) -> str:
    return '"' + text.translate(_ESCAPES) + '"'


def _turtle_verb(predicate: str) -> str:
    return "a" if predicate == TYPE else _short(predicate) or _node(predicate)


def _turtle_object(value: Object) -> str:
    if not isinstance(value, Literal):
        return _short(value) or _node(value)
    if value.lang:
        return f"{_quoted(value.value)}@{value.lang}"
    if value.datatype:
        return f"{_quoted(value.value)}^^{_short(value.datatype) or _node(value.datatype)}"
    return _quoted(value.value)


def _plain_object(value: Object) -> str:
    if not isinstance(value, Literal):
        return _node(value)
    tail = f"@{value.lang}" if value.lang else f"^^{_node(value.datatype)}" if value.datatype else ""
    return _quoted(value.value) + tail


def _jsonld_node(said_of: Resource) -> dict[str, Any]:
    node: dict[str, Any] = {"@id": said_of.iri if _blank(said_of.iri) else safe_iri(said_of.iri)}
    for predicate, value in said_of.pairs:
        if predicate == TYPE and isinstance(value, str):
            node.setdefault("@type", []).append(_short(value) or safe_iri(value))
        else:
            node.setdefault(_short(predicate) or safe_iri(predicate), []).append(_jsonld_value(value))
    return node


def _jsonld_value(value: Object) -> dict[str, str]:
    if not isinstance(value, Literal):
        return {"@id": value if _blank(value) else safe_iri(value)}
    if value.lang:
        return {"@value": value.value, "@language": value.lang}
    if value.datatype:
        return {"@value": value.value, "@type": _short(value.datatype) or safe_iri(value.datatype)}
    return {"@value": value.value}


def _attribute(iri: str) -> str:
    return quoteattr(_BAD_IN_XML.sub("", safe_iri(iri)))


def _xml_property(predicate: str, value: Object) -> str:
    tag = _short(predicate)
    opened = tag
    if not tag:
        space, local = re.match(r"(.*[/#:])([^/#:]*)$", predicate, re.S).groups()  # type: ignore[union-attr]
        tag, opened = f"x:{local}", f"x:{local} xmlns:x={_attribute(space)}"
    if not isinstance(value, Literal):
        target = f"rdf:nodeID={quoteattr(value[2:])}" if _blank(value) else f"rdf:resource={_attribute(value)}"
        return f"  <{opened} {target}/>\n"
    kind = f" xml:lang={quoteattr(value.lang)}" if value.lang else ""
    kind = kind or (f" rdf:datatype={_attribute(value.datatype)}" if value.datatype else "")
    # a bare carriage return would come back as a line feed
    text = escape(_BAD_IN_XML.sub("\ufffd", value.value), {"\r": "&#13;"})
    return f"  <{opened}{kind}>{text}</{tag}>\n"
