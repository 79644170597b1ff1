"""The API's definition as OpenAPI 3.0, the edition that OGC API – Features has a conformance class for; and as a part of
the description of the whole data API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from qingliu.api import crs as systems
from qingliu.api.describing import (
    HEADERS,
    TOO_LONG,
    UNCHANGED,
    Part,
    answers,
    good,
    of_status,
    part_of_path,
    said,
    summary,
)
from qingliu.api.describing import query as _query
from qingliu.api.ogc.describe import GEOJSON, HTML, JSON, LEAD, OPENAPI, ROOT, SCHEMA, TITLE, TYPES
from qingliu.api.ogc.params import DEFAULT_LIMIT, MAX_LIMIT
from qingliu.core.dataset import DatasetRecord, Text

_URIS = [c.uri for c in systems.ALL]
_TEXT: dict[str, Any] = {"type": "string"}
_LIST = {"style": "form", "explode": False}
_CRS = {"type": "string", "format": "uri", "enum": _URIS}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_BOX = {
    "type": "array",
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    "items": {"type": "number"},
}
_LIMIT = Text(
    f"最多幾個圖徵；超過 {MAX_LIMIT} 只給 {MAX_LIMIT} 個並附 Warning。",
    f"How many features at most; more than {MAX_LIMIT} gives {MAX_LIMIT} and a Warning.",
)
_SORT = Text("排序欄位，- 為遞減。", "Fields to sort by; - before a name for descending.")
PARAMETERS: dict[str, dict[str, Any]] = {
    "f": _query(
        "f",
        {"type": "string", "enum": ["json", "html"]},
        Text("json，或網頁 html。", "json, or html for a page."),
        "json",
    ),
    "lang": _query(
        "lang", {"type": "string", "enum": ["zh", "zh-Hant", "en"]}, Text("標題的語言。", "Language of titles."), "en"
    ),
    "limit": _query(
        "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, _LIMIT, 10, **_LIST
    ),
    "offset": _query("offset", _COUNT, Text("略過幾個圖徵。", "How many features to pass over."), 0),
    "cursor": _query("cursor", _TEXT, Text("next 連結所帶的位置。", "Where a next link goes on.")),
    "bbox": _query(
        "bbox",
        _BOX,
        Text("範圍，依 bbox-crs 的軸序。", "A box in the axis order of bbox-crs."),
        [121.4, 24.9, 121.7, 25.2],
        **_LIST,
    ),
    "bbox-crs": _query("bbox-crs", _CRS, Text("bbox 的坐標系統。", "The CRS of bbox."), _URIS[0]),
    "crs": _query("crs", _CRS, Text("回答的坐標系統。", "The CRS of the answer."), _URIS[0]),
    "datetime": _query(
        "datetime",
        _TEXT,
        Text("時刻或區間，.. 為不限。", "A moment or an interval, .. open."),
        "2024-05-20T00:00:00+08:00/..",
        **_LIST,
    ),
    "properties": _query(
        "properties", {"type": "array", "items": _TEXT}, Text("要回答的欄位。", "Fields to answer."), **_LIST
    ),
    "sortby": _query("sortby", {"type": "array", "items": _TEXT}, _SORT, **_LIST),
    "filter": _query(
        "filter", _TEXT, Text("CQL2 條件。", "A condition in CQL2."), "S_INTERSECTS(geom,BBOX(121.4,24.9,121.7,25.2))"
    ),
    "filter-lang": _query(
        "filter-lang",
        {"type": "string", "enum": ["cql2-text", "cql2-json"]},
        Text("條件的語言。", "The filter's language."),
        "cql2-text",
    ),
    "filter-crs": _query(
        "filter-crs", _CRS, Text("條件中座標的坐標系統。", "The CRS of places in the filter."), _URIS[0]
    ),
    "as_of": _query(
        "as_of",
        {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        Text("較早版本的編號。", "The number of an earlier version."),
        1,
    ),
    "collectionId": part_of_path(
        "collectionId", _TEXT, Text("有座標的資料集代碼。", "Code of a dataset with a place."), "AQX_P_488"
    ),
    "featureId": part_of_path("featureId", _TEXT, Text("圖徵的識別碼。", "The id of a feature."), "1"),
}
_ABOUT = ("f", "lang")
_ITEMS = tuple(n for n in PARAMETERS if n not in {"f", "lang", "collectionId", "featureId"})
_ERRORS = {
    400: Text("請求無法解讀", "The request cannot be understood"),
    401: Text("金鑰不存在、過期或撤銷", "The key is unknown, expired or revoked"),
    404: Text("找不到", "Not found"),
    409: Text("多列共用同一識別碼", "Several rows carry one id"),
    410: Text("版本的資料已不保留", "No longer kept"),
    422: Text("成本過高", "The question costs too much"),
    429: Text("用量已達上限", "Too many requests"),
    500: Text("伺服器內部錯誤", "Something failed on our side"),
    503: Text("目前忙碌", "Busy now"),
}
_COLLECTION = {"type": "object", "required": ["type", "features", "numberReturned", "links"]}
_SHAPES: dict[str, dict[str, Any]] = {
    "landingPage": {"type": "object", "required": ["title", "links"]},
    "conformance": {"type": "object", "required": ["conformsTo"]},
    "collections": {"type": "object", "required": ["links", "collections"]},
    "collection": {"type": "object", "required": ["id", "links", "itemType", "crs", "storageCrs"]},
    "feature": {"type": "object", "required": ["type", "id", "geometry", "properties", "links"]},
}


def document(base: str, records: Sequence[DatasetRecord] = ()) -> dict[str, Any]:
    """The definition, for a portal at ``base``; items of each collection in ``records`` stand under their own path too.

    GDAL learns page size and filterable fields from the path of the collection itself, not from the one with a placeholder.
    """
    problem = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "detail_zh", "detail_en"],
        "properties": {"status": {"type": "integer"}, "detail": _TEXT},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE.en, "description": said(LEAD), "version": "1.0"},
        "servers": [{"url": base + ROOT}],
        "paths": _paths() | {f"/collections/{quote(r.code, safe='~')}/items": _items_of(r) for r in records},
        "components": {
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": {
                str(status): {
                    "description": said(about),
                    "headers": of_status(status),
                    "content": {"application/problem+json": {"schema": problem}},
                }
                for status, about in _ERRORS.items()
            }
            | {"304": UNCHANGED, "414": TOO_LONG},
        },
    }


def _paths() -> dict[str, Any]:
    """The paths, below ``ROOT``."""
    one, item = "/collections/{collectionId}", "/collections/{collectionId}/items/{featureId}"
    features = Text("圖徵；欄位名稱也是參數", "Features; a field's name is a parameter too")
    own = _get("definition", Text("本定義（OpenAPI 3.0）", "This definition (OpenAPI 3.0)"), OPENAPI)
    own["get"]["parameters"] = [PARAMETERS["f"] | {"schema": {"type": "string", "enum": ["json"]}}, _reference("lang")]
    own["get"]["responses"]["200"]["content"].pop(HTML)
    items = _get("items", features, GEOJSON, "collectionId", *_ITEMS)
    items["get"]["responses"]["200"]["links"] = _leads("feature", "$request.path.collectionId")
    return {
        "/": _get("landingPage", Text("入口", "The landing page"), JSON),
        "/api": own,
        "/conformance": _get("conformance", Text("符合的規範", "What it conforms to"), JSON),
        "/collections": _get("collections", Text("所有集合", "All collections"), JSON),
        one: _get("collection", Text("一個集合", "One collection"), JSON, "collectionId"),
        f"{one}/queryables": _get("queryables", Text("可用的條件", "What filters may name"), SCHEMA, "collectionId"),
        f"{one}/schema": _get("schema", Text("圖徵的欄位", "What a feature holds"), SCHEMA, "collectionId"),
        f"{one}/items": items,
        item: _get("feature", Text("一個圖徵", "One feature"), GEOJSON, "collectionId", "featureId", "crs"),
    }


def _leads(operation: str, collection: str) -> dict[str, Any]:
    """The first feature of an answer, as an OpenAPI link."""
    given = {"collectionId": collection, "featureId": "$response.body#/features/0/id"}
    return {"feature": {"operationId": operation, "parameters": given}}


def part() -> Part:
    """The dialect's part of the joint description, with its parameters written out."""
    found = {(ROOT + path).rstrip("/"): _alone(item) for path, item in _paths().items()}
    items = found[f"{ROOT}/collections/{{collectionId}}/items"]
    items["get"]["responses"]["200"]["links"] = _leads("ogc_feature", "$request.path.collectionId")
    return Part(found)


