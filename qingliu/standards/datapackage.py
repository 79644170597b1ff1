"""A dataset as a Data Package (version 2): its rows as CSV with a table schema, and its stored files with their hashes.

Nothing is claimed of the rows that was not found true of them: who calls says which constraints hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from qingliu.core.dataset import Contact, DatasetRecord, FieldRecord, Reference, VersionRecord
from qingliu.standards.dcat.served import Served
from qingliu.standards.vocabularies import licences

SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
MOMENT = "%Y-%m-%d %H:%M:%S"  # as our CSV writes it, in the dataset's own zone
_NAME = re.compile(r"[^a-z0-9._-]+")
# the part of RE2 that XML Schema, which Table Schema asks for, and the readers' own engines say the same way
_PORTABLE = re.compile(r"(?:[^\\(]|\\[dwsDWS.\\|()\[\]{}*+?^$/-]|\((?!\?)|\(\?:)*")
_STARTS_PLAIN = re.compile(r"\^?(?:\\d|\[(?:[0-9A-Za-z]-[0-9A-Za-z]|[0-9A-Za-z])+\]|[0-9A-Za-z])[^|]*")
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_HARMLESS = re.compile(r"[+-]?[0-9.,]*|[-－][-－一-鿿]*")  # as lake/guard.py says it


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset whose rows stand in the package. ``holds`` names (column, constraint) that every row keeps.

    ``bytes`` and ``sha256`` are those of the CSV at ``path``; None and "" where they were not measured.
    """

    record: DatasetRecord
    path: str
    holds: frozenset[tuple[str, str]] = frozenset()
    unique: bool = False  # the key tells every row apart
    bytes: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that a package is made from; ``beside`` are the datasets that its foreign keys point to."""

    table: Table
    version: VersionRecord | None
    served: Served
    beside: tuple[Table, ...] = ()


def name_of(code: str) -> str:
    """The code as a name in a package: small ASCII letters, digits, ``._-``."""
    return _NAME.sub("_", code.lower())


def package(parcel: Parcel, lang: str) -> dict[str, Any]:
    """The descriptor, its texts in ``lang`` ("zh" or "en", the other where one is empty)."""
    table, served = parcel.table, parcel.served
    record = table.record
    resources = [_rows(table, parcel.beside, lang)]
    resources += [_rows(other, (), lang) for other in parcel.beside]
    if parcel.version is not None and served.kind == "table":
        resources += _files(parcel.version, served)
    made: dict[str, Any] = {
        "$schema": SCHEMA,
        "name": name_of(record.code),
        "id": served.iri(record.code),
        "title": record.title.get(lang),
        "description": record.description.get(lang),
        "homepage": served.page(record.code),
        "version": str(served.version) if served.version is not None else "",
        "created": parcel.version.created_at if parcel.version else served.updated_at,
        "keywords": [k.get(lang) for k in record.keywords],
        "licenses": [_licence(record, lang)],
        "contributors": list(_contributors(record, lang)),
        "sources": [_source(code, served, lang) for code in (record.view.of if record.view else ())],
        "resources": resources,
    }
    return {k: v for k, v in made.items() if v not in ("", [], None)}


def _licence(record: DatasetRecord, lang: str) -> dict[str, str]:
    term = licences().get(record.licence)
    if term is None:
        return {"name": record.licence}
    return {"name": record.licence, "path": term.get("url"), "title": term.name.get(lang)}


def _contributors(record: DatasetRecord, lang: str) -> Iterator[dict[str, Any]]:
    """The agency, then the desk that answers for the dataset."""
    agency = record.agency_name.get(lang)
    yield {"title": agency, "roles": ["publisher"]}
    ranked = sorted(record.contacts, key=lambda c: ("contact", "steward", "deputy").index(c.role))
    for contact in ranked[:1]:
        yield _contact(contact, agency, lang)


def _contact(contact: Contact, agency: str, lang: str) -> dict[str, Any]:
    told = {"title": contact.name.get(lang), "email": contact.email, "roles": ["contact"], "organization": agency}
    return {k: v for k, v in told.items() if v}


def _source(code: str, served: Served, lang: str) -> dict[str, str]:
    base = served.base if served.base and served.base.code == code else None
    return {"title": base.title.get(lang) if base else code, "path": served.page(code)}


def _rows(table: Table, others: tuple[Table, ...], lang: str) -> dict[str, Any]:
    """The rows as CSV."""
    record = table.record
    made: dict[str, Any] = {
        "name": name_of(record.code),
        "type": "table",
        "title": record.title.get(lang),
        "path": table.path,
        "scheme": table.path.partition(":")[0],
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema(table, others, lang),
    }
    if table.bytes is not None:
        made["bytes"] = table.bytes
    if table.sha256:
        made["hash"] = f"sha256:{table.sha256}"
    return made


def _files(version: VersionRecord, served: Served) -> Iterator[dict[str, Any]]:
    """The stored Parquet files of the version, byte for byte."""
    for number, file in enumerate(version.files, start=1):
        parts = (version.code, "files", str(version.number), file.path.rsplit("/", 1)[-1])
        yield {
            "name": f"{name_of(version.code)}-parquet-{number}",
            "type": "file",
            "path": f"{served.root}/api/datasets/" + "/".join(quote(p, safe="") for p in parts),
            "scheme": served.root.partition(":")[0],
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "bytes": file.bytes,
            "hash": f"sha256:{file.sha256}",
        }


def schema(table: Table, others: tuple[Table, ...], lang: str) -> dict[str, Any]:
    """The table schema of the CSV: types, constraints that hold, key and foreign keys."""
    record = table.record
    made: dict[str, Any] = {
        "fields": [field(f, table.holds, lang) for f in record.fields],
        "fieldsMatch": "exact",
        "missingValues": [""],
    }
    if table.unique and record.key:
        made["primaryKey"] = [header(k) for k in record.key]
    here = {name_of(o.record.code) for o in others} | {name_of(record.code)}
    keys = [_foreign(r, record) for r in record.references if name_of(r.dataset) in here]
    if keys:
        made["foreignKeys"] = keys
    return made


def _foreign(one: Reference, record: DatasetRecord) -> dict[str, Any]:
    """A foreign key; one into the same table names no resource."""
    target: dict[str, Any] = {"fields": [header(f) for f in one.target]}
    if one.dataset.upper() != record.code.upper():
        target = {"resource": name_of(one.dataset)} | target
    return {"fields": [header(f) for f in one.fields], "reference": target}


def field(one: FieldRecord, holds: frozenset[tuple[str, str]], lang: str) -> dict[str, Any]:
    """A column as the CSV writes it."""
    title, about = one.title.get(lang), one.description.get(lang)
    made: dict[str, Any] = {"name": header(one.name), "type": one.type}
    if one.type == "datetime":
        made["format"] = "any" if any("%f" in f for f in one.formats) else MOMENT
    made |= {k: v for k, v in (("title", title), ("description", about), ("unit", one.unit)) if v}
    if one.property.startswith(("http://", "https://")):
        made["rdfType"] = one.property
    found = {name: value for name, value in _constraints(one) if (one.name, name) in holds}
    return made | ({"constraints": found} if found else {})


def _constraints(one: FieldRecord) -> Iterator[tuple[str, Any]]:
    if one.required:
        yield "required", True
    if one.type in {"integer", "number"}:
        for name, bound in (("minimum", one.minimum), ("maximum", one.maximum)):
            if bound is not None:
                yield name, int(bound) if bound == int(bound) else bound
    if one.enum and one.type == "string":
        yield "enum", [guarded(v) for v in one.enum]
    if one.pattern and one.type == "string" and _PORTABLE.fullmatch(one.pattern):
        # a cell that a spreadsheet would run has an apostrophe before it in the CSV
        yield "pattern", one.pattern if _STARTS_PLAIN.fullmatch(one.pattern) else f"'?({one.pattern})"


def guarded(text: str) -> str:
    """A cell as our CSV writes it: an apostrophe before what a spreadsheet would run, numbers left alone."""
    return header(text) if not _HARMLESS.fullmatch(text) else text


def header(name: str) -> str:
    """A column's name as the header of our CSV writes it."""
    return "'" + name if _FORMULA.match(name) else name
