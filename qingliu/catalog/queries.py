"""Reads of the catalogue; the one place that turns its rows into the frozen values of core."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from qingliu.catalog import rules
from qingliu.catalog.models import Dataset, ListedEntry, RowDecision, Version
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, Definition, Text, VersionRecord
from qingliu.core.errors import NotFound
from qingliu.standards import definition as standard


def datasets(*, agency: str = "", status: str = "") -> QuerySet[Dataset]:
    """Declared datasets by code, of one agency or status where given."""
    found = Dataset.objects.select_related("agency")
    found = found.filter(agency__code=agency) if agency else found
    return found.filter(status=status) if status else found


def dataset(code: str) -> Dataset:
    """The declared dataset of ``code`` in any case. Raises NotFound with the way to declare it."""
    found = Dataset.objects.select_related("agency").filter(code=code).first()
    if found is None:
        raise NotFound(
            Text(f"沒有登錄代碼為「{code}」的資料集。", f"No dataset '{code}' is registered."),
            Text(
                "先以 qingliu infer 產生定義草稿，再以 qingliu define 登錄。",
                "Draft a definition with qingliu infer and register it with qingliu define.",
            ),
            parameter="dataset",
        )
    return found


@lru_cache(maxsize=512)
def _parsed(text: str, path: str) -> Definition:
    return standard.loads(text, path)


def decided_cells(code: str) -> list[dict[str, Any]]:
    """What the decisions about a dataset's rows say of their cells: as delivered, before, after; each with the row's key."""
    rows = RowDecision.objects.filter(dataset__code=code)
    return [dict(one.key) | dict(cells) for one in rows for cells in (one.source, one.before, one.after)]


def definition(row: Dataset) -> Definition:
    """The definition that a dataset was registered with."""
    return _parsed(row.definition, row.definition_path)


def published_record(row: Dataset) -> DatasetRecord | None:
    """What readers see of a dataset; None while nothing of it is published."""
    return codec.from_json(DatasetRecord, row.published_record) if row.published_record else None


def version_record(row: Version) -> VersionRecord:
    """A version with its files."""
    return codec.from_json(VersionRecord, row.manifest)


def versions(code: str) -> list[VersionRecord]:
    """Every version of a dataset, newest first."""
    return [version_record(v) for v in Version.objects.filter(dataset__code=code)]


def newest_version(code: str) -> VersionRecord | None:
    """The newest version of a dataset, served or not; None before the first."""
    row = Version.objects.filter(dataset__code=code).first()
    return version_record(row) if row else None


def decisions(code: str) -> QuerySet[RowDecision]:
    """What was decided about rows of a dataset, oldest first; of runs under way nothing."""
    return RowDecision.objects.filter(dataset__code=code, version__isnull=False).order_by("id")


def standing(code: str, record: DatasetRecord) -> dict[tuple[str, ...], rules.Standing]:
    """The decisions about rows of a dataset that still stand, by key."""
    return rules.standing(map(decision, decisions(code)), record)


def decision(row: RowDecision) -> rules.Decision:
    """A decision as a value."""
    return rules.Decision(
        row.key,
        row.source,
        row.before,
        row.after,
        row.status_before,
        row.status,
        row.flags_before,
        row.withdraws,
        row.reason,
    )


def views_of(code: str) -> list[Dataset]:
    """The views that show rows of ``code``."""
    from_all = Dataset.objects.filter(kind=Dataset.Kind.VIEW).select_related("agency")
    wanted = code.upper()
    return [v for v in from_all if wanted in {c.upper() for c in getattr(definition(v).dataset.view, "of", ())}]


def listed() -> QuerySet[ListedEntry]:
    """Every listed line, by code."""
    return ListedEntry.objects.select_related("agency")
