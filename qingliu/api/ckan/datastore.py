"""CKAN's datastore over the lake: rows streamed between the parts of CKAN's envelope, and whole tables as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from qingliu.api.cache import Headers
from qingliu.api.ckan import params, serialize
from qingliu.api.ckan.args import Args
from qingliu.api.ckan.errors import HELP, JSON
from qingliu.api.ckan.filters import ID, ROW
from qingliu.api.ckan.params import Asked, Dump
from qingliu.api.http import Answer, plain_json
from qingliu.api.identifiers import table_id
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import TooDear
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.published import Entry
from qingliu.lake.query import Query
from qingliu.lake.rownumbers import behind, number_at

DUMP_MEDIA: dict[Dump, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}
_XSI = '<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'


def fields_of(asked: Asked) -> list[dict[str, Any]]:
    """The columns of an answer as it lists them."""
    return [serialize.ID_FIELD if f == ROW else serialize.field(f) for f in asked.columns]


class Records:
    """The answer of ``datastore_search``: what is known before the rows, the rows, what is known after them."""

    def __init__(self, engine: Engine, plan: Plan, asked: Asked, head: dict[str, Any], links: tuple[str, ...]) -> None:
        self._engine = engine
        self._plan = plan
        self._asked = asked
        self._head = head
        self._links = links
        self._stream = engine.stream(plan, params.rendering(asked))

    def __iter__(self) -> Iterator[bytes]:
        texts = self._asked.form in {"csv", "tsv"}
        help_url, start, following = self._links
        yield plain_json({"help": help_url, "success": True, "result": self._head})[:-2]
        yield b',"records":"' if texts else b',"records":['
        for chunk in self._stream:
            yield json.dumps(chunk.decode(), ensure_ascii=False)[1:-1].encode() if texts else chunk
        yield b'"' if texts else b"]"
        tail: dict[str, Any] = {}
        if self._asked.total:
            total = self._total()
            if total is not None:
                tail |= {"total": total, "total_was_estimated": False}
        mark = self._mark()
        if mark is not None:
            tail["next_page"] = {ID: {"gt": mark}}
        tail["_links"] = {"start": start, "next": following}
        yield b"," + plain_json(tail)[1:] + b"}"

    def _total(self) -> int | None:
        query, returned, asked = self._plan.query, self._stream.returned, self._asked
        if not self._stream.more and (returned or not query.offset) and query.limit != 0:
            return query.offset + returned - asked.skipped
        try:
            plan = self._engine.open(asked.counted) if asked.counted else self._plan
            return max(self._engine.count(plan) - asked.skipped, 0)
        except TooDear:
            return None

    def _mark(self) -> int | None:
        """The number of the last row sent, where rows stand in stored order and others follow."""
        asked, query, mark = self._asked, self._plan.query, self._stream.next_cursor
        if not asked.next_page or query.order or query.group or not self._stream.more or mark is None:
            return None
        return number_at(self._plan, mark)

    def late(self) -> Headers:
        """How many rows there were."""
        return (("Qingliu-Number-Returned", str(self._stream.returned)),)

    def close(self) -> None:
        """Free the engine's cursor."""
        self._stream.close()


class Dumped:
    """A table, or the asked part of it, as one file."""

    def __init__(self, engine: Engine, plan: Plan, asked: Asked, form: Dump, bom: bool) -> None:
        self._asked = asked
        self._form = form
        self._bom = bom
        self._stream = engine.stream(plan, params.dumping(asked, form, bom))

    def __iter__(self) -> Iterator[bytes]:
        mark = "\ufeff".encode() if self._bom and self._form in {"json", "xml"} else b""
        if self._form == "json":
            yield mark + b'{"fields":' + plain_json(fields_of(self._asked)) + b',"records":['
        elif self._form == "xml":
            yield mark + _XSI.encode()
        yield from self._stream
        yield {"json": b"]}\n", "xml": b"</data>\n"}.get(self._form, b"")

    def late(self) -> Headers:
        """How many rows there were."""
        return (("Qingliu-Number-Returned", str(self._stream.returned)),)

    def close(self) -> None:
        """Free the engine's cursor."""
        self._stream.close()


def _opened(engine: Engine, asked: Asked) -> Plan:
    plan = engine.open(asked.query)
    return behind(plan, asked.after) if asked.after else plan


def search(engine: Engine, entry: Entry, args: Args, base: str, path: str) -> Answer:
    """The answer of ``datastore_search``."""
    asked = params.search(entry.record, args)
    plan = _opened(engine, asked)
    own = table_id(entry.code)
    head: dict[str, Any] = {
        "resource_id": own,
        "fields": fields_of(asked),
        "records_format": asked.form,
        "include_total": asked.total,
        "include_next_page": asked.next_page,
        "limit": asked.limit,
        "offset": asked.offset,
        **dict(asked.echo),
    }
    links = (f"{base}{HELP}datastore_search", *_links(args, asked, path))
    headers: list[tuple[str, str]] = [("Qingliu-Version", str(plan.version.number))]
    if asked.lowered:
        told = (
            f'299 qingliu "limit lowered to {params.MAX_LIMIT}; page with offset or next_page, or use /datastore/dump"'
        )
        headers.append(("Warning", told))
    return Answer(
        media=JSON,
        identity=(plan.etag, "ckan", repr(asked), base, path, repr(links)),
        make=lambda: Records(engine, plan, asked, head, links),
        headers=tuple(headers),
        heavy=asked.heavy,
    )


def _links(args: Args, asked: Asked, path: str) -> tuple[str, str]:
    """The addresses of the first and the next page by offset."""
    pairs = []
    for name in params.SEARCH:
        value = args.raw(name)
        if value is not None and name != "offset":
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            pairs.append((name, text))
    following = [*pairs, ("offset", str(asked.offset + (asked.limit or 0)))]
    return f"{path}?{urlencode(pairs)}", f"{path}?{urlencode(following)}"


def dump(engine: Engine, entry: Entry, args: Args) -> Answer:
    """The answer of ``/datastore/dump/{id}``."""
    asked, form, bom = params.dump(entry.record, args)
    plan = _opened(engine, asked)
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in entry.code)
    return Answer(
        media=DUMP_MEDIA[form],
        identity=(plan.etag, "ckan-dump", form, str(bom), str(asked.after), repr(asked.columns)),
        make=lambda: Dumped(engine, plan, asked, form, bom),
        headers=(
            ("Qingliu-Version", str(plan.version.number)),
            ("Content-Disposition", f'attachment; filename="{name}-v{plan.version.number}.{form}"'),
        ),
        heavy=asked.heavy,
    )


def info(engine: Engine, entry: Entry) -> bytes:
    """The result of ``datastore_info``."""
    plan = engine.open(Query(entry.code))
    record: DatasetRecord = entry.record
    known = {f.name for f in plan.fields}
    fields = [
        {**serialize.field(f), "schema": serialize.schema(f, record.key)} for f in record.fields if f.name in known
    ]
    meta = {
        "id": table_id(entry.code),
        "count": engine.count(plan),
        "table_type": "VIEW" if entry.kind == "view" else "BASE TABLE",
        "size": sum(f.bytes for f in plan.version.files),
        "idx_size": 0,
        "db_size": None,
        "aliases": [entry.code],
        "version": plan.version.number,
    }
    return plain_json({"meta": meta, "fields": fields})
