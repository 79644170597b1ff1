"""What follows from a definition, without a database: its status, and which of its words readers may see now."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, Text

_LISTED_NOTE = Text(
    "此項目來自官方目錄，本平臺尚未收錄資料；瀏覽、下載次數與品質標章不詳。",
    "Listed in the official catalogue; its data is not here yet. Views, downloads and quality mark: unknown.",
)


@dataclass(frozen=True, slots=True)
class ListedLine:
    """One line of an official catalogue, as read."""

    code: str
    source_id: str
    title: Text
    agency: str
    category: str
    formats: tuple[str, ...]
    address: str


def sensitive_fields(record: DatasetRecord) -> tuple[str, ...]:
    """The columns that may not be published without a privacy decision."""
    return tuple(f.name for f in record.fields if f.sensitivity != "none")


def same_shape(a: DatasetRecord, b: DatasetRecord) -> bool:
    """Whether rows published under ``a`` may be described by ``b``: same columns, key, time, place and layout."""

    def shape(r: DatasetRecord) -> tuple[object, ...]:
        columns = tuple((f.name, f.type, f.unit, f.sentinels, f.suffix_flags, f.flag_field) for f in r.fields)
        return (columns, r.mode, r.key, r.time_field, r.timezone, r.place, r.partition, r.order)

    return shape(a) == shape(b)


def listed_record(line: ListedLine, agency_name: Text) -> DatasetRecord:
    """A listed line in the shape that readers know, saying itself what is unknown."""
    return DatasetRecord(
        code=line.code,
        title=line.title,
        description=_LISTED_NOTE,
        agency=line.agency,
        agency_name=agency_name,
        unit=Text("", ""),
        category=line.category,
        fields=(),
    )
