"""Deliveries that are not data at all: error pages and error messages that came with a friendly status."""

from __future__ import annotations

import re

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource

# atomic: a row of comments must not be tried in every way in which it can be cut
_HTML = re.compile(r"^\s*+(<\?xml[^>]*>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.I)
_TITLE_WITHIN = 4096  # characters of the page that are looked at for its title
_WORDS = ("message", "error", "errors", "detail", "msg", "reason", "title", "success", "status", "code")


def is_html(head: str) -> bool:
    """Whether the text begins as an HTML page."""
    return bool(_HTML.match(head))


def error_page(head: str, name: str) -> BadSource:
    """The error for an HTML page in place of data, with its title."""
    found = _TITLE.search(head[:_TITLE_WITHIN])
    title = re.sub(r"\s+", " ", found.group(1)).strip()[:120] if found else "-"
    return BadSource(
        Text(
            f"「{name}」是網頁（標題「{title}」），不是資料。", f"'{name}' is a web page (title '{title}'), not data."
        ),
        Text(
            "來源可能回應了錯誤頁；請確認網址後重試。",
            "The source probably sent an error page: check its address and retry.",
        ),
        parameter=name,
    )


def error_message(value: object, name: str) -> BadSource:
    """The error for a JSON document that holds no records, with what it says."""
    said = ""
    if isinstance(value, dict):
        said = "; ".join(f"{k}: {v}" for k, v in value.items() if str(k).lower() in _WORDS and not isinstance(v, list))
    said = (said or str(value))[:200]
    return BadSource(
        Text(f"「{name}」沒有資料紀錄，內容為：{said}", f"'{name}' holds no records; it says: {said}"),
        Text(
            "來源可能回應了錯誤訊息；若紀錄在其他路徑，請宣告 read.records。",
            "The source probably sent an error; if the records lie elsewhere, declare read.records.",
        ),
        parameter=name,
    )


def broken(name: str, what: str, place: str) -> BadSource:
    """The error for a document that ends too early or breaks its own grammar at ``place``."""
    return BadSource(
        Text(f"「{name}」不是完整的 {what}（{place}）。", f"'{name}' is no whole {what} ({place})."),
        Text("檔案可能中斷，請重新取得。", "The file may be cut short: fetch it again."),
        parameter=name,
    )
