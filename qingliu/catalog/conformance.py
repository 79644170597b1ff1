"""Judges datasets by the register of standards: reads the rows once, publishes what was found as the note "standards"."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qingliu.catalog import publication, queries
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake import conform
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry, Published
from qingliu.lake.query import Query
from qingliu.standards import register
from qingliu.standards.register import mapping, report, tasks

TOPIC = "standards"


@dataclass(frozen=True, slots=True)
class Judged:
    """A dataset judged by the register: the report, its findings, the change task and the proposed definition (a diff)."""

    report: report.Report
    findings: tuple[Finding, ...]
    changes: tuple[tasks.Change, ...]
    proposal: str
    declared: str = ""
    content: str = ""


def judge(code: str, engine: Engine) -> Judged:
    """Measure what is published of a dataset against the register; where no rows are served only its declaration."""
    row = queries.dataset(code)
    declared = queries.definition(row).dataset
    entry = next((e for e in engine.published.all() if e.code.upper() == row.code.upper()), None)
    version = None
    if entry is not None and entry.status == "published" and (entry.current or entry.kind == "view"):
        version = engine.open(Query(row.code)).version
    return replace(judged(engine, declared, version, row.definition), content=served(engine.published, entry))


def judged(engine: Engine, record: DatasetRecord, version: VersionRecord | None, text: str) -> Judged:
    """The same for a record and a version in hand."""
    found = mapping.mapped(record)
    results: tuple[conform.Conformed, ...] = ()
    if version is not None:
        with tempfile.TemporaryDirectory(prefix="conform-", dir=engine.paths.home / "private" / "tmp") as folder:
            rules = tuple(_rule(record, m) for m in found)
            results = conform.run(engine.paths, record, version, rules, Path(folder))
    columns = tuple(_column(record, m, results[i] if results else None) for i, m in enumerate(found))
    spatial = register.spatial_category(record)
    made = report.Report(
        record.code, version.number if version else None, version.rows if version else 0, columns,
        tuple(f.name for f in record.fields if not f.property), mapping.missing(found), spatial.code if spatial else "",
    )  # fmt: skip
    steps = tasks.changes(record, made, found)
    diff = tasks.proposal(text, steps) if text else ""
    return Judged(made, report.findings(made, found), steps, diff, fingerprint(record))


def publish(codes: Iterable[str], engine: Engine) -> dict[str, Judged]:
    """Judge these datasets and say so in the published catalogue, in one switch."""
    done = {code: judge(code, engine) for code in codes}
    publication.note(TOPIC, {code: note(judged) for code, judged in done.items()})
    return done


def fingerprint(record: DatasetRecord) -> str:
    """A short mark of what is declared of a dataset, by which a note tells what it was judged by."""
    return hashlib.sha256(codec.to_json(record).encode()).hexdigest()[:16]


def served(published: Published, entry: Entry | None) -> str:
    """A short mark of the rows that readers get of an entry; it changes when rows are masked under an old number, too."""
    if entry is None or entry.status != "published":
        return ""
    if entry.record.view is not None:
        return "+".join(served(published, published.get(code)) for code in entry.record.view.of)
    return entry.current.content_hash[:16] if entry.current else ""


def due(published: Published, topic: str) -> list[str]:
    """Codes whose note on ``topic`` is missing, about other rows than are served, or about another declaration."""
    entries = {e.code.upper(): e for e in published.all()}
    late = []
    for row in queries.datasets():
        entry = entries.get(row.code.upper())
        if entry is None or entry.status == "listed":
            continue
        said = entry.notes.get(topic)
        declared = fingerprint(queries.definition(row).dataset)
        if said is None or said.get("content", "") != served(published, entry) or said.get("declared") != declared:
            late.append(row.code)
    return late


def note(judged: Judged) -> dict[str, Any]:
    """The public words about a dataset: counts, findings with the filter of their rows, and the mapping."""
    made = judged.report
    columns = [
        {"field": c.field, "property": c.standard, "uri": c.uri, "draft": c.draft, "cells": c.cells,
         "failing": c.failing, "fault_of_standard": c.excused}
        for c in made.columns
    ]  # fmt: skip
    return {
        "version": made.version,
        "content": judged.content,
        "declared": judged.declared,
        "mapped": len(made.columns),
        "unmapped": len(made.unmapped),
        "cells": made.cells,
        "failing": made.faulty,
        "spatial_category": made.spatial,
        "columns": columns,
        "findings": [codec.to_plain(f) for f in judged.findings],
        "changes": [codec.to_plain(c) for c in judged.changes],
    }


def _rule(record: DatasetRecord, mapped: mapping.Mapped) -> conform.CellRule:
    check = mapped.check
    beside = next((f.name for f in record.fields if f.role == "item"), "")
    beside = beside or next((f.name for f in record.fields if f.role == "item_name"), "")
    excuses = tuple(
        conform.Excuse(f.pattern)
        if mapped.field.name.upper() in f.items
        else conform.Excuse(f.pattern, beside, f.items)
        for f in mapped.faults
    )
    return conform.CellRule(
        mapped.field.name, check.pattern, check.function, check.values, check.low, check.high, excuses
    )


def _column(record: DatasetRecord, mapped: mapping.Mapped, found: conform.Conformed | None) -> report.ColumnReport:
    rule = _rule(record, mapped)
    asked = mapped.asked
    words = (mapped.field.name, asked.code if asked else mapped.named, asked.uri if asked else "")
    draft, known = bool(asked and asked.draft), asked is not None
    if found is None:
        return report.ColumnReport(
            *words, draft, known, 0, 0, 0, 0, (), "", "", problems=mapped.problems, told=mapped.check.told
        )
    values = tuple(
        report.Value(
            v.value, v.count, _rows(mapped, (v.value,)),
            next((f.reason for f, n in zip(mapped.faults, v.excused, strict=True) if n == v.count), None),
        )
        for v in found.values
    )  # fmt: skip
    if not mapping.quotable(mapped.field):
        return report.ColumnReport(
            *words, draft, known, found.cells, found.failing, sum(found.excused), found.distinct, (), "", "",
            mapped.problems, mapped.check.told,
        )  # fmt: skip
    told = report.not_run(found.error) if found.error else mapped.check.told
    excused = " OR ".join(
        f"({condition})"
        for i, excuse in enumerate(rule.excuses)
        if (condition := _excused(mapped, excuse, tuple(v.value for v in found.values if v.excused[i])))
    )
    wrong = _rows(mapped, tuple(v.value for v in found.values if sum(v.excused) < v.count))
    mixed = any(0 < sum(v.excused) < v.count for v in found.values)
    return report.ColumnReport(
        *words, draft, known, found.cells, found.failing, sum(found.excused), found.distinct, values,
        f"{wrong} AND NOT ({excused})" if mixed and excused else wrong, excused, mapped.problems, told,
    )  # fmt: skip


def _rows(mapped: mapping.Mapped, values: tuple[str, ...]) -> str:
    """The filter of the rows that hold these values; none for days, which the standard writes in another way than we."""
    kind = mapped.field.type
    if kind in {"date", "datetime", "boolean"}:
        return ""
    return report.condition(mapped.field.name, values, text=kind == "string")


def _excused(mapped: mapping.Mapped, excuse: conform.Excuse, values: tuple[str, ...]) -> str:
    shown = _rows(mapped, values)
    if not shown or not excuse.items:
        return shown
    return f"{shown} AND {report.condition(excuse.beside, excuse.items, text=True)}"
