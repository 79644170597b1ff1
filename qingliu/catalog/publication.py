"""Writes the published catalogue from the rows of this room. Every call may be repeated; the file is only ever a copy.

The rows are read after the catalogue's write lock is held, so of two publications the later one always writes the later
state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from qingliu.catalog import queries
from qingliu.catalog.models import Dataset, ListedEntry, RowDecision
from qingliu.catalog.rules import listed_record
from qingliu.core import codec, events
from qingliu.core.clock import iso
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry, Published, PublishedTransaction, PublishedWriter

_SHOWN = {Dataset.Status.PUBLISHED, Dataset.Status.HELD}
WITHDRAWN = "withdrawn"  # the topic under which it is said that a dataset was taken down, and when


def _paths() -> LakePaths:
    return LakePaths(settings.QINGLIU.home)


def publish(codes: Iterable[str]) -> None:
    """Bring the published catalogue up to date about these datasets and the views that show them, in one switch."""
    wanted = {c.upper() for c in codes}
    for code in tuple(wanted):
        wanted |= {v.code.upper() for v in queries.views_of(code)}
    known = Published(_paths().published_db)
    with PublishedWriter(_paths().published_db).transaction() as switch:
        for code in sorted(wanted):
            _put(switch, code, known)
    for code in sorted(wanted):
        events.tell(events.CatalogueChanged(code))


def publish_all() -> int:
    """Build the published catalogue anew from the rows; how many entries it has."""
    known = Published(_paths().published_db)
    with PublishedWriter(_paths().published_db).transaction() as switch:
        switch.clear()
        declared = list(queries.datasets())
        for row in declared:
            _put_dataset(switch, row, ())
            _tell_withdrawn(switch, row, known)
        shown = {row.code.upper() for row in declared if row.status in _SHOWN}
        lines = [line for line in queries.listed() if line.code.upper() not in shown]
        for line in lines:
            _put_listed(switch, line)
    return len(shown) + len(lines)


def note(topic: str, bodies: Mapping[str, dict[str, Any] | None]) -> None:
    """Say in public what a judge says about these datasets (by code), in one switch; None takes a note back."""
    with PublishedWriter(_paths().published_db).transaction() as switch:
        for code, body in bodies.items():
            switch.put_note(code, topic, body)


def forget_layouts(versions: Iterable[VersionRecord]) -> None:
    """Forget how files of these versions were arranged before: their rows may not be read that way any more."""
    with PublishedWriter(_paths().published_db).transaction() as switch:
        for version in versions:
            switch.drop_layouts(version.code, version.number)


def behind() -> list[str]:
    """Codes of which the published catalogue says something else than the rows: what a crash left to be published."""
    said = {e.code.upper(): e for e in Published(_paths().published_db).all()}
    late = []
    for row in queries.datasets():
        entry = said.get(row.code.upper())
        if entry is not None and entry.status == "listed":
            entry = None
        if (row.status in _SHOWN) != (entry is not None) or (entry is not None and _differs(row, entry)):
            late.append(row.code)
    return late + [line.code for line in queries.listed() if line.code.upper() not in said]


def _differs(row: Dataset, entry: Entry) -> bool:
    served = row.status == Dataset.Status.PUBLISHED and row.current is not None
    current = row.versions.filter(number=row.current).first() if served else None
    said = codec.to_json(entry.current) if entry.current else None
    return (
        entry.status != row.status
        or codec.to_json(entry.record) != row.published_record
        or said != (current.manifest if current else None)
    )


def _tell_withdrawn(switch: PublishedTransaction, row: Dataset, known: Published) -> None:
    """Say that a dataset which readers knew was taken down; take that back once it is shown again. No reason is told."""
    record = queries.published_record(row) if row.status == Dataset.Status.WITHDRAWN else None
    if record and known.note(row.code, WITHDRAWN) is not None:
        return  # when it was taken down is when that was first said
    title = {"zh": record.title.zh, "en": record.title.en} if record else {}
    switch.put_note(row.code, WITHDRAWN, {"at": iso(row.updated_at), "title": title} if record else None)


def _put(switch: PublishedTransaction, code: str, known: Published) -> None:
    row = queries.datasets().filter(code=code).first()
    if row is not None:
        _tell_withdrawn(switch, row, known)
    if row is not None and row.status in _SHOWN:
        already = known.versions(code) if known.knows(code) else ()
        _put_dataset(switch, row, already)
        return
    switch.remove(row.code if row else code)
    line = queries.listed().filter(code=code).first()
    if line is not None:
        _put_listed(switch, line)


def _put_dataset(switch: PublishedTransaction, row: Dataset, already: Iterable[Any]) -> None:
    record = queries.published_record(row)
    if row.status not in _SHOWN or record is None:
        return
    same = {codec.to_json(v) for v in already}
    if row.status == Dataset.Status.HELD:
        switch.remove(row.code)  # no version of a held dataset may be asked for by its number either
    else:
        for version in reversed(queries.versions(row.code)):
            if codec.to_json(version) not in same:
                switch.put_version(version)
        switch.put_decisions(row.code, [public_decision(d, record) for d in queries.decisions(row.code)])
    switch.put_entry(
        record,
        kind="view" if row.kind == Dataset.Kind.VIEW else "table",
        current=row.current if row.status == Dataset.Status.PUBLISHED else None,
        status="published" if row.status == Dataset.Status.PUBLISHED else "held",
        updated_at=_updated(row),
        extra={"reason": {"zh": row.reason_zh, "en": row.reason_en}} if row.reason_zh else {},
    )


def public_decision(one: RowDecision, record: DatasetRecord) -> dict[str, Any]:
    """A decision in public: its role or rule, never a person's name; no value of a column that is not open to all."""
    quiet = {f.name for f in record.fields if f.sensitivity != "none"}

    def open_only(cells: dict[str, Any]) -> dict[str, Any]:
        return {c: v for c, v in cells.items() if c not in quiet}

    return {
        "version": one.version,
        "decided_at": iso(one.decided_at),
        "by": {"rule": one.rule} if one.rule else {"role": one.role},
        "reason": one.reason,
        "key": open_only(one.key),
        "status_before": one.status_before,
        "status": one.status,
        "withdraws": one.withdraws,
        "cells": [
            {"column": c, "before": one.before.get(c), "after": v} for c, v in one.after.items() if c not in quiet
        ],
    }


def _updated(row: Dataset) -> str:
    """When the rows that a dataset shows last changed; for a view the newest of those that it shows."""
    bases = queries.definition(row).dataset.view
    codes = bases.of if bases else (row.code,)
    moments = [v.created_at for v in map(queries.newest_version, codes) if v]
    return max(moments, default=iso(row.updated_at))


def _put_listed(switch: PublishedTransaction, line: ListedEntry) -> None:
    record = listed_record(
        code=line.code,
        title=Text(line.title_zh, line.title_en),
        agency=line.agency.code,
        agency_name=Text(line.agency.name_zh, line.agency.name_en),
        category=line.category,
    )
    switch.put_entry(
        record,
        kind="listed",
        current=None,
        status="listed",
        updated_at=iso(line.listed_at),
        extra={
            "datagovtw_id": line.source_id,
            "formats": line.formats,
            "provenance": {"zh": line.provenance_zh, "en": line.provenance_en},
            "has_api": line.has_api,
            # None is unknown: the list does not carry the official figures and marks
            "views": None,
            "downloads": None,
            "mark": None,
        },
    )
