"""The catalogue in CKAN's terms: names, ids, organisations, groups and tags of one generation, each found at once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qingliu.api.ckan import serialize
from qingliu.api.ckan.serialize import Named
from qingliu.api.http import plain_json
from qingliu.api.identifiers import made_id, slug, table_id
from qingliu.api.values import shown
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.lake.catalogue_search import CatalogueSearch, Snapshot, Words
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry

KINDS = ("organization", "groups", "tags", "res_format", "license_id", "kind", "status", "quality_mark", "code")
KEPT_PACKAGES = 3_000


def words(entry: Entry) -> Words:
    """The words by which an entry is filtered and counted."""
    mark = entry.notes.get("quality", {}).get("mark")
    return {
        "organization": (serialize.agency_name(entry),),
        "groups": (slug(entry.record.category),) if entry.record.category else (),
        "tags": serialize.tags(entry.record),
        "res_format": serialize.formats(entry),
        "license_id": (entry.record.licence,),
        "kind": (entry.kind,),
        "status": (entry.status,),
        "quality_mark": (str(mark["id"]),) if isinstance(mark, dict) and mark.get("id") else (),
        "code": (entry.code,),
    }


@dataclass(slots=True)
class Generation:
    """What one generation's names and ids lead to."""

    snapshot: Snapshot
    names: tuple[str, ...]  # of the entries, in their order
    by_key: dict[str, int]  # name, package id, code in lower case → position
    by_table: dict[str, int]  # id of a resource → position
    agencies: dict[str, Text]
    titles: dict[str, str]  # organisation → title


class Catalogue:
    """Everything that is found by a name. One for all threads; rebuilt when something was published."""

    def __init__(self, engine: Engine, base: str) -> None:
        self._published = engine.published
        self.base = base
        self.search = CatalogueSearch(engine.published, engine.paths.published_db, words, KINDS)
        self._lock = threading.Lock()
        self._held: Generation | None = None
        self._packages: OrderedDict[str, tuple[Any, bytes]] = OrderedDict()

    def now(self) -> Generation:
        """The present generation."""
        snapshot = self.search.snapshot()
        held = self._held
        if held is None or held.snapshot is not snapshot:
            held = self._held = _generation(snapshot, held)
        return held

    def named(self, position: int, now: Generation) -> Named:
        """The entry at a position."""
        entry = now.snapshot.entries[position]
        return Named(entry, now.names[position], serialize.version_of(entry, self._published.get))

    def package_at(self, key: str, now: Generation) -> int:
        """The position of a package by its name, id or code in any case. Raises NotFound."""
        found = now.by_key.get(key) if key in now.by_key else now.by_key.get(key.lower())
        if found is None:
            raise missing("資料集", "dataset", key)
        return found

    def table(self, key: str) -> Entry:
        """The table or view of a datastore id, an alias (code, package name) or a package id. Raises NotFound."""
        now = self.now()
        low = key.lower()
        at = now.by_table.get(low, now.by_key.get(low))
        entry = now.snapshot.entries[at] if at is not None else None
        if entry is None or entry.kind == "listed" or (low in now.by_table and low != table_id(entry.code)):
            raise missing("資料表", "table of the datastore", key)
        return entry

    def package(self, position: int, now: Generation, only: Sequence[str] = ()) -> bytes:
        """The JSON of a package (of its keys ``only``, where there are such), kept while nothing in it changes."""
        named = self.named(position, now)
        if only:
            whole = serialize.package(named, self.base)
            return plain_json({k: v for k, v in whole.items() if k in only})
        entry = named.entry
        identity = (entry.record, entry.updated_at, entry.kind, entry.status, entry.notes, named.version, named.name)
        with self._lock:
            kept = self._packages.get(entry.code)
        if kept is not None and all(a is b or a == b for a, b in zip(kept[0], identity, strict=True)):
            return kept[1]
        made = plain_json(serialize.package(named, self.base))
        with self._lock:
            self._packages[entry.code] = (identity, made)
            while len(self._packages) > KEPT_PACKAGES:
                self._packages.popitem(last=False)
        return made


def missing(zh: str, en: str, key: str) -> NotFound:
    """The error for a name or id that nothing has."""
    return NotFound(
        Text(f"沒有名稱或識別碼為「{shown(key)}」的{zh}。", f"There is no {en} called {shown(key)!r}."),
        Text("請以 package_search 查詢。", "Look it up by package_search."),
        parameter="id",
    )


def _generation(snapshot: Snapshot, before: Generation | None) -> Generation:
    if before is not None and before.snapshot.facets is snapshot.facets:  # the same entries with the same words
        return Generation(snapshot, before.names, before.by_key, before.by_table, before.agencies, before.titles)
    entries = snapshot.entries
    plain = [slug(e.code) for e in entries]
    often = Counter(plain)
    names = tuple(
        n if often[n] == 1 or n == e.code.lower() else f"{n}-{made_id('dataset', e.code.upper())[:8]}"
        for n, e in zip(plain, entries, strict=True)
    )
    by_key: dict[str, int] = {}
    by_table: dict[str, int] = {}
    agencies: dict[str, Text] = {}
    for i, (entry, name) in enumerate(zip(entries, names, strict=True)):
        by_key[made_id("dataset", entry.code.upper())] = i
        by_key[entry.code.lower()] = i
        for form in serialize.formats(entry):
            by_table[serialize.resource_id(entry.code, form)] = i
        agencies.setdefault(serialize.agency_name(entry), entry.record.agency_name)
        by_key.setdefault(name, i)
    for i, name in enumerate(names):
        by_key[name] = i  # a name wins over another's code
    titles = {code: text.zh or text.en or code for code, text in agencies.items()}
    return Generation(snapshot, names, by_key, by_table, agencies, titles)
