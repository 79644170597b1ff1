"""Records as CKAN's dictionaries: packages, resources, organisations (agencies), groups (categories), tags (keywords)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from qingliu.api.identifiers import made_id, slug, table_id
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text, VersionRecord
from qingliu.lake.published import Entry
from qingliu.standards.vocabularies import Term, categories, licences

TYPES = {
    "string": "text",
    "integer": "int",
    "number": "numeric",
    "boolean": "bool",
    "date": "date",
    "datetime": "timestamp",
}
MEDIA = {
    "CSV": "text/csv",
    "JSON": "application/json",
    "NDJSON": "application/x-ndjson",
    "PARQUET": "application/vnd.apache.parquet",
    "GeoJSON": "application/geo+json",
}
FORMATS = ("CSV", "JSON", "NDJSON", "PARQUET")
PLACED = "GeoJSON"  # also, of tables with points


@dataclass(frozen=True, slots=True)
class Named:
    """An entry under its name in this dialect, with the version that its rows come from."""

    entry: Entry
    name: str
    version: VersionRecord | None  # of the table itself, or of a view's (first) base


def moment(text: str) -> str:
    """An ISO moment as CKAN writes it: UTC, no offset, six digits behind the second."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return at.isoformat(timespec="microseconds")


def agency_name(entry: Entry) -> str:
    """The organisation's name of an entry."""
    return organization_name(entry.agency)


def organization_name(agency: str) -> str:
    """The organisation's name of an agency's code."""
    return slug(agency) or "unknown"


def tag_name(keyword: str) -> str:
    """The tag of a keyword, signs that CKAN forbids in a tag as spaces; "" where less than two signs are left."""
    name = "".join(c if c.isalnum() or c in "-_. " else " " for c in keyword).strip()[:100]
    return name if len(name) > 1 else ""


def tags(record: DatasetRecord) -> tuple[str, ...]:
    """Tag names: the keywords, in Chinese where they have it; signs that CKAN forbids in a tag become spaces."""
    return tuple(dict.fromkeys(n for k in record.keywords if (n := tag_name(k.zh or k.en))))


def formats(entry: Entry) -> tuple[str, ...]:
    """Formats of an entry's resources; one that is only listed has none here."""
    if entry.kind == "listed":
        return ()
    return (*FORMATS, *((PLACED,) if entry.record.place else ()))


def tag(name: str) -> dict[str, Any]:
    """A tag."""
    return {"id": made_id("tag", name), "name": name, "display_name": name, "state": "active", "vocabulary_id": None}


