"""The harvester of the existing platform's API v2: every page to the end, and no page believed that cannot be.

Options: url (default the platform's) · code · key_env · page_size (1000, the platform's cap) · sort · language ·
pause_s · max_pages · timeout_s. The platform answered with an envelope until January 2026 and with a bare list since;
its totals are strings; it caps a page without saying so; its JSON was at times cut off, then CSV serves.
The harvest is one NDJSON file, one record a line, every value as it came.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlencode

from qingliu.core import addresses
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadSource
from qingliu.pipeline.sources import content
from qingliu.pipeline.sources import http as feed
from qingliu.pipeline.sources.base import Delivery, State, Surroundings, fingerprint, noted, number, remembered, wanted

PLATFORM = "https://data.moenv.gov.tw/api/v2"
PAGE = 1000
OPTIONS = (feed.OPTIONS - {"max_mb"}) | {"code", "page_size", "sort", "language", "pause_s", "max_pages"}
Row = dict[str, Any]


class _Malformed(Exception):
    """A JSON page that cannot be read."""


class _Moved(Exception):
    """The data changed while it was being paged: what was read does not belong together."""

    def __init__(self, told: BadSource) -> None:
        super().__init__(str(told))
        self.told = told


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its rows and the total that an envelope names (None in a bare list)."""

    rows: list[Row]
    total: int | None
    limit: int | None = None


@dataclass(slots=True)
class _Tally:
    """What was seen so far, to notice what the platform does not say."""

    rows: int = 0
    pages: int = 0
    capped_at: int = 0
    total: int | None = None
    columns: frozenset[str] = frozenset()
    digests: set[bytes] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)
    twice: int = 0  # rows that an earlier page held, too: the order is not stable, or the data really repeats


