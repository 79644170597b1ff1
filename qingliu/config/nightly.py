"""What is made at night: whole files of every dataset's current version, then a dump of the catalogue that lists them."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings

from qingliu.api import languages
from qingliu.api.inherit import with_meanings
from qingliu.api.native import saved, serialize
from qingliu.config.data_api import make_engine
from qingliu.core.clock import now
from qingliu.core.env import Settings
from qingliu.core.errors import NotFound, QingliuError
from qingliu.lake.bulk import STANDING, Bulk, name_of
from qingliu.lake.dumps import Dump, Dumps
from qingliu.lake.engine import Engine
from qingliu.lake.guard import guarded
from qingliu.lake.published import Entry
from qingliu.lake.query import Query

log = logging.getLogger(__name__)
_HEAD = (
    "code", "title_zh", "title_en", "kind", "status", "agency", "agency_name_zh", "agency_name_en", "category", "licence",
    "updated_at", "version", "rows", "page", "csv", "parquet",
)  # fmt: skip


def bulk() -> str:
    """The job: whole files, tidying, the dump; answers how it went."""
    made, failed, dump = make_all(settings.QINGLIU)
    return f"{made} files made, {failed} failed, {dump.datasets} datasets dumped"


def make_all(of: Settings) -> tuple[int, int, Dump]:
    """(files made, files that could not be made, the dump). What one dataset meets is logged and keeps no other waiting."""
    engine = make_engine(of)
    try:
        files = Bulk(engine, budget=of.bulk_bytes)
        files.tidy()
        made = failed = 0
        for entry in engine.published.all():
            if entry.kind == "listed":
                continue
            try:
                made += _make(engine, files, entry, of.base_url)
            except NotFound:  # held: there is nothing to have
                continue
            except QingliuError as error:
                failed += 1
                log.error("whole files of %s: %s", entry.code, error)
        return made, failed, dump(engine, of)
    finally:
        engine.close()


def _make(engine: Engine, files: Bulk, entry: Entry, base: str) -> int:
    plan, made = engine.open(Query(entry.code)), 0
    for form in files.offered(plan):
        if form in STANDING and files.find(plan, form) is None:
            number = str(plan.version.number)
            source = serialize.address(base, entry.code, "bulk", number, name_of(entry.code, form))
            files.make(entry.code, None, form, source=source, licence=saved.licence(entry.record))
            made += 1
    return made


def dump(engine: Engine, of: Settings) -> Dump:
    """Write the day's dump of the catalogue: every entry in full as JSON lines, and a table of them as CSV."""
    entries = engine.published.all()
    parts = (
        ("catalogue.jsonl.gz", lambda: _lines(engine, entries, of.base_url)),
        ("catalogue.csv.gz", lambda: _table(engine, entries, of.base_url)),
    )
    return Dumps(engine.paths).write(now(), len(entries), parts, keep_days=of.catalogue_days)


def _lines(engine: Engine, entries: tuple[Entry, ...], base: str) -> Iterator[bytes]:
    published = engine.published
    for entry in entries:
        record = with_meanings(entry.record, lambda code: published.get(code).record)
        words = languages.words_of(entry, published.get)
        plain = serialize.dataset(replace(entry, record=record), "zh", base, published.shown(entry), words)
        if entry.kind == "table" and entry.current is not None:
            plain["manifest"] = serialize.manifest(entry.current, base)
        yield (json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _table(engine: Engine, entries: tuple[Entry, ...], base: str) -> Iterator[bytes]:
    yield _row(_HEAD)
    for entry in entries:
        record, current = entry.record, entry.current
        number = engine.published.shown(entry)
        latest = [
            serialize.address(base, entry.code, "bulk", "latest", name_of(entry.code, form)) if number else ""
            for form in ("csv.gz", "parquet")
        ]  # fmt: skip
        page = next(k["href"] for k in serialize.dataset_links(record, entry.kind, base) if k["rel"] == "describedby")
        yield _row(
            (entry.code, record.title.zh, record.title.en, entry.kind, entry.status, record.agency, record.agency_name.zh,
             record.agency_name.en, record.category, record.licence, entry.updated_at, str(number or ""),
             str(current.rows) if current else "", page, *latest)
        )  # fmt: skip


def _row(cells: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([guarded(c) for c in cells])
    return text.getvalue().encode()
