"""What follows from a definition, without a database: its status, and which of its words readers may see now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.lake.decided import Decided

LISTED_NOTE = Text(
    "此項目來自官方目錄，本平臺尚未收錄資料；瀏覽、下載次數與品質標章不詳。",
    "Listed in the official catalogue; its data is not here yet. Views, downloads and quality mark: unknown.",
)


def sensitive_fields(record: DatasetRecord) -> tuple[str, ...]:
    """The columns that may not be published without a privacy decision."""
    return tuple(f.name for f in record.fields if f.sensitivity != "none")


def uncleared(record: DatasetRecord, cleared: Iterable[str]) -> tuple[str, ...]:
    """The sensitive columns over which the privacy gate has not decided, as they are declared now."""
    known = set(cleared)
    return tuple(f.name for f in record.fields if f.sensitivity != "none" and f"{f.name}:{f.sensitivity}" not in known)


def same_shape(a: DatasetRecord, b: DatasetRecord) -> bool:
    """Whether rows published under ``a`` may be described by ``b``: same columns, key, time, place and layout."""

    def shape(r: DatasetRecord) -> tuple[object, ...]:
        columns = tuple((f.name, f.type, f.unit, f.sentinels, f.suffix_flags, f.flag_field) for f in r.fields)
        return (columns, r.mode, r.key, r.time_field, r.timezone, r.place, r.partition, r.order)

    return shape(a) == shape(b)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about the row of ``key``; see ``models.RowDecision``."""

    key: Mapping[str, str]
    source: Mapping[str, str | None]
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    status_before: str
    status: str
    flags_before: str = ""
    withdraws: bool = False
    reason: str = ""


@dataclass(slots=True)
class Standing:
    """What all decisions about one row come to: the source's cells, ours, the flags before the first, the status."""

    source: dict[str, str | None] = field(default_factory=dict)
    ours: dict[str, str | None] = field(default_factory=dict)
    flags: str = ""
    status: str = ""


def standing(decisions: Iterable[Decision], record: DatasetRecord) -> dict[tuple[str, ...], Standing]:
    """The decisions that still stand, by key; one that withdraws ends those before it. Decisions under another key lapse."""
    found: dict[tuple[str, ...], Standing] = {}
    columns = {f.name for f in record.fields}
    for one in decisions:
        if set(one.key) != set(record.key):
            continue
        key = tuple(one.key[k] for k in record.key)
        if one.withdraws:
            found.pop(key, None)
            continue
        row = found.setdefault(key, Standing(flags=one.flags_before))
        row.source = {c: v for c, v in {**one.source, **row.source}.items() if c in columns}
        row.ours |= {c: v for c, v in one.after.items() if c in columns}
        row.status = one.status
    return found


def as_decided(found: Mapping[tuple[str, ...], Standing]) -> tuple[Decided, ...]:
    """What stands, as the lake heeds it."""
    return tuple(
        Decided(key, tuple(row.source.items()), tuple(row.ours.items()), row.status) for key, row in found.items()
    )


def listed_record(*, code: str, title: Text, agency: str, agency_name: Text, category: str) -> DatasetRecord:
    """A listed line in the shape that readers know, saying itself what is unknown."""
    return DatasetRecord(
        code=code,
        title=title,
        description=LISTED_NOTE,
        agency=agency,
        agency_name=agency_name,
        unit=Text("", ""),
        category=category,
        fields=(),
    )