def organization(code: str, name: Text) -> dict[str, Any]:
    """An organisation as a package shows it."""
    return {
        "id": made_id("organization", code),
        "name": code,
        "title": name.zh or name.en or code,
        "type": "organization",
        "description": "",
        "image_url": "",
        "created": "1970-01-01T00:00:00.000000",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def group(code: str) -> dict[str, Any]:
    """A group as a package shows it."""
    name = category_name(code)
    return {
        "id": made_id("group", code),
        "name": code,
        "title": name.zh,
        "display_name": name.zh,
        "description": name.en,
        "image_display_url": "",
    }


def category_name(code: str) -> Text:
    """What a category is called; its code where the vocabulary does not know it."""
    term = categories().get(code)
    return term.name if term else Text(code, code)


def licence(term: Term) -> dict[str, Any]:
    """A licence of the list."""
    return {
        "id": term.code,
        "title": term.name.zh,
        "title_en": term.name.en,
        "url": term.get("url"),
        "status": "active",
        "maintainer": "",
        "family": "",
        "domain_content": True,
        "domain_data": True,
        "domain_software": False,
        "is_generic": False,
        "is_okd_compliant": True,
        "is_osi_compliant": False,
        "od_conformance": "approved",
        "osd_conformance": "not reviewed",
    }


def both(name: str, text: Text) -> dict[str, Any]:
    """A text in Chinese with its English beside it, also as extensions for several languages write it."""
    plain = text.zh or text.en
    return {name: plain, f"{name}_translated": {"zh_Hant_TW": text.zh, "en": text.en}}


def package(named: Named, base: str) -> dict[str, Any]:
    """A dataset as ``package_show`` tells it. ``base`` is the public address ("" = addresses without a host)."""
    entry, record = named.entry, named.entry.record
    licence_term = licences().get(record.licence)
    made = [group(slug(record.category))] if record.category else []
    for one in made:
        one |= {"title": category_name(record.category).zh, "display_name": category_name(record.category).zh}
    contact = next((c for c in record.contacts if c.role == "contact"), None) or next(iter(record.contacts), None)
    resources = _resources(named, base)
    keywords = [tag(t) for t in tags(record)]
    modified = moment(entry.updated_at)
    agency = agency_name(entry)
    return {
        "id": made_id("dataset", record.code.upper()),
        "name": named.name,
        **both("title", Text(record.title.zh or record.code, record.title.en)),
        **both("notes", record.description),
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": True,
        "url": f"{base}/dataset/detail/{quote(record.code, safe='')}",
        "author": record.agency_name.zh or record.agency,
        "author_email": None,
        "maintainer": contact.name.zh if contact else None,
        "maintainer_email": (contact.email or None) if contact else None,
        "license_id": record.licence,
        "license_title": licence_term.name.zh if licence_term else record.licence,
        "license_url": licence_term.get("url") if licence_term else None,
        "metadata_created": _created(named),
        "metadata_modified": modified,
        "version": str(named.version.number) if named.version else None,
        "creator_user_id": None,
        "owner_org": made_id("organization", agency),
        "organization": organization(agency, record.agency_name),
        "groups": made,
        "tags": keywords,
        "num_tags": len(keywords),
        "resources": resources,
        "num_resources": len(resources),
        "extras": extras(entry, named.version),
        "relationships_as_object": [],
        "relationships_as_subject": [],
    }


def _created(named: Named) -> str:
    issued = named.entry.record.issued
    return f"{issued.isoformat()}T00:00:00.000000" if issued else moment(named.entry.updated_at)


def extras(entry: Entry, version: VersionRecord | None) -> list[dict[str, str]]:
    """What CKAN has no place for, as texts; what is unknown is left out."""
    record = entry.record
    mark = entry.notes.get("quality", {}).get("mark")
    every = record.frequency
    told = {
        "code": record.code,
        "kind": entry.kind,
        "status": entry.status,
        "category": record.category,
        "agency": record.agency,
        "agency_name_en": record.agency_name.en,
        "unit": record.unit.zh,
        "unit_en": record.unit.en,
        "frequency": "irregular" if every.unit == "irregular" else f"{every.every} {every.unit}",
        "timezone": record.timezone if record.time_field else "",
        "time_field": record.time_field,
        "key": ",".join(record.key),
        "rows": str(version.rows) if version and entry.kind == "table" else "",
        "quality_mark": str(mark.get("id", "")) if isinstance(mark, dict) else "",
        "simulated": "true" if record.simulated else "",
        "view_of": ",".join(record.view.of) if record.view else "",
        "datagovtw_id": str(entry.extra.get("datagovtw_id") or ""),
    }
    return [{"key": key, "value": value} for key, value in told.items() if value]


def _resources(named: Named, base: str) -> list[dict[str, Any]]:
    return [resource(named, form, i, base) for i, form in enumerate(formats(named.entry))]


def resource_id(code: str, form: str) -> str:
    """The id of a resource: the CSV one is the table in the datastore."""
    return table_id(code) if form == "CSV" else made_id("resource", f"{code.upper()}:{form}")


def resource(named: Named, form: str, position: int, base: str) -> dict[str, Any]:
    """One format of a dataset's rows. Only the CSV resource is a table of the datastore; the rows are the same in all."""
    record = named.entry.record
    own = resource_id(record.code, form)
    rows = f"{base}/api/datasets/{quote(record.code, safe='')}/rows?f={form.lower()}"
    modified = moment(named.entry.updated_at)
    return {
        "id": own,
        "package_id": made_id("dataset", record.code.upper()),
        "name": f"{record.title.zh or record.code} ({form})",
        "description": record.title.en,
        "format": form,
        "mimetype": MEDIA[form],
        "mimetype_inner": None,
        "url": f"{base}/datastore/dump/{own}?format=csv"
        if form == "CSV"
        else f"{rows}&limit=1000000000"
        if form in {"JSON", "GeoJSON"}
        else rows,
        "url_type": "datastore" if form == "CSV" else None,
        "resource_type": None,
        "datastore_active": form == "CSV",
        "state": "active",
        "position": position,
        "size": None,
        "hash": "",
        "cache_url": None,
        "cache_last_updated": None,
        "created": _created(named),
        "last_modified": modified,
        "metadata_modified": modified,
    }


def field(record: FieldRecord) -> dict[str, Any]:
    """A column as the datastore tells it, with its line of the data dictionary."""
    info = {
        "label": record.title.zh,
        "label_en": record.title.en,
        "notes": record.description.zh,
        "notes_en": record.description.en,
        "unit": record.unit,
    }
    return {"id": record.name, "type": TYPES[record.type], "info": {k: v for k, v in info.items() if v}}


ID_FIELD: dict[str, Any] = {"id": "_id", "type": "int"}


def schema(record: FieldRecord, key: tuple[str, ...]) -> dict[str, Any]:
    """What ``datastore_info`` adds to a column."""
    return {
        "native_type": TYPES[record.type],
        "notnull": record.required,
        "is_index": record.name in key,
        "index_name": "key" if record.name in key else None,
        "uniquekey": key == (record.name,),
    }


def version_of(entry: Entry, find: Callable[[str], Entry]) -> VersionRecord | None:
    """The version behind an entry's rows."""
    depth = 8
    while entry.record.view is not None and depth:
        entry, depth = find(entry.record.view.of[0]), depth - 1
    return entry.current
