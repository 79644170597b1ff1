"""What is said in public about a dataset's masking: rules, legal basis, dates and counts; nothing that identifies a row."""

from __future__ import annotations

from typing import Any

from qingliu.catalog import publication
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord
from qingliu.privacy import queries
from qingliu.privacy.actions.screen import Masking
from qingliu.privacy.gate.policy import Approved

TOPIC = "privacy"


def tell(*, record: DatasetRecord, masking: Masking, passed_on: str) -> None:
    """Put the note of a published dataset into the published catalogue."""
    publication.note(TOPIC, {record.code: body(record, masking, passed_on)})


def body(record: DatasetRecord, masking: Masking, passed_on: str) -> dict[str, Any]:
    """The note: a reader learns what was masked and why, not where."""
    policy = queries.policy()
    rules: dict[str, tuple[Approved, list[str]]] = {
        a.rule.name: (a, []) for a in policy.rules if (a.rule.name, a.edition) in set(masking.rules)
    }
    for f in record.fields:
        for approved in policy.of(record, f):
            if approved.rule.name in rules:
                rules[approved.rule.name][1].append(f.name)
    masked = dict(masking.columns)
    return {
        "date": passed_on,
        "rows": masking.rows,
        "cells": masking.cells,
        "counts": dict(masking.counts),
        "fields": [{"name": f.name, "masked": masked[f.name]} for f in record.fields if f.name in masked],
        "rules": [_rule(a, fields if a.rule.rows != "restricted" else []) for a, fields in rules.values()],
        "assessments": [
            {"dataset": a.other, "answer": a.answer, "date": str(a.on), "review_on": str(a.review_on)}
            for a in queries.answers(record.code).values()
        ],
    }


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
