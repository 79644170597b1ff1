"""What a feed delivers: rows of text, and the untidy files that real senders write them into."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Span:
    """Which hours to deliver: local wall time (Asia/Taipei, naive), both ends included, and the seed."""

    start: datetime
    end: datetime
    seed: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of text under raw headers; every row has a cell for each column."""

    columns: tuple[str, ...]
    rows: list[list[str]]


def _csv(sheet: Sheet, *, delimiter: str = ",") -> str:
    """LF line ends, and cells with a space quoted, as the ministry's platform writes them."""
    out = io.StringIO(newline="")
    plain = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    plain.writerow(sheet.columns)
    for row in sheet.rows:
        if any(" " in cell for cell in row):
            out.write(delimiter.join(_cell(cell, delimiter) for cell in row) + "\n")
        else:
            plain.writerow(row)
    return out.getvalue()


def _cell(cell: str, delimiter: str) -> str:
    if any(mark in cell for mark in (" ", delimiter, '"', "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _records(sheet: Sheet) -> list[dict[str, str]]:
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


def _bom(sheet: Sheet) -> bytes:
    return _csv(sheet).encode("utf-8-sig")


def _plain(sheet: Sheet) -> bytes:
    return _csv(sheet).encode()


def _big5(sheet: Sheet) -> bytes:
    return _csv(sheet).replace("\n", "\r\n").encode("cp950")


def _tabs(sheet: Sheet) -> bytes:
    return _csv(sheet, delimiter="\t").encode("utf-16")


def _list(sheet: Sheet) -> bytes:
    return json.dumps(_records(sheet), ensure_ascii=False).encode()


def _envelope(sheet: Sheet) -> bytes:
    """The platform's envelope of before 2026: totals as strings."""
    fields = [{"id": c, "type": "text", "info": {"label": c}} for c in sheet.columns]
    body = {
        "fields": fields,
        "include_total": True,
        "total": str(len(sheet.rows)),
        "limit": str(len(sheet.rows)),
        "offset": "0",
        "records": _records(sheet),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _xml(sheet: Sheet) -> bytes:
    rows = (
        "<ROW>" + "".join(f"<{c}>{escape(v)}</{c}>" for c, v in zip(sheet.columns, row, strict=True)) + "</ROW>"
        for row in sheet.rows
    )
    return ("<?xml version='1.0' encoding='UTF-8'?>\n<DATA>\n" + "\n".join(rows) + "\n</DATA>\n").encode()


WRITERS: dict[str, tuple[str, Callable[[Sheet], bytes]]] = {
    "csv_bom": ("csv", _bom),
    "csv": ("csv", _plain),
    "csv_big5": ("csv", _big5),
    "tsv_utf16": ("tsv", _tabs),
    "json_list": ("json", _list),
    "json_envelope": ("json", _envelope),
    "xml": ("xml", _xml),
}


def write(sheet: Sheet, style: str, folder: Path, stem: str) -> Path:
    """The sheet as a file in one of the WRITERS' styles."""
    suffix, make = WRITERS[style]
    path = folder / f"{stem}.{suffix}"
    path.write_bytes(make(sheet))
    return path


def text(value: float | int | None, digits: int = 1, missing: str = "") -> str:
    """A number as the network writes it: no needless zeros, ``missing`` for None."""
    if value is None:
        return missing
    shown = f"{value:.{digits}f}"
    if digits:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown
