"""``package_search``: Solr's words over the catalogue's sets, facets counted over the whole answer, one page written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from qingliu.api.ckan import serialize, solr
from qingliu.api.ckan.args import Args
from qingliu.api.ckan.catalogue import Catalogue, Generation
from qingliu.api.ckan.errors import QueryError
from qingliu.api.http import plain_json
from qingliu.api.identifiers import made_id, slug
from qingliu.api.values import count, moment, shown
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake.facets import Numbers as Ranks
from qingliu.lake.facets import Set
from qingliu.lake.published import Entry
from qingliu.standards.vocabularies import licences

DEFAULT_ROWS = 10
MAX_ROWS = 1000
DEFAULT_SORT = "score desc, metadata_modified desc"
FACET_LIMIT = 50
_WORDS = {
    "organization": "organization", "groups": "groups", "tags": "tags", "res_format": "res_format",
    "license_id": "license_id", "code": "code", "extras_code": "code", "kind": "kind", "extras_kind": "kind",
    "status": "status", "extras_status": "status", "quality_mark": "quality_mark", "extras_quality_mark": "quality_mark",
}  # fmt: skip
_ALWAYS = {
    "state": "active", "capacity": "public", "dataset_type": "dataset", "type": "dataset", "entity_type": "package",
    "private": "false", "isopen": "true", "permission_labels": "public", "site_id": None, "index_id": None,
}  # fmt: skip
_TEXTS = {"": "", "text": "", "title": "title", "title_string": "title", "notes": "body"}
_MOMENTS = {"metadata_modified", "metadata_created"}
_NUMBERS = {"num_resources", "num_tags"}
_NOW = re.compile(r"NOW(?:/[A-Z]+)?(?:([+-])([0-9]{1,6})(MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?)?(?:/[A-Z]+)?")
_DAYS = {"MINUTE": 1 / 1440, "HOUR": 1 / 24, "DAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """The entries of an answer as a set, and the words for which the best stand first."""

    entries: Set
    words: str


def at_us(text: str) -> int:
    """An ISO moment in microseconds since 1970; one without an offset is UTC."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - _EPOCH) // timedelta(microseconds=1)


def modified_us(entry: Entry) -> int:
    """When an entry last changed."""
    return at_us(entry.updated_at)


def created_us(entry: Entry) -> int:
    """When an entry was issued; where that is unknown, when it last changed."""
    return at_us(entry.issued or entry.updated_at)


