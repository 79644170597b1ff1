"""Threat 5 through ``publish``: a cell that a spreadsheet would run, by each of its signs, in every file that people open."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence

import pyarrow.parquet as pq
import pytest

from qingliu.pipeline.rules import State
from tests.bulk import reading
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

SIGNS = "=+-@\t\r＝＋－＠"
CELLS = tuple(f"{sign}cmd|'/C calc'!A{n}" for n, sign in enumerate(SIGNS, 1))
GUARDED = ["'" + cell for cell in CELLS]
ROWS = f"/api/datasets/{CODE}/rows"


@pytest.fixture
def armed(empty_scene: Scene) -> Scene:
    """Ten rows, each with a cell that begins with another sign, under a column whose name begins with one too."""
    named = town.definition(mode="snapshot").replace("{name: county, ", '{name: "@county", aliases: [county], ')
    empty_scene.define(named.replace("{zh: 縣市, en: County}", '{zh: "=縣市", en: "=County"}'))
    deliver(empty_scene, CELLS)
    return empty_scene


def deliver(scene: Scene, cells: Sequence[str]) -> None:
    """Publish a row for each cell."""
    text = io.StringIO()
    lines = [(s, t, cell, v) for (s, t, _, v), cell in zip(town.rows(len(cells)), cells, strict=True)]
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([town.COLUMNS, *lines])
    run = scene.publish(scene.file("armed.csv", text.getvalue().encode()))
    assert (run.state, run.quarantined_cells) == (State.PUBLISHED, 0), run.error_en


def column(body: bytes, delimiter: str = ",") -> list[str]:
    """The cells of the armed column, its header first."""
    lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    at = next(i for i, name in enumerate(lines[0]) if name.endswith(("@county", "=縣市")))
    return [line[at] for line in lines]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ROWS, "f=csv"),
        (ROWS, "f=csv&sortby=siteid"),  # rows in another order: the engine writes them, not the short way
        (ROWS, "f=csv&header=title"),
        (ROWS, "f=csv.gz"),
        (ROWS, "f=csv.gz&sortby=siteid"),
        (f"/api/v2/{CODE.lower()}", "format=csv"),
        (f"/api/v2/{CODE.lower()}", "format=csv&sort=siteid asc"),
        (f"/datastore/dump/{CODE}", "format=csv"),
        (f"/datastore/dump/{CODE}", "format=tsv"),
    ],
)
def test_threat_5_each_sign_is_guarded_in_every_csv_and_its_header(armed: Scene, path: str, query: str) -> None:
    answer = armed.ask(path, query)
    assert answer.status_code == 200, answer.text
    body = bytes(answer.content)
    body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    found = column(body, "\t" if "tsv" in query else ",")
    assert found[0] == ("'=縣市" if "title" in query else "'@county")
    assert sorted(found[1:]) == sorted(GUARDED)


def test_threat_5_one_value_in_every_row_is_guarded_too(empty_scene: Scene) -> None:
    empty_scene.define(town.definition(mode="snapshot"))
    deliver(empty_scene, [CELLS[0]] * 30)
    for query in ("f=csv", "f=csv&sortby=siteid"):
        answer = empty_scene.ask(ROWS, query)
        lines = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert {line["county"] for line in lines} == {GUARDED[0]}


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_threat_5_each_sign_is_guarded_in_workbooks_and_none_is_a_formula(armed: Scene, form: str) -> None:
    body = bytes(armed.ask(ROWS, f"f={form}").content)
    lines = reading.calamine(body) if form == "xlsx" else [[text for _, text in row] for row in reading.ods(body)]
    at = lines[0].index("'@county")
    plain = [str(line[at]).replace("\n", "\r") for line in lines[1:]]  # XML reads a lone return as a line feed
    assert sorted(plain) == sorted(GUARDED)


def test_threat_5_each_sign_is_raw_where_programs_read(armed: Scene) -> None:
    assert sorted(str(r["@county"]) for r in armed.rows()) == sorted(CELLS)
    lines = armed.ask(ROWS, "f=ndjson").content.decode().splitlines()
    assert sorted(json.loads(line)["@county"] for line in lines) == sorted(CELLS)
    table = pq.read_table(io.BytesIO(armed.ask(ROWS, "f=parquet").content))
    assert sorted(table["@county"].to_pylist()) == sorted(CELLS)
