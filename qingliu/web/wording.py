"""Words for values: types, frequencies, comparisons, AQI bands, times. UI words go through gettext."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qingliu.core.clock import TAIPEI
from qingliu.core.dataset import Frequency
from qingliu.standards.vocabularies import categories, flags

AQI_BANDS = (50, 100, 150, 200, 300)  # upper ends of bands 1 to 5; above is band 6


def type_name(code: str) -> str:
    """A column type in words."""
    names = {
        "string": _("文字"),
        "integer": _("整數"),
        "number": _("數值"),
        "boolean": _("是非"),
        "date": _("日期"),
        "datetime": _("時間"),
    }
    return names.get(code, code)


def op_name(op: str) -> str:
    """A comparison in words."""
    names = {
        "eq": _("等於"),
        "ne": _("不等於"),
        "gt": _("大於"),
        "ge": _("大於或等於"),
        "lt": _("小於"),
        "le": _("小於或等於"),
        "has": _("包含"),
        "null": _("沒有值"),
        "some": _("有值"),
    }
    return names[op]


def glossary() -> dict[str, str]:
    """The portal's own words, as said in the present language."""
    return {
        "dataset": _("資料集"),
        "view": _("檢視資料集"),
        "version": _("版本"),
        "quarantine": _("隔離區"),
        "held": _("暫緩"),
        "listed": _("僅列目錄"),
    }


def kind_name(kind: str) -> str:
    """An entry's kind in words."""
    return {"table": _("一般資料集"), "view": _("檢視資料集"), "listed": _("僅列目錄")}.get(kind, kind)


def status_name(status: str) -> str:
    """An entry's state in words."""
    return {"published": _("已發布"), "held": _("暫緩"), "listed": _("僅列目錄")}.get(status, status)


def sort_name(sort: str) -> str:
    """An order of the catalogue in words."""
    return {"relevance": _("相關"), "updated": _("更新時間"), "title": _("名稱"), "code": _("代碼")}[sort]


def judge_name(judge: str) -> str:
    """A judge in words."""
    names = {"drift": _("結構變動"), "privacy": _("個資"), "balance": _("對帳"), "volume": _("資料量")}
    return names.get(judge, judge)


def severity_name(severity: str) -> str:
    """A finding's gravity in words."""
    return {"info": _("提示"), "warning": _("注意"), "hold": _("暫緩"), "reject": _("退回")}.get(severity, severity)


def role_name(role: str) -> str:
    """A contact's role in words."""
    return {"steward": _("資料管理者"), "deputy": _("代理人"), "contact": _("聯絡窗口")}.get(role, role)


def format_name(code: str) -> str:
    """A file format's name."""
    names = {"csv": "CSV", "json": "JSON", "geojson": "GeoJSON", "parquet": "Parquet", "ndjson": "NDJSON", "xml": "XML"}
    names |= {"xlsx": "XLSX", "ods": "ODS", "geoparquet": "GeoParquet"}
    return names.get(code, code)


def format_note(code: str) -> str:
    """What a file format is good for."""
    notes = {
        "csv": _("試算表與多數工具"),
        "json": _("程式；數字是數字，缺值是 null"),
        "geojson": _("地圖與 GIS"),
        "xlsx": _("試算表；數字與日期帶型別"),
        "ods": _("開放文件格式的試算表"),
        "parquet": _("大量分析；帶型別"),
        "geoparquet": _("有位置的大量分析"),
        "ndjson": _("逐行處理"),
        "xml": _("環境部 v2 相容"),
    }
    return notes.get(code, "")


def flag_name(code: str, lang: str) -> str:
    """A cell's flag in words, or its code where the vocabulary does not know it."""
    term = flags().get(code)
    return term.name.get(lang) if term else code


def frequency(promise: Frequency) -> str:
    """An update frequency in words."""
    n = promise.every
    match promise.unit:
        case "minute":
            return ngettext("每分鐘", "每 %(n)s 分鐘", n) % {"n": n}
        case "hour":
            return ngettext("每小時", "每 %(n)s 小時", n) % {"n": n}
        case "day":
            return ngettext("每日", "每 %(n)s 日", n) % {"n": n}
        case "week":
            return ngettext("每週", "每 %(n)s 週", n) % {"n": n}
        case "month":
            return ngettext("每月", "每 %(n)s 月", n) % {"n": n}
        case "quarter":
            return ngettext("每季", "每 %(n)s 季", n) % {"n": n}
        case "year":
            return ngettext("每年", "每 %(n)s 年", n) % {"n": n}
    return _("不定期")


def span(seconds: int) -> str:
    """A length of time in the largest unit that says it exactly: hours where it can, else minutes or seconds."""
    if seconds % 3600 == 0:
        return ngettext("%(n)s 小時", "%(n)s 小時", seconds // 3600) % {"n": seconds // 3600}
    if seconds % 60 == 0:
        return ngettext("%(n)s 分鐘", "%(n)s 分鐘", seconds // 60) % {"n": seconds // 60}
    return ngettext("%(n)s 秒", "%(n)s 秒", seconds) % {"n": seconds}


def category_name(code: str, lang: str) -> str:
    """A category in words, or its code where the vocabulary does not know it."""
    term = categories().get(code)
    return term.name.get(lang) if term else code or _("未分類")


def aqi_band(value: float) -> tuple[int, str]:
    """(1 to 6, the band's name) of an air quality index."""
    band = 1 + sum(value > top for top in AQI_BANDS)
    names = (_("良好"), _("普通"), _("對敏感族群不健康"), _("對所有族群不健康"), _("非常不健康"), _("危害"))
    return band, names[band - 1]


def moment(text: str | datetime | None) -> datetime | None:
    """The Taipei time of an ISO text or an aware moment; None where there is none."""
    if not text:
        return None
    found = datetime.fromisoformat(text) if isinstance(text, str) else text
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(TAIPEI)


def size(count: int) -> str:
    """Bytes with a unit a person reads."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return ""