class Reader:
    """One question against one generation."""

    def __init__(self, catalogue: Catalogue, held: Generation) -> None:
        self._catalogue = catalogue
        self._held = held
        self._snapshot = held.snapshot

    def ask(self, q: str, filters: list[str]) -> Found:
        """The entries that ``q`` and every one of ``filters`` match. Raises QueryError."""
        asked = self._q(q)
        found = self._set(asked, "q")
        for text in filters:
            found &= self._set(solr.parse(text, "fq"), "fq")
        words = " ".join(_positive(asked))
        return Found(found, words)

    def _q(self, q: str) -> solr.Node:
        plain = solr.All(tuple(solr.Term("", w) for w in re.sub(r'[:"()\[\]{}]', " ", q).split()[:40]))
        try:
            asked = solr.parse(q, "q")
        except QueryError:
            if re.search(r"[A-Za-z_]:", q):
                raise
            return plain  # what a person typed into a box is never refused for a bracket
        return asked if all(f in self._fields() for f in _fields(asked)) else plain

    @staticmethod
    def _fields() -> set[str]:
        return {*_WORDS, *_ALWAYS, *_TEXTS, *_MOMENTS, *_NUMBERS, "name", "id", "owner_org"}

    def _set(self, node: solr.Node, parameter: str) -> Set:
        match node:
            case solr.All(items, either):
                found = self._snapshot.none() if either and items else self._snapshot.every()
                for item in items:
                    if either:
                        found |= self._set(item, parameter)
                    else:
                        found &= self._set(item, parameter)
                return found
            case solr.Without(item):
                return ~self._set(item, parameter)
            case solr.Span(field, "*", "*"):
                return self._any(field, parameter)
            case solr.Span():
                return self._span(node, parameter)
            case solr.Term():
                return self._term(node, parameter)
        raise TypeError(node)

    def _term(self, term: solr.Term, parameter: str) -> Set:
        field, value = term.field, term.value
        if field in _TEXTS:
            return self._words(value.replace("*", " "), _TEXTS[field])
        if field in _WORDS:
            value = slug(value) if field == "groups" else value
            facet = self._held.facets[_WORDS[field]]
            return facet.having(value if term.phrase or "*" not in value else like(value))
        if field in _ALWAYS:
            fixed = _ALWAYS[field]
            always = fixed is None or fixed == value.lower()
            return self._snapshot.every() if always else self._snapshot.none()
        if field in {"name", "id"}:
            return self._named(value)
        if field == "owner_org":
            named = next((c for c in self._held.agencies if made_id("organization", c) == value.lower()), value)
            return self._held.facets["organization"].having(named)
        if field in _MOMENTS | _NUMBERS:
            return self._span(solr.Span(field, value, value), parameter)
        raise no_field(field, parameter)

    def _any(self, field: str, parameter: str) -> Set:
        if field in _WORDS:
            return self._held.facets[_WORDS[field]].having(lambda _: True)
        if field in self._fields():
            return self._snapshot.every()
        raise no_field(field, parameter)

    def _words(self, text: str, column: str, *, either: bool = False) -> Set:
        found = self._snapshot.none()
        found[self._catalogue.search.ranked(self._snapshot, text, column=column, either=either).strict] = True
        if not column:
            exact = self._snapshot.positions.get(text.strip().upper())
            if exact is not None:
                found[exact] = True
        return found

    def _named(self, value: str) -> Set:
        found = self._snapshot.none()
        if "*" in value:
            wanted = like(value)
            found[[i for i, n in enumerate(self._held.names) if wanted(n)]] = True
            return found
        at = self._held.by_key.get(value.lower())
        if at is not None:
            found[self._snapshot.positions[at]] = True
        return found

    def _span(self, span: solr.Span, parameter: str) -> Set:
        if span.field in _MOMENTS:
            numbers = self.moments(span.field)
            low, high = (_moment_us(t, parameter) for t in (span.low, span.high))
        elif span.field in _NUMBERS:
            numbers = self._counted(span.field)
            low, high = (None if t == "*" else count(t, parameter) for t in (span.low, span.high))
        else:
            raise no_field(span.field, parameter)
        found = self._snapshot.every()
        if low is not None:
            found &= numbers >= low if span.low_in else numbers > low
        if high is not None:
            found &= numbers <= high if span.high_in else numbers < high
        return found

    def moments(self, field: str) -> Ranks:
        """Microseconds of each entry's ``metadata_modified`` or ``metadata_created``."""
        return self._snapshot.numbers(field, modified_us if field == "metadata_modified" else created_us)

    def _counted(self, field: str) -> Ranks:
        if field == "num_tags":
            return self._held.facets["tags"].many()
        return self._held.facets["res_format"].many()

    def page(self, found: Found, sort: str, start: int, rows: int) -> list[int]:
        """Positions of one page in the asked order."""
        orders: list[tuple[Ranks, bool]] = []
        for part in (sort or DEFAULT_SORT).split(","):
            name, _, direction = part.strip().partition(" ")
            direction = direction.strip().lower()
            if direction not in {"", "asc", "desc"}:
                raise _unsorted(part)
            ranks = self._ranks(name, found)
            if ranks is not None:
                orders.append((ranks, direction == "desc"))
        if rows == 0:
            return []
        return self._snapshot.sort(found.entries, orders, start + rows)[start:]

    def _ranks(self, name: str, found: Found) -> Ranks | None:
        snapshot = self._snapshot
        if name == "score":
            return self._scores(found)
        if name in _MOMENTS:
            return self.moments(name)
        if name == "name":
            return snapshot.ranks("name", lambda e: self._held.names[snapshot.positions[e.code]])
        if name == "id":
            return snapshot.ranks("id", lambda e: made_id("dataset", e.code.upper()))
        if name in {"title", "title_string"}:
            return snapshot.ranks("title", lambda e: e.title.zh or e.title.en or e.code)
        raise _unsorted(name)

    def _scores(self, found: Found) -> Ranks | None:
        if not found.words:
            return None
        best = self._catalogue.search.ranked(self._snapshot, found.words)
        if len(best.strict) < np.count_nonzero(found.entries):  # the question joined its words by OR
            best = self._catalogue.search.ranked(self._snapshot, found.words, either=True)
        return best.scores(len(self._snapshot.entries))


def _positive(node: solr.Node) -> list[str]:
    match node:
        case solr.Term(field, value) if field in _TEXTS:
            return [value.replace("*", " ")]
        case solr.All(items):
            return [w for i in items for w in _positive(i)]
    return []


def _fields(node: solr.Node) -> list[str]:
    match node:
        case solr.Term(field) | solr.Span(field):
            return [field]
        case solr.All(items):
            return [f for i in items for f in _fields(i)]
        case solr.Without(item):
            return _fields(item)
    return []


def like(pattern: str) -> Callable[[str], bool]:
    """Whether a text fits ``pattern`` with ``*`` for any run of signs, in any case; linear in the text."""
    first, *middle = pattern.lower().split("*")
    last = middle.pop() if middle else ""

    def fits(text: str) -> bool:
        low = text.lower()
        if not (low.startswith(first) and low.endswith(last) and len(low) >= len(first) + len(last)):
            return False
        at, end = len(first), len(low) - len(last)
        for piece in middle:
            at = low.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return fits


