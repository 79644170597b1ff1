"""The desk's list: each dataset with its state, last run, next promise, mark, and what keeps it from the next mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.lake.published import Entry
from qingliu.pipeline import queries, watch
from qingliu.pipeline.models import Alarm, Run, Source

HOLDS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing between a dataset and its next mark."""

    title: Text
    reason: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Mark:
    """A dataset's mark as the judges published it: ours, the next one, and what holds it."""

    id: str
    name: Text
    next: Text | None
    holds: tuple[Hold, ...]


def mark(note: Mapping[str, Any] | None) -> Mark | None:
    """The mark in a quality note; None where nothing was judged. A note of another shape is read as far as it goes."""
    if not note or not isinstance(note.get("mark"), Mapping):
        return None
    found = note["mark"]
    following = note.get("next")
    wanted: Sequence[str] = following.get("by", ()) if isinstance(following, Mapping) else ()
    known = {i.get("id"): i for i in note.get("indicators", ()) if isinstance(i, Mapping)}
    holds = tuple(
        Hold(
            _both(i.get("title")) if i else Text(w, w),
            _both(i.get("reason") if i else None),
            _both(i.get("remedy") if i else None),
        )
        for w in wanted
        for i in [known.get(w, {})]
    )
    name = _both(following) if isinstance(following, Mapping) else None
    return Mark(str(found.get("id", "")), _both(found), name, holds[:HOLDS_SHOWN])


def _both(value: Any) -> Text:
    return Text(str(value.get("zh", "")), str(value.get("en", ""))) if isinstance(value, Mapping) else Text("", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One dataset on the desk."""

    dataset: Dataset
    record: DatasetRecord
    run: Run | None
    source: Source | None
    last: datetime | None
    due: datetime | None
    late: bool
    mark: Mark | None
    alarms: tuple[Alarm, ...]

    @property
    def code(self) -> str:
        """Its code."""
        return self.dataset.code


def rows(datasets: Sequence[Dataset], entries: Mapping[str, Entry], now: datetime) -> tuple[Row, ...]:
    """The rows of the desk, those with alarms first."""
    ids = [d.pk for d in datasets]
    sources = {s.dataset_id: s for s in Source.objects.filter(dataset_id__in=ids)}
    alarms: dict[int, list[Alarm]] = {}
    for alarm in queries.alarms().filter(dataset_id__in=ids):
        alarms.setdefault(alarm.dataset_id, []).append(alarm)
    last_run = {r.dataset_id: r for r in queries.runs().filter(dataset_id__in=ids).order_by("started_at")}
    out = []
    for d in datasets:
        record = catalogue.definition(d).dataset
        entry = entries.get(d.code.upper())
        current = entry.current if entry else None
        last = datetime.fromisoformat(current.created_at) if current else None
        promised = record.frequency if last else None
        due = watch.next_due(last, promised) if last and promised else None
        late = bool(last and promised and watch.late_since(last, promised, now))
        judged = mark(entry.notes.get("quality")) if entry else None
        mine = tuple(alarms.get(d.pk, ()))
        out.append(Row(d, record, last_run.get(d.pk), sources.get(d.pk), last, due, late, judged, mine))
    return tuple(sorted(out, key=lambda r: (not r.alarms, r.code)))
