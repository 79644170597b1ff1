"""Every parameter of the native API, once: what reads it, what OpenAPI and the reference say about it."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.api.given import LANGUAGES
from qingliu.api.native.formats import CHANGE_FORMATS, ROW_FORMATS, media_of
from qingliu.api.native.parameter import Parameter, text
from qingliu.api.native.series_parameters import SERIES, SERIES_FORMATS, SERIES_PARAMETERS
from qingliu.core.dataset import Text

DEFAULT_LIMIT = 1000
HEAVY_ROWS = 20_000

_COUNT = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}

PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(
            "code",
            text(),
            Text("資料集代碼，大小寫不拘。", "Code of the dataset, in any case."),
            "AQX_P_488",
            "path",
            True,
        ),
        Parameter(
            "number", {"type": "integer", "minimum": 1}, Text("版本編號。", "Number of the version."), "1", "path", True
        ),
        Parameter(
            "version",
            {"type": "string", "pattern": "^(latest|[1-9][0-9]{0,17})$"},
            Text(
                "版本編號，或 latest（轉到目前版本的固定位址）。",
                "A version's number, or latest, which leads to the current one's address.",
            ),
            "latest",
            "path",
            True,
        ),
        Parameter(
            "day",
            {"type": "string", "pattern": "^(latest|[0-9]{4}-[0-9]{2}-[0-9]{2})$"},
            Text("日期（臺北），或 latest。", "A day (Asia/Taipei), or latest."),
            "latest",
            "path",
            True,
        ),
        Parameter(
            "name",
            text(),
            Text("版本清單所列的檔名。", "File name as the version's manifest lists it."),
            "",
            "path",
            True,
        ),
        Parameter(
            "q",
            text(maxLength=200),
            Text("以中文或英文字詞搜尋資料集。", "Words to find datasets by, Chinese or English."),
            "空氣品質",
        ),
        Parameter("category", text(), Text("只列這個分類。", "Only this category."), "大氣"),
        Parameter("agency", text(), Text("只列這個機關（代碼）。", "Only this agency (its code)."), "moenv"),
        Parameter(
            "kind",
            text(enum=["table", "view", "listed"]),
            Text(
                "table 實體資料、view 檢視、listed 僅列目錄。",
                "table holds rows, view shows another's, listed has none yet.",
            ),
            "table",
        ),
        Parameter(
            "properties",
            text(),
            Text(
                "要回答的欄位，以逗號分隔；含逗號的名稱加雙引號。",
                "Fields to answer, by commas; names with a comma in double quotes.",
            ),
            "sitename,aqi,pm2.5",
        ),
        Parameter(
            "filter",
            text(maxLength=10000),
            Text(
                "CQL2 文字條件：比較、AND／OR／NOT、IN、BETWEEN、LIKE、CASEI()、IS NULL、S_INTERSECTS(geom,BBOX(…))、"
                "TIMESTAMP('…')、DATE('…')。",
                "A condition in CQL2 text: comparisons, AND/OR/NOT, IN, BETWEEN, LIKE, CASEI(), IS NULL, "
                "S_INTERSECTS(geom,BBOX(…)), TIMESTAMP('…'), DATE('…').",
            ),
            "aqi > 100 AND county IN ('臺北市','新北市')",
        ),
        Parameter("filter-lang", text(enum=["cql2-text"]), Text("條件的語言。", "The filter's language."), "cql2-text"),
        Parameter(
            "datetime",
            text(),
            Text(
                "時刻或區間，端點包含在內，.. 表示不限；只寫日期表示整天；不帶時差即為資料集當地時間。",
                "A moment or an interval with both ends included; .. is open; a date is its whole day; without an offset "
                "it is the dataset's local time.",
            ),
            "2024-05-20T00:00:00+08:00/2024-05-21",
        ),
        Parameter(
            "bbox",
            text(),
            Text(
                "西,南,東,北（度），只用於有座標的資料集。",
                "west,south,east,north in degrees, where the dataset has a place.",
            ),
            "121.4,24.9,121.7,25.2",
        ),
        Parameter(
            "sortby",
            text(),
            Text(
                "排序欄位，- 為遞減，可多個；空值在後。",
                "Fields to sort by, - for descending, several by commas; nulls last.",
            ),
            "-aqi,sitename",
        ),
        Parameter(
            "limit",
            _COUNT,
            Text(
                "最多幾列。JSON 與 GeoJSON 預設 1000 並附下一頁連結；其他格式預設全部。要多少給多少，沒有上限。",
                "At most so many rows. JSON and GeoJSON default to 1000 with a next link; the others to all. There is no cap.",
            ),
            "100",
        ),
        Parameter(
            "offset",
            _COUNT,
            Text("略過幾列；深頁請改用 next 連結。", "Rows to skip; use next links for deep pages."),
            "1000",
        ),
        Parameter(
            "cursor",
            text(),
            Text("next 連結所帶的位置，原樣送回。", "The place a next link carries; send it back as it is."),
        ),
        Parameter(
            "as_of",
            text(),
            Text(
                "版本編號或時刻：以當時的資料回答。", "A version number or a moment: answer from the data of that time."
            ),
            "1",
        ),
        Parameter(
            "lang",
            text(enum=list(LANGUAGES)),
            Text(
                "語言：zh（即 zh-Hant）或 en。說明文字未給則看 Accept-Language；資料內容只在明給 en 時，依公布的對照表翻譯。",
                "zh (that is zh-Hant) or en. Texts follow Accept-Language without it; cells are put into English, by the "
                "published table of words, only where en is given here.",
            ),
            "en",
        ),
        Parameter(
            "f",
            text(enum=list(ROW_FORMATS)),
            Text("格式；未給則看 Accept。", "Format; without it, by Accept."),
            "csv",
        ),
        Parameter(
            "header",
            text(enum=["name", "title"]),
            Text(
                "欄位以 name（欄名，預設）或 title（lang 語言的標題附單位）為名，各格式皆同。",
                "Columns under their name (the default) or their title in lang with the unit, in every format.",
            ),
            "title",
        ),
        Parameter(
            "bom",
            {"type": "boolean"},
            Text(
                "CSV（未給 f 時即為 CSV）以位元組順序記號開頭，供試算表認出 UTF-8。",
                "CSV that begins with a byte order mark.",
            ),
            "true",
        ),
        Parameter(
            "include_flags",
            {"type": "boolean"},
            Text(
                '加上 _flags（每格的標記）與 _status（列狀態）兩欄。_flags 在 JSON 是物件 {"pm10":"missing"}，'
                "在 CSV 與 Parquet 是文字 ;pm10=missing;。",
                'Add _flags (each cell\'s flag) and _status (the row\'s). In JSON _flags is an object {"pm10":"missing"}, in '
                "CSV and Parquet the text ;pm10=missing;.",
            ),
            "true",
        ),
        Parameter(
            "_status",
            text(),
            Text(
                "列狀態：provisional 初步、validated 已確認、corrected 已更正、invalid 無效；可多個，以逗號分隔。"
                "資料集自己的 status 欄另有參數 status。",
                "Row status: provisional, validated, corrected or invalid; several by commas. A dataset's own status column "
                "keeps its own parameter, status.",
            ),
            "validated,corrected",
        ),
        Parameter(
            "since",
            text(),
            Text("版本編號或時刻：列出其後的變更。", "A version number or a moment: changes after it."),
            "1",
            required=True,
        ),
        *SERIES_PARAMETERS,
    )
}

ROWS = (
    "properties",
    "filter",
    "filter-lang",
    "datetime",
    "bbox",
    "sortby",
    "limit",
    "offset",
    "cursor",
    "as_of",
    "lang",
    "f",
    "header",
    "bom",
    "_status",
    "include_flags",
)
CHANGES = ("since", "limit", "offset", "lang", "f", "header", "bom", "include_flags")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the native API.

    ``fields`` marks those where every column is a parameter too, ``stored`` those whose answers carry an ETag;
    ``formats`` are the values of ``f``, where it is among the parameters.
    """

    path: str
    title: Text
    query: tuple[str, ...] = ()
    fields: bool = False
    media: tuple[str, ...] = ("application/json",)
    errors: tuple[int, ...] = (400, 401, 404)
    stored: bool = True
    formats: tuple[str, ...] = ("json",)


