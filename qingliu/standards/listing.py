"""The existing platform's catalogue as a list of entries: what is known of a dataset that is not published here.

Official figures (views, downloads) and quality marks are not in that list: they are None, which means unknown.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource
from qingliu.core.redact import redact

COLUMNS = ("datagovtw_id", "provider", "title", "codes", "formats", "first_url", "openapi_tag")
CATEGORY_OF_TAG = {"大氣": "air", "水": "water", "地": "land", "污染防治": "permits", "其他": "other"}
_FILE_CODE = re.compile(r"/api/files/([A-Za-z][A-Za-z0-9_]+)/")
PROVENANCE = Text("data.gov.tw 目錄（2026年3月）", "data.gov.tw catalogue (March 2026)")


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """One entry of the catalogue: known to exist, not published here.

    ``code`` is the API code; where there is none, the code in the address of its file, else ``DATAGOVTW_<id>``.
    ``views``, ``downloads`` and ``mark`` are official figures that the list does not carry: None, unknown.
    """

    code: str
    datagovtw_id: str
    title: Text
    provider: str
    formats: tuple[str, ...]
    tag: str
    category: str
    url: str
    provenance: Text
    has_api: bool
    views: int | None = None
    downloads: int | None = None
    mark: str | None = None


def read_listing(path: Path) -> list[ListedEntry]:
    """The entries of the merged catalogue CSV at ``path``, in the file's order; an entry of several codes gives several.

    Raises BadSource where the file, a column or an id is missing or an id comes twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (rows.fieldnames or ())]
            if missing:
                raise _bad(path, f"沒有欄位 {'、'.join(missing)}", f"lacks the columns {', '.join(missing)}")
            return _entries(path, list(rows))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _bad(path, f"讀不到（{error}）", f"cannot be read ({error})") from error


def _entries(path: Path, rows: list[dict[str, str]]) -> list[ListedEntry]:
    out: list[ListedEntry] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        if not row["datagovtw_id"] or not row["title"]:
            raise _bad(path, f"第 {number} 行沒有編號或名稱", f"has no id or title on line {number}")
        codes = [c.strip().upper() for c in row["codes"].split("|") if c.strip()]
        for code in codes or [_file_code(row, seen)]:
            if code in seen:
                raise _bad(path, f"第 {number} 行的 {code} 重複", f"repeats {code} on line {number}")
            seen.add(code)
            out.append(_entry(code, row, has_api=bool(codes)))
    return out


def _file_code(row: Mapping[str, str], seen: set[str]) -> str:
    found = _FILE_CODE.search(row["first_url"])
    code = found[1].upper() if found else ""
    return code if code and code not in seen else f"DATAGOVTW_{row['datagovtw_id']}"


def _entry(code: str, row: Mapping[str, str], *, has_api: bool) -> ListedEntry:
    tag = row["openapi_tag"].strip()
    return ListedEntry(
        code=code,
        datagovtw_id=row["datagovtw_id"],
        title=Text(row["title"].strip(), ""),
        provider=row["provider"].strip(),
        formats=tuple(f for f in row["formats"].split("|") if f),
        tag=tag,
        category=CATEGORY_OF_TAG.get(tag, "other"),
        url=redact(row["first_url"].strip()),
        provenance=PROVENANCE,
        has_api=has_api,
    )


def _bad(path: Path, zh: str, en: str) -> BadSource:
    return BadSource(
        Text(f"目錄清單 {path.name} {zh}。", f"The catalogue list {path.name} {en}."),
        Text("請用 data.gov.tw 合併目錄的 CSV。", "Use the CSV of the merged data.gov.tw catalogue."),
        parameter=path.name,
    )
