"""Reads of the room: wordings as a stock for the rules, texts with their times, rows counted by value, what is stale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db.models import QuerySet

from qingliu.bilingual.models import Judgement, PageText, Wording
from qingliu.bilingual.rules import glossary, texts
from qingliu.bilingual.rules.wording import Stock
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Aggregate, Query


def stock() -> Stock:
    """Everything that words cells beyond the register."""
    memory: dict[str, dict[str, str]] = {}
    said: dict[tuple[str, str, str], str] = {}
    for row in Wording.objects.all():
        if row.origin == Wording.Origin.MEMORY and row.state != Wording.State.REJECTED:
            memory.setdefault(row.kind, {})[row.zh] = row.en
        else:
            place = (row.dataset, row.field) if row.dataset else ("", row.kind)
            said[(*place, row.zh)] = "" if row.state == Wording.State.REJECTED else row.en
    return Stock(glossary.words(), memory, said)


def wordings(*, state: str = "", kind: str = "", dataset: str = "") -> QuerySet[Wording]:
    """Wordings of a state, kind or dataset."""
    found = Wording.objects.all()
    found = found.filter(state=state) if state else found
    found = found.filter(kind=kind) if kind else found
    return found.filter(dataset=dataset) if dataset else found


def seen(code: str) -> dict[str, texts.Seen]:
    """When each text of a dataset last changed, by place."""
    return {t.place: texts.Seen(t.zh_at, t.en_at) for t in PageText.objects.filter(dataset=code)}


def page_texts(code: str) -> QuerySet[PageText]:
    """The texts of a dataset as last judged, with what is proposed."""
    return PageText.objects.filter(dataset=code)


def history(code: str) -> QuerySet[Judgement]:
    """Judgements of a dataset, newest first."""
    return Judgement.objects.filter(dataset=code)


def entry(engine: Engine, code: str) -> Entry | None:
    """The published entry of a dataset whose rows are served; None otherwise."""
    found = next((e for e in engine.published.all() if e.code.upper() == code.upper()), None)
    return found if found and found.status == "published" and (found.current or found.kind == "view") else None


def counted(engine: Engine, record: DatasetRecord, field: str) -> list[tuple[str, int]]:
    """Distinct values of a text column with their cells."""
    every = Query(record.code, group=(field,), aggregates=(Aggregate("count", "*"),))
    return [(str(r[field]), int(r["count"])) for r in engine.rows(engine.open(every)) if r[field] is not None]


def paired(engine: Engine, code: str, zh: str, en: str) -> Iterator[tuple[str | None, str | None, int]]:
    """Each pair of values of two columns with its rows."""
    every = Query(code, group=(zh, en), aggregates=(Aggregate("count", "*"),))
    yield from ((r[zh], r[en], int(r["count"])) for r in engine.rows(engine.open(every)))


def basis(record: DatasetRecord, content_hash: str, words: Stock) -> str:
    """A fingerprint of everything that a judgement follows from."""
    said = f"{sorted(words.said.items())}{sorted((k, sorted(v.items())) for k, v in words.memory.items())}"
    known = sorted((k, sorted(v.items())) for k, v in glossary.words().items())
    whole = f"{codec.to_json(record)}\n{content_hash}\n{said}\n{known}"
    return hashlib.sha256(whole.encode()).hexdigest()
