"""What is said in public about a dataset's masking: rules, legal basis, dates and counts; nothing that identifies a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from qingliu.catalog import publication
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake import mask
from qingliu.lake.mask import Masked
from qingliu.privacy import queries
from qingliu.privacy.gate.columns import columns_of
from qingliu.privacy.gate.outcome import ADDRESSES, COORDINATES, NAMES, TEXT
from qingliu.privacy.gate.policy import Approved

TOPIC = "privacy"


def tell(*, record: DatasetRecord, version: VersionRecord, rules: Sequence[tuple[str, int]], passed_on: str) -> None:
    """Put the note of a published dataset into the published catalogue. ``rules`` are those that spoke of its rows."""
    files = [queries.paths().resolve(f.path) for f in version.files]
    publication.note(TOPIC, {record.code: body(record, mask.masked_cells(files), rules, passed_on)})


def body(
    record: DatasetRecord, masked: Masked, rules: Sequence[tuple[str, int]], passed_on: str
) -> dict[str, Any] | None:
    """The note: a reader learns what was masked and why, not where. None where no rule speaks of the dataset."""
    policy = queries.policy()
    spoke: dict[str, tuple[Approved, list[str]]] = {
        a.rule.name: (a, []) for a in policy.rules if (a.rule.name, a.edition) in set(rules)
    }
    if not spoke:
        return None
    for f in record.fields:
        for approved in policy.of(record, f):
            if approved.rule.name in spoke:
                spoke[approved.rule.name][1].append(f.name)
    counts: Counter[str] = Counter()
    for column, number in masked.columns:
        counts[_category(record, column)] += number
    return {
        "date": passed_on,
        "rows": masked.rows,
        "cells": sum(counts.values()),
        "counts": dict(sorted(counts.items())),
        "fields": [{"name": column, "masked": number} for column, number in masked.columns],
        "rules": [_rule(a, fields if a.rule.rows != "restricted" else []) for a, fields in spoke.values()],
        "assessments": [
            {"dataset": a.other, "answer": a.answer, "date": str(a.on), "review_on": str(a.review_on)}
            for a in queries.answers(record.code).values()
        ],
    }


def _category(record: DatasetRecord, column: str) -> str:
    columns = columns_of(record)
    sorts = ((NAMES, columns.names), (ADDRESSES, (*columns.addresses, *columns.details)), (COORDINATES, columns.points))
    return next((name for name, members in sorts if column in members), TEXT)


def _rule(approved: Approved, fields: list[str]) -> dict[str, Any]:
    rule = approved.rule
    return {
        "name": rule.name,
        "title": codec.to_plain(rule.title),
        "edition": approved.edition,
        "rows": rule.rows,
        "fields": fields,
        "level": rule.level,
        "names": rule.names,
        "text": rule.text,
        "basis": codec.to_plain(rule.basis),
        "approved_on": approved.approved_on,
        "review_on": approved.review_on,
        "reconstruction": rule.reconstruction,
    }
