"""Which published datasets carry masked rows too, by control number, and show what was withheld here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import DatasetRecord
from qingliu.core.records import Finding
from qingliu.lake import mask
from qingliu.privacy import queries
from qingliu.privacy.gate import findings
from qingliu.privacy.gate.columns import Columns, columns_of


def find(record: DatasetRecord, controls: Collection[str], counts: Mapping[str, int]) -> list[Finding]:
    """One finding for each such dataset: a hold until an assessor has answered, then the answer."""
    if not controls:
        return []
    answers, today = queries.answers(record.code), now().astimezone(TAIPEI).date()
    found = []
    for row in _others(record):
        other = catalogue.published_record(row)
        version = catalogue.newest_version(row.code)
        if other is None or version is None:
            continue
        columns = columns_of(other)
        shows = _shows(columns, counts)
        if not columns.controls or not shows:
            continue
        physical = {c.name: c.physical for c in version.columns}
        files = [queries.paths().resolve(f.path) for f in version.files]
        known = [physical[c] for c in columns.controls if c in physical]
        count = max((mask.carried(files, c, sorted(controls)) for c in known), default=0)
        if count:
            given = answers.get(row.code.upper())
            overdue = given is not None and given.review_on <= today
            found.append(findings.linked(row.code, count, shows, given.answer if given else "", overdue=overdue))
    return found


def find_back(record: DatasetRecord, staged: Path) -> list[Finding]:
    """The other way round: published datasets of whose masked rows this delivery would show what is masked there.

    Their assessor has to answer for it as if it had been there before. Rows that are masked here too tell nothing.
    """
    mine = columns_of(record)
    if not mine.controls:
        return []
    found = []
    for row in _others(record):
        other = catalogue.published_record(row)
        version = catalogue.newest_version(row.code)
        if other is None or version is None:
            continue
        theirs = columns_of(other)
        files = [queries.paths().resolve(f.path) for f in version.files]
        held = {c.name for c in version.columns}
        count = 0
        shows: list[str] = []
        for hidden, shown in _pairs(theirs, mine):
            values = mask.flagged(files, [c for c in theirs.controls if c in held], hidden)
            told = max((mask.unflagged(staged, c, values, shown) for c in mine.controls), default=0)
            count, shows = max(count, told), shows + list(shown if told else ())
        if count:
            given = queries.answers(row.code).get(record.code.upper())
            overdue = given is not None and given.review_on <= now().astimezone(TAIPEI).date()
            found.append(
                findings.linked_back(
                    row.code, record.code, count, shows, given.answer if given else "", overdue=overdue
                )
            )
    return found


def _others(record: DatasetRecord) -> list[Dataset]:
    tables = catalogue.datasets().filter(status=Dataset.Status.PUBLISHED, kind=Dataset.Kind.TABLE)
    return list(tables.exclude(code=record.code))


def _pairs(theirs: Columns, mine: Columns) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Columns that may be masked there, with those that say the same here."""
    places = ((*theirs.addresses, *theirs.details, *theirs.points), (*mine.addresses, *mine.points))
    return [(hidden, shown) for hidden, shown in (places, (theirs.names, mine.names)) if hidden and shown]


def _shows(columns: Columns, counts: Mapping[str, int]) -> tuple[str, ...]:
    """The columns in which another dataset may show what was masked here."""
    places = (*columns.addresses, *columns.points) if counts.get("addresses") or counts.get("coordinates") else ()
    return (*places, *(columns.names if counts.get("names") else ()))
