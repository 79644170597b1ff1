"""Which reader takes a delivery: by the declared format, else by what the bytes say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qingliu.core.dataset import ReadSpec, Text
from qingliu.core.errors import BadSource
from qingliu.lake.ingest import RawInput, renamed
from qingliu.lake.parquet_input import parquet_rows
from qingliu.pipeline.readers.archive import is_workbook, opened
from qingliu.pipeline.readers.delimited import read_delimited
from qingliu.pipeline.readers.documents import read_json, read_ndjson
from qingliu.pipeline.readers.encoding import to_utf8
from qingliu.pipeline.readers.kinds import refuse
from qingliu.pipeline.readers.limits import Blob, Limits
from qingliu.pipeline.readers.markup import read_xml
from qingliu.pipeline.readers.sheets import read_sheets
from qingliu.pipeline.readers.told import error_page, is_html

_HEAD = 1 << 16
_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*[\]{\["0-9])')
_XML = re.compile(r"\s*<[?!a-zA-Z]")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(
    paths: Sequence[Path], spec: ReadSpec, workdir: Path, limits: Limits = Limits(), *, guess: bool = False
) -> tuple[RawInput, ...]:
    """Every table in ``paths`` as raw text, in order: archives opened, encodings decoded strictly, headers found.

    ``workdir`` receives what had to be decoded; ``guess``: of sheets that differ, the largest is taken.
    Raises BadSource or Refused, naming file, member and place.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    out: list[RawInput] = []
    for number, path in enumerate(paths):
        folder = workdir / f"in{number}"
        folder.mkdir(exist_ok=True)
        refuse(path, path.name)
        for blob in opened(Blob(path, path.name), spec.members, folder, limits):
            out += _tables(blob, spec, folder, limits, guess=guess)
    return tuple(_stripped(table, spec.strip_prefix) for table in out)


def _tables(blob: Blob, spec: ReadSpec, folder: Path, limits: Limits, *, guess: bool) -> tuple[RawInput, ...]:
    with blob.path.open("rb") as file:
        head = file.read(8)
    if head:
        refuse(blob.path, blob.name)
    kind = _binary_kind(blob, head)
    if kind or spec.format in {"xlsx", "parquet"}:
        if spec.format and spec.format != kind:
            raise _unlike(blob, spec.format)
        target = folder / f"{blob.path.name}.rows.parquet"
        if kind == "xlsx":
            return read_sheets(blob, spec, folder, limits, guess=guess)
        return (parquet_rows(blob.path, blob.name, target, limit_bytes=limits.decoded_bytes),)
    return (_text_table(blob, spec, folder, limits),)


def _binary_kind(blob: Blob, head: bytes) -> str:
    if head.startswith(b"PAR1"):
        return "parquet"
    return "xlsx" if head.startswith(_OLE) or (head.startswith(b"PK\x03\x04") and is_workbook(blob.path)) else ""


def _text_table(blob: Blob, spec: ReadSpec, folder: Path, limits: Limits) -> RawInput:
    text = to_utf8(blob, folder, spec.encoding)
    with text.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise BadSource(
            Text(f"「{blob.name}」沒有內容。", f"'{blob.name}' has no content."),
            Text("請重新取得來源。", "Fetch the source again."),
            parameter=blob.name,
        )
    if is_html(head):
        raise error_page(head, blob.name)
    seen = _text_kind(head, blob.name)
    wanted = spec.format or seen
    family = {"geojson": "json", "ndjson": "json"}
    if family.get(wanted, wanted) != family.get(seen, seen):
        raise _unlike(blob, wanted, head)
    target = folder / f"{blob.path.name}.rows.parquet"
    if wanted == "ndjson" or (wanted == "json" and seen == "ndjson"):
        return read_ndjson(blob, text, target)
    if wanted in {"json", "geojson"}:
        return read_json(blob, text, spec.records, target, limits)
    if wanted == "xml":
        return read_xml(blob, text, spec.records, target, limits)
    return read_delimited(blob, text, spec)


def _text_kind(head: str, name: str) -> str:
    if _JSON.match(head):
        lines = [line for line in head.splitlines()[:3] if line.strip()]
        one_each = len(lines) > 1 and all(
            line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines[:2]
        )
        return "ndjson" if one_each or name.lower().endswith((".ndjson", ".jsonl")) else "json"
    return "xml" if _XML.match(head) else "csv"


def _unlike(blob: Blob, wanted: str, head: str = "") -> BadSource:
    said = re.sub(r"\s+", " ", head).strip()[:160]
    return BadSource(
        Text(
            f"「{blob.name}」不是宣告的 {wanted} 格式。{said}",
            f"'{blob.name}' is not {wanted} as declared. {said}".rstrip(),
        ),
        Text(
            "來源可能回應了錯誤訊息；請確認後重試，或修改 read.format。",
            "The source may have sent an error: check it, or change read.format.",
        ),
        parameter=blob.name,
    )


def _stripped(table: RawInput, prefix: str) -> RawInput:
    """The table with ``prefix`` taken off its headers."""
    return renamed(table, [h.removeprefix(prefix) for h in table.columns]) if prefix else table
