"""Judges graphs by shapes: SHACL core as application profiles use it, on plain dictionaries.

docs/adr says why it is ours; tests hold it against pyshacl, result by result, on the official shapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

import re2

from qingliu.core.dataset import Text
from qingliu.standards.dcat.shapes import Shape, Shapes
from qingliu.standards.dcat.terms import RDF, RDFS, TYPE, XSD, Graph, Literal, Object, Resource

_DEPTH = 16  # shapes that name each other in a ring end here


@dataclass(frozen=True, slots=True)
class Violation:
    """One result: at which node, by which path, which constraint, at which value; in the shape's words or ours."""

    focus: str
    path: str
    kind: str  # as SHACL names the component: MinCount, Class, Datatype …
    value: str
    message: Text
    severity: str
    shape: str


def check(shapes: Shapes, resources: Iterable[Resource]) -> tuple[Violation, ...]:
    """Every result of every targeted node, in the shapes' order; empty where all conforms."""
    return tuple(_Judge(shapes, Graph(resources)).results())


def check_graph(shapes: Shapes, graph: Graph) -> tuple[Violation, ...]:
    """The same for a graph that is already put together."""
    return tuple(_Judge(shapes, graph).results())


class _Judge:
    def __init__(self, shapes: Shapes, graph: Graph) -> None:
        self._shapes = shapes
        self._graph = graph
        self._by_class: dict[str, list[str]] = {}
        self._above: dict[str, set[str]] = {}
        if any(RDFS + "subClassOf" in said for said in graph.nodes.values()):
            for node in graph.nodes:
                self._above[node] = self._wider(node)
        for node, said in graph.nodes.items():
            for kind in self._kinds(said.get(TYPE, ())):
                self._by_class.setdefault(kind, []).append(node)

    def results(self) -> Iterator[Violation]:
        for name, focuses in self._targets():
            shape = self._shapes.by_id[name]
            for focus in focuses:
                yield from self._shape(shape, focus, 0)

    def _targets(self) -> Iterator[tuple[str, Iterable[Object]]]:
        for kind, name in self._shapes.classes:
            yield name, self._by_class.get(kind, ())
        for node, name in self._shapes.nodes:
            yield name, (node,)
        for predicate, name in self._shapes.subjects_of:
            yield name, [n for n, said in self._graph.nodes.items() if predicate in said]
        for predicate, name in self._shapes.objects_of:
            found = (o for said in self._graph.nodes.values() for o in said.get(predicate, ()))
            yield name, list(dict.fromkeys(found))

    def _shape(self, shape: Shape, focus: Object, depth: int) -> Iterator[Violation]:
        if depth > _DEPTH:
            return
        if not shape.path:
            values: list[Object] = [focus]
        elif shape.inverse:
            values = list(self._graph.subjects(shape.path, focus))
        else:
            values = self._graph.objects(focus, shape.path)
        yield from self._counts(shape, focus, values)
        for value in values:
            for kind, said in self._value(shape, value, depth):
                yield _violation(shape, focus, kind, value, said)
            for name in shape.properties:
                yield from self._shape(self._shapes.by_id[name], value, depth + 1)
            if shape.only is not None and isinstance(value, str):
                yield from self._beyond(shape, shape.only, value)

    def _counts(self, shape: Shape, focus: Object, values: list[Object]) -> Iterator[Violation]:
        if shape.path:
            if len(values) < shape.min_count:
                yield _violation(shape, focus, "MinCount", "", _few(shape, len(values)))
            if shape.max_count is not None and len(values) > shape.max_count:
                yield _violation(shape, focus, "MaxCount", "", _many(shape, len(values)))
            if shape.unique_lang:
                langs = [v.lang.lower() for v in values if isinstance(v, Literal) and v.lang]
                for lang in sorted({x for x in langs if langs.count(x) > 1}):
                    yield _violation(
                        shape, focus, "UniqueLang", "", Text(f"語言 {lang} 重複", f"language {lang} comes twice")
                    )
        for wanted in shape.has_values:
            if wanted not in values:
                yield _violation(
                    shape, focus, "HasValue", "", Text(f"須有 {_plain(wanted)}", f"must have {_plain(wanted)}")
                )

    def _beyond(self, shape: Shape, allowed: frozenset[str], node: str) -> Iterator[Violation]:
        """What a closed shape does not allow to be said."""
        for predicate, values in self._graph.nodes.get(node, {}).items():
            if predicate not in allowed:
                said = Text(f"不得有 {predicate}", f"must not have {predicate}")
                found = (_violation(shape, node, "Closed", value, said) for value in values)
                yield from (replace(one, path=predicate) for one in found)

    def _value(self, shape: Shape, value: Object, depth: int) -> Iterator[tuple[str, Text]]:
        """What one value breaks: constraint and our wording."""
        if shape.node_kind and not _is_kind(value, shape.node_kind):
            yield "NodeKind", Text(f"須為 {shape.node_kind}", f"must be {shape.node_kind}")
        for kind in shape.classes:
            if not self._is_a(value, kind):
                yield "Class", Text(f"須屬類別 {kind}", f"must be of class {kind}")
        for kind in shape.datatypes:
            if not has_datatype(value, kind):
                yield "Datatype", Text(f"資料型別須為 {kind}", f"must have datatype {kind}")
        yield from _texts(shape, value)
        if shape.one_of is not None and value not in shape.one_of:
            yield "In", Text("不在允許的值內", "is none of the allowed values")
        for name in shape.nodes:
            if not self._conforms(name, value, depth):
                yield "Node", Text("不符所引用的形狀", "does not conform to the named shape")
        for names in shape.any_of:
            if not any(self._conforms(n, value, depth) for n in names):
                yield "Or", Text("所列形狀皆不符", "conforms to none of the listed shapes")
        for names in shape.all_of:
            if not all(self._conforms(n, value, depth) for n in names):
                yield "And", Text("未符合全部所列形狀", "does not conform to all listed shapes")
        for name in shape.none_of:
            if self._conforms(name, value, depth):
                yield "Not", Text("符合了不應符合的形狀", "conforms to a shape that it must not")

    def _conforms(self, name: str, value: Object, depth: int) -> bool:
        return next(self._shape(self._shapes.by_id[name], value, depth + 1), None) is None

    def _is_a(self, value: Object, kind: str) -> bool:
        if kind == RDFS + "Resource":
            return True  # RDFS says so of everything; the official HVD shapes ask for it and nobody writes it
        types = self._graph.objects(value, TYPE)
        return kind in types or (bool(self._above) and kind in self._kinds(types))

    def _kinds(self, types: Iterable[Object]) -> set[str]:
        kinds = {str(t) for t in types}
        if self._above:
            for kind in tuple(kinds):
                kinds |= self._above.get(kind, set())
        return kinds

    def _wider(self, node: str) -> set[str]:
        seen: set[str] = set()
        todo = [node]
        while todo:
            for wider in self._graph.objects(todo.pop(), RDFS + "subClassOf"):
                if isinstance(wider, str) and wider not in seen:
                    seen.add(wider)
                    todo.append(wider)
        return seen


