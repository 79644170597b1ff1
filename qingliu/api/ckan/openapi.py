"""The CKAN dialect as a part of the joint description: every action by GET and POST, its parameters, its envelope."""

from __future__ import annotations

from typing import Any

from qingliu.api.ckan import datastore, params
from qingliu.api.ckan.actions import ACTIONS
from qingliu.api.ckan.errors import AUTHORIZATION, BAD, HELP, NOT_FOUND, SEARCH_QUERY, VALIDATION
from qingliu.api.ckan.openapi_parameters import DATASTORE, ENVELOPE, EXAMPLES, NEEDED, PARAMETERS, RESULTS
from qingliu.api.describing import Part, Plain, answers, good, of_status, operation, part_of_path, said
from qingliu.api.identifiers import table_id
from qingliu.core.dataset import DatasetRecord, Text

MEDIA = "application/json"
FORM = "application/x-www-form-urlencoded"
PREFIX = "ckan-"
_ERRORS: dict[int, tuple[str, Text]] = {
    400: (BAD, Text(f"請求無法解讀，或搜尋條件有誤（{SEARCH_QUERY}）", f"No usable request, or a {SEARCH_QUERY}")),
    401: (AUTHORIZATION, Text("金鑰不存在、過期或撤銷", "The key is unknown, expired or revoked")),
    403: (AUTHORIZATION, Text("這個介面只能讀取", "This interface only reads")),
    404: (NOT_FOUND, Text("找不到", "Not found")),
    409: (VALIDATION, Text("參數有誤，依參數名稱列出", "A parameter is wrong; texts stand under its name")),
    410: (NOT_FOUND, Text("版本的資料已不保留", "The version's data is no longer kept")),
    422: (VALIDATION, Text("成本過高", "Too dear")),
    429: ("Too Many Requests", Text("用量已達上限，見 Retry-After", "Quota used up; see Retry-After")),
    500: ("Internal Server Error", Text("伺服器內部錯誤", "Something failed on our side")),
    503: ("Service Unavailable", Text("目前忙碌，見 Retry-After", "Busy; see Retry-After")),
}
_ABOUT_DATASTORE = {
    "datastore_search": Text("讀取資料列，可篩選、排序、分頁。", "Rows of a dataset: filtered, sorted, by pages."),
    "datastore_info": Text("資料表的欄位與筆數。", "The columns of a dataset and how many rows it has."),
}
_DUMP = Text("整個資料表，或所問的部分，為一個檔案。", "A whole dataset, or the asked part of it, as one file.")
_REF_ERROR = {"$ref": "#/components/schemas/ckan-error"}


def _error(status: int) -> Plain:
    kind, about = _ERRORS[status]
    told: Plain = {"__type": kind, "message": about.en, "message_zh": about.zh, "message_en": about.en}
    if kind == VALIDATION:
        told["limit"] = [about.en]
    example = {"help": f"{HELP}datastore_search", "success": False, "error": told}
    return {
        "description": said(about),
        "headers": of_status(status),
        "content": {MEDIA: {"schema": _REF_ERROR, "example": example}},
    }


def components() -> dict[str, Plain]:
    """What the dialect's paths refer to."""
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["help", "success", "error"],
        "properties": {
            "help": text,
            "success": {"const": False},
            "error": {
                "type": "object",
                "required": ["__type", "message", "message_zh", "message_en"],
                "properties": {"__type": text, "message_zh": text, "message_en": text},
            },
        },
    }
    return {
        "responses": {f"{PREFIX}{s}": _error(s) for s in _ERRORS},
        "parameters": {f"{PREFIX}{p['name']}": p for p in PARAMETERS},
        "schemas": {"ckan-error": error} | {f"{PREFIX}{n}": s for n, s in RESULTS.items()},
    }


def _references(takes: tuple[str, ...], action: str = "") -> list[Plain]:
    """The parameters of an action; those that it cannot do without, or that have another example here, written out."""
    known = {p["name"]: p for p in PARAMETERS}
    found = []
    for name in takes:
        own = {"required": True, "example": EXAMPLES[name]} if name in NEEDED.get(action, ()) else {}
        if f"{action}.{name}" in EXAMPLES:
            own["example"] = EXAMPLES[f"{action}.{name}"]
        found.append(known[name] | own if own else {"$ref": f"#/components/parameters/{PREFIX}{name}"})
    return found


