"""Date formats as people say them. Pure."""

from __future__ import annotations

from qingliu.core.dataset import Text

_PARTS_ZH = {
    "%Y": "年",
    "%y": "年",
    "%m": "月",
    "%d": "日",
    "%H": "時",
    "%M": "分",
    "%S": "秒",
    "%f": "秒的小數",
    "%p": "上下午",
}
_PARTS_EN = {
    "%Y": "YYYY",
    "%y": "YY",
    "%m": "MM",
    "%d": "DD",
    "%H": "hh",
    "%M": "mm",
    "%S": "ss",
    "%f": "ffffff",
    "%p": "AM/PM",
}


def written(fmt: str) -> Text:
    """How a date format is written, as people say it: ``roc:%Y/%m/%d`` is 民國 年/月/日, ROC year YYY/MM/DD."""
    roc = fmt.startswith("roc:")
    zh = en = fmt.removeprefix("roc:")
    for code, part in _PARTS_ZH.items():
        zh = zh.replace(code + part, part).replace(code, part)  # %Y年 is 年, not 年年
    for code, part in _PARTS_EN.items():
        en = en.replace(code, "YYY" if roc and code == "%Y" else part)
    return Text(f"民國 {zh}" if roc else f"西元 {zh}" if "%Y" in fmt else zh, f"ROC year {en}" if roc else en)
