"""RDF as plain frozen values: a node is its IRI (a blank one begins with ``_:``), a resource is a node with its pairs.

Everything that we say has an IRI of its own, so descriptions can be written one after the other at constant memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from qingliu.core.dataset import Text

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
DCAT = "http://www.w3.org/ns/dcat#"
DCT = "http://purl.org/dc/terms/"
DCATAP = "http://data.europa.eu/r5r/"
FOAF = "http://xmlns.com/foaf/0.1/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SPDX = "http://spdx.org/rdf/terms#"
ADMS = "http://www.w3.org/ns/adms#"
DQV = "http://www.w3.org/ns/dqv#"
PROV = "http://www.w3.org/ns/prov#"
ELI = "http://data.europa.eu/eli/ontology#"
HYDRA = "http://www.w3.org/ns/hydra/core#"
PREFIXES: tuple[tuple[str, str], ...] = (
    ("rdf", RDF),
    ("rdfs", RDFS),
    ("xsd", XSD),
    ("dcat", DCAT),
    ("dct", DCT),
    ("dcatap", DCATAP),
    ("foaf", FOAF),
    ("vcard", VCARD),
    ("skos", SKOS),
    ("spdx", SPDX),
    ("adms", ADMS),
    ("dqv", DQV),
    ("prov", PROV),
    ("eli", ELI),
    ("hydra", HYDRA),
)
TYPE = RDF + "type"


class Literal(NamedTuple):
    """A text with its language, or a value with its datatype (an IRI); never both."""

    value: str
    lang: str = ""
    datatype: str = ""


Object = str | Literal  # a plain str is a node
Pair = tuple[str, Object]


@dataclass(frozen=True, slots=True)
class Resource:
    """A node and what is said of it: pairs of predicate and object, in the order in which they are written."""

    iri: str
    pairs: tuple[Pair, ...]

    def all(self, predicate: str) -> tuple[Object, ...]:
        """Every object of ``predicate``."""
        return tuple(o for p, o in self.pairs if p == predicate)

    def first(self, predicate: str) -> Object | None:
        """The first object of ``predicate``, or None."""
        return next((o for p, o in self.pairs if p == predicate), None)


def said(predicate: str, text: Text) -> tuple[Pair, ...]:
    """A text as literals in the languages that it has."""
    pairs = ((text.zh, "zh-Hant"), (text.en, "en"))
    return tuple((predicate, Literal(value, lang)) for value, lang in pairs if value)


def typed(value: str, kind: str) -> Literal:
    """A value of the XML Schema datatype called ``kind``."""
    return Literal(value, "", XSD + kind)


def resource(iri: str, types: Iterable[str], *pairs: Pair) -> Resource:
    """A resource of these types; what is said of it follows."""
    return Resource(iri, (*((TYPE, t) for t in types), *pairs))


class Graph:
    """Resources put together by node, for questions; the same pair twice counts once, as in RDF."""

    __slots__ = ("_subjects", "nodes")

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.nodes: dict[str, dict[str, list[Object]]] = {}
        self._subjects: dict[str, dict[Object, list[str]]] | None = None
        for said_of in resources:
            node = self.nodes.setdefault(said_of.iri, {})
            for predicate, value in said_of.pairs:
                known = node.setdefault(predicate, [])
                if value not in known:
                    known.append(value)

    def objects(self, node: Object, predicate: str) -> list[Object]:
        """What is said of ``node`` by ``predicate``."""
        if isinstance(node, Literal):
            return []
        return self.nodes.get(node, _NOTHING).get(predicate, [])

    def subjects(self, predicate: str, value: Object) -> list[str]:
        """Nodes of which ``predicate`` says ``value``."""
        if self._subjects is None:
            self._subjects = {}
            for node, predicates in self.nodes.items():
                for known, values in predicates.items():
                    for one in values:
                        self._subjects.setdefault(known, {}).setdefault(one, []).append(node)
        return self._subjects.get(predicate, {}).get(value, [])

    def resources(self) -> Iterator[Resource]:
        """Every node with its pairs."""
        for node, predicates in self.nodes.items():
            yield Resource(node, tuple((p, o) for p, values in predicates.items() for o in values))


_NOTHING: dict[str, list[Object]] = {}
