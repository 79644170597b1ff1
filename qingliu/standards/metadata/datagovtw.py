"""A dataset's metadata as data.gov.tw takes it, out of the same records that everything else is described from.

None is unknown: an agency's code, its OID and the number at data.gov.tw are not invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from qingliu.core.dataset import Contact, DatasetRecord, Frequency, VersionRecord
from qingliu.standards.dcat.dataset import coverage
from qingliu.standards.dcat.distributions import Way, ways
from qingliu.standards.dcat.served import Served
from qingliu.standards.metadata.fields import edition, words
from qingliu.standards.vocabularies import licences

Value = str | int | tuple[Any, ...] | None
Pairs = tuple[tuple[str, Value], ...]
_TAIPEI = ZoneInfo("Asia/Taipei")
_BINARY = {"parquet", "xlsx", "zip", "shp", "pdf"}  # these hold no text encoding to declare


@dataclass(frozen=True, slots=True)
class Office:
    """What only the agency register can tell: code of ten characters, OID, the superior agency and its contact."""

    org_code: str = ""
    oid: str = ""
    superior: str = ""
    superior_contact: Contact | None = None


NOT_REGISTERED = Office()


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that metadata are made from. ``serial`` is the dataset's running number in its agency."""

    record: DatasetRecord
    versions: tuple[VersionRecord, ...]
    served: Served
    office: Office = NOT_REGISTERED
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of an edition with their values, in its order; those of a distribution once for each.

    ``partial``: made of an imported list, which carries only some of the fields; what lacks may well exist elsewhere.
    """

    edition: str
    dataset: Pairs
    distributions: tuple[Pairs, ...] = field(default=())
    partial: bool = False

    def get(self, name: str) -> Value:
        """The dataset's value of a field; None where it is unknown or not of this edition."""
        return dict(self.dataset).get(name)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it, without what is unknown."""
        told = {k: _plain(v) for k, v in self.dataset if v is not None}
        told["distribution"] = [{k: _plain(v) for k, v in d if v is not None} for d in self.distributions]
        return told


def _plain(value: Value) -> Any:
    """Pairs become an object, other tuples a list."""
    if not isinstance(value, tuple):
        return value
    if value and all(isinstance(v, tuple) and len(v) == 2 and isinstance(v[0], str) for v in value):
        return {k: _plain(v) for k, v in value}
    return [_plain(v) for v in value]


def of_104(told: Told) -> Metadata:
    """The 38 fields of the edition of 2015."""
    facts = _facts(told)
    contact, above = facts.contact, told.office.superior_contact
    number = f"{told.office.org_code}-{told.serial:06d}" if told.office.org_code and told.serial else None
    values: dict[str, Value] = {
        "categoryCode": words()["categories"].get(told.record.category),
        "identifier": number,
        "title": told.record.title.zh,
        "description": told.record.description.zh,
        "fieldDescription": main_fields(told.record) or None,
        "type": words()["type"],
        "license": facts.licence[0],
        "licenseURL": facts.licence[1],
        "cost": words()["cost"],
        "organization": told.office.superior or None,
        **_person("organization", above),
        "publisher": told.record.agency_name.zh or None,
        **_person("publisher", contact),
        "accrualPeriodicity": frequency_words(told.record.frequency) if told.served.listing is None else None,
        "temporalCoverageFrom": facts.first,
        "temporalCoverageTo": facts.last,
        "issued": facts.issued,
        "modified": facts.modified,
        "spatial": words()["place"] if told.served.listing is None and told.served.place else None,
        "language": ("zh", "en") if told.record.title.en else ("zh",),
        "landingPage": told.served.page(told.record.code),
        "keyword": tuple(k.zh for k in told.record.keywords) or None,
        "numberOfData": facts.rows,
        "notes": told.record.notes.zh or None,
    }

    dictionary = f"{told.served.root}/api/datasets/{quote(told.record.code, safe='')}"

    def resource(at: int, way: Way) -> dict[str, Value]:
        return {
            "resourceID": f"{number}{at:03d}" if number else None,
            "resourceDescription": way.title.zh,
            "format": way.format.upper(),
            "characterSetCode": encoding(way, told.served),
            "resourceModified": facts.modified,
            "accessURL": way.access,
            "downloadURL": way.download or None,
            "metadataSourceOfData": dictionary if told.served.listing is None else None,
        }

    return _made("104", values, told, resource)


def of_2023(told: Told) -> Metadata:
    """The edition in use. What the platform makes by itself (type, quality mark, dates) is left to it."""
    facts = _facts(told)
    listing, office = told.served.listing, told.office
    values: dict[str, Value] = {
        "categoryService": words()["categories"].get(told.record.category),
        "categoryDataset": words()["dataset_category"],
        "datasetid": listing.source_id if listing else None,
        "title": told.record.title.zh,
        "description": told.record.description.zh,
        "license": words()["licences"].get(told.record.licence) if listing is None else None,
        "cost": "free",
        "publisherOID": f"{office.oid}|{told.record.agency_name.zh}" if office.oid else None,
        **_person("publisher", facts.contact),
        "updateFrequency": _frequency_pairs(told.record.frequency) if listing is None else None,
        "coverageStartedDate": facts.first,
        "coverageEndedDate": facts.last,
        "spatialCoverage": words()["place"] if listing is None and told.served.place else None,
        "language": ("zh", "en") if told.record.title.en else ("zh",),
        "relatedUrl": told.served.page(told.record.code),
        "notes": told.record.notes.zh or None,
    }
    columns = tuple((("name", f.name), ("description", f.title.zh)) for f in told.record.fields)

    def resource(at: int, way: Way) -> dict[str, Value]:
        return {
            "resourceDescription": way.title.zh,
            "resourceField": columns or None,
            "resourceFormat": way.format.upper(),
            "resourceCharacterEncoding": encoding(way, told.served),
            "resourceDownloadUrl": way.download or way.access,
        }

    return _made("2023", values, told, resource)


def export_row(told: Told, mark: str = "") -> dict[str, str]:
    """The dataset's line as the catalogue export has it; "" where a value is unknown. ``mark`` is the quality mark."""
    old, facts = of_104(told), _facts(told)
    found = tuple(ways(told.record, told.versions, told.served))
    listing = told.served.listing

    def text(name: str) -> str:
        value = old.get(name)
        return "" if value is None else str(value)

    return {
        "資料集識別碼": listing.source_id if listing else "",
        "資料集名稱": text("title"),
        "資料提供屬性": words()["attribute"],
        "服務分類": text("categoryCode"),
        "品質檢測": mark,
        "檔案格式": ";".join(way.format.upper() for way in found),
        "資料下載網址": ";".join(way.download or way.access for way in found),
        "編碼格式": ";".join(encoding(way, told.served) or "" for way in found),
        "資料集上架方式": text("type"),
        "資料集描述": text("description"),
        "主要欄位說明": text("fieldDescription"),
        "提供機關": text("publisher"),
        "更新頻率": text("accrualPeriodicity"),
        "授權方式": text("license"),
        "相關網址": text("landingPage"),
        "計費方式": text("cost"),
        "提供機關聯絡人姓名": text("publisherContactName"),
        "提供機關聯絡人電話": text("publisherContactPhone"),
        "上架日期": facts.issued or "",
        "詮釋資料更新時間": facts.modified or "",
        "備註": text("notes"),
        "資料量": text("numberOfData"),
    }


