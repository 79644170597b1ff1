"""Thirty random questions, asked in the words of every dialect: the same count, sums and SHA-256 of canonical rows."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from qingliu.api.inherit import with_meanings
from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.paths import LakePaths
from tests.api.portal import Portal, serve
from tests.api.portal import build as build_air
from tests.bulk.test_parity import Rows, plain
from tests.clients.conftest import filled  # noqa: F401

QUESTIONS = 30
MANY = 1_000_000
_PLAIN = re.compile(r"[^,|\"'%_\\=+\-@\s]+")
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class TooLong(Exception):
    """More rows than one call of this dialect answers."""


@dataclass(frozen=True)
class Condition:
    """A column, an operator (eq, ge, le) and a value: text, or a number as text."""

    field: FieldRecord
    op: str
    value: str

    @property
    def number(self) -> bool:
        """Whether the value is a number."""
        return self.field.type in {"integer", "number"}


@dataclass(frozen=True)
class Question:
    """Rows of a dataset that meet every condition."""

    record: DatasetRecord
    conditions: tuple[Condition, ...]

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return [f.name for f in self.record.fields]


def cql2(question: Question) -> str:
    signs = {"eq": "=", "ge": ">=", "le": "<="}
    return " AND ".join(
        f'"{c.field.name}" {signs[c.op]} ' + (c.value if c.number else f"'{c.value}'") for c in question.conditions
    )


def native(portal: Portal, question: Question) -> Rows:
    asked = {"f": "ndjson"} | ({"filter": cql2(question)} if question.conditions else {})
    body = told(portal, f"/api/datasets/{question.record.code}/rows", asked)
    return [[json.loads(line)[n] for n in question.names] for line in body.decode().split("\n") if line]


def told(portal: Portal, path: str, asked: dict[str, Any]) -> bytes:
    answer = portal.get(path, urlencode(asked))
    assert answer.status_code == 200, (path, asked, answer.text[:500])
    assert "x-ignored-parameters" not in answer.headers
    return bytes(answer.content)


def moenv(form: str) -> Callable[[Portal, Question], Rows]:
    def ask(portal: Portal, question: Question) -> Rows:
        signs = {"eq": "EQ", "ge": "GE", "le": "LE"}
        filters = "|".join(f"{c.field.name},{signs[c.op]},{c.value}" for c in question.conditions)
        rows: Rows = []
        more = True
        while more:  # as its clients do: page by page, until one is not full
            asked = {"format": form, "limit": str(MANY), "offset": str(len(rows))}
            body = told(portal, f"/api/v2/{question.record.code}", asked | ({"filters": filters} if filters else {}))
            page = moenv_rows(form, body)
            rows += [[as_typed(c, f) for c, f in zip(row, question.record.fields, strict=True)] for row in page]
            more = len(page) == MANY
        return rows

    return ask


def moenv_rows(form: str, body: bytes) -> Rows:
    """The rows of a page, every cell a text."""
    if form == "json":
        return [list(r.values()) for r in json.loads(body)]
    if form == "csv":
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        return [[unguarded(cell) for cell in line] for line in lines][1:]
    return [[cell.text for cell in row] for row in ElementTree.fromstring(body)]


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that a CSV for spreadsheets puts before what they would run (docs/reference/api.md)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@\t\r＝＋－＠" else cell


def as_typed(cell: Any, field: FieldRecord) -> Any:
    """A cell as the source wrote it, read by what the definition says of its signs and glued flags."""
    if cell is None or any(cell == s.text and s.value is None for s in field.sentinels):
        return None
    if field.type in {"integer", "number"}:
        for suffix, _ in field.suffix_flags:
            cell = cell.removesuffix(suffix)
        found = next((s.value for s in field.sentinels if s.text == cell), None)
        return cell if found is None else found
    if field.type in {"date", "datetime"}:
        cell = cell.replace("/", "-")
        return cell + ":00" if re.fullmatch(r"\S+ \d\d:\d\d", cell) else cell
    return cell


def ckan(form: str) -> Callable[[Portal, Question], Rows]:
    def ask(portal: Portal, question: Question) -> Rows:
        body = json.loads(
            told(
                portal,
                "/api/3/action/datastore_search",
                _ckan_asked(question) | {"records_format": form, "limit": "32000"},
            )
        )["result"]
        if body["total"] > 32_000:  # longer ones are the dump's
            raise TooLong
        records = body["records"]
        if form == "objects":
            rows: Rows = [[r[n] for n in question.names] for r in records]
        elif form == "lists":
            rows = [r[1:] for r in records]
        else:
            rows = [
                r[1:] for r in csv.reader(io.StringIO(records, newline=""), delimiter="," if form == "csv" else "\t")
            ]
        assert len(rows) == body["total"]
        return rows

    return ask


def _ckan_asked(question: Question) -> dict[str, str]:
    filters: dict[str, Any] = {}
    for c in question.conditions:
        value: Any = float(c.value) if c.number else c.value
        if c.op == "eq":
            filters[c.field.name] = value
        else:
            filters.setdefault(c.field.name, {})[{"ge": "gte", "le": "lte"}[c.op]] = value
    return {"resource_id": question.record.code} | ({"filters": json.dumps(filters)} if filters else {})


def dump(form: str) -> Callable[[Portal, Question], Rows]:
    def ask(portal: Portal, question: Question) -> Rows:
        asked = _ckan_asked(question)
        body = told(portal, f"/datastore/dump/{asked.pop('resource_id')}", asked | {"format": form})
        if form == "json":
            return [r[1:] for r in json.loads(body)["records"]]
        if form == "xml":
            rows = ElementTree.fromstring(body)
            return [[None if c.get(XSI_NIL) == "true" else c.text or "" for c in row] for row in rows]
        lines = csv.reader(io.StringIO(body.decode(), newline=""), delimiter="," if form == "csv" else "\t")
        return [r[1:] for r in lines][1:]

    return ask


def ogc(language: str) -> Callable[[Portal, Question], Rows]:
    def ask(portal: Portal, question: Question) -> Rows:
        asked: dict[str, str] = {"limit": "10000"}
        if question.conditions:
            asked["filter-lang"] = language
            asked["filter"] = cql2(question) if language == "cql2-text" else json.dumps(_cql2_json(question))
        path, query = f"/api/ogc/collections/{question.record.code}/items", urlencode(asked)
        rows: Rows = []
        while True:
            answer = portal.get(path, query)
            assert answer.status_code == 200, answer.text[:500]
            page = answer.json
            rows += [[f["properties"][n] for n in question.names] for f in page["features"]]
            following = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
            if not following:
                assert page["numberMatched"] == len(rows)
                return rows
            query = following.partition("?")[2]

    return ask


def _cql2_json(question: Question) -> dict[str, Any]:
    signs = {"eq": "=", "ge": ">=", "le": "<="}
    parts = [
        {"op": signs[c.op], "args": [{"property": c.field.name}, float(c.value) if c.number else c.value]}
        for c in question.conditions
    ]
    return parts[0] if len(parts) == 1 else {"op": "and", "args": parts}


DIALECTS: dict[str, Callable[[Portal, Question], Rows]] = {
    **{f"moenv {f}": moenv(f) for f in ("json", "csv", "xml")},
    **{f"ckan {f}": ckan(f) for f in ("objects", "lists", "csv", "tsv")},
    **{f"dump {f}": dump(f) for f in ("csv", "tsv", "json", "xml")},
    **{f"ogc {f}": ogc(f) for f in ("cql2-text", "cql2-json")},
}


def questions(portal: Portal, seed: int) -> Iterator[Question]:
    """Random questions over every dataset with rows; their values are taken from the rows, so that most find some."""
    dice = random.Random(seed)
    published = portal.engine.published
    entries = [e for e in published.all() if e.kind != "listed" and e.status == "published"]
    for n in range(QUESTIONS):
        entry = entries[n % len(entries)]
        record = with_meanings(entry.record, lambda code: published.get(code).record)
        known = json.loads(told(portal, f"/api/datasets/{entry.code}", {}))["rows"] or 0
        rows = native(portal, Question(record, ())) if known <= 200_000 else []
        conditions: list[Condition] = []
        wanted = dice.choice((1, 1, 2)) if rows or known > 200_000 else 0
        for _ in range(wanted):
            field = dice.choice(
                [f for f in record.fields if f.type in {"string", "integer", "number"} and "," not in f.name]
            )
            at = [f.name for f in record.fields].index(field.name)
            sample = dice.choice(rows)[at] if rows else _one(portal, record, field, dice.randrange(known))
            if sample is None or (isinstance(sample, str) and not _PLAIN.fullmatch(sample)):
                continue
            op = dice.choice(("ge", "le", "eq")) if field.type != "string" else "eq"
            if not any(c.field.name == field.name for c in conditions):
                conditions.append(Condition(field, op, f"{sample}"))
        if not conditions and known > 200_000:
            continue
        yield Question(record, tuple(conditions))


def _one(portal: Portal, record: DatasetRecord, field: FieldRecord, row: int) -> Any:
    asked = {"limit": 1, "offset": row, "properties": f'"{field.name}"'}
    return json.loads(told(portal, f"/api/datasets/{record.code}/rows", asked))["rows"][0][field.name]


def tally(rows: Rows, kinds: list[str]) -> tuple[int, list[float], str]:
    """Rows, the sum of each number column, and the digest of all rows, whose order is each dialect's own."""
    said = sorted([plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows)
    sums = [
        round(math.fsum(float(r[i]) for r in said if r[i]), 6)
        for i, k in enumerate(kinds)
        if k in {"integer", "number"}
    ]
    return len(said), sums, hashlib.sha256(json.dumps(said).encode()).hexdigest()


def check(portal: Portal, seed: int) -> tuple[int, dict[str, int]]:
    """Every question in every dialect; the rows of the questions, and how many questions each dialect answered."""
    answered = dict.fromkeys(DIALECTS, 0)
    rows = 0
    for question in questions(portal, seed):
        kinds = [f.type for f in question.record.fields]
        expected = tally(native(portal, question), kinds)
        rows += expected[0]
        for name, ask in DIALECTS.items():
            if name.startswith("ogc") and question.record.place is None:
                continue
            try:
                found = ask(portal, question)
            except TooLong:
                continue
            assert tally(found, kinds) == expected, (name, question.record.code, cql2(question))
            answered[name] += 1
        print(f"{question.record.code} [{cql2(question)}]: {expected[0]} rows, {expected[2][:12]}", flush=True)
    print(f"seed {seed}: {rows} rows, answers by dialect {answered}", flush=True)
    return rows, answered


def test_thirty_questions_in_every_dialect(tmp_path: Path) -> None:
    portal = build_air(tmp_path / "home")
    try:
        rows, answered = check(portal, 5)
        assert rows > 500
        assert min(answered.values()) >= 5
    finally:
        portal.engine.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_questions_in_every_dialect_on_the_real_files(filled: Path, seed: int) -> None:  # noqa: F811
    portal = serve(LakePaths(filled), {})
    try:
        rows, answered = check(portal, seed)
        assert rows > 10_000
        assert min(answered.values()) >= 5
    finally:
        portal.engine.close()
