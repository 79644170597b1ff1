"""What OGC API – Features says about itself and its collections: pure functions from records to plain values."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from qingliu.api import crs as systems
from qingliu.api.cql2_terms import GEOMETRY
from qingliu.api.http import link
from qingliu.api.languages import Words
from qingliu.api.ogc.extents import Extent
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.standards.vocabularies import licences

ROOT = "/api/ogc"
JSON, GEOJSON, HTML, SCHEMA = "application/json", "application/geo+json", "text/html", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema"
FULL = {"zh": "zh-Hant", "en": "en"}
TITLE = Text("清流 OGC API 圖徵", "Qingliu OGC API Features")
LEAD = Text(
    "每個有座標的資料集都是一個圖徵集合，可依範圍、時間、欄位與 CQL2 條件讀取，坐標系統可選 TWD97 二度分帶。",
    "Every dataset with coordinates is a collection of features: ask by box, time, field or CQL2, in TWD97 TM2 if you wish.",
)
_FEATURES = "http://www.opengis.net/spec/ogcapi-features"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
CONFORMANCE = (
    *(f"{_FEATURES}-1/1.0/conf/{name}" for name in ("core", "geojson", "html", "oas30")),
    f"{_FEATURES}-2/1.0/conf/crs",
    *(f"{_FEATURES}-3/1.0/conf/{n}" for n in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(
        f"{_CQL2}/{name}"
        for name in (
            "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
            "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        )
    ),
)  # fmt: skip
TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"}, "integer": {"type": "integer"}, "number": {"type": "number"},
    "boolean": {"type": "boolean"}, "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}  # fmt: skip


def address(base: str, code: str = "", *rest: str) -> str:
    """``/api/ogc/collections/{code}/…`` under the configured base address ("" = relative to the host)."""
    parts = ("collections", code, *rest) if code else ("collections",)
    return f"{base}{ROOT}/" + "/".join(quote(part, safe="~") for part in parts)


def titled(href: str, rel: str, media: str, title: Text, lang: str) -> dict[str, str]:
    """A link with its title in a language."""
    return link(href, rel, media) | {"title": title.get(lang), "hreflang": FULL[lang]}


def both_forms(path: str, form: str) -> list[dict[str, str]]:
    """Links of a page to itself and to its other form."""
    json_form = link(path + "?f=json", "self" if form == "json" else "alternate", JSON)
    html_form = link(path + "?f=html", "self" if form == "html" else "alternate", HTML)
    return [json_form, html_form]


def landing(base: str, form: str, lang: str) -> dict[str, Any]:
    """/api/ogc"""
    root = base + ROOT
    return {
        "title": TITLE.get(lang),
        "description": LEAD.get(lang),
        "links": [
            *both_forms(root, form),
            titled(f"{root}/api", "service-desc", OPENAPI, Text("介面定義", "Definition of the API"), lang),
            titled(f"{base}/api/docs", "service-doc", HTML, Text("說明", "Documentation"), lang),
            titled(f"{root}/conformance", "conformance", JSON, Text("符合的規格", "Conformance classes"), lang),
            titled(f"{root}/collections", "data", JSON, Text("圖徵集合", "Collections"), lang),
            titled(f"{root}/collections?f=html", "data", HTML, Text("圖徵集合", "Collections"), lang),
        ],
    }


def conformance(base: str, form: str) -> dict[str, Any]:
    """/api/ogc/conformance"""
    return {"conformsTo": list(CONFORMANCE), "links": both_forms(f"{base}{ROOT}/conformance", form)}


def collections(base: str, form: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """/api/ogc/collections"""
    return {
        "links": both_forms(address(base), form),
        "crs": [c.uri for c in systems.ALL],
        "numberMatched": len(listed),
        "numberReturned": len(listed),
        "collections": listed,
    }


def collection(record: DatasetRecord, extent: Extent, base: str, form: str, lang: str) -> dict[str, Any]:
    """A dataset as a collection; of its extent only what is known."""
    plain: dict[str, Any] = {
        "id": record.code,
        "title": record.title.get(lang),
        "description": record.description.get(lang),
        "attribution": record.agency_name.get(lang),
        "keywords": [k.get(lang) for k in record.keywords],
        "itemType": "feature",
        "crs": [c.uri for c in systems.ALL],
        "storageCrs": systems.CRS84.uri,
        "extent": _extent(extent),
        "links": _links(record, base, form, lang),
    }
    return {k: v for k, v in plain.items() if v not in ("", [], {})}


def _extent(extent: Extent) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if extent.box is not None:
        found["spatial"] = {"bbox": [list(extent.box)], "crs": systems.CRS84.uri}
    if extent.first is not None:
        gregorian = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
        found["temporal"] = {"interval": [[extent.first, extent.last]], "trs": gregorian}
    return found


def _links(record: DatasetRecord, base: str, form: str, lang: str) -> list[dict[str, str]]:
    own, code = address(base, record.code), record.code
    links = [
        *both_forms(own, form),
        titled(f"{own}/items?f=json", "items", GEOJSON, Text("圖徵", "Features"), lang),
        titled(f"{own}/items?f=html", "items", HTML, Text("圖徵", "Features"), lang),
        titled(f"{own}/queryables", QUERYABLES, SCHEMA, Text("可查詢的欄位", "What may be asked by"), lang),
        titled(f"{own}/schema", SCHEMA_REL, SCHEMA, Text("欄位", "Fields"), lang),
        titled(f"{base}/dataset/detail/{quote(code, safe='')}", "describedby", HTML, Text("資料集頁", "Dataset"), lang),
        titled(
            f"{base}/api/datasets/{quote(code, safe='')}", "describedby", JSON, Text("資料字典", "Dictionary"), lang
        ),
    ]
    term = licences().get(record.licence)
    if term is not None and term.get("url"):
        links.append(titled(term.get("url"), "license", HTML, term.name, lang))
    return links


def queryables(record: DatasetRecord, words: Words, base: str, lang: str) -> dict[str, Any]:
    """/queryables: what filters may name, as JSON Schema."""
    return _schema(record, words, address(base, record.code, "queryables"), lang) | {"additionalProperties": False}


def schema(record: DatasetRecord, words: Words, base: str, lang: str) -> dict[str, Any]:
    """/schema: what a feature holds, as JSON Schema."""
    return _schema(record, words, address(base, record.code, "schema"), lang)


def _schema(record: DatasetRecord, words: Words, own: str, lang: str) -> dict[str, Any]:
    properties = {f.name: _property(f, record, words.get(f.name, {}), lang) for f in record.fields}
    place = {"x-ogc-role": "primary-geometry", "format": "geometry-point"} | _both(Text("位置", "Place"), lang)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": own,
        "type": "object",
        **_both(record.title, lang),
        "properties": properties | {GEOMETRY: place},
    }


def _both(title: Text, lang: str) -> dict[str, Any]:
    return {"title": title.get(lang), "x-title": {"zh-Hant": title.zh, "en": title.en}}


def _property(field: FieldRecord, record: DatasetRecord, words: dict[str, str], lang: str) -> dict[str, Any]:
    plain: dict[str, Any] = {**_both(field.title, lang), **TYPES[field.type]}
    if field.description.get(lang):
        plain["description"] = field.description.get(lang)
        plain["x-description"] = {"zh-Hant": field.description.zh, "en": field.description.en}
    if field.unit:
        plain["x-ogc-unit"] = field.unit
    if field.enum:
        cast = {"integer": int, "number": float}.get(field.type, str)
        plain["enum"] = [cast(v) for v in field.enum]
    for name in ("minimum", "maximum"):
        if getattr(field, name) is not None:
            plain[name] = getattr(field, name)
    if words:
        plain["x-codes"] = words
    if field.property:
        plain["x-ogc-definition"] = field.property
    if record.key == (field.name,):
        plain["x-ogc-role"] = "id"
    elif field.name == record.time_field:
        plain["x-ogc-role"] = "primary-instant"
    return plain
