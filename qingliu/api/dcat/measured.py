"""What is true of the rows shown: which declared constraints every row keeps, and the bytes and hash of the CSV.

A declaration says how deliveries are read; cells that broke it are empty now, masked cells are others, and older rows may
be from before it. So nothing is claimed before it was counted.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from urllib.parse import quote

from qingliu.core.dataset import DatasetRecord, FieldRecord, Reference
from qingliu.core.errors import QingliuError, TooDear
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Compare, In, IsNull, Not, Or, Query, Rendering, Scalar, Where
from qingliu.standards.datapackage import Table
from qingliu.standards.dcat.served import NOWHERE

MEASURED_ROWS = 50_000  # the CSV of more rows is not made for its hash alone
MASTER_ROWS = 10_000
KEPT = 512
Breach = tuple[str, str, Where]  # column, constraint, what a row that breaks it looks like


class Measured:
    """Counts by an engine, kept for as long as the version is the same; safe for many threads."""

    def __init__(self, engine: Engine, base: str) -> None:
        self._engine = engine
        self._root = base.rstrip("/") or NOWHERE
        self._sizes: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._lock = threading.Lock()

    def table(self, entry: Entry) -> Table:
        """The rows of a published table or view, with what holds of them. Raises NotFound, Damaged."""
        record = entry.record
        query = Query(entry.code, as_of=entry.current.number if entry.current else None)
        size, digest = self._size(entry, query)
        return Table(
            record=record,
            path=self.address(entry),
            holds=frozenset((f, c) for f, c in self._holding(record, query)),
            unique=_unique(entry),
            bytes=size,
            sha256=digest,
        )

    def address(self, entry: Entry) -> str:
        """The CSV of the version shown; of a view, whose rows come from others, the newest."""
        pinned = f"&as_of={entry.current.number}" if entry.current else ""
        return f"{self._root}/api/datasets/{quote(entry.code, safe='')}/rows?f=csv{pinned}"

    def _holding(self, record: DatasetRecord, query: Query) -> Iterator[tuple[str, str]]:
        breaches = [b for f in record.fields for b in _breaches(f)]
        # nearly always all of them hold: one count tells
        all_hold = bool(breaches) and self._none(query, Or(tuple(w for _, _, w in breaches)))
        yield from ((f, c) for f, c, where in breaches if all_hold or self._none(query, where))
        yield from ((f.name, "pattern") for f in record.fields if f.pattern and f.sensitivity == "none")

    def references(self, entry: Entry) -> tuple[tuple[Reference, Entry], ...]:
        """The foreign keys of one column that every row keeps, with the datasets that they point to."""
        query = Query(entry.code, as_of=entry.current.number if entry.current else None)
        found = []
        for one in entry.record.references:
            master = self._master(one)
            if master is not None and self._keeps(query, one, master):
                found.append((one, master))
        return tuple(found)

    def _master(self, one: Reference) -> Entry | None:
        try:
            entry = self._engine.published.get(one.dataset)
        except QingliuError:
            return None
        rows = entry.current.rows if entry.current else MASTER_ROWS + 1
        return entry if entry.status == "published" and rows <= MASTER_ROWS and len(one.fields) == 1 else None

    def _keeps(self, query: Query, one: Reference, master: Entry) -> bool:
        try:
            plan = self._engine.open(Query(master.code, fields=one.target))
            values = {row[one.target[0]] for row in self._engine.rows(plan)} - {None}
        except QingliuError:
            return False
        stray = Not(In(one.fields[0], tuple(values)))
        return bool(values) and self._none(query, stray)

    def _none(self, query: Query, where: Where) -> bool:
        """Whether no row is so; False too where counting would cost too much."""
        asked = Query(query.dataset, where=where, as_of=query.as_of)
        try:
            return self._engine.count(self._engine.open(asked)) == 0
        except TooDear:
            return False

    def _size(self, entry: Entry, query: Query) -> tuple[int | None, str]:
        """Bytes and SHA-256 of the CSV of a table's version; (None, "") of views and of many rows."""
        version = entry.current
        if version is None or version.rows > MEASURED_ROWS:
            return None, ""
        plan = self._engine.open(query)
        with self._lock:
            if plan.etag in self._sizes:
                return self._sizes[plan.etag]
        stream = self._engine.stream(plan, Rendering("csv"))
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in stream:
                digest.update(chunk)
                size += len(chunk)
        finally:
            stream.close()
        with self._lock:
            self._sizes[plan.etag] = size, digest.hexdigest()
            while len(self._sizes) > KEPT:
                self._sizes.popitem(last=False)
        return size, digest.hexdigest()


def _unique(entry: Entry) -> bool:
    """Whether the lake keeps one row of each key: in tables by merging, in views by showing the newest."""
    record = entry.record
    if record.view is None:
        return bool(record.key)
    renamed = dict(record.view.rename)
    by = {renamed.get(name, name) for name in record.view.newest_by}
    return len(record.view.of) == 1 and bool(by) and by <= set(record.key)


def _breaches(field: FieldRecord) -> Iterator[Breach]:
    name = field.name
    if field.required:
        yield name, "required", IsNull(name)
    if field.type in {"integer", "number"}:
        if field.minimum is not None:
            yield name, "minimum", Compare(name, "lt", _bound(field, field.minimum))
        if field.maximum is not None:
            yield name, "maximum", Compare(name, "gt", _bound(field, field.maximum))
    if field.enum and field.type == "string":
        yield name, "enum", Not(In(name, field.enum))


def _bound(field: FieldRecord, bound: float) -> Scalar:
    return int(bound) if field.type == "integer" and bound == int(bound) else bound
