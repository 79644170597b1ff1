"""Thirty random questions: every format of the native API gives the same count, sums and SHA-256 of canonical rows."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from qingliu.lake.paths import LakePaths
from tests.api.portal import Portal, serve
from tests.api.portal import build as build_air
from tests.bulk import odd, reading
from tests.clients.conftest import filled  # noqa: F401

QUESTIONS = 30
FORMATS = ("csv", "csv.gz", "parquet", "geoparquet", "arrow", "xlsx", "ods")
Rows = list[list[Any]]
_GUARDED = re.compile(r"'[=+\-@\t\r＝＋－＠]")


def plain(cell: Any, kind: str) -> str:
    """A cell as every format can say it: null and "" are one, moments have no offset, line ends and unseen signs are one."""
    if cell is None or cell == "":
        return ""
    if kind in {"integer", "number"}:
        return repr(float(cell))
    if kind == "boolean":
        return str(cell).lower()
    if kind == "datetime":
        text = cell.isoformat() if isinstance(cell, date | datetime) else str(cell)
        whole = text.replace(" ", "T") if len(text) > 10 else f"{text}T00:00:00"
        return re.sub(r"(\.\d+)?(\+08:00)?$", "", whole)
    if kind == "date":
        return str(cell)[:10]
    text = str(cell)
    text = text[1:] if _GUARDED.match(text) else text
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", re.sub("\r\n|\r", "\n", text))
    return re.sub("_x005F_(x[0-9A-Fa-f]{4}_)", r"_\1", text)


def tally(rows: Rows, kinds: list[str]) -> tuple[int, list[float], str]:
    """Rows, the sum of each number column, and the digest of all rows in their order."""
    said = [[plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
    sums = [round(sum(float(r[i]) for r in said if r[i]), 6) for i, k in enumerate(kinds) if k == "number"]
    return len(said), sums, hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read(body: bytes, form: str, names: list[str]) -> Rows:
    """The rows of an answer by readers that share no code with us."""
    if form in {"parquet", "geoparquet", "arrow"}:
        table = (reading.arrow if form == "arrow" else reading.parquet)(body).select(names)
        return [list(row) for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    if form in {"csv", "csv.gz"}:
        lines = (
            reading.packed_csv(body) if form == "csv.gz" else list(csv.reader(io.StringIO(body.decode(), newline="")))
        )
    elif form == "xlsx":
        return [
            [cells.get(letter, ("", ""))[1] for letter in letters(len(names))] for cells in reading.xlsx_types(body)[1:]
        ]
    else:
        lines = [[text for _, text in row] for row in reading.ods(body)]
    assert [re.sub("^'", "", n) for n in lines[0]] == names
    return lines[1:]


def letters(count: int) -> list[str]:
    """Names of the first columns of a sheet."""
    one = [chr(65 + i) for i in range(26)]
    return [*one, *(a + b for a in one for b in one)][:count]


def serial(rows: Rows, kinds: list[str]) -> Rows:
    """XLSX counts days: its numbers as moments again."""
    from datetime import timedelta

    def moment(cell: str, kind: str) -> Any:
        if kind not in {"date", "datetime"} or not re.fullmatch(r"[0-9.]+", cell):
            return {"1": "true", "0": "false"}.get(cell, cell) if kind == "boolean" else cell
        found = datetime(1899, 12, 30) + timedelta(days=float(cell))
        return (found + timedelta(microseconds=500)).replace(microsecond=0)

    return [[moment(c, k) for c, k in zip(row, kinds, strict=True)] for row in rows]


def questions(portal: Portal, seed: int) -> Iterator[tuple[str, dict[str, str], list[str], list[str]]]:
    """(code, parameters, columns, their types) of random questions over every dataset that has rows."""
    dice = random.Random(seed)
    entries = [
        e
        for e in portal.engine.published.all()
        if e.kind != "listed" and e.status == "published" and e.code != "TRAP_3"
    ]  # it holds a text that no sheet takes
    for n in range(QUESTIONS):
        entry = entries[n % len(entries)]
        fields = [f for f in entry.record.fields if portal.get(f"/api/datasets/{entry.code}/rows", urlencode(
            {"properties": '"' + f.name.replace('"', '""') + '"', "limit": "1"})).status_code == 200]  # fmt: skip
        chosen = dice.sample(fields, dice.randint(1, len(fields)))
        asked = {"properties": ",".join('"' + f.name.replace('"', '""') + '"' for f in chosen)}
        asked["limit"] = str(dice.choice((0, 1, 17, 400, 2000)))
        asked["offset"] = str(dice.choice((0, 0, 3, 41)))
        by = dice.choice(fields)
        if dice.random() < 0.5:
            asked["filter"] = '"' + by.name.replace('"', '""') + '" IS ' + dice.choice(("NULL", "NOT NULL"))
        if dice.random() < 0.4 and "," not in by.name:
            asked["sortby"] = dice.choice(("", "-")) + by.name
        yield entry.code, asked, [f.name for f in chosen], [f.type for f in chosen]


def check(portal: Portal, seed: int) -> int:
    """Every question in every format; how many rows were compared."""
    compared = 0
    for code, asked, names, kinds in questions(portal, seed):
        told = portal.get(f"/api/datasets/{code}/rows", urlencode({**asked, "f": "ndjson"}))
        assert told.status_code == 200, (asked, told.text)
        lines = [json.loads(line) for line in told.content.decode().split("\n") if line]
        expected = tally([[line[n] for n in names] for line in lines], kinds)
        for form in FORMATS:
            answer = portal.get(f"/api/datasets/{code}/rows", urlencode({**asked, "f": form}))
            if form == "geoparquet" and portal.engine.published.get(code).record.place is None:
                assert answer.status_code == 400
                continue
            assert answer.status_code == 200, (form, asked, answer.text)
            assert answer.headers.get("qingliu-number-returned", str(len(lines))) == str(len(lines))
            rows = read(bytes(answer.content), form, names)
            found = tally(serial(rows, kinds) if form == "xlsx" else rows, kinds)
            assert found == expected, (code, form, asked)
            compared += len(rows)
    return compared


@pytest.mark.parametrize("build", [build_air, odd.build], ids=["air", "traps"])
def test_thirty_questions_in_every_format(tmp_path: Path, build: Callable[[Path], Portal]) -> None:
    portal = build(tmp_path / "home")
    try:
        assert check(portal, 4) > 1000
    finally:
        portal.engine.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_questions_in_every_format_on_the_real_files(filled: Path, seed: int) -> None:  # noqa: F811
    portal = serve(LakePaths(filled), {})
    try:
        assert check(portal, seed) > 10_000
    finally:
        portal.engine.close()