def fetch(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery:
    """All records of one code as NDJSON, or unchanged when they are the same as last time."""
    code = wanted(source, "code")
    asker = _Asker(source, workdir, around)
    out = workdir / f"{feed.plain_stem(code)}.ndjson"
    tally, how = _harvested(asker, out)
    with out.open("rb") as lines:
        digest = hashlib.file_digest(lines, "sha256").hexdigest()
    seen = {"source": fingerprint(source), "sha256": digest, "rows": tally.rows}
    if digest == remembered(source, state).get("sha256"):
        out.unlink()
        return Delivery((), True, seen, noted(asker.place, Text("內容與上次相同。", "The same records as last time.")))
    return Delivery((out,), False, seen, _note(asker, tally, how))


def _harvested(asker: _Asker, out: Path) -> tuple[_Tally, str]:
    """The harvest written to ``out``. One more try when the data moved under it; CSV where the JSON is broken."""
    how = "json"
    for last in (False, True, True):
        try:
            return _all_pages(asker, out, how), how
        except _Malformed:
            if how == "csv":
                raise content.half(asker.host) from None
            how = "csv"
        except _Moved as moved:
            if last:
                raise moved.told from None
    raise content.half(asker.host)


def _all_pages(asker: _Asker, out: Path, how: str) -> _Tally:
    tally = _Tally()
    with out.open("w", encoding="utf-8", newline="\n") as lines:
        while True:
            page = asker.page(tally.rows, how)
            if page.rows:
                _believe(asker, tally, page)
                _write(lines, tally, page.rows)
            tally.pages += 1
            tally.rows += len(page.rows)
            if _ended(asker, tally, page):
                break
            if tally.pages >= asker.max_pages:
                raise asker.bad(
                    Text(f"超過 {asker.max_pages} 頁仍未結束。", f"No end after {asker.max_pages} pages."),
                    Text("請調高 max_pages，或檢查來源的 offset。", "Raise max_pages, or check the source's offset."),
                )
            time.sleep(asker.pause_s)
    if tally.rows == 0 and asker.source.option("allow_empty") != "true":
        raise asker.bad(
            Text("沒有任何紀錄。", "It has no records at all."),
            Text("請檢查資料集代碼；舊版本保持不變。", "Check the code; the old version stays."),
        )
    return tally


def _write(out: TextIO, tally: _Tally, rows: list[Row]) -> None:
    """The rows of a page, one a line, and how many of them came before."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows]
    marks = {hash(line) for line in lines}
    tally.twice += len(marks & tally.lines)
    tally.lines |= marks
    out.writelines(lines)


def _believe(asker: _Asker, tally: _Tally, page: Page) -> None:
    """Note what a page tells; raise where it contradicts the pages before."""
    digest = hashlib.sha256(json.dumps(page.rows, sort_keys=True).encode()).digest()
    if digest in tally.digests:
        raise asker.bad(
            Text(
                f"第 {tally.pages + 1} 頁重複先前的頁，offset 沒有作用。",
                f"Page {tally.pages + 1} repeats an earlier one.",
            ),
            Text("請改用 http 來源，或洽來源機關。", "The offset is ignored: use an http source, or ask the agency."),
        )
    tally.digests.add(digest)
    columns = frozenset(name for row in page.rows for name in row)
    if tally.columns and columns != tally.columns:
        changed = "、".join(sorted(columns ^ tally.columns))[:200]
        raise _Moved(
            asker.bad(
                Text(f"各頁欄位不同：{changed}。", f"The columns change between pages: {changed}."),
                Text("請稍後重試，或洽來源機關。", "Try again later, or ask the agency."),
            )
        )
    tally.columns = columns
    if len(page.rows) > asker.page_size:
        raise asker.bad(
            Text("一頁超過要求的筆數，limit 沒有作用。", "A page holds more than was asked: the limit is ignored."),
            Text("請改用 http 來源。", "Use an http source."),
        )


def _ended(asker: _Asker, tally: _Tally, page: Page) -> bool:
    """Whether this was the last page; a short page counts only when the next one is empty or the total agrees."""
    if page.total is not None:
        if tally.total is not None and page.total != tally.total:
            raise _Moved(_disagree(asker, tally.total, page.total))
        tally.total = page.total
        if tally.rows > page.total or (not page.rows and tally.rows < page.total):
            raise _Moved(_disagree(asker, page.total, tally.rows))
        if tally.rows == page.total:
            return True
    if not page.rows:
        return True
    if len(page.rows) < asker.page_size and tally.pages == 1:
        tally.capped_at = len(page.rows)  # the end, or a silent cap: the next page tells
    return False


def _disagree(asker: _Asker, total: int, found: int) -> BadSource:
    return asker.bad(
        Text(f"宣稱共 {total} 筆，實際為 {found} 筆。", f"It claims {total} records, but there are {found}."),
        Text("資料可能正在更新；請稍後重試。", "The data may be changing just now; try again later."),
    )


def _note(asker: _Asker, tally: _Tally, how: str) -> str:
    zh, en = f"{tally.rows} 筆，{tally.pages} 頁。", f"{tally.rows} records in {tally.pages} pages."
    if 0 < tally.capped_at < tally.rows:
        zh += f"來源將每頁 {asker.page_size} 筆暗中縮為 {tally.capped_at} 筆。"
        en += f" The source silently cut pages of {asker.page_size} to {tally.capped_at}."
    if tally.twice:
        zh += f"{tally.twice} 筆在不同頁重複出現，來源的排序可能不穩定。"
        en += f" {tally.twice} records came on two pages: the source's order may not be stable."
    if how == "csv":
        zh, en = zh + "JSON 損壞，改讀 CSV。", en + " Its JSON was broken; CSV was read instead."
    return noted(asker.place, Text(zh, en))


class _Asker:
    """Asks for one page at a time."""

    def __init__(self, source: SourceSpec, workdir: Path, around: Surroundings) -> None:
        self.source = source
        self.around = around
        self.body = workdir / "page"
        self.url = f"{source.option('url', PLATFORM).rstrip('/')}/{wanted(source, 'code')}"
        self.host = addresses.split(self.url).hostname or ""
        self.place = f"{self.host} {source.option('code')}"
        self.page_size = int(number(source, "page_size", PAGE))
        self.max_pages = int(number(source, "max_pages", 10_000))
        self.pause_s = number(source, "pause_s", 0.2)
        self.limits = feed.limits(source, around)

    def bad(self, reason: Text, remedy: Text) -> BadSource:
        """A BadSource that names host and code."""
        return BadSource(Text(f"{self.place}：{reason.zh}", f"{self.place}: {reason.en}"), remedy)

    def page(self, offset: int, how: str) -> Page:
        """The rows from ``offset``. Raises _Malformed, or BadSource where it is no page at all."""
        asked = {"format": how, "offset": str(offset), "limit": str(self.page_size)}
        asked |= {name: self.source.option(name) for name in ("sort", "language") if self.source.option(name)}
        url, headers, key = feed.keyed(f"{self.url}?{urlencode(asked)}", self.source, self.around)
        answer = self.around.door.get(url, self.body, limits=self.limits, headers=headers, secrets=key)
        if answer.bytes == 0 and offset == 0:
            feed.checked(answer, url, key, allow_empty=False)
        data = self.body.read_bytes()
        self.body.unlink()
        try:
            return _csv_page(data) if how == "csv" else _json_page(data)
        except _Malformed:
            self.body.write_bytes(data)
            try:
                if how == "csv" or not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
                    feed.checked(answer, url, key, allow_empty=True)
            finally:
                self.body.unlink()
            raise
        except _Said as said:
            raise content.refused(self.host, addresses.redact(str(said), key)) from None


class _Said(Exception):
    """A message instead of rows."""


def _json_page(data: bytes) -> Page:
    """Both shapes of the platform, any case of names."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        raise _Malformed from None
    if isinstance(value, dict):
        said = content.message(value)
        if said:
            raise _Said(said)
        named = {str(name).lower(): part for name, part in value.items()}
        inner = named.get("result") if isinstance(named.get("result"), dict) else None
        if inner is not None:
            named = {str(name).lower(): part for name, part in inner.items()}
        rows, total, limit = named.get("records"), _whole(named.get("total")), _whole(named.get("limit"))
    else:
        rows, total, limit = value, None, None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Malformed
    return Page(rows, total, limit)


def _whole(value: Any) -> int | None:
    """A count that may be a string; None where there is none."""
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isdigit() else None


def _csv_page(data: bytes) -> Page:
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        table = [row for row in reader if row]
    except (ValueError, csv.Error):
        raise _Malformed from None
    if not table:
        return Page([], None)
    header, rows = table[0], table[1:]
    if len(set(header)) != len(header) or any(len(row) != len(header) for row in rows):
        raise _Malformed
    return Page([dict(zip(header, row, strict=True)) for row in rows], None)