def _body(takes: tuple[str, ...], needed: tuple[str, ...], example: Plain) -> Plain:
    """The same parameters as a JSON object or a form. Those of the query string stand beside it, so none is required."""
    known = {p["name"]: p["schema"] for p in PARAMETERS}
    loose = {n: {} if n in ENVELOPE else known[n] for n in takes}
    schema = {"type": "object", "properties": loose} | ({"required": list(needed)} if needed else {})
    form = schema | {"properties": {n: known[n] for n in takes}}
    told = {MEDIA: {"schema": schema, "example": example}, FORM: {"schema": form}}
    return {"required": bool(needed), "content": told}


def _both(action: str, about: Text, takes: tuple[str, ...], result: Plain, *more: str) -> Plain:
    """An action by GET and by POST."""
    needed = NEEDED.get(action, ())
    schema = {
        "type": "object",
        "required": ["help", "success", "result"],
        "properties": {"help": {"type": "string"}, "success": {"const": True}, "result": result},
    }
    rows = action == "datastore_search"
    found = answers(
        good(about, {MEDIA: {"schema": schema}}, "Warning", "X-Ignored-Parameters", *more),
        *((400, 404, 409, 410, 422, 503) if rows else (400, 404, 409, 422, 503)),
        prefix=PREFIX,
    )
    read = operation(f"ckan_{action}", about, _references(takes, action), found)
    posted = {k: v for k, v in found.items() if k != "304"} | {"304": found["304"]}
    example = {n: EXAMPLES.get(f"{action}.{n}", EXAMPLES.get(n)) for n in needed}
    post = operation(f"ckan_{action}_post", about, [], posted, requestBody=_body(takes, needed, example))
    return {"get": read, "post": post}


def paths() -> dict[str, Plain]:
    """The dialect's paths."""
    every: dict[str, Plain] = {}
    for name, action in ACTIONS.items():
        every[f"/api/3/action/{name}"] = _both(name, action.about, action.takes, RESULTS_OF.get(name, {}))
    for name, takes in DATASTORE.items():
        result = {"$ref": f"#/components/schemas/{PREFIX}{name}"}
        every[f"/api/3/action/{name}"] = _both(
            name, _ABOUT_DATASTORE[name], takes, result, "Qingliu-Version", "Qingliu-Cost"
        )
    refused = Text("不接受 SQL，一律拒絕。", "SQL of callers is refused.")
    never = {s: r for s, r in answers({}, 403, prefix=PREFIX).items() if s not in {"200", "304"}}
    every["/api/3/action/datastore_search_sql"] = {
        "get": operation("ckan_datastore_search_sql", refused, _references(("sql",)), never)
    }
    every |= _others()
    return every


def _others() -> dict[str, Plain]:
    any_action = part_of_path(
        "action",
        {"type": "string", "enum": [*ACTIONS, *DATASTORE]},
        Text(
            "動作名稱；參數見 /api/3/action/ 下的同名位址。",
            "The action's name; its parameters stand at /api/3/action/.",
        ),
        "package_list",
    )
    about = Text("同 /api/3/action/ 下的同名動作", "The same as the action under /api/3/action/")
    schema = {"type": "object", "required": ["help", "success", "result"]}
    found = answers(good(about, {MEDIA: {"schema": schema}}), 400, 404, 409, 422, 503, prefix=PREFIX)
    body = {"content": {MEDIA: {"schema": {"type": "object"}, "example": {"limit": 5}}}}
    edition = Text("API 版本", "The API's edition")
    version = {"type": "object", "required": ["version"], "properties": {"version": {"const": 3}}}
    told = good(edition, {MEDIA: {"schema": version, "example": {"version": 3}}})
    told["headers"].pop("ETag")
    always = answers(told, prefix=PREFIX)
    always.pop("304")
    return {
        "/api/action/{action}": {
            "get": operation("ckan_action", about, [any_action], found),
            "post": operation("ckan_action_post", about, [any_action], found, requestBody=body),
        },
        "/api/3": {"get": operation("ckan_edition", edition, [], always)},
        "/datastore/dump/{table}": {
            "get": _dump(
                [
                    part_of_path(
                        "table", {"type": "string"}, Text("代碼或資源 id。", "A code or resource id."), "AQX_P_488"
                    )
                ]
            )
        },
    }