def main_fields(record: DatasetRecord) -> str:
    """主要欄位說明: the columns as they stand in the header, so that the field check of the mark can find them."""
    return "、".join(f.name for f in record.fields)


def encoding(way: Way, served: Served) -> str | None:
    """編碼格式 of a resource: ours are UTF-8; "" where the format holds none, None where the list does not say."""
    if way.format in _BINARY:
        return ""
    return None if served.listing else "UTF-8"


def frequency_words(promised: Frequency) -> str:
    """更新頻率 in words: 每日, 每10分鐘, 不定期."""
    if promised.unit == "irregular":
        return str(words()["irregular"])
    if promised.every == 1:
        return str(words()["every_one"][promised.unit])
    return f"每{promised.every}{words()['every_some'][promised.unit]}"


def _frequency_pairs(promised: Frequency) -> Value:
    if promised.unit == "irregular":
        return (("regularupdate", "0"),)
    unit = words()["units"][promised.unit]
    return (("regularupdate", "1"), ("Frequency", str(promised.every)), ("unittime", unit))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What both editions ask for."""

    contact: Contact | None
    licence: tuple[str | None, str | None]
    first: str | None
    last: str | None
    issued: str | None
    modified: str | None
    rows: int | None


def _facts(told: Told) -> _Facts:
    record, versions = told.record, told.versions
    ranked = sorted(record.contacts, key=lambda c: ("contact", "steward", "deputy").index(c.role))
    term = licences().get(record.licence) if told.served.listing is None else None
    period = coverage(record, versions, told.served)
    shown = next((v for v in versions if v.number == told.served.version), versions[0] if versions else None)
    issued = record.issued.isoformat() if record.issued else _day(versions[-1].created_at) if versions else None
    return _Facts(
        contact=ranked[0] if ranked else None,
        licence=(term.name.zh, term.get("url")) if term else (None, None),
        first=period[0].value[:10] if period else None,
        last=period[1].value[:10] if period else None,
        issued=issued,
        modified=_day(shown.created_at) if shown else None,
        rows=shown.rows if shown and record.view is None else None,  # a view shows some of its base's rows
    )


def _day(moment: str) -> str:
    """The day in Taiwan of a moment in UTC."""
    return datetime.fromisoformat(moment).astimezone(_TAIPEI).date().isoformat()


def _person(prefix: str, contact: Contact | None) -> dict[str, Value]:
    return {
        f"{prefix}ContactName": (contact.name.zh or None) if contact else None,
        f"{prefix}ContactPhone": (contact.phone or None) if contact else None,
        f"{prefix}ContactEmail": (contact.email or None) if contact else None,
    }


def _made(
    code: str, values: dict[str, Value], told: Told, resource: Callable[[int, Way], dict[str, Value]]
) -> Metadata:
    fields = edition(code).fields
    own = tuple((f.name, values.get(f.name)) for f in fields if f.level != "distribution")
    names = [f.name for f in fields if f.level == "distribution"]
    made = (resource(at, way) for at, way in enumerate(ways(told.record, told.versions, told.served), start=1))
    rest = tuple(tuple((n, one.get(n)) for n in names) for one in made)
    return Metadata(code, own, rest, partial=told.served.listing is not None)
