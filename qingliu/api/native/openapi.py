"""OpenAPI 3.1 of the data API, built from the same tables that read its parameters; and the page that shows it."""

from __future__ import annotations

import json
from typing import Any

from qingliu import __version__
from qingliu.api.describing import HEADERS, TOO_LONG, UNCHANGED, Part, headers, joined, of_status
from qingliu.api.describing import said as _said
from qingliu.api.manners import PROBLEM, TITLES
from qingliu.api.native.parameters import ENDPOINTS, PARAMETERS, Endpoint, Parameter
from qingliu.core.dataset import Text
from qingliu.lake.compiler import FLAGS

_STATUS_TEXT: dict[int, Text] = {
    400: Text(
        "請求無法解讀；parameter 指出哪個參數，remedy 說明怎麼改",
        "Not understood; parameter names it, remedy says what mends it",
    ),
    401: Text("金鑰不存在、過期或撤銷", "The key is unknown, expired or revoked"),
    404: Text("沒有這個資料集、版本或檔案", "No such dataset, version or file"),
    409: Text("多列共用同一識別碼", "Several rows carry one id"),
    410: Text("版本的資料已不保留", "The version's data is no longer kept"),
    416: Text("範圍超出檔案", "The range is outside the file"),
    422: Text("成本過高，已取消", "Too dear; cancelled at the deadline"),
    429: Text("用量已達上限；Retry-After 說明多久後再試", "Quota used up; Retry-After says when to come back"),
    500: Text("伺服器內部錯誤", "Something failed on our side"),
    503: Text("目前忙碌，見 Retry-After", "Busy; see Retry-After"),
}


def parameter(one: Parameter) -> dict[str, Any]:
    """A parameter as OpenAPI writes it."""
    plain: dict[str, Any] = {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": _said(one.about),
        "schema": dict(one.schema),
    }
    if one.example:
        typed = one.schema.get("type") in {"integer", "number", "boolean"}
        plain["example"] = json.loads(one.example) if typed else one.example
    return plain


def _schemas() -> dict[str, Any]:
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    link = {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {"href": text | {"format": "uri-reference"}, "rel": text, "type": text},
    }
    links = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
    flags = {"type": "object", "additionalProperties": text}  # what include_flags adds
    cell = {"type": ["string", "number", "boolean", "null"]}
    titled = (FLAGS.title.zh, FLAGS.title.en)  # header=title; a column of the dataset may have this title too
    row = {
        "type": "object",
        "properties": {"_flags": flags, "_status": text} | {t: {"anyOf": [cell, flags]} for t in titled},
        "additionalProperties": cell,
    }
    page = {"numberReturned": count, "numberMatched": count, "links": links}
    problem_names = ("type", "title", "code", "detail", "remedy", "detail_zh", "detail_en", "parameter")
    return {
        "Link": link,
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "detail_zh", "detail_en"],
            "properties": dict.fromkeys(problem_names, text) | {"status": {"type": "integer"}},
        },
        "Rows": {
            "type": "object",
            "required": ["dataset", "version", "rows", "numberReturned", "links"],
            "properties": {"dataset": text, "version": count, "rows": {"type": "array", "items": row}} | page,
        },
        "Features": {
            "type": "object",
            "required": ["type", "features", "numberReturned", "links"],
            "properties": {
                "type": {"const": "FeatureCollection"},
                "features": {"type": "array", "items": {"type": "object"}},
            }
            | page,
        },
        "Datasets": {
            "type": "object",
            "required": ["datasets", "facets", "numberMatched", "numberReturned", "links"],
            "properties": {"datasets": {"type": "array", "items": {"type": "object"}}, "facets": {"type": "object"}}
            | page,
        },
        "Versions": {
            "type": "object",
            "required": ["dataset", "versions", "numberMatched", "numberReturned", "links"],
            "properties": {"dataset": text, "versions": {"type": "array", "items": {"type": "object"}}} | page,
        },
        "Decisions": {
            "type": "object",
            "required": ["dataset", "decisions", "numberMatched", "numberReturned", "links"],
            "properties": {"dataset": text, "decisions": {"type": "array", "items": {"type": "object"}}} | page,
        },
        "Object": {"type": "object"},
    }


