"""The formats of rows: what ``f`` calls them, their media types, and which address has which."""

from __future__ import annotations

from collections.abc import Iterable

FORMATS: tuple[tuple[str, str], ...] = (
    ("json", "application/json"),
    ("geojson", "application/geo+json"),
    ("ndjson", "application/x-ndjson"),
    ("csv", "text/csv; charset=utf-8"),
    ("parquet", "application/vnd.apache.parquet"),
    ("geoparquet", "application/vnd.apache.parquet"),
    ("arrow", "application/vnd.apache.arrow.stream"),
    ("csv.gz", "application/gzip"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
)
ROW_FORMATS = tuple(name for name, _ in FORMATS)
CHANGE_FORMATS = tuple(name for name in ROW_FORMATS if name not in {"geojson", "geoparquet"})  # a change is no feature


def media_of(names: Iterable[str]) -> tuple[str, ...]:
    """Their media types without parameters, each once, in the order of ``FORMATS``."""
    return tuple(dict.fromkeys(media.split(";")[0] for name, media in FORMATS if name in names))
