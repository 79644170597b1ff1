"""The MOENV dialect as OpenAPI paths, for the joint description."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from qingliu.api.describing import Part, answers, good, of_status, said
from qingliu.api.moenv.serialize import shown_name
from qingliu.core.dataset import DatasetRecord, Text

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
PARAMETERS: tuple[tuple[str, dict[str, Any], str, str, str], ...] = (
    ("format", {"enum": ["json", "csv", "xml"], "default": "json"}, "格式，大小寫不拘。", "Format, in any case.", "csv"),
    ("limit", _COUNT | {"default": 1000}, "取幾筆；要多少給多少。", "How many rows, never cut.", "1000"),
    ("offset", _COUNT | {"default": 0}, "跳過幾筆。", "How many rows to skip.", "0"),
    (
        "sort",
        {"type": "string"},
        "「欄位 asc」或「欄位 desc」（預設 desc），多個以逗號分隔；ImportDate 與 datacreationdate 可依發布時間排序。",
        "'column asc' or 'column desc' (default desc), several by commas; ImportDate and datacreationdate sort by publication.",
        "ImportDate desc",
    ),
    (
        "filters",
        {"type": "string"},
        "欄位,運算子,值；運算子 EQ（多值為其中之一）、NE、GR、GE、LT、LE；以 | 連接為且。",
        "column,OPERATOR,value with EQ (several values: any of them), NE, GR, GE, LT, LE; | joins conditions.",
        "county,EQ,臺北市,新北市|aqi,GR,100",
    ),
    ("year_month", {"type": "string"}, "只取這個月。", "This month alone.", "2020_01"),
    ("language", {"type": "string", "enum": ["zh", "en"]}, "欄位標籤與錯誤訊息的語言。", "Language of labels and errors.", "en"),
    (
        "profile",
        {"type": "string", "enum": ["bare", "envelope"], "default": "bare"},
        "JSON 外形：bare 為陣列，envelope 為 2026 年以前的外層物件；也可用標頭 X-Qingliu-Profile 或 Accept-Profile。",
        "JSON shape: a bare list, or the envelope of before 2026; also by header X-Qingliu-Profile or Accept-Profile.",
        "envelope",
    ),
    (
        "api_key",
        {"type": "string"},
        "舊程式帶的金鑰：可以帶，不需要，不儲存、不記錄、不回傳。新程式請用標頭。",
        "The key of old clients: allowed, not needed, never stored, logged or echoed. New clients use a header.",
        "",
    ),
)  # fmt: skip


def _parameter(one: tuple[str, dict[str, Any], str, str, str]) -> dict[str, Any]:
    name, schema, zh, en, example = one
    plain: dict[str, Any] = {"name": name, "in": "query", "description": f"{zh}\n\n{en}", "schema": schema}
    typed = int(example) if schema.get("type") == "integer" else example
    return plain | ({"example": typed} if example else {})


_ERRORS: dict[int, Text] = {
    400: Text("參數有誤，message 說明哪裡與怎麼改", "A parameter is wrong; message says which and what mends it"),
    401: Text("標頭中的金鑰無效", "The key in the header is not valid"),
    404: Text("沒有這個資料集", "No such dataset"),
    410: Text("版本的資料已不保留", "The version's data is no longer kept"),
    422: Text("成本過高，已取消", "Too dear; cancelled at the deadline"),
    429: Text("用量已達上限，見 Retry-After", "Quota used up; see Retry-After"),
    500: Text("伺服器內部錯誤", "Something failed on our side"),
    503: Text("目前忙碌，見 Retry-After", "Busy; see Retry-After"),
}
_EXAMPLE = [{"sitename": "基隆", "county": "基隆市", "aqi": "31", "pollutant": "", "wind_speed": "-"}]


def _path(parameters: list[dict[str, Any]], row: dict[str, Any], example: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {"type": "array", "items": row}
    envelope = {"type": "object", "required": ["total", "records"], "properties": {"records": rows}}
    about = Text("資料列，值皆為字串", "Rows; every value is a string")
    content = {
        "application/json": {"schema": {"oneOf": [rows, envelope]}, "example": example},
        "text/csv": {"schema": {"type": "string"}},
        "application/xml": {},
    }
    found = good(about, content, "Qingliu-Version", "Qingliu-Cost", "Warning", "X-Ignored-Parameters")
    operation = {
        "operationId": "moenv",
        "summary": "環境部 v2 相容介面 · Compatible with the ministry's v2 API",
        "parameters": [*parameters, *(_parameter(p) for p in PARAMETERS)],
        "responses": answers(found, 400, 404, 410, 422, 503, prefix="moenv-"),
    }
    return {"get": operation}


def components() -> dict[str, dict[str, Any]]:
    """The dialect's errors."""
    message = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    responses = {
        f"moenv-{status}": {
            "description": said(about),
            "headers": of_status(status),
            "content": {"application/json": {"schema": message, "example": {"message": about.zh}}},
        }
        for status, about in _ERRORS.items()
    }
    return {"responses": responses}


def part() -> Part:
    """The dialect's part of the joint description; it uses the joint parameter ``code``."""
    row = {"type": "object", "additionalProperties": {"type": "string"}}
    return Part({"/api/v2/{code}": _path([{"$ref": "#/components/parameters/code"}], row, _EXAMPLE)}, components())


def part_of(record: DatasetRecord) -> Part:
    """The dialect's one path for a dataset, for that dataset's own description."""
    row = {
        "type": "object",
        "properties": {shown_name(record, f): {"type": "string"} for f in record.fields},
        "additionalProperties": {"type": "string"},
    }
    return Part({f"/api/v2/{quote(record.code.lower(), safe='')}": _path([], row, [])}, components())