_SCHEMA_OF = {
    "datasets": "Datasets",
    "rows": "Rows",
    "latest": "Rows",
    "changes": "Rows",
    "series": "Rows",
    "versions": "Versions",
    "decisions": "Decisions",
}
_EXAMPLE = {
    "dataset": "AQX_P_432",
    "version": 3,
    "rows": [{"sitename": "基隆", "aqi": 31, "pm2.5": 4, "publishtime": "2026-09-06T16:00:00+08:00"}],
    "numberReturned": 1,
    "numberMatched": 84,
    "links": [{"href": "/api/datasets/AQX_P_432/rows?limit=1", "rel": "self", "type": "application/json"}],
}


def problem_example(status: int) -> dict[str, Any]:
    """An error body as a caller would meet it."""
    known = {
        400: (
            "unknown-field",
            "沒有欄位「pm25」。您是否要找「pm2.5」？",
            "No field 'pm25'. Did you mean 'pm2.5'?",
            "properties",
        ),
        401: ("unauthorized", "金鑰不存在、已過期或已撤銷。", "The key is unknown, expired or revoked.", ""),
        404: ("not-found", "沒有代碼為「AQX_P_43」的資料集。", "No dataset has the code 'AQX_P_43'.", "code"),
        410: (
            "gone",
            "版本 2 的資料已不保留。最接近的保留版本：3。",
            "The data of version 2 is no longer kept. The nearest kept version is 3.",
            "as_of",
        ),
        416: ("range-not-satisfiable", "檔案只有 1000 位元組。", "The file has 1000 bytes.", ""),
        409: ("conflict", "有多列共用識別碼「1」。", "Several rows carry the id '1'.", "featureId"),
        422: ("too-dear", "查詢超過 20 秒，已取消。", "The question took more than 20 s and was cancelled.", "filter"),
        429: ("too-many", "本分鐘的請求數已用完（600）。", "The requests of this minute are used up (600).", ""),
        500: (
            "error",
            "處理請求時發生未預期的錯誤。",
            "An unexpected error happened while answering.",
            "",
        ),
        503: ("busy", "目前有其他大型下載進行中。", "Other large answers are under way.", ""),
    }
    code, zh, en, name = known[status]
    body = {
        "type": f"/api/docs#error-{code}",
        "title": TITLES[code].zh,
        "status": status,
        "code": code,
        "detail": zh,
        "detail_zh": zh,
        "detail_en": en,
    }
    return body | ({"parameter": name} if name else {})


def _format(endpoint: Endpoint) -> dict[str, Any]:
    """``f`` with the formats that this address has."""
    offered = list(endpoint.formats)
    plain = parameter(PARAMETERS["f"])
    return plain | {"schema": {"type": "string", "enum": offered}, "example": "csv" if "csv" in offered else offered[0]}


_FILE_NAMES = {"file": "part-00000.parquet", "bulk_file": "AQX_P_488.csv.gz", "bulk_catalogue": "catalogue.jsonl.gz"}
_DUMPS = ["catalogue.jsonl.gz", "catalogue.csv.gz"]


def _parameter_of(name: str, operation: str, endpoint: Endpoint) -> dict[str, Any]:
    """A parameter of an address: written out where the address has its own values of it."""
    if name == "f":
        return _format(endpoint)
    if name == "name":
        schema = {"type": "string"} | ({"enum": _DUMPS} if operation == "bulk_catalogue" else {})
        return parameter(PARAMETERS[name]) | {"schema": schema, "example": _FILE_NAMES[operation]}
    return {"$ref": f"#/components/parameters/{name}"}


_OF_DATASET = {"code": "$response.body#/datasets/0/code"}
_SAME = {"code": "$request.path.code"}
_LEADS: dict[str, dict[str, dict[str, str]]] = {
    "datasets": dict.fromkeys(
        ("dataset", "dataset_openapi", "console", "rows", "latest", "series", "changes", "versions", "decisions",
         "bulk_dataset"), _OF_DATASET,
    ),
    "versions": {"version": _SAME | {"number": "$response.body#/versions/0/number"}},
    "version": {
        "file": _SAME | {"version": "$request.path.number", "name": "$response.body#/files/0/name"},
        "changes": _SAME | {"since": "$request.path.number"},
    },
    "bulk_dataset": {
        "bulk_file": _SAME | {"version": "$response.body#/version", "name": "$response.body#/files/0/name"}
    },
    "bulk_catalogues": {
        "bulk_catalogue": {"day": "$response.body#/dumps/0/day", "name": "$response.body#/dumps/0/files/0/name"}
    },
}  # fmt: skip


