"""Answers that are kept as files: gzip around CSV, and where the licence that stands in them can be read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from qingliu.core.dataset import DatasetRecord
from qingliu.standards.vocabularies import licences


def packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes as a gzip file (RFC 1952, no name and no time in it: equal rows make equal files)."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        if data := packer.compress(chunk):
            yield data
    yield packer.flush()


def licence(record: DatasetRecord) -> str:
    """The address of a dataset's licence; "" where the vocabulary does not know it."""
    term = licences().get(record.licence)
    return str(term.get("url") or "") if term else ""
