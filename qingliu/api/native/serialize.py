"""Shapes of the native API's answers: pure functions from records to plain values, and the frame around streamed rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from qingliu.api.http import link, plain_json
from qingliu.api.languages import Words
from qingliu.core.dataset import DatasetRecord, FieldRecord, FileRecord, Text, VersionRecord
from qingliu.lake.published import Entry
from qingliu.lake.query import Format

MEDIA: dict[Format, str] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "ndjson": "application/x-ndjson; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
    "csv.gz": "application/gzip",
    "parquet": "application/vnd.apache.parquet",
    "geoparquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
SAVED = ("csv", "csv.gz", "parquet", "geoparquet", "arrow", "xlsx", "ods")  # people keep these as files
PACKED = ("csv.gz", "parquet", "geoparquet", "arrow", "xlsx", "ods")  # nothing is gained by packing these again
_SUFFIX = {"geoparquet": "geo.parquet", "arrow": "arrows"}


def address(base: str, code: str, *rest: str) -> str:
    """``/api/datasets/{code}/…`` under the configured base address ("" = relative to the host)."""
    return base + "/api/datasets/" + "/".join(quote(part, safe="") for part in (code, *rest))


def both(name: str, text: Text, lang: str) -> dict[str, Any]:
    """A text in the asked language under ``name`` and in both under ``name_zh``, ``name_en``."""
    return {name: text.get(lang), f"{name}_zh": text.zh, f"{name}_en": text.en}


def frame(form: Format, plan_code: str, number: int, told: Mapping[str, Any] | None = None) -> bytes:
    """What stands before the rows, with what more is ``told``; empty for formats without an envelope."""
    if form == "json":
        plain = {"dataset": plan_code, "version": number, **(told or {})}
        head = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        return (head[:-1] + ',"rows":[').encode()
    if form == "geojson":
        return b'{"type":"FeatureCollection","features":['
    return b""


def frame_end(form: Format, returned: int, matched: int | None, links: list[dict[str, str]]) -> bytes:
    """What stands behind the rows: how many, of how many, and where it goes on."""
    if form not in {"json", "geojson"}:
        return b""
    tail: dict[str, Any] = {"numberReturned": returned}
    if matched is not None:
        tail["numberMatched"] = matched
    tail["links"] = links
    return b"]," + plain_json(tail)[1:]


def field(record: FieldRecord, lang: str, words: Mapping[str, str]) -> dict[str, Any]:
    """A column as the data dictionary tells it; what it does not declare is left out. ``words`` are its codes in English."""
    plain: dict[str, Any] = {"name": record.name, "type": record.type, **both("title", record.title, lang)}
    if record.description.zh or record.description.en:
        plain |= both("description", record.description, lang)
    told = {
        "unit": record.unit,
        "enum": list(record.enum),
        "minimum": record.minimum,
        "maximum": record.maximum,
        "pattern": record.pattern,
        "property": record.property,
        "flag_field": record.flag_field,
        "required": record.required,
    }
    plain |= {k: v for k, v in told.items() if v not in ("", [], None, False)}
    if record.sentinels:
        plain["sentinels"] = [
            {"text": s.text, "value": s.value, "flag": s.flag} | ({"question": True} if s.question else {})
            for s in record.sentinels
        ]
    if record.suffix_flags:
        plain["suffix_flags"] = [{"suffix": suffix, "flag": flag} for suffix, flag in record.suffix_flags]
    if words:
        plain["codes"] = [{"value": zh, **both("label", Text(zh, en), lang)} for zh, en in words.items()]
    return plain


def summary(entry: Entry, lang: str, base: str, version: int | None) -> dict[str, Any]:
    """A dataset as a line of the list."""
    record, current = entry.record, entry.current
    return {
        "code": record.code,
        **both("title", record.title, lang),
        "kind": entry.kind,
        "status": entry.status,
        "agency": record.agency,
        **both("agency_name", record.agency_name, lang),
        "category": record.category,
        "simulated": record.simulated,
        "updated_at": entry.updated_at,
        "version": version,
        "rows": current.rows if current else None,
        "links": [link(address(base, record.code), "item", "application/json")],
    }


def dataset(entry: Entry, lang: str, base: str, version: int | None, words: Words) -> dict[str, Any]:
    """A dataset in full: who, what, how often, columns, and links to everything under it."""
    record = entry.record
    place = {"lon": record.place.lon, "lat": record.place.lat} if record.place else None
    plain = summary(entry, lang, base, version) | both("description", record.description, lang)
    plain |= both("unit", record.unit, lang) | both("notes", record.notes, lang)
    plain |= {
        "licence": record.licence,
        "keywords": [both("keyword", k, lang) for k in record.keywords],
        "mode": record.mode,
        "key": list(record.key),
        "time_field": record.time_field or None,
        "timezone": record.timezone,
        "place": place,
        "frequency": {"every": record.frequency.every, "unit": record.frequency.unit},
        "issued": record.issued.isoformat() if record.issued else None,
        "view_of": list(record.view.of) if record.view else None,
        "contacts": [
            {"role": c.role, **both("name", c.name, lang), "email": c.email or None, "phone": c.phone or None}
            for c in record.contacts
        ],
        "fields": [field(f, lang, words.get(f.name, {})) for f in record.fields],
        "links": dataset_links(record, entry.kind, base),
    }
    said = {t: n for t, n in entry.notes.items() if t != "requests"}  # what the public asks is no judgement
    if said:  # what the judges say in public; words for cells stand with the columns they are of
        plain["judgement"] = {t: {k: v for k, v in n.items() if k != "contents"} for t, n in said.items()}
    return plain


def dataset_links(record: DatasetRecord, kind: str, base: str) -> list[dict[str, str]]:
    """Where a dataset's rows, versions and other faces are."""
    code = record.code
    links = [link(address(base, code), "self", "application/json")]
    if kind != "listed":
        rows = address(base, code, "rows")
        links += [link(rows, "items", "application/json")]
        forms: list[Format] = ["csv", "csv.gz", "ndjson", "parquet", "arrow", "xlsx", "ods"]
        forms += ["geojson", "geoparquet"] if record.place else []
        links += [link(f"{rows}?f={form}", "items", MEDIA[form].split(";")[0]) for form in forms]
        links.append(link(address(base, code, "versions"), "version-history", "application/json"))
        links.append(link(address(base, code, "decisions"), "related", "application/json"))
        if record.time_field and record.key:
            links.append(link(address(base, code, "latest"), "latest", "application/json"))
        links.append(link(f"{base}/api/v2/{quote(code.lower(), safe='')}", "alternate", "application/json"))
    links.append(link(f"{base}/dataset/detail/{quote(code, safe='')}", "describedby", "text/html"))
    links.append(link(base + "/api/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1"))
    return links