def _leads(name: str) -> dict[str, Any]:
    """Where an answer leads, as OpenAPI links: what of it fills which parameter of which other address."""
    leads = _LEADS.get(name, {})
    return {to: {"operationId": to, "parameters": given} for to, given in leads.items()}


def _operation(name: str, endpoint: Endpoint) -> dict[str, Any]:
    names = [n for n in ("code", "number", "version", "day", "name") if f"{{{n}}}" in endpoint.path]
    parameters = [_parameter_of(n, name, endpoint) for n in (*names, *endpoint.query)]
    if endpoint.fields:
        parameters.append({"$ref": "#/components/parameters/field"})
    content: dict[str, Any] = {}
    for media in endpoint.media:
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{_SCHEMA_OF.get(name, 'Object')}"}
        if media == "application/geo+json":
            schema = {"$ref": "#/components/schemas/Features"}
        elif media not in {"application/json"}:
            schema = {"type": "string"} if media.startswith("text/") or media.endswith("ndjson") else {}
        content[media] = {"schema": schema}
        if name in {"rows", "latest"} and media == "application/json":
            content[media]["example"] = _EXAMPLE
    kept = endpoint.stored
    seen = ("ETag", *(("Qingliu-Version", "Qingliu-Cost", "Link") if endpoint.path.count("/") > 3 else ()))
    good: dict[str, Any] = {
        "description": _said(endpoint.title),
        "headers": headers(*(seen if kept else ())),
        "content": content,
    } | ({"links": _leads(name)} if name in _LEADS else {})
    responses: dict[str, Any] = {"200": good, "414": {"$ref": "#/components/responses/414"}}
    if kept:
        responses["304"] = {"$ref": "#/components/responses/304"}
    if name in {"file", "bulk_file", "bulk_catalogue"}:
        responses["206"] = {
            "description": _said(Text("檔案的一段", "A range of the file")),
            "headers": headers("ETag", "Content-Range"),
            "content": content,
        }
        responses["307"] = {
            "description": _said(Text("latest 的固定位址在 Location", "latest: the pinned address is in Location")),
            "headers": headers("Location"),
        }
    told = sorted({*endpoint.errors, 401, 429, 500})  # a key may be wrong and a quota used up anywhere
    responses |= {str(s): {"$ref": f"#/components/responses/{s}"} for s in told}
    return {
        "operationId": name,
        "summary": f"{endpoint.title.zh} · {endpoint.title.en}",
        "parameters": parameters,
        "responses": responses,
    }


def document(base: str, *parts: Part) -> dict[str, Any]:
    """The whole API; ``parts`` are those of other dialects, already in OpenAPI's shape."""
    any_field = {
        "name": "field",
        "in": "query",
        "description": _said(
            Text(
                "任一欄位名稱都可當參數：county=臺北市；重複給值表示其中之一。",
                "Every column is a parameter: county=臺北市; given twice it means either.",
            )
        ),
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    responses = {
        str(status): {
            "description": _said(text),
            "headers": of_status(status),
            "content": {
                PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem_example(status)}
            },
        }
        for status, text in _STATUS_TEXT.items()
    }
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "清流資料 API · Qingliu data API",
            "version": __version__,
            "description": _said(
                Text(
                    "每個資料集都有型別、版本與歷史；回答附強式 ETag，錯誤為 problem+json，附中英文說明與改法。",
                    "Every dataset has types, versions and history; answers carry strong ETags, errors are problem+json "
                    "with a reason and a remedy in both languages.",
                )
            ),
            "license": {"name": "政府資料開放授權條款－第1版", "url": "https://data.gov.tw/license"},
        },
        "servers": [{"url": base or "/"}],
        "security": [{}, {"bearer": []}, {"header": []}],
        "paths": {e.path: {"get": _operation(n, e)} for n, e in ENDPOINTS.items()},
        "components": {
            "parameters": {n: parameter(p) for n, p in PARAMETERS.items() if n != "f"} | {"field": any_field},
            "responses": responses | {"304": UNCHANGED, "414": TOO_LONG},
            "headers": HEADERS,
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }
    return joined(whole, parts)
