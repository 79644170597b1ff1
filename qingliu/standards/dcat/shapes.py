"""SHACL shapes as frozen values: ours from ``shapes*.ttl``, and those that an office puts into ``$QINGLIU_HOME/shapes``.

Only what SHACL core needs for application profiles is known. A constraint that is not known is an error, never skipped:
a check that silently leaves something out would pass what it did not look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import re2

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource
from qingliu.standards.dcat.read import read
from qingliu.standards.dcat.terms import RDF, RDFS, TYPE, Graph, Literal, Object

SH = "http://www.w3.org/ns/shacl#"
_HERE = Path(__file__).parent
_SILENCE = Text("", "")
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_OURS = ("shapes.ttl",)
_HVD = "shapes_hvd.ttl"
_LIMIT_BYTES = 4 * 1024 * 1024
_SILENT = {  # words of SHACL that constrain nothing by themselves; sh:shape is from drafts and means nothing today
    *("name", "description", "order", "group", "defaultValue", "severity", "message", "path", "targetClass"),
    *("targetNode", "targetSubjectsOf", "targetObjectsOf", "deactivated", "ignoredProperties", "flags", "shape"),
}
_KNOWN = {
    *("minCount", "maxCount", "nodeKind", "class", "datatype", "pattern", "in", "hasValue", "uniqueLang", "languageIn"),
    *("minLength", "maxLength", "node", "or", "and", "not", "property", "closed"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One node or property shape: ``path`` is "" where it speaks of the node itself. Other shapes are named by id."""

    id: str
    path: str = ""
    inverse: bool = False
    severity: str = "Violation"
    message: Text = _SILENCE
    min_count: int = 0
    max_count: int | None = None
    node_kind: str = ""
    classes: tuple[str, ...] = ()
    datatypes: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()  # pattern in RE2 syntax, flags
    one_of: tuple[Object, ...] | None = None
    has_values: tuple[Object, ...] = ()
    unique_lang: bool = False
    languages: tuple[str, ...] | None = None
    min_length: int = 0
    max_length: int | None = None
    nodes: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    all_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    only: frozenset[str] | None = None  # a closed shape's predicates


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes by id, and which nodes each one looks at. ``sources`` names the files they come from."""

    by_id: dict[str, Shape] = field(hash=False)
    classes: tuple[tuple[str, str], ...] = ()  # target class, shape
    nodes: tuple[tuple[str, str], ...] = ()  # target node, shape
    subjects_of: tuple[tuple[str, str], ...] = ()
    objects_of: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()


def load_shapes(home: Path | None = None, *, hvd: bool = False) -> Shapes:
    """Our shapes and every ``*.ttl`` in ``home/shapes``; ``hvd`` adds those of high-value datasets.

    Raises BadSource or Refused where a file cannot be read or asks for a constraint that is not known.
    """
    ours = [_HERE / name for name in (*_OURS, *((_HVD,) if hvd else ()))]
    theirs = sorted((home / "shapes").glob("*.ttl")) if home else []
    return _together(_from_file(p, p.stat().st_mtime_ns) for p in (*ours, *theirs))


@cache
def _from_file(path: Path, changed: int) -> Shapes:
    return shapes_of(path.read_bytes(), path.name)


def shapes_of(data: bytes, name: str) -> Shapes:
    """The shapes that a Turtle text declares."""
    return _Reading(read(data, "text/turtle", name, limit_bytes=_LIMIT_BYTES), name).shapes()


def _together(parts: Iterable[Shapes]) -> Shapes:
    """Several files as one. Ids of blank shapes carry their file's name, so two files never mix."""
    parts = tuple(parts)
    return Shapes(
        {k: v for part in parts for k, v in part.by_id.items()},
        tuple(t for part in parts for t in part.classes),
        tuple(t for part in parts for t in part.nodes),
        tuple(t for part in parts for t in part.subjects_of),
        tuple(t for part in parts for t in part.objects_of),
        tuple(s for part in parts for s in part.sources),
    )


