"""What follows from a definition, without a database: its status, and which of its words readers may see now."""

from __future__ import annotations

from qingliu.core.dataset import DatasetRecord, Text

LISTED_NOTE = Text(
    "此項目來自官方目錄，本平臺尚未收錄資料；瀏覽、下載次數與品質標章不詳。",
    "Listed in the official catalogue; its data is not here yet. Views, downloads and quality mark: unknown.",
)


def sensitive_fields(record: DatasetRecord) -> tuple[str, ...]:
    """The columns that may not be published without a privacy decision."""
    return tuple(f.name for f in record.fields if f.sensitivity != "none")


def same_shape(a: DatasetRecord, b: DatasetRecord) -> bool:
    """Whether rows published under ``a`` may be described by ``b``: same columns, key, time, place and layout."""

    def shape(r: DatasetRecord) -> tuple[object, ...]:
        columns = tuple((f.name, f.type, f.unit, f.sentinels, f.suffix_flags, f.flag_field) for f in r.fields)
        return (columns, r.mode, r.key, r.time_field, r.timezone, r.place, r.partition, r.order)

    return shape(a) == shape(b)


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
