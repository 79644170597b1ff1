"""The catalogue in CKAN's terms: names, ids, organisations, groups and tags of one generation, each found at once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qingliu.api.ckan import serialize
from qingliu.api.ckan.serialize import Named
from qingliu.api.http import plain_json
from qingliu.api.identifiers import made_id, slug, table_id
from qingliu.api.values import shown
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.lake.catalogue_search import Snapshot
from qingliu.lake.engine import Engine
from qingliu.lake.facets import Facet
from qingliu.lake.published import Entry, Line

KEPT_PACKAGES = 3_000
NAMED: dict[str, tuple[str, Callable[[str], str]]] = {
    "organization": ("agency", serialize.organization_name),
    "groups": ("category", slug),
    "tags": ("keyword", serialize.tag_name),
    "res_format": ("format", str),
    "license_id": ("licence", str),
    "kind": ("kind", str),
    "status": ("status", str),
    "quality_mark": ("mark", str),
    "code": ("code", str),
}  # this dialect's words: the catalogue's facet, and what its words are called here


@dataclass(slots=True)
class Generation:
    """What one generation's names and ids lead to."""

    snapshot: Snapshot
    facets: dict[str, Facet]
    names: tuple[str, ...]  # of the entries, in their order
    by_key: dict[str, str]  # name, package id, code in lower case → code
    agencies: dict[str, str]  # organisation → code of a dataset of its
    _find: Callable[[str], Entry]
    _tables: dict[str, tuple[str, str]]  # id of a resource → code, format
    _titles: dict[str, Text] = field(default_factory=dict)

    def title(self, organization: str) -> Text:
        """What an organisation is called; its name where nobody said."""
        if organization not in self._titles:
            code = self.agencies.get(organization)
            self._titles[organization] = self._find(code).record.agency_name if code else Text("", "")
        return self._titles[organization]

    @property
    def by_table(self) -> dict[str, tuple[str, str]]:
        """Id of a resource → code and format; made when it is first asked for."""
        if not self._tables:
            self._tables |= {
                serialize.resource_id(e.code, form): (e.code, form)
                for e in self.snapshot.entries
                for form in (*serialize.FORMATS, serialize.PLACED)
            }
        return self._tables


class Catalogue:
    """Everything that is found by a name. One for all threads; brought up to date when something was published."""

    def __init__(self, engine: Engine, base: str) -> None:
        self._published = engine.published
        self.base = base
        self.search = engine.published.catalogue
        self._lock = threading.Lock()
        self._held: Generation | None = None
        self._packages: OrderedDict[str, tuple[Any, bytes]] = OrderedDict()

    def now(self) -> Generation:
        """The present generation."""
        snapshot = self.search.snapshot()
        held = self._held
        if held is None or held.snapshot is not snapshot:
            held = self._held = _generation(snapshot, held, self._published.get)
        return held

    def named(self, position: int, now: Generation) -> Named:
        """The entry at a position, whole."""
        entry = self._published.get(now.snapshot.entries[position].code)
        return Named(entry, now.names[position], serialize.version_of(entry, self._published.get))

    def package_at(self, key: str, now: Generation) -> int:
        """The position of a package by its name, id or code in any case. Raises NotFound."""
        found = now.by_key.get(key) if key in now.by_key else now.by_key.get(key.lower())
        if found is None:
            raise missing("資料集", "dataset", key)
        return now.snapshot.positions[found]

    def resource(self, key: str, now: Generation) -> tuple[Entry, str]:
        """The entry and the format of a resource. Raises NotFound."""
        code, form = now.by_table.get(key, ("", ""))
        entry = self._published.get(code) if code else None
        if entry is None or form not in serialize.formats(entry):
            raise missing("資源", "resource", key)
        return entry, form

    def table(self, key: str) -> Entry:
        """The table or view of a datastore id, an alias (code, package name) or a package id. Raises NotFound."""
        now = self.now()
        low = key.lower()
        code = now.by_key.get(low) or now.by_table.get(low, ("", ""))[0]
        entry = self._published.get(code) if code else None
        if entry is None or entry.kind == "listed" or (low not in now.by_key and low != table_id(entry.code)):
            raise missing("資料表", "table of the datastore", key)
        return entry

    def package(self, position: int, now: Generation, only: Sequence[str] = ()) -> bytes:
        """The JSON of a package (of its keys ``only``, where there are such), kept while nothing in it changes."""
        if only:
            whole = serialize.package(self.named(position, now), self.base)
            return plain_json({k: v for k, v in whole.items() if k in only})
        line = now.snapshot.entries[position]
        identity = (self._seen(line), now.names[position])
        with self._lock:
            kept = self._packages.get(line.code)
        if kept is not None and kept[0] == identity:
            return kept[1]
        made = plain_json(serialize.package(self.named(position, now), self.base))
        with self._lock:
            self._packages[line.code] = (identity, made)
            while len(self._packages) > KEPT_PACKAGES:
                self._packages.popitem(last=False)
        return made

    def _seen(self, line: Line) -> tuple[int, ...]:
        """When the line, and what it shows, last changed."""
        codes, depth = [line.code], 0
        while line.of and depth < 8:
            line, depth = self._published.line(line.of[0]), depth + 1
            codes.append(line.code)
        return tuple(self._published.seen(c) for c in codes)


def missing(zh: str, en: str, key: str) -> NotFound:
    """The error for a name or id that nothing has."""
    return NotFound(
        Text(f"沒有名稱或識別碼為「{shown(key)}」的{zh}。", f"There is no {en} called {shown(key)!r}."),
        Text("請以 package_search 查詢。", "Look it up by package_search."),
        parameter="id",
    )


def _generation(snapshot: Snapshot, before: Generation | None, find: Callable[[str], Entry]) -> Generation:
    if before is not None and before.snapshot.facets is snapshot.facets:  # the same entries with the same words
        return Generation(snapshot, before.facets, before.names, before.by_key, before.agencies, find, before._tables)
    facets = {name: snapshot.facets[kind].renamed(called) for name, (kind, called) in NAMED.items()}
    owners = facets["organization"]
    agencies = {w: snapshot.entries[int(owners.having(w).argmax())].code for w in owners.words}
    if before is not None and before.snapshot.positions is snapshot.positions:
        return Generation(snapshot, facets, before.names, before.by_key, agencies, find, before._tables)
    plain = [slug(e.code) for e in snapshot.entries]
    often = Counter(plain)
    names = tuple(
        n if often[n] == 1 or n == e.code.lower() else f"{n}-{made_id('dataset', e.code.upper())[:8]}"
        for n, e in zip(plain, snapshot.entries, strict=True)
    )
    known = dict(zip((e.code for e in before.snapshot.entries), before.names, strict=True)) if before else {}
    by_key = _keys(snapshot, names, known, before.by_key if before else {})
    return Generation(snapshot, facets, names, by_key, agencies, find, {})


def _keys(snapshot: Snapshot, names: Sequence[str], known: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Names, ids and codes; those of datasets that keep their name are taken from ``before``. A name wins over a code."""
    by_key = {k: c for k, c in before.items() if c in snapshot.positions and known[c] == names[snapshot.positions[c]]}
    kept = set(by_key.values())
    fresh = [(e.code, n) for e, n in zip(snapshot.entries, names, strict=True) if e.code not in kept]
    for code, _ in fresh:
        by_key[made_id("dataset", code.upper())] = code
        by_key.setdefault(code.lower(), code)
    for code, name in fresh:
        by_key[name] = code
    return by_key