def _dump(parameters: list[Plain], name: str = "ckan_dump") -> Plain:
    content: dict[str, Any] = {}
    for media in datastore.DUMP_MEDIA.values():
        content[media.split(";")[0]] = {} if "xml" in media else {"schema": {"type": "string"}}
    content[MEDIA] = {"schema": {"type": "object", "required": ["fields", "records"]}}
    found = good(_DUMP, content, "Qingliu-Version", "Warning", "X-Ignored-Parameters")
    return operation(
        name,
        _DUMP,
        [*parameters, *_references(params.DUMPED)],
        answers(found, 400, 404, 409, 410, 422, 503, prefix=PREFIX),
    )


RESULTS_OF: dict[str, Plain] = {
    "site_read": {"const": True},
    "help_show": {"type": "string"},
    "status_show": {"type": "object", "required": ["ckan_version", "site_url", "extensions"]},
    "package_list": {"type": "array", "items": {"type": "string"}},
    "package_show": {"$ref": f"#/components/schemas/{PREFIX}package"},
    "package_search": {"$ref": f"#/components/schemas/{PREFIX}search"},
    "current_package_list_with_resources": {"type": "array", "items": {"$ref": f"#/components/schemas/{PREFIX}package"}},
    "resource_show": {"type": "object", "required": ["id", "package_id", "url", "format"]},
    "resource_search": {"type": "object", "required": ["count", "results"]},
    **{
        f"{kind}_show": {"type": "object", "required": ["id", "name"]} for kind in ("organization", "group", "tag")
    },
    "tag_search": {"type": "object", "required": ["count", "results"]},
    **{
        name: {"type": "array"}
        for name in (
            "package_autocomplete", "package_relationships_list", "resource_view_list", "organization_list",
            "organization_autocomplete", "organization_list_for_user", "group_list", "group_package_show",
            "group_autocomplete", "group_list_authz", "tag_list", "tag_autocomplete", "license_list", "format_autocomplete",
            "vocabulary_list",
        )
    },
}  # fmt: skip


def part() -> Part:
    """The dialect's part of the joint description."""
    return Part(paths(), components())


def part_of(record: DatasetRecord) -> Part:
    """The datastore of one dataset: ``datastore_search`` and the dump."""
    own = table_id(record.code)
    (search,) = (p for n, p in paths().items() if n.endswith("/datastore_search"))
    fixed = {"type": "string", "enum": [own]}
    about = Text("這個資料集的資源 id。", "The resource id of this dataset.")
    get, post = search["get"], search["post"]
    result = {
        "type": "object",
        "required": ["resource_id", "fields", "records"],
        "properties": {
            "resource_id": {"const": own},
            "records": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["object", "array"]}}]},
        },
    }
    given = {
        "name": "resource_id",
        "in": "query",
        "required": True,
        "description": said(about),
        "schema": fixed,
        "example": own,
    }
    get["parameters"] = [given, *(p for p in get["parameters"] if _name(p) not in {"resource_id", "id"})]
    for media in post["requestBody"]["content"].values():
        held = media["schema"]["properties"]
        media["schema"] = media["schema"] | {
            "properties": {"resource_id": fixed} | {n: s for n, s in held.items() if n not in {"resource_id", "id"}}
        }
    post["requestBody"]["content"][MEDIA]["example"] = {"resource_id": own, "limit": 5}
    for method in (get, post):
        (schema,) = (m["schema"] for m in method["responses"]["200"]["content"].values())
        method["responses"]["200"]["content"] = {
            MEDIA: {"schema": schema | {"properties": schema["properties"] | {"result": result}}}
        }
    held = components()
    used = {f"{PREFIX}{n}" for n in (*params.SEARCH, *params.DUMPED)}
    parameters = {n: p for n, p in held["parameters"].items() if n in used}
    schemas = {"ckan-error": held["schemas"]["ckan-error"]}
    return Part(
        {"/api/3/action/datastore_search": search, f"/datastore/dump/{own}": {"get": _dump([])}},
        {"responses": held["responses"], "parameters": parameters, "schemas": schemas},
    )


def _name(parameter: Plain) -> str:
    return str(parameter.get("name") or parameter["$ref"].rpartition("/")[2].removeprefix(PREFIX))