_WHOLE = media_of(("csv.gz", "parquet", "geoparquet", "xlsx", "ods"))
_DATA_ERRORS = (400, 401, 404, 410, 422, 503)
ENDPOINTS: dict[str, Endpoint] = {
    "landing": Endpoint("/api", Text("入口與連結", "Landing page with links"), ("lang", "f"), errors=(400, 401)),
    "health": Endpoint("/api/health", Text("存活檢查", "Liveness"), errors=(), stored=False),
    "limits": Endpoint(
        "/api/limits",
        Text("用量方案、剩餘額度與點數", "The caller's plan, what is left, the tariff"),
        errors=(),
        stored=False,
    ),
    "openapi": Endpoint(
        "/api/openapi.json",
        Text("本文件（OpenAPI 3.1）", "This description (OpenAPI 3.1)"),
        media=("application/vnd.oai.openapi+json;version=3.1",),
        errors=(),
    ),
    "docs": Endpoint(
        "/api/docs",
        Text("給人讀的說明頁", "This description as a page"),
        ("lang",),
        media=("text/html",),
        errors=(400,),
    ),
    "console": Endpoint(
        "/api/docs/{code}",
        Text("資料集的試用台：表單、位址、程式與回答", "A dataset's console: form, address, programs, answer"),
        ("lang",),
        fields=True,
        media=("text/html",),
    ),
    "datasets": Endpoint(
        "/api/datasets",
        Text("搜尋資料集，附分面統計", "Find datasets, with facet counts"),
        ("q", "category", "agency", "kind", "limit", "offset", "lang", "f"),
        errors=(400, 401),
    ),
    "dataset": Endpoint(
        "/api/datasets/{code}", Text("資料集的說明、欄位與連結", "A dataset: description, fields, links"), ("lang", "f")
    ),
    "dataset_openapi": Endpoint(
        "/api/datasets/{code}/openapi.json",
        Text("資料集自己的 OpenAPI 3.1，欄位有型別", "The dataset's own OpenAPI 3.1, its columns typed"),
        media=("application/vnd.oai.openapi+json;version=3.1",),
    ),
    "rows": Endpoint(
        "/api/datasets/{code}/rows",
        Text("資料列", "Rows"),
        ROWS,
        fields=True,
        media=media_of(ROW_FORMATS),
        errors=_DATA_ERRORS,
        formats=ROW_FORMATS,
    ),
    "latest": Endpoint(
        "/api/datasets/{code}/latest",
        Text("每個鍵值最新的一列", "The newest row of each key"),
        ROWS,
        fields=True,
        media=media_of(ROW_FORMATS),
        errors=_DATA_ERRORS,
        formats=ROW_FORMATS,
    ),
    "changes": Endpoint(
        "/api/datasets/{code}/changes",
        Text("某版本之後新增、修改、刪除的列", "Rows inserted, updated or deleted after a version"),
        CHANGES,
        media=media_of(CHANGE_FORMATS),
        errors=_DATA_ERRORS,
        formats=CHANGE_FORMATS,
    ),
    "series": Endpoint(
        "/api/datasets/{code}/series",
        Text("依時間與欄位彙總", "Aggregates by time and by fields"),
        SERIES,
        fields=True,
        media=media_of(SERIES_FORMATS),
        errors=_DATA_ERRORS,
        formats=SERIES_FORMATS,
    ),
    "versions": Endpoint(
        "/api/datasets/{code}/versions",
        Text("版本列表，新的在前", "Versions, newest first"),
        ("limit", "offset", "lang", "f"),
    ),
    "decisions": Endpoint(
        "/api/datasets/{code}/decisions",
        Text("對資料列的更正與判定，新的在前", "Decisions about rows: corrections and status, newest first"),
        ("limit", "offset", "lang", "f"),
    ),
    "version": Endpoint(
        "/api/datasets/{code}/versions/{number}",
        Text("一個版本的清單：檔案、SHA-256、連結", "A version's manifest: files, SHA-256, links"),
        ("lang", "f"),
    ),
    "file": Endpoint(
        "/api/datasets/{code}/files/{version}/{name}",
        Text("版本的 Parquet 原檔，支援 Range", "A stored Parquet file of a version, with Range"),
        media=("application/vnd.apache.parquet",),
        errors=(400, 401, 404, 410, 416),
    ),
    "bulk_dataset": Endpoint(
        "/api/datasets/{code}/bulk",
        Text(
            "資料集的整批檔：大小、SHA-256、固定與最新位址",
            "A dataset's whole files: size, SHA-256, pinned and latest addresses",
        ),
        ("lang", "f"),
    ),
    "bulk_file": Endpoint(
        "/api/datasets/{code}/bulk/{version}/{name}",
        Text("一個版本的整批檔，支援 Range", "A whole file of a version, with Range"),
        media=_WHOLE,
        errors=(400, 401, 404, 410, 416, 422, 503),
    ),
    "bulk": Endpoint(
        "/api/bulk",
        Text("所有資料集的檔案清單", "The manifest of every dataset's files"),
        ("limit", "offset", "lang", "f"),
        errors=(400, 401),
    ),
    "bulk_catalogues": Endpoint(
        "/api/bulk/catalogue",
        Text("每夜的目錄傾印列表", "Nightly dumps of the catalogue"),
        ("lang", "f"),
        errors=(400, 401),
    ),
    "bulk_catalogue": Endpoint(
        "/api/bulk/catalogue/{day}/{name}",
        Text(
            "目錄傾印的檔案：catalogue.jsonl.gz 或 catalogue.csv.gz",
            "A file of a dump: catalogue.jsonl.gz or catalogue.csv.gz",
        ),
        media=("application/gzip",),
        errors=(400, 401, 404, 416),
    ),
}
