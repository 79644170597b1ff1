"""Parameters of ``/series``: what reads them, what OpenAPI says about them."""

from __future__ import annotations

from qingliu.api.native.parameter import Parameter, text
from qingliu.core.dataset import Text
from qingliu.lake.grouping import BUCKETS

BELOW_DETECTION = ("half", "zero", "limit", "drop")
SERIES_FORMATS = ("json", "ndjson", "csv", "csv.gz", "parquet")
SERIES_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "bucket",
        text(enum=list(BUCKETS)),
        Text(
            "時間分組，回答為 time 欄：1h、1d、1w、1mo、1y 依時區的曆；roll4h 至 roll24h 為止於該小時的移動時窗。",
            "Time bucket, answered as column time: 1h, 1d, 1w, 1mo, 1y by the calendar of the zone; roll4h to roll24h are "
            "windows that end with the hour.",
        ),
        "1d",
    ),
    Parameter(
        "aggregate",
        text(),
        Text(
            "彙總，以逗號分隔：count(*)；對欄位可用 count、valid、avg、min、max、sum、median、sd、first、last、p98（百分位）、"
            "over(o3,60)（超過的筆數）、vdir、vspeed（風向量）。",
            "count(*), or of a field count, valid, avg, min, max, sum, median, sd, first, last, p98 (any percentile), "
            "over(o3,60) (how many above), vdir, vspeed (wind vectors); commas between.",
        ),
        "avg(aqi),count(*)",
        required=True,
    ),
    Parameter(
        "timezone",
        text(),
        Text(
            "時段的時區（IANA 名稱）；預設為資料集的。",
            "Time zone of the buckets, an IANA name; default the dataset's.",
        ),
        "Asia/Taipei",
    ),
    Parameter(
        "completeness",
        {"type": "number", "minimum": 0, "maximum": 1},
        Text(
            "時段內有效測值占應有測值的最低比率，不足者統計值為 null；預設 0.75，0 為不限。",
            "The least share of the promised values that a statistic stands on, else it is null; default 0.75, 0 for none.",
        ),
        "0.75",
    ),
    Parameter(
        "below_detection",
        text(enum=list(BELOW_DETECTION)),
        Text(
            "低於偵測極限的值：half 極限之半（預設）、zero 零、limit 極限、drop 不計；沒有宣告極限者只有 zero 計入。",
            "Cells below the detection limit: half the limit (the default), zero, the limit, or drop; where no limit is "
            "declared only zero counts them.",
        ),
        "half",
    ),
    Parameter(
        "include_invalid",
        {"type": "boolean"},
        Text("無效的列與儲存格也計入。", "Take rows and cells that are marked invalid too."),
        "false",
    ),
    Parameter(
        "fill",
        text(enum=["none", "gaps"]),
        Text("gaps：沒有資料的時段也回答，值為 null。", "gaps answers buckets without rows too, as null."),
        "gaps",
    ),
    Parameter("groupby", text(), Text("分組欄位，以逗號分隔。", "Fields to group by, by commas."), "county"),
)
SERIES = (
    "aggregate",
    "bucket",
    "groupby",
    "timezone",
    "completeness",
    "below_detection",
    "include_invalid",
    "fill",
    "filter",
    "filter-lang",
    "datetime",
    "bbox",
    "limit",
    "offset",
    "as_of",
    "lang",
    "f",
    "header",
    "bom",
    "_status",
)
