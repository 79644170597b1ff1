"""Is this body data at all? Errors come as 200: pages, messages, nothing, halves. Pure functions over bytes."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource

HEAD = 64 * 1024
TAIL = 128 * 1024
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_ERROR_ROOT = re.compile(rb"<(?:\w+:)?\w*(?:exception|error|fault)\w*[\s>/]", re.IGNORECASE)
# The words by which clients of the existing platform tell a refused key.
_REFUSAL = re.compile(
    r"不存在|過期|失效|無效|未授權|權限不足|錯誤|expired|invalid|not valid|unauthori[sz]ed|forbidden|denied", re.I
)
_KEY_WORDS = re.compile(r"key|金鑰|token|授權|過期|失效|expired", re.I)
_SAYINGS = ("message", "Message", "msg", "error", "errors", "error_description", "detail", "title", "reason")
_MAGIC = {b"PK\x03\x04": ".zip", b"PAR1": ".parquet", b"\x1f\x8b": ".gz"}


@dataclass(frozen=True, slots=True)
class Looks:
    """The suffix that the body's first bytes ask for."""

    suffix: str


def check(path: Path, host: str, *, allow_empty: bool = False) -> Looks:
    """What the body looks like. Raises BadSource where it is no data: nothing, a page, a message, or half a file."""
    size = path.stat().st_size
    with path.open("rb") as body:
        head = body.read(HEAD)
        body.seek(max(0, size - TAIL))
        tail = body.read(TAIL)
    for magic, suffix in _MAGIC.items():
        if head.startswith(magic):
            _check_packed(suffix, tail, host)
            return Looks(suffix)
    start = _plain(head).lstrip()
    if not start:
        raise _nothing(host)
    if start[:1] == b"<":
        return _check_marked(start, tail, host)
    if start[:1] in (b"{", b"["):
        return _check_json(path, start, tail, size, host, allow_empty=allow_empty)
    _check_text(start, tail, size, host)
    return Looks(".csv")


def message(value: Any) -> str:
    """What a JSON object says instead of data, "" where it says nothing of the kind."""
    if not isinstance(value, dict):
        return ""
    if any(isinstance(v, list) and v and isinstance(v[0], dict) for v in value.values()) or "records" in value:
        return ""
    found = next((value[name] for name in _SAYINGS if value.get(name)), "")
    if isinstance(found, dict):
        return message(found) or json.dumps(found, ensure_ascii=False)
    return str(found)


def refused(host: str, said: str) -> BadSource:
    """The source answers with a message; where that is about the key, the remedy is about the key."""
    words = " ".join(said.split())[:160]
    if _KEY_WORDS.search(said):
        remedy = Text(
            "請重新申請金鑰（效期一年），更新 key_env 所指的環境變數。",
            "Apply for a new key (they are valid for one year) and set the variable named by key_env.",
        )
    else:
        remedy = Text("請檢查資料集代碼與參數，或洽來源機關。", "Check the code and parameters, or ask the agency.")
    return BadSource(
        Text(f"{host} 以訊息代替資料：「{words}」。", f"{host} sent a message instead of data: '{words}'."), remedy
    )


def half(host: str) -> BadSource:
    """The body breaks off."""
    return BadSource(
        Text(f"{host} 的內容在中途斷掉。", f"The body of {host} breaks off in the middle."),
        Text(
            "已保留舊版本；請稍後重試，或通知來源機關。", "The old version stays; try again later, or tell the agency."
        ),
    )


def _nothing(host: str) -> BadSource:
    return BadSource(
        Text(f"{host} 的內容是空的。", f"The body of {host} is empty."),
        Text(
            "已保留舊版本；若空清單是正常情形，請設 allow_empty: true。",
            "The old version stays; where an empty list is normal, set allow_empty: true.",
        ),
    )


def _plain(head: bytes) -> bytes:
    """The head without its byte order mark; UTF-16 turned into UTF-8 for looking at."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").encode()
    return head.removeprefix(b"\xef\xbb\xbf")


def _check_packed(suffix: str, tail: bytes, host: str) -> None:
    whole = {".zip": b"PK\x05\x06" in tail, ".parquet": tail.endswith(b"PAR1")}
    if not whole.get(suffix, True):
        raise half(host)


def _check_marked(start: bytes, tail: bytes, host: str) -> Looks:
    if _HTML.search(start[:4096]):
        raise BadSource(
            Text(f"{host} 回應網頁而不是資料。", f"{host} sent a web page instead of data."),
            Text("可能是維護公告或登入頁；請檢查網址。", "It may be a notice or a log-in page; check the address."),
        )
    root = re.sub(rb"<\?.*?\?>|<!--.*?-->|<!.*?>", b"", start[:4096], flags=re.DOTALL).lstrip()
    if _ERROR_ROOT.match(root):
        raise refused(host, re.sub(rb"<[^>]*>", b" ", root[:1000]).decode("utf-8", "replace"))
    if not _plain_tail(tail).endswith(b">"):
        raise half(host)
    return Looks(".xml")


def _plain_tail(tail: bytes) -> bytes:
    return tail.rstrip(b" \t\r\n\0")


def _check_json(path: Path, start: bytes, tail: bytes, size: int, host: str, *, allow_empty: bool) -> Looks:
    lines = start.split(b"\n", 2)
    by_line = len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip().startswith(b"{")
    if not _plain_tail(tail).endswith((b"}", b"]")):
        raise half(host)
    if size <= HEAD and not by_line:
        try:
            value = json.loads(start)
        except ValueError:
            raise half(host) from None
        said = message(value)
        if said:
            raise refused(host, said)
        if value in ([], {}) and not allow_empty:
            raise _nothing(host)
    return Looks(".ndjson" if by_line else ".json")


def _check_text(start: bytes, tail: bytes, size: int, host: str) -> None:
    """A short text that refuses, or a table whose last line breaks off."""
    text = _decoded(start)
    lines = [line for line in text.splitlines() if line.strip()]
    if size <= 2000 and len(lines) <= 3 and _REFUSAL.search(text) and not _is_table(lines):
        raise refused(host, text)
    last = tail.splitlines()[-1] if tail else b""
    if tail.endswith((b"\n", b"\r", b"\0")) or len(lines) < 2:
        return
    # No newline at the end: an unfinished last line has fewer cells than the header, or opens a quote.
    for delimiter in ",\t;|":
        columns = len(next(csv.reader([lines[0]], delimiter=delimiter)))
        if columns > 1:
            cells = _decoded(last)
            if len(next(csv.reader([cells], delimiter=delimiter), [])) < columns or cells.count('"') % 2:
                raise half(host)
            return


def _is_table(lines: list[str]) -> bool:
    return len(lines) > 1 and any(lines[0].count(d) > 0 and lines[0].count(d) <= lines[1].count(d) for d in ",\t;|")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp950", "replace")