def part_of(record: DatasetRecord) -> Part:
    """The addresses of one collection, for that dataset's own description."""
    start = "/collections/{collectionId}"
    own = f"{ROOT}/collections/{quote(record.code, safe='~')}"
    found = {own + path.removeprefix(start): _alone(i) for path, i in _paths().items() if path.startswith(start)}
    for item in found.values():
        item["get"]["responses"]["200"].pop(
            "links", None
        )  # they name the collection, which stands in each address here
        item["get"]["parameters"] = [p for p in item["get"]["parameters"] if p["name"] != "collectionId"]
    items = _alone(_items_of(record), "items")
    items["get"]["responses"]["200"]["links"] = {
        "feature": {"operationId": "ogc_feature", "parameters": {"featureId": "$response.body#/features/0/id"}}
    }
    return Part(found | {f"{own}/items": items})


def _alone(item: dict[str, Any], name: str = "") -> dict[str, Any]:
    """A path's item without references to this dialect's parameters, its operation named for the joint description."""
    get = item["get"]
    parameters = [PARAMETERS[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in get["parameters"]]
    return {"get": get | {"operationId": f"ogc_{name or get['operationId']}", "parameters": parameters}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{name}"}


def _items_of(record: DatasetRecord) -> dict[str, Any]:
    """Items of one collection, every parameter written out, its fields among them."""
    about = Text(f"{record.code} 的圖徵：{record.title.zh}", f"Features of {record.code}: {record.title.get('en')}")
    told = _get(f"items-{record.code}", about, GEOJSON, *_ITEMS)
    fields = [_query(f.name, TYPES[f.type], f.title) for f in record.fields if f.name not in PARAMETERS]
    told["get"]["parameters"] = [PARAMETERS[n] for n in (*_ITEMS, *_ABOUT)] + fields
    told["get"]["responses"]["200"]["links"] = _leads("feature", record.code)
    return told


def _get(name: str, about: Text, media: str, *parameters: str) -> dict[str, Any]:
    shape = _COLLECTION if name.startswith("items") else _SHAPES.get(name, {"type": "object"})
    content = {media: {"schema": shape}, HTML: {"schema": {"type": "string"}}}
    statuses = (400, 404, 409, 410, 422, 503) if parameters else (400, 503)
    return {
        "get": {
            "operationId": name,
            "summary": summary(about),
            "parameters": [_reference(p) for p in (*parameters, *_ABOUT)],
            "responses": answers(good(about, content, "Link", "Qingliu-Version", "Qingliu-Cost", "Warning"), *statuses),
        }
    }