class _Reading:
    """Reads one file's graph into shapes."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._graph = graph
        self._name = name
        self._found: dict[str, Shape] = {}

    def shapes(self) -> Shapes:
        targets: dict[str, list[tuple[str, str]]] = {}
        for node, said in self._graph.nodes.items():
            for word in _TARGETS:
                targets.setdefault(word, []).extend((str(o), self._id(node)) for o in said.get(SH + word, ()))
            kinds = said.get(TYPE, ())
            if SH + "NodeShape" in kinds and RDFS + "Class" in kinds:
                targets.setdefault("targetClass", []).append((node, self._id(node)))
        for node, said in self._graph.nodes.items():
            if SH + "NodeShape" in said.get(TYPE, ()) or any(SH + word in said for word in _TARGETS):
                self._shape(node)
        classes, nodes, subjects, objects = (tuple(targets.get(word, ())) for word in _TARGETS)
        return Shapes(self._found, classes, nodes, subjects, objects, (self._name,))

    def _id(self, node: Object) -> str:
        return f"{node}@{self._name}"

    def _shape(self, node: Object) -> str:
        """Read the shape at ``node`` (and those that it names); its id."""
        name = self._id(node)
        if name in self._found:
            return name
        self._found[name] = Shape(name)  # holds the place: shapes may name each other in a ring
        said = self._graph.nodes.get(str(node), {})
        self._check_known(str(node), said)
        if self._flag(said, "deactivated"):
            return name
        path, inverse = self._path(said.get(SH + "path", []))
        text = {o.lang: o.value for o in said.get(SH + "message", []) if isinstance(o, Literal)}
        en = text.get("en") or text.get("", "") or next(iter(text.values()), "")
        self._found[name] = Shape(
            id=name,
            path=path,
            inverse=inverse,
            severity=self._last_word(said, "severity") or "Violation",
            message=Text(next((v for k, v in text.items() if k.startswith("zh")), en), en),
            min_count=self._number(said, "minCount") or 0,
            max_count=self._number(said, "maxCount"),
            node_kind=self._last_word(said, "nodeKind"),
            classes=self._iris(said, "class"),
            datatypes=self._iris(said, "datatype"),
            patterns=self._patterns(said),
            one_of=self._list(said[SH + "in"][0]) if SH + "in" in said else None,
            has_values=tuple(said.get(SH + "hasValue", ())),
            unique_lang=self._flag(said, "uniqueLang"),
            languages=tuple(str(o[0] if isinstance(o, Literal) else o) for o in self._list(said[SH + "languageIn"][0]))
            if SH + "languageIn" in said
            else None,
            min_length=self._number(said, "minLength") or 0,
            max_length=self._number(said, "maxLength"),
            nodes=tuple(map(self._shape, said.get(SH + "node", ()))),
            any_of=self._lists(said, "or"),
            all_of=self._lists(said, "and"),
            none_of=tuple(map(self._shape, said.get(SH + "not", ()))),
            properties=tuple(map(self._shape, said.get(SH + "property", ()))),
            only=self._only(said),
        )
        return name

    def _check_known(self, node: str, said: dict[str, list[Object]]) -> None:
        words = {p.removeprefix(SH) for p in said if p.startswith(SH)}
        strange = sorted(words - _SILENT - _KNOWN)
        if strange:
            raise self._told(
                f"形狀 {node[:120]} 用了未支援的限制：{'、'.join(strange)}",
                f"shape {node[:120]} uses constraints that are not supported: {', '.join(strange)}",
            )

    def _path(self, values: list[Object]) -> tuple[str, bool]:
        if not values:
            return "", False
        path = values[0]
        if isinstance(path, str) and not path.startswith("_:"):
            return path, False
        inverse = self._graph.objects(path, SH + "inversePath")
        if len(inverse) == 1 and isinstance(inverse[0], str) and not inverse[0].startswith("_:"):
            return inverse[0], True
        raise self._told("sh:path 只支援單一屬性及其反向", "sh:path may be one property or its inverse only")

    def _list(self, head: Object) -> tuple[Object, ...]:
        out: list[Object] = []
        while isinstance(head, str) and head != RDF + "nil" and len(out) < 10_000:
            out += self._graph.objects(head, RDF + "first")
            head = next(iter(self._graph.objects(head, RDF + "rest")), RDF + "nil")
        return tuple(out)

    def _lists(self, said: dict[str, list[Object]], word: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(map(self._shape, self._list(head))) for head in said.get(SH + word, ()))

    def _patterns(self, said: dict[str, list[Object]]) -> tuple[tuple[str, str], ...]:
        flags = "".join(str(o[0]) for o in said.get(SH + "flags", ()))
        found = tuple((str(o[0]), "i" if "i" in flags else "") for o in said.get(SH + "pattern", ()))
        for pattern, _ in found:
            try:
                re2.compile(pattern)
            except re2.error as error:
                raise self._told(f"樣式 {pattern[:80]} 不是 RE2 語法", f"pattern {pattern[:80]} is not RE2") from error
        return found

    def _only(self, said: dict[str, list[Object]]) -> frozenset[str] | None:
        if not self._flag(said, "closed"):
            return None
        paths = {str(o) for p in said.get(SH + "property", ()) for o in self._graph.objects(p, SH + "path")}
        ignored = {str(o) for head in said.get(SH + "ignoredProperties", ()) for o in self._list(head)}
        return frozenset(paths | ignored)

    def _flag(self, said: dict[str, list[Object]], word: str) -> bool:
        return any(isinstance(o, Literal) and o.value in {"true", "1"} for o in said.get(SH + word, ()))

    def _number(self, said: dict[str, list[Object]], word: str) -> int | None:
        values = said.get(SH + word, [])
        try:
            return int(str(values[0][0])) if values else None
        except ValueError as error:
            raise self._told(f"sh:{word} 不是整數", f"sh:{word} is no whole number") from error

    def _iris(self, said: dict[str, list[Object]], word: str) -> tuple[str, ...]:
        return tuple(str(o) for o in said.get(SH + word, ()))

    def _last_word(self, said: dict[str, list[Object]], word: str) -> str:
        return next((str(o).removeprefix(SH) for o in said.get(SH + word, ())), "")

    def _told(self, zh: str, en: str) -> BadSource:
        return BadSource(
            Text(f"SHACL 檔「{self._name}」：{zh}。", f"SHACL file '{self._name}': {en}."),
            Text(
                "請改用 SHACL core 的限制，或移除該檔。",
                "Use constraints of SHACL core, or take the file away.",
            ),
            parameter=self._name,
        )
