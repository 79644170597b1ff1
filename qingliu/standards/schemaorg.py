"""A dataset in the words of schema.org, for search engines: a Dataset inside its DataCatalog, as JSON-LD.

The context says by itself what the words mean, so nobody has to fetch one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.standards.dcat import words
from qingliu.standards.dcat.catalogue import Site
from qingliu.standards.dcat.dataset import coverage
from qingliu.standards.dcat.distributions import is_open, ways
from qingliu.standards.dcat.served import Served
from qingliu.standards.vocabularies import licences, vocabulary

VOCABULARY = "https://schema.org/"
_ADDRESSES = ("url", "license", "contentUrl", "sameAs", "isBasedOn")
CONTEXT: dict[str, Any] = {"@vocab": VOCABULARY} | {name: {"@type": "@id"} for name in _ADDRESSES}
# what a page may not hold inside <script>, and what JavaScript takes for the end of a line
_IN_A_PAGE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a dataset's description is made from."""

    record: DatasetRecord
    versions: tuple[VersionRecord, ...]
    served: Served
    site: Site


def dataset(told: Told, lang: str) -> dict[str, Any]:
    """The dataset in ``lang`` ("zh" or "en", the other where one is empty); what is unknown is left out."""
    record, served = told.record, told.served
    listing = served.listing
    open_ = listing is None and is_open(told.versions, served)
    first, last = coverage(record, told.versions, served) or (None, None)
    shown = next((v for v in told.versions if v.number == served.version), None)
    term = licences().get(record.licence) if listing is None else None
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "@id": served.iri(record.code),
        "url": served.page(record.code),
        "name": record.title.get(lang),
        "alternateName": _other(record.title, lang),
        "description": record.description.get(lang),
        "identifier": [record.code, *([listing.source_id] if listing and listing.source_id else [])],
        "sameAs": listing.page if listing and listing.source_id else "",
        "keywords": [k.get(lang) for k in record.keywords],
        "creator": organisation(record, lang),
        "license": term.get("url") if term else "",
        "isAccessibleForFree": True if open_ else None,
        "inLanguage": ["zh-Hant", "en"] if open_ else [],
        "datePublished": record.issued.isoformat() if record.issued else told.versions[-1].created_at if told.versions else "",
        "dateModified": shown.created_at if shown else served.updated_at if open_ else "",
        "version": str(served.version) if served.version is not None else "",
        "temporalCoverage": f"{first.value}/{last.value}" if first and last else "",
        "spatialCoverage": _place(served, lang) if listing is None else None,
        "variableMeasured": [_variable(f, lang) for f in record.fields] if open_ else [],
        "distribution": list(_downloads(told, lang)) if open_ else [],
        "isBasedOn": [served.page(code) for code in record.view.of] if record.view else [],
        "includedInDataCatalog": _reference(told.site, lang),
    }  # fmt: skip
    return _without_nothing(made)


def catalogue(site: Site, lang: str) -> dict[str, Any]:
    """The portal as a DataCatalog."""
    about = {"description": site.description.get(lang), "inLanguage": ["zh-Hant", "en"]}
    publisher = {"@type": "Organization", "name": site.publisher.get(lang)}
    return {"@context": CONTEXT} | _reference(site, lang) | about | {"publisher": publisher}


def for_a_page(document: dict[str, Any]) -> str:
    """The document as it may stand inside ``<script type="application/ld+json">``: no sign that a page could misread."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_IN_A_PAGE)


def organisation(record: DatasetRecord, lang: str) -> dict[str, Any]:
    """The publishing agency and the desk to ask."""
    made: dict[str, Any] = {"@type": "GovernmentOrganization", "name": record.agency_name.get(lang)}
    ranked = sorted(record.contacts, key=lambda c: ("contact", "steward", "deputy").index(c.role))
    for contact in ranked[:1]:
        point = {"name": contact.name.get(lang), "email": contact.email, "telephone": contact.phone}
        made["contactPoint"] = {"@type": "ContactPoint", "contactType": "customer service"} | _without_nothing(point)
    return made


def _reference(site: Site, lang: str) -> dict[str, Any]:
    return {"@type": "DataCatalog", "@id": site.iri, "name": site.title.get(lang), "url": f"{site.root}/"}


def _other(text: Text, lang: str) -> str:
    other = text.zh if lang == "en" else text.en
    return other if other != text.get(lang) else ""


def _place(served: Served, lang: str) -> dict[str, Any] | None:
    if not served.place:
        return None
    return {"@type": "Place", "name": vocabulary("eu_places")[served.place].name.get(lang)}


def _variable(field: Any, lang: str) -> dict[str, Any]:
    made = {
        "@type": "PropertyValue",
        "name": field.name,
        "alternateName": field.title.get(lang),
        "description": field.description.get(lang),
        "unitText": field.unit,
        "propertyID": field.property,
        "minValue": field.minimum,
        "maxValue": field.maximum,
    }
    return _without_nothing(made)


def _downloads(told: Told, lang: str) -> Iterator[dict[str, Any]]:
    for way in ways(told.record, told.versions, told.served):
        term = words.file_type(way.format)
        made = {
            "@type": "DataDownload",
            "@id": told.served.iri(told.record.code, way.name),
            "name": way.title.get(lang),
            "encodingFormat": (term.get("media") if term else "") or way.format,
            "contentUrl": way.download or way.access,
            "contentSize": f"{way.bytes} B" if way.bytes is not None else "",
            "sha256": way.sha256,
        }
        yield _without_nothing(made)


def _without_nothing(made: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in made.items() if v not in ("", [], None)}
