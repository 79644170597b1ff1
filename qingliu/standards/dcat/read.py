"""The one gate for RDF that others wrote: no entity is expanded, no context or import is fetched, size and depth are bounded.

Whatever comes in (Turtle, N-Triples, RDF/XML, JSON-LD) leaves as our plain ``Graph``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import rdflib
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from rdflib.term import BNode, Node

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused
from qingliu.standards.dcat.terms import Graph, Literal, Object, Resource

LIMIT_BYTES = 32 * 1024 * 1024
_DEPTH = 64
_CONTEXTS = Path(__file__).parent / "contexts"
BUNDLED = {"urn:qingliu:context:dcat": "dcat.json"}  # address of a context → its file here; no other is known
_FORMATS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}


def read(data: bytes, media: str, name: str, *, limit_bytes: int = LIMIT_BYTES) -> Graph:
    """The graph in ``data`` of that media type; ``name`` is what errors call it.

    Raises Refused (entities, a DTD, a context elsewhere, too large, too deep) and BadSource (it cannot be read).
    """
    form = _FORMATS.get(media.partition(";")[0].strip().lower())
    if form is None:
        raise _unreadable(name, f"no RDF media type: {media[:80]}")
    if len(data) > limit_bytes:
        raise _refused(name, f"超過 {limit_bytes} 位元組", f"larger than {limit_bytes} bytes")
    if form == "xml":
        _no_entities(data, name)
    elif form == "json-ld":
        data = _without_contexts_elsewhere(data, name)
    return Graph(_resources(_parsed(data, form, name)))


def _parsed(data: bytes, form: str, name: str) -> rdflib.Graph:
    graph = rdflib.Graph()
    try:
        graph.parse(data=data, format=form, publicID="urn:qingliu:read:")
    except RecursionError as error:
        raise _refused(name, "層級過深", "nested too deep") from error
    except Exception as error:  # rdflib's readers raise what they like at what strangers write
        raise _unreadable(name, f"{type(error).__name__}: {str(error)[:200]}") from error
    return graph


def _no_entities(data: bytes, name: str) -> None:
    """Before rdflib sees it: rdflib's own reader expands entities. Raises Refused, BadSource."""
    try:
        fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise _refused(
            name, f"含 DTD 或實體（{type(error).__name__}）", f"DTD or entities ({type(error).__name__})"
        ) from error
    except (SyntaxError, ValueError, LookupError) as error:
        raise _unreadable(name, str(error)[:200]) from error


def _without_contexts_elsewhere(data: bytes, name: str) -> bytes:
    try:
        document = json.loads(data)
    except RecursionError as error:
        raise _refused(name, "層級過深", "nested too deep") from error
    except ValueError as error:
        raise _unreadable(name, str(error)[:200]) from error
    return json.dumps(_inlined(document, name, 0)).encode()


def _inlined(value: Any, name: str, depth: int) -> Any:
    """The value with bundled contexts put in place. Raises Refused at any other address, wherever it stands."""
    if depth > _DEPTH:
        raise _refused(name, "層級過深", "nested too deep")
    if isinstance(value, list):
        return [_inlined(v, name, depth + 1) for v in value]
    if not isinstance(value, dict):
        return value
    if "@import" in value:
        raise _elsewhere(name, value["@import"])
    return {
        k: _context(v, name, depth + 1) if k == "@context" else _inlined(v, name, depth + 1) for k, v in value.items()
    }


def _context(value: Any, name: str, depth: int) -> Any:
    if isinstance(value, str):
        if value not in BUNDLED:
            raise _elsewhere(name, value)
        return _bundled(value)
    if isinstance(value, list):
        return [_context(v, name, depth + 1) for v in value]
    return _inlined(value, name, depth)


@cache
def _bundled(address: str) -> dict[str, str]:
    context: dict[str, str] = json.loads((_CONTEXTS / BUNDLED[address]).read_text(encoding="utf-8"))
    return context


def _resources(graph: rdflib.Graph) -> list[Resource]:
    pairs: dict[str, list[tuple[str, Object]]] = {}
    for subject, predicate, value in graph:
        pairs.setdefault(_node(subject), []).append((str(predicate), _object(value)))
    return [Resource(node, tuple(said)) for node, said in pairs.items()]


def _node(term: Node) -> str:
    return f"_:{term}" if isinstance(term, BNode) else str(term)


def _object(term: Node) -> Object:
    if isinstance(term, rdflib.Literal):
        return Literal(str(term), term.language or "", str(term.datatype or ""))
    return _node(term)


def _refused(name: str, zh: str, en: str) -> Refused:
    return Refused(
        Text(f"「{name[:80]}」{zh}，不予讀取。", f"'{name[:80]}' is not read: {en}."),
        Text("請移除 DTD、實體與過深的結構後再提供。", "Remove DTD, entities and deep nesting, and send it again."),
        parameter=name[:80],
    )


def _elsewhere(name: str, address: Any) -> Refused:
    told = str(address)[:200]
    return Refused(
        Text(
            f"「{name[:80]}」的 @context 在他處（{told}），本平臺不連線擷取。",
            f"'{name[:80]}' keeps its @context elsewhere ({told}); it is not fetched.",
        ),
        Text(
            f"請把 @context 內容寫在文件內，或用內建者：{'、'.join(BUNDLED)}。",
            f"Write the context into the document, or use a bundled one: {', '.join(BUNDLED)}.",
        ),
        parameter="@context",
    )


def _unreadable(name: str, why: str) -> BadSource:
    return BadSource(
        Text(f"「{name[:80]}」讀不出 RDF（{why}）。", f"'{name[:80]}' cannot be read as RDF ({why})."),
        Text("請提供 Turtle、N-Triples、RDF/XML 或 JSON-LD。", "Send Turtle, N-Triples, RDF/XML or JSON-LD."),
        parameter=name[:80],
    )
