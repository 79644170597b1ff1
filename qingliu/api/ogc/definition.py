"""The API's definition as OpenAPI 3.0, the edition that OGC API – Features has a conformance class for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from qingliu.api import crs as systems
from qingliu.api.ogc.describe import GEOJSON, HTML, JSON, LEAD, ROOT, SCHEMA, TITLE, TYPES
from qingliu.api.ogc.params import DEFAULT_LIMIT, MAX_LIMIT
from qingliu.core.dataset import DatasetRecord

_URIS = [c.uri for c in systems.ALL]


def _query(name: str, about: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "required": False, "schema": schema} | more


def _path(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "description": about, "required": True, "schema": {"type": "string"}}


_TEXT: dict[str, Any] = {"type": "string"}
_LIST = {"style": "form", "explode": False}
_BOX = {
    "type": "array",
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    "items": {"type": "number"},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "f": _query("f", "json, or html for a page", {"type": "string", "enum": ["json", "html"]}),
    "lang": _query("lang", "Language of titles", {"type": "string", "enum": ["zh", "zh-Hant", "en"]}),
    "limit": _query(
        "limit",
        f"How many features at most; more than {MAX_LIMIT} gives {MAX_LIMIT} and a Warning",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        style="form",
        explode=False,
    ),
    "offset": _query("offset", "How many features to pass over", {"type": "integer", "minimum": 0}),
    "cursor": _query("cursor", "Where a next link goes on", _TEXT),
    "bbox": _query("bbox", "A box in the axis order of bbox-crs", _BOX, **_LIST),
    "bbox-crs": _query("bbox-crs", "The CRS of bbox", {"type": "string", "format": "uri", "enum": _URIS}),
    "crs": _query("crs", "The CRS of the answer", {"type": "string", "format": "uri", "enum": _URIS}),
    "datetime": _query("datetime", "A moment or an interval, .. open", _TEXT, **_LIST),
    "properties": _query("properties", "Fields to answer", {"type": "array", "items": _TEXT}, **_LIST),
    "sortby": _query("sortby", "Fields to sort by; - before a name for descending", {"type": "array", "items": _TEXT}, **_LIST),
    "filter": _query("filter", "A condition in CQL2", _TEXT),
    "filter-lang": _query("filter-lang", "The filter's language", {"type": "string", "enum": ["cql2-text", "cql2-json"]}),
    "filter-crs": _query("filter-crs", "The CRS of places in the filter", {"type": "string", "format": "uri", "enum": _URIS}),
    "as_of": _query("as_of", "The number of an earlier version", {"type": "integer", "minimum": 1}),
    "collectionId": _path("collectionId", "Code of a dataset with a place"),
    "featureId": _path("featureId", "The id of a feature"),
}  # fmt: skip
_ABOUT = ("f", "lang")
_ITEMS = tuple(n for n in PARAMETERS if n not in {"f", "lang", "collectionId", "featureId"})


def document(base: str, records: Sequence[DatasetRecord] = ()) -> dict[str, Any]:
    """The definition, for a portal at ``base``; items of each collection in ``records`` stand under their own path too.

    GDAL learns page size and filterable fields from the path of the collection itself, not from the one with a placeholder.
    """
    one, item = "/collections/{collectionId}", "/collections/{collectionId}/items/{featureId}"
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE.en, "description": f"{LEAD.zh}\n\n{LEAD.en}", "version": "1.0"},
        "servers": [{"url": base + ROOT}],
        "paths": {
            "/": _get("landingPage", "The landing page", JSON),
            "/conformance": _get("conformance", "What it conforms to", JSON),
            "/collections": _get("collections", "All collections", JSON),
            one: _get("collection", "One collection", JSON, "collectionId"),
            f"{one}/queryables": _get("queryables", "What filters may name", SCHEMA, "collectionId"),
            f"{one}/schema": _get("schema", "What a feature holds", SCHEMA, "collectionId"),
            f"{one}/items": _get(
                "items", "Features; a field's name is a parameter too", GEOJSON, "collectionId", *_ITEMS
            ),
            item: _get("feature", "One feature", GEOJSON, "collectionId", "featureId", "crs"),
        }
        | {f"/collections/{quote(r.code, safe='~')}/items": _items_of(r) for r in records},
        "components": {
            "parameters": PARAMETERS,
            "responses": {
                code: {"description": about, "content": {"application/problem+json": {"schema": {"type": "object"}}}}
                for code, about in (
                    ("400", "The request cannot be understood"),
                    ("404", "Not found"),
                    ("410", "No longer kept"),
                    ("422", "The question costs too much"),
                    ("429", "Too many requests"),
                    ("500", "Something failed on our side"),
                    ("503", "Busy now"),
                )
            },
        },
    }


def _items_of(record: DatasetRecord) -> dict[str, Any]:
    """Items of one collection, every parameter written out, its fields among them."""
    told = _get(f"items-{record.code}", f"Features of {record.code}: {record.title.get('en')}", GEOJSON, *_ITEMS)
    fields = [
        _query(f.name, f.title.get("en") or f.name, TYPES[f.type]) for f in record.fields if f.name not in PARAMETERS
    ]
    told["get"]["parameters"] = [PARAMETERS[n] for n in (*_ITEMS, *_ABOUT)] + fields
    return told


def _get(name: str, about: str, media: str, *parameters: str) -> dict[str, Any]:
    content = {media: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}
    statuses = ("400", "404", "410", "422", "429", "500", "503") if parameters else ("400", "429", "500")
    return {
        "get": {
            "operationId": name,
            "summary": about,
            "parameters": [{"$ref": f"#/components/parameters/{p}"} for p in (*parameters, *_ABOUT)],
            "responses": {"200": {"description": about, "content": content}}
            | {s: {"$ref": f"#/components/responses/{s}"} for s in statuses},
        }
    }
