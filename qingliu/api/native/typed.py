"""OpenAPI 3.1 of one dataset: its own addresses, every column a typed parameter, rows typed, examples from its own rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from qingliu.api.describing import Part, joined
from qingliu.api.native.openapi import document
from qingliu.api.native.parameters import ENDPOINTS, PARAMETERS
from qingliu.api.native.series_parameters import SERIES_PARAMETERS
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text

MAX_ENUM = 200  # longer lists of allowed values are told by number, not listed
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_LISTS = {"properties", "sortby", "groupby"}  # parameters that name columns


def _said(text: Text) -> str:
    return f"{text.zh}\n\n{text.en}"


def column(field: FieldRecord, *, nullable: bool = True) -> dict[str, Any]:
    """A column as JSON Schema: type, limits, allowed values, unit, meaning in both languages."""
    plain: dict[str, Any] = dict(_TYPES[field.type])
    if nullable:
        plain["type"] = [plain["type"], "null"]
    title = field.title.zh if field.title.zh == field.title.en else f"{field.title.zh} · {field.title.en}"
    plain["title"] = title.strip(" ·") or field.name
    if field.description.zh or field.description.en:
        plain["description"] = _said(field.description).strip()
    if field.enum and len(field.enum) <= MAX_ENUM:
        plain["enum"] = [*_typed(field), *([None] if nullable else [])]
    told = {
        "minimum": field.minimum,
        "maximum": field.maximum,
        "x-unit": field.unit or None,
        "x-property": field.property or None,
    }
    return plain | {name: value for name, value in told.items() if value is not None}


def _typed(field: FieldRecord) -> list[Any]:
    if field.type == "integer":
        return [int(float(v)) for v in field.enum]
    return [float(v) for v in field.enum] if field.type == "number" else list(field.enum)


def row(record: DatasetRecord) -> dict[str, Any]:
    """A row as JSON Schema. A column may be left out by ``properties``, so none is required."""
    return {
        "type": "object",
        "title": record.code,
        "properties": {f.name: column(f) for f in record.fields},
    }


def parameter(field: FieldRecord, example: Any) -> dict[str, Any]:
    """A column as a query parameter: equal to a value, given twice to either."""
    schema = {k: v for k, v in column(field, nullable=False).items() if k in {"type", "format"}}
    if field.type in {"date", "datetime"}:
        schema = {"type": "string"}  # a day, a moment with or without an offset, 2024/01/01 00:00
    plain: dict[str, Any] = {
        "name": field.name,
        "in": "query",
        "description": _said(
            Text(f"「{field.title.zh or field.name}」等於這個值。", f"'{field.title.en or field.name}' equals this.")
        )
        + (f" ({field.unit})" if field.unit else ""),
        "style": "form",
        "explode": True,
        "schema": {"type": "array", "items": schema},
    }
    return plain | ({"example": [example]} if example is not None else {})


def addresses(record: DatasetRecord, kind: str) -> tuple[str, ...]:
    """Names of the native addresses that this dataset has."""
    names = ["dataset", "rows", "series", "versions", "decisions", "version", "dataset_openapi"]
    if kind == "table":
        names += ["changes", "file", "bulk_dataset", "bulk_file"]
    if (record.time_field and record.key) or (record.view and record.view.newest_by):
        names.append("latest")
    return tuple(n for n in ENDPOINTS if n in names)


def typed(
    record: DatasetRecord,
    kind: str,
    base: str,
    examples: Sequence[Mapping[str, Any]],
    parts: Sequence[Part] = (),
) -> dict[str, Any]:
    """The description of one dataset. ``examples`` are rows of it as the API writes them; ``parts`` other dialects'."""
    whole = document(base)
    reserved = set(PARAMETERS)
    columns = [f for f in record.fields if f.name not in reserved]
    first = examples[0] if examples else {}
    paths = {}
    names = addresses(record, kind) if kind != "listed" else ("dataset",)
    for name in names:
        endpoint = ENDPOINTS[name]
        operation = whole["paths"][endpoint.path]["get"]
        kept = [p for p in operation["parameters"] if p.get("$ref", "").rpartition("/")[2] not in {"code", "field"}]
        operation["parameters"] = [_naming(p, record) for p in kept]
        _lead(operation["responses"]["200"], names)
        for one in operation["parameters"]:
            if one.get("name") == "name" and name == "bulk_file":
                one["example"] = f"{record.code}.csv.gz"
        if endpoint.fields:
            operation["parameters"] += [parameter(f, first.get(f.name)) for f in columns]
        if name in {"rows", "latest"}:
            content = operation["responses"]["200"]["content"]["application/json"]
            content["schema"] = {"$ref": "#/components/schemas/TypedRows"}
            content["example"] = {
                "dataset": record.code, "version": 1, "rows": list(examples), "numberReturned": len(examples), "links": [],
            }  # fmt: skip
        paths[endpoint.path.replace("{code}", quote(record.code, safe=""))] = {"get": operation}
    rows = json.loads(json.dumps(whole["components"]["schemas"]["Rows"]))
    rows["properties"]["rows"]["items"] = {"$ref": "#/components/schemas/Row"}
    whole["components"]["schemas"] |= {"Row": row(record), "TypedRows": rows}
    for gone in ("code", "field"):
        whole["components"]["parameters"].pop(gone)
    title = record.title
    whole["info"] |= {
        "title": f"{title.zh} · {title.en}" if title.en else title.zh,
        "description": _said(record.description).strip() or record.code,
    }
    whole["externalDocs"] = {"url": f"{base}/dataset/detail/{quote(record.code, safe='')}", "description": record.code}
    return joined(whole | {"paths": paths}, parts)


def _lead(answer: dict[str, Any], names: Sequence[str]) -> None:
    """Keep the links that lead to addresses of this dataset; its code stands in each of them."""
    links = {to: link for to, link in answer.pop("links", {}).items() if to in names}
    for link in links.values():
        link["parameters"] = {n: v for n, v in link["parameters"].items() if n != "code"}
    if links:
        answer["links"] = links


def _naming(parameter: dict[str, Any], record: DatasetRecord) -> dict[str, Any]:
    """A parameter that names columns, with the names this dataset has; others as they are."""
    name = parameter.get("$ref", "").rpartition("/")[2]
    known = PARAMETERS.get(name) or next((p for p in SERIES_PARAMETERS if p.name == name), None)
    if name not in _LISTS or known is None or any("," in f.name or '"' in f.name for f in record.fields):
        return parameter
    names = [f.name for f in record.fields]
    options = names if name != "sortby" else [*names, *(f"-{n}" for n in names)]
    return {
        "name": name,
        "in": "query",
        "description": _said(known.about),
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "string", "enum": options}, "uniqueItems": True},
        "example": options[:2],
    }