def _violation(shape: Shape, focus: Object, kind: str, value: Object, ours: Text) -> Violation:
    path = f"^{shape.path}" if shape.inverse else shape.path
    shown = "" if kind in {"MinCount", "MaxCount", "HasValue", "UniqueLang"} else _plain(value)
    message = shape.message if shape.message.en else ours
    return Violation(_plain(focus), path, kind, shown, message, shape.severity, shape.id.rpartition("@")[0])


def _plain(value: Object) -> str:
    return value.value if isinstance(value, Literal) else value


def _few(shape: Shape, found: int) -> Text:
    return Text(f"至少 {shape.min_count} 個，現有 {found} 個", f"at least {shape.min_count} needed, {found} found")


def _many(shape: Shape, found: int) -> Text:
    return Text(f"至多 {shape.max_count} 個，現有 {found} 個", f"at most {shape.max_count} allowed, {found} found")


def _is_kind(value: Object, kind: str) -> bool:
    own = "Literal" if isinstance(value, Literal) else "BlankNode" if value.startswith("_:") else "IRI"
    return own in kind.replace("Or", " ").split()


def _texts(shape: Shape, value: Object) -> Iterator[tuple[str, Text]]:
    """Constraints on the text of a value; a blank node has none."""
    text = None if isinstance(value, str) and value.startswith("_:") else _plain(value)
    for pattern, flags in shape.patterns:
        if text is None or not _regex(pattern, flags).search(text):
            yield "Pattern", Text(f"不符樣式 {pattern}", f"does not match {pattern}")
    if shape.min_length and (text is None or len(text) < shape.min_length):
        yield "MinLength", Text(f"至少 {shape.min_length} 字", f"needs {shape.min_length} characters")
    if shape.max_length is not None and (text is None or len(text) > shape.max_length):
        yield "MaxLength", Text(f"至多 {shape.max_length} 字", f"may have {shape.max_length} characters")
    if shape.languages is not None:
        lang = value.lang.lower() if isinstance(value, Literal) else ""
        if not any(lang == w.lower() or lang.startswith(w.lower() + "-") for w in shape.languages if lang):
            yield "LanguageIn", Text("語言不在允許之列", "is in none of the allowed languages")


@lru_cache(maxsize=256)
def _regex(pattern: str, flags: str) -> re.Pattern[str]:
    compiled: re.Pattern[str] = re2.compile(("(?i)" if flags else "") + pattern)
    return compiled


def has_datatype(value: Object, kind: str) -> bool:
    """Whether a value is a literal of that datatype, written as the datatype wants it."""
    if not isinstance(value, Literal):
        return False
    own = RDF + "langString" if value.lang else value.datatype or XSD + "string"
    if own != kind:
        return False
    written = _WRITTEN.get(kind.removeprefix(XSD))
    return written is None or written(value.value)


_ZONE = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?"


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _real(pattern: str, parse: Callable[[str], object]) -> Callable[[str], bool]:
    looks = _like(pattern)

    def judge(text: str) -> bool:
        if not looks(text):
            return False
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return judge


_WRITTEN: dict[str, Callable[[str], bool]] = {
    "date": _real(r"\d{4}-\d\d-\d\d" + _ZONE, lambda t: date.fromisoformat(t[:10])),
    "dateTime": _real(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?" + _ZONE, lambda t: datetime.fromisoformat(t[:19])),
    "gYear": _like(r"-?\d{4,}" + _ZONE),
    "gYearMonth": _like(r"-?\d{4,}-(0[1-9]|1[0-2])" + _ZONE),
    "decimal": _like(r"[+-]?(\d+(\.\d*)?|\.\d+)"),
    "integer": _like(r"[+-]?\d+"),
    "nonNegativeInteger": _like(r"\+?\d+|-0+"),
    "boolean": _like(r"true|false|0|1"),
    "hexBinary": _like(r"([0-9A-Fa-f]{2})*"),
    "duration": _like(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
