"""What a chart says in words, in the page's language: its names, its period, what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.api.languages import Words, words_of
from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.grouping.measured import with_role
from qingliu.lake.published import Entry, Published
from qingliu.web.charts import scales, times
from qingliu.web.explore.asks import Ask


def lang() -> str:
    """zh or en."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def kind_name(kind: str) -> str:
    """A kind of chart."""
    return {
        "line": _("折線"), "bar": _("長條"), "box": _("盒鬚"), "histogram": _("分布"), "calendar": _("月曆"),
        "rose": _("風花"), "map": _("地圖"), "pivot": _("樞紐表"), "table": _("原始列"),
    }[kind]  # fmt: skip


def stat_name(stat: str) -> str:
    """A statistic."""
    return {
        "avg": _("平均"), "median": _("中位數"), "max": _("最大"), "min": _("最小"), "sum": _("總和"),
        "p98": _("第 98 百分位"), "valid": _("有效值數"), "count": _("列數"),
    }[stat]  # fmt: skip


def bucket_name(bucket: str) -> str:
    """A bucket as an adjective."""
    return {
        "1h": _("每小時"), "1d": _("每日"), "1w": _("每週"), "1mo": _("每月"), "1y": _("每年"),
        "roll4h": _("4 小時移動"), "roll8h": _("8 小時移動"), "roll12h": _("12 小時移動"), "roll24h": _("24 小時移動"),
    }.get(bucket, "")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """Names of columns and cells in the page's language."""

    entry: Entry
    words: Words
    unit: str = ""  # the chosen item's, from the rows of a long table

    @property
    def record(self) -> DatasetRecord:
        """The dataset."""
        return self.entry.record

    def column(self, name: str) -> str:
        """A column's title, its name where it has none."""
        field = self.record.field(name)
        return (field.title.get(lang()) or field.name) if field else name

    def cell(self, column: str, value: Any) -> str:
        """A cell's text: in English where the dataset has words for it."""
        if value is None:
            return _("（無）")
        if isinstance(value, datetime):
            return times.moment_told(value, "1h")
        if isinstance(value, float):
            return scales.short(value)
        text = str(value)
        return self.words.get(column, {}).get(text, text) if lang() == "en" else text

    def what(self, ask: Ask) -> str:
        """What is drawn, without its unit."""
        if ask.stat == "count" or not ask.of:
            return _("列數")
        return self.item(ask.item) if ask.item else self.column(ask.of)

    def item(self, code: str) -> str:
        """An item of a long table."""
        item = with_role(self.record, "item")
        return self.cell(item.name, code) if item else code

    def unit_of(self, field: FieldRecord) -> str:
        """The unit of an answer's column."""
        counts = field.name == "count" or field.name.startswith("valid_")
        return "" if counts else field.unit or self.unit

    def quantity(self, ask: Ask, field: FieldRecord) -> str:
        """What an axis carries: name, statistic and unit."""
        unit = self.unit_of(field)
        if ask.stat in {"count", ""}:
            return _("列數")
        return f"{self.what(ask)} · {stat_name(ask.stat)}" + (
            f"（{unit}）" if unit and lang() == "zh" else f" ({unit})" if unit else ""
        )


def names(entry: Entry, published: Published, unit: str = "") -> Names:
    """The names of a dataset."""
    return Names(entry, words_of(entry, published.get), unit)


def listed(parts: list[str], most: int = 4) -> str:
    """Some of a list's parts, and how many more there are."""
    some = _("、").join(parts[:most])
    return some if len(parts) <= most else _("%(some)s 等 %(n)s 個") % {"some": some, "n": len(parts)}


def period(ask: Ask) -> str:
    """The period that was asked for."""
    if not ask.start and not ask.end:
        return _("全部期間")
    return f"{ask.start.replace('T', ' ') or '…'} – {ask.end.replace('T', ' ') or '…'}"


def title(ask: Ask, said: Names) -> str:
    """The chart's title: what, which statistic, how often, of whom."""
    english = lang() == "en"
    told = _("風向與風速") if ask.chart == "rose" else said.what(ask)
    often = bucket_name(ask.bucket) if ask.bucket and ask.chart != "rose" else ""
    stat = "" if ask.stat in {"count", ""} or ask.chart in {"histogram", "rose", "box"} else stat_name(ask.stat)
    if english:
        told += "".join(f", {part.lower()}" for part in (f"{often} {stat}".strip(),) if part)
    else:
        told = f"{often}{told}" if not stat else f"{told} {often}{stat}"
    if ask.only:
        told += " · " + listed([said.cell(ask.split, v) for v in ask.only])
    elif ask.split and ask.chart in {"bar", "box", "pivot", "map"}:
        told += " · " + _("依%(column)s") % {"column": said.column(ask.split)}
    return told
