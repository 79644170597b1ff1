"""Judges datasets in both languages: measures texts and rows, keeps the history, says it in the published catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.bilingual import queries
from qingliu.bilingual.models import Judgement, PageText
from qingliu.bilingual.rules import levels, texts
from qingliu.bilingual.rules.wording import Stock, Worder
from qingliu.catalog import publication
from qingliu.catalog import queries as catalogue
from qingliu.catalog.conformance import fingerprint, served
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake.engine import Engine
from qingliu.lake.query import Query

TOPIC = "bilingual"


@dataclass(frozen=True, slots=True)
class Judged:
    """A dataset in both languages: the measure, its columns and what was found."""

    code: str
    version: int | None
    measure: levels.Measure
    columns: tuple[levels.Column, ...]
    findings: tuple[Finding, ...]
    declared: str
    content: str = ""


def judge(*, codes: Iterable[str], engine: Engine, by: Actor) -> tuple[Judged, ...]:
    """Judge these datasets, keep what changed as history, publish it. An audit row for each changed level."""
    require(by, "define")
    words = queries.stock()
    done, notes = [], {}
    for code in codes:
        row = catalogue.dataset(code)
        record = catalogue.definition(row).dataset
        entry = queries.entry(engine, row.code)
        version = engine.open(Query(row.code)).version if entry else None
        _remember(record)
        judged = replace(_measured(engine, record, version, words), content=served(engine.published, entry))
        body = note(judged)
        _keep(judged, body, queries.basis(record, version.content_hash if version else "", words))
        done.append(judged)
        notes[row.code] = body
    publication.note(TOPIC, notes)
    return tuple(done)


def _measured(engine: Engine, record: DatasetRecord, version: VersionRecord | None, words: Stock) -> Judged:
    places = texts.places(record)
    columns: list[levels.Column] = []
    if version is not None:
        held = {c.name for c in version.columns}
        for field in record.fields:
            if field.type == "string" and field.name in held:
                found = levels.column(field, queries.counted(engine, record, field.name), Worder(record, field, words))
                columns += [found] if found.distinct else []
    measure = levels.Measure(
        levels.share(places, "page"), levels.share(places, "fields"),
        levels.contents(columns) if version is not None else None,
    )  # fmt: skip
    found_wrong = (*texts.findings(record, queries.seen(record.code)), *levels.findings(columns))
    return Judged(
        record.code, version.number if version else None, measure, tuple(columns), found_wrong, fingerprint(record)
    )


def note(judged: Judged) -> dict[str, Any]:
    """The public words about a dataset in both languages; ``contents`` is what ``lang=en`` puts into cells."""
    measure = judged.measure
    return {
        "level": measure.level,
        "version": judged.version,
        "content": judged.content,
        "declared": judged.declared,
        "edition": levels.edition()["edition"],
        "reconstruction": levels.edition()["reconstruction"],
        "completeness": {
            "page": codec.to_plain(measure.page),
            "fields": codec.to_plain(measure.fields),
            "contents": codec.to_plain(measure.contents) if measure.contents else None,
        },
        "columns": {
            c.name: {
                "distinct": c.distinct, "covered": c.covered, "cells": c.cells, "covered_cells": c.covered_cells,
                "approved": dict(c.origins).get("person", 0), "origins": dict(c.origins),
            }
            for c in judged.columns
        },
        "contents": {c.name: dict(c.words) for c in judged.columns if c.words},
        "findings": [codec.to_plain(f) for f in judged.findings],
    }  # fmt: skip


def _remember(record: DatasetRecord) -> None:
    """Keep each text with the moment at which each language of it was first seen so."""
    had = {t.place: t for t in PageText.objects.filter(dataset=record.code)}
    moment = now()
    with transaction.atomic():
        for place in texts.places(record):
            kept = had.get(place.name)
            zh, en = place.text.zh, place.text.en
            if kept is None:
                PageText.objects.create(dataset=record.code, place=place.name, zh=zh, en=en, zh_at=moment, en_at=moment)
            elif (kept.zh, kept.en) != (zh, en):
                kept.zh_at, kept.en_at = texts.moved(
                    texts.Seen(kept.zh_at, kept.en_at), zh=kept.zh != zh, en=kept.en != en, at=moment
                )
                kept.zh, kept.en = zh, en
                kept.save()


def _keep(judged: Judged, body: dict[str, Any], basis: str) -> None:
    # no cell's text is kept in the history: rows may be masked later, a history may not
    kept: dict[str, Any] = {k: v for k, v in body.items() if k not in {"contents", "findings"}}
    kept["findings"] = [{"rule": f.rule, "place": f.place, "count": f.count} for f in judged.findings]
    last = queries.history(judged.code).first()
    if last is not None and last.basis == basis and last.body == kept:
        return
    Judgement.objects.create(
        dataset=judged.code, version=judged.version, level=judged.measure.level, basis=basis, body=kept, at=now()
    )
