"""Readers of every format that share no code with what writes them: rows as lists of plain Python values."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

ODF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def arrow(body: bytes) -> pa.Table:
    return pa.ipc.open_stream(io.BytesIO(body)).read_all()


def parquet(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def packed_csv(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(gzip.decompress(body).decode(), newline="")))


def calamine(body: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(sheet).to_python(skip_empty_area=False)


def xlsx_types(body: bytes) -> list[dict[str, tuple[str, str]]]:
    """Each row of the first sheet: column letters → (type of the cell, its text)."""
    root = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml"))
    found = []
    for row in root.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            letters = cell.attrib["r"].rstrip("0123456789")
            assert cell.attrib["r"] == f"{letters}{row.attrib['r']}"
            cells[letters] = (
                cell.attrib.get("t", "n"),
                "".join(t.text or "" for t in cell.iter() if t.tag[len(SHEET) :] in "tv"),
            )
        found.append(cells)
    return found


def ods(body: bytes, sheet: int = 0) -> list[list[tuple[str, str]]]:
    """Each row of a sheet: (type of the cell, its value or its text as OpenDocument means it)."""
    root = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(body)).read("content.xml"))
    table = list(root.iter(ODF % ("table", "table")))[sheet]
    return [[_cell(c) for c in row] for row in table.iter(ODF % ("table", "table-row"))]


def _cell(cell: ElementTree.Element) -> tuple[str, str]:
    kind = cell.attrib.get(ODF % ("office", "value-type"), "")
    for name in ("value", "date-value", "boolean-value"):
        if (value := cell.attrib.get(ODF % ("office", name))) is not None:
            return kind, value
    return kind, "\n".join(_paragraph(p) for p in cell.iter(ODF % ("text", "p")))


def _paragraph(p: ElementTree.Element) -> str:
    """Character data with white space run together, and the elements that stand for what that loses."""
    text = _run(p.text)
    for child in p:
        text += {
            ODF % ("text", "s"): " " * int(child.attrib.get(ODF % ("text", "c"), "1")),
            ODF % ("text", "tab"): "\t",
        }[child.tag]
        text += _run(child.tail)
    return text


def _run(text: str | None) -> str:
    plain = " ".join((text or "").replace("\t", " ").replace("\n", " ").split(" "))
    while "  " in plain:
        plain = plain.replace("  ", " ")
    assert not plain.startswith(" ") or text is None or not plain.strip(), plain  # a space at an edge would be lost
    return plain