def decided_in(entry: Entry, find: Callable[[str], Entry]) -> Entry:
    """The dataset whose rows an entry shows, about which decisions are: its own, or those of a view's (first) base."""
    while entry.record.view is not None:
        entry = find(entry.record.view.of[0])
    return entry


def file_names(version: VersionRecord) -> dict[str, FileRecord]:
    """The files of a version by the name under which they are handed out; no name leads outside this list."""
    named: dict[str, FileRecord] = {}
    for i, file in enumerate(version.files):
        name = file.path.rsplit("/", 1)[-1]
        named[name if name not in named else f"{i:05d}-{name}"] = file
    return named


def version(record: VersionRecord, base: str) -> dict[str, Any]:
    """A version as a line of the list."""
    return {
        "number": record.number,
        "created_at": record.created_at,
        "message": record.message,
        "rows": record.rows,
        "inserted": record.inserted,
        "updated": record.updated,
        "deleted": record.deleted,
        "kept": record.kept,
        "nearest_kept": record.nearest_kept,
        "cited": record.cited,
        "content_hash": record.content_hash,
        "links": [link(address(base, record.code, "versions", str(record.number)), "item", "application/json")],
    }


def manifest(record: VersionRecord, base: str) -> dict[str, Any]:
    """A version's manifest: columns, files with their SHA-256, and where each can be fetched while it is kept."""
    plain = version(record, base)
    rows = f"{address(base, record.code, 'rows')}?as_of={record.number}"
    plain["columns"] = [{"name": c.name, "in_file": c.physical, "type": c.type} for c in record.columns]
    plain["sorted_by"] = list(record.sorted_by)
    plain["files"] = [
        {"name": name, "rows": f.rows, "bytes": f.bytes, "sha256": f.sha256}
        | ({"href": address(base, record.code, "files", str(record.number), name)} if record.kept else {})
        for name, f in file_names(record).items()
    ]
    plain["links"] = [link(address(base, record.code, "versions", str(record.number)), "self", "application/json")]
    if record.kept:
        plain["links"].append(link(rows, "items", "application/json"))
    return plain


def file_title(code: str, number: int, form: Format) -> str:
    """Content-Disposition for answers that people save; ASCII only."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in code)
    return f'attachment; filename="{safe}-v{number}.{suffix(form)}"'


def suffix(form: Format) -> str:
    """How the name of a saved file ends, without its first dot."""
    return _SUFFIX.get(form, form)
