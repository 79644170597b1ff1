"""Which parts of a question a kind of chart has a use for; one that it has none for is told, never ignored."""

from __future__ import annotations

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.grouping.measured import is_long
from qingliu.web.explore.asks import Ask

STAT_KINDS = ("line", "bar", "calendar", "map", "pivot")  # of which the statistic can be chosen
BUCKET_KINDS = ("line", "bar", "box", "calendar", "rose", "pivot")
_FIXED = {"box": "avg", "rose": "avg", "histogram": "valid"}  # what their addresses carry, so that it can be sent back


def refuse_misfits(ask: Ask, chart: str, record: DatasetRecord) -> None:
    """Raise BadRequest for a part of the question that this kind of chart cannot heed."""
    table = chart == "table"
    given = (
        ("across", ask.across, chart == "pivot"),
        ("cols", ask.cols, table),
        ("sortby", ask.sortby, table),
        ("page", ask.page > 1, table),
        ("bucket", ask.bucket, chart in BUCKET_KINDS and (chart != "calendar" or ask.bucket == "1d")),
        ("stat", ask.stat, chart in STAT_KINDS or ask.stat == _FIXED.get(chart)),
        ("of", ask.of, not table),
        ("by", ask.split, not table),
        ("completeness", ask.completeness, not table),
        ("below", ask.below, not table),
        ("item", ask.item, is_long(record) and not table),
    )
    if chart == "map" and record.place is None and ask.by == "-":
        raise BadRequest(
            Text("這張地圖需要縣市欄位。", "This map needs a column of counties."),
            Text("請以 by 選縣市欄位。", "Choose the column of counties as by."),
            parameter="by",
        )
    for name, value, heeded in given:
        if value and not heeded:
            raise BadRequest(
                Text(f"這種圖（{chart}）用不到這個 {name}。", f"A chart of kind {chart} has no use for this {name}."),
                Text(f"請拿掉 {name}，或換一種圖。", f"Leave {name} out, or choose another kind."),
                parameter=name,
            )


def carried(ask: Ask, kind: str) -> dict[str, object]:
    """What must be left out of a question when another kind of chart is chosen for it."""
    free = kind in STAT_KINDS and (not ask.chart or ask.chart in STAT_KINDS)
    left: dict[str, object] = {"chart": kind, "bucket": "", "page": 1, "sortby": "", "cols": (), "across": ""}
    left["stat"] = ask.stat if free else ""
    left["completeness"] = ask.completeness if kind in {"line", "calendar"} else ""
    if "rose" in {kind, ask.chart} and kind != ask.chart:  # directions have no minimum, and only they make a rose
        left |= {"of": "", "item": ""}
    if ask.by == "-":
        left["by"] = ""
    if kind == "table":
        left |= {"of": "", "by": "", "only": (), "item": "", "below": ""}
    return left
