"""The MOENV dialect as OpenAPI paths, for the joint description."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

PARAMETERS: tuple[tuple[str, dict[str, Any], str, str, str], ...] = (
    ("format", {"enum": ["json", "csv", "xml"], "default": "json"}, "格式，大小寫不拘。", "Format, in any case.", "csv"),
    ("limit", {"type": "integer", "minimum": 0, "default": 1000}, "取幾筆；要多少給多少。", "How many rows, never cut.", "1000"),
    ("offset", {"type": "integer", "minimum": 0, "default": 0}, "跳過幾筆。", "How many rows to skip.", "0"),
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
    return plain | ({"example": example} if example else {})


def paths() -> dict[str, Any]:
    """The dialect's paths; they use the joint components ``code`` and the error responses' descriptions."""
    message = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    row = {"type": "object", "additionalProperties": {"type": "string"}}
    json_schema = {"oneOf": [{"type": "array", "items": row}, {"type": "object", "required": ["total", "records"]}]}
    wrong = {
        status: {"description": f"{zh}\n\n{en}", "content": {"application/json": {"schema": message}}}
        for status, zh, en in (
            ("400", "參數有誤，message 說明哪裡與怎麼改", "A parameter is wrong; message says which and what mends it"),
            ("401", "標頭中的金鑰無效", "The key in the header is not valid"),
            ("404", "沒有這個資料集", "No such dataset"),
            ("422", "成本過高，已取消", "Too dear; cancelled at the deadline"),
            ("503", "目前忙碌", "Busy"),
        )
    }
    example = [{"sitename": "基隆", "county": "基隆市", "aqi": "31", "pollutant": "", "wind_speed": "-"}]
    good = {
        "description": "資料列，值皆為字串\n\nRows; every value is a string",
        "content": {
            "application/json": {"schema": json_schema, "example": example},
            "text/csv": {"schema": {"type": "string"}},
            "application/xml": {"schema": {"type": "string"}},
        },
    }
    operation = {
        "operationId": "moenv",
        "summary": "環境部 v2 相容介面 · Compatible with the ministry's v2 API",
        "parameters": [{"$ref": "#/components/parameters/code"}, *(_parameter(p) for p in PARAMETERS)],
        "responses": {"200": good, "304": {"description": "與 If-None-Match 相同\n\nSame as If-None-Match"}, **wrong},
    }
    return {"/api/v2/{code}": {"get": operation}}


def paths_of(code: str) -> dict[str, Any]:
    """The dialect's one path for a dataset, for that dataset's own description."""
    (item,) = paths().values()
    operation = item["get"]
    operation["parameters"] = [p for p in operation["parameters"] if "$ref" not in p]
    return {f"/api/v2/{quote(code.lower(), safe='')}": item}
