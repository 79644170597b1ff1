"""What a running portal serves, in each of its formats, read with the standard library (Parquet needs pyarrow)."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

Raw = dict[str, Any]
TAIPEI = timezone(timedelta(hours=8))
EVERYTHING = "100000000"  # a limit above every table here
FORMULA = "=+-@\t\r＝＋－＠"


def open_url(base: str, path: str, query: Mapping[str, str]) -> BinaryIO:
    """The open answer; raises urllib's HTTPError for anything but 2xx."""
    address = f"{base.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
    return urllib.request.urlopen(address, timeout=600)  # type: ignore[no-any-return]


def native(base: str, code: str, form: str) -> Iterator[Raw]:
    """Rows of the native API in one format."""
    query = {"f": form} | ({"limit": EVERYTHING} if form == "json" else {})
    with open_url(base, f"/api/datasets/{quote(code)}/rows", query) as body:
        yield from NATIVE[form](body)


def moenv(base: str, code: str, form: str) -> Iterator[Raw]:
    """Rows of the compatible API in one format."""
    query = {"format": form, "limit": EVERYTHING}
    with open_url(base, f"/api/v2/{quote(code.lower())}", query) as body:
        yield from MOENV[form](body)


def _csv(body: BinaryIO) -> Iterator[Raw]:
    return iter(csv.DictReader(io.TextIOWrapper(body, "utf-8-sig", newline="")))


def _ndjson(body: BinaryIO) -> Iterator[Raw]:
    return (json.loads(line) for line in body)


def _json(body: BinaryIO) -> Iterator[Raw]:
    """The objects of the first list in the answer, one at a time."""
    text = io.TextIOWrapper(body, "utf-8")
    decoder = json.JSONDecoder()
    kept = text.read(1 << 20)
    kept = kept[kept.index("[") + 1 :]
    at, ended = 0, False
    while True:
        while kept[at : at + 1] in (",", " ", "\n"):
            at += 1
        if kept[at : at + 1] == "]":
            return
        try:
            row, at = decoder.raw_decode(kept, at)
        except ValueError:
            if ended:
                raise
            more = text.read(1 << 20)
            ended = not more
            kept, at = kept[at:] + more, 0
            continue
        yield row


def _xml(body: BinaryIO) -> Iterator[Raw]:
    row: Raw = {}
    depth = 0
    for event, element in ElementTree.iterparse(body, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 2:
            row[element.tag.lower()] = element.text or ""
        elif event == "end" and depth == 1:
            yield row
            row = {}
            element.clear()


def _parquet(body: BinaryIO) -> Iterator[Raw]:
    import pyarrow.parquet  # an extra reader, only where it is asked for

    with tempfile.TemporaryFile() as copy:
        while piece := body.read(1 << 20):
            copy.write(piece)
        copy.seek(0)
        for batch in pyarrow.parquet.ParquetFile(copy).iter_batches(20_000):
            yield from batch.to_pylist()


Reader = Callable[[BinaryIO], Iterator[Raw]]
NATIVE: dict[str, Reader] = {"csv": _csv, "json": _json, "ndjson": _ndjson, "parquet": _parquet}
MOENV: dict[str, Reader] = {"csv": _csv, "json": _json, "xml": _xml}


def number(value: Any, none: tuple[str, ...], glued: str) -> float | None:
    """A number as any format writes it; None for nothing and for the texts that mean nothing."""
    if value is None or isinstance(value, (int, float)):
        return None if value is None else float(value)
    text = str(value)
    if text in ("", *none):
        return None
    return float(text[:-1] if glued and text[-1] in glued else text)


def moment(value: Any) -> datetime | None:
    """A moment as any format writes it, in Taipei time without offset."""
    if value in (None, ""):
        return None
    if isinstance(value, str):
        return _read(value)
    return _local(value)


@lru_cache(maxsize=65536)
def _read(text: str) -> datetime:
    return _local(datetime.fromisoformat(text.replace("/", "-").replace("Z", "+00:00")))


def _local(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value.astimezone(TAIPEI).replace(tzinfo=None) if value.tzinfo else value


def unguarded(value: Any, *, is_csv: bool) -> str:
    """The text of a cell; CSV's guard before a formula (an apostrophe) is taken off."""
    text = "" if value is None else str(value)
    return text[1:] if is_csv and text[:1] == "'" and text[1:2] and text[1] in FORMULA else text


def words(value: Any, none: tuple[str, ...], *, is_csv: bool) -> str | None:
    """A text; None for nothing and for the texts that mean nothing."""
    text = unguarded(value, is_csv=is_csv)
    return None if text in ("", *none) else text