def _moment_us(text: str, parameter: str) -> int | None:
    if text == "*":
        return None
    relative = _NOW.fullmatch(text)
    if relative:
        sign, number, unit = relative.groups()
        days = int(number or 0) * _DAYS.get(unit or "", 0) * (-1 if sign == "-" else 1)
        minute = now().replace(second=0, microsecond=0)
        try:
            return (minute + timedelta(days=days) - _EPOCH) // timedelta(microseconds=1)
        except OverflowError:
            pass
    else:
        try:
            return (moment(text, "UTC", parameter).at.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
        except BadRequest:
            pass
    raise QueryError(
        Text(f"「{shown(text)}」不是時間。", f"{shown(text)!r} is no moment."),
        Text("例如 [2024-01-01T00:00:00Z TO *]。", "Write [2024-01-01T00:00:00Z TO *]."),
        parameter=parameter,
    )


def no_field(name: str, parameter: str) -> QueryError:
    """The error for a field that the catalogue is not searched by."""
    known = ", ".join(sorted({*_WORDS, *_TEXTS, *_MOMENTS, *_NUMBERS, "name", "id", "owner_org"} - {""}))
    return QueryError(
        Text(f"沒有查詢欄位「{shown(name)}」。", f"undefined field {shown(name)}."),
        Text(f"可用：{known}。", f"The fields are: {known}."),
        parameter=parameter,
    )


def _unsorted(part: str) -> QueryError:
    return QueryError(
        Text(f"sort 的「{shown(part)}」無法使用。", f"sort={shown(part)!r} cannot be used."),
        Text(
            "可用：score、metadata_modified、metadata_created、title_string、name、id，加 asc 或 desc。",
            "Use score, metadata_modified, metadata_created, title_string, name or id, with asc or desc.",
        ),
        parameter="sort",
    )


def package_search(catalogue: Catalogue, args: Args) -> bytes:
    """The JSON of the result."""
    held = catalogue.now()
    reader = Reader(catalogue, held)
    filters = [*_texts(args, "fq"), *_texts(args, "fq_list")]
    found = reader.ask(args.text("q"), filters)
    rows = min(args.whole("rows", DEFAULT_ROWS), MAX_ROWS)
    sort = args.text("sort")
    page = reader.page(found, sort, args.whole("start", 0), rows)
    facets = _facets(held, found, args) if args.flag("facet", True) else {}
    fl = [n for n in args.names("fl") if n != "*"]
    packages = b",".join(catalogue.package(p, held, fl) for p in page)
    head = {
        "count": int(np.count_nonzero(found.entries)),
        "facets": {n: {i["name"]: i["count"] for i in f["items"]} for n, f in facets.items()},
        "sort": sort or DEFAULT_SORT,
    }
    return plain_json(head)[:-1] + b',"results":[' + packages + b'],"search_facets":' + plain_json(facets) + b"}"


def _texts(args: Args, name: str) -> list[str]:
    value = args.structure(name) if name == "fq_list" else args.raw(name)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return [v for v in value if v.strip()]
    return [args.text(name)] if args.text(name).strip() else []


def _facets(held: Generation, found: Found, args: Args) -> dict[str, Any]:
    wanted = list(dict.fromkeys(args.names("facet.field")))
    limit = args.raw("facet.limit")
    most = None if str(limit).strip() == "-1" else args.whole("facet.limit", FACET_LIMIT)
    least = args.whole("facet.mincount", 1)
    facets: dict[str, Any] = {}
    for name in wanted:
        if name in _ALWAYS:
            counted = [(_ALWAYS[name] or "default", int(np.count_nonzero(found.entries)))]
        elif name in _WORDS:
            counted = held.facets[_WORDS[name]].counts(found.entries, most, least)
        else:
            raise no_field(name, "facet.field")
        items = [{"name": w, "display_name": display(held, _WORDS.get(name, ""), w), "count": n} for w, n in counted]
        facets[name] = {"title": name, "items": items}
    return facets


def display(held: Generation, kind: str, word: str) -> str:
    """What a facet's word is called."""
    if kind == "organization":
        title = held.title(word)
        return title.zh or title.en or word
    if kind == "groups":
        return serialize.category_name(word).zh
    if kind == "license_id":
        term = licences().get(word)
        return term.name.zh if term else word
    return word


def timeless(args: Args) -> bool:
    """Whether the answer depends on nothing but the catalogue: no ``NOW`` in it."""
    return not any("NOW" in str(args.raw(n)) for n in ("q", "fq", "fq_list"))
